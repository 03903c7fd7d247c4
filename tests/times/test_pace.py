from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.times.pace import HOUR, MINUTE, PER_HOUR, PER_MINUTE, SLACK, Pace


def sent(pace: Pace, starts: list[float]) -> list[float]:
    """When each write that is wanted at an instant is sent, in the order given."""
    at, instants = 0.0, []
    for start in starts:
        at = max(at, start)
        at += pace.room(at)
        pace.take(at)
        instants.append(at)
    return instants


def test_so_many_go_out_at_once_and_the_next_when_the_first_is_a_minute_old() -> None:
    instants = sent(Pace(per_minute=3, per_hour=100), [10.0] * 5)
    assert instants == [10.0, 10.0, 10.0, 10.0 + MINUTE + SLACK, 10.0 + MINUTE + SLACK]


def test_the_hour_counts_as_well() -> None:
    instants = sent(Pace(per_minute=2, per_hour=3), [0.0, 0.0, 100.0, 200.0])
    assert instants == [0.0, 0.0, 100.0, HOUR + SLACK]


@pytest.mark.parametrize("rate", [0, 0.0])
def test_no_limit_never_waits(rate: float) -> None:
    pace = Pace.of(rate)
    assert sent(pace, [0.0] * 2000) == [0.0] * 2000
    assert pace.room(0.0, 100_000) == 0.0


def test_a_rate_of_one_s_own_is_counted_over_the_same_spans() -> None:
    assert sent(Pace.of(0.05), [0.0] * 4) == [0.0, 0.0, 0.0, MINUTE + SLACK]
    assert sent(Pace.of(None), [0.0] * 81)[-1] == MINUTE + SLACK
    assert Pace.of(0.001).room(0.0) == 0.0  # at least one


def test_how_long_many_take_is_when_the_last_of_them_goes_out() -> None:
    for count in (1, 80, 81, 161, 500, 501, 1200):
        assert Pace().room(0.0, count) == sent(Pace(), [0.0] * count)[-1]
    assert Pace().room(0.0, 0) == 0.0


def test_to_ask_takes_nothing() -> None:
    pace = Pace(per_minute=1, per_hour=1)
    assert [pace.room(0.0, 5) > 0, pace.room(0.0), pace.room(0.0)] == [True, 0.0, 0.0]


def test_what_others_wrote_before_counts() -> None:
    pace = Pace(per_minute=3, per_hour=100)
    pace.take(100.0)
    pace.seen([90.0, 95.0, 30.0])
    assert pace.room(100.0) == 90.0 + MINUTE + SLACK - 100.0
    assert pace.room(100.0, 2) == 95.0 + MINUTE + SLACK - 100.0


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    pace = Pace(per_minute=1, per_hour=10)
    pace.take(100.0)
    assert pace.room(50.0) == 50.0 + MINUTE + SLACK
    pace.take(50.0)
    assert pace.room(100.0) == MINUTE + SLACK


TIMES = st.lists(st.floats(0, 2 * HOUR), max_size=1200).map(sorted)


@given(TIMES)
def test_neither_a_minute_nor_an_hour_sees_more_than_github_allows(starts: list[float]) -> None:
    instants = sent(Pace(), starts)
    assert instants == sorted(instants)
    for span, most in ((MINUTE, PER_MINUTE), (HOUR, PER_HOUR)):
        # The write that comes so many later comes at least so long later.
        pairs = zip(instants, instants[most:], strict=False)
        assert all(later - earlier >= span for earlier, later in pairs)


@given(TIMES)
def test_nothing_waits_that_need_not(starts: list[float]) -> None:
    instants = sent(Pace(), starts)
    for index, (start, at) in enumerate(zip(starts, instants, strict=True)):
        asked = max(start, instants[index - 1] if index else 0.0)
        if at > asked:
            full = [
                abs(at - (instants[index - most] + span + SLACK)) < 1e-6
                for span, most in ((MINUTE, PER_MINUTE), (HOUR, PER_HOUR))
                if index >= most
            ]
            assert any(full)
