"""A job together with the issue that it stands in."""

from __future__ import annotations

from dataclasses import dataclass

from scheduler.model import Job, Ticket


@dataclass(frozen=True, kw_only=True)
class Known:
    """A job, its issue, and the name of its occurrence.

    ``raw`` is the job as the issue says it, ``job`` the same with the settings' defaults.
    """

    ticket: Ticket
    job: Job
    raw: Job
    key: str

    @property
    def number(self) -> int:
        """The issue's number."""
        return self.ticket.number
