"""Reads a job as it stands: its issue, its labels and its journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scheduler.commands.ran import Ran, recorded
from scheduler.commands.why import Known, Why, coming, entry_json, progress, why
from scheduler.connection import Connection
from scheduler.errors import SchedulerError
from scheduler.job.keys import RULES, written
from scheduler.job.model import Job
from scheduler.job.states import State, state_label
from scheduler.journal import journal
from scheduler.journal.comments import told_in
from scheduler.journal.journal import Entry, History, Journal
from scheduler.policy import series
from scheduler.policy.shown import shown
from scheduler.policy.trust import at_least, scheduler_shown
from scheduler.ports.values import Comment, Ticket
from scheduler.times import instants

#: The keys of a job that are shown where it has them.
SAID = (
    "timezone", *RULES, "until", "count", "deadline", "tolerance", "unless", "when", "patience",
    "retries", "retry_on", "retry_after", "max_runtime", "pause_after", "reply_to", "reply",
)  # fmt: skip


#: Of what nobody has looked for a reason.
UNTOLD = Why()


def _said(job: Job | None, key: str) -> object:
    value = getattr(job, key, None)
    return value if value is None or isinstance(value, int) else written(value)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A job as it stands."""

    ticket: Ticket
    #: As its text says it, and with the settings' defaults.
    said: Job | None
    job: Job | None
    #: Why its text is no job; empty: it is one.
    problem: str
    state: State
    #: The entries of its journal, as far as it was read.
    entries: tuple[Entry, ...] = ()
    #: What became of its last run; None: it has none, or its journal was not read.
    ran: Ran | None = None
    #: When it runs next, as far as is known; of what has ended, when it was to run.
    run_at: datetime | None = None
    #: Why it is where it is, as it was when it was looked at.
    why: Why = UNTOLD
    #: What its comments record, as far as they were read, and what else the reason follows from.
    known: Known | None = None

    @property
    def word(self) -> str:
        """Its state as people are told it."""
        return self.why.word or self.state.value

    def in_detail(self, now: datetime) -> dict[str, Any]:
        """The object that ``show --json`` prints."""
        job, known = self.job, self.known
        waits = job is not None and self.ticket.open and self.run_at is not None
        ahead = waits and self.state not in (State.DISPATCHED, State.RUNNING)
        history = known.history if known else History()
        following = coming(job, self.run_at, now, history) if ahead and job and self.run_at else ()
        return {
            **self.as_json(now),
            "progress": progress(job, history) if job else None,
            "next": [instants.format_instant(each) for each in following],
            "journal": [entry_json(each) for each in self.entries],
        }

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
            "in_s": instants.seconds(self.run_at, now) if self.run_at else None,
            "workflow": job.workflow if job else None,
            "event": job.event if job else None,
            "repo": job.repo if job else None,
            "ref": job.ref if job else None,
            "agent": job.agent if job else None,
            **{key.replace("-", "_"): _said(self.said, key) for key in SAID},
            "author": self.ticket.author.login,
            "inputs": dict(job.inputs) if job else {},
            "message": job.message if job else None,
            "request_id": job.request_id if job else None,
            "run_id": ran.run_id if ran else None,
            "run_url": (ran.run_url or None) if ran else None,
            "run": self.ran.as_json() if self.ran else None,
            "outcome": self.ran.outcome if self.ran else None,
            "reason": self.problem or self.why.reason or None,
            "waiting_for": self.why.waiting_for(),
            "attempts": len(self.entries),
            "url": self.ticket.url,
        }


def look(connection: Connection, ticket: Ticket, *, deep: bool = True) -> Seen:
    """The job of an issue; ``deep`` reads its comments, one request, if it has any."""
    history, login = History(), connection.settings.scheduler.login or ""
    comments: tuple[Comment, ...] = ()
    if deep and ticket.comments:
        comments = connection.queue.comments(ticket.number).items
        login = scheduler_login(connection, comments) or ""
        history = journal.read(comments, login=login)
    queue, settings = connection.queue.repository, connection.settings
    found = shown(ticket, history, settings, queue=queue, read=deep)
    written = {each.id for each in history.explanations}
    known = Known(
        ticket=ticket,
        state=found.state,
        job=found.job,
        problem=found.problem,
        run_at=found.run_at,
        history=history,
        told=[each for c in comments if c.id in written and (each := told_in(c.body))],
        read=deep,
        login=login,
        foreign=foreign(connection, history) if found.state is State.HELD else (),
    )
    return explained(
        connection,
        Seen(
            ticket=ticket,
            said=found.said,
            job=found.job,
            problem=found.problem,
            state=found.state,
            entries=history.journal.entries,
            ran=recorded(history.journal.entries),
            run_at=found.run_at,
            known=known,
        ),
    )


def explained(connection: Connection, seen: Seen) -> Seen:
    """The same with the reason that follows from what is known of it."""
    if seen.known is None:
        return seen
    queue, now = connection.queue.repository, connection.clock.now()
    return replace(seen, why=why(seen.known, now=now, settings=connection.settings, queue=queue))


def with_actor(connection: Connection, seen: Seen) -> Seen:
    """The same, and who paused it or put it on hold where only a label says so: one request."""
    known = seen.known
    by_label = seen.state is State.PAUSED or (
        seen.state is State.HELD and known and not (known.history.journal.held or known.foreign)
    )
    if known is None or not by_label or not seen.ticket.open:
        return seen
    label = state_label(connection.settings.label, seen.state)
    try:
        events = connection.queue.events(seen.ticket.number) or ()
    except SchedulerError:
        return seen  # only a courtesy
    put_on = [each for each in events if each.event == "labeled" and each.label == label]
    if not put_on or put_on[-1].actor is None:
        return seen
    known = replace(known, labelled_by=put_on[-1].actor.login)
    return explained(connection, replace(seen, known=known))


def foreign(connection: Connection, history: History) -> tuple[tuple[str, int], ...]:
    """The records by others that keep a job on hold: of apps, and of people who may write."""
    writes = {
        login: login.endswith("[bot]") or _may_write(connection, login)
        for login, _ in history.foreign
    }
    return tuple(each for each in history.foreign if writes[each[0]])


def _may_write(connection: Connection, login: str) -> bool:
    try:
        return at_least(connection.queue.role(login), "write")
    except SchedulerError:
        return True  # who may not ask is told of all


def scheduler_login(connection: Connection, comments: Iterable[Comment]) -> str | None:
    """Whose records are shown: the settings' login, else that of the first app, else insider.

    For display alone: a tick acts only on records of its own login.
    """
    if connection.settings.scheduler.login:
        return connection.settings.scheduler.login
    try:
        return scheduler_shown(
            comments, lambda login: at_least(connection.queue.role(login), "write")
        )
    except SchedulerError:
        return None
