"""Recurrence rules of RFC 5545: which are accepted, and the wall times of each.

This module reads a rule strictly, within the limits of the RFC, and turns its parts into days of
a year, periods and times of a day; `scheduler.times.wall_times` searches them. All times are
naive wall times; `scheduler.times.recurrence` knows the zone's clocks.

https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise, takewhile
from typing import Any

from scheduler.errors import InvalidJob
from scheduler.text import refusal, shown
from scheduler.times.rrule_days import Named
from scheduler.times.wall_times import Calendar, Spans, Times, Unit

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
#: How many instants from the start on, and within which time, are compared to find the smallest
#: distance between two of them.
COMPARED, COMPARED_WITHIN = 500, timedelta(days=14_610)
LARGEST_INTERVAL, LARGEST_COUNT = 10_000, 10_000

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_DAY = re.compile(r"(?P<nth>[+-]?[1-9][0-9]?)?(?P<day>MO|TU|WE|TH|FR|SA|SU)")
_NUMBER = re.compile(r"[+-]?[0-9]{1,5}")
_UNTIL = re.compile(r"(?P<date>[0-9]{8})T(?P<clock>[0-9]{6})(?P<utc>Z?)")
#: The lists of numbers: the least, the greatest, and whether they may count from the end.
_LISTS: Mapping[str, tuple[int, int, bool]] = {
    "BYSECOND": (0, 59, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}
#: Parts that are refused with FREQ=HOURLY and MINUTELY, though the RFC has them: a search for
#: the next such minute can take minutes, and FREQ=DAILY says the same.
_OF_DAYS = ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYSETPOS")
#: The frequencies with which the RFC does not allow a part.
_NOT_WITH = {
    "BYWEEKNO": tuple(each for each in FREQUENCIES if each != "YEARLY"),
    "BYYEARDAY": ("MONTHLY", "WEEKLY", "DAILY"),
    "BYMONTHDAY": ("WEEKLY",),
}
_KEYS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", *_LISTS, "BYDAY", "WKST")


def rrule_text(field: str, text: str) -> str:
    """The canonical text of a rule: capitals, ``FREQ`` first, no ``RRULE:`` before it.

    Raises:
        InvalidJob: an unknown part, one given twice, a value outside of the RFC's bounds, or
            parts that the RFC does not allow together. Whether it ever fires is not asked here.
    """
    parts = _parts(field, text)
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _parts(field: str, text: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for part in text.upper().replace(" ", "").removeprefix("RRULE:").rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        if name not in _KEYS or not equals:
            fix = "write it like FREQ=WEEKLY;BYDAY=MO,WE"
            raise refusal(field, text, f"holds {part[:40]!r}, which is no part of a rule", fix)
        if name in given:
            raise refusal(field, text, f"holds {name} twice", "keep one of them")
        given[name] = value
    freq = given.pop("FREQ", "")
    if freq not in FREQUENCIES:
        fix = f"write FREQ= and one of {', '.join(FREQUENCIES)}"
        raise refusal(field, text, "does not say how often", fix)
    if freq == "SECONDLY":
        fix = "limits.shortest-interval is at least a minute; write FREQ=MINUTELY;INTERVAL=5"
        raise refusal(field, text, "comes every second", fix)
    parts = {"FREQ": freq, **given}
    for name, value in parts.items():
        _read(field, text, name, value)
    _allowed(field, text, parts)
    return parts


def _read(field: str, text: str, name: str, value: str) -> Any:
    """The value of one part, as numbers and weekdays."""

    def no(fix: str) -> InvalidJob:
        part = shown(f"{name}={value}", 50)
        return refusal(field, text, f"holds {part}, which does not exist", fix)

    if name == "FREQ":
        return FREQUENCIES.index(value)
    if name in ("INTERVAL", "COUNT"):
        most = LARGEST_INTERVAL if name == "INTERVAL" else LARGEST_COUNT
        return _number(value, 1, most, no(f"write a number from 1 to {most}"))
    if name == "UNTIL":
        return _until_of(value, no("write it like UNTIL=20270131T180000Z, or use the key 'until'"))
    if name == "WKST":
        if value not in _DAYS:
            raise no(f"write one of {', '.join(_DAYS)}")
        return _DAYS.index(value)
    if name == "BYDAY":
        return [_weekday(item, no("write it like MO,WE or -1FR")) for item in value.split(",")]
    low, high, signed = _LISTS[name]
    sign = "-" if signed else ""
    wrong = no(f"write numbers from {low} to {high}" + (" or negative ones" if signed else ""))
    return [
        _number(item.removeprefix(sign), low, high, wrong) * (-1 if sign and item[0] == "-" else 1)
        for item in value.split(",")
    ]


def _number(text: str, low: int, high: int, wrong: InvalidJob) -> int:
    if not _NUMBER.fullmatch(text) or not low <= int(text) <= high:
        raise wrong
    return int(text)


def _weekday(text: str, wrong: InvalidJob) -> tuple[int, int]:
    """A weekday, from Monday's 0, and which of them in its period; 0: each."""
    match = _DAY.fullmatch(text)
    if match is None or (match["nth"] and abs(int(match["nth"])) > 53):
        raise wrong
    return _DAYS.index(match["day"]), int(match["nth"] or 0)


