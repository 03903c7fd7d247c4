"""Jobs that end without a dispatch: how many at a time, in which order, and what reopens them."""

from __future__ import annotations

import pytest

from scheduler.report import TickReport
from scheduler.settings import Limits, Settings
from tests.faults.world import World, body, world

FEW = Settings(limits=Limits(per_tick=2))
SOON_OVER = "deadline: 1s\n"


def told(made: World) -> TickReport:
    report = made.tick()
    assert report is not None
    return report


def test_missed_jobs_keep_nobody_waiting_and_end_so_many_at_a_time() -> None:
    made = world(settings=FEW)
    for name in "1234":
        made.hub.open(body(name, more=SOON_OVER))
    made.hub.open(body("young"))
    made.clock.step(60)
    report = told(made)
    assert [fired.id for fired in report.dispatched] == [5]
    assert [note.id for note in report.missed] == [1, 2]
    assert report.waiting == 2
    assert [note.id for note in told(made).missed] == [3, 4]


@pytest.mark.parametrize("reason", ["reopened", None])
def test_a_missed_job_that_is_reopened_runs_late(reason: str | None) -> None:
    # Some servers tell no `state_reason`; the label that came with the closing tells as much.
    made = world()
    made.hub.open(body("1", more=SOON_OVER))
    made.clock.step(60)
    assert [note.id for note in told(made).missed] == [1]
    made.hub.reopen(1)
    made.hub.change(1, state_reason=reason)
    assert [fired.id for fired in told(made).dispatched] == [1]
    assert made.hub.ticket(1).labels == ("schedule",)
