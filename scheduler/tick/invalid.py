"""Tells an author, once for each text, why an issue is no job."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from scheduler.errors import InvalidJob, NotPermitted, RateLimited, Rejected, Unavailable
from scheduler.job.states import State, state_label
from scheduler.journal.comments import invalid_comment
from scheduler.journal.notes import Explanation
from scheduler.ports.values import Comment, Ticket
from scheduler.tick import issues, rules
from scheduler.tick.context import Context
from scheduler.tick.outcome import Tally, note_of

#: How far back changes are looked at, so that what only waits costs nothing.
RECENT = timedelta(hours=1)


def refuse(ctx: Context, tally: Tally, ticket: Ticket, problem: InvalidJob) -> None:
    """Note that an issue's text is no job; ``tell`` explains it to the author later."""
    tally.note(ticket.number, *note_of(problem))
    ctx.unexplained[ticket.number] = ticket, str(problem)


def forget(ctx: Context, tally: Tally, number: int) -> None:
    """Drop the passing notes about a job, and an explanation that is still to be written."""
    ctx.unexplained.pop(number, None)
    tally.forget(number)


def tell(ctx: Context, tally: Tally) -> bool:
    """Explain one text to its author; False: that was done before.

    Raises:
        RateLimited: it was not, nor would the next one be.
    """
    ticket, words = ctx.unexplained.pop(next(iter(ctx.unexplained)))
    try:
        return explain(ctx, ticket, words, now=ctx.clock.now())
    except RateLimited:
        ctx.unexplained[ticket.number] = ticket, words
        raise
    except (Rejected, Unavailable, NotPermitted) as problem:
        tally.note(ticket.number, *note_of(problem), again=ctx.began)
        return True


def explain(ctx: Context, ticket: Ticket, problem: str, *, now: datetime) -> bool:
    """Say ``problem`` on the issue; False: this very text was explained before ``now``."""
    explanation = Explanation.of(ticket.body)
    new = not _explained(ctx, ticket, explanation.text_hash, now)
    if new:
        ctx.queue.add_comment(ticket.number, invalid_comment(explanation, problem))
    issues.show(ctx, ticket, State.INVALID)
    return new


def _explained(ctx: Context, ticket: Ticket, text_hash: str, now: datetime) -> bool:
    """Whether this very text was explained on its issue before."""
    if not ticket.comments:
        return False
    labelled = state_label(ctx.settings.label, State.INVALID) in ticket.labels
    if labelled and now - ticket.updated_at > RECENT:
        return True
    recent = ctx.facts.recent_comments(now - RECENT)
    here = [comment for comment in recent or () if comment.issue == ticket.number]
    return _says(ctx, text_hash, here) or _says(
        ctx, text_hash, ctx.queue.comments(ticket.number).items
    )


def _says(ctx: Context, text_hash: str, comments: Iterable[Comment]) -> bool:
    """Whether a comment of somebody who may write explains the text."""
    # A stranger who quotes the hash must not keep the author from being told.
    return any(text_hash in each.body and rules.insider(ctx, each.author) for each in comments)
