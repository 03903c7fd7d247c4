"""When a holder stays at all, what it says when it leaves, and what it has in hand then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler.errors import InvalidJob, NotPermitted, Unavailable
from scheduler.settings.model import Limits, Settings
from scheduler.settings.profiles import Stay
from scheduler.tick import conditions
from scheduler.tick.context import Context
from scheduler.tick.occurrence import Occurrence
from tests.faults.series import open_series
from tests.support.fakes import Crash, Through
from tests.support.hold_world import NOON, HoldWorld, hold_world


@pytest.mark.parametrize(
    ("stay", "due", "stays"),
    [
        (Stay.HOLD, None, True), (Stay.HOLD, 100, True), (Stay.HOLD, 9999, True),
        (Stay.DUE, None, False), (Stay.DUE, 100, True), (Stay.DUE, 9999, False),
    ],
)  # fmt: skip
def test_it_stays_for_what_is_due_in_its_time_or_whatever_comes(
    stay: Stay, due: float | None, stays: bool
) -> None:
    world = hold_world(stay=stay, hold=600)
    if due is not None:
        world.open("job", due)
    report = world.stays()
    assert bool(world.seconds) == stays
    assert world.count("job") == (due == 100)
    assert report.next_due == (NOON + timedelta(seconds=9999) if due == 9999 else None)


@pytest.mark.parametrize(
    ("tolerance", "stays"), [("0s", True), ("400s", True), ("500s", True), ("501s", False)]
)
def test_it_stays_for_no_job_that_tolerates_more(tolerance: str, stays: bool) -> None:
    world = hold_world(stay=Stay.DUE, hold=600)
    world.open("job", 100, more=f"tolerance: {tolerance}\n")
    report = world.stays()
    assert world.sent_at("job") == ([100] if stays else [])
    assert bool(world.seconds) == stays
    assert report.next_due == (None if stays else NOON + timedelta(seconds=100))


def test_who_is_there_anyway_dispatches_it_on_its_instant() -> None:
    world = hold_world(stay=Stay.DUE, hold=600)
    world.open("other", 300)
    world.open("job", 100, more="tolerance: 1h\n")
    world.open("later", 320, more="tolerance: 1h\n")
    report = world.stays()
    assert world.sent_at("job") == [100]
    assert world.sent_at("later") == []
    assert 300 <= world.seconds < 301
    assert report.needed == NOON + timedelta(seconds=320, hours=1)


@pytest.mark.parametrize(("hold", "stopped"), [(0, False), (600, True)])
def test_without_a_hold_or_asked_to_leave_it_is_one_pass(hold: float, stopped: bool) -> None:
    world = hold_world(hold=hold, stopped=lambda: stopped)
    world.open("now", 0)
    world.open("later", 100)
    report = world.stays()
    assert [fired.id for fired in report.dispatched] == [1]
    assert world.seconds == 0


def failing(error: Callable[[], Exception], name: str, times: int) -> Through:
    left = times

    def through(_: int, called: str, act: Callable[[], object]) -> object:
        nonlocal left
        if called == name and left:
            left -= 1
            raise error()
        return act()

    return through


def test_a_pass_that_got_no_answer_is_waited_out_and_told_of() -> None:
    world = hold_world()
    world.open("job", 100)
    report = world.stays(failing(lambda: Unavailable("502"), "open_tickets", 1))
    assert world.sent_at("job") == [100]
    assert report.stopped == ""
    assert any("the hold went on: 502" in line for line in report.notices)


def test_a_token_that_is_denied_the_queue_is_not_waited_for() -> None:
    world = hold_world()
    with pytest.raises(NotPermitted):
        world.stays(failing(lambda: NotPermitted("token: no"), "open_tickets", 9))
    assert world.seconds == 0


def test_what_was_sent_and_not_recorded_is_told_by_one_that_has_no_time_left() -> None:
    world = hold_world()
    number = world.open("job", 100)

    def die(_: int, name: str, act: Callable[[], object]) -> object:
        if name == "edit_comment":
            raise Crash
        return act()

    holder = world.holder(die)
    with pytest.raises(Crash):
        holder.run()
    report = holder.abandon()
    assert [fired.id for fired in report.dispatched] == [number]
    assert report.next_due == world.clock.now()
    assert "asked to leave" in report.stopped
    assert report.requests == len(world.done)


def test_what_is_in_hand_is_told_though_no_time_is_left_for_its_record() -> None:
    """A hold that ends in the recording of a job, not before it."""
    world = hold_world()
    world.open("first", 100)
    world.open("second", 100)
    recorded: list[float] = []

    def die(_: int, name: str, act: Callable[[], object]) -> object:
        if name == "edit_comment":
            recorded.append(world.seconds)
            if len(recorded) == 2:
                raise Crash
        return act()

    holder = world.holder(die)
    with pytest.raises(Crash):
        holder.run()
    assert sorted(fired.id for fired in holder.abandon().dispatched) == [1, 2]


def test_one_that_takes_no_more_begins_no_other_job_of_its_pass() -> None:
    world = hold_world()
    for name in ("1", "2", "3"):
        world.open(name, 0)
    before = world.settings = Settings(limits=Limits(per_tick=7))

    def leave(_: int, name: str, act: Callable[[], object]) -> object:
        if name == "dispatch":
            holder.take_no_more()
        return act()

    world.stopped = lambda: bool(world.hub.sent)
    holder = world.holder(leave)
    report = holder.run()
    assert ([fired.id for fired in report.dispatched], report.waiting) == ([1], 2)
    assert holder.ctx.settings == before


def staying(limit: int) -> HoldWorld:
    world = hold_world(settings=Settings(limits=Limits(per_tick=limit)), hold=1500)
    open_series(world.hub)
    return world


@pytest.mark.parametrize("limit", [1, 100])
def test_a_job_that_its_pass_put_off_is_claimed_for_each_instant_once(limit: int) -> None:
    """A pass that its limit ended leaves nothing behind that the hold would take for its own."""
    world = staying(limit)
    world.open("other", 0)
    world.stays()
    assert [round(at) for at in world.sent_at("s")] == [0, 600, 1200]
    assert world.count("other") == 1


def test_what_is_said_of_a_job_in_passing_is_what_was_said_last() -> None:
    world = hold_world()
    number = world.open("job", 100)
    report = world.stays(failing(lambda: Unavailable("502", sent=False), "dispatch", 2))
    assert world.count("job") == 1
    assert [note.id for note in report.retrying] == []
    assert [fired.id for fired in report.dispatched] == [number]


def test_a_series_whose_dispatch_is_refused_goes_on_though_no_poll_comes_in_between() -> None:
    world = hold_world(hold=1800, poll=9999)
    open_series(world.hub, rule="every: 5m", run_at=NOON + timedelta(seconds=60))
    world.hub.disabled.add("titled.yml")
    world.lively.at(450, world.hub.disabled.clear)
    report = world.stays()
    assert [note.id for note in report.discarded] == [1, 1]
    assert [round(at) for at in world.sent_at("s")] == [660, 960, 1260, 1560]
    assert report.next_due == NOON + timedelta(seconds=1860)


def test_what_turns_out_to_be_no_job_is_taken_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its label, put on and taken off at each poll, would use up the hour's requests."""

    def against(ctx: Context, found: Occurrence) -> None:
        if found.number == 1:
            tried.append(found.ticket.body)
            raise InvalidJob("when: is wrong; write another")

    tried: list[str] = []
    monkeypatch.setattr(conditions, "against", against)
    world = hold_world(stay=Stay.HOLD, hold=600)
    world.open("odd", 30)
    world.open("job", 40)
    world.lively.at(300, lambda: world.hub.change(1, body=world.hub.ticket(1).body + "more"))
    report = world.stays()
    assert world.sent_at("job") == [40]
    assert [note.id for note in report.invalid] == [1]
    assert len(tried) == len(set(tried)) == 2
    assert "schedule:invalid" in world.hub.ticket(1).labels
