"""Steers a job that waits: pauses and resumes it, puts it off, runs it now.

Nothing here touches the journal. A pause is a label; the other commands are comments under the
caller's own login, which the next tick carries out if that login may schedule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scheduler.commands.find import find, on_hold
from scheduler.commands.nudge import Nudged, wake
from scheduler.commands.say import say
from scheduler.connection import Connection
from scheduler.errors import InvalidJob, NotPermitted, Refused
from scheduler.job.model import Job
from scheduler.job.states import State, state_label
from scheduler.journal.slash import word
from scheduler.policy.job_text import waiting
from scheduler.ports.values import Comment, Ticket
from scheduler.times import instants

#: What becomes of a command that was written as a comment.
HEARD = "the next tick sees to it, if you may schedule here"


@dataclass(frozen=True, kw_only=True)
class Paused:
    """A job that was paused or resumed."""

    ticket: Ticket
    #: Whether it is paused now.
    paused: bool
    #: Whether that differs from before.
    changed: bool

    def as_json(self) -> dict[str, Any]:
        """The object that ``pause --json`` and ``resume --json`` print."""
        return {
            "id": self.ticket.number,
            "status": (State.PAUSED if self.paused else State.PENDING).value,
            "changed": self.changed,
            "url": self.ticket.url,
        }

    def text(self) -> str:
        """The same for a person."""
        number = self.ticket.number
        if self.paused:
            verb = "is paused" if self.changed else "was paused already"
            return f"#{number} {verb}; 'schedule resume {number}' lets it go on"
        return f"#{number} {'is resumed' if self.changed else 'was not paused'}; it runs when due"


@dataclass(frozen=True, kw_only=True)
class Snoozed:
    """A job that was asked to wait."""

    ticket: Ticket
    #: It does not run before.
    until: datetime

    def as_json(self) -> dict[str, Any]:
        """The object that ``snooze --json`` prints."""
        return {
            "id": self.ticket.number,
            "status": State.PENDING.value,
            "not_before": instants.format_instant(self.until),
            "url": self.ticket.url,
        }

    def text(self) -> str:
        """The same for a person."""
        until = instants.format_instant(self.until)
        return f"#{self.ticket.number} not before {until}: asked for\n{HEARD}"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A job that was asked to run now."""

    ticket: Ticket
    #: The comment with the command.
    said: Comment
    #: Whether the scheduler was woken for it.
    nudged: Nudged

    def as_json(self) -> dict[str, Any]:
        """The object that ``run --json`` prints."""
        return {
            "id": self.ticket.number,
            "status": State.PENDING.value,
            "comment_id": self.said.id,
            "nudged": self.nudged.sent,
            "expect": self.nudged.reason,
            "url": self.ticket.url,
        }

    def text(self) -> str:
        """The same for a person."""
        return f"#{self.ticket.number} now: asked for\n{HEARD}\n{self.nudged.reason}"


def pause(connection: Connection, number: int, *, paused: bool) -> Paused:
    """Keep a job from running until it is resumed, or resume it; to say it twice is no error.

    Raises:
        Refused: the job is closed.
        NotPermitted: GitHub dropped the label.
    """
    ticket = _open(connection, number)
    label = state_label(connection.settings.label, State.PAUSED)
    was = label in ticket.labels
    if paused and not was:
        if label not in connection.queue.add_label(number, label):
            raise NotPermitted(
                f"label: GitHub dropped {label!r} from #{number}, so it is not paused; the token "
                f"needs push access to {connection.queue.repository}"
            )
    elif was and not paused:
        connection.queue.remove_label(number, label)
    return Paused(ticket=ticket, paused=paused, changed=was != paused)


def snooze(connection: Connection, number: int, length: timedelta) -> Snoozed:
    """Put a job off: it does not run before ``length`` from now.

    Raises:
        Refused: the job is closed or on hold, its text can't be read, or the caller may not.
    """
    ticket, job = _hearing(connection, number)
    said = say(connection, number, job, word("snooze", length))
    return Snoozed(ticket=ticket, until=said.created_at + length)


def run_now(connection: Connection, number: int) -> Asked:
    """Have a job run now, besides its own time, and wake the scheduler for it.

    Raises:
        Refused: the job is closed or on hold, its text can't be read, or the caller may not.
    """
    ticket, job = _hearing(connection, number)
    said = say(connection, number, job, word("run"))
    queue = connection.queue
    nudged = wake(queue, connection.settings, branch=queue.default_branch)
    return Asked(ticket=ticket, said=said, nudged=nudged)


def _hearing(connection: Connection, number: int) -> tuple[Ticket, Job]:
    """The issue of a job that the next tick can carry out a command on, and the job."""
    ticket = _open(connection, number)
    if state_label(connection.settings.label, State.HELD) in ticket.labels:
        raise on_hold(number)
    try:
        read, _ = waiting(ticket, connection.settings, queue=connection.queue.repository)
    except InvalidJob as problem:
        raise Refused(f"ID: #{number} can't be read ({problem}); mend its text first") from problem
    return ticket, read.job


def _open(connection: Connection, number: int) -> Ticket:
    ticket = find(connection, number)
    if not ticket.open and ticket.state_reason == "completed":
        raise Refused(
            f"ID: #{number} is done; give it another time with 'schedule reschedule {number} "
            "--in 2h'"
        )
    if not ticket.open:
        raise Refused(
            f"ID: #{number} is closed, so no tick would hear it; reopen it with "
            f"'schedule retry {number}', then say this again"
        )
    return ticket
