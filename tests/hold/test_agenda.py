"""What a holder does next, as tables over instants: nothing here waits or asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.hold.agenda import (
    FARTHEST,
    GRACE,
    LEAD,
    NEAR,
    NEAREST,
    OVERTIME,
    Agenda,
    Step,
    _busy_step,
    _idle,
    _idle_step,
    next_step,
)
from scheduler.job.model import Job
from scheduler.journal.journal import Claim, Entry, History
from scheduler.ports.values import Dispatch, Target, Ticket, User
from scheduler.settings.model import CLAIM_VALIDITY
from scheduler.settings.profiles import Stay
from scheduler.tick.claims import OwnClaim, Work
from scheduler.tick.dispatch import Sent, Standing
from scheduler.tick.occurrence import Occurrence
from tests.support.fakes import NOON

TICK = timedelta(milliseconds=1)
FAR = NOON + timedelta(hours=1)


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def known(number: int, at: float, *, comments: int = 0) -> Occurrence:
    """A job due so many seconds after noon."""
    job = Job(run_at=NOON + s(at), workflow="run.yml")
    ticket = Ticket(
        number=number, body="", author=User(login="agent"), labels=("schedule",), url="",
        created_at=NOON, updated_at=NOON, comments=comments,
    )  # fmt: skip
    key = f"{number}@x"
    return Occurrence(ticket=ticket, raw=job, asked=job, job=job, key=key, instant=job.run_at)


def standing(number: int, at: float) -> Standing:
    claim = Claim(
        key=f"{number}@x", attempt=1, nonce="n", target="t", made_at=NOON,
        expires_at=NOON + CLAIM_VALIDITY, newest_run=None,
    )  # fmt: skip
    found = known(number, at)
    target = Target(repo="octo/queue", ref="main", workflow="run.yml")
    work = Work(
        ticket=found.ticket, key=found.key, dispatch=Dispatch(target=target), title=found.key
    )
    own = OwnClaim(claim=claim, began=NOON, began_monotonic=0.0, login="bot")
    return Standing(found=found, work=work, own=own, history=History())


def sent(number: int) -> Sent:
    entry = Entry(key=f"{number}@x", attempt=1, outcome="dispatched", at=NOON)
    return Sent(standing=standing(number, 0), entry=entry)


def agenda(
    *waiting: Occurrence, claimed: tuple[Standing, ...] = (), unrecorded: tuple[Sent, ...] = (),
    looked: bool = True,
) -> Agenda:  # fmt: skip
    made = Agenda(
        claimed={each.found.number: each for each in claimed},
        unrecorded=list(unrecorded),
        looked=looked,
    )
    for each in waiting:
        made.put(each)
    return made


def step(made: Agenda, at: float | timedelta = 0, **given: Any) -> tuple[Step, int | None]:
    found, number, wait = asked(made, at, **given)
    assert (wait > timedelta(0)) == (found is Step.SLEEP)
    return found, number


def asked(
    made: Agenda, at: float | timedelta = 0, *, end: datetime = FAR, poll: float = 20,
    stay: Stay = Stay.HOLD,
) -> tuple[Step, int | None, timedelta]:  # fmt: skip
    now = NOON + (at if isinstance(at, timedelta) else s(at))
    return next_step(made, now=now, end=end, next_poll=NOON + s(poll), stay=stay)


# The order.


def test_the_order_is_fire_claim_look_settle_leave_poll() -> None:
    made = agenda(
        known(2, 5), known(3, 6, comments=1), claimed=(standing(1, 0),), unrecorded=(sent(4),)
    )
    given: dict[str, Any] = {"end": NOON, "poll": 0}
    assert step(made, 0, **given) == (Step.FIRE, 1)
    del made.claimed[1]
    assert step(made, 0, **given) == (Step.CLAIM, 2)
    made.drop(2)
    assert step(made, 0, **given) == (Step.RECORD, None)
    assert step(made, 6, **given) == (Step.LOOK, 3)
    made.drop(3)
    made.unrecorded.clear()
    assert step(made, 6, **given) == (Step.LEAVE, None)
    assert step(made, 6, end=FAR, poll=0) == (Step.POLL, None)
    assert step(made, 6) == (Step.SLEEP, None)


def test_what_a_rule_forbids_and_what_is_to_be_told_wait_for_everything_else() -> None:
    made = agenda(known(1, -60), known(2, 600), known(3, 0, comments=1), unrecorded=(sent(4),))
    made.unexplained = {5: "words"}
    made.refuse([1, 2])
    assert step(made, 0, poll=0) == (Step.LOOK, 3)
    made.drop(3)
    assert step(made, 0, poll=0) == (Step.RECORD, None)
    made.unrecorded.clear()
    assert step(made, 0, poll=0) == (Step.POLL, None)
    assert step(made, 0, stay=Stay.DUE) == (Step.LOOK, 1)
    made.drop(1)
    assert step(made, 0) == (Step.LOOK, 2)
    made.drop(2)
    assert step(made, 0) == (Step.TELL, None)
    assert step(made, 0, end=NOON) == (Step.LEAVE, None)


def test_what_became_of_runs_waits_for_a_poll_and_keeps_nobody_staying() -> None:
    made = agenda()
    made.following.next_look = NOON
    made.unexplained = {5: "words"}
    assert step(made, 0, poll=0) == (Step.POLL, None)
    assert step(made, 0) == (Step.FOLLOW, None)
    made.unexplained = {}
    assert step(made, 0) == (Step.FOLLOW, None)
    assert step(made, 0, stay=Stay.DUE) == (Step.LEAVE, None)
    assert step(made, 0, end=NOON) == (Step.LEAVE, None)
    made.following.next_look = NOON + s(7)
    assert asked(made, 0) == (Step.SLEEP, None, s(7))
    near = agenda(claimed=(standing(1, 7.5),))
    near.following.next_look = NOON + s(7)
    assert step(near, 7) == (Step.SLEEP, None)


def test_of_what_is_to_be_done_the_earliest_due_is_first() -> None:
    """A job that can't be claimed early holds up no claim, and no claim holds up that job."""
    made = agenda(known(1, 0, comments=1), known(2, 1))
    assert step(made, -1) == (Step.CLAIM, 2)
    assert step(made, 0) == (Step.LOOK, 1)


