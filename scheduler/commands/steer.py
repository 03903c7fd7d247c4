"""Steer a job that waits: pause and resume it, put it off, run it now.

Nothing here touches the journal. A pause is a label; the other words are comments under the
caller's own login, which the next tick carries out if that login may.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from scheduler.commands.manage import find, on_hold
from scheduler.commands.nudge import Nudged, wake
from scheduler.commands.say import say
from scheduler.connection import Connection
from scheduler.errors import InvalidJob, NotPermitted, Refused
from scheduler.job.model import Job
from scheduler.job.states import State, state_label
from scheduler.journal.slash import word
from scheduler.policy.job_text import waiting
from scheduler.ports import Ticket
from scheduler.times import instants


def pause(connection: Connection, number: int, *, paused: bool) -> dict[str, Any]:
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
    state = State.PAUSED if paused else State.PENDING
    return {"id": number, "status": state.value, "changed": was != paused, "url": ticket.url}


def snooze(connection: Connection, number: int, length: timedelta) -> dict[str, Any]:
    """Put a job off: it does not run before ``length`` from now.

    Raises:
        Refused: the job is closed or on hold, its text can't be read, or the caller may not.
    """
    ticket, job = _hearing(connection, number)
    said = say(connection, number, job, word("snooze", length))
    until = instants.format_instant(said.created_at + length)
    return {"id": number, "status": "pending", "not_before": until, "url": ticket.url}


def run_now(connection: Connection, number: int) -> tuple[dict[str, Any], Nudged]:
    """Have a job run now, besides its own time, and wake the scheduler for it.

    Raises:
        Refused: the job is closed or on hold, its text can't be read, or the caller may not.
    """
    ticket, job = _hearing(connection, number)
    said = say(connection, number, job, word("run"))
    queue = connection.queue
    nudged = wake(queue, connection.settings, branch=queue.default_branch)
    answer = {
        "id": number,
        "status": "pending",
        "comment_id": said.id,
        "nudged": nudged.sent,
        "expect": nudged.reason,
        "url": ticket.url,
    }
    return answer, nudged


def _hearing(connection: Connection, number: int) -> tuple[Ticket, Job]:
    """The issue of a job on which the next tick carries out what is said, and the job."""
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
