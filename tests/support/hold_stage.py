"""Holders as processes against the sandbox, and what came of them."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from unittest import mock

from scheduler.hold import signals
from scheduler.sandbox.http.requestlog import Request
from tests.conftest import ISSUES, Stage

DISPATCH = "/workflows/agent-message.yml/dispatches$"

#: A module as ``python -m`` runs it, on a machine that may stand still: an answer of the test's
#: own server counts as lost only after so many seconds, and so long may a farewell take.
PATIENT = """
import runpy, sys
from scheduler.github import client
from scheduler.hold import signals
module, client.TIMEOUT, signals.FAREWELL = sys.argv.pop(1), 600, float(sys.argv.pop(1))
runpy.run_module(module, run_name="__main__")
"""


@contextlib.contextmanager
def holder(
    stage: Stage, *args: str, module: str = "scheduler", farewell: str = "600", **more: str
) -> Iterator[Any]:
    """A holder as a process; killed at the end, if it is still there."""
    command = [sys.executable, "-c", PATIENT, module, farewell]
    command += ["tick", "--json", *args] if module == "scheduler" else []
    with subprocess.Popen(
        command, env=stage.environ("bot", **more), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def holds(stage: Stage) -> Callable[[], bool]:
    """Whether a holder has polled at least once."""
    return lambda: stage.sandbox.requests.count("GET", f"{ISSUES}$", status=304) > 0


def polled(stage: Stage) -> Callable[[], bool]:
    """Whether a holder has polled since."""
    before = stage.sandbox.requests.count("GET", f"{ISSUES}$", status=304)
    return lambda: stage.sandbox.requests.count("GET", f"{ISSUES}$", status=304) > before


def held_until(stage: Stage, done: Callable[[], object], **environ: str) -> Any:
    """The report of a holder in this process that is asked to leave at a poll after ``done``."""

    def look(seen: Request) -> None:
        if seen.status == 304 and not asked and done():
            asked.append(seen)
            os.kill(os.getpid(), signal.SIGINT)

    asked: list[Request] = []
    args = ("tick", "--json", "--hold", "1h", "--poll", "1s")
    with mock.patch.object(signals, "FAREWELL", 600), stage.sandbox.on_request(look, after=True):
        return stage.run(*args, user="bot", **environ).json


class Held:
    """A request that waits before it takes effect, until it is released."""

    def __init__(self, method: str, path: str) -> None:
        self.method, self.path = method, path
        self.arrived, self.released = threading.Event(), threading.Event()

    def __call__(self, request: Request) -> None:
        such = request.method == self.method and re.search(self.path, request.path)
        if such and not self.arrived.is_set():
            self.arrived.set()
            self.released.wait(600)

    def wait(self) -> None:
        """Wait until it is there."""
        assert self.arrived.wait(300)

    def release(self) -> None:
        """Let it take effect."""
        self.released.set()


@contextlib.contextmanager
def held(stage: Stage, method: str, path: str) -> Iterator[Held]:
    """The first such request, which is released in the end if it was not before."""
    request = Held(method, path)
    with stage.sandbox.on_request(request):
        try:
            yield request
        finally:
            request.release()


def recorded(stage: Stage, runs: int) -> bool:
    """Whether so many runs were started, and the issue of each is closed."""
    keys = [run.payload["inputs"]["schedule_id"] for run in stage.runs()]
    numbers = [int(key.partition("@")[0]) for key in keys]
    return len(keys) >= runs and all(stage.issue(each)["state"] == "closed" for each in numbers)


def late(stage: Stage) -> dict[str, float]:
    """By its message: how late GitHub's side saw each job, in seconds."""
    found = {}
    for run in stage.runs():
        inputs = run.payload["inputs"]
        due = datetime.fromisoformat(inputs["scheduled_for"].replace("Z", "+00:00"))
        assert inputs["message"] not in found, "doubled"
        found[inputs["message"]] = (run.created_at - due).total_seconds()
    return found
