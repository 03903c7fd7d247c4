"""A tick that has been at it for long decides by the present instant, not by when it began."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.tick.invalid import explain
from tests.faults.series import m, open_series
from tests.faults.test_holes import at
from tests.faults.world import body, world
from tests.support.contexts import context
from tests.support.fakes import MemoryQueue
from tests.support.hold_world import NOON, hold_world

TEXT = "---\nrun-at: never\n---\n"


@pytest.mark.parametrize("reason", ["reopened", None])
def test_a_job_that_is_reopened_during_the_hold_in_which_it_ended_runs(reason: str | None) -> None:
    # Some servers tell no `state_reason`; the label of its end then tells as much.
    made = hold_world()
    made.hub.disabled.add("titled.yml")
    number = made.open("job", 100)

    def reopen() -> None:
        assert not made.hub.ticket(number).open
        made.hub.disabled.clear()
        made.hub.reopen(number)
        made.hub.change(number, state_reason=reason)

    made.lively.at(200, reopen)
    made.stays()
    assert len(made.sent_at("job")) == 1
    made.audit(number, "job")
    assert made.hub.ticket(number).labels == ("schedule",)


def test_what_was_explained_long_ago_is_not_looked_at_again_by_a_holder() -> None:
    made = world()
    number = made.hub.open(TEXT)
    made.tick()
    ticket, queue = made.hub.ticket(number), MemoryQueue(made.hub)
    later = made.clock.now() + timedelta(hours=2)
    assert not explain(context(queue), ticket, "run-at: is no instant", now=later)
    assert queue.calls == []


def test_the_label_of_a_hold_that_nobody_has_touched_for_a_day_is_believed() -> None:
    made = hold_world(hold=600)
    number = made.open("job", 0)
    made.hub.put_on(number, "schedule:held")
    made.hub.comment(number, "why it is on hold", by="owner")
    tick = made.holder().tick
    ticket = made.hub.ticket(number)
    assert tick.read(ticket, now=NOON + timedelta(hours=23)) is not None
    assert tick.read(ticket, now=NOON + timedelta(hours=25)) is None


def test_what_is_told_as_next_is_still_to_come() -> None:
    made = world()
    made.hub.open(body("1"))
    open_series(made.hub, more="misfire: all\n")
    report = made.tick(at("dispatch", lambda: made.clock.sleep(660), before=False))
    assert report is not None
    assert made.count("s") == 2, "at 12:00 and at 12:10"
    assert report.next_due == m(20)
