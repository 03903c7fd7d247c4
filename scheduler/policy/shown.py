"""A job as its issue shows it to people: its state, and when it runs next.

For display alone: a tick decides by the journal of its own login, never by a label or a title.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.errors import InvalidJob
from scheduler.job.model import Job, first_try
from scheduler.job.states import LABELLED, TERMINAL, State, state_label
from scheduler.journal.journal import OVER, History
from scheduler.policy import outcomes, retries, series
from scheduler.policy.job_text import its_own_fault, reading
from scheduler.ports.values import Ticket
from scheduler.settings.model import Settings


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A job as its issue shows it."""

    #: The state to show.
    state: State
    #: The job as its text states it; None: the text is no job.
    said: Job | None = None
    #: The same with the settings' defaults.
    job: Job | None = None
    #: Why the text is no job; empty of a job.
    problem: str = ""
    #: When it runs next, as far as is known; of a closed job, when it was to run. UTC.
    run_at: datetime | None = None


def shown(ticket: Ticket, history: History, settings: Settings, *, queue: str, read: bool) -> Shown:
    """The job of an issue; ``history`` holds its records if its comments were ``read``."""
    label = settings.label
    try:
        found = reading(ticket, settings, queue=queue)
        job = found.job
        with its_own_fault(ticket.body):
            state = state_of(ticket, job, history, label=label, read=read)
            run_at = _runs_at(ticket, job, history, read=read)
    except InvalidJob as wrong:
        state = state_of(ticket, None, history, label=label, read=read)
        return Shown(state=state, problem=str(wrong))
    return Shown(said=found.said, job=job, state=state, run_at=run_at)


def _runs_at(ticket: Ticket, job: Job, history: History, *, read: bool) -> datetime:
    if not ticket.open:
        return job.run_at
    tried = _tried(ticket, job, history)
    expected = series.expected(
        job,
        title=ticket.title,
        touched=ticket.updated_at,
        journal=history.journal if read else None,
    )
    return max(
        (min(tried.due, expected) if job.recurring else tried.due)
        if tried and tried.due
        else expected,
        series.put_off(history.journal) or job.run_at,
        # The title shows the instant until which a job was put off.
        (None if read or not ticket.comments else series.titled(ticket.title)) or job.run_at,
    )


def _tried(ticket: Ticket, job: Job, history: History) -> retries.Step | None:
    """The try that an open job waits for, or whose run it waits for; None: for neither."""
    last = retries.last_run(job, history.journal, ticket.number)
    if last is None:
        return None
    once, first = not job.recurring, first_try(last.key)
    step = retries.step(history.journal, first, stays=bool(job.retries) and once, reopened=once)
    if step is None or not (step.due or step.running):
        return None
    ended = any(e.outcome in OVER for e in history.journal.of(step.key)) and step.due
    return None if ended else step


def state_of(ticket: Ticket, job: Job | None, history: History, *, label: str, read: bool) -> State:
    """The job's state by its journal, else by its labels and its close reason.

    Of a closed issue only the labels of an end count: a job that was on hold or invalid keeps that
    label when a person closes it, and is cancelled all the same.
    """
    shown = [state for state in State if state_label(label, state) in ticket.labels]
    entries = history.journal.entries
    if job and job.recurring and (ticket.open or not series.over(job, history.journal)):
        entries = ()  # what became of one occurrence says nothing of the others
    elif job and not job.recurring:
        entries = retries.own(job, history.journal, ticket.number)
    ran = [entry for entry in entries if entry.outcome == State.DISPATCHED.value]
    tried = _tried(ticket, job, history) if ticket.open and job else None
    if ran and tried is None:
        return State.FAILED if ran[-1].conclusion in outcomes.FAILED else State.DISPATCHED
    if ticket.open:
        if job is None:
            return State.INVALID
        stays = (each for each in (State.HELD, State.PAUSED, State.APPROVAL) if each in shown)
        waits = State.RETRYING if tried and tried.due else State.RUNNING if tried else State.PENDING
        return next(stays, State.DISPATCHING if history.standing else waits)
    ended = [state for state in shown if state in LABELLED & TERMINAL]
    if ended:
        return ended[0]
    if not read and ticket.comments and ticket.state_reason == "completed":
        return State.DISPATCHED
    return State.CANCELLED
