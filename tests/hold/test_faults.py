"""What goes wrong while a holder holds, in virtual time: answers, tokens, clocks, its death."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from scheduler.errors import NotPermitted, RateLimited, Unavailable
from scheduler.hold.agenda import LEAD
from scheduler.policy.decide import Fire
from scheduler.settings.profiles import Stay
from scheduler.tick import dispatch
from scheduler.tick.outcome import Progress
from tests.faults.world import FAULTS, Fault, faulty
from tests.support.fakes import Crash
from tests.support.hold_world import NOON, HoldWorld, hold_world


def reasons(notes: Any) -> str:
    return "; ".join(f"#{note.id} {note.reason}" for note in notes)


def through(world: HoldWorld, name: str, since: float, until: float, error: Any) -> Any:
    def carry(_: int, asked: str, act: Any) -> object:
        if name in ("*", asked) and since <= world.seconds < until:
            raise error()
        return act()

    return carry


def limited(world: HoldWorld, seconds: float) -> Any:
    return lambda: RateLimited("limited", retry_at=world.clock.now() + timedelta(seconds=seconds))


@pytest.mark.parametrize("name", ["open_tickets", "*"])
@pytest.mark.parametrize("wait", [2, 60])
def test_a_limit_while_it_polls_is_waited_out(name: str, wait: float) -> None:
    world = hold_world()
    number = world.open("job", 300)
    world.stays(through(world, name, 90, 130, limited(world, wait)))
    assert world.sent_at("job") == [300]
    world.audit(number, "job")


@pytest.mark.parametrize(
    ("wait", "until", "latest"), [(2, 101, 103), (10, 101, 111), (60, 101, 190), (60, 180, 260)]
)
def test_a_limit_while_it_dispatches_is_waited_out(
    wait: float, until: float, latest: float
) -> None:
    world = hold_world()
    number = world.open("job", 100)
    world.stays(through(world, "dispatch", 100, until, limited(world, wait)))
    (sent,) = world.sent_at("job")
    assert 100 < sent <= latest
    world.audit(number, "job")


def test_a_limit_that_outlasts_the_hold_ends_it_and_leaves_no_claim() -> None:
    world = hold_world()
    number = world.open("job", 100)
    report = world.stays(through(world, "dispatch", 0, 999, limited(world, 900)))
    assert "ended early: limited" in report.stopped
    assert report.error is None
    assert report.next_due is not None
    assert world.hub.on(number) == []


def test_an_outage_is_noted_once_and_outlasted() -> None:
    world = hold_world()
    number = world.open("job", 500)
    outage = lambda: Unavailable("no answer", sent=False)  # noqa: E731
    report = world.stays(through(world, "*", 50, 400, outage))
    assert world.sent_at("job") == [500]
    assert [n for n in report.notices if "not answered" in n] == report.notices
    assert len(report.notices) == 1
    world.audit(number, "job")


def test_a_pass_that_was_cut_short_is_gone_on_with() -> None:
    world = hold_world()
    number = world.open("job", -60)
    report = world.stays(through(world, "add_comment", 0, 20, limited(world, 30)))
    assert report.stopped == ""
    assert "went on" in report.notices[0]
    world.audit(number, "job")


@pytest.mark.parametrize("long", [30, 700])
def test_an_outage_before_its_pass_is_outlasted_if_it_ends(long: float) -> None:
    world = hold_world()
    world.open("job", 60)
    dead = through(world, "*", 0, long, lambda: Unavailable("no answer"))
    if long > world.hold:
        with pytest.raises(Unavailable):
            world.stays(dead)
    else:
        assert world.stays(dead).stopped == ""
        assert world.sent_at("job") == [60.0]


def test_a_token_that_expires_ends_the_hold_with_its_message() -> None:
    world = hold_world()
    number = world.open("job", 300)
    denied = lambda: NotPermitted("token: GitHub answers 401")  # noqa: E731
    report = world.stays(through(world, "*", 60, 9999, denied))
    assert isinstance(report.error, NotPermitted)
    assert "401" in report.stopped
    assert report.next_due == NOON + timedelta(seconds=300)
    world.hold = 0
    world.clock.sleep(300)
    world.until_quiet()
    world.audit(number, "job")


@pytest.mark.parametrize("moment", [93.5, 100.0])
def test_a_token_that_expires_under_a_claim_loses_nothing(moment: float) -> None:
    world = hold_world(latency=0.05)
    number = world.open("job", 100)
    denied = lambda: NotPermitted("token: GitHub answers 401")  # noqa: E731
    report = world.stays(through(world, "*", moment, 9999, denied))
    assert isinstance(report.error, NotPermitted)
    world.until_quiet()
    world.audit(number, "job")


def test_one_job_that_is_denied_holds_up_no_other() -> None:
    world = hold_world()
    first, second = world.open("first", 100), world.open("second", 110)

    def carry(_: int, asked: str, act: Any) -> object:
        if asked == "dispatch" and 100 <= world.seconds < 105:
            raise NotPermitted("token: lacks a right for this one")
        return act()

    report = world.stays(carry)
    assert report.error is None
    assert world.sent_at("second") == [110]
    assert len(world.sent_at("first")) == 1
    for number, name in ((first, "first"), (second, "second")):
        world.audit(number, name)


@pytest.mark.parametrize("workflow", ["titled.yml", "plain.yml"])
def test_a_lost_answer_is_recovered_by_the_same_holder(workflow: str) -> None:
    world = hold_world()
    number = world.open("job", 100, to=f"workflow: {workflow}")
    world.open("next", 400, to=f"workflow: {workflow}")
    lost: list[int] = []

    def carry(_: int, asked: str, act: Any) -> object:
        answer = act()
        if asked == "dispatch" and not lost:
            lost.append(1)
            raise Unavailable("the answer was lost")
        return answer

    report = world.stays(carry)
    assert world.sent_at("job") == [100]
    assert world.sent_at("next") == [400], "a lost answer blocks its target for a while only"
    world.audit(number, "job")
    assert reasons(report.recovered).count("#1") == 1


def test_a_dispatch_that_never_began_is_made_again_by_the_same_holder() -> None:
    world = hold_world(stay=Stay.PENDING)
    number = world.open("job", 100, to="workflow: plain.yml")
    lost: list[int] = []

    def carry(_: int, asked: str, act: Any) -> object:
        if asked == "dispatch" and not lost:
            lost.append(1)
            raise Unavailable("lost before it took effect")
        return act()

    world.stays(carry)
    (sent,) = world.sent_at("job")
    assert 220 < sent < 300
    world.audit(number, "job")


# Clocks.


@pytest.mark.parametrize("jump", [-3600.0, -30.0, 8.0, 20.0, 30.0, 3600.0])
@pytest.mark.parametrize("moment", [30.0, 85.0, 95.0, 99.9])
def test_a_clock_that_jumps_makes_nothing_early_or_late(jump: float, moment: float) -> None:
    world = hold_world(corrected=True, latency=0.05)
    number = world.open("job", 100)
    world.lively.at(moment, lambda: world.clock.step(jump))
    world.stays()
    (sent,) = world.sent_at("job")
    assert 100 <= sent <= 101, sent
    assert 600 <= world.seconds <= 660, "the hold is as long as it was asked for"
    world.audit(number, "job")


def test_a_dispatch_is_never_early_however_soon_it_is_asked_for() -> None:
    world = hold_world()
    number = world.open("job", 8)
    holder = world.holder()
    holder.ctx.early = LEAD
    found = holder.tick.read(world.hub.ticket(number), now=world.clock.now())
    assert found
    done = Progress(number)
    standing = dispatch.begin(holder.ctx, done, found, Fire(attempt=1))
    assert standing
    world.lively.at(3, world.lively.wake)
    assert dispatch.fire(holder.ctx, done, standing)
    assert world.sent_at("job") == [8]


@pytest.mark.parametrize("moment", [30.0, 93.0, 99.9])
@pytest.mark.parametrize("long", [20.0, 400.0])
def test_a_machine_that_was_suspended_finds_what_is_due(moment: float, long: float) -> None:
    world = hold_world(latency=0.05)
    number = world.open("job", 100)
    world.lively.at(moment, lambda: world.lively.suspend(long))
    world.stays()
    (sent,) = world.sent_at("job")
    assert 100 <= sent <= max(moment + long + 45, 101), sent
    world.audit(number, "job")


# Its death, and every fault at every request: the same as in a single tick.


def crowd(**given: Any) -> tuple[HoldWorld, dict[str, int]]:
    """Jobs that make a holder claim, fire, record, recover and look around."""
    world = hold_world(**{"hold": 150, "latency": 0.02, **given})
    names = {"a": 40.0, "b": 40.0, "c": 43.0, "d": 100.0, "past": -60.0}
    plain = ("b", "d")
    numbers = {
        name: world.open(name, at, to=f"workflow: {'plain' if name in plain else 'titled'}.yml")
        for name, at in names.items()
    }
    return world, numbers


def requests() -> int:
    world, _ = crowd()
    world.stays()
    return len(world.done)


#: The quick run loses answers; the slow one does all that can be done.
KINDS = [pytest.param(k, marks=[] if k == "drop-after" else [pytest.mark.slow]) for k in FAULTS]


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_at_every_request_of_a_hold(kind: str) -> None:
    for index in range(1, requests() + 1):
        world, numbers = crowd()
        try:
            world.stays(faulty(world.clock, Fault(index, kind)))
        except (Crash, Unavailable, NotPermitted):
            assert kind.startswith("crash") or index <= 4, "a holder does not give up"
        world.until_quiet()
        for name, number in numbers.items():
            outcome = world.audit(number, name, may_hold=name in ("b", "d"))
            assert outcome == "dispatched" or "-" in kind, (index, name)


@pytest.mark.parametrize("index", range(1, 50, 3))
def test_another_holder_takes_over_from_one_that_died(index: int) -> None:
    world, numbers = crowd(stay=Stay.PENDING)
    with pytest.raises(Crash):
        world.stays(faulty(world.clock, Fault(index, "crash-after")))
    world.clock.sleep(5)
    world.hold = 600
    world.stays()
    for name, number in numbers.items():
        world.audit(number, name, may_hold=name in ("b", "d"))
    assert all(at >= 40 for name in "abcd" for at in world.sent_at(name))


@pytest.mark.parametrize("moment", [0.0, 20.0, 32.5, 34.0, 40.05, 43.1, 60.0])
def test_who_is_asked_to_leave_finishes_what_is_in_hand_and_begins_nothing(moment: float) -> None:
    world, numbers = crowd()
    world.stopped = lambda: world.seconds >= moment
    world.lively.at(moment, world.lively.wake)
    report = world.stays()
    assert world.seconds <= moment + 7
    late = [at for name in numbers for at in world.sent_at(name) if at > moment]
    assert len(late) <= 1
    assert report.error is None
    assert report.next_due is not None or moment >= 100
    claims = [c for c in world.hub.comments.values() if c.body.startswith("<!-- schedule:claim")]
    assert claims == []
    world.stopped = lambda: False
    world.clock.sleep(100)
    world.until_quiet()
    for name, number in numbers.items():
        assert world.audit(number, name) == "dispatched"
