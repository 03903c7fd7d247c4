"""Hands the queue from one holder to the next: the successor waits for free.

A holder dispatches its successor when it begins to wait. The workflow's concurrency group
keeps that run pending, unbilled, and GitHub starts it the moment the holder ends, however
it ends. With nothing left to wait for, the holder cancels it, and the chain is over.
"""

from __future__ import annotations

from datetime import timedelta

from scheduler.errors import SchedulerError
from scheduler.gateway import Clock, Queue
from scheduler.model import Dispatch, Target
from scheduler.report import TickReport
from scheduler.settings import Settings

HOUR = timedelta(hours=1)


class Relay:
    """One holder's place in the chain; ``run_id`` is its successor's, once there is one."""

    def __init__(self, queue: Queue, clock: Clock, settings: Settings) -> None:
        self._queue = queue
        self._clock = clock
        self._settings = settings
        self.run_id: int | None = None
        self.begun = False
        self._tried = False

    def begin(self) -> str | None:
        """Dispatch the successor; the reason, in one line, where there is none.

        A chain that goes wrong stops itself: not more than ``limits.relays-per-hour``. What
        was cancelled does not count: a nudge puts out the successor that waited before it.
        """
        self._tried = True
        limit = self._settings.limits.relays_per_hour
        try:
            target = self._target()
            recent = [
                run
                for run in self._queue.runs(target, self._clock.now() - HOUR)
                if run.conclusion != "cancelled"
            ]
            if len(recent) >= limit:
                return (
                    f"relay: {len(recent)} runs of {target.name} were dispatched within the hour, "
                    f"and limits.relays-per-hour is {limit}; the chain stops here, and cron or the "
                    "next change begins another"
                )
            accepted = self._queue.dispatch(Dispatch(target=target))
        except SchedulerError as problem:
            return f"relay: no successor could be started: {problem}"
        self.begun, self.run_id = True, accepted.run_id
        return None

    def _target(self) -> Target:
        repo = self._queue.repository
        return Target(
            repo=repo,
            ref=self._queue.default_branch(repo),
            workflow=self._settings.scheduler.workflow,
        )

    def finish(self, report: TickReport) -> None:
        """End the chain where nothing waits any more; else say that it goes on."""
        if self._tried and not self.begun and report.next_due is not None and not report.error:
            # What kept the successor from being started may be over by now.
            self.begin()
        if not self.begun:
            return
        if report.next_due is not None or report.stopped:
            report.notices.append("relay: the next run is waiting already, and goes on from here")
        elif problem := self.end():
            report.notices.append(problem)
        report.requests = self._queue.requests

    def end(self) -> str | None:
        """Cancel the successor, since nothing waits any more; the reason where that failed."""
        if not self.begun or self.run_id is None:
            return None
        try:
            self._queue.cancel_run(self._queue.repository, self.run_id)
        except SchedulerError as problem:
            return f"relay: run {self.run_id} could not be cancelled: {problem}"
        self.begun = False
        return None
