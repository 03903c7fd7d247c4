"""The machine's clock, kept honest by GitHub's own."""

from __future__ import annotations

import queue
import time
from datetime import datetime, timedelta, timezone

#: Certificates are good for a few months: who is further off than this is hardly answered at
#: all, and where there are none the server's clock is the wrong one.
INCREDIBLE = timedelta(days=30)
#: A wall clock that moved so much otherwise than the steady one was set meanwhile.
MOVED = timedelta(milliseconds=250)
#: GitHub's ``Date`` has whole seconds.
SECOND = timedelta(seconds=1)
#: The longest sleep without a look at the wall clock, in seconds: a machine may have been
#: suspended, or its clock set.
SLICE = 5.0


class SystemClock:
    """The machine's own clock, set right where GitHub's ``Date`` shows that it is wrong.

    Each answer bounds by how much GitHub is ahead; the bounds of several are narrower than a
    second. A clock that is wrong for certain is set to the earliest time that GitHub's can
    be, so that nothing is early by it. One that jumps is followed until the next answer.
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
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds`` by either clock, or until ``wake`` is called."""
        until, steady = self.now() + timedelta(seconds=seconds), self.monotonic() + seconds
        while (left := steady - self.monotonic()) > 0 and self.now() < until:
            try:
                self._wakes.get(timeout=min(left, SLICE))
            except queue.Empty:
                continue
            return

    def wake(self) -> None:
        """End this sleep, or the next one at once."""
        self._wakes.put(None)

    def answered(self, date: datetime, asked: datetime) -> None:
        """Take note that the server dated an answer ``date``, asked for at ``asked``.

        ``asked`` is by this clock. Between then and now the server's clock stood at ``date``,
        or less than a second after it.
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
            # One of the clocks has jumped: what was known of them is no longer true.
            bounds = low, high
        self._bounds, self._started = bounds, started
        self._offset = timedelta(0) if bounds[0] <= timedelta(0) <= bounds[1] else bounds[0]
