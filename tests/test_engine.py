"""In which order a tick takes up what is due, and where it stops."""

from __future__ import annotations

from datetime import timedelta

from scheduler.settings import Limits, Settings
from tests.fakes import NOON
from tests.faults.world import World, body, world


def limited(per_tick: int) -> World:
    return world(settings=Settings(limits=Limits(per_tick=per_tick)))


def before(minutes: float) -> str:
    return body(f"{minutes}", run_at=NOON - timedelta(minutes=minutes))


def test_what_people_ask_for_waits_for_every_job_that_is_due() -> None:
    made = limited(1)
    made.hub.open(body("asked", run_at=NOON - timedelta(hours=2)))
    made.hub.comment(1, "/pause", by="owner")
    made.hub.open(body("missed", run_at=NOON - timedelta(hours=3), more="deadline: 1h\n"))
    made.hub.open(body("due"))
    done = []
    for _ in range(3):
        report = made.tick()
        assert report is not None
        done += [f.id for f in report.dispatched] + [n.id for n in report.missed + report.obeyed]
    assert done == [3, 2, 1]
