"""The days of a year that the BY… parts of a rule name."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from scheduler.times.rrule_days import Named
from scheduler.times.wall_times import kind_of

START = datetime(2026, 11, 23, 9)  # noqa: DTZ001 - wall time; a Monday


def days(year: int, **parts: Any) -> list[date]:
    first = date(year, 1, 1)
    given: dict[str, Any] = {name: frozenset(values) for name, values in parts.items()}
    named = Named(**given)
    return [first + timedelta(days=day) for day in named(kind_of(year))]


@pytest.mark.parametrize(
    ("year", "parts", "wanted"),
    [
        (2026, {"months": [2], "monthdays": [28, 29]}, ["02-28"]),
        (2028, {"months": [2], "monthdays": [-1]}, ["02-29"]),
        (2026, {"months": [1, 12], "monthdays": [31]}, ["01-31", "12-31"]),
        (2026, {"yeardays": [1, -1, 366]}, ["01-01", "12-31"]),
        (2028, {"yeardays": [366, -366]}, ["01-01", "12-31"]),
        (2026, {"months": [2], "weekdays": [(0, 0)]}, ["02-02", "02-09", "02-16", "02-23"]),
        (2026, {"months": [11], "weekdays": [(0, 1), (4, -1)]}, ["11-02", "11-27"]),
        (2026, {"months": [11], "weekdays": [(0, 5), (1, 5)]}, ["11-30"]),
        (2026, {"months": [2], "weekdays": [(4, 2)], "monthdays": [13]}, ["02-13"]),
        (2026, {"weeks": [53], "weekdays": [(0, 0)]}, ["12-28"]),
        (2026, {"weeks": [1], "weekdays": [(3, 0)]}, ["01-01"]),
        (2025, {"weeks": [53]}, []),
    ],
)  # fmt: skip
def test_what_is_named(year: int, parts: dict[str, Any], wanted: list[str]) -> None:
    assert [f"{day:%m-%d}" for day in days(year, **parts)] == wanted


def test_what_is_empty_names_every_day() -> None:
    assert (len(days(2026)), len(days(2028))) == (365, 366)


def test_within_a_year_weekdays_count_from_its_ends() -> None:
    named = Named(weekdays=frozenset({(0, 1), (0, -1), (4, 53)}), in_year=True)
    found = [date(2026, 1, 1) + timedelta(days=day) for day in named(kind_of(2026))]
    assert [f"{day:%a %m-%d}" for day in found] == ["Mon 01-05", "Mon 12-28"]


@pytest.mark.parametrize("week_start", range(7))
def test_a_week_begins_where_wkst_says(week_start: int) -> None:
    """The first week of a year is the first that has four of its days."""
    named = Named(weeks=frozenset({1}), week_start=week_start)
    for year in (2024, 2025, 2026, 2027):
        first = date(year, 1, 1)
        begin = first - timedelta(days=(first.weekday() - week_start) % 7)
        if (first - begin).days > 3:
            begin += timedelta(days=7)
        week = {begin + timedelta(days=day) for day in range(7)}
        found = {first + timedelta(days=day) for day in named(kind_of(year))}
        assert {day for day in week if day.year == year} <= found
        # At the other end the first week of the next year may begin.
        assert all(day in week or day.month == 12 for day in found)


@pytest.mark.parametrize(
    ("freq", "values", "wanted"),
    [
        ("YEARLY", {}, Named(months=frozenset({11}), monthdays=frozenset({23}), in_year=True)),
        ("YEARLY", {"BYMONTH": [2]}, Named(months=frozenset({2}), monthdays=frozenset({23}))),
        ("MONTHLY", {}, Named(monthdays=frozenset({23}))),
        ("WEEKLY", {}, Named(weekdays=frozenset({(0, 0)}))),
        ("DAILY", {}, Named()),
        ("WEEKLY", {"BYDAY": [(2, 0)], "WKST": 6},
         Named(weekdays=frozenset({(2, 0)}), week_start=6)),
        ("YEARLY", {"BYDAY": [(0, 20)]}, Named(weekdays=frozenset({(0, 20)}), in_year=True)),
        ("YEARLY", {"BYYEARDAY": [100]}, Named(yeardays=frozenset({100}), in_year=True)),
    ],
)  # fmt: skip
def test_what_a_rule_does_not_say_its_start_does(
    freq: str, values: dict[str, Any], wanted: Named
) -> None:
    assert Named.by(values, START, freq) == wanted
