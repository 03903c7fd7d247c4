"""From one holder to the next, in memory: begun, limited, ended, and told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scheduler.errors import RateLimited, Unavailable
from scheduler.hold.relay import Relay
from scheduler.ports.values import Dispatch, Target
from scheduler.settings.model import Limits, Settings
from scheduler.settings.profiles import Stay
from scheduler.tick.report import TickReport
from tests.support.fakes import MemoryQueue, Through
from tests.support.hold_world import HoldWorld, hold_world

WORKFLOW = Settings().scheduler.workflow


def relay(world: HoldWorld, through: Through | None = None, **limits: Any) -> Relay:
    settings = replace(world.settings, limits=Limits(**limits))
    return Relay(MemoryQueue(world.hub, through=through), world.clock, settings)


def chain(world: HoldWorld) -> int:
    """How many runs of the scheduler's workflow were dispatched."""
    return sum(1 for name, _ in world.hub.runs if name == WORKFLOW)


class Watched:
    """Notes what is ``called``; with ``lose`` the first dispatch gets no answer.

    lose: whether it took effect; None: nothing is lost.
    """

    def __init__(self, lose: bool | None = None) -> None:
        self.lose = lose
        self.called: list[str] = []

    def __call__(self, _: int, name: str, act: Callable[[], object]) -> object:
        first = name == "dispatch" and name not in self.called
        self.called.append(name)
        if first and self.lose is not None:
            if self.lose:
                act()
            raise Unavailable("no answer")
        return act()


def wake(world: HoldWorld) -> None:
    """Somebody else starts the scheduler."""
    target = Target(repo=world.hub.repository, ref="main", workflow=WORKFLOW)
    MemoryQueue(world.hub).dispatch(Dispatch(target=target, inputs={"schedule_id": ""}))


def holding(world: HoldWorld, made: Relay, through: Through | None = None) -> TickReport:
    world.begin = made.begin
    report = world.stays(through)
    report.notices += made.finish(report)
    return report


def test_the_successor_is_dispatched_when_the_holder_begins_to_wait() -> None:
    world = hold_world(stay=Stay.PENDING)
    world.open("past", -5)
    world.open("job", 5000)
    made = relay(world)
    seen: list[int] = []
    world.lively.at(10, lambda: seen.append(chain(world)))
    report = holding(world, made)
    assert seen == [1]
    assert world.sent_at("past") == [0]
    assert world.hub.sent[0].name == "past", "what is due goes before the successor"
    assert made.begun
    assert "the next run is waiting already" in report.notices[0]


def test_a_queue_that_runs_empty_ends_the_chain() -> None:
    world = hold_world(stay=Stay.PENDING)
    world.open("job", 30)
    made = relay(world)
    cancelled: list[str] = []

    def carry(_: int, name: str, act: Any) -> object:
        cancelled.append(name)
        return act()

    made = relay(world, carry)
    report = holding(world, made)
    assert cancelled[-1] == "cancel_run"
    assert not made.begun
    assert report.notices == []
    assert world.seconds < 60


@pytest.mark.parametrize("due", [None, 5000])
def test_an_empty_queue_begins_no_chain_and_a_full_one_does(due: float | None) -> None:
    world = hold_world(stay=Stay.PENDING)
    if due:
        world.open("job", due)
    holding(world, relay(world))
    assert chain(world) == (1 if due else 0)


@pytest.mark.parametrize(("limit", "begun"), [(1, False), (2, False), (3, True), (12, True)])
def test_a_chain_that_goes_wrong_stops_itself_and_says_so(limit: int, begun: bool) -> None:
    world = hold_world(stay=Stay.PENDING, hold=60)
    world.open("job", 90_000)
    for _ in range(2):
        made = relay(world, relays_per_hour=12)
        assert made.begin() is None
    made = relay(world, relays_per_hour=limit)
    report = holding(world, made)
    assert made.begun == begun
    assert chain(world) == 2 + begun
    told = [n for n in report.notices if "limits.relays-per-hour" in n]
    assert bool(told) != begun
    if told:
        assert f"relays-per-hour is {limit}" in told[0]
        assert "cron" in told[0]


def test_an_hour_later_the_chain_may_go_on() -> None:
    world = hold_world()
    for _ in range(2):
        assert relay(world, relays_per_hour=2).begin() is None
    assert relay(world, relays_per_hour=2).begin() is not None
    world.clock.sleep(3601)
    assert relay(world, relays_per_hour=2).begin() is None


