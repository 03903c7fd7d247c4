"""Ending the processes of a run, in the runner's own order.

A runner sends SIGINT to the process of the step, after 7.5 s SIGTERM, after 2.5 s more it
kills what is left: ``ProcessInvoker`` of https://github.com/actions/runner. act would kill
the step at once when it is interrupted itself, so it hears of a cancel only afterwards; its
own answer to SIGINT is to run the steps that always run.

Between the two it would begin the next step of a job whose step ended well, so it is stopped
meanwhile; and whenever it isn't, the step's terminal is, to which act writes before it takes
a step as ended: ``exec`` of ``pkg/container/host_environment.go``, ``monitorJobCancellation``
of ``pkg/runner/step.go`` in https://github.com/nektos/act.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import termios
import threading
import time
from collections.abc import Iterable
from pathlib import Path

INTERRUPT_SECONDS = 7.5
TERMINATE_SECONDS = 2.5
LAST_STEPS_SECONDS = 30.0
"""How long the steps that always run may take after a cancel."""

HEARD = "Result condition keepStepRunning"
"""What act prints when it has heard of a cancel while a step ran."""

HEARD_SECONDS = 20.0
"""How long is waited for that, or for its end; a machine may be busy."""

GONE_SECONDS = 20.0
"""How long killed processes are waited for."""

_PROC = Path("/proc")


def cancel(process: subprocess.Popen[bytes], mark: str, heard: threading.Event) -> None:
    """End the step that runs under ``process``, let it finish up, then kill what is left.

    heard: is set when act has printed `HEARD`, or has ended.
    """
    _send(process.pid, signal.SIGSTOP)
    steps = children(process.pid)
    with contextlib.closing(Terminals(steps)) as terminals:
        left = steps
        for sign, patience in (
            (signal.SIGINT, INTERRUPT_SECONDS),
            (signal.SIGTERM, TERMINATE_SECONDS),
        ):
            for step in left:
                _send(step, sign)
            left = _wait(process, left, patience, terminals)
        terminals.stop()
        _send(process.pid, signal.SIGINT)
        _send(process.pid, signal.SIGCONT)
        if steps:
            heard.wait(HEARD_SECONDS)
    try:
        process.wait(LAST_STEPS_SECONDS)
    except subprocess.TimeoutExpired:
        kill_tree(process, mark)


class Terminals:
    """The terminals, or pipes, that these processes write to.

    A terminal whose output is stopped keeps act from taking its step as ended, as does a pipe
    that is held open.
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self._held: list[int] = []
        for pid in pids:
            for stream in (0, 1, 2):
                with contextlib.suppress(OSError):  # gone, or closed
                    path = f"{_PROC}/{pid}/fd/{stream}"
                    self._held.append(os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK))

    def stop(self) -> None:
        """Let nothing be written to them."""
        self._flow(termios.TCOOFF)

    def go_on(self) -> None:
        """Let what is written to them pass."""
        self._flow(termios.TCOON)

    def close(self) -> None:
        """Let go of them."""
        self.go_on()
        for held in self._held:
            os.close(held)

    def _flow(self, action: int) -> None:
        for held in self._held:
            with contextlib.suppress(termios.error):  # a pipe, a file
                termios.tcflow(held, action)


def kill_tree(process: subprocess.Popen[bytes], mark: str) -> None:
    """Kill the process, its session, and all that carry ``mark`` in their environment.

    Steps have sessions of their own; where there is no ``/proc`` they can't be found. Whoever was
    killed takes a moment to be gone, which is waited for: it may be writing to a file.
    """
    if process.poll() is None:
        _send(-process.pid, signal.SIGKILL)
    for pid in marked(mark):
        _send(pid, signal.SIGKILL)
    process.wait()
    end = time.monotonic() + GONE_SECONDS
    while (left := marked(mark)) and time.monotonic() < end:
        for pid in left:
            _send(pid, signal.SIGKILL)
        time.sleep(0.005)


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


def _wait(
    process: subprocess.Popen[bytes], pids: list[int], seconds: float, terminals: Terminals
) -> list[int]:
    """Those of ``pids`` that are still there after so long.

    act stands still meanwhile; once a second it may read what the step has printed.
    """
    start = time.monotonic()
    read = start
    while (left := [pid for pid in pids if _alive(pid)]) and time.monotonic() < start + seconds:
        if time.monotonic() > read + 1:
            terminals.stop()
            _send(process.pid, signal.SIGCONT)
            time.sleep(0.01)
            _send(process.pid, signal.SIGSTOP)
            terminals.go_on()
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
