"""Asks how late the jobs of a queue were, and which are overdue."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from scheduler.commands.at_work import clock_at_work, nobody_wakes
from scheduler.commands.history import past
from scheduler.commands.stats import Stats, Waiting, stats
from scheduler.commands.stuck import stuck
from scheduler.commands.watchdog import Overdue, advice, overdue
from scheduler.connection import Connection
from scheduler.errors import UsageError, options
from scheduler.times import instants

#: How an instant begins; everything else is how long ago.
INSTANT = re.compile(r"[0-9]{4}-")


def begin(since: str) -> datetime | timedelta:
    """The begin of the period that ``--since`` names: an instant, or how long ago.

    Raises:
        UsageError: it is neither.
    """
    with options():
        if INSTANT.match(since):
            return instants.instant(since, field="--since", timezone=None)
        return instants.duration(since, field="--since", or_instant=True)


def allowed(grace: str) -> timedelta:
    """How late a job may be before it is overdue.

    Raises:
        UsageError: ``--grace`` is no duration.
    """
    with options():
        return instants.duration(grace, field="--grace", allow_zero=True)


def waiting(connection: Connection, grace: timedelta) -> Waiting:
    """The jobs that could have run for longer than ``grace``, and what keeps runs from running."""
    now, late = _late(connection, grace)
    fix = advice(connection.queue.repository, connection.settings)
    found = stuck(connection, now, grace)
    return Waiting(now=now, overdue=tuple(late), fix=fix, stuck=found)


def lateness(connection: Connection, since: str, grace: timedelta) -> Stats:
    """How late dispatches were ``since`` then, and what is overdue.

    Raises:
        UsageError: it is no time that is past.
    """
    began = begin(since)
    now, late = _late(connection, grace)
    asked = began if isinstance(began, datetime) else now - began
    if asked >= now:
        raise UsageError(f"--since: {since!r} is not past; write how far back, such as 7d")
    read = past(connection, asked, connection.seen)
    found = stats(read.entries, asked=asked, since=read.since, until=now, overdue=late)
    queue, clock, settings = connection.queue, connection.clock, connection.settings
    stopped = nobody_wakes(queue, clock, settings, connection.seen, connection.lender)
    return replace(found, clock=clock_at_work(queue, settings), stopped=stopped)


def _late(connection: Connection, grace: timedelta) -> tuple[datetime, list[Overdue]]:
    now, queue = connection.clock.now(), connection.queue
    connection.seen[:] = queue.open_tickets()
    found = overdue(
        connection.seen, connection.settings, now, grace=grace, repository=queue.repository
    )
    return now, found
