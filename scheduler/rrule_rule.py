"""Recurrence rules of RFC 5545: what is accepted, and the wall times that one names.

``dateutil.rrule`` computes them; here stand the strict reading, the limits of the RFC, and the
bounds that keep a rule which never fires from being searched for until the year 9999. Everything
is naive wall time; the zone's clocks are the business of `scheduler.recurrence`.

https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from typing import Any

from dateutil import rrule

from scheduler.errors import InvalidJob
from scheduler.fields import refusal, shown

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
#: How many instants from its start are compared for the smallest distance between two of them.
COMPARED = 500
LARGEST_INTERVAL, LARGEST_COUNT = 10_000, 10_000
#: Windows in which the last wall time before another is looked for.
WINDOWS = tuple(timedelta(days=8**power) for power in range(7))

#: After 400 years the calendar begins again, weekdays included.
_CYCLE = timedelta(days=146_097)
#: How far ahead is searched at least. Within a day only weekdays matter, and minutes are many.
_AHEAD, _AHEAD_IN_DAYS = timedelta(days=146_097), timedelta(days=21_915)
#: The most days in a period of which BYSETPOS counts the times.
_LONGEST = {"YEARLY": 366, "MONTHLY": 31, "WEEKLY": 7, "DAILY": 1}
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
#: What is not taken within a day, though the RFC knows it: searching for the next such minute
#: can take minutes, and FREQ=DAILY says the same.
_OF_DAYS = ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYSETPOS")
#: What the RFC does not allow with a frequency.
_NOT_WITH = {
    "BYWEEKNO": tuple(each for each in FREQUENCIES if each != "YEARLY"),
    "BYYEARDAY": ("MONTHLY", "WEEKLY", "DAILY"),
    "BYMONTHDAY": ("WEEKLY",),
}
_KEYS = ("FREQ", "INTERVAL", "COUNT", "UNTIL", *_LISTS, "BYDAY", "WKST")
_UNITS = {
    "DAILY": timedelta(days=1),
    "HOURLY": timedelta(hours=1),
    "MINUTELY": timedelta(minutes=1),
    "SECONDLY": timedelta(seconds=1),
}


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
    """The value of one part, as ``dateutil`` takes it."""

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


def _weekday(text: str, wrong: InvalidJob) -> rrule.weekday:
    match = _DAY.fullmatch(text)
    if match is None or (match["nth"] and abs(int(match["nth"])) > 53):
        raise wrong
    nth = int(match["nth"]) if match["nth"] else None
    return rrule.weekday(_DAYS.index(match["day"]), nth)


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
        fix = "write BYDAY without numbers, or FREQ=MONTHLY or YEARLY"
        raise refusal(field, text, f"counts weekdays with FREQ={freq}", fix)
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
    """The wall times of a rule in canonical text, from ``start`` on; naive, on whole seconds.

    Its COUNT and UNTIL are not looked at here. As in ``dateutil``, ``start`` is one of them only
    if the rule says so.
    """

    text: str
    start: datetime

    @property
    def count(self) -> int | None:
        """The rule's own COUNT."""
        found: int | None = _values(self.text).get("COUNT")
        return found

    @property
    def until(self) -> tuple[datetime, bool] | None:
        """The rule's own UNTIL, naive, and whether it is in UTC."""
        found: tuple[datetime, bool] | None = _values(self.text).get("UNTIL")
        return found

    def since(self, moment: datetime) -> Iterator[datetime]:
        """All wall times from ``moment`` on, in their order."""
        values = _values(self.text)
        anchor = _anchor(self.start, moment, values)
        # A rule that never fires is searched for until the year 9999: shortly before it the
        # calendar is the same, and the search short.
        cycle, ahead = _CYCLE, _AHEAD
        if FREQUENCIES[values["FREQ"]] in ("HOURLY", "MINUTELY"):
            cycle, ahead = timedelta(days=7), _AHEAD_IN_DAYS
        lift = (datetime.max - anchor - ahead) // cycle * cycle  # noqa: DTZ901 - wall time
        first = max(moment, self.start)
        # ValueError: no hour or minute of a list is ever reached by that interval.
        with suppress(ValueError):
            for each in rrule.rrule(
                values["FREQ"],
                dtstart=anchor + lift,
                interval=values.get("INTERVAL", 1),
                wkst=values.get("WKST"),
                **_explicit(self.start, values),
            ):
                if each - lift >= first:
                    yield each - lift

    def last(self, end: datetime, *, not_before: datetime) -> datetime | None:
        """The last wall time that is not after ``end``; None: it is before ``not_before``."""
        for window in WINDOWS:
            begin = max(end - window, not_before) if end - window > not_before else not_before
            found = None
            for each in self.since(begin):
                if each > end:
                    break
                found = each
            if found is not None or begin == not_before:
                return found
        return None

    def shortest_gap(self) -> timedelta | None:
        """The smallest distance between two neighbours among the first ``COMPARED``."""
        some = islice(self.since(self.start), COMPARED)
        return min((later - earlier for earlier, later in pairwise(some)), default=None)


