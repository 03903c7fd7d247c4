"""The refusals of times in words: what is ambiguous or unknown in them, and its readings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import partial

from scheduler import text
from scheduler.errors import InvalidJob

_WEEKDAYS = {
    "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday",
    "sat": "Saturday", "sun": "Sunday",
}  # fmt: skip
_MONTHS = {
    "jan": "January", "feb": "February", "mar": "March", "apr": "April", "may": "May",
    "jun": "June", "jul": "July", "aug": "August", "sep": "September", "oct": "October",
    "nov": "November", "dec": "December",
}  # fmt: skip
_Problem = tuple[str, str]
#: The names of days and months that are understood, as patterns of lower case.
WEEKDAY = (
    "(?:mon(?:day)?|tue(?:s|sday)?|wed(?:nesday)?|thu(?:rs?|rsday)?|fri(?:day)?"
    "|sat(?:urday)?|sun(?:day)?)"
)
MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
#: Abbreviations of zones, some of them the names of zones that are something else: the zones
#: that people mean by each.
ABBREVIATIONS = {
    "ACDT": ("Australia/Adelaide",),
    "ACST": ("Australia/Adelaide", "Australia/Darwin"),
    "ADT": ("America/Halifax",),
    "AEDT": ("Australia/Sydney",),
    "AEST": ("Australia/Sydney", "Australia/Brisbane"),
    "AKST": ("America/Anchorage",),
    "AMT": ("America/Manaus", "Asia/Yerevan"),
    "AST": ("America/Halifax", "Asia/Riyadh"),
    "AWST": ("Australia/Perth",),
    "BRT": ("America/Sao_Paulo",),
    "BST": ("Europe/London", "Asia/Dhaka"),
    "CDT": ("America/Chicago", "America/Havana"),
    "CEST": ("Europe/Berlin",),
    "CET": ("Europe/Berlin", "Africa/Tunis"),
    "CST": ("America/Chicago", "Asia/Shanghai", "America/Havana"),
    "CT": ("America/Chicago",),
    "EDT": ("America/New_York", "Australia/Sydney"),
    "EEST": ("Europe/Helsinki",),
    "EET": ("Europe/Helsinki", "Africa/Cairo"),
    "EST": ("America/New_York", "America/Panama", "Australia/Sydney"),
    "ET": ("America/New_York",),
    "GST": ("Asia/Dubai", "Atlantic/South_Georgia"),
    "HKT": ("Asia/Hong_Kong",),
    "HST": ("Pacific/Honolulu",),
    "IST": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "JST": ("Asia/Tokyo",),
    "KST": ("Asia/Seoul",),
    "MDT": ("America/Denver",),
    "MET": ("Europe/Berlin",),
    "MSK": ("Europe/Moscow",),
    "MST": ("America/Denver", "America/Phoenix"),
    "MT": ("America/Denver",),
    "NZDT": ("Pacific/Auckland",),
    "NZST": ("Pacific/Auckland",),
    "PDT": ("America/Los_Angeles",),
    "PKT": ("Asia/Karachi",),
    "PST": ("America/Los_Angeles", "Asia/Manila"),
    "PT": ("America/Los_Angeles",),
    "SAST": ("Africa/Johannesburg",),
    "SGT": ("Asia/Singapore",),
    "SST": ("Pacific/Pago_Pago", "Asia/Singapore"),
    "WEST": ("Europe/Lisbon",),
    "WET": ("Europe/Lisbon", "Atlantic/Canary"),
}

_EXAMPLE = "write it like 2026-11-23T09:00:00Z, 'tomorrow 9am' or 'in 2 hours'"
_DATE = re.compile(
    r"(?<![0-9:/.-])([0-9]{1,2})([/.-])([0-9]{1,2})(?:\2([0-9]{4}|[0-9]{2}))?(?![0-9a-z:/-])"
)
_CLOCK = re.compile(
    r"(?<![0-9:.])(?:[0-9]{1,9}:[0-9:]{1,9}(?: ?[ap]m)?|[0-9]{1,9} ?[ap]m)(?![a-z0-9])"
)
_NO_UNIT = "(?![^ ])(?! (?:sec|min|hour|hr|day|week|month|year))"
_OFFSET = re.compile(rf"(?<![^ ])(?:utc|gmt)?[+-][0-9]{{1,2}}(?::?[0-9]{{2}})?{_NO_UNIT}")
_NUMBER = re.compile(rf"(?<![^ ])([0-9]{{1,2}}){_NO_UNIT}")
_NTH = re.compile(r"(?<![^ ])[0-9]{1,2}(?:st|nd|rd|th)(?![^ ])")
_MONTH_ALONE = re.compile(rf"{MONTH}(?: [0-9]{{4}})?")
_MONTH_NAMED = re.compile(rf"\b{MONTH}\b")
_DIGITS = re.compile("[0-9]+")
_VAGUE = re.compile(
    r"\b(?:morning|noonish|afternoon|evening|night|tonight|lunch|soon|later|eod|cob|asap)\b"
)
_PERIOD = re.compile(r"\b(week|weekend|month|year|quarter)s?\b")


def weekday(said: str) -> str:
    """The whole name of the weekday that ``said`` begins."""
    return _WEEKDAYS[said[:3]]


def month(said: str) -> int:
    """The number, from 1, of the month whose name ``said`` begins."""
    return [*_MONTHS].index(said[:3]) + 1


def problem(spoken: str, no_zone: InvalidJob | None, today: date) -> _Problem:
    """What is wrong with words that are not understood, with their readings, and the fix.

    ``no_zone`` is what is wrong with the last word as a zone, if the others are understood. A
    missing year is looked for from ``today`` on.
    """
    said = spoken.lower()
    for find in (_abbreviation, partial(_date, today=today), _clock, _offset, _vague, _bare):
        if found := find(said):
            return found
    if no_zone is not None:
        last, near = spoken.rpartition(" ")[2], str(no_zone).rpartition("; ")[2]
        if "/" in last or near.startswith("did you mean"):
            return f"ends in no known time zone, {text.shown(last)}", near
    return "is no time that is understood", _EXAMPLE


def _abbreviation(said: str) -> _Problem | None:
    for word in said.upper().split():
        if zones := ABBREVIATIONS.get(word):
            if len(zones) == 1:
                return f"has no IANA zone in {word}", f"write {zones[0]}"
            return f"may be of several zones: {word} is {_either(zones)}", "write the one you mean"
    return None


def _clock(said: str) -> _Problem | None:
    match = _CLOCK.search(said)
    if match is None or _possible(match[0]):
        return None
    fix = "write one between 0:00 and 23:59, or such as 9am"
    return f"has an impossible time of day, {match[0]}", fix


def _offset(said: str) -> _Problem | None:
    match = _OFFSET.search(said)
    if match is None:
        return None
    fix = "write a zone such as Europe/Berlin, or a whole 2026-11-23T09:00:00+01:00"
    return f"names an offset, {match[0]}, and no zone", fix


def _vague(said: str) -> _Problem | None:
    if match := _VAGUE.search(said):
        return f"is too vague: {match[0]} is no clock time", "write one, such as 'tomorrow 9am'"
    if match := _PERIOD.search(said):
        return f"names no day: a {match[1]} has many", "write one, such as 'next monday 9am'"
    if _MONTH_ALONE.fullmatch(said):
        return "names a month and no day", f"write one, such as '3 {said} 9am'"
    if (match := _NTH.search(said)) and not _MONTH_NAMED.search(said):
        return f"names no month beside {match[0]}", "write one, such as '24 december 9am'"
    return None


def _possible(clock: str) -> bool:
    """Whether there is such a time of day."""
    hour, *rest = (int(part) for part in _DIGITS.findall(clock))
    hours = range(1, 13) if clock.endswith("m") else range(24)
    return hour in hours and len(rest) <= 2 and all(part < 60 for part in rest)


def _date(said: str, today: date) -> _Problem | None:
    match = _DATE.search(said)
    if match is None:
        return None
    one, sign, two, year = match.groups()
    found = []
    for day, number in ((int(one), int(two)), (int(two), int(one))):
        if each := _coming(day, number, year, today):
            found += [each] if each not in found else []
    names = [*_MONTHS.values()]
    readings = [f"{each.day} {names[each.month - 1]}" for each in found]
    fixes = [f"{each}T09:00" for each in found]
    if sign == "." and year is None and _possible(f"{one}:{two}"):
        readings.append(f"the time {one}:{two}")
        fixes.append(f"{one}:{two}")
    if not readings:
        return "is not in the calendar", "write a day that exists, as in 2026-11-23T09:00"
    return _may_be(readings), f"write {_either(fixes)}"


def _coming(day: int, number: int, year: str | None, today: date) -> date | None:
    """The day of this date, if there is one; without a year the first from today on."""
    whole = year and (int(year) if len(year) == 4 else 2000 + int(year))
    for each in [whole] if whole else range(today.year, today.year + 9):
        try:
            found = date(each, number, day)
        except ValueError:
            continue
        if whole or found >= today:
            return found
    return None


def _bare(said: str) -> _Problem | None:
    match = _NUMBER.search(said)
    number = int(match[1]) if match else 24
    if match is None or number > 23:
        return None
    times = [f"{number}am", f"{number}pm"] if 1 <= number <= 12 else [f"{number}:00"]
    alone = [f"day {number} of a month"] if said == match[1] and number else []
    return f"has a bare number, {number}: {_may_be([*times, *alone])}", f"write {_either(times)}"


def _may_be(options: Sequence[str]) -> str:
    return f"{'may be' if options[1:] else 'is perhaps'} {_either(options)}"


def _either(options: Sequence[str]) -> str:
    return " or ".join([", ".join(options[:-1]), options[-1]] if options[1:] else options)
