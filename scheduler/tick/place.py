"""Finds, with as few requests as possible, which occurrence each open job is at.

A one-off's place stands in its issue. A series' follows from its journal, and a slash command
stands in a comment: one list of the repository's latest comments shows both, of all jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduler.job.states import State, state_label
from scheduler.journal.record import RECORD
from scheduler.policy.series import written_rule
from scheduler.ports.values import UNCOUNTED, Comment, Comments, Recent
from scheduler.tick import decide, record
from scheduler.tick.context import Context
from scheduler.tick.discussions import is_long
from scheduler.tick.occurrence import Occurrence

#: How far back the repository's comments are listed: a command that is older is heard when its
#: job is due.
LOOKED_BACK = timedelta(days=1)
#: The same for a series whose last instant is further back than that; once more, for all such.
#: What stands still further back is read of each series alone.
FURTHER_BACK = timedelta(days=8)


def place(ctx: Context, found: Occurrence) -> Occurrence:
    """The job at the occurrence that its comments, as far as they are needed, lead to.

    Raises:
        RateLimited, Unavailable, NotPermitted: its comments can't be read.
        OtherScheduler: as ``decide.require_own_records``.
    """
    now, ticket = ctx.clock.now(), found.ticket
    since = now - LOOKED_BACK
    latest = _latest(found, now)
    further = latest is not None and latest < since
    if found.asked.run_at <= now and _paused(ctx, found):
        further = True  # whenever it was said that it goes on, it is heard
    quiet = not ticket.comments or not (latest or further or ticket.updated_at >= since)
    # Of an issue whose comments nobody counted, or that has many, they are read once it is due.
    unread = ticket.comments == UNCOUNTED or is_long(ticket)
    once = not (found.asked.recurring or _paused(ctx, found))
    if ctx.own_records_only and not ticket.comments and latest is not None:
        _require_own_records(ctx, since)
    if quiet or (unread and once and found.asked.run_at <= now):
        return _located(ctx, found, ())
    newest = _listed(ctx, now, latest) if further else ctx.facts.newest_comments(since)
    if newest is None:
        return _alone(ctx, found)
    placed = _located(ctx, found, [c for c in newest.items if c.issue == found.number])
    if ctx.facts.known_login is not None:
        ctx.discussions.skip_until(ticket, placed.history.journal.read_at)
    if placed.lost and placed.job.run_at > now:
        return _alone(ctx, found)  # its journal is older than the list
    return placed


def _require_own_records(ctx: Context, since: datetime) -> None:
    """Make sure that other jobs' records are this account's, before a series gets its first.

    Raises:
        OtherScheduler: it is another account.
    """
    newest = ctx.facts.newest_comments(since)
    for number in dict.fromkeys(each.issue for each in (newest.items if newest else ())):
        items = tuple(each for each in newest.items if each.issue == number) if newest else ()
        if any(RECORD.match(each.body) for each in items):
            decide.require_own_records(
                ctx, number, items, decide.history(ctx, Comments(items=items))
            )


def _listed(ctx: Context, now: datetime, latest: datetime | None) -> Recent | None:
    """The comments of the last days of all issues; None: that is not far enough, or too much."""
    far = now - FURTHER_BACK
    return None if latest and latest < far else ctx.facts.older_comments(far)


def _alone(ctx: Context, found: Occurrence) -> Occurrence:
    """The job by the comments of its issue alone."""
    return _located(ctx, found, ctx.discussions.read(found.ticket).items)


def _paused(ctx: Context, found: Occurrence) -> bool:
    """Whether the label says that the job is paused."""
    return state_label(ctx.settings.label, State.PAUSED) in found.ticket.labels


def _latest(found: Occurrence, now: datetime) -> datetime | None:
    """The last instant of a series that has begun; None of what has not, or comes once."""
    rule = written_rule(found.asked)
    # How many there were is counted by its journal, once that is read.
    return rule.endless.latest(now) if rule is not None and found.asked.run_at <= now else None


def _located(ctx: Context, found: Occurrence, items: Sequence[Comment]) -> Occurrence:
    """The job at the occurrence to which these comments lead; its issue is made to show it."""
    comments = Comments(items=tuple(items))
    if items and ctx.facts.login() is None:
        history = decide.presumed(ctx, comments)
        placed = decide.locate(ctx, found, items, history)
        title = found.ticket.title
        done = not history.claims and record.title_of(placed, title) == title
        if done or placed.command is not None:
            return placed
        # Something was left undone; doing it tells whose records are to be believed.
    history = decide.history(ctx, comments)
    decide.require_own_records(ctx, found.number, items, history)
    placed = decide.locate(ctx, found, items, history)
    record.show(ctx, placed)
    return placed
