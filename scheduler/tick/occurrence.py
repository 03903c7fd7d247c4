"""A job together with the issue that it stands in, and the occurrence that it is at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from scheduler.job.model import Job
from scheduler.journal.journal import History
from scheduler.journal.slash import Command
from scheduler.ports import UNCOUNTED, Ticket


@dataclass(frozen=True, kw_only=True)
class Known:
    """A job, its issue, and the occurrence that is to be looked at.

    ``raw`` is the job as the issue says it, ``asked`` the same with the settings' defaults,
    ``job`` that with the instant at which this occurrence is due, ``key`` its name and
    ``instant`` what the job's rule says. ``skip`` says why it will not run, ``command`` who
    asked for it, ``said`` all that comments ask for, ``passed_by`` the ids of comments whose
    authors may ask for nothing; ``over``: the series has ended, ``lost``: its record is gone.
    ``overtaken`` is what somebody did since to the contrary of the command.
    ``history`` is what the place in the series was found by.
    """

    ticket: Ticket
    raw: Job
    asked: Job
    job: Job
    key: str
    instant: datetime
    skip: str | None = None
    command: Command | None = None
    said: tuple[Command, ...] = ()
    passed_by: tuple[int, ...] = ()
    over: bool = False
    lost: bool = False
    overtaken: str | None = None
    paused: bool = False
    history: History = field(default_factory=History)

    @property
    def number(self) -> int:
        """The issue's number."""
        return self.ticket.number

    def with_fewer(self, gone: int) -> Known:
        """The job, of whose issue so many comments were deleted since it was read."""
        if self.ticket.comments == UNCOUNTED or not gone:
            return self
        comments = max(self.ticket.comments - gone, 0)
        return replace(self, ticket=replace(self.ticket, comments=comments))

    @property
    def waits(self) -> bool:
        """Whether nothing is to be done about it before somebody resumes it."""
        return self.paused and self.command is None

    @property
    def simple(self) -> bool:
        """Whether it is known well enough to be claimed a little early, without another look."""
        known = not self.ticket.comments or bool(self.history.journal.entries)
        return known and self.command is None and self.skip is None and not self.over
