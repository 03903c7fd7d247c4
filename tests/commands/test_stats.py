"""``schedule stats``: the numbers, the table, the chart, and what is read for them."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from scheduler.commands import history
from scheduler.commands.stats import Stats, issue_of, span, stats
from scheduler.connection import connect
from scheduler.environment import Environment
from scheduler.github.comments import GitHubComments
from scheduler.github.queue import GitHubQueue
from scheduler.job.model import occurrence_key
from scheduler.job.states import State
from scheduler.journal import record
from scheduler.journal.comments import journal_comment
from scheduler.journal.journal import NEVER_STARTED, Entry, Journal
from tests.conftest import ISSUES, REPO, Stage, at, body

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
WEEK = timedelta(days=7)


def entry(n: int, late: float | None, *, ago: float = 1, **more: Any) -> Entry:
    """Occurrence ``n``, dispatched ``late`` seconds late, ``ago`` hours ago."""
    given = {"outcome": State.DISPATCHED.value, "attempt": 1, "lateness_s": late, **more}
    at = NOON - timedelta(hours=ago)
    return Entry(**{"key": f"{n}@2026-11-23T09:00:00Z", "at": at, **given})


def of(*entries: Entry, since: datetime = NOON - WEEK) -> Stats:
    return stats(entries, asked=NOON - WEEK, since=since, until=NOON)


@pytest.mark.parametrize(
    ("seconds", "p50", "p95", "p99", "worst"),
    [
        ([], None, None, None, None),
        ([3], 3, 3, 3, 3),
        ([1, 2], 1, 2, 2, 2),
        ([5, 1, 4, 2, 3], 3, 5, 5, 5),
        (list(range(1, 101)), 50, 95, 99, 100),
        (list(range(1, 102)), 51, 96, 100, 101),
        ([0.4] * 99 + [7200], 0.4, 0.4, 0.4, 7200),
    ],
)
def test_percentiles_are_those_of_dispatches_that_happened(
    seconds: list[float], p50: Any, p95: Any, p99: Any, worst: Any
) -> None:
    data = of(*(entry(n, late) for n, late in enumerate(seconds))).as_json()
    assert data["count"] == len(seconds)
    assert (data["p50_s"], data["p95_s"], data["p99_s"], data["worst_s"]) == (p50, p95, p99, worst)


def test_what_counts() -> None:
    found = of(
        entry(1, 2.0),
        entry(1, 9.0, ago=0.5),  # an occurrence is dispatched once: the first is told
        entry(2, None),  # how late is not known
        entry(3, math.nan),
        entry(4, math.inf),
        entry(5, 8.0, ago=7 * 24 + 1),  # before the period
        entry(6, 8.0, ago=-1),  # after it
        entry(7, None, outcome=State.MISSED.value),
        entry(7, None, outcome=State.MISSED.value, ago=2),
        entry(8, None, outcome=State.DISCARDED.value),
        entry(9, None, outcome=NEVER_STARTED),
        entry(9, 30.0, attempt=2),
        entry(10, 8.0, ago=7 * 24),
        entry(11, 8.0, ago=0),
    )
    assert [late.id for late in found.dispatches] == [1, 10, 11, 9]
    assert found.missed == 1
    assert found.as_json()["worst_id"] == 9


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("42@2026-11-23T09:00:00Z", 42),
        ("o/r#42@2026-11-23T09:00:00Z", 42),
        ("", 0),
        ("x", 0),
        ("x@y", 0),
        (f"{'9' * 5000}@y", 0),
    ],
)
def test_the_issue_of_a_key(key: str, number: int) -> None:
    assert issue_of(key) == number


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (89.9, "90 s"),
        (90, "1.5 min"),
        (3599, "60 min"),
        (5400, "1.5 h"),
        (1e9, "277778 h"),
        (-0.2, "-0.2 s"),
    ],
)
def test_a_span_in_few_figures(seconds: float | None, text: str) -> None:
    assert span(seconds) == text


def test_the_chart_counts_by_class() -> None:
    late = [-0.1, 0, 1, 1.1, 30, 31, 61, 299, 1800, 7200, 7201, 1e6]
    found = of(*(entry(n, seconds) for n, seconds in enumerate(late)))
    assert found.histogram() == [3, 1, 1, 1, 2, 1, 1, 2]
    assert sum(found.histogram()) == len(late)
    assert found.chart() == (
        "xychart-beta\n"
        '    title "How late: at most"\n'
        '    x-axis ["1 s", "5 s", "30 s", "1 min", "5 min", "30 min", "2 h", "more"]\n'
        '    y-axis "dispatches" 0 --> 3\n'
        "    bar [3, 1, 1, 1, 2, 1, 1, 2]"
    )


def test_the_table_is_as_wide_as_a_terminal() -> None:
    many = of(*(entry(n, 1e6 + n) for n in range(2000)), since=NOON - timedelta(days=1))
    lines = many.text().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == ["DISPATCHED", "P50", "P95", "P99", "WORST", "MISSED", "OVERDUE"]
    assert len(lines[1]) == len(lines[2])
    assert lines[3:] == [
        "the worst was #1999",
        "not read from 2026-11-16T12:00:00Z on: that is too much",
    ]
    assert of().text().splitlines()[2].split() == ["0", "-", "-", "-", "-", "0", "0"]


def test_the_summary_holds_the_table_and_the_chart() -> None:
    text = of(entry(1, 2.0)).markdown()
    assert "| dispatched | p50 | p95 | p99 | worst | missed | overdue |" in text
    assert "| 1 | 2.0 s | 2.0 s | 2.0 s | 2.0 s | 0 | 0 |" in text
    assert text.count("```mermaid\nxychart-beta\n") == 1
    assert "mermaid" not in of().markdown()


# Over HTTP.


def dispatched(stage: Stage, *seconds: float) -> Any:
    """Jobs that were due so many seconds ago, and a tick."""
    for late in seconds:
        stage.open(body(at(-late)))
    return stage.tick()


def test_the_numbers_are_those_of_the_journals(stage: Stage) -> None:
    report = dispatched(stage, 10, 20, 1000)
    waits = stage.open(body(3600))
    found = stage.run("stats", "--json").json
    late = sorted(fired["lateness_s"] for fired in report["dispatched"])
    assert (found["count"], found["missed"], found["overdue"]) == (3, 0, [])
    assert found["complete"] is True
    assert [found["p50_s"], found["p99_s"], found["worst_s"]] == [
        pytest.approx(late[1], abs=0.01),
        pytest.approx(late[2], abs=0.01),
        pytest.approx(late[2], abs=0.01),
    ]
    assert found["worst_id"] == 3 != waits
    begin, end = (
        datetime.fromisoformat(found[key].replace("Z", "+00:00")) for key in ("since", "until")
    )
    assert end - begin == WEEK
    assert "\n         3" in stage.run("stats").out


def test_it_costs_few_requests(stage: Stage) -> None:
    dispatched(stage, *range(10))
    stage.sandbox.clear_requests()
    stage.run("stats")
    assert len(stage.requests) == 3, stage.requests  # the settings, the queue, the comments


def test_a_period_is_a_duration_or_an_instant(stage: Stage) -> None:
    dispatched(stage, 10)
    assert stage.run("stats", "--json", "--since", at(-60)).json["count"] == 1
    assert stage.run("stats", "--json", "--since", "1h").json["count"] == 1
    stage.sandbox.set_clock(offset=7200)
    assert stage.run("stats", "--json", "--since", "1h").json["count"] == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--since", "yesterday"), "--since: 'yesterday' is neither a duration nor an instant"),
        (("--since", "0s"), "--since: '0s' is no time"),
        (("--since", "2026-11-23"), "--since: '2026-11-23' has no time of day"),
        (("--since", "2999-01-01T00:00:00Z"), "--since: '2999-01-01T00:00:00Z' is not past"),
        (("--overdue", "--grace", "-5m"), "--grace: '-5m' is negative"),
        (("--overdue", "--grace", "soon"), "--grace: 'soon' is not a duration"),
    ],
)
def test_what_is_no_period(stage: Stage, args: tuple[str, ...], words: str) -> None:
    stage.run("stats", *args).refused(2, words)


def test_a_job_that_was_too_late_to_run_is_counted_as_missed(stage: Stage) -> None:
    stage.open(body(-3600, "agent-message.yml", "deadline: 1m"))
    stage.tick()
    found = stage.run("stats", "--json").json
    assert (found["count"], found["missed"]) == (0, 1)


def test_what_others_write_is_not_believed(stage: Stage) -> None:
    number = stage.open(body(3600))
    forged = journal_comment(Journal(entries=(entry(number, 1e6, ago=0),)))
    forged = forged.replace("2026-11-23T12:00:00.000000Z", at(-1))
    stage.call("POST", f"{ISSUES}/{number}/comments", {"body": forged}, user="stranger")
    assert stage.run("stats", "--json").json["count"] == 0
    dispatched(stage, 10)
    assert stage.run("stats", "--json").json["count"] == 1
    # One who may write is believed where the settings name no other, and there is no scheduler.
    stage.settings("scheduler: {login: agent}\n")
    assert stage.run("stats", "--json").json["count"] == 0


def test_a_busy_series_hides_no_other_job(stage: Stage) -> None:
    """Its journal is long, and its last entries are later than what the others dispatched."""
    ago = [datetime.now(timezone.utc) - timedelta(minutes=n) for n in range(160, 0, -1)]
    series, *others = (stage.open(body(3600)) for _ in range(3))
    runs = [replace(entry(series, 1.0), key=occurrence_key(series, at), at=at) for at in ago]
    told = {number: [replace(entry(number, 99.0), at=ago[100])] for number in others}
    for number, entries in {series: runs, **told}.items():
        text = {"body": journal_comment(Journal(entries=tuple(entries)))}
        stage.call("POST", f"{ISSUES}/{number}/comments", text, user="bot")
    shown = stage.run("stats", "--json").json
    assert (shown["count"], shown["worst_s"]) == (162, 99.0)


def test_a_crowd_of_forgers_costs_no_request_each(stage: Stage) -> None:
    number = stage.open(body(3600))
    forged = journal_comment(Journal(entries=(entry(number, 1.0),)))
    for n in range(20):
        token = stage.sandbox.make_token(f"forger-{n}")
        stage.call("POST", f"{ISSUES}/{number}/comments", {"body": forged}, user=token)
    stage.sandbox.clear_requests()
    assert stage.run("stats", "--json").json["count"] == 0
    assert len(stage.requests) == 3 + history.WRITERS


def test_too_long_a_history_is_read_from_later_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGES", 1)
    stage.sandbox.set_clock(offset=-7200)
    dispatched(stage, 7210)
    stage.sandbox.set_clock(offset=-3600)
    number = stage.open(body(7200))
    for n in range(60):
        stage.call("POST", f"{ISSUES}/{number}/comments", {"body": f"{n}"})
    stage.sandbox.set_clock(offset=0)
    for n in range(60):
        stage.call("POST", f"{ISSUES}/{number}/comments", {"body": f"{n}"})
    dispatched(stage, 10)
    found = stage.run("stats", "--json").json
    assert (found["count"], found["complete"]) == (1, False)
    began = datetime.fromisoformat(found["since"].replace("Z", "+00:00"))
    newest = {"sort": "updated", "direction": "desc", "per_page": "100"}
    page = stage.sandbox.call("owner", "GET", f"{REPO}/issues/comments", None, **newest)
    # Of the second that the page's end may have cut in two, nothing is told.
    cut = datetime.fromisoformat(page[-1]["updated_at"].replace("Z", "+00:00"))
    assert began == cut + timedelta(seconds=1)
    assert "not read from " in stage.run("stats").out


@pytest.fixture
def no_list(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without the list of all comments of a repository."""
    monkeypatch.setattr(GitHubComments, "changed_comments", lambda *_, **__: None)


