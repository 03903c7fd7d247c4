"""Holders as processes against the sandbox, and what came of them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from scheduler.sandbox.requestlog import Request
from tests.conftest import ISSUES, Stage

DISPATCH = "/workflows/agent-message.yml/dispatches$"


@contextlib.contextmanager
def holder(stage: Stage, *args: str, module: str = "scheduler", **more: str) -> Iterator[Any]:
    """A holder as a process; killed at the end, if it is still there."""
    command = [sys.executable, "-m", module]
    command += ["tick", "--json", *args] if module == "scheduler" else []
    with subprocess.Popen(
        command, env=stage.environ("bot", **more), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def holds(stage: Stage) -> Callable[[], bool]:
    """Whether a holder has polled at least once."""
    return lambda: stage.sandbox.requests.count("GET", f"{ISSUES}$", status=304) > 0


@contextlib.contextmanager
def stalled(stage: Stage, method: str, path: str) -> Iterator[threading.Event]:
    """The first such request is answered late; the event: it has arrived."""
    stage.sandbox.fault("stall", method=method, path=path, seconds=9)
    begun = threading.Event()

    def seen(request: Request) -> None:
        if request.fault:
            begun.set()

    with stage.sandbox.on_request(seen):
        yield begun


def late(stage: Stage) -> dict[str, float]:
    """By its message: how late GitHub's side saw each job, in seconds."""
    found = {}
    for run in stage.runs():
        inputs = run.payload["inputs"]
        due = datetime.fromisoformat(inputs["scheduled_for"].replace("Z", "+00:00"))
        assert inputs["message"] not in found, "doubled"
        found[inputs["message"]] = (run.created_at - due).total_seconds()
    return found
