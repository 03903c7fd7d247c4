"""Times in words: ``tomorrow 9am``, ``friday 14:00 Europe/Berlin``, ``in 2 hours``.

Only what a person says now, to a command or a form, is in words; the queue holds strict forms. The
grammar is closed: what is not in it is refused. What is in it is computed with dateutil.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from dateutil import parser
from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta

from scheduler.errors import InvalidJob, Refused
from scheduler.text import line, refusal, shown
from scheduler.times import ambiguity, instants, spans

#: The clock time of a day for which none is given.
MORNING = "9:00"
#: The longest text, in characters.
LONGEST = 100
#: A zone for an example, and the longest text that is shown with it.
EXAMPLE, LONGEST_SHOWN = "Europe/Berlin", 60

_UTC = timezone.utc
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
#: How many years are searched for a day without a year: 29 February may be eight years away.
_YEARS = 9
_NO_DAY = "is not in the calendar", "write a day that exists"

_WEEKDAYS = {
    "Monday": MO, "Tuesday": TU, "Wednesday": WE, "Thursday": TH, "Friday": FR, "Saturday": SA,
    "Sunday": SU,
}  # fmt: skip
_NEAR = {"yesterday": -1, "today": 0, "tomorrow": 1, "day after tomorrow": 2}
_CLOCK = (
    "(?:at )?(?P<clock>noon|midnight|(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
    "|(?:0?[1-9]|1[0-2])(?::[0-5][0-9])? ?[ap]m)"
)
_NAMED = f"(?:(?P<named>{ambiguity.WEEKDAY}) )?"
_NTH = "(?:the )?(?P<nth>[0-9]{1,2})(?:st|nd|rd|th)?"
_MONTH, _YEAR = f"(?P<month>{ambiguity.MONTH})", "(?: (?P<year>[12][0-9]{3}))?"
_DAYS = (
    "(?P<near>today|tomorrow|yesterday|(?:the )?day after tomorrow)",
    f"(?P<near>in (?:{spans.NUMBER}|[0-9]{{1,4}}) (?:days?|weeks?))",
    f"(?:on )?(?:(?P<which>this|next|last) )?(?P<weekday>{ambiguity.WEEKDAY})",
    f"(?:on )?{_NAMED}{_NTH}(?: of)? {_MONTH}{_YEAR}",
    f"(?:on )?{_NAMED}{_MONTH} {_NTH}{_YEAR}",
    f"(?:on )?{_NAMED}(?P<iso>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})",
)
#: The whole grammar, for lower case and single spaces.
_PHRASES = [
    re.compile(phrase)
    for phrase in (
        "(?:in )?(?P<compact>(?:[0-9]{1,12}[wdhms]){1,5}|p[0-9wdhmst]{2,40})",
        f"(?:in )?(?P<spans>{spans.SPANS})",
        f"(?P<later>{spans.SPANS}) from now|(?P<ago>{spans.SPANS} ago)",
        _CLOCK,
        *(f"{day}(?: {_CLOCK})?" for day in _DAYS),
        *(f"{_CLOCK} {day}" for day in _DAYS),
    )
]

_AM_PM = re.compile(r"\b([ap])\.m\.?(?= |$)")
_ISO = re.compile(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})t(?=[0-9])")

_Phrase = Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True)
class Said:
    """What words mean."""

    #: The instant, in UTC.
    instant: datetime
    #: The zone that the words name; None: they name none.
    zone: str | None = None


def read(
    text: str,
    *,
    field: str,
    now: datetime,
    timezone: str | None = None,
    default: str | None = None,
    allow_past: bool = False,
    beside: str | None = "--timezone",
) -> Said:
    """The instant of a time in words that is said at ``now``; on a whole second of UTC.

    ``timezone`` is the zone given beside the words, which may name no other; ``default`` is the
    zone where neither names one. ``beside`` is how the author gives a zone beside the words; None:
    not at all. A day without a clock time is 9:00; a weekday or a clock time
    alone is the next to come, ``next monday`` never today. A delay (``in 2 hours``) needs no zone,
    and a day in it has 24 hours. Times that clocks skip or show twice are as in
    `instants.first_instant`.

    Raises:
        InvalidJob: the words are not understood, have no zone, or more than one reading.
        Refused: the instant is past, unless ``allow_past``; the message has the next such instant.
    """
    reader = _Reader(text, field, now.astimezone(_UTC), beside)
    phrase, name = reader.understood()
    if name and timezone and name != timezone:
        problem = f"names another zone than {beside} {timezone}"
        raise reader.refusal(problem, "keep one of the two")
    if zone := name or timezone or default:
        reader.place = instants.zone(zone, field="timezone")
    found = reader.instant(phrase)
    if not instants.FIRST_YEAR <= found.year <= instants.LAST_YEAR:
        years = f"{instants.FIRST_YEAR} and {instants.LAST_YEAR}"
        raise reader.refusal(f"is not between {years}", "write an instant that a job can wait for")
    if found < now.replace(microsecond=0) and not allow_past:
        raise reader.past(found, phrase)
    return Said(instant=found, zone=name)


class _Reader:
    """Reads one text, at an instant, for clocks at ``place``."""

    def __init__(self, text: str, field: str, moment: datetime, beside: str | None) -> None:
        self.text, self.field, self.moment, self.beside = text, field, moment, beside
        self.place: ZoneInfo | None = None

    def understood(self) -> tuple[_Phrase, str | None]:
        """The parts of the text, and the zone at its end."""
        whole = line(self.field, spans.plain(self.text), LONGEST)
        spoken = spans.plain(whole.replace(", ", " "))
        if (phrase := _parts(spoken)) is not None:
            return phrase, None
        rest, _, last = spoken.rpartition(" ")
        no_zone = None
        if (phrase := _parts(rest)) is not None and last.upper() not in ambiguity.ABBREVIATIONS:
            try:
                name = "UTC" if last.upper() in ("Z", "UTC") else last
                return phrase, instants.zone(name, field=self.field).key
            except InvalidJob as unknown:
                no_zone = None if _parts(last) else unknown
        problem, fix = ambiguity.problem(spoken, no_zone, self.moment.date())
        raise self.refusal(problem, fix)

    def instant(self, phrase: _Phrase) -> datetime:
        """The instant that the phrase means, in UTC."""
        if compact := phrase.get("compact"):
            compact = compact.upper() if compact.startswith("p") else compact
            return self._whole() + instants.duration(compact, field=self.field)
        if words := phrase.get("spans") or phrase.get("later"):
            length = self._length(words)
            if not length:
                raise self.refusal("is no time at all", "write at least 1s")
            return self._whole() + _in_seconds(length)
        if ago := phrase.get("ago"):
            return self._before(self._length(ago))
        if self.place is None:
            self._days({"iso": phrase.get("iso")}, self.moment)
            fix = f"end it with one such as {EXAMPLE}, or give {self.beside} or defaults.timezone"
            if self.beside is None:
                said = self.text if len(self.text) <= LONGEST_SHOWN else "tomorrow 9am"
                fix = f"end the time with a zone, such as {shown(f'{said} {EXAMPLE}')}"
            raise self.refusal("has no time zone", fix)
        return self._on_the_clock(phrase, self.place)

    def past(self, found: datetime, phrase: _Phrase) -> Refused:
        """The refusal of ``found``, which is past, with the next such instant."""
        fix = "write a time to come"
        if phrase.get("ago") is None:
            # With the same clock time, and the weekday or day of the year, if one was named.
            again = {**phrase, **dict.fromkeys(("near", "iso", "year", "which", "named"))}
            coming = self.instant(again)
            fix = f"the next is {instants.format_instant(coming)} ({instants.weekday(coming)})"
        at = f"{instants.format_instant(found)} ({instants.weekday(found)})"
        distance = instants.distance(found, self.moment)
        return Refused(f"{self.field}: {shown(self.text)} is past: {at} was {distance}; {fix}")

    def refusal(self, problem: str, fix: str) -> InvalidJob:
        return refusal(self.field, self.text, problem, fix)

    def _whole(self) -> datetime:
        """The first whole second from now on."""
        late = _SECOND if self.moment.microsecond else timedelta()
        return self.moment.replace(microsecond=0) + late

    def _before(self, length: timedelta) -> datetime:
        try:
            return self._whole() + _in_seconds(-length)
        except OverflowError:
            raise self.refusal(*_NO_DAY) from None  # before the year 1

    def _length(self, words: str) -> timedelta:
        if spans.says_twice(words):
            raise self.refusal("says one unit twice", "add the two up")
        return spans.length(words)

    def _on_the_clock(self, phrase: _Phrase, place: ZoneInfo) -> datetime:
        """The instant at which clocks show it; of several days the first to come."""
        today = datetime.combine(instants.wall(self.moment, place), time())
        said, days = phrase.get("clock"), self._days(phrase, today)
        if said == "midnight" and days:
            fix = "write 0:00, of that day or of the next one"
            raise self.refusal("may be the start or the end of that day", fix)
        clock = _time(said or MORNING, today)
        days = [datetime.combine(day, clock) for day in days or _from(today)]
        if not instants.FIRST_YEAR <= days[0].year <= instants.LAST_YEAR:
            return days[0].replace(tzinfo=_UTC)  # and is refused for it
        found = [instants.first_instant(day, place) for day in days]
        chosen = next((each for each in found if each > self.moment), found[-1])
        if named := phrase.get("named"):
            self._check(ambiguity.weekday(named), instants.wall(chosen, place))
        return chosen

    def _days(self, phrase: _Phrase, today: datetime) -> list[datetime]:
        if near := phrase.get("near"):
            if near.startswith("in "):
                return [today + spans.length(near)]
            return [today + relativedelta(days=_NEAR[near.removeprefix("the ")])]
        if iso := phrase.get("iso"):
            try:
                return [datetime.fromisoformat(iso)]
            except ValueError:
                raise self.refusal(*_NO_DAY) from None
        if said := phrase.get("weekday"):
            return self._weekdays(ambiguity.weekday(said), phrase.get("which"), today)
        if nth := phrase.get("nth"):
            month = ambiguity.month(phrase["month"] or "")
            return self._dates(int(nth), month, phrase.get("year"), today)
        return []

    def _weekdays(self, weekday: str, which: str | None, today: datetime) -> list[datetime]:
        wanted = _WEEKDAYS[weekday]
        if which == "last":
            return [today + relativedelta(days=-1, weekday=wanted(-1))]
        if which != "next":
            return _from(today + relativedelta(weekday=wanted), 7 * _DAY)
        day = today + relativedelta(days=1, weekday=wanted)
        if day.isocalendar()[:2] == today.isocalendar()[:2]:
            later = (day + 7 * _DAY).date()
            problem = f"may be {day.date()}, of this week, or {later}, of the next"
            raise self.refusal(problem, f"write {weekday.lower()}, or {later} 9:00")
        return [day]

    def _dates(self, day: int, month: int, year: str | None, today: datetime) -> list[datetime]:
        found: list[datetime] = []
        for each in [int(year)] if year else range(today.year, today.year + _YEARS):
            try:
                found.append(datetime(each, month, day))  # noqa: DTZ001  (what clocks show)
            except ValueError:
                continue  # 29 February
            if len(found) == 2:
                break  # the first may be past
        if not found:
            raise self.refusal(*_NO_DAY)
        return found

    def _check(self, weekday: str, day: datetime) -> None:
        if weekday != instants.weekday(day):
            problem = f"is no {weekday}: {day.date()} is a {instants.weekday(day)}"
            raise self.refusal(problem, "leave the weekday out, or correct it")


def _time(said: str, day: datetime) -> time:
    """The time of ``day`` in ``9:30pm``, ``14:00:05`` or ``noon``."""
    named = {"noon": time(12), "midnight": time()}
    return named[said] if said in named else parser.parse(said, default=day).time()


def _in_seconds(length: timedelta) -> timedelta:
    """``length``, rounded up: nothing is early."""
    return -(-length // _SECOND) * _SECOND


def _parts(spoken: str) -> _Phrase | None:
    folded = _AM_PM.sub(r"\1m", spoken.lower())
    folded = _ISO.sub(r"\1 ", folded)
    return next((m.groupdict() for each in _PHRASES if (m := each.fullmatch(folded))), None)


def _from(day: datetime, step: timedelta = _DAY) -> list[datetime]:
    # The third is for clocks that skip a whole day.
    return [day + count * step for count in range(3)]
