"""Where a job stands in its series: which instant is next, and what became of those before.

Everything follows from the rule, the journal and ``now``; nothing is counted from when a tick
happened to look, so nothing drifts. A job that comes once is a series of one instant.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from scheduler.job.model import Job, occurrence_instant
from scheduler.journal.journal import ENDS, NEVER_STARTED, Entry, History, Journal
from scheduler.journal.slash import Command
from scheduler.times.instants import format_instant
from scheduler.times.recurrence import END, Recurrence, rule_of_keys

#: So many instants of a series that has no journal yet are counted from its start; a text that
#: asks for more is refused. What has a journal has run, so it may take its time, and once only.
FRESH = 2_000
#: Beyond this, how many instants were passed over is not counted any further.
COUNTED = 1000
#: The instant in a title, as ``schedule create`` writes it.
TITLE = re.compile(
    r"(?P<head>⏰ .{1,300}? at )(?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)(?P<tail>: .*)?",
    re.DOTALL,
)

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Place:
    """The occurrence that a job is at.

    ``instant`` is what its rule says, ``due`` the same after jitter and snoozing, ``skip`` why
    it is not to run, ``command`` what asked for it, if its own rule did not. ``over``: there is
    none left; ``lost``: nobody can tell any more what ran before.
    """

    key: str
    instant: datetime
    due: datetime
    skip: str | None = None
    command: Command | None = None
    over: bool = False
    lost: bool = False


def locate(
    job: Job,
    history: History,
    *,
    name: Callable[[datetime | int], str],
    now: datetime,
    begun: bool = False,
    commands: Iterable[Command] = (),
) -> Place:
    """The occurrence of ``job`` that is to be looked at, at ``now``.

    ``name`` makes an occurrence's key of its instant or of a comment's id. ``begun``: the
    issue shows that the series has a journal. ``commands`` are what comments ask for, and no
    journal says was dealt with.
    """
    journal, said = history.journal, list(commands)
    rule = rule_of(job, journal, begun=begun)
    gone = rule is not None and lost(history, begun=begun)
    held = journal.held
    # Of what is on hold people say what became of it; else what they ask for comes first.
    others = [each for each in said if name(each.comment_id) != held]
    if others and not gone:
        at = others[0].said_at
        key = name(others[0].comment_id)
        return Place(key=key, instant=at, due=at, command=others[0])
    if held:
        instant = occurrence_instant(held) or journal.of(held)[0].at
        return Place(key=held, instant=instant, due=instant, command=next(iter(said), None))
    if rule is None:
        return _once(job, journal, name)
    return replace(_next(job, rule, journal, name, now=now, gone=gone), lost=gone)


def _once(job: Job, journal: Journal, name: Callable[[datetime | int], str]) -> Place:
    done = None
    if journal.instead and journal.instead.instead_of == job.run_at:
        done = journal.instead.key
    elif journal.furthest and (position(journal) or job.run_at) >= job.run_at:
        # It was a series once: what that has dealt with is never dealt with again.
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
    """The latest instant of a series that was dealt with; None: none yet."""
    return occurrence_instant(journal.furthest.key) if journal.furthest else None


def rule_of(job: Job, journal: Journal, *, begun: bool = False) -> Recurrence | None:
    """The rule of a series, which counts its instants from where its journal says that it is.

    What was written down of another rule, start or zone says nothing of this one. ``begun``: the
    issue shows that the series has a journal, though this may not be it.
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
    # Of another issue's series the same may be said; what is counted from here is its own.
    return replace(rule, known=known, _reached=[])


def counted(entry: Entry, job: Job, journal: Journal, *, lost: bool = False) -> Entry:
    """The end of an instant with what its series counts: itself, and what it passed over.

    ``lost``: nobody knows what was before it.

    Raises:
        InvalidJob: its rule can't be worked out.
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
    """Whether the last instant of a series was dealt with."""
    rule, reached = rule_of(job, journal), position(journal)
    return rule is not None and reached is not None and rule.after(reached) is None


def passed_over(job: Job, journal: Journal, instant: datetime) -> int:
    """How many instants before ``instant`` have had no end yet, and get none of their own."""
    rule, reached = rule_of(job, journal), position(journal)
    if rule is None:
        return 0
    first = rule.first() if reached is None else rule.after(reached)
    return _between(rule, first, instant) if first is not None else 0


def put_off(journal: Journal) -> datetime | None:
    """Until when the job was put off by the last command that did so."""
    return journal.put_off.until if journal.put_off else None


def shown(instant: datetime, journal: Journal) -> datetime:
    """The instant that people are shown as the next: that until which it was put off, if later."""
    return max(instant, put_off(journal) or instant)


def lost(history: History, *, begun: bool) -> bool:
    """Whether the record of a series that has begun is gone, or can't be read any more."""
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
    """The latest of the instants whose deadline is over: they are told of together."""
    if isinstance(job.deadline, timedelta):
        if not_before is not None and now <= not_before + job.deadline:
            return None  # a deadline counts from when a job may run
        latest = rule.latest(now - job.deadline - (job.jitter or timedelta()) - _SECOND)
        return latest if latest is not None and latest >= first else None
    if job.deadline is not None and job.deadline < now:
        return rule.latest(now)
    return None


def _between(rule: Recurrence, first: datetime, last: datetime) -> int:
    """How many instants there are from ``first`` on before ``last``, as far as is counted."""
    return sum(1 for _ in islice(rule.between(first - _SECOND, last - _SECOND), COUNTED))


def jitter(key: str, longest: timedelta | None) -> timedelta:
    """How much later than its instant an occurrence runs: from nothing to ``longest``.

    It follows from the key alone, so every tick on every machine finds the same.
    """
    if longest is None or longest <= timedelta():
        return timedelta()
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    return timedelta(seconds=number % (int(longest.total_seconds()) + 1))


def titled(title: str) -> datetime | None:
    """The instant in a title that the scheduler or the command line wrote; None: a person did."""
    match = TITLE.fullmatch(title)
    return occurrence_instant(f"@{match['instant']}") if match else None


def expected(
    job: Job, *, title: str, touched: datetime, journal: Journal | None = None
) -> datetime:
    """The instant that an open job waits for, as far as its issue shows it without its comments.

    For display alone. A series' title says it, if nobody wrote another. Else it is the first
    after ``touched``, when the issue was last changed: each occurrence does that. Whether its
    count is used up only its ``journal`` tells, and an open issue shows that it is not.
    """
    rule = written_rule(job)
    if rule is None:
        return job.run_at
    if (shown := titled(title)) is not None:
        return shown
    rule = rule.endless if journal is None else rule_of(job, journal) or rule
    return rule.after(touched) or rule.latest(END) or job.run_at


def retitled(title: str, moment: datetime) -> str:
    """The title with the next instant in it; one that a person wrote is left as it is."""
    match = TITLE.fullmatch(title)
    if match is None:
        return title
    return f"{match['head']}{format_instant(moment)}{match['tail'] or ''}"


def written_rule(job: Job) -> Recurrence | None:
    """The rule of a job; None of one that comes once.

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
