"""The occurrence that a job is at: which instant is next, and what became of those before.

It follows from the rule, the journal and ``now``, never from when a tick came, so nothing
drifts. A one-off job is a series of one instant.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from scheduler.job.model import Job, first_try, occurrence_instant
from scheduler.journal.journal import ENDS, NEVER_STARTED, Entry, History, Journal
from scheduler.journal.slash import Command
from scheduler.policy import retries
from scheduler.times.instants import format_instant
from scheduler.times.recurrence import END, Recurrence, rule_of_keys

#: How many instants of a series without a journal are counted from its start; a text that asks
#: for more is refused. A series with a journal counts on from there.
FRESH = 2_000
#: The most instants that are counted as passed over.
COUNTED = 1000
#: The instant in a title, as ``schedule create`` writes it.
TITLE = re.compile(
    r"(?P<head>⏰ .{1,300}? at )(?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(?P<tail>: .*)?",
    re.DOTALL,
)

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The occurrence that a job is at."""

    #: The occurrence key.
    key: str
    #: Its instant by the rule, or when its command was written; UTC.
    instant: datetime
    #: The instant from which it may run: after jitter and ``/snooze``; UTC.
    due: datetime
    #: Why it is skipped.
    skip: str | None = None
    #: The command that asks for it.
    command: Command | None = None
    #: Whether the series has no further occurrence.
    over: bool = False
    #: Whether the record is gone of what ran before.
    lost: bool = False
    #: Whether its run may be under way, and decides what becomes of the job.
    running: bool = False
    #: Of a try after the first: the last instant at which it may be sent, UTC; None: no limit.
    expires: datetime | None = None


def locate(
    job: Job,
    history: History,
    *,
    name: Callable[[datetime | int], str],
    now: datetime,
    begun: bool = False,
    commands: Iterable[Command] = (),
    stays: bool = False,
    reopened: bool = False,
) -> Place:
    """The occurrence that ``job`` is at.

    Args:
        job: the job with its defaults.
        history: the records on its issue.
        name: makes an occurrence key of an instant or of a command's comment id.
        now: the tick's own time.
        begun: whether the issue shows that the series has a journal.
        commands: the commands that no journal records yet.
        stays: whether a job that comes once stays open until its run has ended.
        reopened: whether its issue is open, as ``retries.step`` asks for it.
    """
    journal, said = history.journal, list(commands)
    rule = rule_of(job, journal, begun=begun)
    gone = rule is not None and lost(history, begun=begun)
    held = journal.held
    # A command on an occurrence on hold belongs to it; any other command comes first.
    others = [each for each in said if name(each.comment_id) != held]
    if others and not gone:
        at = others[0].said_at
        key = name(others[0].comment_id)
        return Place(key=key, instant=at, due=at, command=others[0])
    if held:
        instant = occurrence_instant(held) or journal.of(held)[0].at
        return Place(key=held, instant=instant, due=instant, command=next(iter(said), None))
    if rule is None:
        once = _once(job, journal, name)
        step = retries.step(journal, first_try(once.key), stays=stays, reopened=reopened)
        return _tried(job, journal, once, step) if step else once
    comes = _next(job, rule, journal, name, now=now, gone=gone)
    if gone or journal.ran is None:
        return replace(comes, lost=gone)
    return _again(job, journal, comes, now=now, stays=stays)


def _again(job: Job, journal: Journal, comes: Place, *, now: datetime, stays: bool) -> Place:
    """The retry of the last run of a series, unless the next instant ``comes`` before it.

    The newer occurrence goes on: what was left of the older one's retries is dropped, but for what
    a person wants.
    """
    last = first_try(journal.ran.key) if journal.ran else ""
    step = retries.step(journal, last, stays=stays)
    if step is None or any(e.outcome in ENDS for e in journal.of(step.key) if step.due):
        return comes
    if step.due is None:
        # After its last instant a series waits for what that comes to.
        return replace(comes, over=False, running=True) if comes.over and step.running else comes
    instant = occurrence_instant(last) or step.due
    place = _tried(job, journal, replace(comes, instant=instant, skip=None, over=False), step)
    first = step.wanted or comes.over or place.due < comes.due > now
    return place if first else comes


