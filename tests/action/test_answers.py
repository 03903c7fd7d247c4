"""What the action answers, and in which of GitHub's places."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from scheduler.action.answers import LEVELS, Answer, annotated, of_created, of_tick, tell
from scheduler.commands.answer import Created
from scheduler.environment import Environment
from scheduler.job.model import Job
from scheduler.job.workflow_inputs import NO_MESSAGE, UNREAD
from scheduler.policy.outcomes import Ended
from scheduler.ports.values import Ticket, User
from scheduler.tick.outcome import Fired
from scheduler.tick.report import Note, TickReport

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
HERE = Environment(repository="octo/queue")
ANSWER = Answer(lines=["a", "::error::b"], outputs={"id": "7"}, summary="### s\n", done="d")


def report(**lists: list[str]) -> TickReport:
    found = TickReport(now=NOON)
    for name, reasons in lists.items():
        found.notes[name].extend(Note(id=7, reason=reason) for reason in reasons)
    return found


@pytest.mark.parametrize("name", TickReport.NOTES)
def test_a_note_is_annotated_where_a_person_should_look(name: str) -> None:
    found = annotated(report(**{name: ["why\x1b"]}), warned=None)
    shown = [(each.level, each.title, each.message) for each in found]
    assert shown == ([(LEVELS[name], name, "#7: why\ufffd")] if name in LEVELS else [])


def test_a_dispatch_of_a_file_that_can_t_be_read_is_annotated() -> None:
    tick = report()
    tick.dispatched += [
        Fired(id=7, run_id=9, run_url="R", lateness_s=1.0),
        Fired(id=8, run_id=9, run_url="R", lateness_s=1.0, reason=f"{UNREAD}; so"),
        Fired(id=9, run_id=9, run_url="R", lateness_s=1.0, reason=NO_MESSAGE),
    ]
    found = annotated(tick, warned=None)
    assert [(each.level, each.title, each.message) for each in found] == [
        ("warning", "dispatched", f"#8: {UNREAD}; so")
    ]  # fmt: skip


def test_a_notice_is_a_notice_unless_it_warns_and_a_stop_does() -> None:
    tick = report()
    tick.notices += ["one", "two"]
    tick.stopped = "no answer"
    found = annotated(tick, warned="two")
    assert [(each.level, each.message) for each in found] == [
        ("notice", "one"), ("warning", "two"), ("warning", "no answer"),
    ]  # fmt: skip


def test_a_tick_s_outputs_are_its_counts_and_the_whole() -> None:
    tick = report(held=["why", "why else"])
    answer = of_tick(tick, HERE, warned=None)
    assert (answer.outputs["held"], answer.outputs["dispatched"]) == ("2", "0")
    assert {*answer.outputs} == {
        "dispatched", *TickReport.NOTES, "followed", "failed", "next-due", "result",
    }  # fmt: skip
    assert json.loads(answer.outputs["result"]) == tick.as_json()


def test_a_job_that_was_opened_is_linked() -> None:
    ticket = Ticket(number=7, author=User(login="a"), url="U", created_at=NOON, updated_at=NOON)
    made = Created(ticket=ticket, job=Job(run_at=NOON, event="a`b"), created=True, now=NOON)
    answer = of_created(made)
    assert (answer.outputs["id"], answer.outputs["url"]) == ("7", "U")
    assert answer.summary == f"### Schedule: [#7](U) `` {made.line()} ``\n"
    assert answer.done.startswith("#7 is open, U; ")
    assert answer.annotations == []
    answer = of_created(replace(made, warnings=("message: `x` takes none",)))
    assert [(each.level, each.message) for each in answer.annotations] == [
        ("warning", "message: `x` takes none")
    ]  # fmt: skip
    assert answer.summary.endswith("``\n\nWarning: `` message: `x` takes none ``\n")
    assert json.loads(answer.outputs["result"])["warnings"] == ["message: `x` takes none"]


def test_each_place_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = Environment(output_path=str(tmp_path / "out"), summary_path=str(tmp_path / "sum"))
    assert tell(ANSWER, places) is None
    stop, *lines, go = capsys.readouterr().out.splitlines()
    assert lines == ["a", "::error::b"]
    assert (stop, go) == (f"::stop-commands::{go.strip(':')}", f"::{go.strip(':')}::")
    assert (tmp_path / "out").read_text().startswith("id<<")
    assert (tmp_path / "sum").read_text() == "### s\n"


def test_what_could_not_be_told_says_what_was_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = str(tmp_path / "no" / "file")
    untold = tell(ANSWER, Environment(output_path=nowhere))
    assert str(untold).startswith("GITHUB_OUTPUT: ")
    assert str(untold).endswith("; d")
    assert "a" in capsys.readouterr().out.splitlines()
    # Without its summary a step has not failed.
    assert tell(ANSWER, Environment(summary_path=nowhere)) is None
    assert capsys.readouterr().err.startswith("schedule: GITHUB_STEP_SUMMARY: ")


def test_a_run_that_failed_is_annotated_and_counted() -> None:
    tick = report()
    good = Ended(key="7@x", attempt=1, run_id=9, url="R", conclusion="success")
    tick.followed += [(7, good), (8, replace(good, conclusion="failure", told="so\x1b"))]
    found = annotated(tick, warned=None)
    assert [(each.level, each.title, each.message) for each in found] == [
        ("warning", "failed", "#8: failure: R (so\ufffd)")
    ]  # fmt: skip
    outputs = of_tick(tick, HERE, warned=None).outputs
    assert (outputs["followed"], outputs["failed"]) == ("2", "1")
