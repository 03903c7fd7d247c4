"""Where a job stands in its series: which instant is next, and what became of those before.

Everything follows from the rule, the journal and ``now``; nothing is counted from when a tick
happened to look, so nothing drifts. A job that comes once is a series of one instant.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from scheduler.commands import Command
from scheduler.journal import NEVER_STARTED, History, Journal
from scheduler.model import Job, occurrence_comment, occurrence_instant
from scheduler.recurrence import Recurrence, of
from scheduler.states import HANDLED, State
from scheduler.when import format_instant

#: Beyond this, how many instants were passed over is not counted any further.
COUNTED = 1000
#: The instant in a title, as ``schedule create`` writes it.
TITLE = re.compile(
    r"(?P<head>⏰ .{1,300}? at )\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?P<tail>: .*)?", re.DOTALL
)

_SECOND = timedelta(seconds=1)
_HANDLED = {state.value for state in HANDLED}


@dataclass(frozen=True, kw_only=True)
class Place:
    """The occurrence that a job is at.

    ``instant`` is what its rule says, ``due`` the same after jitter and snoozing, ``passed``
    how many instants before it will not run any more, ``skip`` why it is itself not to run,
    ``command`` what asked for it, if its own rule did not. ``over``: there is none left.
    """

    key: str
    instant: datetime
    due: datetime
    passed: int = 0
    skip: str | None = None
    command: Command | None = None
    over: bool = False


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
    issue shows that the series has a journal. ``commands`` are what comments ask for.
    """
    journal = history.journal
    if key := _held(journal):
        said = journal.of(key)
        instant = occurrence_instant(key) or said[0].at
        return Place(key=key, instant=instant, due=min(instant, said[0].at))
    for command in commands:
        if command.comment_id > (journal.handled or 0):
            said_at = command.said_at
            key = name(command.comment_id)
            return Place(key=key, instant=said_at, due=said_at, command=command)
    rule = of(job)
    if rule is None:
        return _once(job, journal, name)
    return _next(job, rule, history, name, now, begun=begun)


def _held(journal: Journal) -> str | None:
    """The occurrence of which a person has to say what became of it."""
    last = {entry.key: entry.outcome for entry in journal.entries}
    return next((key for key, outcome in last.items() if outcome == State.HELD.value), None)


def _once(job: Job, journal: Journal, name: Callable[[datetime | int], str]) -> Place:
    ran = [e.key for e in journal.entries if e.outcome == State.DISPATCHED.value]
    by_comment = next((key for key in ran if occurrence_comment(key)), None)
    key = by_comment or name(job.run_at)
    due = max(job.run_at + jitter(key, job.jitter), put_off(journal) or job.run_at)
    return Place(key=key, instant=job.run_at, due=job.run_at if by_comment else due)


def _next(
    job: Job,
    rule: Recurrence,
    history: History,
    name: Callable[[datetime | int], str],
    now: datetime,
    *,
    begun: bool,
) -> Place:
    journal = history.journal
    not_before = put_off(journal)

    def due(instant: datetime) -> datetime:
        gap = (rule.after(instant) or instant + timedelta(days=36_525)) - instant
        spread = jitter(name(instant), min(job.jitter, gap - _SECOND) if job.jitter else None)
        return max(instant + spread, not_before or instant)

    def at(instant: datetime, *, passed: int = 0, skip: str | None = None) -> Place:
        key = name(instant)
        return Place(key=key, instant=instant, due=due(instant), passed=passed, skip=skip)

    if lost(history, begun=begun) and (latest := rule.latest(now)):
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
        expired = _expired(job, rule, first, now, not_before)
        return at(expired, passed=_between(rule, first, expired)) if expired else at(first)
    passed = _between(rule, first, latest)
    if misfire == "skip":
        words = f"{passed + 1} instants passed without a tick, and misfire is 'skip'"
        return at(latest, passed=passed, skip=words)
    return at(latest, passed=passed)


def position(journal: Journal) -> datetime | None:
    """The latest instant of a series that was dealt with; None: none yet."""
    done = (occurrence_instant(e.key) for e in journal.entries if e.outcome in _HANDLED)
    return max(filter(None, done), default=None)


def put_off(journal: Journal) -> datetime | None:
    """Until when the job was put off by the last command that did so."""
    return next((e.until for e in reversed(journal.entries) if e.until is not None), None)


def lost(history: History, *, begun: bool) -> bool:
    """Whether the record of a series that has begun is gone, or can't be read any more."""
    entries = history.journal.entries
    seen = max((entry.seen or 0 for entry in entries), default=0)
    if any(number > seen for number in history.unreadable):
        return True
    return begun and not any(entry.outcome != NEVER_STARTED for entry in entries)


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


def retitled(title: str, moment: datetime) -> str:
    """The title with the next instant in it; one that a person wrote is left as it is."""
    match = TITLE.fullmatch(title)
    if match is None:
        return title
    return f"{match['head']}{format_instant(moment)}{match['tail'] or ''}"
