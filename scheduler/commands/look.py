"""Reads a job as it stands: its issue, its labels and its journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scheduler.connection import Connection
from scheduler.errors import SchedulerError
from scheduler.job.keys import RULES, written
from scheduler.job.model import Job
from scheduler.job.states import State
from scheduler.journal import journal
from scheduler.journal.journal import Entry, History, Journal
from scheduler.policy import series
from scheduler.policy.shown import shown
from scheduler.policy.trust import at_least, recorder
from scheduler.ports import Comment, Ticket
from scheduler.times import instants

#: The keys of a job that are shown where it has them.
SAID = ("timezone", *RULES, "until", "count", "deadline", "unless", "when", "patience")


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
            "reason": self.problem or (ran.reason if ran else "") or None,
            "attempts": len(self.entries),
            "url": self.ticket.url,
        }


def look(connection: Connection, ticket: Ticket, *, deep: bool = True) -> Seen:
    """The job of an issue; ``deep`` reads its comments, one request, if it has any."""
    history = History()
    if deep and ticket.comments:
        comments = connection.queue.comments(ticket.number).items
        history = journal.read(comments, login=scheduler_login(connection, comments) or "")
    queue, settings = connection.queue.repository, connection.settings
    found = shown(ticket, history, settings, queue=queue, read=deep)
    return Seen(
        ticket=ticket,
        said=found.said,
        job=found.job,
        problem=found.problem,
        state=found.state,
        entries=history.journal.entries,
        run_at=found.run_at,
    )


def scheduler_login(connection: Connection, comments: Iterable[Comment]) -> str | None:
    """Whose records are shown: the settings' login, else the first insider that wrote one.

    For display alone: a tick acts only on records of its own login.
    """
    if connection.settings.scheduler.login:
        return connection.settings.scheduler.login
    try:
        return recorder(comments, lambda login: at_least(connection.queue.role(login), "write"))
    except SchedulerError:
        return None
