"""Find, stop and move jobs: what ``cancel``, ``reschedule``, ``retry`` and ``resolve`` do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any

from scheduler.commands.look import Seen, look
from scheduler.commands.say import say
from scheduler.connection import Connection
from scheduler.errors import (
    InvalidJob,
    NoSuchJob,
    NotPermitted,
    Refused,
    Rejected,
    UsageError,
)
from scheduler.job import frontmatter
from scheduler.job.model import Job
from scheduler.job.states import State, state_label
from scheduler.journal.journal import Entry, Journal
from scheduler.policy import series
from scheduler.policy.job_text import its_own_fault, waiting
from scheduler.policy.series import expected, retitled
from scheduler.ports import Ticket
from scheduler.text import REPOSITORY
from scheduler.times import instants, recurrence

#: How often an issue that somebody else is changing is looked at before it is written to.
READS = 3
JOB_ID = re.compile(
    r"\A(?:(?P<repo>[\w.-]+/[\w.-]+)?#|https?://[^/\s]+/(?P<path>[\w.-]+/[\w.-]+)/issues/)?"
    r"(?P<number>[1-9][0-9]{0,9})(?:[?#].*)?"
)


def parse_id(text: str) -> tuple[str | None, int]:
    """The repository (None: not said) and number of ``42``, ``#42``, ``o/n#42`` or a URL."""
    match = JOB_ID.fullmatch(text.strip())
    if not match:
        raise UsageError(f"ID: {text!r} is not a job; write 42, '#42', 'owner/repo#42' or its URL")
    return match["repo"] or match["path"], int(match["number"])


def find(connection: Connection, number: int) -> Ticket:
    """The job's issue. Raises ``NoSuchJob`` when it is none, or carries no queue label."""
    ticket = connection.queue.ticket(number)
    repository, label = connection.queue.repository, connection.settings.label
    if ticket is None:
        connection.queue.require_repository()
        raise NoSuchJob(f"ID: {repository} has no issue #{number}; 'schedule list' shows its jobs")
    if label.lower() not in {name.lower() for name in ticket.labels}:
        raise NoSuchJob(
            f"ID: #{number} of {repository} is no job: it lacks the label {label!r}; "
            "'schedule list' shows the jobs"
        )
    connection.seen.append(ticket)
    return ticket


def cancel(connection: Connection, number: int, *, run: bool) -> dict[str, Any]:
    """Close the job as not planned; with ``run`` also cancel the run that it started last.

    Raises:
        Refused: it was dispatched, and ``run`` was not asked for, or its run is not known.
    """
    ticket = find(connection, number)
    seen = look(connection, ticket)
    started = [entry for entry in seen.entries if entry.run_id]
    if seen.state is State.DISPATCHED and not started:
        raise Refused(
            f"ID: #{number} was dispatched already and its run is not known; cancel it where the "
            "runs are listed"
        )
    if seen.state is State.DISPATCHED and not run:
        raise Refused(
            f"ID: #{number} was dispatched already ({started[-1].run_url}); "
            "add --run to cancel the run"
        )
    if ticket.open:
        connection.queue.set_state(number, reason="not_planned")
    cancelled_run = ended_run = None
    # Of a series only the last run can be going on because of this job.
    recent = started[-1:] if seen.job and seen.job.recurring else started
    for entry in recent if run else []:
        repo = _runs_in(connection, entry, seen.job)
        if connection.queue.cancel_run(repo, entry.run_id or 0):
            cancelled_run = entry.run_id
        else:
            ended_run = entry.run_id
    ended = seen.state is State.DISPATCHED or not ticket.open
    return {
        "id": number,
        "status": (seen.state if ended else State.CANCELLED).value,
        "already_closed": not ticket.open,
        "dispatching": seen.state is State.DISPATCHING,
        "cancelled_run": cancelled_run,
        "ended_run": ended_run,
        "url": ticket.url,
    }


def reschedule(connection: Connection, number: int, run_at: datetime) -> tuple[Seen, Job]:
    """Move a job to ``run_at``; a closed one is reopened, as another occurrence.

    Title and text are written whole: what else was read before that is read once more right
    before, and what somebody changed meanwhile is kept.

    Raises:
        Refused: the job's own text can't be read, or somebody goes on changing it, or has just
            closed it.
    """
    ticket = find(connection, number)
    for _ in range(READS):
        seen = look(connection, ticket)
        job, changes = _moved(connection, seen, run_at)
        again = connection.queue.ticket(number) if ticket.comments else ticket
        if again is None or again.open != ticket.open:
            raise Refused(
                f"ID: #{number} was {'reopened' if again and again.open else 'closed'} meanwhile; "
                "repeat this if it is meant all the same"
            )
        if (again.title, again.body) == (ticket.title, ticket.body):
            ticket = connection.queue.edit(number, **changes)
            return replace(seen, ticket=ticket, state=_reopened(connection, ticket)), job
        ticket = again
    raise being_changed(number)


