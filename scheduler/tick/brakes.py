"""Puts the brakes of a queue's owner on: cancels runs that are too long, pauses what only fails.

What they follow from is decided in `scheduler.policy.brakes`.
"""

from __future__ import annotations

from dataclasses import replace

from scheduler.errors import NotPermitted, RateLimited, Rejected, Unavailable
from scheduler.journal.journal import Journal
from scheduler.policy import brakes
from scheduler.policy.outcomes import Ended
from scheduler.ports.values import Run
from scheduler.tick import issues
from scheduler.tick.context import Context
from scheduler.tick.followed import Followed
from scheduler.tick.outcome import Heading, Progress
from scheduler.times.instants import format_duration


def stop(ctx: Context, followed: Followed, run: Run | None) -> str:
    """Cancel a run that is under way for longer than it may be; what came of that, in one line.

    GitHub takes its time over it, so the run is followed on: what it came to is told once it has
    ended. A tick asks once; one that can't leaves it to the next.

    Raises:
        RateLimited: GitHub wants to be left alone.
    """
    longest = brakes.longest_run(followed.job, ctx.settings)
    if run is None or longest is None or run.id in ctx.following.cancelled:
        return ""
    if not brakes.too_long(run, longest, ctx.clock.now()):
        return ""
    repo = followed.target(ctx.queue.repository).repo
    said = (
        f"run {run.id} of #{followed.number} is under way for longer than its max-runtime, "
        f"{format_duration(longest)}"
    )
    try:
        ctx.queue.cancel_run(repo, run.id)
    except RateLimited:
        raise
    except (Rejected, NotPermitted, Unavailable) as problem:
        return f"{said}, and can't be cancelled: {problem}; the next tick tries again"
    ctx.following.cancelled.add(run.id)
    return f"{said}, so it was cancelled"


def pauses(ctx: Context, followed: Followed, journal: Journal) -> str:
    """Why a series pauses itself now, in one line; empty: it goes on.

    ``journal`` says what its last run came to.
    """
    if followed.job is None or followed.found is None:
        return ""
    number = brakes.pauses(journal, followed.job, ctx.settings)
    return brakes.paused_itself(number) if number else ""


def pause(ctx: Context, done: Progress, followed: Followed, reason: str) -> None:
    """Pause a series that only fails, unless somebody has closed or paused it meanwhile.

    Raises:
        RateLimited, Unavailable, NotPermitted, Rejected: GitHub's answer; nothing is recorded.
    """
    now = ctx.queue.ticket(followed.number)
    if now is None or not now.open:
        return
    issues.pause(ctx, now, paused=True)
    done.note(Heading.PAUSED, reason)


def explained(ctx: Context, followed: Followed, ended: Ended) -> Ended:
    """The end of a run, with the reason where it was cancelled for its length."""
    longest = brakes.longest_run(followed.job, ctx.settings)
    reason = brakes.cancelled_for(ended.conclusion, ended.took_s, longest)
    return replace(ended, told=ended.told or reason)
