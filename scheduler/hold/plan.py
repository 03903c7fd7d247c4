"""Which clock wakes the next tick: decided when a pass is over, with what waits before it.

Profile ``auto`` takes an alarm where the environments are there, here or in the repository that
lends them; else a self-hosted runner stays and relays; else it holds what is due soon. What is
there is asked once a day at most, and remembered (``memory``); an alarm that came in its time
proves itself. Where arming fails, the next best clock is at work until the next day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.errors import SchedulerError
from scheduler.hold import alarm, memory
from scheduler.hold.arming import EARLY, INSTALL, Arming
from scheduler.hold.memory import Memory
from scheduler.ports.clock import Clock
from scheduler.ports.hold import HeldQueue
from scheduler.ports.values import Run
from scheduler.settings.profiles import ALARM_HOLD, PROFILES, Stay


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a run knows of itself without asking."""

    #: Whether its runner is the owner's own machine.
    self_hosted: bool = False
    #: Whether the queue's repository is private; None: not told.
    private: bool | None = None
    #: The environment in which this run has waited; empty: it is no alarm.
    alarm: str = ""
    #: Asks for this run; None: it can't be told.
    run: Callable[[], Run | None] = lambda: None


class Plan:
    """One tick's plan; a holder asks it when its pass is over, and when it would leave.

    ``profile`` is ``auto`` or ``alarm``; ``hold`` is how long another clock holds.
    """

    def __init__(
        self,
        queue: HeldQueue,
        clock: Clock,
        arming: Arming,
        *,
        profile: str,
        around: Surroundings,
        hold: timedelta | None = None,
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._arming = arming
        self._profile = profile
        self._around = around
        self._given = hold
        self._began = clock.monotonic()
        #: The name of the clock that is at work; empty: nothing waited yet.
        self.clock = ""
        #: Whether an alarm wakes the next tick, or nothing is to.
        self.settled = False
        self.notices: list[str] = []
        #: Whether arming failed for what may be over when the hold is.
        self._passing = False

    def __call__(self, due: datetime | None) -> tuple[timedelta, Stay] | None:
        """How much longer to hold for what is ``due`` next, and what for; None: leave."""
        self.settled = False
        if due is None:
            self.settled = True
            return None
        first = not self.clock
        if first:
            self.clock = self._best()
        if self.clock != "alarm" and (first or not self._passing or self.relays):
            return self._held() if first else None
        if self._passing:
            self._again(due)
            return None
        now = self._clock.now()
        near = alarm.held(self._arming.timers)
        if -alarm.MARGIN < due - now < min(near, self._left()):
            return min(max(due - now, timedelta(0)) + alarm.MARGIN, ALARM_HOLD), Stay.DUE
        return self._armed(due)

    def leave(self, due: datetime | None) -> None:
        """Arm what is to wake the next tick, where the hold ended otherwise than by this plan."""
        if due is not None and not self.settled and self.clock in ("", "alarm"):
            self.clock = self.clock or self._best()
            if self.clock == "alarm":
                self._armed(due)

    def _again(self, due: datetime) -> None:
        """Arm what could not be armed before the hold: what kept it from that may be over."""
        self._passing = False
        problem = self._arming.arm(due)
        if problem:
            self.notices.append(problem)
        else:
            self.clock, self.settled = "alarm", True

    @property
    def relays(self) -> bool:
        """Whether the clock at work is a successor that waits."""
        return bool(self.clock) and PROFILES[self.clock].relay

    def said(self) -> list[str]:
        """What is to be said of the clock, a line each."""
        return [*self.notices, *self._arming.notices]

    def _armed(self, due: datetime) -> tuple[timedelta, Stay] | None:
        problem = self._arming.arm(due)
        if not problem:
            self.settled = True
            return None
        self.clock, self._passing = self._next_best(), not self._arming.refused
        self.notices.append(f"{problem}; the clock is {self.clock} now")
        if self._arming.refused and self._profile == "auto":
            self._note(self.clock)
        return self._held()

    def _held(self) -> tuple[timedelta, Stay]:
        profile = PROFILES[self.clock]
        length = self._given if self._given is not None else profile.hold or timedelta(0)
        return max(min(length, self._left(length)), timedelta(0)), profile.stay

    def _left(self, whole: timedelta | None = None) -> timedelta:
        """How much of a whole hold there is still to spend."""
        whole = whole or self._given or PROFILES["balanced"].hold or timedelta(0)
        return whole - timedelta(seconds=self._clock.monotonic() - self._began)

    def _next_best(self) -> str:
        return "punctual" if self._around.self_hosted else "balanced"

    def _best(self) -> str:
        """The best clock that is there."""
        came = self._came()
        if self._profile == "alarm":
            return (came is False and self._asked(None, suspect=True)) or "alarm"
        now = self._clock.now()
        known = memory.read(self._queue.noted())
        if known and known.holds(now) and came is not False:
            return "alarm" if known.clock == "alarm" else self._next_best()
        best = "alarm" if came else self._asked(known, suspect=came is False)
        if best is None:
            return "alarm" if known and known.clock == "alarm" else self._next_best()
        self._note(best)
        return best

    def _came(self) -> bool | None:
        """Whether this run is an alarm that came in its time; None: it is none, or not told."""
        timer = alarm.timer_of(self._around.alarm)
        if timer is None:
            return None
        try:
            run = self._around.run()
        except SchedulerError:
            return None
        if run is None or run.created_at is None:
            return None
        waited = self._clock.now() - run.created_at
        if waited >= timer - EARLY:
            return True
        self.notices.append(
            f"alarm: {self._around.alarm} ended after {waited.total_seconds():.0f} s: somebody "
            "approved or rejected it, or it has no such wait timer"
        )
        return False

    def _asked(self, known: Memory | None, *, suspect: bool) -> str | None:
        """The clock by the environments that there are; None: that could not be told now."""
        try:
            named = self._arming.environments()
        except SchedulerError as problem:
            if problem.passing:
                return None
            if self._arming.lent:
                self.notices.append(f"alarm: {self._arming.repository} lends none: {problem}")
            return self._next_best()
        wanted = self._arming.lent or self._profile == "alarm"
        if not named and not wanted and not (known and known.clock == "alarm"):
            return self._next_best()
        if flaw := self._arming.flaw(named):
            self.notices.append(
                f"alarm: {flaw}; {INSTALL}, and until then the clock is {self._next_best()}"
            )
            return self._next_best()
        if suspect and self._around.private:
            self.notices.append(
                "alarm: a private repository keeps wait timers only with a plan that has them; "
                f"the clock is {self._next_best()}"
            )
            return self._next_best()
        return "alarm"

    def _note(self, clock: str) -> None:
        """Remember the clock until tomorrow; that it can't be is no problem of the tick."""
        text = memory.written(self._queue.noted(), Memory(clock, self._clock.now().date()))
        if text is None or text == self._queue.noted():
            return
        try:
            self._queue.note(text)
        except SchedulerError as problem:
            self.notices.append(f"alarm: which clock there is could not be noted: {problem}")
