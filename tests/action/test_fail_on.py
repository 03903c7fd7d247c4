"""What makes a tick's own run fail, once everything is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from scheduler.action import main
from scheduler.action.fail_on import LISTS, listed, reason
from scheduler.errors import UsageError
from scheduler.policy.outcomes import Ended
from scheduler.tick.report import Note, TickReport
from tests.conftest import Stage, body

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "names"),
    [("", ()), (" ", ()), ("held", ("held",)), (" held , missed,", ("held", "missed")),
     (",".join(LISTS), LISTS)],
)  # fmt: skip
def test_the_lists_are_named_with_commas_between(text: str, names: tuple[str, ...]) -> None:
    assert listed(text) == names


@pytest.mark.parametrize("text", ["hold", "held;missed", "retrying", "held, discard"])
def test_what_is_no_list_is_refused_with_what_is_one(text: str) -> None:
    with pytest.raises(UsageError, match=r"^fail-on: '.*' is not known; (did you mean|name some)"):
        listed(text)


def test_only_what_was_named_and_found_counts() -> None:
    report = TickReport(now=NOON)
    report.held.extend(Note(id=number, reason="why") for number in range(1, 14))
    report.missed.append(Note(id=99, reason="late"))
    assert reason(report, ()) is None
    assert reason(report, ("discarded", "invalid")) is None
    assert reason(report, ("missed",)) == "fail-on: missed: #99; see the summary"
    said = reason(report, LISTS) or ""
    assert said.startswith("fail-on: held: #1, #2, ")
    assert "#10, 3 more; missed: #99;" in said


def test_a_run_that_failed_counts_for_its_job_once() -> None:
    report = TickReport(now=NOON)
    end = Ended(key="3@x", attempt=1, run_id=7, url="", conclusion="failure")
    report.followed.extend([(3, end), (3, end), (4, replace(end, conclusion="success"))])
    assert reason(report, ("failed",)) == "fail-on: failed: #3; see the summary"
    assert reason(report, ("held",)) is None


def test_the_run_fails_once_everything_is_done(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    late, good = stage.open(body(-600, "agent-message.yml", "deadline: 1m")), stage.open(body(-60))
    environ = {**stage.environ("bot"), "GITHUB_ACTIONS": "true", "SCHEDULE_HOLD": "0s"}
    assert main.main({**environ, "SCHEDULE_FAIL_ON": "missed, held"}) == 1
    out, _ = capfd.readouterr()
    assert f"::error title=schedule::fail-on: missed: #{late}; see the summary" in out
    assert len(stage.runs()) == 1
    assert stage.issue(good)["state"] == stage.issue(late)["state"] == "closed"
    assert main.main({**environ, "SCHEDULE_FAIL_ON": "missed, held"}) == 0


def test_a_word_that_is_none_stops_it_before_it_begins(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.open(body(-60))
    environ = {**stage.environ("bot"), "GITHUB_ACTIONS": "true", "SCHEDULE_FAIL_ON": "everything"}
    assert main.main(environ) == 2
    assert "fail-on: 'everything' is not known" in capfd.readouterr().out
    assert stage.runs() == []