def being_changed(number: int) -> Refused:
    """What is said where an issue is another each time that it is looked at."""
    return Refused(f"ID: #{number} is being changed by somebody else; look at it, then try again")


def _moved(connection: Connection, seen: Seen, run_at: datetime) -> tuple[Job, dict[str, Any]]:
    """The job of an issue at another time, and what of the issue is to be changed for that."""
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
    comes = max(run_at, seen.not_before or run_at)
    if (title := retitled(ticket.title, comes)) != ticket.title:
        changes["title"] = title
    if not ticket.open:
        changes["state"] = "open"
    return job, changes


def _reopened(connection: Connection, ticket: Ticket) -> State:
    """What an open issue's labels say that its job is now: they outlast its closing."""
    label = connection.settings.label
    stops = (State.HELD, State.PAUSED)
    return next((s for s in stops if state_label(label, s) in ticket.labels), State.PENDING)


def _runs_in(connection: Connection, entry: Entry | None, job: Job | None) -> str:
    """The repository of an entry's run: what the entry says, else the job, else the queue's."""
    named = entry.target.partition(" ")[0] if entry else ""
    if REPOSITORY.fullmatch(named):
        return named
    return (job.repo if job else None) or connection.queue.repository


def on_hold(number: int) -> Refused:
    """What is said where a job on hold is to be moved on before it is known what happened."""
    return Refused(f"ID: #{number} is on hold; say what happened with 'schedule resolve {number}'")


def retry(connection: Connection, number: int) -> dict[str, Any]:
    """Reopen a job that ended without having been dispatched; the next tick tries it.

    One that was closed while it was on hold or paused is so again: what happened is still to
    be told, or it is still to be resumed.

    Raises:
        Refused: it still waits, it was dispatched, or its text can't be read.
    """
    ticket = find(connection, number)
    seen = look(connection, ticket)
    if seen.state is State.HELD:
        raise on_hold(number)
    if ticket.open:
        raise Refused(f"ID: #{number} is {seen.state.value} and open; nothing is to be retried")
    if seen.state is State.DISPATCHED:
        raise Refused(
            f"ID: #{number} was dispatched, which is never repeated; move it to a new time with "
            "'schedule reschedule'"
        )
    comes, problem = None, seen.problem
    if seen.job is not None:
        try:
            with its_own_fault(ticket.body):
                now, told = connection.clock.now(), Journal(entries=seen.entries)
                comes = expected(seen.job, title="", touched=now, journal=told)
        except InvalidJob as wrong:
            problem = str(wrong)
    if comes is None:
        raise Refused(
            f"ID: #{number} can't be read ({problem}); edit the issue's text, then repeat "
            f"'schedule retry {number}'"
        )
    reopened = connection.queue.edit(number, state="open")
    return {
        "id": number,
        "status": _reopened(connection, reopened).value,
        "was": seen.state.value,
        "run_at": instants.format_instant(max(comes, seen.not_before or comes)),
        "url": reopened.url,
    }


def resolve(connection: Connection, number: int, *, run_id: int | None) -> dict[str, Any]:
    """Say of a held job that it ran as ``run_id``, or (None) that it is to run again.

    The word is a comment under the caller's own login; the next tick carries it out.

    Raises:
        Refused: the job is not on hold, it is closed, or the caller may not.
        NoSuchJob: there is no such run.
    """
    ticket = find(connection, number)
    label = state_label(connection.settings.label, State.HELD)
    if label not in ticket.labels:
        raise Refused(f"ID: #{number} is not on hold; 'schedule show {number}' says what it is")
    if not ticket.open:
        raise Refused(
            f"ID: #{number} is closed, so no tick would hear it; reopen it with "
            f"'schedule retry {number}', then say this again"
        )
    if run_id is not None:
        _require_run(connection, look(connection, ticket), run_id)
    comment = "/resolve again" if run_id is None else f"/resolve dispatched {run_id}"
    say(connection, number, look(connection, ticket, deep=False).job, comment)
    # Without the label every tick reads the job again, however long the next one takes.
    connection.queue.remove_label(number, label)
    return {"id": number, "status": "held", "comment": comment, "url": ticket.url}


def _require_run(connection: Connection, seen: Seen, run_id: int) -> None:
    repo = _runs_in(connection, seen.entries[-1] if seen.entries else None, seen.job)
    try:
        run = connection.queue.run(repo, run_id)
    except Rejected as refused:
        raise NotPermitted(
            f"token: can't see the runs of {repo} ({refused}); give it 'actions: read'"
        ) from refused
    if run is None:
        raise NoSuchJob(
            f"--dispatched: {repo} has no run {run_id}; take the number at the end of its address"
        )
