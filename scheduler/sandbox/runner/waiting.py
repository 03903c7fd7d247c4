"""Jobs that wait in an environment: without a runner, until its timer and its reviewers agree.

The sandbox starts whole runs, where GitHub starts jobs: here a run waits as long as one of its
first jobs does. While it waits, it holds that job's concurrency group and its own, no other.
https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from scheduler.sandbox.hub import environments
from scheduler.sandbox.hub.repository import Repository
from scheduler.sandbox.hub.state import State
from scheduler.sandbox.runner import concurrency
from scheduler.sandbox.runner.expressions import CannotEvaluate, expand
from scheduler.sandbox.runner.runs import Gate, Run
from scheduler.sandbox.runner.workflow_files import WorkflowFile


def gates(
    state: State, repo: Repository, run: Run, file: WorkflowFile, contexts: Mapping[str, Any]
) -> Iterator[Gate]:
    """What a new run waits for: the environments of those jobs that wait for no other.

    A job whose ref the environment does not let in has failed: that is noted in the run.
    """
    for job in file.jobs:
        if job.environment is None or not concurrency.may_run(job, contexts):
            continue
        if any(concurrency.may_run(each, contexts) for each in file.jobs if each.key in job.needs):
            run.log.append(f"{job.key}: its environment is not looked at, since it needs others\n")
            continue
        try:
            name = expand(job.environment, contexts).strip()
        except CannotEvaluate as exc:
            run.log.append(f"environment {job.environment!r} was not evaluated: {exc}\n")
            continue
        if not name:
            continue
        found = environments.named(state, repo, name)
        if refused := environments.refusal(state, repo, found, run.ref):
            run.failed[job.key] = refused
            continue
        guarded = environments.guarded(state, repo)
        if guarded and (found.wait_timer or found.reviewers):
            yield Gate(
                job=job.key,
                environment=found,
                until=environments.passes_at(state, found, run.created_at),
                unapproved=bool(found.reviewers),
            )


def over(run: Run, now: datetime) -> bool:
    """Whether nothing keeps the run waiting any more."""
    return all(gate.until <= now and not gate.unapproved for gate in run.waits)


class Timers:
    """Calls back when time has passed on this machine; for a sandbox that carries runs out."""

    def __init__(self) -> None:
        self._timers: set[threading.Timer] = set()
        self._lock = threading.Lock()
        self._closed = False

    def call(self, seconds: float, back: Callable[[], None]) -> None:
        """Call ``back`` after so many seconds, unless closed by then."""

        def ring() -> None:
            with self._lock:
                self._timers.discard(timer)
                if self._closed:
                    return
            back()

        timer = threading.Timer(max(seconds, 0) + 0.01, ring)
        timer.daemon = True
        with self._lock:
            if self._closed:
                return
            self._timers.add(timer)
            timer.start()

    def close(self) -> None:
        """Call nobody any more."""
        with self._lock:
            self._closed = True
            left, self._timers = self._timers, set()
        for timer in left:
            timer.cancel()
            timer.join()
