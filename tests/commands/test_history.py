"""What the journals of a queue record of a period, and what it costs to read that."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.commands import history
from scheduler.connection import connect
from scheduler.environment import Environment
from scheduler.github.comments import GitHubComments
from scheduler.github.queue import GitHubQueue
from scheduler.job.model import occurrence_key
from scheduler.job.states import State
from scheduler.journal import record
from scheduler.journal.comments import journal_comment
from scheduler.journal.journal import Entry, Journal
from tests.conftest import ISSUES, REPO, Stage, at, body

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
WEEK = timedelta(days=7)


def entry(n: int, late: float | None, *, ago: float = 1, **more: Any) -> Entry:
    """Occurrence ``n``, dispatched ``late`` seconds late, ``ago`` hours ago."""
    given = {"outcome": State.DISPATCHED.value, "attempt": 1, "lateness_s": late, **more}
    at = NOON - timedelta(hours=ago)
    return Entry(**{"key": f"{n}@2026-11-23T09:00:00Z", "at": at, **given})


def dispatched(stage: Stage, *seconds: float) -> Any:
    """Jobs that were due so many seconds ago, and a tick."""
    for late in seconds:
        stage.open(body(at(-late)))
    return stage.tick()


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


def test_the_journal_s_own_words_are_what_is_read() -> None:
    written = journal_comment(Journal(entries=(entry(1, 2.5),)))
    assert record.RECORD.match(written)
    assert '"lateness_s":2.5' in written
