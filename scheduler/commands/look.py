"""A job as it stands: what its issue, its labels and its journal say of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scheduler.connection import Connection
from scheduler.errors import InvalidJob, SchedulerError
from scheduler.job.keys import RULES, written
from scheduler.job.model import Job, occurrence_key
from scheduler.job.states import LABELLED, TERMINAL, State, state_label
from scheduler.journal import journal, record
from scheduler.journal.journal import Entry, History, Journal
from scheduler.policy import series
from scheduler.policy.job_text import its_own_fault, job_of
from scheduler.policy.trust import at_least
from scheduler.ports import Comment, Ticket
from scheduler.times import instants

#: What else a job may say of itself, as it is shown.
SAID = ("timezone", *RULES, "until", "count", "deadline", "unless", "when", "patience")


def _said(job: Job | None, key: str) -> object:
    value = getattr(job, key, None)
    return value if value is None or isinstance(value, int) else written(value)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A job as it stands: what its issue says, and what its journal records."""

    ticket: Ticket
    job: Job | None
    problem: str
    state: State
    entries: tuple[Entry, ...] = ()
    #: When it runs next, as far as is known; of what has ended, when it was to run.
    run_at: datetime | None = None

    @property
    def not_before(self) -> datetime | None:
        """Until when the job was put off, as far as its comments were read."""
        return series.put_off(Journal(entries=self.entries))

    def as_json(self, now: datetime) -> dict[str, Any]:
        """The object that ``list --json`` and ``show --json`` print."""
        job = self.job
        ran = next((e for e in reversed(self.entries) if e.run_id or e.reason), None)
        return {
            "id": self.ticket.number,
            "status": self.state.value,
            "run_at": instants.format_instant(self.run_at) if self.run_at else None,
            "in": instants.distance(self.run_at, now) if self.run_at else None,
            "workflow": job.workflow if job else None,
            "event": job.event if job else None,
            "repo": job.repo if job else None,
            "ref": job.ref if job else None,
            "agent": job.agent if job else None,
            **{key.replace("-", "_"): _said(job, key) for key in SAID},
            "author": self.ticket.author.login,
            "inputs": dict(job.inputs) if job else {},
            "message": job.message if job else None,
            "request_id": job.request_id if job else None,
            "run_id": ran.run_id if ran else None,
            "run_url": (ran.run_url or None) if ran else None,
            "reason": self.problem or (ran.reason if ran else "") or None,
            "attempts": len(self.entries),
            "url": self.ticket.url,
        }


def look(connection: Connection, ticket: Ticket, *, deep: bool = True) -> Seen:
    """What is known of a job; ``deep`` reads its comments, one request, if it has any."""
    history, label = History(), connection.settings.label
    if deep and ticket.comments:
        comments = connection.queue.comments(ticket.number).items
        history = journal.read(comments, login=scheduler_login(connection, comments) or "")
    job, problem, run_at = None, "", None
    try:
        job = job_of(ticket.body, timezone=connection.settings.defaults.timezone)
        with its_own_fault(ticket.body):
            state = state_of(ticket, job, history, label=label, read=deep)
            run_at = _runs_at(ticket, job, history, read=deep)
    except InvalidJob as wrong:
        job, problem = None, str(wrong)
        state = state_of(ticket, None, history, label=label, read=deep)
    entries = history.journal.entries
    return Seen(
        ticket=ticket, job=job, problem=problem, state=state, entries=entries, run_at=run_at
    )


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
        # For display alone: of a job that was put off, the title says so without its comments.
        (None if read or not ticket.comments else series.titled(ticket.title)) or job.run_at,
    )


def scheduler_login(connection: Connection, comments: Iterable[Comment]) -> str | None:
    """Whose records to show: the settings' login, else the first writer who may write.

    This is for display alone; a tick believes its own login and nobody else.
    """
    if connection.settings.scheduler.login:
        return connection.settings.scheduler.login
    for comment in comments:
        if record.RECORD.match(comment.body):
            author = comment.author
            try:
                if author.bot or at_least(connection.queue.role(author.login), "write"):
                    return author.login
            except SchedulerError:
                return None
    return None


def state_of(ticket: Ticket, job: Job | None, history: History, *, label: str, read: bool) -> State:
    """The job's state by its journal, else by its labels and its close reason.

    Of a closed issue's labels only those of an end count: a job that was on hold, or could
    not be read, keeps its label when a person closes it, and is cancelled all the same.
    """
    shown = [state for state in State if state_label(label, state) in ticket.labels]
    entries = history.journal.entries
    if job and job.recurring and (ticket.open or not series.over(job, history.journal)):
        entries = ()  # what became of one occurrence says nothing of the others
    elif job and not job.recurring:
        own = occurrence_key(ticket.number, job.run_at).rpartition("#")[2]
        entries = tuple(e for e in entries if e.key.endswith(own) or e.instead_of == job.run_at)
    outcomes = {entry.outcome for entry in entries}
    if State.DISPATCHED.value in outcomes:
        return State.DISPATCHED
    if ticket.open:
        if job is None:
            return State.INVALID
        if State.HELD in shown:
            return State.HELD
        if State.PAUSED in shown:
            return State.PAUSED
        return State.DISPATCHING if history.standing else State.PENDING
    ended = [state for state in shown if state in LABELLED & TERMINAL]
    if ended:
        return ended[0]
    if not read and ticket.comments and ticket.state_reason == "completed":
        return State.DISPATCHED
    return State.CANCELLED
