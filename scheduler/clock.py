"""The machine's clock, kept honest by GitHub's own."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone

#: A difference to GitHub's clock that is worth correcting; its ``Date`` has whole seconds.
TOLERANCE = timedelta(seconds=2)
#: Beyond this, no certificate would be valid: the server's clock is the wrong one.
INCREDIBLE = timedelta(days=1)


class SystemClock:
    """The machine's own clock, set right where GitHub's ``Date`` shows that it is wrong.

    A clock that jumps, forwards or back, is followed until the next answer corrects it.
    """

    def __init__(self) -> None:
        self._offset = timedelta(0)
        self._woken = threading.Event()

    def now(self) -> datetime:
        """The instant, in UTC."""
        return datetime.now(timezone.utc) + self._offset

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds``, or until ``wake`` is called."""
        if seconds > 0:
            self._woken.wait(seconds)

    def wake(self) -> None:
        """End this sleep, and every later one at once: the process is asked to leave."""
        self._woken.set()

    @property
    def woken(self) -> bool:
        """Whether ``wake`` was called."""
        return self._woken.is_set()

    def answered(self, date: datetime, asked: datetime) -> None:
        """Take note that the server dated an answer ``date``, asked for at ``asked``.

        ``asked`` is by this clock. The server's time then lay between the two ends of the
        request; only what lies outside of that is a difference of the clocks.
        """
        earliest, latest = asked - self._offset, datetime.now(timezone.utc)
        if date + timedelta(seconds=1) < earliest - TOLERANCE:
            offset = date + timedelta(seconds=1) - earliest
        elif date > latest + TOLERANCE:
            offset = date - latest
        else:
            offset = timedelta(0)
        if abs(offset) < INCREDIBLE:
            self._offset = offset
