"""What is told of a job that was paused, resumed, put off or asked for now."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from scheduler.commands.nudge import Nudged
from scheduler.commands.steer import HEARD, Asked, Paused, Snoozed
from scheduler.ports.values import Comment, Ticket, User

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
JOB = Ticket(number=7, author=User(login="a"), url="U", created_at=NOON, updated_at=NOON)


@pytest.mark.parametrize(
    ("paused", "changed", "text"),
    [
        (True, True, "#7 is paused; 'schedule resume 7' lets it go on"),
        (True, False, "#7 was paused already; 'schedule resume 7' lets it go on"),
        (False, True, "#7 is resumed; it runs when due"),
        (False, False, "#7 was not paused; it runs when due"),
    ],
)
def test_what_is_told_of_a_pause(paused: bool, changed: bool, text: str) -> None:
    done = Paused(ticket=JOB, paused=paused, changed=changed)
    assert done.text() == text
    status = "paused" if paused else "pending"
    assert done.as_json() == {"id": 7, "status": status, "changed": changed, "url": "U"}


def test_what_is_told_of_a_job_that_was_put_off() -> None:
    done = Snoozed(ticket=JOB, until=NOON)
    assert done.text() == f"#7 not before 2026-11-23T12:00:00Z: asked for\n{HEARD}"
    assert done.as_json()["not_before"] == "2026-11-23T12:00:00Z"


def test_what_is_told_of_a_job_that_is_asked_for_now() -> None:
    said = Comment(id=9, issue=7, body="/run", author=User(login="a"), created_at=NOON)
    done = Asked(ticket=JOB, said=said, nudged=Nudged(sent=True, reason="why " * 30))
    assert done.text().splitlines() == ["#7 now: asked for", HEARD, "why " * 30]
    told = done.as_json()
    assert (told["comment_id"], told["nudged"], told["expect"]) == (9, True, "why " * 30)
