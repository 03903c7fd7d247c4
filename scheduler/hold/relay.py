"""Hands the queue from one holder to the next: the successor waits for free.

A holder dispatches its successor when it begins to wait. The workflow's concurrency group
keeps that run pending, unbilled, and GitHub starts it the moment the holder ends, however
it ends. With nothing left to wait for, the holder cancels it, and the chain is over.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from scheduler.errors import SchedulerError, Unavailable
from scheduler.ports.clock import Clock
from scheduler.ports.hold import HeldQueue
from scheduler.ports.values import Dispatch, Target
from scheduler.settings.model import IN_FLIGHT, Settings
from scheduler.tick.report import TickReport

HOUR = timedelta(hours=1)
#: What a holder says that leaves while its successor waits.
GOES_ON = "relay: the next run is waiting already, and goes on from here"


class Relay:
    """One holder's place in the chain; ``run_id`` is its successor's, once there is one."""

    def __init__(self, queue: HeldQueue, clock: Clock, settings: Settings) -> None:
        self._queue = queue
        self._clock = clock
        self._settings = settings
        self.run_id: int | None = None
        self.begun = False
        self._tried = False
        #: Why no successor could be started; empty: one was, or that was not tried.
        self.problem = ""
        #: When the successor was sent for, and the newest run of the workflow before it.
        self._sent_at: datetime | None = None
        self._newest = 0

    def begin(self) -> str | None:
        """Dispatch the successor; the reason, in one line, where there is none.

        A chain that goes wrong stops itself: not more than ``limits.relays-per-hour``. What
        was cancelled does not count: a nudge puts out the successor that waited before it.
        """
        self._tried = True
        self.problem = self._begin()
        return self.problem or None

    def _begin(self) -> str:
        """Dispatch the successor; the reason where there is none, else nothing."""
        limit = self._settings.limits.relays_per_hour
        try:
            target, now = self._target(), self._clock.now()
            runs = self._queue.runs(target, now - HOUR)
            recent = [run for run in runs if run.conclusion != "cancelled"]
            if len(recent) >= limit:
                return (
                    f"relay: {len(recent)} runs of {target.name} were dispatched within the hour, "
                    f"and limits.relays-per-hour is {limit}; the chain stops here, and cron or the "
                    "next change begins another"
                )
            self._sent_at, self._newest = now, max((run.id for run in runs), default=0)
            accepted = self._queue.dispatch(Dispatch(target=target))
        except SchedulerError as problem:
            if self._sent_at and isinstance(problem, Unavailable) and problem.sent:
                return (
                    f"relay: no answer told whether a successor was started ({problem}); that is "
                    "looked up when the hold is over"
                )
            self._sent_at = None
            return f"relay: no successor could be started: {problem}"
        self.begun, self.run_id = True, accepted.run_id
        return ""

    def _look(self) -> None:
        """Find the successor of which no answer told: the only run that waits since then."""
        if self._sent_at is None or self.run_id is not None:
            return
        latest, target = self._sent_at + IN_FLIGHT, self._target()
        mine: list[int] = []
        for filtered in (True, False):  # a search may lag behind the whole list
            mine = [
                run.id
                for run in self._queue.runs(target, self._sent_at - IN_FLIGHT, filtered=filtered)
                if run.id > self._newest
                and run.event in ("workflow_dispatch", "")
                and run.conclusion is None
                and run.status != "in_progress"
                and (run.created_at is None or run.created_at <= latest)
            ]
            if mine:
                break
        if len(mine) == 1:
            self.begun, self.run_id = True, mine[0]

    def _target(self) -> Target:
        """The workflow of the scheduler itself, on the default branch."""
        repo = self._queue.repository
        return Target(
            repo=repo,
            ref=self._queue.default_branch(repo),
            workflow=self._settings.scheduler.workflow,
        )

    def finish(self, report: TickReport) -> list[str]:
        """End the chain where nothing waits any more, by the hold's report; notices about it."""
        if not self.begun:
            with suppress(SchedulerError):
                self._look()
        if self._tried and not self.begun and report.next_due is not None and not report.error:
            # What kept the successor from being started may be over by now.
            self._begin()
        if not self.begun:
            return [self.problem] if self.problem else []
        if report.next_due is not None or report.stopped:
            return [GOES_ON]
        problem = self.end()
        return [problem] if problem else []

    def end(self) -> str | None:
        """Cancel the successor, since nothing waits any more; the reason where that failed."""
        if not self.begun:
            return None
        try:
            self._look()
            if self.run_id is None:
                return (
                    "relay: which run is the successor can't be told, so it was not cancelled; it "
                    "finds the queue empty"
                )
            self._queue.cancel_run(self._queue.repository, self.run_id)
        except SchedulerError as problem:
            return f"relay: the successor could not be cancelled: {problem}"
        self.begun = False
        return None
