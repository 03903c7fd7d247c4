"""What keeps a relay from running wild must not keep it from running."""

from __future__ import annotations

import random

import pytest

from scheduler.hold.relay import Relay
from scheduler.ports.values import Dispatch, Target
from scheduler.settings.model import Settings
from scheduler.simulation.actions import Actions, RunnerClock
from scheduler.simulation.meter import MeteredHub, MeteredQueue
from scheduler.simulation.scenario import Platform
from scheduler.simulation.timeline import Timeline
from tests.conftest import QUEUE

WAKE = Dispatch(target=Target(repo=QUEUE, ref="main", workflow="scheduler.yml"))


@pytest.mark.parametrize(
    ("each_lasts", "begins"),
    [
        (3000.0, True),  # one holder; each nudge puts out the run that waited before it
        (10.0, False),  # every one of them ran: this is what the limit is for
    ],
)
def test_only_runs_that_ran_count_against_the_limit(each_lasts: float, begins: bool) -> None:
    timeline, platform = Timeline(), Platform(job_limit=4000)
    hub = MeteredHub(timeline, Settings(), platform)
    queue = MeteredQueue(hub, wait=lambda _: None, latency=lambda: 0.0)
    ticks = Actions(hub, platform, random.Random(1), lambda clock, _: clock.sleep(each_lasts))

    def nudge() -> None:
        queue.dispatch(WAKE)

    for minute in range(20):
        timeline.after(60 * minute, nudge)
    timeline.run(lambda: timeline.seconds >= 60 * 19)
    clock = RunnerClock(timeline, leave_at=1e9, kill_at=1e9)
    relay = Relay(queue, clock, Settings())
    problem = relay.begin()
    assert relay.begun == begins
    assert (problem is None) == begins
    assert len(ticks.jobs) == (1 if begins else 20)
