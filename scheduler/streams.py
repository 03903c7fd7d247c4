"""Where answers go: the standard streams and a step's files, any of which may be unwritable."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from scheduler.errors import SchedulerError
from scheduler.text import inert, visible


class Untold(SchedulerError):
    """What was done stays done, and could not be told; ``silent``: nobody listens any more."""

    def __init__(self, message: str, *, silent: bool = False) -> None:
        super().__init__(message)
        self.silent = silent


def opened() -> None:
    """Put something in the place of standard streams that are closed.

    Without it Python has no such stream, and the first file or connection gets its number. An
    answer is not to vanish in silence, so in the place of the output nothing can be written.
    """
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def abandon(stream: TextIO) -> None:
    """Write no more to ``stream``; what is left in it is not tried again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)


def warn(line: str) -> None:
    """Say one line on standard error. Where that can't be written, nobody is left to tell."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError:
        abandon(sys.stderr)


def complain(problem: object) -> None:
    """Say on standard error, in one line that is safe to show, what went wrong."""
    warn(inert(" ".join(visible(f"schedule: {problem}").splitlines())))


def append(variable: str, path: str, text: str) -> None:
    """Write ``text`` at the end of the file that ``variable`` names.

    Raises:
        Untold: it can't be written.
    """
    try:
        with open(path, "a", encoding="utf-8", errors="replace", opener=_at_once) as file:
            file.write(text)
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or problem
        fix = "name a file in a folder that exists, on a disk with room"
        raise Untold(f"{variable}: {path!r} can't be written ({why}); {fix}") from problem


def _at_once(path: str, flags: int) -> int:
    # Of a pipe that nobody reads the opening would wait for ever.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