@pytest.mark.usefixtures("no_list")
def test_without_that_list_the_jobs_are_read_one_by_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    dispatched(stage, 10, 20, 30)
    stage.open(body(3600))
    stage.sandbox.clear_requests()
    assert stage.run("stats", "--json").json["count"] == 3
    assert len(stage.requests) == 3 + 3  # the settings, both lists; no comment, no request
    monkeypatch.setattr(history, "JOBS", 2)
    found = stage.run("stats", "--json").json
    assert found["complete"] is False
    assert found["count"] <= 2


def test_a_server_without_that_list_is_recognised(stage: Stage) -> None:
    connection = connect(Environment.read(stage.environ()))
    queue = GitHubQueue(connection.http, repository="octo/none", label="schedule")
    assert queue.changed_comments(NOON, pages=1) is None
    connection.close()


# For monitors.


def test_nothing_overdue_is_a_success(stage: Stage) -> None:
    stage.open(body(3600))
    result = stage.run("stats", "--overdue")
    assert (result.status, result.out, result.err) == (0, "nothing is overdue\n", "")
    assert stage.run("stats", "--overdue", "--json").json["overdue"] == []


def test_an_overdue_job_is_a_failure_that_says_what_to_do(stage: Stage) -> None:
    stage.sandbox.set_clock(offset=-3600)
    number = stage.open(body(at(-600)))
    stage.open(body(at(-240)))
    stage.sandbox.set_clock(offset=0)
    stage.sandbox.clear_requests()
    result = stage.run("stats", "--overdue")
    assert result.status == 1
    assert len(stage.requests) == 2  # the settings, the queue
    (row,) = result.out.splitlines()
    assert re.fullmatch(rf"#{number} agent-message\.yml could have run 10m\d*s? ago: http.*", row)
    (said,) = result.err.splitlines()
    assert said.startswith(f"schedule: #{number} is overdue; start it with 'gh workflow run ")
    as_json = stage.run("stats", "--overdue", "--grace", "1m", "--json")
    assert as_json.status == 1
    assert [each["id"] for each in json.loads(as_json.out)["overdue"]] == [1, 2]
    assert 599 <= json.loads(as_json.out)["overdue"][0]["overdue_s"] <= 660
    assert stage.run("stats", "--overdue", "--grace", "1h").status == 0
    stage.tick()
    assert stage.run("stats", "--overdue").status == 0


# Inside Actions.


def test_a_step_gets_the_table_and_the_chart_in_its_summary(stage: Stage, tmp_path: Path) -> None:
    dispatched(stage, 10)
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    stage.run("stats", user="bot", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(file))
    text = file.read_text()
    assert text.startswith("before\n### Lateness from ")
    assert "```mermaid\nxychart-beta\n" in text


def test_a_summary_that_can_not_be_written_is_said(stage: Stage, tmp_path: Path) -> None:
    result = stage.run("stats", GITHUB_STEP_SUMMARY=str(tmp_path / "none" / "summary.md"))
    assert result.status == 0
    assert result.out
    assert result.err.startswith("schedule: GITHUB_STEP_SUMMARY: ")
    assert len(result.err.splitlines()) == 1


def test_the_journal_s_own_words_are_what_is_read() -> None:
    written = journal_comment(Journal(entries=(entry(1, 2.5),)))
    assert record.RECORD.match(written)
    assert '"lateness_s":2.5' in written
