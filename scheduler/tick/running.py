"""Keeps no more runs under way than the settings allow: a due job waits for one to end.

Under way is what was dispatched and has not ended yet, as far as this tick knows. Where there is a
limit, a tick therefore asks what became of runs before it sends anything; what can't be recorded
right then is asked about once more after.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.policy.brakes import full
from scheduler.tick import issues
from scheduler.tick.context import Context
from scheduler.tick.followed import Followed
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.outcome import Heading, Progress
from scheduler.tick.rules import requested_by

#: When a job that waits for a run to end is looked at again.
SOON = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


def limited(ctx: Context) -> bool:
    """Whether the settings limit how many runs are under way at a time."""
    limits = ctx.settings.limits
    return not (limits.running is None and limits.running_per_agent is None)


def against(ctx: Context, found: Occurrence) -> str | None:
    """Why a job has to wait for a run to end, in one line; None: it has not."""
    if not limited(ctx):
        return None
    words = full(requested_by(found), _under_way(ctx), ctx.settings.limits)
    return f"for a run to end: {words}" if words else None


def wait(ctx: Context, done: Progress, found: Occurrence, reason: str) -> None:
    """Leave a due job until a run has ended, and show that on its issue, by a label."""
    done.note(Heading.WAITING, reason)
    with contextlib.suppress(Rejected, Unavailable, NotPermitted):
        found = replace(found, ticket=issues.queue(ctx, found.ticket, queued=True))
    until, expires = ctx.clock.now() + SOON, found.job.expires_at()
    if expires is not None and expires >= ctx.clock.now():
        until = min(until, expires + _SECOND)
    done.wait(found, until)
    done.look_again(until)


def go_on(ctx: Context, found: Occurrence) -> Occurrence:
    """The job, which need not wait any more, without the label; since when is remembered."""
    ticket = found.ticket
    with contextlib.suppress(Rejected, Unavailable, NotPermitted):
        ticket = issues.queue(ctx, ticket, queued=False)
    if ticket is not found.ticket:
        ctx.following.freed[found.number] = ctx.following.last_end or ctx.began
    return replace(found, ticket=ticket)


def free_since(ctx: Context, found: Occurrence) -> datetime:
    """From when on a job need not wait any more for a run to end: for its own instant, if ever."""
    return ctx.following.freed.get(found.number, found.job.run_at)


def sent(ctx: Context, found: Occurrence, key: str) -> None:
    """Count what was just sent, until it is followed."""
    if found.job.workflow:
        ctx.following.sent[key] = requested_by(found)


def recorded(ctx: Context, key: str) -> None:
    """Count it no more: it is followed now, or can't be."""
    ctx.following.sent.pop(key, None)


def _under_way(ctx: Context) -> Collection[str]:
    """In whose name each run that is under way was asked for."""
    following = ctx.following
    return [*map(_who, following.under_way()), *following.sent.values()]


def _who(followed: Followed) -> str:
    # An old entry has lost that word.
    agent = followed.job.agent if followed.job is not None else None
    return followed.entry.requested_by or agent or followed.ticket.author.login