def test_runs_that_were_put_out_do_not_count() -> None:
    """Each nudge puts out the run that waited before it: many new jobs end no chain."""
    world = hold_world()
    for _ in range(30):
        assert relay(world, relays_per_hour=31).begin() is None
    world.hub.runs[:] = [(n, replace(run, conclusion="cancelled")) for n, run in world.hub.runs]
    assert relay(world, relays_per_hour=1).begin() is None


@pytest.mark.parametrize("asked", ["default_branch", "runs", "dispatch"])
def test_without_a_successor_the_holder_holds_all_the_same(asked: str) -> None:
    world = hold_world(stay=Stay.PENDING)
    number = world.open("job", 100)

    def carry(_: int, name: str, act: Any) -> object:
        if name == asked:
            raise Unavailable("no answer")
        return act()

    report = holding(world, relay(world, carry))
    words = "whether a successor was started" if asked == "dispatch" else "no successor could be"
    assert words in report.notices[0]
    assert "no answer" in report.notices[0]
    world.audit(number, "job")


def test_a_successor_that_could_not_be_started_is_tried_again_at_the_end() -> None:
    world = hold_world(stay=Stay.PENDING)
    world.open("job", 5000)

    def carry(_: int, name: str, act: Any) -> object:
        if world.seconds < 60:
            raise RateLimited("limited", retry_at=world.clock.now() + timedelta(seconds=60))
        return act()

    made = relay(world, carry)
    report = holding(world, made)
    assert made.begun
    assert chain(world) == 1
    (notice,) = report.notices
    assert "waiting already" in notice


@pytest.mark.parametrize("nudged", [False, True])
def test_a_successor_without_an_id_is_found_unless_it_can_not_be_told(nudged: bool) -> None:
    """A nudge's run may be somebody's new job: rather none is cancelled than that one."""
    world = hold_world(stay=Stay.PENDING)
    world.hub.details = False
    world.open("job", 30)
    if nudged:
        world.lively.at(15, lambda: wake(world))
    wake(world)
    world.hub.runs[:] = [(name, replace(run, status="in_progress")) for name, run in world.hub.runs]
    made = relay(world, through := Watched())
    report = holding(world, made)
    assert ("cancel_run" in through.called) != nudged
    assert (made.run_id is None) == nudged
    assert len(report.notices) == nudged
    assert all("was not cancelled" in notice for notice in report.notices)


def test_a_nudge_that_comes_later_is_not_taken_for_the_successor() -> None:
    world = hold_world(stay=Stay.PENDING)
    world.hub.details = False
    world.open("job", 300)
    world.lively.at(200, lambda: wake(world))
    made = relay(world, through := Watched())
    holding(world, made)
    assert "cancel_run" in through.called
    assert made.run_id == min(run.id for name, run in world.hub.runs if name == WORKFLOW)


@pytest.mark.parametrize("after", [True, False])
@pytest.mark.parametrize("due", [30, 5000])
def test_after_a_lost_answer_the_runs_are_looked_at(due: float, after: bool) -> None:
    world = hold_world(stay=Stay.PENDING)
    world.open("job", due)
    made = relay(world, through := Watched(lose=after))
    report = holding(world, made)
    assert chain(world) == (1 if after or due == 5000 else 0)
    assert made.begun == (due == 5000)
    assert ("cancel_run" in through.called) == (due == 30 and after)
    told = ["goes on from here"] if due == 5000 else ["is looked up"] if not after else []
    assert len(report.notices) == len(told)
    assert all(words in notice for words, notice in zip(told, report.notices, strict=True))


def test_a_successor_that_can_not_be_cancelled_is_told() -> None:
    world = hold_world(stay=Stay.PENDING)
    world.open("job", 30)

    def carry(_: int, name: str, act: Any) -> object:
        if name == "cancel_run":
            raise Unavailable("no answer")
        return act()

    report = holding(world, relay(world, carry))
    assert "could not be cancelled: no answer" in report.notices[-1]


def test_a_hold_that_fails_keeps_its_successor() -> None:
    world = hold_world(stay=Stay.PENDING)
    world.open("job", 100)

    def carry(_: int, name: str, act: Any) -> object:
        if name == "dispatch":
            raise RateLimited("limited", retry_at=world.clock.now() + timedelta(hours=1))
        return act()

    made = relay(world)
    holding(world, made, carry)
    assert made.begun
