"""Search in a rule's wall times: days of a calendar in step, and times on each of them.

A cron expression and a rule of RFC 5545 both name days of a year, in some periods, and times of a
day. Which days those are depends on the kind of the year alone: its first weekday, its length,
and the lengths of its neighbours. There are a few dozen kinds, and each is worked out once; a
search then costs the periods that it passes, neither days nor seconds. All times are naive and
on whole seconds. `PASSED` bounds a search, so that no text keeps others waiting.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import isleap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cached_property, lru_cache
from itertools import accumulate
from math import gcd

MINUTES_A_WEEK = 7 * 24 * 60

_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MINUTE = timedelta(minutes=1)


class GivenUp(Exception):
    """A search passed so many periods without a time that it was given up."""


@dataclass(frozen=True)
class Kind:
    """The kind of a year: everything that its days depend on."""

    #: The weekday of 1 January; Monday is 0.
    first: int
    #: Whether it is a leap year.
    leap: bool
    #: Whether the year before is.
    leap_before: bool
    #: Whether the year after is.
    leap_after: bool

    @property
    def length(self) -> int:
        """How many days it has."""
        return 365 + self.leap

    @cached_property
    def months(self) -> tuple[int, ...]:
        """The day of the year, from 0, on which each month begins; and the year's length."""
        lengths = (each + (self.leap and each == 28) for each in _LENGTHS)
        return (0, *accumulate(lengths))


@lru_cache(maxsize=1024)
def kind_of(year: int) -> Kind:
    """The kind of a year."""
    return _kind(date(year, 1, 1).weekday(), isleap(year), isleap(year - 1), isleap(year + 1))


@lru_cache(maxsize=64)
def _kind(first: int, leap: bool, before: bool, after: bool) -> Kind:  # noqa: FBT001
    return Kind(first, leap, before, after)


@lru_cache(maxsize=1024)
def _begins(year: int) -> int:
    return date(year, 1, 1).toordinal()


@dataclass(frozen=True)
class Times(Sequence[int]):
    """The times of a day, in seconds from its start: each hour with each minute and second."""

    #: From 0, in order.
    hours: tuple[int, ...]
    #: From 0, in order.
    minutes: tuple[int, ...]
    #: From 0, in order.
    seconds: tuple[int, ...] = (0,)

    def __len__(self) -> int:
        return len(self.hours) * len(self.minutes) * len(self.seconds)

    def __getitem__(self, place: int) -> int:  # type: ignore[override]
        place += len(self) if place < 0 else 0
        if not 0 <= place < len(self):
            raise IndexError(place)
        rest, second = divmod(place, len(self.seconds))
        hour, minute = divmod(rest, len(self.minutes))
        return self.hours[hour] * 3600 + self.minutes[minute] * 60 + self.seconds[second]


class Unit(Enum):
    """A kind of period; each, or every second or third …, is in step."""

    YEAR = "year"
    MONTH = "month"
    WEEK = "week"