def _tried(job: Job, journal: Journal, place: Place, step: retries.Step) -> Place:
    """The ``place`` of an occurrence at a try of it."""
    if step.due is None:
        return replace(place, key=step.key, running=step.running)
    limit = None if step.wanted else retries.expires(job, journal, first_try(step.key))
    due = max(step.due, put_off(journal) or step.due)
    return replace(place, key=step.key, due=due, expires=limit)


def _once(job: Job, journal: Journal, name: Callable[[datetime | int], str]) -> Place:
    done = None
    if journal.instead and journal.instead.instead_of == job.run_at:
        done = journal.instead.key
    elif journal.furthest and (position(journal) or job.run_at) >= job.run_at:
        # It was a series before: an instant that ended then does not run again.
        done = journal.furthest.key
    key = done or name(job.run_at)
    due = max(job.run_at + jitter(key, job.jitter), put_off(journal) or job.run_at)
    return Place(key=key, instant=job.run_at, due=job.run_at if done else due)


def _next(
    job: Job,
    rule: Recurrence,
    journal: Journal,
    name: Callable[[datetime | int], str],
    *,
    now: datetime,
    gone: bool,
) -> Place:
    not_before = put_off(journal)

    def due(instant: datetime) -> datetime:
        gap = (rule.after(instant) or instant + timedelta(days=36_525)) - instant
        spread = jitter(name(instant), min(job.jitter, gap - _SECOND) if job.jitter else None)
        return max(instant + spread, not_before or instant)

    def at(instant: datetime, *, skip: str | None = None) -> Place:
        return Place(key=name(instant), instant=instant, due=due(instant), skip=skip)

    if gone and (latest := rule.latest(now)):
        return at(latest, skip=_lost(rule.after(latest)))
    reached = position(journal)
    first = rule.first() if reached is None else rule.after(reached)
    if first is None:
        end = reached or job.run_at
        return Place(key=name(end), instant=end, due=end, over=True)
    latest = rule.latest(now)
    if latest is not None and latest > first and due(latest) > now:
        latest = rule.latest(latest - _SECOND)
    if latest is None or latest <= first or due(first) > now:
        return at(first)
    misfire = job.misfire or "latest"
    if misfire == "all":
        return at(_expired(job, rule, first, now, not_before) or first)
    if misfire == "skip" and job.when and rule.after(first) == latest:
        return at(first)  # it was waited for, not missed: it is asked about a last time
    if misfire == "skip":
        number = _between(rule, first, latest) + 1
        words = f"{number} instants passed before it could run, and misfire is 'skip'"
        return at(latest, skip=words)
    return at(latest)


def position(journal: Journal) -> datetime | None:
    """The latest instant of a series that has ended; None: none has."""
    return occurrence_instant(journal.furthest.key) if journal.furthest else None


def rule_of(job: Job, journal: Journal, *, begun: bool = False) -> Recurrence | None:
    """The rule of a series; None of a one-off. A count goes on from where the journal says it is.

    The journal's count holds only for the rule, start and zone that it was made for. ``begun``: the
    issue shows that the series has a journal, though ``journal`` may not be it.
    """
    rule, reached = written_rule(job), journal.furthest
    if rule is None or rule.count is None:
        return rule
    if reached is None and not begun:
        return replace(rule, patience=FRESH)
    if reached is None or reached.counted != rule.digest:
        return rule
    instant = occurrence_instant(reached.key)
    known = (instant, reached.nth) if instant is not None and reached.nth else None
    # An equal rule of another issue may be cached: it keeps the count of its own.
    return replace(rule, known=known, _reached=[])


def counted(entry: Entry, job: Job, journal: Journal, *, lost: bool = False) -> Entry:
    """The entry of an ended instant with its number in the series, and how many it passed over.

    ``lost``: the record of what ran before is gone.

    Raises:
        InvalidJob: the rule can't be worked out.
    """
    rule, instant = rule_of(job, journal), occurrence_instant(entry.key)
    if rule is None or instant is None or entry.outcome not in ENDS:
        return entry
    if not lost:
        entry = replace(entry, passed=passed_over(job, journal, instant) or None)
    if rule.count is None:
        return entry
    return replace(entry, nth=rule.number(instant), counted=rule.digest)


