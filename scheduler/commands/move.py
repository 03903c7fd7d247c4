"""Moves a job to another time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from scheduler.commands.answer import Created, shown_in, stop_lines
from scheduler.commands.find import READS, being_changed, find, shown_state
from scheduler.commands.job_of import instant_of, timed
from scheduler.commands.look import Seen, look
from scheduler.commands.request import Request
from scheduler.commands.revive import rouse
from scheduler.connection import Connection
from scheduler.errors import InvalidJob, Refused, UsageError
from scheduler.job import frontmatter
from scheduler.job.model import Job
from scheduler.policy import series
from scheduler.policy.job_text import waiting
from scheduler.policy.series import retitled
from scheduler.times import instants, recurrence


def need_time(request: Request) -> Request:
    """The request, if it names a time.

    Raises:
        UsageError: it names none.
    """
    if request.get("run-at") is None and request.get("in") is None:
        raise UsageError("time: say when, with --at 2026-11-23T09:00:00Z or --in 2h")
    return request


def reschedule(connection: Connection, number: int, request: Request) -> Created:
    """Move a job to the time that ``request`` says.

    A closed one is reopened, as another occurrence.

    Raises:
        UsageError, InvalidJob: the time is wrong.
        Refused: it is past, or as ``_moved``.
    """
    now, default = connection.clock.now(), connection.settings.defaults.timezone
    with request.naming():
        request = timed(request, now=now, zone=default)
        run_at = instant_of(request, now=now, zone=default)
    seen, job = _moved(connection, number, run_at)
    job = job.at(series.expected(job, title="", touched=now))
    notes = stop_lines(seen.state, number)
    if job.recurring and seen.job is not None:
        before = series.expected(seen.job, title="", touched=now)
        notes = [*of_series(number, run_at, before, job.run_at, now), *notes]
    if seen.not_before and seen.not_before > job.run_at:
        job = job.at(seen.not_before)
        back = f"'schedule snooze {number} --for 1s' takes that back"
        notes = [f"it was put off until then; {back}", *notes]
    return Created(
        ticket=seen.ticket,
        job=job,
        created=False,
        moved=True,
        state=seen.state,
        now=now,
        nudged=rouse(connection, job, nudge=request.nudge),
        zone=request.get("timezone") or shown_in(job, connection.settings),
        notes=tuple(notes),
    )


def of_series(
    number: int, start: datetime, before: datetime, after: datetime, now: datetime
) -> list[str]:
    """What another start does to a series, and what puts off its next run alone.

    ``before`` and ``after`` are its next instants.
    """
    same = "is as before" if before == after else f"was {instants.format_instant(before)} before"
    # In whole minutes, as people say it.
    minutes = timedelta(minutes=max(round((start - now) / timedelta(minutes=1)), 1))
    begins, length = instants.format_instant(start), instants.format_duration(minutes)
    return [
        f"it is a series: its start is {begins} now, and its next instant {same}",
        f"to put off its next run alone, say 'schedule snooze {number} --for {length}'",
    ]


def _moved(connection: Connection, number: int, run_at: datetime) -> tuple[Seen, Job]:
    """Write ``run_at`` into an issue, and open it.

    Title and text are written whole, so the issue is read again right before, and what somebody
    changed meanwhile is kept.

    Raises:
        Refused: the job's own text can't be read, or somebody goes on changing it, or has just
            closed it.
    """
    ticket = find(connection, number)
    for _ in range(READS):
        seen = look(connection, ticket)
        job, changes = _changes(connection, seen, run_at)
        again = connection.queue.ticket(number) if ticket.comments else ticket
        if again is None or again.open != ticket.open:
            raise Refused(
                f"ID: #{number} was {'reopened' if again and again.open else 'closed'} meanwhile; "
                "repeat this if it is meant all the same"
            )
        if (again.title, again.body) == (ticket.title, ticket.body):
            ticket = connection.queue.edit(number, **changes)
            return replace(seen, ticket=ticket, state=shown_state(connection, ticket)), job
        ticket = again
    raise being_changed(number)


def _changes(connection: Connection, seen: Seen, run_at: datetime) -> tuple[Job, dict[str, Any]]:
    """The job of an issue at another time, and the changes to the issue."""
    ticket, number = seen.ticket, seen.ticket.number
    try:
        read, _ = waiting(ticket, connection.settings, queue=connection.queue.repository)
    except InvalidJob as problem:
        raise Refused(f"ID: #{number} can't be read ({problem}); mend its text first") from problem
    said, job = read.said.at(run_at), read.job.at(run_at)
    if said.signature is not None and connection.settings.signing != "off":
        raise Refused(f"ID: #{number} is signed for its own time; cancel it and create another")
    deadline = said.deadline
    if isinstance(deadline, datetime) and deadline < run_at:
        raise Refused(
            f"deadline: {instants.format_instant(deadline)} is before "
            f"{instants.format_instant(run_at)}; "
            "edit the issue's deadline first"
        )
    frontmatter.agree(said)
    if (rule := series.written_rule(job)) is not None:
        recurrence.fires(rule)
    changes: dict[str, Any] = {"body": frontmatter.render(said)}
    # Of a series the title shows the next instant, which need not be its start.
    first = series.expected(job, title="", touched=connection.clock.now())
    comes = max(first, seen.not_before or first)
    if (title := retitled(ticket.title, comes)) != ticket.title:
        changes["title"] = title
    if not ticket.open:
        changes["state"] = "open"
    return job, changes
