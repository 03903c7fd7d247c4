"""A job as its issue shows it to people: its state, and when it runs next.

For display alone: a tick decides by the journal of its own login, never by a label or a title.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.errors import InvalidJob
from scheduler.job.model import Job, occurrence_key
from scheduler.job.states import LABELLED, TERMINAL, State, state_label
from scheduler.journal.journal import History
from scheduler.policy import outcomes, series
from scheduler.policy.job_text import its_own_fault, reading
from scheduler.ports import Ticket
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
    return max(
        series.expected(
            job,
            title=ticket.title,
            touched=ticket.updated_at,
            journal=history.journal if read else None,
        ),
        series.put_off(history.journal) or job.run_at,
        # The title shows the instant until which a job was put off.
        (None if read or not ticket.comments else series.titled(ticket.title)) or job.run_at,
    )


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
        own = occurrence_key(ticket.number, job.run_at).rpartition("#")[2]
        entries = tuple(e for e in entries if e.key.endswith(own) or e.instead_of == job.run_at)
    ran = [entry for entry in entries if entry.outcome == State.DISPATCHED.value]
    if ran:
        return State.FAILED if ran[-1].conclusion in outcomes.FAILED else State.DISPATCHED
    if ticket.open:
        if job is None:
            return State.INVALID
        stays = (each for each in (State.HELD, State.PAUSED, State.APPROVAL) if each in shown)
        return next(stays, State.DISPATCHING if history.standing else State.PENDING)
    ended = [state for state in shown if state in LABELLED & TERMINAL]
    if ended:
        return ended[0]
    if not read and ticket.comments and ticket.state_reason == "completed":
        return State.DISPATCHED
    return State.CANCELLED
