"""The instants of a job's rule; and the rules that are refused.

``cron`` and ``rrule`` name times on the clocks of the job's zone, ``every`` counts seconds from
``run-at``. A local time that clocks skip is the next valid instant, one that they show twice is
the first of the two; so no instant is named twice.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import takewhile
from typing import Protocol
from zoneinfo import ZoneInfo

from scheduler.errors import InvalidJob
from scheduler.text import blamed, refusal
from scheduler.times.cron import CronRule, cron_text
from scheduler.times.instants import (
    FIRST_YEAR,
    LAST_YEAR,
    first_instant,
    format_duration,
    format_instant,
    wall,
    zone,
)
from scheduler.times.rrule import RRule, rrule_text
from scheduler.times.wall_times import GivenUp

_SECOND = timedelta(seconds=1)
#: No instant of a series is later than this.
END = datetime(LAST_YEAR, 12, 31, tzinfo=timezone.utc)
#: Wall times before and after all that a series can have.
_NEVER = datetime(FIRST_YEAR - 1, 1, 1)  # noqa: DTZ001
_ALWAYS = datetime(LAST_YEAR + 1, 1, 1)  # noqa: DTZ001


class Source(Protocol):
    """The instants of a rule, without beginning or end."""

    def since(self, moment: datetime) -> Iterator[datetime]:
        """The instants from ``moment`` on, in their order."""

    def last(self, moment: datetime, *, not_before: datetime) -> datetime | None:
        """The last instant up to ``moment``; None: there is none from ``not_before`` on."""

    def shortest_gap(self) -> timedelta | None:
        """The smallest distance between two neighbours."""


@dataclass(frozen=True)
class Steps:
    """The instant ``start`` and every multiple of ``step`` after it."""

    #: The first instant, in UTC.
    start: datetime
    #: The time between two.
    step: timedelta

    def since(self, moment: datetime) -> Iterator[datetime]:
        """The instants from ``moment`` on."""
        done = max(-((self.start - moment) // self.step), 0)
        try:
            while True:
                yield self.start + done * self.step
                done += 1
        except OverflowError:
            return

    def last(self, moment: datetime, *, not_before: datetime) -> datetime | None:
        """The last instant that is not after ``moment``."""
        if moment < self.start:
            return None
        return self.start + (moment - self.start) // self.step * self.step

    def shortest_gap(self) -> timedelta | None:
        """The step."""
        return self.step


@dataclass(frozen=True)
class Walls:
    """The instants at which clocks in a zone show the wall times of a rule."""

    #: The rule.
    rule: CronRule | RRule
    #: The zone.
    place: ZoneInfo

    def since(self, moment: datetime) -> Iterator[datetime]:
        """The instants from ``moment`` on."""
        before = None
        for each in self.rule.since(self._begin(moment)):
            found = first_instant(each, self.place)
            if found >= moment and found != before:
                yield found
                before = found

    def last(self, moment: datetime, *, not_before: datetime) -> datetime | None:
        """The last instant that is not after ``moment``."""
        shown = wall(moment, self.place)
        found = None
        # Clocks that were put back may have shown later times already.
        for each in self.rule.since(shown + _SECOND):
            if (at := first_instant(each, self.place)) > moment:
                break
            found = at
        if found is None:
            last = self.rule.last(shown, not_before=self._begin(not_before))
            found = first_instant(last, self.place) if last else None
        return found if found is not None and found >= not_before else None

    def _begin(self, moment: datetime) -> datetime:
        """A wall time before all those whose instants are at or after ``moment``.

        It is not what clocks show then: the times within a gap come at its end.
        """
        return wall(moment - _SECOND, self.place) + _SECOND

    def shortest_gap(self) -> timedelta | None:
        """The smallest distance on the clock's face."""
        return self.rule.shortest_gap()


