"""Finds overdue jobs in a list of issues, and warns that the scheduler stays away. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.errors import InvalidJob
from scheduler.job import conditions
from scheduler.job.states import State, queued_label, state_label
from scheduler.policy.job_text import waiting
from scheduler.ports.values import Ticket
from scheduler.settings.model import Settings
from scheduler.times import instants

#: A due job that nobody touched for so long is worth a line. GitHub's cron is late by nature:
#: of a ``*/5`` cron the median gap was measured as 65 minutes. Below half an hour the line
#: would say nothing but that; a job for which half an hour is late needs a holder or another
#: clock, and that is what the line leads to.
UNTOUCHED = timedelta(minutes=30)
#: So many jobs are named in one line.
NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Overdue:
    """A job that could have run and did not."""

    number: int
    url: str
    run_at: datetime
    #: From when on it could have run.
    since: datetime
    #: From when on nothing happened to its issue: the last instant at which the scheduler can
    #: have been there. Later than ``since`` of a job that is being retried.
    untouched: datetime
    #: Its workflow or event.
    target: str


def overdue(
    tickets: Iterable[Ticket],
    settings: Settings,
    now: datetime,
    *,
    grace: timedelta,
    repository: str,
) -> list[Overdue]:
    """The open jobs that could have run for longer than ``grace``, the longest first.

    A text that can't be read, and what is on hold, paused or not approved, waits for a person,
    not for the scheduler.
    """
    found = []
    people = (State.HELD, State.PAUSED, State.APPROVAL)
    waits = {state_label(settings.label, state) for state in people}
    for ticket in tickets:
        if not ticket.open or settings.paused or waits & set(ticket.labels):
            continue
        try:
            read, run_at = waiting(ticket, settings, queue=repository)
        except InvalidJob:
            continue
        job = read.job
        # A job may be opened when its time is past already.
        since = max(run_at, ticket.created_at)
        if job.retries and ticket.comments:
            since += settings.follow  # its run may decide what becomes of it
        if job.when is not None:
            # It may be waiting for that, and says so on its issue.
            since += job.patience or conditions.PATIENCE
        since = max(since, job.at(run_at).late_from())
        if queued_label(settings.label) in ticket.labels:
            # It waits for a run to end, which is followed for no longer.
            since = max(since, ticket.updated_at + settings.follow)
        if now - since > grace:
            late = Overdue(
                number=ticket.number,
                url=ticket.url,
                run_at=run_at,
                since=since,
                untouched=max(since, ticket.updated_at),
                target=job.target,
            )
            found.append(late)
    return sorted(found, key=lambda late: (late.since, late.number))


def warning(
    tickets: Iterable[Ticket], settings: Settings, now: datetime, *, repository: str
) -> str | None:
    """The line that says that the scheduler stays away; None: no sign of that."""
    late = [
        each
        for each in overdue(tickets, settings, now, grace=UNTOUCHED, repository=repository)
        if now - each.untouched > UNTOUCHED
    ]
    if not late:
        return None
    return f"{away(late, now)}; {advice(repository, settings)}"


def away(late: Sequence[Overdue], now: datetime) -> str:
    """``#3 is overdue, and the scheduler has not been there for 45m``."""
    verb = "is" if len(late) == 1 else "are"
    since = minutes(now - min(each.untouched for each in late))
    return f"{numbers(late)} {verb} overdue, and the scheduler has not been there for {since}"


def numbers(late: Sequence[Overdue]) -> str:
    """``#3, #5 and 7 more``."""
    named = ", ".join(f"#{each.number}" for each in late[:NAMED])
    return named if len(late) <= NAMED else f"{named} and {len(late) - NAMED} more"


def advice(repository: str, settings: Settings) -> str:
    """What to do when the scheduler stays away."""
    workflow = shlex.quote(settings.scheduler.workflow)
    return (
        f"start it with 'gh workflow run {workflow} --repo {shlex.quote(repository)}', and check "
        "that Actions and this workflow are enabled"
    )


def minutes(length: timedelta) -> str:
    """A length of time in whole minutes: what is beyond them is not known this exactly."""
    return instants.format_duration(timedelta(minutes=length // timedelta(minutes=1)))
