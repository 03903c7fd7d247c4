"""The days of a year that the BY… parts of a rule name.

https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scheduler.times.wall_times import Kind

#: The parts that name days; without any of them the day of the start is meant.
OF_DAYS = ("BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY")


@dataclass(frozen=True, kw_only=True)
class Named:
    """The days of a year that BY… parts name; an empty part names all days."""

    #: BYMONTH, from 1.
    months: frozenset[int] = frozenset()
    #: BYMONTHDAY, from 1, or from the end with -1.
    monthdays: frozenset[int] = frozenset()
    #: BYYEARDAY, from 1, or from the end with -1.
    yeardays: frozenset[int] = frozenset()
    #: BYWEEKNO, from 1, or from the end with -1.
    weeks: frozenset[int] = frozenset()
    #: BYDAY: a weekday, from Monday's 0, and which of them; 0 is each, -1 the last.
    weekdays: frozenset[tuple[int, int]] = frozenset()
    #: Whether ``weekdays`` count within the year or within the month.
    in_year: bool = False
    #: The weekday on which a week begins; Monday is 0.
    week_start: int = 0

    @classmethod
    def by(cls, values: Mapping[str, Any], start: datetime, freq: str) -> Named:
        """The days of a rule's parts; where there are none, of the start, as RFC 5545 says."""
        given = {name: frozenset(values.get(name, ())) for name in ("BYMONTH", *OF_DAYS)}
        if not any(given[name] for name in OF_DAYS):
            if freq == "YEARLY" and not given["BYMONTH"]:
                given["BYMONTH"] = frozenset({start.month})
            if freq in ("YEARLY", "MONTHLY"):
                given["BYMONTHDAY"] = frozenset({start.day})
            if freq == "WEEKLY":
                given["BYDAY"] = frozenset({(start.weekday(), 0)})
        return cls(
            months=given["BYMONTH"],
            monthdays=given["BYMONTHDAY"],
            yeardays=given["BYYEARDAY"],
            weeks=given["BYWEEKNO"],
            weekdays=given["BYDAY"],
            in_year=freq == "YEARLY" and "BYMONTH" not in values,
            week_start=values.get("WKST", 0),
        )

    def __call__(self, kind: Kind) -> list[int]:
        """The days of a year of that kind, from 0, in order."""
        found = []
        for month in range(1, 13):
            if self.months and month not in self.months:
                continue
            low, high = kind.months[month - 1 : month + 1]
            found += [day for day in range(low, high) if self._names(kind, day, low, high)]
        return found

    def _names(self, kind: Kind, day: int, low: int, high: int) -> bool:
        of_month, of_year = self.monthdays, self.yeardays
        if of_month and day - low + 1 not in of_month and day - high not in of_month:
            return False
        if of_year and day + 1 not in of_year and day - kind.length not in of_year:
            return False
        if self.weekdays:
            weekday = (kind.first + day) % 7
            begin, end = (0, kind.length) if self.in_year else (low, high)
            if not (
                (weekday, 0) in self.weekdays
                or (weekday, (day - begin) // 7 + 1) in self.weekdays
                or (weekday, (day - end) // 7) in self.weekdays
            ):
                return False
        return not self.weeks or not self.weeks.isdisjoint(self._week(kind, day))

    def _week(self, kind: Kind, day: int) -> tuple[int, int]:
        """The number of a day's week, from the begin and from the end of the week's year.

        A week belongs to the year in which its fourth day is.
        """
        fourth = day - (kind.first + day - self.week_start) % 7 + 3
        length, first = kind.length, kind.first
        if fourth < 0:
            length, first = 365 + kind.leap_before, first - 1 - kind.leap_before
            fourth += length
        elif fourth >= length:
            fourth, first = fourth - length, first + length
            length = 365 + kind.leap_after
        number = fourth // 7 + 1
        last = (length - 1 - (3 - (first - self.week_start)) % 7) // 7 + 1
        return number, number - last - 1
