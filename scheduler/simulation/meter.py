"""GitHub's limits: a hub whose requests take their time and are counted."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

from scheduler.errors import RateLimited
from scheduler.hold.arming import LENT
from scheduler.ports.values import Acts, Dispatch, Edit, Run, Target, Ticket
from scheduler.settings.model import Settings
from scheduler.simulation.hub import Hub
from scheduler.simulation.queue import PAGE, HubQueue, T
from scheduler.simulation.scenario import Platform
from scheduler.simulation.timeline import Timeline
from scheduler.times.pace import Pace

PERSON = "person"
TARGET = "agent-message.yml"
#: What jobs start; its runs show the occurrence.
TARGET_TEXT = """\
on: {workflow_dispatch: {inputs: {message: {}, schedule_id: {}}}}
run-name: "agent ${{ inputs.schedule_id }}"
"""
HOUR = 3600.0
#: So many runs are asked for, to see whether the scheduler was there lately.
NEWEST = 30


class Wake(Protocol):
    """Starts a run of the scheduler, with a timer that ends so many seconds later."""

    def __call__(self, event: str, *, title: str = "", timer: float = 0.0) -> Run:
        """The run."""


@dataclass(kw_only=True)
class Meter:
    """Every request that was sent: by hour, those answered 304 apart. Limits, too."""

    timeline: Timeline
    platform: Platform
    counted: dict[int, int] = field(default_factory=dict)
    unchanged: dict[int, int] = field(default_factory=dict)
    limited: int = 0
    _content: deque[float] = field(default_factory=deque)

    def hour(self) -> int:
        """Which hour of the month it is."""
        return int(self.timeline.seconds // HOUR)

    def charge(self, requests: int, *, unchanged: int = 0, content: bool = False) -> None:
        """Count requests. Raises `RateLimited` when GitHub would not take one more.

        A 304 does not count against the primary limit:
        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests
        """
        hour, now = self.hour(), self.timeline.seconds
        used = self.counted.get(hour, 0)
        if used + requests > self.platform.requests_per_hour:
            self.limited += 1
            raise self._limited("requests an hour", (hour + 1) * HOUR - now)
        if content:
            while self._content and self._content[0] <= now - HOUR:
                self._content.popleft()
            lately = sum(1 for at in reversed(self._content) if at > now - 60)
            if lately >= self.platform.content_per_minute:
                raise self._limited("comments and issues a minute", 60)
            if len(self._content) >= self.platform.content_per_hour:
                raise self._limited("comments and issues an hour", self._content[0] + HOUR - now)
            self._content.append(now)
        self.counted[hour] = used + requests
        self.unchanged[hour] = self.unchanged.get(hour, 0) + unchanged

    def _limited(self, what: str, seconds: float) -> RateLimited:
        retry_at = self.timeline.now() + timedelta(seconds=seconds)
        return RateLimited(f"rate limit: {what}", retry_at=retry_at)


class MeteredHub(Hub):
    """A hub on a timeline, where everybody may write and the scheduler has a workflow.

    An agent's run takes no time: it is completed as soon as it is there.
    """

    def __init__(self, timeline: Timeline, settings: Settings, platform: Platform) -> None:
        scheduler = settings.scheduler.workflow
        super().__init__(
            label=settings.label,
            others="write",
            workflows={TARGET: TARGET_TEXT, scheduler: "on: workflow_dispatch\n"},
        )
        self.timeline = timeline
        self.settings = settings
        self.meter = Meter(timeline=timeline, platform=platform)
        #: Starts a run of the scheduler, and cancels one that waits.
        self.wake: Wake = self._wake
        self.lend: Callable[[str, float], Run] = lambda title, _: self.run(
            LENT, "workflow_dispatch", title=title
        )
        self.put_out: Callable[[int], bool] = lambda _: False

    def _wake(self, event: str, *, title: str = "", timer: float = 0.0) -> Run:
        """A run of the scheduler of which nothing comes."""
        return self.run(self.settings.scheduler.workflow, event, title=title)

    def instant(self) -> datetime:
        """The time of everybody."""
        return self.timeline.now()

    def acts(self, number: int) -> Acts:
        """Nobody does anything here of which it would have to be asked who did it."""
        return Acts(edit=Edit(), events=())

    def start(self, request: Dispatch, actor: str) -> Run | None:
        """Take a dispatch; one of the scheduler starts when no other runs."""
        names = self.waits(request)
        minutes = max((e.minutes for e in self.environments if e.name in names), default=0)
        title = self._title(request) if names else ""
        if request.target.workflow == self.settings.scheduler.workflow:
            return self.wake("workflow_dispatch", title=title, timer=60.0 * minutes)
        if request.target.repo == self.settings.alarm.repository:
            return self.lend(title, 60.0 * minutes)
        run = super().start(request, actor)
        if run is not None:
            self.mark(run.id, "completed", "success")
        return run

    def cancel(self, run_id: int) -> bool:
        """Cancel a run of the scheduler."""
        return self.put_out(run_id)


def pages(count: int) -> int:
    """How many requests a list of so many items takes."""
    return max(math.ceil(count / PAGE), 1)


class MeteredQueue(HubQueue):
    """A process's connection; ``wait`` lets time pass, as a request does in which it is called."""

    hub: MeteredHub

    def __init__(
        self, hub: MeteredHub, *, wait: Callable[[float], None], latency: Callable[[], float]
    ) -> None:
        super().__init__(hub)
        self._wait = wait
        self._latency = latency
        self._pace = Pace()
        self._pages: list[list[Ticket]] = []

    def ask(self, name: str, act: Callable[[], T], *, content: bool = False) -> T:
        """The answer, which is made half-way through the time that the request takes."""
        if content:
            self._wait(self.room())
            self._pace.take(self.hub.timeline.seconds)
        half = self._latency() / 2
        self._wait(half)
        self.requests += 1
        self.hub.meter.charge(1, content=content)
        answer = act()
        self._wait(half)
        return answer

    def listed(self, name: str, find: Callable[[], list[T]]) -> list[T]:
        """The same of a list, which takes a request for each page."""
        found = self.ask(name, find)
        for _ in range(pages(len(found)) - 1):
            self.ask(name, lambda: None)
        return found

    def room(self, writes: int = 1) -> float:
        """By what this process wrote."""
        return self._pace.room(self.hub.timeline.seconds, writes)

    def settings(self) -> Settings:
        """What the settings file says."""
        return self.ask("settings", lambda: self.hub.settings)

    def waiting_runs(self, target: Target) -> list[Run]:
        """Those of the workflow that wait, newest first; there are few, of thousands of runs."""
        hub = self.hub

        def find() -> list[Run]:
            ids = [each for each, name in reversed(hub.waiting.items()) if name == target.workflow]
            return [run for run in map(hub.found, ids) if run is not None]

        return self.listed("waiting_runs", find)

    def newest_runs(self, workflow: str) -> list[Run]:
        """The newest few runs of a workflow, newest first."""
        runs = reversed(self.hub.runs)
        mine = (run for name, run in runs if name == workflow)
        return self.listed("newest_runs", lambda: list(islice(mine, NEWEST)))

    def poll_open(self) -> Sequence[Ticket] | None:
        """The queue page by page, each with its ETag."""
        self._wait(self._latency())
        hub = self.hub
        if hub.version == self._version:
            self.requests += len(self._pages)
            hub.meter.charge(0, unchanged=len(self._pages))
            return None
        everything = hub.open_issues()
        found = [everything[i : i + PAGE] for i in range(0, pages(len(everything)) * PAGE, PAGE)]
        same = sum(1 for old, new in zip(self._pages, found, strict=False) if old == new)
        self.requests += len(found)
        hub.meter.charge(len(found) - same, unchanged=same)
        changed = same < len(found) or len(found) != len(self._pages)
        self._version, self._pages = hub.version, found
        return everything if changed else None


def latency(bounds: tuple[float, float], chance: random.Random) -> Callable[[], float]:
    """What a request takes, evenly between two bounds."""
    low, high = bounds
    return lambda: low + (high - low) * chance.random()
