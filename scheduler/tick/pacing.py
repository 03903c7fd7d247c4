"""Waits until GitHub takes another comment, and says how long the rest of a queue takes.

GitHub limits how much content an account creates in a minute and in an hour; each job that is
dispatched is one comment at least, its claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from scheduler.tick.context import Context
from scheduler.times.instants import format_duration, format_instant
from scheduler.times.pace import PER_HOUR, PER_MINUTE, paced

#: How every notice about it begins.
LIMITS = f"GitHub takes {PER_MINUTE} comments a minute and {PER_HOUR} an hour of one account"
#: From so many seconds on it is said how long the rest will take.
LONG = 60.0


def make_room(ctx: Context) -> None:
    """Wait until a comment may be written; before anything is asked that grows old.

    Raises:
        Paced: that takes longer than ``ctx.patience``.
    """
    wait = ctx.queue.room()
    if wait > ctx.patience:
        raise paced(ctx.clock.now() + timedelta(seconds=wait))
    if wait:
        ctx.waited += wait
        ctx.clock.sleep(wait)


def notices(ctx: Context, left: int) -> Iterator[str]:
    """What was waited for, and when the ``left`` due jobs are through."""
    if ctx.waited >= 1:
        yield f"{LIMITS}: this tick waited {ctx.waited:.0f}s for that"
    if left and (seconds := ctx.queue.room(left)) >= LONG:
        last = format_instant(ctx.clock.now() + timedelta(seconds=seconds))
        length = format_duration(timedelta(minutes=max(round(seconds / 60), 1)))
        jobs = "1 due job is" if left == 1 else f"{left} due jobs are"
        yield f"{LIMITS}: {jobs} left, and the last starts at {last} at the earliest, in {length}"
