"""Virtual time: processes written as plain code, of which exactly one runs at any moment.

A process that waits lets happen what comes before its turn, on its own stack; one that is begun
meanwhile is a thread that holds a baton, and waiting passes that on. Order follows from
(time, sequence) alone, so the same seed gives the same month. A process whose wait ends
before anything else happens goes on at once: a holder that polls costs no switch.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

#: When every simulated month begins; nothing depends on which instant it is.
BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)
SECOND = 1_000_000


class Killed(BaseException):
    """This process ends here; no handler of the product's own sees it."""


class _Baton:
    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._turn.acquire()

    def give(self) -> None:
        self._turn.release()

    def await_turn(self) -> None:
        self._turn.acquire()


class Timeline:
    """The clock of everything; ``at`` is in whole microseconds since `BEGIN`."""

    def __init__(self) -> None:
        self.at = 0
        self._events: list[tuple[int, int, Callable[[], object]]] = []
        self._sequence = itertools.count()
        self._main = _Baton()
        self._until: Callable[[], bool] = lambda: False
        self._over = False
        #: Whether a process runs on the stack of whoever lets events happen, and whose that is.
        self._inline = False
        self._owner = threading.get_ident()
        self._failure: BaseException | None = None
        self._waiting: dict[int, _Baton] = {}
        self._threads: list[threading.Thread] = []
        self._now = (0, BEGIN)

    @property
    def seconds(self) -> float:
        """Seconds since the begin."""
        return self.at / SECOND

    def now(self) -> datetime:
        """The instant, in UTC."""
        if self._now[0] != self.at:
            self._now = (self.at, BEGIN + timedelta(microseconds=self.at))
        return self._now[1]

    def after(self, seconds: float, act: Callable[[], object]) -> None:
        """Have ``act`` called so many seconds from now; what it does takes no time."""
        at = self.at + max(round(seconds * SECOND), 0)
        heapq.heappush(self._events, (at, next(self._sequence), act))

    def spawn(self, body: Callable[[], None]) -> None:
        """Begin a process now; it may ``wait``."""
        if not self._inline:
            self._inline = True
            try:
                body()
            except Killed:
                pass
            finally:
                self._inline = False
            return
        baton = _Baton()

        def work() -> None:
            baton.await_turn()
            try:
                if not self._over:
                    body()
            except Killed:
                pass
            except BaseException as failure:  # noqa: BLE001 - raised again in `run`
                self._failure = failure
            finally:
                self._main.give()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        self._threads.append(thread)
        self._hand(baton)

    def _hand(self, baton: _Baton) -> None:
        # Only the main thread hands the baton out, and it waits until it is back.
        baton.give()
        self._main.await_turn()
        if self._failure is not None:
            raise self._failure

    def wait(self, seconds: float) -> None:
        """Let time pass for the process that calls. Raises `Killed` once the month is over."""
        if self._over:
            raise Killed
        until = self.at + max(round(seconds * SECOND), 0)
        if not self._events or until < self._events[0][0]:
            self.at = until
            return
        ticket = next(self._sequence)
        if threading.get_ident() == self._owner:
            heapq.heappush(self._events, (until, ticket, lambda: None))
            self._happen(ticket)
            return
        baton = _Baton()
        self._waiting[ticket] = baton
        heapq.heappush(self._events, (until, ticket, lambda: self._hand(baton)))
        self._main.give()
        baton.await_turn()
        del self._waiting[ticket]
        if self._over:
            raise Killed

    def _happen(self, ticket: int) -> None:
        """Let events happen up to this one. Raises `Killed` once the month is over."""
        while True:
            try:
                if self._until():
                    break
                self.at, turn, act = heapq.heappop(self._events)
                if turn == ticket:
                    return
                act()
            except BaseException as failure:  # noqa: BLE001 - raised again in `run`
                # No fault of the process in which it came up, which might even handle it.
                self._failure = self._failure or failure
                break
        self._over = True
        raise Killed

    def run(self, until: Callable[[], bool]) -> None:
        """Let events happen until ``until`` says so, or none is left; then end all processes.

        Raises: what a process raised.
        """
        self._until, self._owner = until, threading.get_ident()
        try:
            while self._events and not self._over and not until():
                self.at, _, act = heapq.heappop(self._events)
                act()
            if self._failure is not None:
                raise self._failure
        finally:
            self._over = True
            for baton in list(self._waiting.values()):
                baton.give()
                self._main.await_turn()
            for thread in self._threads:
                thread.join()
