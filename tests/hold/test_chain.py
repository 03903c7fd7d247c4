"""A chain of alarms in virtual time: on time, bounded, and begun again after any kill."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler.errors import Unavailable
from scheduler.hold.alarm import AT_ONCE, timer_of
from scheduler.hold.arming import Arming
from scheduler.hold.holder import Holder
from scheduler.hold.plan import Plan, Surroundings
from scheduler.ports.values import Run
from scheduler.settings.profiles import HOLD, POLL
from scheduler.tick.context import new_context
from scheduler.tick.report import TickReport
from scheduler.tick.tick import Tick
from tests.hold.test_arming import SOUND, WORKFLOW
from tests.support.fakes import NOON, Crash, MemoryQueue, Through
from tests.support.hold_world import HoldWorld, LivelyClock, hold_world

DAY = 86_400


class Chain:
    """A queue without cron: nothing ticks but alarms, and what a test calls a sign of life."""

    def __init__(self) -> None:
        self.world: HoldWorld = hold_world()
        self.hub = self.world.hub
        self.hub.environments = list(SOUND)
        self.reports: list[TickReport] = []
        #: How many requests each tick sent, and the most alarms that waited at a time.
        self.requests: list[int] = []
        self.most = 0

    @property
    def clock(self) -> LivelyClock:
        return self.world.lively

    def waiting(self) -> list[Run]:
        return [run for _, run in self.hub.runs if run.status == "waiting"]

    def tick(self, run: Run | None = None, through: Through | None = None) -> None:
        """A run of the action, by whatever started it."""
        queue = MemoryQueue(self.hub, through=through)
        nonces = self.world.nonces
        ctx = new_context(
            queue, clock=self.clock, settings=self.world.settings,
            nonce=lambda: f"nonce-{next(nonces):06}",
        )  # fmt: skip
        around = Surroundings(
            alarm=run.title.partition(" ")[2] if run else "",
            run=lambda: queue.run("", run.id) if run else None,
        )
        arming = Arming(queue, self.clock, self.world.settings, branch=lambda _: "main")
        plan = Plan(queue, self.clock, arming, profile="auto", around=around)
        holder = Holder(
            Tick(ctx), queue, hold=HOLD, poll=POLL, settings=lambda: self.world.settings, plan=plan
        )
        try:
            report = holder.run()
            plan.leave(report.needed)
            report.notices += plan.said()
            self.reports.append(report)
        except Crash:
            pass
        finally:
            self.requests.append(queue.requests)
            self.most = max(self.most, len(self.waiting()))

    def fire(self, through: Through | None = None) -> None:
        """Let time pass until the next alarm ends, and tick, ten seconds later."""
        ends = {run.id: (run.created_at or NOON) + self.timer(run) for run in self.waiting()}
        number = min(ends, key=lambda each: ends[each])
        left = (ends[number] - self.clock.true).total_seconds()
        self.clock.sleep(max(left, 0) + 10)
        run = self.hub.found(number)
        assert run is not None
        self.hub.mark(number, "in_progress")
        self.tick(run, through)
        self.hub.mark(number, "completed", "success")

    def timer(self, run: Run) -> timedelta:
        found = timer_of(run.title.partition(" ")[2])
        assert found is not None
        return found

    def play(self, most: int = 60) -> int:
        """Until nothing waits any more; how many alarms ended."""
        for count in range(most):
            if not self.waiting():
                return count
            self.fire()
        raise AssertionError("the chain does not end")

    def late(self, name: str = "job") -> float:
        """How late the job was, in seconds; it was dispatched once."""
        (at,) = self.world.sent_at(name)
        return at - self.due

    def open(self, seconds: float) -> None:
        self.due = self.world.seconds + seconds
        self.world.open("job", self.due)


@pytest.fixture
def chain() -> Chain:
    return Chain()


@pytest.mark.parametrize("seconds", [150, 200, 420, 3600, 7200, DAY, 3 * DAY])
def test_a_job_is_on_time_by_alarms_alone_and_the_chain_ends(chain: Chain, seconds: float) -> None:
    chain.open(seconds)
    chain.tick()
    ended = chain.play()
    assert 0 <= chain.late() <= 1
    assert ended <= 14
    assert chain.most <= 1
    assert [notice for report in chain.reports for notice in report.notices] == []
    assert not chain.waiting(), "an empty queue arms nothing"


@pytest.mark.slow
@pytest.mark.parametrize("more", ["every: 5m", "when: closed(#1)"])
def test_what_asks_for_many_alarms_an_hour_does_not_end_its_chain(chain: Chain, more: str) -> None:
    """One that rings every two minutes goes well: only one that rings at once goes wrong."""
    chain.world.open("other", 30 * DAY)
    chain.world.open("job", 60, more=f"{more}\n")
    chain.tick()
    while chain.world.seconds < 2 * 3600:
        chain.fire()
    assert [notice for report in chain.reports for notice in report.notices] == []
    on_time = [60 + 300 * count for count in range(25)]
    assert chain.world.sent_at("job") == (on_time if more.startswith("every") else [])


def test_a_job_that_is_due_sooner_arms_a_sooner_one(chain: Chain) -> None:
    chain.open(3 * DAY)
    chain.tick()
    chain.world.open("sooner", 3600)
    chain.tick()
    assert [run.title for run in chain.waiting()] == ["alarm schedule-1d", "alarm schedule-32m"]
    chain.play()
    assert chain.world.sent_at("sooner") == [3600]
    assert chain.late() <= 1
    assert chain.most <= AT_ONCE


def killed(at: int, *, after: bool) -> Through:
    """The process dies at one of its requests, before or after that took effect."""

    def carry(index: int, _: str, act: Callable[[], object]) -> object:
        if index == at and not after:
            raise Crash
        told = act()
        if index == at:
            raise Crash
        return told

    return carry


def requests_of(seconds: float, *, fired: bool) -> int:
    """How many requests the tick that is to be killed sends when it is not."""
    chain = Chain()
    chain.open(seconds)
    chain.tick()
    if fired:
        chain.fire()
    return chain.requests[-1]


KILLS = [
    pytest.param(
        fired,
        at,
        after,
        id=f"{'alarm' if fired else 'first'}-{at}-{'after' if after else 'before'}",
    )
    for fired in (False, True)
    for at in range(1, requests_of(7200, fired=fired) + 1)
    for after in (False, True)
]


@pytest.mark.parametrize(("fired", "at", "after"), KILLS)
def test_whoever_is_killed_the_chain_goes_on_or_the_next_sign_of_life_begins_it(
    chain: Chain, *, fired: bool, at: int, after: bool
) -> None:
    chain.open(7200)
    if fired:
        chain.tick()
        chain.fire(killed(at, after=after))
    else:
        chain.tick(through=killed(at, after=after))
    if not chain.waiting():
        chain.tick()
    assert len(chain.waiting()) == 1
    chain.play()
    assert 0 <= chain.late() <= 1
    assert chain.most <= 2


@pytest.mark.parametrize("after", [False, True])
def test_two_chains_become_one(chain: Chain, *, after: bool) -> None:
    """A lost answer, a list that lags behind, and a sign of life at once."""
    chain.open(7200)
    chain.hub.stale["runs"] = chain.hub.stale["filtered_runs"] = 30

    def lose(_: int, name: str, act: Callable[[], object]) -> object:
        if name != "dispatch":
            return act()
        if after:
            act()
        raise Unavailable("no answer")

    chain.tick(through=lose)
    chain.tick()
    assert len(chain.waiting()) == 1 + after
    chain.clock.sleep(60)
    chain.fire()
    chain.play()
    assert 0 <= chain.late() <= 1
    assert chain.most <= 2
    assert sum(1 for name, _ in chain.hub.runs if name == WORKFLOW) <= 10


@pytest.mark.slow
def test_requests_stay_few_with_a_hundred_waiting_jobs(chain: Chain) -> None:
    for number in range(100):
        chain.world.open(f"job-{number}", 3600 + 600 * number)
    chain.tick()
    for _ in range(24):
        chain.fire()
    done = [n for n in range(100) if chain.world.sent_at(f"job-{n}")]
    assert len(done) >= 4
    assert max(chain.world.sent_at(f"job-{n}")[0] - 3600 - 600 * n for n in done) <= 45
    assert sum(chain.requests) / (chain.world.seconds / 3600) <= 300