def test_two_at_the_same_instant_are_both_claimed_then_both_fired() -> None:
    made = agenda(known(8, 10), known(7, 10))
    assert step(made, 2) == (Step.CLAIM, 7)
    made.drop(7)
    made.claimed[7] = standing(7, 10)
    assert step(made, 3) == (Step.CLAIM, 8)
    made.drop(8)
    made.claimed[8] = standing(8, 10)
    assert asked(made, 4) == (Step.SLEEP, None, s(6))
    assert step(made, 10) == (Step.FIRE, 7)
    del made.claimed[7]
    assert step(made, 10.1) == (Step.FIRE, 8)


# LEAD.


@pytest.mark.parametrize(
    ("before", "wanted"), [(LEAD + TICK, Step.SLEEP), (LEAD, Step.CLAIM), (s(-5), Step.CLAIM)]
)
def test_a_claim_is_made_a_little_early(before: timedelta, wanted: Step) -> None:
    assert step(agenda(known(1, 0)), -before, poll=99)[0] is wanted


def test_a_claim_lives_longer_than_it_is_early() -> None:
    assert LEAD + FARTHEST < CLAIM_VALIDITY
    assert s(10) >= LEAD


@pytest.mark.parametrize(
    ("before", "wanted"), [(LEAD, Step.SLEEP), (TICK, Step.SLEEP), (s(0), Step.LOOK)]
)
def test_what_is_recorded_about_is_looked_at_no_sooner_than_it_is_due(
    before: timedelta, wanted: Step
) -> None:
    assert step(agenda(known(1, 0, comments=1)), -before, poll=99)[0] is wanted


def test_what_was_looked_at_waits_for_its_next_look() -> None:
    made = agenda()
    made.put(known(1, 0), NOON + s(20))
    assert asked(made, 1, poll=99) == (Step.SLEEP, None, s(19))
    assert step(made, 20, poll=99) == (Step.LOOK, 1)
    assert made.next_due() == NOON + s(20)
    made.no_later(NOON + s(5))
    assert step(made, 5, poll=99) == (Step.LOOK, 1)
    made.put(known(1, 30), NOON + s(20))
    assert made.next_due() == NOON + s(30), "a look is not earlier than the job"


# NEAR.


@pytest.mark.parametrize(
    ("before", "wanted"), [(NEAR, Step.SLEEP), (TICK, Step.SLEEP), (NEAR + TICK, Step.RECORD)]
)
def test_nothing_is_begun_when_a_dispatch_is_near(before: timedelta, wanted: Step) -> None:
    made = agenda(claimed=(standing(1, 0),), unrecorded=(sent(2),))
    assert step(made, -before)[0] is wanted


