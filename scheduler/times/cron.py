"""Cron expressions: which are accepted, and the wall times of each.

They have the five fields of POSIX, with the names and steps that GitHub takes in ``schedule``, and
the words of Vixie cron. What programs read in different ways is refused: seconds, ``L``, ``#``,
``5/15``, ranges that run backwards. All times are naive wall times;
`scheduler.times.recurrence` knows the zone's clocks.

https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
https://pubs.opengroup.org/onlinepubs/9799919799/utilities/crontab.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise

from scheduler.errors import InvalidJob
from scheduler.text import refusal, shown
from scheduler.times.wall_times import Calendar, Kind, Times

#: The words and their expressions; ``@reboot`` names no time.
WORDS: Mapping[str, str] = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
#: How many matching days are compared to find the smallest distance between two of them.
DAYS_COMPARED = 500

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
#: The first of the days that are compared, a Monday.
_SAMPLE = datetime(2001, 1, 1)  # noqa: DTZ001 - wall time

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_ITEM = re.compile(
    "(?:(?P<star>[*])|(?P<low>[0-9]{1,2}|[A-Z]{3})(?:-(?P<high>[0-9]{1,2}|[A-Z]{3}))?)"
    "(?:/(?P<step>[0-9]{1,3}))?"
)


@dataclass(frozen=True, kw_only=True)
class _Field:
    name: str
    low: int
    high: int
    names: Mapping[str, int]
    #: The longest step that does not leave the field.
    span: int

    def number(self, text: str) -> int | None:
        """The value of a number or a name in this field; None: it has none."""
        found = self.names.get(text, -1) if text.isalpha() else int(text)
        return found if self.low <= found <= self.high else None


_FIELDS = (
    _Field(name="minute", low=0, high=59, names={}, span=59),
    _Field(name="hour", low=0, high=23, names={}, span=23),
    _Field(name="day of the month", low=1, high=31, names={}, span=30),
    _Field(name="month", low=1, high=12, names={n: i + 1 for i, n in enumerate(_MONTHS)}, span=11),
    _Field(
        name="day of the week", low=0, high=7, names={n: i for i, n in enumerate(_DAYS)}, span=6
    ),
)
_DAY_FIELDS = (_FIELDS[2], _FIELDS[4])


def cron_text(field: str, text: str) -> str:
    """The canonical text of a cron expression: one space between fields, names in capitals.

    Raises:
        InvalidJob: not five fields or one of ``WORDS``, a value outside of its field, or a form
            that POSIX and GitHub don't have. A rule that never fires is not refused here.
    """
    word = text.strip().lower()
    if word.startswith("@"):
        if word not in WORDS:
            raise refusal(field, text, "is not a known word", f"write one of: {', '.join(WORDS)}")
        return word
    parts = text.upper().split()
    if len(parts) != len(_FIELDS):
        fix = "write five: minute hour day-of-month month day-of-week"
        raise refusal(field, text, f"has {len(parts)} fields", fix)
    for part, kind in zip(parts, _FIELDS, strict=True):
        _numbers(field, text, part, kind)
    return " ".join(parts)


def _numbers(field: str, whole: str, part: str, kind: _Field) -> set[int]:
    """The numbers in ``part`` of the expression ``whole``; a refusal names ``whole``."""
    items = part.split(",")
    if len(items) > 1 and kind in _DAY_FIELDS and any(item.startswith("*") for item in items):
        # Vixie cron looks at the first character only; the same list in another order would
        # mean something else.
        problem = f"has '*' in a list, in the {kind.name}"
        raise refusal(field, whole, problem, "write '*' alone, or list the days")
    return {number for item in items for number in _item(field, whole, item, kind)}


def _item(field: str, whole: str, item: str, kind: _Field) -> range:
    def no(problem: str, fix: str) -> InvalidJob:
        return refusal(field, whole, f"has the {kind.name} {shown(item)}, {problem}", fix)

    match = _ITEM.fullmatch(item)
    if match is None:
        raise no("which is not a form of POSIX cron", "write it like 5, 1-5, 1,15 or */10")
    step = match["step"]
    if step is not None and not 1 <= int(step) <= kind.span:
        raise no("whose step is outside of the field", f"write a step from 1 to {kind.span}")
    if match["star"]:
        return range(kind.low, kind.low + kind.span + 1, int(step or 1))
    low = kind.number(match["low"])
    high = kind.number(match["high"]) if match["high"] else low
    if low is None or high is None:
        names = f" or {next(iter(kind.names))} …" if kind.names else ""
        raise no("which does not exist", f"write {kind.low}-{kind.high}{names}")
    if match["high"] is None:
        if step:
            fix = f"write {item.replace('/', f'-{kind.span + kind.low}/')}"
            raise no("which programs read in two ways", fix)
        return range(low, low + 1)
    if match["high"] == "SUN" and low > high and kind is _FIELDS[4]:
        high = 7  # FRI-SUN ends a week that begins on Monday
    if high < low:
        raise no("which runs backwards", "write it as a list, such as FRI,SAT,SUN,MON")
    return range(low, high + 1, int(step or 1))


@dataclass(frozen=True)
class CronRule:
    """The wall times of a cron expression; naive, on whole minutes.

    If both day fields are restricted, a day matches if either of them names it, as in POSIX. A day
    field that begins with ``*``, even ``*/2``, does not restrict in this sense: then both have to
    match, as in Vixie cron and in the crontab.guru that GitHub recommends.
    """

    #: The canonical text.
    text: str

    def since(self, start: datetime) -> Iterator[datetime]:
        """All wall times from ``start`` on, in order; none: it never fires."""
        return _times_of(self.text).since(start)

    def last(self, end: datetime, *, not_before: datetime) -> datetime | None:
        """The last wall time up to ``end``; None: there is none from ``not_before`` on."""
        found = next(_times_of(self.text).before(end), None)
        return found if found is not None and found >= not_before else None

    def shortest_gap(self) -> timedelta | None:
        """The smallest distance between two neighbours on the clock's face.

        Within a day, and from one day to the next, it is exact. Of days that never follow each
        other the first ``DAYS_COMPARED`` of this century are compared.
        """
        return _shortest_gap(self.text)


@dataclass(frozen=True)
class _Days:
    """The matching days of a year of some kind."""

    #: Months, from 1.
    months: frozenset[int]
    #: Days of the month, from 1.
    monthdays: frozenset[int]
    #: Days of the week; Sunday is 0.
    weekdays: frozenset[int]
    #: Whether a day has to match both day fields, or either.
    both: bool

    def __call__(self, kind: Kind) -> list[int]:
        found = []
        for month in sorted(self.months):
            low, high = kind.months[month - 1 : month + 1]
            for day in range(low, high):
                # Sunday is 0 in cron, and Monday in Python.
                weekday = (kind.first + day + 1) % 7 in self.weekdays
                monthday = day - low + 1 in self.monthdays
                if (weekday and monthday) if self.both else (weekday or monthday):
                    found.append(day)
        return found


@lru_cache(maxsize=256)
def _times_of(text: str) -> Calendar:
    parts = WORDS.get(text, text).split()
    minutes, hours, monthdays, months, weekdays = (
        _numbers("cron", text, *each) for each in zip(parts, _FIELDS, strict=True)
    )
    days = _Days(
        months=frozenset(months),
        monthdays=frozenset(monthdays),
        weekdays=frozenset(each % 7 for each in weekdays),
        both=parts[2].startswith("*") or parts[4].startswith("*"),
    )
    return Calendar(named=days, times=Times(tuple(sorted(hours)), tuple(sorted(minutes))))


@lru_cache(maxsize=1024)
def _shortest_gap(text: str) -> timedelta | None:
    calendar = _times_of(text)
    times = calendar.times
    found = [later - earlier for earlier, later in pairwise(times)]
    overnight = times[0] - times[-1]
    midnights = Calendar(named=calendar.named, times=(0,)).since(_SAMPLE)
    for earlier, later in pairwise(islice(midnights, DAYS_COMPARED)):
        found.append((later - earlier) // _SECOND + overnight)
        if later - earlier == _DAY:
            break
    return timedelta(seconds=min(found)) if found else None
