"""Checks a new job against the jobs in the queue: repeats, duplicates and quotas.

It lists issues; GitHub's search lags behind. The tick enforces the quotas; here the caller, who
can still act on it, is told at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from scheduler.commands.rights import rights_of
from scheduler.connection import Connection
from scheduler.errors import Refused, SchedulerError
from scheduler.job.model import OCCURRENCE_KEY, Job
from scheduler.policy import quotas
from scheduler.policy.job_text import readable
from scheduler.policy.quotas import Entered
from scheduler.policy.trust import named_bot
from scheduler.ports.values import Ticket

#: So many of the newest jobs come in one request.
LISTED = 100
#: So far back an id that the caller names himself is looked for, however many jobs are newer.
REPEATABLE = timedelta(days=7)


class Admission:
    """The newest jobs of the queue during one creation, listed once, when first needed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rights = rights_of(connection)
        self._listed: Sequence[Ticket] | None = None
        self._login: str | None = None

    def forget(self) -> None:
        """List anew when the queue is next looked at."""
        self._listed = None

    def _newest(self) -> Sequence[Ticket]:
        if self._listed is None:
            self._listed = self._connection.queue.newest_tickets(LISTED)
            self._connection.seen[:] = self._listed
        return self._listed

    def _job(self, ticket: Ticket) -> Job | None:
        return readable(ticket.body, timezone=self._connection.settings.defaults.timezone)

    def _mine(self, ticket: Ticket) -> bool:
        if self._login is None:
            self._login = self._connection.queue.own_login() or ""
        if not self._login:
            # Only an app's token can't tell whose it is: one of those that may schedule then.
            return ticket.author.bot and named_bot(ticket.author, self._connection.settings)
        return ticket.author.login.lower() == self._login.lower()

    def requested(self, job: Job, *, far: bool = False) -> tuple[Ticket, Job] | None:
        """The issue that was opened with the same ``request-id``, by an account that may schedule.

        ``far``: older jobs than the newest are searched too, back to ``REPEATABLE``.
        """
        newest = self._newest()
        if found := self._asked_for(job, newest):
            return found
        since = self._connection.clock.now() - REPEATABLE
        if far and len(newest) >= LISTED and newest[-1].created_at >= since:
            return self._asked_for(job, self._connection.queue.created_since(since))
        return None

    def _asked_for(self, job: Job, tickets: Sequence[Ticket]) -> tuple[Ticket, Job] | None:
        for ticket in tickets:
            if job.request_id and job.request_id in ticket.body:
                stands = self._job(ticket)
                same = stands is not None and stands.request_id == job.request_id
                if stands and same and self._trusted(ticket):
                    return ticket, stands
        return None

    def _trusted(self, ticket: Ticket) -> bool:
        return self._mine(ticket) or self._rights.person_refusal(ticket.author) is None

    def duplicate(self, job: Job) -> tuple[Ticket, Job] | None:
        """The oldest open job of the same author and agent with the same ``dedup-key``."""
        if job.dedup_key is None:
            return None
        tickets = self._newest()
        if len(tickets) >= LISTED:
            tickets = list(self._connection.queue.open_tickets())
        for ticket in sorted(tickets, key=lambda ticket: ticket.number):
            if not ticket.open or job.dedup_key not in ticket.body:
                continue
            stands = self._job(ticket)
            same = stands and (stands.dedup_key, stands.agent) == (job.dedup_key, job.agent)
            if stands and same and self._mine(ticket):
                return ticket, stands
        return None

    def check(self, job: Job) -> None:
        """Refuse a job that the tick would reject for a quota.

        Raises:
            Refused: with the number, the limit, and when there is room again.
        """
        limits, now = self._connection.settings.quotas, self._connection.clock.now()
        if reason := quotas.too_deep(job, limits):
            raise Refused(reason)
        if job.agent is None:
            return
        entered = []
        for ticket in self._newest():
            stands = self._job(ticket)
            if stands and stands.agent == job.agent:
                entered.append((ticket, Entered.of(ticket, stands)))
        # Whose they are is only asked when it matters.
        if quotas.over(job, [each for _, each in entered], limits, now=now):
            mine = [each for ticket, each in entered if self._mine(ticket)]
            if reason := quotas.over(job, mine, limits, now=now):
                raise Refused(reason)

    @property
    def silent(self) -> bool:
        """Whether the jobs that were listed stand there and none shows a sign of the scheduler.

        So it is where it was just set up, right or wrong. Asks for nothing: without a list, no.
        """
        return bool(self._listed) and all(e.open and not e.comments for e in self._listed or ())

    def with_depth(self, job: Job) -> Job:
        """``job`` with its depth written into its ``parent``: the parent's depth and one."""
        if job.parent is None or not OCCURRENCE_KEY.fullmatch(job.parent):
            return job
        repository, _, rest = job.parent.rpartition("#")
        if repository and repository.lower() != self._connection.queue.repository.lower():
            return replace(job, parent=f"{job.parent} depth=1")
        number = int(rest.partition("@")[0])
        ticket = next((t for t in self._newest() if t.number == number), None)
        try:
            ticket = ticket or self._connection.queue.ticket(number)
        except SchedulerError:
            ticket = None
        stands = self._job(ticket) if ticket else None
        depth = quotas.depth(stands) + 1 if stands else 1
        return replace(job, parent=f"{job.parent} depth={depth}")