def _until_of(value: str, wrong: InvalidJob) -> tuple[datetime, bool]:
    match = _UNTIL.fullmatch(value)
    if match is None:
        raise wrong
    try:
        # A wall time, if no Z says otherwise: `recurrence` knows the zone.
        moment = datetime.strptime(match["date"] + match["clock"], "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        raise wrong from None
    return moment, bool(match["utc"])


def _allowed(field: str, text: str, parts: Mapping[str, str]) -> None:
    freq = parts["FREQ"]
    for name, others in _NOT_WITH.items():
        if name in parts and freq in others:
            raise refusal(field, text, f"has {name} with FREQ={freq}", "RFC 5545 has no such rule")
    if freq in ("HOURLY", "MINUTELY") and (odd := next((k for k in _OF_DAYS if k in parts), None)):
        fix = "write FREQ=DAILY, with BYHOUR and BYMINUTE"
        raise refusal(field, text, f"has {odd} with FREQ={freq}", fix)
    if any(char.isdigit() for char in parts.get("BYDAY", "")) and (
        freq not in ("YEARLY", "MONTHLY") or "BYWEEKNO" in parts
    ):
        other = "" if freq == "YEARLY" else ", or FREQ=MONTHLY or YEARLY"
        fix = f"write BYDAY without numbers{other}"
        raise refusal(field, text, f"counts weekdays with FREQ={freq}", fix)
    if "BYWEEKNO" in parts and "BYDAY" not in parts:
        # Programs differ on it: some take all seven days of the week, some the start's weekday.
        # https://github.com/libical/libical/issues/438
        fix = "say which days of that week, such as BYDAY=MO"
        raise refusal(field, text, "has BYWEEKNO without BYDAY", fix)
    most = 53 if freq == "YEARLY" and "BYMONTH" not in parts else 5
    for item in parts.get("BYDAY", "").split(","):
        if abs(int(item[:-2] or 0)) > most:
            period = "month" if most == 5 else "year"
            problem = f"has {item} in BYDAY, and no {period} has so many"
            raise refusal(
                field, text, problem, f"write a number from 1 to {most}, or -1 to -{most}"
            )
    if "BYSETPOS" in parts and not any(
        name in parts for name in (*_LISTS, "BYDAY") if name != "BYSETPOS"
    ):
        raise refusal(field, text, "has BYSETPOS alone", "add what it counts, such as BYDAY=MO,TU")
    if "COUNT" in parts and "UNTIL" in parts:
        raise refusal(field, text, "has both COUNT and UNTIL", "keep one of them")


@dataclass(frozen=True)
class RRule:
    """The wall times of a rule, from ``start`` on; naive, on whole seconds.

    Its COUNT and UNTIL are left to `scheduler.times.recurrence`. ``start`` is one of them only if
    the rule names it. BYSETPOS counts all times of a week or a month, those before ``start`` too.
    """

    #: The canonical text.
    text: str
    #: The wall time from which on they count.
    start: datetime

    @property
    def count(self) -> int | None:
        """The COUNT in the rule's text."""
        found: int | None = _values(self.text).get("COUNT")
        return found

    @property
    def until(self) -> tuple[datetime, bool] | None:
        """The UNTIL in the rule's text, naive, and whether it is in UTC."""
        found: tuple[datetime, bool] | None = _values(self.text).get("UNTIL")
        return found

    def since(self, moment: datetime) -> Iterator[datetime]:
        """All wall times from ``moment`` on, in their order. Raises ``GivenUp``."""
        return _times_of(self.text, self.start).since(max(moment, self.start))

    def last(self, end: datetime, *, not_before: datetime) -> datetime | None:
        """The last wall time up to ``end``; None: there is none from ``not_before`` on."""
        least = max(not_before, self.start)
        if end < least:
            return None
        found = next(_times_of(self.text, self.start).before(end), None)
        return found if found is not None and found >= least else None

    def shortest_gap(self) -> timedelta | None:
        """The smallest distance between two neighbours, as far as they are compared."""
        some = islice(self.since(self.start), COMPARED)
        near = takewhile(lambda each: each - self.start < COMPARED_WITHIN, some)
        return min((later - earlier for earlier, later in pairwise(near)), default=None)


@lru_cache(maxsize=1024)
def _values(text: str) -> Mapping[str, Any]:
    parts = _parts("rrule", text)
    return {name: _read("rrule", text, name, value) for name, value in parts.items()}


@lru_cache(maxsize=256)
def _times_of(text: str, start: datetime) -> Calendar | Spans:
    values = _values(text)
    freq, interval = FREQUENCIES[values["FREQ"]], values.get("INTERVAL", 1)
    hours, minutes, seconds = (
        tuple(sorted(set(values.get(name, default))))
        for name, default in (
            ("BYHOUR", [start.hour]),
            ("BYMINUTE", [start.minute]),
            ("BYSECOND", [start.second]),
        )
    )
    if freq == "HOURLY":
        begin = start.replace(minute=0, second=0)
        within = Times((0,), minutes, seconds)
        return _spans(begin, 60 * interval, values, ("BYHOUR",), within)
    if freq == "MINUTELY":
        begin = start.replace(second=0)
        return _spans(begin, interval, values, ("BYHOUR", "BYMINUTE"), Times((0,), (0,), seconds))
    return _calendar(values, start, freq, interval, Times(hours, minutes, seconds))


def _spans(
    start: datetime,
    minutes: int,
    values: Mapping[str, Any],
    names: Sequence[str],
    within: Sequence[int],
) -> Spans:
    weekdays = {day for day, _ in values.get("BYDAY", [(day, 0) for day in range(7)])}
    hours = set(values["BYHOUR"] if "BYHOUR" in values else range(24))
    each = "BYMINUTE" in names and "BYMINUTE" in values
    named = set(values["BYMINUTE"] if each else range(60))

    def passes(minute: int) -> bool:
        day, rest = divmod(minute, 24 * 60)
        return day in weekdays and rest // 60 in hours and rest % 60 in named

    return Spans(start=start, minutes=minutes, passes=passes, within=within)


def _calendar(
    values: Mapping[str, Any], start: datetime, freq: str, interval: int, times: Sequence[int]
) -> Calendar:
    wkst, day = values.get("WKST", 0), start.toordinal()
    named, positions = Named.by(values, start, freq), _positions(values, freq, times)
    if "BYSETPOS" in values and not positions:
        return Calendar(named=lambda _: (), times=times)
    if freq == "YEARLY":
        return Calendar(named=named, times=times, interval=interval, first=day, positions=positions)
    if freq == "MONTHLY":
        return Calendar(
            named=named, times=times, unit=Unit.MONTH, interval=interval, first=day,
            positions=positions,
        )  # fmt: skip
    if freq == "DAILY":
        if "BYSETPOS" in values:
            # All days have the same times, so the same are picked of each.
            places = {each - 1 if each > 0 else len(times) + each for each in positions}
            times = tuple(times[each] for each in sorted(places))
        return Calendar(named=named, times=times, first=day, stride=(day, interval, 1))
    week = day - (start.weekday() - wkst) % 7
    if "BYSETPOS" in values:
        return Calendar(
            named=named, times=times, unit=Unit.WEEK, interval=interval, first=day,
            week_start=wkst, positions=positions,
        )  # fmt: skip
    return Calendar(named=named, times=times, first=day, stride=(week, 7 * interval, 7))


def _positions(values: Mapping[str, Any], freq: str, times: Sequence[int]) -> tuple[int, ...]:
    """The members of BYSETPOS that a period can have."""
    if "BYSETPOS" not in values:
        return ()
    days = {"YEARLY": 366, "MONTHLY": 31, "DAILY": 1, "WEEKLY": 7}[freq]
    if freq == "WEEKLY":
        days = len({day for day, _ in values.get("BYDAY", [(0, 0)])})
    return tuple(each for each in values["BYSETPOS"] if abs(each) <= days * len(times))
