"""Waits until GitHub takes another comment, and says how long the rest of a queue takes.

GitHub limits how much content an account creates in a minute and in an hour; each job that is
dispatched is one comment at least, its claim.
"""

from __future__ import annotations

from datetime import timedelta

from scheduler.ports import Clock, Queue
from scheduler.tick.report import TickReport
from scheduler.times.instants import format_duration, format_instant
from scheduler.times.pace import PATIENCE, PER_HOUR, PER_MINUTE, paced

#: How every notice about it begins.
LIMITS = f"GitHub takes {PER_MINUTE} comments a minute and {PER_HOUR} an hour of one account"
#: From so many seconds on it is said how long the rest will take.
LONG = 60.0


class Pacing:
    """One tick's part in it. ``waited``: for so many seconds it has, in all.

    ``patience`` is how many seconds a job's turn may wait; 0 for a holder, which has others to
    dispatch on their instant meanwhile.
    """

    def __init__(self, queue: Queue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock
        self.patience = PATIENCE
        self.waited = 0.0

    def make_room(self) -> None:
        """Wait until a comment may be written; before anything is asked that grows old.

        Raises:
            Paced: that takes too long.
        """
        wait = self._queue.room()
        if wait > self.patience:
            raise paced(self._clock.now() + timedelta(seconds=wait))
        if wait:
            self.waited += wait
            self._clock.sleep(wait)

    def tell(self, report: TickReport) -> None:
        """Say what was waited for, and when the due jobs that are left are through.

        What was said of that before is taken back.
        """
        report.notices[:] = [line for line in report.notices if not line.startswith(LIMITS)]
        if self.waited >= 1:
            report.notices.append(f"{LIMITS}: this tick waited {self.waited:.0f}s for that")
        if report.left and (seconds := self._queue.room(report.left)) >= LONG:
            last = format_instant(self._clock.now() + timedelta(seconds=seconds))
            length = format_duration(timedelta(minutes=max(round(seconds / 60), 1)))
            jobs = "1 due job is" if report.left == 1 else f"{report.left} due jobs are"
            report.notices.append(
                f"{LIMITS}: {jobs} left, and the last starts at {last} at the earliest, in {length}"
            )
