"""GitHub Actions: one concurrency group, its runners, and what they cost."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scheduler.hold.arming import LENT
from scheduler.ports.values import Run
from scheduler.simulation.meter import MeteredHub
from scheduler.simulation.scenario import Platform
from scheduler.simulation.timeline import SECOND, Killed, Timeline


@dataclass(kw_only=True)
class Job:
    """A job of one run: since when it is billed, in seconds, and when it ended."""

    run: Run
    began: float = 0.0
    ended: float | None = None
    #: Whether it is a tick; else it is that of an alarm, which only waits.
    ticks: bool = True
    #: Whether it is billed to the queue's repository.
    billed: bool = True
    #: How long its process slept, in seconds.
    asleep: float = 0.0

    @property
    def minutes(self) -> int:
        """What is billed: every minute that was begun."""
        return self.billed * math.ceil(((self.ended or self.began) - self.began) / 60)


class RunnerClock:
    """The clock of a runner's process, which ends at the job's limit.

    GitHub asks it to leave then (``stopped``), and kills it a little later.
    """

    def __init__(self, timeline: Timeline, *, leave_at: float, kill_at: float) -> None:
        self._timeline = timeline
        self._leave_at = leave_at
        self._kill_at = kill_at
        #: For how long this process slept, in seconds.
        self.asleep = 0.0

    def now(self) -> datetime:
        """The instant, in UTC."""
        return self._timeline.now()

    def monotonic(self) -> float:
        """Seconds since the month began."""
        return self._timeline.at / SECOND

    @property
    def stopped(self) -> bool:
        """Whether the process was asked to leave."""
        return self._timeline.at >= self._leave_at * SECOND

    def sleep(self, seconds: float) -> None:
        """Sleep; a request to leave ends every sleep."""
        began = self._timeline.seconds
        self._timeline.wait(min(seconds, max(self._leave_at - began, 0.0)))
        self.asleep += self._timeline.seconds - began

    def request(self, seconds: float) -> None:
        """Wait for an answer; the request to leave does not end that."""
        left = self._kill_at - self._timeline.seconds
        if seconds > left:
            self._timeline.wait(left)
            raise Killed
        self._timeline.wait(seconds)


class Actions:
    """Runs of the scheduler's workflow: one runs, one waits, a newer one takes its place.

    A run with a timer waits outside of that, without a runner, and ticks when its timer has ended.
    https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
    """

    def __init__(
        self,
        hub: MeteredHub,
        platform: Platform,
        chance: random.Random,
        tick: Callable[[RunnerClock, Run], None],
    ) -> None:
        self._hub = hub
        self._timeline = hub.timeline
        self._platform = platform
        self._chance = chance
        self._tick = tick
        self._running: Job | None = None
        self._pending: Run | None = None
        self.jobs: list[Job] = []
        self.killed = 0
        hub.wake, hub.lend, hub.put_out = self.start, self.lend, self.cancel

    def start(self, event: str, *, title: str = "", timer: float = 0.0) -> Run:
        """Create a run of the scheduler: it ticks when no other does.

        With a ``timer`` that ends so many seconds from now, it waits for that before.
        """
        run = self._hub.run(self._hub.settings.scheduler.workflow, event, title=title)
        if timer:
            self._wait(run, timer, lambda: self._queue(run))
        else:
            self._queue(run)
        return run

    def lend(self, title: str, timer: float) -> Run:
        """Create a run of the public repository that lends alarms; it dispatches the scheduler."""
        run = self._hub.run(LENT, "workflow_dispatch", title=title)

        def ended() -> None:
            self.start("workflow_dispatch")
            self._hub.mark(run.id, "completed", "success")

        self._wait(run, timer, ended, billed=False)
        return run

    def _wait(
        self, run: Run, timer: float, then: Callable[[], object], *, billed: bool = True
    ) -> None:
        """Let an alarm wait, and do ``then`` when its own job has run."""
        self._hub.mark(run.id, "waiting")
        self._timeline.after(timer, lambda: self._ring(run, then, billed=billed))

    def _ring(self, run: Run, then: Callable[[], object], *, billed: bool) -> None:
        """The timer of an alarm has ended: its own job takes a runner."""
        if run.id not in self._hub.waiting:
            return  # it was cancelled
        self._hub.mark(run.id, "queued")
        began = self._timeline.seconds + max(self._starts() - self._platform.installing, 0.0)
        ended = began + self._platform.ringing
        self.jobs.append(Job(run=run, began=began, ended=ended, ticks=False, billed=billed))
        self._timeline.after(ended - self._timeline.seconds, then)

    def _queue(self, run: Run) -> None:
        """Let a tick wait for the one that runs, in the place of one that waits already."""
        if self._pending is not None:
            self._hub.mark(self._pending.id, "completed", "cancelled")
        self._pending = run
        if self._running is None:
            self._next()

    def cancel(self, run_id: int) -> bool:
        """Cancel a run that waits; the product cancels no other. False: it is none."""
        waits = self._pending is not None and self._pending.id == run_id
        if not waits and run_id not in self._hub.waiting:
            return False
        self._hub.mark(run_id, "completed", "cancelled")
        self._pending = None if waits else self._pending
        return True

    def _starts(self) -> float:
        """How long it takes until a run that may start has got a runner and installed."""
        low, high = self._platform.start
        return low + (high - low) * self._chance.random()

    def _next(self) -> None:
        if self._pending is None:
            return
        job = self._running = Job(run=self._pending)
        self._pending = None
        self._hub.mark(job.run.id, "in_progress")
        self.jobs.append(job)
        start = self._starts()
        job.began = self._timeline.seconds + start - self._platform.installing
        self._timeline.after(start, lambda: self._timeline.spawn(lambda: self._work(job)))

    def _work(self, job: Job) -> None:
        leave_at = job.began + self._platform.job_limit
        kill_at = leave_at + self._platform.kill_after
        clock = RunnerClock(self._timeline, leave_at=leave_at, kill_at=kill_at)
        try:
            self._tick(clock, job.run)
        except Killed:
            if self._timeline.seconds < kill_at:
                return  # the month is over
            self.killed += 1
        job.ended, job.asleep = self._timeline.seconds, clock.asleep
        conclusion = "cancelled" if clock.stopped else "success"
        self._hub.mark(job.run.id, "completed", conclusion)
        self._running = None
        self._next()