@lru_cache(maxsize=1024)
def _values(text: str) -> Mapping[str, Any]:
    parts = _parts("rrule", text)
    return {name: _read("rrule", text, name, value) for name, value in parts.items()}


def _explicit(start: datetime, values: Mapping[str, Any]) -> dict[str, Any]:
    """The BY… parts, with those that RFC 5545 takes from the start where none is given."""
    found = {name.lower(): values[name] for name in _LISTS if name in values}
    if "BYDAY" in values:
        found["byweekday"] = values["BYDAY"]
    freq = FREQUENCIES[values["FREQ"]]
    if not found.keys() & {"byweekno", "byyearday", "bymonthday", "byweekday"}:
        if freq == "YEARLY":
            found.setdefault("bymonth", start.month)
        if freq in ("YEARLY", "MONTHLY"):
            found["bymonthday"] = start.day
        if freq == "WEEKLY":
            found["byweekday"] = start.weekday()
    filled: Mapping[str, tuple[str, Callable[[datetime], int]]] = {
        "byhour": ("HOURLY", lambda at: at.hour),
        "byminute": ("MINUTELY", lambda at: at.minute),
        "bysecond": ("SECONDLY", lambda at: at.second),
    }
    for name, (frequency, part) in filled.items():
        if FREQUENCIES.index(freq) < FREQUENCIES.index(frequency):
            found.setdefault(name, [part(start)])
    if "bysetpos" in found:
        most = _LONGEST[freq] * math.prod(len(found[name]) for name in filled)
        found["bysetpos"] = [each for each in found["bysetpos"] if abs(each) <= most]
        if not found["bysetpos"]:
            raise ValueError("no period has so many")
    return found


def _anchor(start: datetime, moment: datetime, values: Mapping[str, Any]) -> datetime:
    """Where to begin so that ``moment`` is reached soon: a period's beginning, in step.

    Without it a tick would take the longer the older a series is.
    """
    freq = FREQUENCIES[values["FREQ"]]
    interval: int = values.get("INTERVAL", 1)

    def in_step(periods: int) -> int:
        return max(periods, 0) // interval * interval

    if freq == "YEARLY":
        years = in_step(moment.year - start.year)
        return datetime(start.year + years, 1, 1) if years else start  # noqa: DTZ001 - wall time
    if freq == "MONTHLY":
        months = in_step(12 * (moment.year - start.year) + moment.month - start.month)
        years, month = divmod(start.month - 1 + months, 12)
        return datetime(start.year + years, month + 1, 1) if months else start  # noqa: DTZ001
    midnight = start.replace(hour=0, minute=0, second=0)
    if freq == "WEEKLY":
        week = midnight - timedelta(days=(start.weekday() - values.get("WKST", 0)) % 7)
        weeks = in_step((moment - week) // timedelta(days=7))
        return week + timedelta(days=7 * weeks) if weeks else start
    unit = _UNITS[freq]
    begin = midnight + (start - midnight) // unit * unit
    steps = in_step((moment - begin) // unit)
    return begin + steps * unit if steps else start
