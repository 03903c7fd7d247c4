"""How a run's processes are ended, beside a runner that is slow to hear of it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from scheduler.sandbox.runner import processes
from tests.support.act_home import unhurried_cancels

RUNNER = """
import os, pty, signal, subprocess, sys, threading, time
wait = [sys.executable, "-c", {step!r}]
master, slave = pty.openpty()
cancelled = threading.Event()
def hear(number, frame):
    threading.Timer(0.5, told).start()
def told():
    cancelled.set()
    print("Result condition keepStepRunning=false", flush=True)
signal.signal(signal.SIGINT, hear)
ended = threading.Event()
def read():
    while not ended.is_set():
        text = os.read(master, 1000)
        print(text.decode().strip(), flush=True)
        if b"end of the step" in text:
            ended.set()
threading.Thread(target=read, daemon=True).start()
step = subprocess.Popen(wait, stdin=slave, stdout=slave, start_new_session=True)
step.wait()
os.write(slave, b"end of the step\\n")
ended.wait()
print("stops" if cancelled.is_set() else "begins the next step", flush=True)
"""
"""Does as act does around a step, but takes half a second to hear of a cancel."""

STEP = """
import signal, sys, time
def leave(number, frame):
    time.sleep({seconds})
    print("left with", number)
    sys.exit(0)
signal.signal(signal.SIGINT, leave)
print("waits", flush=True)
time.sleep(600)
"""


@pytest.fixture(params=[0, 1.2], ids=["at once", "after act has read once"])
def runner(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    script = RUNNER.format(step=STEP.format(seconds=request.param))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


@pytest.mark.slow
def test_no_step_begins_before_the_runner_has_heard(
    runner: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    unhurried_cancels(monkeypatch)
    assert runner.stdout is not None
    assert runner.stdout.readline() == "waits\n"
    heard = threading.Event()
    cancelling = threading.Thread(target=processes.cancel, args=(runner, "A=none", heard))
    cancelling.start()
    lines = []
    for line in runner.stdout:
        lines.append(line.strip())
        if processes.HEARD in line:
            heard.set()
    cancelling.join()
    assert "left with 2" in lines
    assert lines[-1] == "stops"
