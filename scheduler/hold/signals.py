"""Leaves when the process is asked to, with what is in hand done.

GitHub cancels a step by SIGINT, after 7.5 seconds SIGTERM, and kills it 2.5 seconds later.
https://docs.github.com/en/actions/reference/workflow-cancellation-reference
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from scheduler.clock import SystemClock
from scheduler.tick.report import TickReport

#: So long after it was asked to leave a process goes on with what is in hand; seconds. It is
#: killed at 7.5, and needs a moment to report.
FAREWELL = 5.5


class Overtime(BaseException):
    """No time is left for what goes on; passes through every handler but its own."""


class Leave:
    """Whether this process was ``asked`` to leave.

    ``wind_up`` is what brings what is in hand to an end; as long as there is none, nothing is
    in hand, and what goes on is dropped at once.
    """

    def __init__(self) -> None:
        self.asked = False
        self.wind_up: Callable[[], None] | None = None

    def hear(self, _: int, __: object) -> None:
        """Take note of a signal. Raises ``Overtime`` where nothing is in hand."""
        first, self.asked = not self.asked, True
        if self.wind_up is None:
            raise Overtime
        self.wind_up()
        if first:
            _ring_in(FAREWELL)

    def arrived(self) -> None:
        """Note that only the report is left to write, and stop the alarm."""
        self.wind_up = lambda: None
        _ring_in(0)


def _ring_in(seconds: float) -> None:
    """Have SIGALRM come in so many seconds; 0: not at all. Some systems have no such signal."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def unbegun() -> TickReport:
    """The report of a tick that was asked to leave before it had begun."""
    now = SystemClock().now()
    stopped = "asked to leave before it had begun"
    return TickReport(now=now, next_due=now, needed=now, stopped=stopped)


@contextmanager
def leaving() -> Iterator[Leave]:
    """Let SIGINT and SIGTERM ask to leave; ``Overtime`` is raised when that takes too long."""
    leave = Leave()
    if threading.current_thread() is not threading.main_thread():
        yield leave
        return

    def overtime(_: int, __: object) -> None:
        """The time to finish what was in hand is over."""
        raise Overtime

    handlers = {signal.SIGINT: leave.hear, signal.SIGTERM: leave.hear}
    if hasattr(signal, "setitimer"):
        handlers[signal.SIGALRM] = overtime
    before = {each: signal.signal(each, handler) for each, handler in handlers.items()}
    try:
        yield leave
    finally:
        _ring_in(0)
        for each, handler in before.items():
            signal.signal(each, handler)
