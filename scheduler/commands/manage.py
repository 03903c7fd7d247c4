"""Cancels, reopens and resolves jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scheduler.commands.find import find, on_hold, shown_state
from scheduler.commands.look import Seen, look
from scheduler.commands.say import say
from scheduler.commands.why import other_scheduler
from scheduler.connection import Connection
from scheduler.errors import InvalidJob, NoSuchJob, NotPermitted, Refused, Rejected
from scheduler.job.model import Job
from scheduler.job.states import State, state_label
from scheduler.journal.journal import Entry, Journal
from scheduler.journal.slash import word
from scheduler.policy import retries
from scheduler.policy.job_text import its_own_fault
from scheduler.policy.series import expected
from scheduler.ports.values import Ticket
from scheduler.text import REPOSITORY
from scheduler.times.instants import format_instant


@dataclass(frozen=True, kw_only=True)
class Cancelled:
    """A job that ``cancel`` closed, or found closed."""

    #: Its issue as it was before.
    ticket: Ticket
    #: Its state before.
    was: State
    #: The run that goes on, though it is tried again no more.
    goes_on: int | None = None
    #: The run that is being cancelled, and the one that had ended already.
    cancelled_run: int | None = None
    ended_run: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The object that ``schedule cancel --json`` prints."""
        ended = self.was is State.DISPATCHED or not self.ticket.open
        return {
            "id": self.ticket.number,
            "status": (self.was if ended else State.CANCELLED).value,
            "already_closed": not self.ticket.open,
            "dispatching": self.was is State.DISPATCHING,
            "cancelled_run": self.cancelled_run,
            "ended_run": self.ended_run,
            "url": self.ticket.url,
        }

    def text(self) -> str:
        """The same for a person."""
        number, closed = self.ticket.number, not self.ticket.open
        text = f"#{number} was closed already" if closed else f"#{number} is cancelled"
        if self.was is State.DISPATCHING:
            text += "; a tick has claimed it, so it may have started: see its journal"
        head = f"#{number}:" if closed else f"{text};"
        if self.cancelled_run:
            return f"{head} run {self.cancelled_run} is being cancelled"
        if self.ended_run:
            return f"{head} run {self.ended_run} has ended already"
        if self.goes_on:
            fix = f"'schedule cancel {number} --run' cancels it"
            return f"{text}; its run {self.goes_on} goes on, and is not tried again: {fix}"
        return text


