"""Reads an issue as a job, at the occurrence that it is at; what is no job is noted, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from scheduler.errors import InvalidJob, NotPermitted, Rejected, Unavailable
from scheduler.job.model import Job, occurrence_key
from scheduler.job.states import LABELLED, TERMINAL, State, state_label
from scheduler.policy.job_text import its_own_fault, reading
from scheduler.policy.trust import looks_strange
from scheduler.ports.values import Ticket
from scheduler.tick import invalid, issues
from scheduler.tick.context import HELD_FOR, Context
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.outcome import Heading, Tally, note_of
from scheduler.tick.place import place
from scheduler.tick.report import unread


def in_order(ctx: Context, tickets: Iterable[Ticket]) -> list[Ticket]:
    """Issues in the order in which their texts are read: those of strangers last.

    Who wrote it, as far as the list shows, is asked before a text costs anything.
    """
    return sorted(tickets, key=lambda ticket: looks_strange(ticket, ctx.settings))


def read(ctx: Context, tally: Tally, ticket: Ticket, *, now: datetime) -> Occurrence | None:
    """The job of an issue at ``now``; None: it is none, is on hold, or can't be read now.

    Which of these is noted in ``tally``.
    """
    shown = {state for state in LABELLED if state_label(ctx.settings.label, state) in ticket.labels}
    unchanged = now - ticket.updated_at > HELD_FOR
    quiet = State.HELD in shown and unchanged
    if quiet and ticket.comments:
        tally.note(ticket.number, Heading.HELD, unread(ticket.number))
        return None
    try:
        said = reading(ticket, ctx.settings, queue=ctx.queue.repository)
        with its_own_fault(ticket.body):
            found = place(ctx, _unplaced(ctx, ticket, said.said, said.job))
    except InvalidJob as problem:
        invalid.refuse(ctx, tally, ticket, problem)
        return None
    except (Rejected, Unavailable, NotPermitted) as problem:
        tally.note(ticket.number, *note_of(problem), again=ctx.began)
        return None
    if quiet and said.job.run_at > now:
        tally.note(ticket.number, Heading.HELD, "on hold by its label")
        return None
    # Of a job that is due the label says that a person reopened it, until that is done.
    over = shown & TERMINAL if said.job.run_at > now else set()
    return _unmarked(ctx, tally, found, over | (shown & {State.INVALID}))


def _unplaced(ctx: Context, ticket: Ticket, raw: Job, job: Job) -> Occurrence:
    """A job before its comments are read: at its own instant."""
    queue = ctx.queue.repository
    runs_in = job.repo or queue
    key = occurrence_key(ticket.number, job.run_at, queue=queue, runs_in=runs_in)
    return Occurrence(ticket=ticket, raw=raw, asked=job, job=job, key=key, instant=job.run_at)


def _unmarked(ctx: Context, tally: Tally, found: Occurrence, states: set[State]) -> Occurrence:
    """The job, its issue without labels that are true no longer; if that fails, as it was."""
    try:
        return replace(found, ticket=issues.unmark(ctx, found.ticket, states))
    except (Rejected, Unavailable, NotPermitted) as problem:
        tally.note(found.number, *note_of(problem), again=ctx.began)
        return found
