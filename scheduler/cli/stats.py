"""``schedule stats``: the truth about lateness, and a check for monitors."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from scheduler.cli.group import JSON, QUEUE, complain, connected, show, watch
from scheduler.errors import InvalidJob, SchedulerError, UsageError

if TYPE_CHECKING:
    from scheduler.commands.watchdog import Overdue
    from scheduler.connection import Connection

#: How an instant begins; everything else is how long ago.
INSTANT = re.compile(r"[0-9]{4}-")


@click.command()
@click.option("--since", default="7d", metavar="TIME", help="From when on: 7d, or an instant.")
@click.option("--overdue", is_flag=True, help="Only list overdue jobs; exit 1 if there are any.")
@click.option("--grace", default="5m", metavar="DURATION", help="Overdue is later than this; 5m.")
@JSON
@QUEUE
def stats(queue: str | None, as_json: bool, since: str, overdue: bool, grace: str) -> None:
    """Show how late jobs were dispatched."""
    from scheduler.commands.watchdog import overdue as overdue_of
    from scheduler.times import instants

    try:
        allowed = instants.duration(grace, field="--grace", allow_zero=True)
    except InvalidJob as problem:
        raise UsageError(str(problem)) from problem
    began = _begin(since)
    connection = connected(queue)
    now = connection.clock.now()
    tickets = list(connection.queue.open_tickets())
    queue_name = connection.queue.repository
    late = overdue_of(tickets, connection.settings, now, grace=allowed, repository=queue_name)
    if overdue:
        _overdue(connection, now, late, as_json=as_json)
        return
    from scheduler.commands.history import past
    from scheduler.commands.stats import stats as stats_of

    asked = began if isinstance(began, datetime) else now - began
    if asked >= now:
        raise UsageError(f"--since: {since!r} is not past; write how far back, such as 7d")
    read = past(connection, asked, tickets)
    found = stats_of(read.entries, asked=asked, since=read.since, until=now, overdue=late)
    show(found.as_json(), as_json, found.table())
    watch(connection, tickets)
    if connection.environment.summary_path:
        _append(connection.environment.summary_path, found.markdown())


def _begin(text: str) -> datetime | timedelta:
    from scheduler.times import instants

    try:
        if INSTANT.match(text):
            return instants.instant(text, field="--since", timezone=None)
        return instants.duration(text, field="--since", or_instant=True)
    except InvalidJob as problem:
        raise UsageError(str(problem)) from problem


def _overdue(connection: Connection, now: datetime, late: list[Overdue], *, as_json: bool) -> None:
    from scheduler.commands.stats import overdue_json, overdue_lines
    from scheduler.commands.watchdog import advice, numbers
    from scheduler.times.instants import format_instant

    data = {"now": format_instant(now), "overdue": [overdue_json(each, now) for each in late]}
    show(data, as_json, "\n".join(overdue_lines(late, now)) or "nothing is overdue")
    if late:
        verb = "is" if len(late) == 1 else "are"
        fix = advice(connection.queue.repository, connection.settings)
        raise SchedulerError(f"{numbers(late)} {verb} overdue; {fix}")


def _append(path: str, markdown: str) -> None:
    from scheduler.github.workflow_commands import summary
    from scheduler.streams import Untold, append

    try:
        append("GITHUB_STEP_SUMMARY", path, summary(markdown))
    except Untold as problem:
        complain(str(problem))
