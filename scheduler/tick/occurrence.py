"""A job together with the issue that it stands in, and the occurrence that it is at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scheduler.job.model import Job, which_try
from scheduler.journal.journal import History
from scheduler.journal.slash import Command
from scheduler.policy.series import rule_of
from scheduler.ports.values import UNCOUNTED, Ticket


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """A job, its issue, and the one instant of it that is to be looked at."""

    ticket: Ticket
    #: The job as the issue says it.
    raw: Job
    #: The same with the settings' defaults.
    asked: Job
    #: The same with the instant at which this occurrence is due.
    job: Job
    #: The occurrence's key.
    key: str
    #: The instant that the job's rule says, whatever was added to spread or delay it; UTC.
    instant: datetime
    #: Why it will not run.
    skip: str | None = None
    #: The comment that asks for it; None: its own time does.
    command: Command | None = None
    #: All that comments ask for.
    said: tuple[Command, ...] = ()
    #: The ids of comments whose authors may ask for nothing.
    passed_by: tuple[int, ...] = ()
    #: Whether the series has ended.
    over: bool = False
    #: Whether the series' record is gone.
    lost: bool = False
    #: What somebody did since to the contrary of the command.
    overtaken: str | None = None
    #: Whether its run may be under way, and decides what becomes of the job.
    running: bool = False
    #: Whether the label says that it is paused.
    paused: bool = False
    #: Whether the label says that it waits for an approval.
    unapproved: bool = False
    #: What comments record, by which the place in the series was found.
    history: History = field(default_factory=History)

    @property
    def number(self) -> int:
        """The issue's number."""
        return self.ticket.number

    def with_fewer(self, gone: int) -> Occurrence:
        """The job, of whose issue so many comments were deleted since it was read."""
        if self.ticket.comments == UNCOUNTED or not gone:
            return self
        comments = max(self.ticket.comments - gone, 0)
        return replace(self, ticket=replace(self.ticket, comments=comments))

    @property
    def late_from(self) -> datetime:
        """The instant after which it is late; UTC.

        That is when its tolerance is used up, and of a series before its next instant.
        """
        job = self.job
        if not job.tolerance:
            return job.run_at
        rule, late = rule_of(self.asked, self.history.journal), job.late_from()
        following = rule.after(self.instant) if rule is not None else None
        if following is not None:
            late = min(late, following - timedelta(seconds=1))
        return max(late, job.run_at)

    @property
    def waits(self) -> bool:
        """Whether it waits for a person, to be resumed or approved, or for its run to end."""
        return (self.paused or self.unapproved or self.running) and self.command is None

    def rests(self, now: datetime) -> bool:
        """Whether nothing is to be done about it before a person does something, or its run ends.

        A job that waits for an approval is missed once its deadline has passed.
        """
        if not self.waits or self.paused or self.running:
            return self.waits
        expires = self.job.expires_at()
        return expires is None or expires >= now

    def tried_again(self, now: datetime) -> bool:
        """Whether its run failed, and it waits for the instant of the next try."""
        return which_try(self.key) > 1 and not self.running and self.job.run_at > now

    @property
    def simple(self) -> bool:
        """Whether it is known well enough to be claimed a little early, without another look."""
        known = not self.ticket.comments or bool(self.history.journal.entries)
        return known and self.command is None and self.skip is None and not self.over