@dataclass(frozen=True, kw_only=True)
class Recurrence:
    """The instants of a series from ``start`` to ``until``, both inclusive; all in UTC."""

    #: Where the instants come from.
    source: Source
    #: The job's ``run-at``.
    start: datetime
    #: The end; nothing comes after it.
    until: datetime
    #: The key of the job that holds the rule.
    field: str
    #: The rule's text.
    text: str
    #: How many instants the series has; None: no limit.
    count: int | None = None
    #: An instant of the series and its number, from 1, from which to count; None: from the start.
    known: tuple[datetime, int] | None = None
    #: How many instants are counted on the way to one that is asked about; None: all.
    patience: int | None = None
    #: The furthest instant to which was counted, with its number.
    _reached: list[tuple[datetime, int]] = dataclasses.field(
        default_factory=list, compare=False, repr=False
    )

    def first(self) -> datetime | None:
        """The first instant; None: there is none."""
        return next(self.since(self.start), None)

    def after(self, moment: datetime) -> datetime | None:
        """The first instant after ``moment``; None: the series is over."""
        return next(self.since(_whole(moment) + _SECOND), None)

    def between(self, after: datetime, to: datetime) -> Iterator[datetime]:
        """The instants after ``after`` and up to ``to``."""
        return takewhile(lambda each: each <= to, self.since(_whole(after) + _SECOND))

    def latest(self, now: datetime) -> datetime | None:
        """The last instant up to ``now``; None: none has come yet."""
        moment = min(_whole(now), self.until)
        if moment < self.start:
            return None
        with self._within_bounds():
            if self.count is None:
                return self.source.last(moment, not_before=self.start)
            return max((at for _, at in self._counted(moment, moment)), default=None)

    def since(self, moment: datetime) -> Iterator[datetime]:
        """The instants from ``moment`` on, in order."""
        with self._within_bounds():
            if self.count is None:
                found = self.source.since(max(moment, self.start))
                yield from takewhile(lambda each: each <= self.until, found)
                return
            yield from (at for _, at in self._counted(moment, self.until) if at >= moment)

    def number(self, moment: datetime) -> int:
        """How many instants there are up to ``moment``; of an instant, its number."""
        with self._within_bounds():
            return max((number for number, _ in self._counted(moment, moment)), default=0)

    @property
    def endless(self) -> Recurrence:
        """The same series without its count, which need not be counted."""
        return replace(self, count=None, _reached=[])

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that differ for each rule, start and zone."""
        said = f"{self.source} {format_instant(self.start)}"
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def _counted(self, moment: datetime, to: datetime) -> Iterator[tuple[int, datetime]]:
        """The instants up to ``to`` with their numbers, from a known one before ``moment`` on."""
        places = [place for place in (*self._reached, self.known) if place and place[0] <= moment]
        begin, number = max(places, default=(self.start, 1))
        last = number + self.patience if self.patience is not None else None
        for each in self.source.since(begin):
            if each > to or (self.count is not None and number > self.count):
                return
            if each <= moment:
                self._reached[:] = [max([(each, number), *self._reached])]
                if last is not None and number >= last:
                    raise self._uncounted()
            yield number, each
            number += 1

    def shortest_gap(self) -> timedelta | None:
        """The smallest distance between two neighbours, as far as they are compared."""
        with self._within_bounds():
            return self.source.shortest_gap()

    def _uncounted(self) -> InvalidJob:
        since = f"over {self.patience} instants came since run-at, {format_instant(self.start)}"
        problem = f"takes too long to be counted: {since}, and no journal says which one this is"
        fix = "write a later run-at, or until in the place of count"
        return refusal("count", self.count, problem, fix)

    @contextmanager
    def _within_bounds(self) -> Iterator[None]:
        """Turn a search that is given up, or that raises, into a refusal of the rule."""
        with blamed(self.field, self.text):
            try:
                yield
            except GivenUp as rare:
                problem = f"{rare}, and longer is not looked for one"
                fix = "write a rule that comes more often"
                raise refusal(self.field, self.text, problem, fix) from rare


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


@lru_cache(maxsize=1024)
def rule_of_keys(
    *,
    cron: str | None,
    rrule: str | None,
    every: timedelta | None,
    start: datetime,
    place: str,
    until: datetime | None,
    count: int | None,
) -> Recurrence:
    """The rule in the keys of a job: ``every``, else ``rrule``, else ``cron``.

    Raises:
        InvalidJob: a key can't be read, or does not go with another one.
    """
    source: Source
    if every is not None:
        source, field, text = Steps(start, every), "every", format_duration(every)
    else:
        clocks = zone(place, field="timezone")
        if rrule is not None:
            rule = RRule(rrule_text("rrule", rrule), wall(start, clocks))
            until, count = _own_end(rule, clocks, until, count)
            source, field, text = Walls(rule, clocks), "rrule", rrule
        else:
            text = cron_text("cron", cron or "")
            source, field = Walls(CronRule(text), clocks), "cron"
    end = min(until or END, END)
    if every is not None and count is not None:
        # The last of so many equal steps is known without counting them.
        end, count = min(end, start + min(count - 1, (END - start) // every) * every), None
    return Recurrence(source=source, start=start, until=end, field=field, text=text, count=count)


def _own_end(
    rule: RRule, clocks: ZoneInfo, until: datetime | None, count: int | None
) -> tuple[datetime | None, int | None]:
    """The end that a rule has in its own text, else that of the keys ``until`` and ``count``."""
    for name, own, beside in (("count", rule.count, count), ("until", rule.until, until)):
        if own is not None and beside is not None:
            raise refusal("rrule", rule.text, f"has {name} too", "keep one of them")
    if rule.until is None:
        return until, count or rule.count
    moment, utc = rule.until
    if utc:
        return moment.replace(tzinfo=timezone.utc), count
    # At the ends of the calendar no zone has a time in UTC.
    return first_instant(min(max(moment, _NEVER), _ALWAYS), clocks), count


def fires(rule: Recurrence) -> None:
    """Check that a rule has an instant at all.

    Raises:
        InvalidJob: it never fires, or not before its end.
    """
    if rule.first() is None:
        never = "never fires"
        if rule.until < END:
            never = f"has no instant between run-at and {format_instant(rule.until)}"
        raise refusal(rule.field, rule.text, never, "write another rule, or a later end")


def check(rule: Recurrence, *, shortest: timedelta) -> None:
    """Check that a rule fires, and not more often than it may.

    Raises:
        InvalidJob: it never fires, or two of its instants are nearer than ``shortest``.
    """
    fires(rule)
    gap = rule.shortest_gap()
    if gap is not None and gap < shortest:
        least = format_duration(shortest)
        raise InvalidJob(
            f"{rule.field}: {rule.text!r} comes {format_duration(gap)} apart; "
            f"limits.shortest-interval allows {least} or more"
        )
