"""Finds the issue of a job that a command names; the refusals that all commands share."""

from __future__ import annotations

import re

from scheduler.connection import Connection
from scheduler.errors import NoSuchJob, Refused, UsageError
from scheduler.job.states import State, state_label
from scheduler.ports.values import Ticket

#: How often an issue that somebody else is changing is looked at before it is written to.
READS = 3
JOB_ID = re.compile(
    r"\A(?:(?P<repo>[\w.-]+/[\w.-]+)?#|https?://[^/\s]+/(?P<path>[\w.-]+/[\w.-]+)/issues/)?"
    r"(?P<number>[1-9][0-9]{0,9})(?:[?#].*)?"
)


def parse_id(text: str) -> tuple[str | None, int]:
    """The repository (None: not said) and number of ``42``, ``#42``, ``o/n#42`` or a URL."""
    match = JOB_ID.fullmatch(text.strip())
    if not match:
        raise UsageError(f"ID: {text!r} is not a job; write 42, '#42', 'owner/repo#42' or its URL")
    return match["repo"] or match["path"], int(match["number"])


def find(connection: Connection, number: int) -> Ticket:
    """The issue of a job.

    Raises:
        NoSuchJob: there is no such issue, or it lacks the queue's label.
    """
    ticket = connection.queue.ticket(number)
    repository, label = connection.queue.repository, connection.settings.label
    if ticket is None:
        connection.queue.require_repository()
        raise NoSuchJob(f"ID: {repository} has no issue #{number}; 'schedule list' shows its jobs")
    if label.lower() not in {name.lower() for name in ticket.labels}:
        raise NoSuchJob(
            f"ID: #{number} of {repository} is no job: it lacks the label {label!r}; "
            "'schedule list' shows the jobs"
        )
    connection.seen.append(ticket)
    return ticket


def being_changed(number: int) -> Refused:
    """The refusal where an issue changes each time that it is read."""
    return Refused(f"ID: #{number} is being changed by somebody else; look at it, then try again")


def on_hold(number: int) -> Refused:
    """The refusal where a job on hold has to be resolved first."""
    return Refused(f"ID: #{number} is on hold; say what happened with 'schedule resolve {number}'")


def shown_state(connection: Connection, ticket: Ticket) -> State:
    """The state that an open issue's labels show: on hold, paused, not approved, else pending."""
    label = connection.settings.label
    found = (State.HELD, State.PAUSED, State.APPROVAL)
    return next((s for s in found if state_label(label, s) in ticket.labels), State.PENDING)
