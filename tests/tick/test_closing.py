"""What becomes of the issue itself: closed, labelled, retitled, or left as it is."""

from __future__ import annotations

from tests.faults.series import m
from tests.faults.world import World, body, world

PAUSED = "schedule:paused"


def one(minutes: float = 300) -> World:
    made = world()
    made.hub.open(body("s", run_at=m(minutes)))
    return made


def test_a_paused_job_that_is_put_off_stays_paused() -> None:
    made = one()
    made.hub.change(1, labels=("schedule", PAUSED))
    made.hub.comment(1, "/snooze 2h", by="owner")
    made.until_quiet()
    assert PAUSED in made.hub.ticket(1).labels
    assert made.history(1).journal.entries[-1].until is not None