def test_how_near_is_learned() -> None:
    made = agenda(known(3, 5), claimed=(standing(1, 0),), unrecorded=(sent(2),))
    made.took(Step.CLAIM, s(2))
    made.took(Step.RECORD, s(0.2))
    assert step(made, -2.1) == (Step.CLAIM, 3)
    assert step(made, -1) == (Step.RECORD, None), "a claim would take too long, a record not"
    assert step(made, -0.2) == (Step.SLEEP, None)
    made.took(Step.CLAIM, s(0.1))
    assert made.near(Step.CLAIM) == s(1.6), "slowly, when it was faster"
    made.took(Step.CLAIM, s(60))
    assert made.near(Step.CLAIM) == FARTHEST
    made.took(Step.POLL, s(0))
    assert made.near(Step.POLL) == NEAREST
    assert made.near(Step.LOOK) == NEAR


@pytest.mark.parametrize("gap", [0.5, 1.0, 2.0])
def test_an_unbroken_row_of_jobs_starves_neither_records_nor_polls(gap: float) -> None:
    """A dispatch every moment: what fits in between is still done."""
    made = agenda(unrecorded=(sent(99),), claimed=tuple(standing(n, n * gap) for n in range(1, 30)))
    for each, long in ((Step.CLAIM, 0.3), (Step.RECORD, 0.2), (Step.POLL, 0.1)):
        made.took(each, s(long))
    assert step(made, 0.1, poll=0) == (Step.RECORD, None)
    made.unrecorded.clear()
    assert step(made, 0.3, poll=0) == (Step.POLL, None)


# Leaving.


@pytest.mark.parametrize(
    ("after", "due", "wanted"),
    [
        (s(0), None, Step.LEAVE),
        (s(0), GRACE + TICK, Step.LEAVE),
        (s(0), GRACE, Step.SLEEP),
        (-TICK, None, Step.SLEEP),
        (GRACE - LEAD, GRACE, Step.CLAIM),
        (OVERTIME - TICK, OVERTIME, Step.CLAIM),
        (OVERTIME, OVERTIME, Step.LEAVE),
        (OVERTIME, s(0), Step.LEAVE),
        (OVERTIME + s(9), s(0), Step.LEAVE),
    ],
)
def test_a_hold_that_is_over_waits_for_what_is_near(
    after: timedelta, due: timedelta | None, wanted: Step
) -> None:
    made = agenda(*([known(1, due.total_seconds())] if due is not None else []))
    assert step(made, after, end=NOON, poll=999)[0] is wanted


def test_a_row_of_jobs_does_not_keep_a_hold_for_ever() -> None:
    made = agenda(known(1, OVERTIME.total_seconds() + 1), claimed=(standing(2, 61),))
    assert step(made, OVERTIME + s(0.5), end=NOON, poll=999) == (Step.SLEEP, None)
    assert step(made, 61, end=NOON, poll=999) == (Step.FIRE, 2)
    del made.claimed[2]
    assert step(made, 61, end=NOON, poll=999) == (Step.LEAVE, None)


@pytest.mark.parametrize("stay", Stay)
def test_nothing_is_left_claimed_or_unrecorded(stay: Stay) -> None:
    claimed = agenda(claimed=(standing(1, 5),))
    assert step(claimed, 0, end=NOON - s(99), stay=stay)[0] is Step.SLEEP
    unrecorded = agenda(unrecorded=(sent(1),))
    assert step(unrecorded, 0, end=NOON - s(99), stay=stay)[0] is Step.RECORD


@pytest.mark.parametrize(
    ("stay", "due", "wanted"),
    [
        (Stay.HOLD, None, Step.SLEEP),
        (Stay.HOLD, 7200, Step.SLEEP),
        (Stay.DUE, None, Step.LEAVE),
        (Stay.DUE, 3600.001, Step.LEAVE),
        (Stay.DUE, 3600, Step.SLEEP),
        (Stay.PENDING, None, Step.LEAVE),
        (Stay.PENDING, 7200, Step.SLEEP),
    ],
)
def test_for_what_it_stays(stay: Stay, due: float | None, wanted: Step) -> None:
    made = agenda(*([known(1, due)] if due is not None else []))
    assert step(made, stay=stay)[0] is wanted


@pytest.mark.parametrize("stay", Stay)
def test_before_it_has_looked_it_does_not_leave(stay: Stay) -> None:
    """An empty agenda says nothing yet: a holder that believed it would never hold."""
    assert step(agenda(looked=False), poll=0, stay=stay) == (Step.POLL, None)
    assert step(agenda(looked=False), poll=9, stay=stay) == (Step.SLEEP, None)
    assert step(agenda(looked=False), poll=9, end=NOON, stay=stay) == (Step.LEAVE, None)


# Sleeping.


