"""A holder in virtual time: what people do while it sleeps, and a clock that may jump."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from scheduler.clock import SLICE
from scheduler.hold.holder import Holder
from scheduler.settings.model import Settings
from scheduler.settings.profiles import Stay
from scheduler.tick.context import new_context
from scheduler.tick.report import TickReport
from scheduler.tick.tick import Tick
from tests.faults.world import PLAIN, TITLED, World, body
from tests.support.fakes import BOT, NOON, FakeClock, MemoryHub, MemoryQueue, Through


class LivelyClock(FakeClock):
    """Lets things happen while somebody sleeps: ``at`` so many seconds from its start."""

    def __init__(self, start: datetime = NOON) -> None:
        super().__init__(start)
        self.frozen = 0.0
        self.woken = False
        self.plan: list[tuple[datetime, Callable[[], object]]] = []

    def at(self, seconds: float, do: Callable[[], object]) -> None:
        """Plan something."""
        self.plan.append((self._start + timedelta(seconds=seconds), do))
        self.plan.sort(key=lambda each: each[0])

    def sleep(self, seconds: float) -> None:
        """Wait by either clock, as ``SystemClock`` does: it looks at the wall now and then."""
        span = timedelta(seconds=max(seconds, 0.0))
        until, steady = self.now() + span, self._steady() + span
        while (left := steady - self._steady()) > timedelta(0) and self.now() < until:
            self._pass(self.true + min(left, timedelta(seconds=SLICE)))
            if self.woken:
                self.woken = False
                return

    def _steady(self) -> datetime:
        return self.true - timedelta(seconds=self.frozen)

    def _pass(self, until: datetime) -> None:
        while self.plan and self.plan[0][0] <= until and not self.woken:
            when, do = self.plan.pop(0)
            self.true = max(self.true, when)
            do()
        if not self.woken:
            self.true = max(self.true, until)

    def wake(self) -> None:
        """End this sleep."""
        self.woken = True

    def monotonic(self) -> float:
        return super().monotonic() - self.frozen

    def suspend(self, seconds: float) -> None:
        """The machine stands still: its steady clock too, the world does not."""
        self.frozen += seconds
        self.true += timedelta(seconds=seconds)


@dataclass
class HoldWorld(World):
    """Ticks that stay; ``done`` are their requests: when, and what."""

    hold: float = 600
    poll: float = 20
    stay: Stay = Stay.HOLD
    corrected: bool = False
    latency: float = 0.0
    stopped: Callable[[], bool] = lambda: False
    begin: Callable[[], str | None] = lambda: None
    read_settings: Callable[[], Settings] | None = None
    done: list[tuple[float, str]] = field(default_factory=list)

    @property
    def lively(self) -> LivelyClock:
        clock = self.clock
        assert isinstance(clock, LivelyClock)
        return clock

    def holder(self, through: Through | None = None) -> Holder:
        def watched(index: int, name: str, act: Callable[[], object]) -> object:
            self.clock.sleep(self.latency)
            self.done.append((self.seconds, name))
            try:
                return through(index, name, act) if through else act()
            finally:
                if self.corrected:
                    # As an answer's `Date` would.
                    self.clock.skew = timedelta(0)

        queue = MemoryQueue(self.hub, through=watched)
        ctx = new_context(
            queue,
            clock=self.clock,
            settings=self.settings,
            nonce=lambda: f"nonce-{next(self.nonces):06}",
        )
        return Holder(
            Tick(ctx), queue, hold=timedelta(seconds=self.hold), poll=timedelta(seconds=self.poll),
            stay=self.stay, stopped=self.stopped, begin=self.begin,
            settings=self.read_settings or (lambda: self.settings),
        )  # fmt: skip

    def stays(self, through: Through | None = None) -> TickReport:
        """A whole hold."""
        report = self.holder(through).run()
        self.reports.append(report)
        return report

    @property
    def seconds(self) -> float:
        """How long the world has been going on."""
        return (self.clock.true - NOON).total_seconds()

    def open(self, name: str, at: float, **given: Any) -> int:
        """A job that is due so many seconds after the beginning."""
        return self.hub.open(body(name, run_at=NOON + timedelta(seconds=at), **given))

    def sent_at(self, name: str) -> list[float]:
        """When a job was dispatched, by GitHub's clock."""
        return [(each.at - NOON).total_seconds() for each in self.hub.sent if each.name == name]

    def named(self, *names: str) -> list[tuple[float, str]]:
        return [each for each in self.done if each[1] in names]


def hold_world(**given: Any) -> HoldWorld:
    """An empty hub, and holders of ten minutes."""
    hub = MemoryHub(clock=LivelyClock(NOON))
    hub.workflows = {"titled.yml": TITLED, "plain.yml": PLAIN, "scheduler.yml": PLAIN}
    return HoldWorld(hub=hub, **given)


__all__ = ["BOT", "NOON", "HoldWorld", "LivelyClock", "body", "hold_world"]
