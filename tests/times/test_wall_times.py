"""Days in step and times on them, against a walk over the days one by one."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.times.wall_times import PASSED, Calendar, GivenUp, Kind, Spans, Times, Unit, kind_of

DAY = timedelta(days=1)
START = datetime(2026, 11, 23, 9)  # noqa: DTZ001 - wall time


def every(kind: Kind) -> range:
    return range(kind.length)


def leap_day(kind: Kind) -> Sequence[int]:
    return [59] if kind.leap else []


def never(kind: Kind) -> Sequence[int]:
    return ()


@pytest.mark.parametrize("year", [1999, 2000, 2023, 2024, 2025, 2100, 2400])
def test_a_year_s_kind_says_what_its_days_depend_on(year: int) -> None:
    kind = kind_of(year)
    first = date(year, 1, 1)
    assert kind.first == first.weekday()
    assert kind.length == (date(year + 1, 1, 1) - first).days
    assert kind.leap_before == (date(year - 1, 12, 31).timetuple().tm_yday == 366)
    assert kind.leap_after == (date(year + 1, 12, 31).timetuple().tm_yday == 366)
    begins = [(date(year, month, 1) - first).days for month in range(1, 13)]
    assert kind.months == (*begins, kind.length)
    assert kind_of(year + 400) == kind


@given(
    st.sets(st.integers(0, 23), min_size=1),
    st.sets(st.integers(0, 59), min_size=1, max_size=5),
    st.sets(st.integers(0, 59), min_size=1, max_size=3),
)
def test_times_are_each_hour_with_each_minute_and_second(
    hours: set[int], minutes: set[int], seconds: set[int]
) -> None:
    times = Times(*(tuple(sorted(each)) for each in (hours, minutes, seconds)))
    listed = [h * 3600 + m * 60 + s for h in hours for m in minutes for s in seconds]
    assert list(times) == sorted(listed)
    assert (times[0], times[-1], len(times)) == (min(listed), max(listed), len(listed))
    assert bisect_left(times, times[len(times) // 2]) == len(times) // 2
    with pytest.raises(IndexError):
        times[len(times)]


def number(unit: Unit, day: date, week_start: int) -> int:
    """Which period a day is in, counted anyhow."""
    if unit is Unit.WEEK:
        return (day.toordinal() - (day.weekday() - week_start) % 7) // 7
    return day.year if unit is Unit.YEAR else day.year * 12 + day.month


def walked(calendar: Calendar, begin: date, end: date) -> list[datetime]:
    """The times by their definition, day by day from ``begin``, the first of a period."""
    periods: dict[int, list[date]] = {}
    named_in = {
        year: set(calendar.named(kind_of(year))) for year in range(begin.year, end.year + 1)
    }
    first = number(calendar.unit, date.fromordinal(calendar.first), calendar.week_start)
    day = begin
    while day < end:
        place = number(calendar.unit, day, calendar.week_start)
        stride = calendar.stride
        taken = stride is None or (day.toordinal() - stride[0]) % stride[1] < stride[2]
        named = (day - date(day.year, 1, 1)).days in named_in[day.year]
        if taken and named and place >= first and (place - first) % calendar.interval == 0:
            periods.setdefault(place, []).append(day)
        day += DAY
    found = []
    for days in periods.values():
        midnights = [datetime(each.year, each.month, each.day) for each in days]  # noqa: DTZ001
        times = [at + timedelta(seconds=second) for at in midnights for second in calendar.times]
        if calendar.positions:
            count = len(times)
            wanted = {each - 1 if each > 0 else count + each for each in calendar.positions}
            times = [each for place, each in enumerate(times) if place in wanted]
        found += times
    return found


def some_days(pick: random.Random) -> Callable[[Kind], Sequence[int]]:
    chosen = sorted(pick.sample(range(366), pick.choice((1, 4, 40, 200, 366))))
    return lambda kind: [day for day in chosen if day < kind.length]


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(Unit))
def test_both_directions_are_what_a_walk_over_the_days_finds(
    pick: random.Random, unit: Unit
) -> None:
    first = date(2023, 12, 25) + pick.randint(0, 20) * DAY
    stride = None
    if unit is Unit.YEAR and pick.random() < 0.6:
        length = pick.choice((1, 2, 7, 14, 21, 100))
        stride = (first.toordinal(), length, min(length, pick.choice((1, 7))))
    calendar = Calendar(
        named=some_days(pick), times=Times((0, 12), (0, 30)), unit=unit,
        interval=pick.choice((1, 1, 2, 3)), first=first.toordinal(),
        week_start=pick.randint(0, 6), stride=stride,
        positions=() if pick.random() < 0.6 else (1, -2, 7),
    )  # fmt: skip
    begin, end = date(2020, 1, 1), date(2032, 1, 1)
    begin -= (begin.weekday() - calendar.week_start) % 7 * DAY
    wanted = [each for each in walked(calendar, begin, end) if each.year < 2031]
    moment = datetime(2024, 1, 1) + timedelta(minutes=pick.randint(0, 4 * 365 * 1440))  # noqa: DTZ001
    later = [each for each in wanted if each >= moment][:50]
    assert list(islice(calendar.since(moment), len(later))) == later
    earlier = [each for each in wanted if each <= moment]
    assert list(islice(calendar.before(moment), 51)) == earlier[:-51:-1] + earlier[-51:-50]


@pytest.mark.parametrize("unit", [Unit.MONTH, Unit.WEEK])
def test_what_is_looked_for_too_long_is_given_up(unit: Unit) -> None:
    calendar = Calendar(named=never, times=(0,), unit=unit)
    for search in (calendar.since(START), calendar.before(START)):
        with pytest.raises(GivenUp, match=f"{PASSED[unit]} of its {unit.value}s"):
            next(search)


def test_what_no_year_has_never_comes() -> None:
    calendar = Calendar(named=never, times=(0,))
    assert list(calendar.since(START)) == []
    assert list(calendar.before(START)) == []


def test_a_search_passes_by_periods_and_looks_through_each_kind_of_year_once() -> None:
    asked: list[Kind] = []

    def named(kind: Kind) -> Sequence[int]:
        asked.append(kind)
        return leap_day(kind)

    # A 29 February that is a Monday, by position: seven weekdays, one kind of year each.
    calendar = Calendar(named=named, times=(0,), stride=(date(2024, 1, 1).toordinal(), 7, 1))
    found = list(islice(calendar.since(START), 20))
    assert {(each.month, each.day, each.weekday()) for each in found} == {(2, 29, 0)}
    assert len(asked) == len(set(asked)) < 40


def test_the_calendar_ends() -> None:
    late = datetime(9997, 12, 31, 23)  # noqa: DTZ001
    assert [each.year for each in Calendar(named=lambda _: [0], times=(0,)).since(late)] == [9998]
    weekly = Calendar(named=every, times=(0,), unit=Unit.WEEK, positions=(1,))
    assert {each.year for each in weekly.since(late)} == {9998}
    early = datetime(3, 1, 1)  # noqa: DTZ001
    assert [each.year for each in Calendar(named=lambda _: [0], times=(0,)).before(early)] == [3, 2]


@settings(deadline=None)
@given(
    st.integers(1, 3000),
    st.sets(st.integers(0, 6), min_size=1),
    st.sets(st.integers(0, 23), min_size=1),
    st.integers(0, 40 * 1440),
)
def test_spans_pass_as_each_minute_of_the_week_says(
    minutes: int, weekdays: set[int], hours: set[int], ahead: int
) -> None:
    def passes(minute: int) -> bool:
        return minute // 1440 in weekdays and minute % 1440 // 60 in hours

    spans = Spans(start=START, minutes=minutes, passes=passes, within=(0, 20))
    length = timedelta(minutes=minutes)
    every_span = (START + count * length for count in range(60 * 1440 // minutes))
    good = (at for at in every_span if at.weekday() in weekdays and at.hour in hours)
    wanted = [at + timedelta(seconds=second) for at in good for second in (0, 20)]
    moment = START + timedelta(minutes=ahead)
    later = [each for each in wanted if each >= moment][:30]
    assert list(islice(spans.since(moment), len(later))) == later
    earlier = [each for each in wanted if each <= moment]
    assert list(islice(spans.before(moment), 30)) == earlier[:-31:-1]


def test_spans_that_never_pass_are_none() -> None:
    spans = Spans(start=START, minutes=60, passes=lambda _: False, within=(0,))
    assert list(spans.since(START)) == list(spans.before(START)) == []
