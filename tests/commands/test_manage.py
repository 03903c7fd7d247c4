"""What is told of a job that was cancelled, reopened or settled."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.commands.manage import Cancelled, Resolved, Retried
from scheduler.job.states import State
from scheduler.ports.values import Ticket, User

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
OPEN = Ticket(number=7, author=User(login="a"), url="U", created_at=NOON, updated_at=NOON)
CLOSED = Ticket(
    number=7, author=User(login="a"), url="U", open=False, created_at=NOON, updated_at=NOON
)


@pytest.mark.parametrize(
    ("ticket", "was", "runs", "status", "text"),
    [
        (OPEN, "pending", {}, "cancelled", "#7 is cancelled"),
        (CLOSED, "missed", {}, "missed", "#7 was closed already"),
        (
            OPEN, "dispatching", {}, "cancelled",
            "#7 is cancelled; a tick has claimed it, so it may have started: see its journal",
        ),
        (
            OPEN, "pending", {"cancelled_run": 5}, "cancelled",
            "#7 is cancelled; run 5 is being cancelled",
        ),
        (
            CLOSED, "dispatched", {"cancelled_run": 5}, "dispatched",
            "#7: run 5 is being cancelled",
        ),
        (CLOSED, "dispatched", {"ended_run": 5}, "dispatched", "#7: run 5 has ended already"),
    ],
)  # fmt: skip
def test_what_is_told_of_a_job_that_was_cancelled(
    ticket: Ticket, was: str, runs: dict[str, Any], status: str, text: str
) -> None:
    done = Cancelled(ticket=ticket, was=State(was), **runs)
    assert done.text() == text
    assert done.as_json() == {
        "id": 7, "status": status, "already_closed": ticket is CLOSED,
        "dispatching": was == "dispatching", "cancelled_run": None, "ended_run": None, "url": "U",
        **runs,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "later", "text"),
    [
        ("pending", 0, "#7 was missed; the next tick tries it again"),
        ("pending", 3600, "#7 was missed; it runs when due, at 2026-11-23T13:00:00Z"),
        ("held", 3600, "#7 is open and on hold again; next say 'schedule resolve 7'"),
        ("paused", 3600, "#7 is open and paused again; next say 'schedule resume 7'"),
    ],
)
def test_what_is_told_of_a_job_that_is_open_again(state: str, later: int, text: str) -> None:
    done = Retried(
        ticket=OPEN, state=State(state), was=State.MISSED, now=NOON,
        run_at=NOON + timedelta(seconds=later),
    )  # fmt: skip
    assert done.text() == text
    told = done.as_json()
    assert (told["status"], told["was"], told["id"]) == (state, "missed", 7)


def test_what_is_told_of_a_job_that_was_settled() -> None:
    done = Resolved(ticket=OPEN, comment="/resolve again")
    assert done.text() == "#7: '/resolve again' is said; the next tick carries it out"
    assert done.as_json() == {"id": 7, "status": "held", "comment": "/resolve again", "url": "U"}