def over(job: Job, journal: Journal) -> bool:
    """Whether the last instant of a series has ended."""
    rule, reached = rule_of(job, journal), position(journal)
    return rule is not None and reached is not None and rule.after(reached) is None


def passed_over(job: Job, journal: Journal, instant: datetime) -> int:
    """How many instants before ``instant`` have no end, and get none."""
    rule, reached = rule_of(job, journal), position(journal)
    if rule is None:
        return 0
    first = rule.first() if reached is None else rule.after(reached)
    return _between(rule, first, instant) if first is not None else 0


def put_off(journal: Journal) -> datetime | None:
    """The instant until which the last command put the job off; None: none did."""
    return journal.put_off.until if journal.put_off else None


def shown(instant: datetime, journal: Journal) -> datetime:
    """The next instant for people: the end of a ``/snooze``, if that is later."""
    return max(instant, put_off(journal) or instant)


def lost(history: History, *, begun: bool) -> bool:
    """Whether the record of a series that has begun is gone or can't be read."""
    entries = history.journal.entries
    told = any(entry.outcome != NEVER_STARTED for entry in entries)
    return bool(history.lost) or (begun and not told)


def _lost(following: datetime | None) -> str:
    after = f"goes on at {format_instant(following)}" if following else "is over"
    return (
        "the journal was deleted or can't be read, so nobody can tell what ran before; the "
        f"series {after}"
    )


def _expired(
    job: Job, rule: Recurrence, first: datetime, now: datetime, not_before: datetime | None
) -> datetime | None:
    """The latest instant whose deadline has passed; it is recorded for those before it, too."""
    if isinstance(job.deadline, timedelta):
        if not_before is not None and now <= not_before + job.deadline:
            return None  # a deadline counts from when a job may run
        latest = rule.latest(now - job.deadline - (job.jitter or timedelta()) - _SECOND)
        return latest if latest is not None and latest >= first else None
    if job.deadline is not None and job.deadline < now:
        return rule.latest(now)
    return None


def _between(rule: Recurrence, first: datetime, last: datetime) -> int:
    """How many instants there are from ``first`` to before ``last``; at most ``COUNTED``."""
    return sum(1 for _ in islice(rule.between(first - _SECOND, last - _SECOND), COUNTED))


def jitter(key: str, longest: timedelta | None) -> timedelta:
    """How much later than its instant an occurrence runs: from zero to ``longest``.

    It follows from the key alone, so every tick computes the same.
    """
    if longest is None or longest <= timedelta():
        return timedelta()
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    return timedelta(seconds=number % (int(longest.total_seconds()) + 1))


def titled(title: str) -> datetime | None:
    """The instant in a title that the scheduler wrote; None: a person wrote the title."""
    match = TITLE.fullmatch(title)
    return occurrence_instant(f"@{match['instant']}") if match else None


def expected(
    job: Job, *, title: str, touched: datetime, journal: Journal | None = None
) -> datetime:
    """The instant that an open job waits for, as far as its issue shows it without its comments.

    For display alone. Of a series it is the instant in the title, unless a person wrote the title;
    then the first after ``touched``, when the issue was last changed, since each occurrence changes
    it. Only the ``journal`` tells whether a count is used up; an open issue shows that it is not.
    """
    rule = written_rule(job)
    if rule is None:
        return job.run_at
    if (shown := titled(title)) is not None:
        return shown
    rule = rule.endless if journal is None else rule_of(job, journal) or rule
    return rule.after(touched) or rule.latest(END) or job.run_at


def retitled(title: str, moment: datetime) -> str:
    """The title with the next instant in it; a person's own title stays as it is."""
    match = TITLE.fullmatch(title)
    if match is None:
        return title
    return f"{match['head']}{format_instant(moment)}{match['tail'] or ''}"


def written_rule(job: Job) -> Recurrence | None:
    """The rule of a job; None of a one-off.

    Raises:
        InvalidJob: its keys don't fit together.
    """
    if not job.recurring:
        return None
    return rule_of_keys(
        cron=job.cron,
        rrule=job.rrule,
        every=job.every,
        start=job.run_at,
        place=job.timezone or "UTC",
        until=job.until,
        count=job.count,
    )