@dataclass(frozen=True, kw_only=True)
class Retried:
    """A job that ``retry`` opened again."""

    ticket: Ticket
    state: State
    #: Its state before.
    was: State
    #: When it runs.
    run_at: datetime
    now: datetime

    def as_json(self) -> dict[str, Any]:
        """The object that ``schedule retry --json`` prints."""
        return {
            "id": self.ticket.number,
            "status": self.state.value,
            "was": self.was.value,
            "run_at": format_instant(self.run_at),
            "url": self.ticket.url,
        }

    def text(self) -> str:
        """The same for a person, and what is to be said next, if anything is."""
        number = self.ticket.number
        if self.state is State.HELD:
            return f"#{number} is open and on hold again; next say 'schedule resolve {number}'"
        if self.state is State.PAUSED:
            return f"#{number} is open and paused again; next say 'schedule resume {number}'"
        if self.state is State.APPROVAL:
            return f"#{number} is open and waits for an approval again, by /approve on its issue"
        was = f"#{number} was {self.was.value}"
        if (at := format_instant(self.run_at)) > format_instant(self.now):
            return f"{was}; it runs when due, at {at}"
        return f"{was}; the next tick tries it again"


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A job on hold, and the command that ``resolve`` wrote as a comment."""

    ticket: Ticket
    comment: str

    def as_json(self) -> dict[str, Any]:
        """The object that ``schedule resolve --json`` prints."""
        number, url = self.ticket.number, self.ticket.url
        return {"id": number, "status": "held", "comment": self.comment, "url": url}

    def text(self) -> str:
        """The same for a person."""
        return f"#{self.ticket.number}: {self.comment!r} is said; the next tick carries it out"


def cancel(connection: Connection, number: int, *, run: bool) -> Cancelled:
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
    goes_on = started[-1].run_id if seen.state is State.RUNNING and started and not run else None
    return Cancelled(
        ticket=ticket,
        was=seen.state,
        goes_on=goes_on,
        cancelled_run=cancelled_run,
        ended_run=ended_run,
    )


def retry(connection: Connection, number: int) -> Retried:
    """Reopen a job that ended without a run, or whose run failed; the next tick tries it.

    One that was closed while it was on hold or paused is so again, and has to be resolved or
    resumed. On an open job whose last run failed ``/retry`` is said.

    Raises:
        Refused: it still waits, its run did not fail, or its text can't be read.
    """
    ticket = find(connection, number)
    seen = look(connection, ticket)
    if seen.state is State.HELD:
        raise on_hold(number)
    if ticket.open and (again := _said(connection, seen)):
        return again
    _require_over(seen)
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
    return Retried(
        ticket=reopened,
        state=shown_state(connection, reopened),
        was=seen.state,
        run_at=max(comes, seen.not_before or comes),
        now=connection.clock.now(),
    )


def _require_over(seen: Seen) -> None:
    """Make sure that a job has ended, in another way than by a run that did not fail.

    Raises:
        Refused: it has not.
    """
    number = seen.ticket.number
    if seen.ticket.open:
        fix = "a tick sees to it when it is due"
        if seen.state is State.INVALID:
            fix = "edit its text, which the next tick reads again"
        elif seen.state is State.PAUSED:
            fix = f"'schedule resume {number}' lets it go on"
        elif seen.state is State.APPROVAL:
            fix = "another person's /approve on its issue lets it go on"
        raise Refused(f"ID: #{number} is {seen.state.value} and open; {fix}")
    if seen.state is State.DISPATCHED:
        word = seen.ran.conclusion if seen.ran else None
        ended = f"ended as {word!r}" if word else "is not known to have failed"
        raise Refused(
            f"ID: #{number} was dispatched, and its run {ended}; move it to a new time with "
            "'schedule reschedule'"
        )


def _said(connection: Connection, seen: Seen) -> Retried | None:
    """Have the last run of an open job tried again; None: it had none.

    Raises:
        Refused: that run did not fail, or the caller may not.
    """
    number, journal = seen.ticket.number, Journal(entries=seen.entries)
    last = retries.last_run(seen.job, journal, number) if seen.job else None
    if last is None or seen.job is None:
        return None
    if why := retries.problem(last):
        raise Refused(f"ID: #{number}: {why}")
    comment = say(connection, number, seen.job, word("retry"))
    return Retried(
        ticket=seen.ticket,
        state=State.RETRYING,
        was=seen.state,
        run_at=comment.created_at,
        now=connection.clock.now(),
    )


def resolve(connection: Connection, number: int, *, run_id: int | None) -> Resolved:
    """Comment that a job on hold ran as ``run_id``, or (None) that it is to run again.

    The comment is under the caller's own login; the next tick carries it out.

    Raises:
        Refused: the job is not on hold, it is closed, another's records keep it there, or the
            caller may not.
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
    seen = look(connection, ticket)
    if seen.known is not None and (foreign := seen.known.foreign):
        # The next tick would put it on hold again, for what still stands there.
        raise Refused(f"ID: #{number}: {other_scheduler(foreign, seen.known.login)}")
    if run_id is not None:
        _require_run(connection, seen, run_id)
    comment = "/resolve again" if run_id is None else f"/resolve dispatched {run_id}"
    say(connection, number, seen.job, comment)
    # Without the label every tick reads the job again, however long the next one takes.
    connection.queue.remove_label(number, label)
    return Resolved(ticket=ticket, comment=comment)


def _runs_in(connection: Connection, entry: Entry | None, job: Job | None) -> str:
    """The repository of an entry's run: what the entry says, else the job, else the queue's."""
    named = entry.target.partition(" ")[0] if entry else ""
    if REPOSITORY.fullmatch(named):
        return named
    return (job.repo if job else None) or connection.queue.repository


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
