"""Looks at another job of the queue for a condition: its issue, and its records, as they are now.

Only the scheduler's own records are believed. Where nothing has shown yet which login that is,
those of an account that may write are only a reason to write and see.
"""

from __future__ import annotations

from dataclasses import replace

from scheduler.job.conditions import Condition
from scheduler.job.model import Job
from scheduler.job.states import State, state_label
from scheduler.policy.after import CHAIN, Other, Verdict, circle, verdict, waits_for
from scheduler.ports.values import Ticket
from scheduler.tick import decide, rules
from scheduler.tick.context import Context
from scheduler.tick.followed import LATE
from scheduler.tick.occurrence import Occurrence

#: Written, and deleted at once, where nothing but a write of its own shows the login.
PROBE = "Looking into what became of another job."


def of_job(ctx: Context, found: Occurrence, condition: Condition, *, waits: bool) -> Verdict:
    """Whether ``condition``, on another job than ``found``, holds.

    ``waits``: ``found`` is to wait for it. A circle of jobs that wait for each other is final.

    Raises:
        Rejected, Unavailable, RateLimited, NotPermitted: GitHub's answer.
    """
    other, said = _look(ctx, condition)
    if waits and not said.holds and (others := _circle(ctx, found.number, other)):
        return Verdict(holds=False, seen=circle(others, found.number), final=True)
    if ctx.facts.login() is None and said.final and other.history.journal.entries:
        written = ctx.queue.add_comment(found.number, PROBE)
        ctx.facts.learn_login(written.author.login)
        ctx.queue.delete_comment(written.id)
        _, said = _look(ctx, condition)
    return said


def _look(ctx: Context, condition: Condition) -> tuple[Other, Verdict]:
    """The other job as it is now, and what that means."""
    ticket = ctx.queue.ticket(condition.number)
    other = Other(ticket=ticket, job=_job(ctx, ticket) if ticket else None)
    if ticket is not None and ticket.comments:
        comments = ctx.discussions.read(ticket)
        known = ctx.facts.login() is not None
        told = decide.history(ctx, comments) if known else decide.presumed(ctx, comments)
        other = replace(other, history=told)
    follows = bool(ctx.settings.follow)
    since = ctx.began - ctx.settings.follow - LATE
    said = verdict(condition, other, label=ctx.settings.label, follows=follows, since=since)
    return other, said


def _job(ctx: Context, ticket: Ticket) -> Job | None:
    return rules.job_in(ctx, ticket.body)


def _circle(ctx: Context, own: int, other: Other) -> list[int]:
    """The jobs of which each waits for the next, and the last for ``own``; none: there is no end.

    A job that had a run waits no more; one that was skipped for this very reason says it as well.
    """
    others: list[int] = []
    ticket = other.ticket if other.history.journal.ran is None else None
    while ticket is not None and len(others) < CHAIN:
        skipped = state_label(ctx.settings.label, State.SKIPPED) in ticket.labels
        following = waits_for(_job(ctx, ticket)) if ticket.open or skipped else None
        if following is None or ticket.number in others:
            return []
        others.append(ticket.number)
        if following == own:
            return others
        ticket = ctx.queue.ticket(following)
    return []