@pytest.mark.parametrize(
    ("due", "poll", "end", "slept"),
    [
        (7200.0, 20, 3600, 20),
        (7200.0, 9999, 3600, 3600),
        (100.0, 9999, 3600, 92),
        (None, 9999, 3600, 3600),
        (100.0, 20, 3600, 20),
    ],
)
def test_it_sleeps_until_the_next_thing(
    due: float | None, poll: float, end: float, slept: float
) -> None:
    made = agenda(*([known(1, due)] if due else []))
    found = asked(made, poll=poll, end=NOON + s(end))
    assert found == (Step.SLEEP, None, s(slept))


@pytest.mark.parametrize("stay", Stay)
def test_it_never_turns_in_place(stay: Stay) -> None:
    """Whatever lies ahead, a sleep is no shorter than needed and no step repeats for ever."""
    made = agenda(known(1, 30), known(2, 31, comments=2), known(3, 400))
    now, poll, naps = 0.0, 0.0, 0
    while (found := asked(made, now, end=NOON + s(120), poll=poll, stay=stay))[0] is not Step.LEAVE:
        what, number, wait = found
        if what is Step.SLEEP:
            naps += 1
            now += wait.total_seconds()
        elif what is Step.POLL:
            poll = now + 20
        elif what is Step.CLAIM:
            assert number is not None
            made.claimed[number] = standing(number, made.waiting[number].job.run_at.second)
            made.drop(number)
        elif what is Step.FIRE:
            made.claimed.pop(number or 0)
        else:
            made.drop(number or 0)
    assert naps < 15
    assert now <= 120


# The agenda.


def test_a_job_that_is_paused_leaves_the_board() -> None:
    made = agenda(known(1, 5))
    made.put(replace(known(1, 5), paused=True), NOON + s(20))
    assert dict(made.waiting) == {}
    assert not made.looked_at(1)
    assert made.next_due() is None


@pytest.mark.parametrize("dropped", [True, False])
def test_what_was_put_anew_or_dropped_is_no_longer_put_off(dropped: bool) -> None:
    made = agenda()
    made.put(known(1, 0), NOON + s(60))
    if dropped:
        made.drop(1)
        assert not made.looked_at(1)
    made.put(known(1, 0))
    assert not made.looked_at(1)
    assert step(made, 0, poll=99) == (Step.CLAIM, 1)


def test_what_is_refused_is_looked_at_though_the_agenda_was_asked_for_before() -> None:
    made = agenda(known(1, 600))
    assert step(made, 0, poll=99)[0] is Step.SLEEP
    made.refuse([1])
    assert step(made, 0, poll=99) == (Step.LOOK, 1)
    made.put(known(1, 600), NOON + s(20))
    assert step(made, 0, poll=99)[0] is Step.SLEEP, "it was looked at"
    assert step(made, 20, poll=99) == (Step.LOOK, 1)


def test_a_clock_that_was_set_puts_nothing_off_further() -> None:
    made = agenda()
    made.put(known(1, 0), NOON + s(10))
    made.put(known(2, 0), NOON + s(900))
    made.no_later(NOON + s(20))
    assert [made.again(number) for number in (1, 2)] == [NOON + s(10), NOON + s(20)]


def test_the_next_due_is_the_earliest_of_what_waits_and_what_is_claimed() -> None:
    assert agenda(known(1, 9), claimed=(standing(2, 5),)).next_due() == NOON + s(5)
    assert agenda(known(1, 5), claimed=(standing(2, 9),)).next_due() == NOON + s(5)
    assert agenda(claimed=(standing(2, 9),)).next_due() == NOON + s(9)
    assert agenda().next_due() is None


@given(st.lists(st.sampled_from([-30.0, -8, 0, 7, 8, 20, 44, 53, 60, 600]), max_size=2), st.data())
def test_what_is_found_of_an_idle_holder_is_what_is_found_of_any(
    dues: list[float], data: st.DataObject
) -> None:
    instants = st.sampled_from([-61.0, -60, -45, -1, 0, 1, 15, 60]).map(lambda each: NOON + s(each))
    made = agenda(
        *(known(number, due, comments=number % 2) for number, due in enumerate(dues)),
        looked=data.draw(st.booleans()),
    )
    asked: dict[str, Any] = {
        "now": NOON, "end": data.draw(instants), "next_poll": data.draw(instants),
        "stay": data.draw(st.sampled_from(Stay)),
    }  # fmt: skip
    if _idle(made, NOON):
        assert _idle_step(made, **asked) == _busy_step(made, **asked)
    assert next_step(made, **asked) == _busy_step(made, **asked)
