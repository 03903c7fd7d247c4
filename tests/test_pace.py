from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.pace import BURST, PER_SECOND, Pace


def sent(pace: Pace, starts: list[float]) -> list[float]:
    """When each write that is wanted at an instant is sent, in the order given."""
    at, instants = 0.0, []
    for start in starts:
        at = max(at, start)
        at += pace.wait(at)
        instants.append(at)
    return instants


def test_a_burst_goes_out_at_once_and_the_rest_one_a_second() -> None:
    instants = sent(Pace(burst=3, per_second=1.0), [10.0] * 6)
    assert instants == [10.0, 10.0, 10.0, 11.0, 12.0, 13.0]


def test_what_was_saved_is_never_more_than_a_burst() -> None:
    pace = Pace(burst=2, per_second=1.0)
    assert sent(pace, [0.0, 0.0, 500.0, 500.0, 500.0]) == [0.0, 0.0, 500.0, 500.0, 501.0]


@pytest.mark.parametrize("burst", [1, 60])
def test_no_limit_never_waits(burst: int) -> None:
    pace = Pace(burst=burst, per_second=0)
    assert [pace.wait(0.0) for _ in range(200)] == [0.0] * 200


def test_a_slower_rate_waits_longer() -> None:
    assert sent(Pace(burst=1, per_second=0.5), [0.0] * 3) == [0.0, 2.0, 4.0]


def test_a_clock_that_goes_back_gives_nothing_away() -> None:
    pace = Pace(burst=1, per_second=1.0)
    assert pace.wait(100.0) == 0.0
    assert pace.wait(50.0) == 1.0
    assert pace.wait(50.0) == 2.0


@given(st.lists(st.floats(0, 300), max_size=200).map(sorted))
def test_no_minute_sees_more_than_github_allows(starts: list[float]) -> None:
    pace = Pace()
    instants = sent(pace, starts)
    assert instants == sorted(instants)
    most = BURST + 60 * PER_SECOND
    for first in instants:
        assert sum(first <= each < first + 60 for each in instants) <= most + 1