#: How many periods in step without a time a search passes before it is given up; that takes a few
#: milliseconds. After 400 years the calendar begins anew, so then there is no time at all. The
#: rarest day, a 29 February of one weekday, can be 480 months from the next.
PASSED: Mapping[Unit, int] = {Unit.YEAR: 400, Unit.MONTH: 1_000, Unit.WEEK: 1_000}


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The times on the named days of every period in step."""

    #: The named days of a year of some kind, from 0, in order.
    named: Callable[[Kind], Sequence[int]]
    #: The times of a day, in seconds from its start, in order.
    times: Sequence[int]
    #: What a period is.
    unit: Unit = Unit.YEAR
    #: Every how many periods one is in step.
    interval: int = 1
    #: A day in the first period, as a proleptic ordinal (``date.toordinal``).
    first: int = 1
    #: The weekday on which a week begins; Monday is 0.
    week_start: int = 0
    #: (begin, length, block): only the first ``block`` days of each ``length``, from ``begin`` on,
    #: are in step.
    stride: tuple[int, int, int] | None = None
    #: Which of a period's times are taken, from 1, or from the end with -1; empty: all.
    positions: tuple[int, ...] = ()
    _known: dict[Kind, tuple[Sequence[int], frozenset[int]]] = field(default_factory=dict)

    def since(self, moment: datetime) -> Iterator[datetime]:
        """All times from ``moment`` on, in order.

        Raises:
            GivenUp: so many months or weeks have passed without one. Of years, there is then none.
        """
        day, second = moment.toordinal(), _second(moment)
        number, passed = self._aligned(self._number(day), up=True), 0
        while passed < PASSED[self.unit]:
            days = self._days(number)
            if days is None:
                return
            passed += 1
            for each in self._from(days, day, second):
                passed = 0
                yield each
            number += self.interval
        self._give_up()

    def before(self, moment: datetime) -> Iterator[datetime]:
        """All times up to ``moment``, the last first. Raises as ``since`` does."""
        day, second = moment.toordinal(), _second(moment)
        number, passed = self._aligned(self._number(day), up=False), 0
        while passed < PASSED[self.unit] and number >= self._number(self.first):
            days = self._days(number)
            if days is None:
                return
            passed += 1
            for each in self._up_to(days, day, second):
                passed = 0
                yield each
            number -= self.interval
        if passed == PASSED[self.unit]:
            self._give_up()

    def _give_up(self) -> None:
        if self.unit is not Unit.YEAR:
            raise GivenUp(f"names no time in {PASSED[self.unit]} of its {self.unit.value}s")

    def _number(self, day: int) -> int:
        if self.unit is Unit.WEEK:
            # Day 1, the first of January of the year 1, is a Monday.
            return (day - 1 - self.week_start) // 7
        on = date.fromordinal(day)
        return on.year if self.unit is Unit.YEAR else on.year * 12 + on.month - 1

    def _aligned(self, number: int, *, up: bool) -> int:
        first = self._number(self.first)
        off = (number - first) % self.interval
        return max(number + (self.interval - off if off and up else -off), first)

    def _days(self, number: int) -> list[int] | None:
        """The named days of a period, as ordinals; None: it is outside of the calendar."""
        if self.unit is Unit.WEEK:
            begin = number * 7 + 1 + self.week_start
            if begin < 1 or begin + 6 > _begins(date.max.year):
                return None
            return self._week(begin)
        year, month = divmod(number, 12) if self.unit is Unit.MONTH else (number, None)
        if not date.min.year < year < date.max.year:
            return None
        begin, kind = _begins(year), kind_of(year)
        days, known = self._of(kind)
        if month is not None:
            low, high = kind.months[month : month + 2]
            days = days[bisect_left(days, low) : bisect_left(days, high)]
        if self.stride is None:
            return [begin + day for day in days]
        first, length, block = self.stride
        if len(days) * length <= kind.length * block:
            return [begin + day for day in days if (begin + day - first) % length < block]
        low = (first - begin) % length - length
        steps = range(low, kind.length, length)
        return [begin + day for step in steps for day in range(step, step + block) if day in known]

    def _week(self, begin: int) -> list[int]:
        year, days = date.fromordinal(begin).year, range(begin, begin + 7)
        first, after = _begins(year), _begins(year + 1)
        _, known = self._of(kind_of(year))
        found = [day for day in days if day - first in known]
        if days[-1] >= after:
            _, known = self._of(kind_of(year + 1))
            found += [day for day in days if day - after in known]
        return found

    def _of(self, kind: Kind) -> tuple[Sequence[int], frozenset[int]]:
        if kind not in self._known:
            days = tuple(self.named(kind))
            self._known[kind] = (days, frozenset(days))
        return self._known[kind]

    def _picked(self, days: Sequence[int]) -> list[tuple[int, int]]:
        many = len(days) * len(self.times)
        places = {each - 1 if each > 0 else many + each for each in self.positions}
        found = (divmod(each, len(self.times)) for each in sorted(places) if 0 <= each < many)
        return [(days[day], self.times[time]) for day, time in found]

    def _from(self, days: Sequence[int], day: int, second: int) -> Iterator[datetime]:
        if self.positions:
            picked = self._picked(days)
            for each in picked[bisect_left(picked, (day, second)) :]:
                yield _at(*each)
            return
        for each_day in days[bisect_left(days, day) :]:
            begin = bisect_left(self.times, second) if each_day == day else 0
            for place in range(begin, len(self.times)):
                yield _at(each_day, self.times[place])

    def _up_to(self, days: Sequence[int], day: int, second: int) -> Iterator[datetime]:
        if self.positions:
            picked = self._picked(days)
            for each in reversed(picked[: bisect_right(picked, (day, second))]):
                yield _at(*each)
            return
        for each_day in reversed(days[: bisect_right(days, day)]):
            end = bisect_right(self.times, second) if each_day == day else len(self.times)
            for place in reversed(range(end)):
                yield _at(each_day, self.times[place])


def _second(moment: datetime) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _at(day: int, second: int) -> datetime:
    return datetime.fromordinal(day) + timedelta(seconds=second)


@dataclass(frozen=True, kw_only=True)
class Spans:
    """Every so many minutes from ``start`` on: of each span that passes, the times within it.

    Which spans pass repeats after one or more weeks, so a search ends there.
    """

    #: The start of the first span.
    start: datetime
    #: The length of a span.
    minutes: int
    #: Whether a span passes that begins in this minute of the week, counted from Monday 0:00.
    passes: Callable[[int], bool]
    #: The times of a span, in seconds from its start, in order.
    within: Sequence[int]

    def since(self, moment: datetime) -> Iterator[datetime]:
        """All times from ``moment`` on, in order."""
        for span in self._spans(max((moment - self.start) // self._length, 0)):
            for second in self.within:
                if (found := span + timedelta(seconds=second)) >= moment:
                    yield found

    def before(self, moment: datetime) -> Iterator[datetime]:
        """All times up to ``moment``, the last first."""
        for span in self._back((moment - self.start) // self._length):
            for second in reversed(self.within):
                if (found := span + timedelta(seconds=second)) <= moment:
                    yield found

    @property
    def _length(self) -> timedelta:
        return self.minutes * _MINUTE

    @cached_property
    def _round(self) -> int:
        return MINUTES_A_WEEK // gcd(self.minutes, MINUTES_A_WEEK)

    @cached_property
    def _passing(self) -> list[int]:
        begin = self.start.weekday() * 24 * 60 + self.start.hour * 60 + self.start.minute
        spans = ((begin + span * self.minutes) % MINUTES_A_WEEK for span in range(self._round))
        return [span for span, minute in enumerate(spans) if self.passes(minute)]

    def _spans(self, number: int) -> Iterator[datetime]:
        rounds, rest = divmod(number, self._round)
        place = bisect_left(self._passing, rest)
        while self._passing:
            for span in self._passing[place:]:
                try:
                    yield self.start + (rounds * self._round + span) * self._length
                except OverflowError:
                    return
            rounds, place = rounds + 1, 0

    def _back(self, number: int) -> Iterator[datetime]:
        rounds, rest = divmod(number, self._round)
        place = bisect_right(self._passing, rest)
        while self._passing and rounds >= 0:
            for span in reversed(self._passing[:place]):
                yield self.start + (rounds * self._round + span) * self._length
            rounds, place = rounds - 1, len(self._passing)
