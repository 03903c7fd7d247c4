"""A command on a terminal: what somebody sees who sits before it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

from tests.conftest import Result, Stage


def screen(stage: Stage, *args: str, columns: int, user: str = "agent", **more: str) -> Result:
    """``schedule args…`` on a terminal of so many columns; all that stands there is its output."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "scheduler", *args], stdin=subprocess.DEVNULL, stdout=theirs,
        stderr=theirs, env=stage.environ(user, **more),
    )  # fmt: skip
    os.close(theirs)
    parts = []
    with contextlib.suppress(OSError):  # how a terminal ends
        while part := os.read(ours, 65_536):
            parts.append(part)
    os.close(ours)
    status = process.wait(300)
    return Result(status, b"".join(parts).decode().replace("\r\n", "\n"), "")
