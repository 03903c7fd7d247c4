"""Which alarm a tick arms before it leaves: one pure function over instants.

An alarm is a run that waits in an environment with a wait timer and ticks when the timer has
ended; waiting takes no runner and costs nothing. Timers have few lengths, so one alarm leads to
the next, shorter one, until what is left is short enough to hold. One alarm is enough: whatever
it wakes arms the next, for whatever is due next then.
https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments#wait-timer
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
#: How many timers there may be: with fewer, a chain has more links than an hour should have.
FEWEST, MOST = 6, 11
#: An alarm takes two runners one after the other, its own and the tick's; so long before its
#: instant a job's last alarm ends.
MARGIN = timedelta(seconds=60)
#: No more alarms than this wait at a time.
AT_ONCE = 3

_NAME = re.compile(r"schedule-([1-9][0-9]{0,4})([md])")


def timers(count: int = MOST) -> tuple[timedelta, ...]:
    """So many timers, the shortest first: 2, 4, 8 … minutes, and the last a day."""
    return (*(MINUTE * 2**power for power in range(1, count)), DAY)


#: All the timers that there may be.
TIMERS = timers()


def environment(timer: timedelta) -> str:
    """The name of the environment with this timer: ``schedule-8m``, ``schedule-1d``."""
    if timer % DAY:
        return f"schedule-{timer // MINUTE}m"
    return f"schedule-{timer // DAY}d"


def timer_of(name: str) -> timedelta | None:
    """The timer that an environment's name promises; None: it is no alarm's."""
    found = _NAME.fullmatch(name)
    return int(found[1]) * {"m": MINUTE, "d": DAY}[found[2]] if found else None


@dataclass(frozen=True)
class Waiting:
    """An alarm that waits; ``run_id`` is its run's, where that is known."""

    timer: timedelta
    #: When its run was created, from which its timer counts; UTC.
    armed_at: datetime
    run_id: int | None = None

    @property
    def ends(self) -> datetime:
        """When its timer ends."""
        return self.armed_at + self.timer


def held(timers: Sequence[timedelta] = TIMERS, margin: timedelta = MARGIN) -> timedelta:
    """What is due sooner than this is held: no timer ends early enough before it."""
    return min(timers) + margin


def arm(
    now: datetime,
    next_due: datetime | None,
    waiting: Iterable[Waiting],
    timers: Sequence[timedelta] = TIMERS,
    margin: timedelta = MARGIN,
) -> timedelta | None:
    """The timer of the alarm to arm at ``now``: the longest that ends ``margin`` before the job.

    None: nothing waits, what is due is to be held, an alarm that waits ends in time, or as many
    wait as may; of these ``surplus`` names the one to cancel first.
    """
    waiting = list(waiting)
    return None if len(waiting) >= AT_ONCE else _wanted(now, next_due, waiting, timers, margin)


def surplus(
    now: datetime,
    next_due: datetime | None,
    waiting: Iterable[Waiting],
    timers: Sequence[timedelta] = TIMERS,
    margin: timedelta = MARGIN,
) -> Waiting | None:
    """The alarm to cancel before another is armed: that which ends last of as many as may wait.

    None: no other is to be armed, or there is room for it.
    """
    waiting = list(waiting)
    if len(waiting) < AT_ONCE or not _wanted(now, next_due, waiting, timers, margin):
        return None
    return max(waiting, key=lambda alarm: alarm.ends)


def _wanted(
    now: datetime,
    next_due: datetime | None,
    waiting: Sequence[Waiting],
    timers: Sequence[timedelta],
    margin: timedelta,
) -> timedelta | None:
    """The timer of an alarm that is needed, however many wait."""
    if next_due is None or next_due - now < held(timers, margin):
        return None
    latest = next_due - margin
    # One whose timer has ended should not wait any more: what keeps it may keep it for ever.
    if any(now < alarm.ends <= latest for alarm in waiting):
        return None
    return max(timer for timer in timers if now + timer <= latest)
