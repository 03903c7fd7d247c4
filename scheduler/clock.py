"""The machine's clock, corrected by GitHub's."""

from __future__ import annotations

import queue
import time
from datetime import datetime, timedelta, timezone

#: The largest error that is believed of this machine. Certificates are good for a few months, so
#: a machine that is further off gets hardly any answer; without them the server's clock is wrong.
INCREDIBLE = timedelta(days=30)
#: A wall clock that differs from the steady one by more than this was set meanwhile.
MOVED = timedelta(milliseconds=250)
#: GitHub's ``Date`` has whole seconds.
SECOND = timedelta(seconds=1)
#: The longest sleep without a look at the wall clock, in seconds: a machine may have been
#: suspended, or its clock set.
SLICE = 5.0


class SystemClock:
    """The machine's clock, corrected where GitHub's ``Date`` proves it wrong.

    Each answer bounds by how much GitHub is ahead; several together bound it to less than a second.
    A clock that is proven wrong is set to the earliest time that GitHub's can be, so that nothing
    is early. A clock that jumps is followed until the next answer.
    """

    def __init__(self) -> None:
        self._offset = timedelta(0)
        self._bounds: tuple[timedelta, timedelta] | None = None
        #: The wall clock, uncorrected, less the steady one, at the last answer.
        self._started: datetime | None = None
        #: A signal handler may put something in at any moment, even while it is read.
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()

    def now(self) -> datetime:
        """The instant, in UTC."""
        return datetime.now(timezone.utc) + self._offset

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` by the wall clock or the steady one, or until ``wake`` is called."""
        until, steady = self.now() + timedelta(seconds=seconds), self.monotonic() + seconds
        while (left := steady - self.monotonic()) > 0 and self.now() < until:
            try:
                self._wakes.get(timeout=min(left, SLICE))
            except queue.Empty:
                continue
            return

    def wake(self) -> None:
        """End the sleep that goes on, or the next one at once."""
        self._wakes.put(None)

    def answered(self, date: datetime, asked: datetime) -> None:
        """Learn from an answer that the server dated ``date``, and that was asked for at ``asked``.

        ``asked`` is by this clock. At some moment between then and now the server's clock showed
        ``date``, or less than a second more.
        """
        wall = datetime.now(timezone.utc)
        low, high = date - wall, date + SECOND - (asked - self._offset)
        if low > high or abs(low) >= INCREDIBLE:
            return
        started = wall - timedelta(seconds=self.monotonic())
        known = self._bounds or (low, high)
        bounds = max(low, known[0]), min(high, known[1])
        set_anew = self._started is not None and abs(started - self._started) > MOVED
        if set_anew or bounds[0] > bounds[1]:
            # One of the clocks has jumped, so earlier bounds no longer hold.
            bounds = low, high
        self._bounds, self._started = bounds, started
        self._offset = timedelta(0) if bounds[0] <= timedelta(0) <= bounds[1] else bounds[0]
