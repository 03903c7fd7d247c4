"""Ending the processes of a run, in the runner's own order.

A runner sends SIGINT to the process of the step, after 7.5 s SIGTERM, after 2.5 s more it
kills what is left: ``ProcessInvoker`` of https://github.com/actions/runner. act would kill
the step at once when it is interrupted itself, so it hears of a cancel only afterwards; its
own answer to SIGINT is to run the steps that always run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

INTERRUPT_SECONDS = 7.5
TERMINATE_SECONDS = 2.5
LAST_STEPS_SECONDS = 30.0
"""How long the steps that always run may take after a cancel."""

_PROC = Path("/proc")


def cancel(process: subprocess.Popen[bytes], mark: str) -> None:
    """End the step that runs under ``process``, let it finish up, then kill what is left."""
    _send(process.pid, signal.SIGSTOP)
    steps = children(process.pid)
    for sign, patience in (
        (signal.SIGINT, INTERRUPT_SECONDS),
        (signal.SIGTERM, TERMINATE_SECONDS),
    ):
        if not steps:
            break
        for step in steps:
            _send(step, sign)
        steps = _wait(process, steps, patience)
    _send(process.pid, signal.SIGINT)
    _send(process.pid, signal.SIGCONT)
    try:
        process.wait(LAST_STEPS_SECONDS)
    except subprocess.TimeoutExpired:
        kill_tree(process, mark)


def kill_tree(process: subprocess.Popen[bytes], mark: str) -> None:
    """Kill the process, its session, and all that carry ``mark`` in their environment.

    Steps have sessions of their own; where there is no ``/proc`` they can't be found.
    """
    if process.poll() is None:
        _send(-process.pid, signal.SIGKILL)
    for pid in marked(mark):
        _send(pid, signal.SIGKILL)
    process.wait()
    for pid in marked(mark):
        _send(pid, signal.SIGKILL)


def children(pid: int) -> list[int]:
    """The processes that ``pid`` has started itself."""
    found = []
    for status in _PROC.glob("[0-9]*/stat"):
        try:
            fields = status.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


def marked(mark: str) -> list[int]:
    """The processes with this ``NAME=value`` in their environment, but not our own."""
    found = []
    for environ in _PROC.glob("[0-9]*/environ"):
        try:
            variables = environ.read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in variables and int(environ.parent.name) != os.getpid():
            found.append(int(environ.parent.name))
    return found


def _wait(process: subprocess.Popen[bytes], pids: list[int], seconds: float) -> list[int]:
    """Those of ``pids`` that are still there after so long.

    act stands still meanwhile, or it would begin the next step when this one ends well;
    once a second it may read what the step has printed.
    """
    start = time.monotonic()
    read = start
    while (left := [pid for pid in pids if _alive(pid)]) and time.monotonic() < start + seconds:
        if time.monotonic() > read + 1:
            _send(process.pid, signal.SIGCONT)
            time.sleep(0.01)
            _send(process.pid, signal.SIGSTOP)
            read = time.monotonic()
        time.sleep(0.005)
    return left


def _alive(pid: int) -> bool:
    try:
        status = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _send(pid: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)
