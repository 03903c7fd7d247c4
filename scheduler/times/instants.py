"""Instants, durations and zones, read from strict text and written.

Only strict forms are read: they stand in the queue for months and mean the same to every reader.
Every instant is returned in UTC and on a whole second.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.parser import isoparse

from scheduler.errors import InvalidJob
from scheduler.text import nearest, refusal
from scheduler.times import spans

#: The longest duration; a longer one is a mistake in typing.
LONGEST = timedelta(days=36_525)
#: The first and the last year (UTC) of a job's instant; people write 9999 for "never".
FIRST_YEAR, LAST_YEAR = 2000, 2999

_UTC = timezone.utc
_SECOND = timedelta(seconds=1)
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_SHORT = re.compile(
    r"\A(?:([0-9]{1,12})w)?(?:([0-9]{1,12})d)?"
    "(?:([0-9]{1,12})h)?(?:([0-9]{1,12})m)?(?:([0-9]{1,12})s)?"
)
# ISO 8601 without months and years, whose length depends on the calendar.
_ISO = re.compile(
    "P(?:([0-9]{1,12})W)?(?:([0-9]{1,12})D)?"
    "(?:T(?=[0-9])(?:([0-9]{1,12})H)?(?:([0-9]{1,12})M)?(?:([0-9]{1,12})S)?)?"
)
# RFC 3339 section 5.6, and the same without seconds or without an offset.
# https://www.rfc-editor.org/rfc/rfc3339#section-5.6
_INSTANT = re.compile(
    "(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]"
    "(?P<clock>[0-9]{2}:[0-9]{2}(?::(?P<second>[0-9]{2})(?:[.](?P<fraction>[0-9]{1,30}))?)?)"
    "(?P<offset>[Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: The blank between a number and its unit, or between two such, as in ``2 h 30 m``.
_JOINT = re.compile(r"(?<=[0-9]) (?=[wdhms](?![a-z]))|(?<=[wdhms]) (?=[0-9])")
_ZONE = re.compile("[A-Za-z][A-Za-z0-9_+-]{0,31}(?:/[A-Za-z0-9_+-]{1,31}){0,2}")
# Files beside the zones that are not zones: this machine's own, and clocks with leap seconds.
_NO_ZONES = ("localtime", "posixrules", "Factory", "right/", "posix/")


def duration(
    text: str, *, field: str, allow_zero: bool = False, or_instant: bool = False
) -> timedelta:
    """Read ``90s``, ``2h30m``, ``1d``, ``1w``, ``PT2H``, ``P1DT30M`` or ``2 hours``; whole seconds.

    A day is 24 hours, whatever a zone's clocks do. ``or_instant``: the field takes an instant
    too, so a refusal tells both forms.

    Raises:
        InvalidJob: not such a form, zero (unless ``allow_zero``), negative or over 100 years.
    """
    spoken = spans.plain(text)
    compact = _JOINT.sub("", spoken)
    match = _SHORT.fullmatch(compact) or _ISO.fullmatch(compact)
    numbers = match.groups() if match else ()
    words = spoken.lower().removeprefix("in ")
    if spans.in_words(words) and not spans.says_twice(words):
        # Rounded up: nothing is early.
        numbers = ("", "", "", "", str(-(-spans.length(words) // _SECOND)))
    if not any(numbers):
        no, fix = "is not a duration", "write it like 90s, 2h30m, 1d or PT2H"
        if or_instant:
            no = "is neither a duration nor an instant"
            fix = "write it like 6h, 1d12h or 2026-11-23T09:00:00Z"
        if spoken.startswith("-"):
            raise refusal(field, text, "is negative", fix)
        raise refusal(field, text, no, fix)
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in numbers)
    total = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds
    if total > LONGEST.total_seconds():
        raise refusal(field, text, "is longer than 100 years", "write a shorter one")
    if total == 0 and not allow_zero:
        raise refusal(field, text, "is no time at all", "write at least 1s")
    return timedelta(seconds=total)


def instant(text: str, *, field: str, timezone: str | None) -> datetime:
    """Read RFC 3339 with an offset, or a local time of the IANA zone ``timezone``; UTC.

    ``T`` may be a space and seconds may be missing. A fraction of a second is rounded up, so
    that nothing is early. An offset decides alone, then ``timezone`` is only for display.
    A local time that clocks skip is the next instant that exists, one that they show twice is
    the first, which is what GitHub does with ``schedule``:
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#onschedule

    Raises:
        InvalidJob: another form, no offset and no zone, no such day or time, an unknown zone,
            or a year (UTC) before 2000 or after 2999.
    """
    local_zone = None if timezone is None else zone(timezone, field="timezone")
    text = spans.plain(text)
    match = _INSTANT.fullmatch(text)
    if match is None:
        if _DATE.fullmatch(text):
            if morning := _INSTANT.fullmatch(f"{text}T09:00"):
                _calendar(morning, text, field)
            raise refusal(field, text, "has no time of day", f"write {text}T09:00:00Z")
        fix = "write it like 2026-11-23T09:00:00Z"
        raise refusal(field, text, "is not an RFC 3339 instant", fix)
    local = _calendar(match, text, field)
    try:
        if match["offset"]:
            found = local - _offset(match["offset"], text, field)
        elif local_zone is None:
            fix = f"write {match['date']}T{match['clock']}Z, or add a timezone"
            raise refusal(field, text, "has no UTC offset", fix)
        else:
            found = first_instant(local, local_zone)
        # A fraction is added as a whole second in UTC: on local time the clock may fall back in it.
        if (match["fraction"] or "").strip("0"):
            found += _SECOND
    except OverflowError:
        raise _out_of_range(field, text) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise _out_of_range(field, text)
    return found.replace(tzinfo=_UTC)


def first_instant(local: datetime, place: ZoneInfo) -> datetime:
    """The first instant at which clocks at ``place`` show ``local`` or later; UTC.

    ``local`` is naive. If clocks skip it, that is the end of the gap, as GitHub moves a
    ``schedule`` at 02:30 to 03:00; if they show it twice, the first of the two.
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#onschedule

    PEP 495: of a time that clocks show twice ``fold=0`` is the first; of one that they skip it
    is after the gap and ``fold=1`` before it. https://peps.python.org/pep-0495/
    """
    first, second = local.replace(tzinfo=place, fold=0), local.replace(tzinfo=place, fold=1)
    offset = first.utcoffset()
    if offset is not None and offset == second.utcoffset():
        return (local - offset).replace(tzinfo=_UTC, fold=0)  # clocks show it once
    found = first.astimezone(_UTC)
    if wall(found, place) != local:  # no clock shows it
        before = second.astimezone(_UTC)
        while found - before > _SECOND:
            middle = before + timedelta(seconds=(found - before) // _SECOND // 2)
            if wall(middle, place) < local:
                before = middle
            else:
                found = middle
    return found


def wall(moment: datetime, place: ZoneInfo) -> datetime:
    """The naive time that clocks at ``place`` show at ``moment``."""
    return _utc(moment).astimezone(place).replace(tzinfo=None, fold=0)


def zone(name: str, *, field: str) -> ZoneInfo:
    """The IANA zone ``name``, such as ``Europe/Berlin``.

    Raises:
        InvalidJob: there is none; the message names the nearest.
    """
    if _ZONE.fullmatch(name) and not name.startswith(_NO_ZONES):
        try:
            return ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            pass  # OSError: "Europe" is a directory
    known = _zone_names()
    if not known:
        fix = "install the Python package tzdata, this machine has no zones"
        raise refusal(field, name, "is not a known time zone", fix)
    near = _nearest_zone(name, known)
    fix = f"did you mean {near}?" if near else "write one such as Europe/Berlin, or UTC"
    raise refusal(field, name, "is not a known time zone", fix)


def format_instant(moment: datetime) -> str:
    """``moment`` as ``2026-11-23T09:00:00Z``; a fraction of a second is dropped."""
    return _utc(moment).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def format_duration(length: timedelta) -> str:
    """``length`` as ``1d2h5m``, which `duration` reads back; a fraction of a second is dropped."""
    left = int(abs(length).total_seconds())
    sign = "-" if length < timedelta() and left else ""
    parts = []
    for unit, seconds in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count}{unit}")
    return sign + ("".join(parts) or "0s")


def distance(moment: datetime, now: datetime) -> str:
    """How far ``moment`` is from ``now``: ``in 2h5m``, ``3m ago`` or ``now``.

    It is rounded to the second, beyond an hour to the minute.
    """
    apart = _utc(moment) - _utc(now)
    seconds = abs(apart).total_seconds()
    step = 1 if seconds < 3_600 else 60
    rounded = timedelta(seconds=int(seconds / step + 0.5) * step)
    if not rounded:
        return "now"
    return (
        f"in {format_duration(rounded)}"
        if apart > timedelta()
        else f"{format_duration(rounded)} ago"
    )


def seconds(moment: datetime, now: datetime) -> int:
    """How many whole seconds there are from ``now`` to ``moment``; negative: it is past."""
    return (_utc(moment) - _utc(now)) // _SECOND


def weekday(moment: datetime) -> str:
    """The English name of the weekday of ``moment``, in its own zone."""
    return _WEEKDAYS[moment.weekday()]


def format_local(moment: datetime, zone: ZoneInfo) -> str:
    """``moment`` as ``Monday 2026-11-23 10:00 Europe/Berlin (+01:00)``; seconds only if any."""
    local = _utc(moment).astimezone(zone)
    clock = local.strftime("%H:%M:%S" if local.second else "%H:%M")
    offset = local.isoformat(timespec="seconds")[19:]
    return f"{weekday(local)} {local.date()} {clock} {zone} ({offset})"


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no UTC offset")
    return moment.astimezone(_UTC)


def _calendar(match: re.Match[str], text: str, field: str) -> datetime:
    """Date and clock of a text, without offset and fraction."""
    if match["second"] == "60":
        fix = "write second 59, or 00 of the next minute"
        raise refusal(field, text, "is in a leap second", fix)
    try:
        # isoparse reads more of ISO 8601 than the pattern lets through.
        day = isoparse(match["date"])
    except ValueError:
        fix = "write a day that exists"
        raise refusal(field, text, "is not in the calendar", fix) from None
    hour, minute = int(match["clock"][:2]), int(match["clock"][3:5])
    try:
        return day.replace(hour=hour, minute=minute, second=int(match["second"] or 0))
    except ValueError:
        fix = "write it between 00:00:00 and 23:59:59"
        raise refusal(field, text, "has an impossible time of day", fix) from None


def _offset(text: str, whole: str, field: str) -> timedelta:
    if text in "Zz":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 23 or minutes > 59:
        fix = "write one such as +02:00, or Z"
        raise refusal(field, whole, "has an impossible UTC offset", fix)
    offset = timedelta(hours=hours, minutes=minutes)
    return -offset if text[0] == "-" else offset


@lru_cache(maxsize=1)
def _zone_names() -> tuple[str, ...]:
    names = zoneinfo.available_timezones()
    return tuple(sorted(name for name in names if not name.startswith(_NO_ZONES)))


def _nearest_zone(name: str, known: tuple[str, ...]) -> str | None:
    cities = {each.rsplit("/", 1)[-1]: each for each in known}
    near = nearest(name, {**cities, **dict.fromkeys(known)}, cutoff=0.7)
    return near if near is None or near in known else cities[near]


def _out_of_range(field: str, text: str) -> InvalidJob:
    fix = "write an instant that a job can wait for"
    return refusal(field, text, f"is not between {FIRST_YEAR} and {LAST_YEAR}", fix)
