"""Which alarm a tick arms, as a table of edges and as properties of whole chains."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.hold.alarm import (
    AT_ONCE,
    DAY,
    FEWEST,
    MARGIN,
    MINUTE,
    MOST,
    TIMERS,
    Waiting,
    arm,
    environment,
    held,
    surplus,
    timer_of,
    timers,
)
from tests.support.fakes import NOON

S = timedelta(seconds=1)
SHORTEST = TIMERS[0]


def m(minutes: float) -> timedelta:
    return MINUTE * minutes


def alarm(timer: float, left: float) -> Waiting:
    """One of so many minutes that ends in so many minutes."""
    return Waiting(m(timer), NOON + m(left) - m(timer))


# Names.


def test_timers_are_powers_of_two_minutes_and_at_last_a_day() -> None:
    names = [environment(timer) for timer in TIMERS]
    assert names[:4] == ["schedule-2m", "schedule-4m", "schedule-8m", "schedule-16m"]
    assert names[-3:] == ["schedule-512m", "schedule-1024m", "schedule-1d"]
    assert [environment(timer) for timer in timers(FEWEST)][-2:] == ["schedule-32m", "schedule-1d"]
    for count in range(FEWEST, MOST + 1):
        found = timers(count)
        assert (len(found), list(found)) == (count, sorted(set(found)))
        # The longest that GitHub takes: 43,200 minutes.
        assert found[-1] == DAY < m(43_200)


@pytest.mark.parametrize("timer", TIMERS)
def test_a_name_tells_its_timer(timer: timedelta) -> None:
    assert timer_of(environment(timer)) == timer


@pytest.mark.parametrize(
    "name",
    ["", "production", "schedule", "schedule-", "schedule-2", "schedule-0m", "schedule-02m",
     "schedule-2h", "schedule-2m ", "schedule-2m\n", "my-schedule-2m", "Schedule-2m"],
)  # fmt: skip
def test_other_names_are_no_alarm_s(name: str) -> None:
    assert timer_of(name) is None


# One decision.


@pytest.mark.parametrize(
    ("left", "wanted"),
    [
        (-m(60), None),
        (timedelta(0), None),
        (SHORTEST, None),
        (SHORTEST + MARGIN - S, None),
        (SHORTEST + MARGIN, m(2)),
        (m(4) + MARGIN - S, m(2)),
        (m(4) + MARGIN, m(4)),
        (m(1024) + MARGIN, m(1024)),
        (DAY, m(1024)),
        (DAY + MARGIN - S, m(1024)),
        (DAY + MARGIN, DAY),
        (400 * DAY, DAY),
    ],
)
def test_the_longest_timer_that_ends_a_margin_before_the_job(
    left: timedelta, wanted: timedelta | None
) -> None:
    assert arm(NOON, NOON + left, []) == wanted


def test_an_empty_queue_arms_nothing() -> None:
    assert arm(NOON, None, []) is None
    assert surplus(NOON, None, [alarm(64, left) for left in (3, 30, 60)]) is None


@pytest.mark.parametrize(
    ("waiting", "wanted"),
    [
        # Due in 40 minutes: an alarm of 32 would be armed.
        ([], m(32)),
        ([alarm(32, 32)], None),
        ([alarm(64, 39)], None),  # ends a margin before the job
        ([alarm(64, 39.1)], m(32)),  # too late
        ([alarm(2, 1)], None),  # earlier than needed, and it arms the next
        ([alarm(64, 60), alarm(2, 1)], None),
        ([alarm(2, 0)], m(32)),  # its timer has ended, and yet it waits
        ([alarm(2, -30)], m(32)),
        ([alarm(64, 60), alarm(128, 100)], m(32)),
        ([alarm(64, 60), alarm(128, 100), alarm(1440, 1000)], None),
    ],
)
def test_an_alarm_that_ends_in_time_is_enough(
    waiting: list[Waiting], wanted: timedelta | None
) -> None:
    assert arm(NOON, NOON + m(40), waiting) == wanted


def test_where_as_many_wait_as_may_the_last_one_makes_room() -> None:
    late = [alarm(64, 60), alarm(1440, 1000), alarm(128, 100)]
    assert surplus(NOON, NOON + m(40), late) == late[1]
    assert surplus(NOON, NOON + m(40), late[:2]) is None
    assert surplus(NOON, NOON + m(40), [*late[:2], alarm(2, 1)]) is None
    assert surplus(NOON, NOON + m(2), late) is None  # it is held


def test_other_timers_and_another_margin_are_gone_by() -> None:
    short = [S, 2 * S]
    assert held(short, S) == 2 * S
    assert arm(NOON, NOON + 2 * S, [], short, S) == S
    assert arm(NOON, NOON + 2 * S - S / 10, [], short, S) is None


# Chains.


def chain(left: timedelta, found: tuple[timedelta, ...], chance: random.Random) -> list[timedelta]:
    """What the last tick of a chain has left to hold, and before that the timers."""
    now, due = NOON, NOON + left
    armed: list[timedelta] = []
    while timer := arm(now, due, [], found):
        assert now + timer + MARGIN <= due
        armed.append(timer)
        now += timer + MARGIN * chance.random()
    return [due - now, *armed]


@given(
    left=st.integers(1, 3 * 86_400).map(lambda seconds: S * seconds),
    number=st.integers(0, 2**32),
)
def test_a_chain_ends_in_a_hold_before_the_job_is_due(left: timedelta, number: int) -> None:
    rest, *armed = chain(left, TIMERS, random.Random(number))
    assert timedelta(0) <= rest < held()
    assert len(armed) <= 12
    # Never longer than the one before, so an alarm of a week ago can't come back.
    assert armed == sorted(armed, reverse=True)


@given(
    left=st.integers(1, 30 * 86_400).map(lambda seconds: S * seconds),
    count=st.integers(FEWEST, MOST),
    number=st.integers(0, 2**32),
)
def test_with_fewer_timers_a_chain_is_longer_and_seldom(
    left: timedelta, count: int, number: int
) -> None:
    rest, *armed = chain(left, timers(count), random.Random(number))
    assert timedelta(0) <= rest < held()
    assert len(armed) <= left / timers(count)[-2] + MOST


@given(
    jobs=st.lists(
        st.tuples(st.integers(0, 5 * 86_400), st.integers(120, 3 * 86_400)),
        min_size=1, max_size=12,
    )
)  # fmt: skip
def test_whatever_is_created_when_no_job_waits_for_its_alarm(jobs: list[tuple[int, int]]) -> None:
    """Each creation and each alarm that fires is a tick, which holds what is due soon."""
    created = sorted((NOON + S * at, NOON + S * (at + lead)) for at, lead in jobs)
    queue: list[datetime] = []
    waiting: list[Waiting] = []
    while created or waiting:
        now = min([*(at for at, _ in created[:1]), *(each.ends for each in waiting)])
        waiting = [each for each in waiting if each.ends > now]
        if created and created[0][0] == now:
            queue.append(created.pop(0)[1])
        assert min(queue, default=now) >= now
        # A tick holds what is due before any timer would end, and everything near that.
        while queue and min(queue) - now < held():
            now = max(now, min(queue))
            queue.remove(min(queue))
        waiting = [each for each in waiting if each.ends > now]
        due = min(queue, default=None)
        if late := surplus(now, due, waiting):
            waiting.remove(late)
        if timer := arm(now, due, waiting):
            waiting.append(Waiting(timer, now))
        assert len(waiting) <= AT_ONCE
        if due is not None:
            assert min(each.ends for each in waiting) <= due - MARGIN
    assert queue == []
