"""Standard streams and a step's files: written so that a failure to write is told."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from scheduler.errors import SchedulerError
from scheduler.text import inert, visible


class Untold(SchedulerError):
    """An answer could not be written; what was done stays done.

    ``silent``: nobody reads any more, so nothing is told.
    """

    def __init__(self, message: str, *, silent: bool = False) -> None:
        super().__init__(message)
        self.silent = silent


def opened() -> None:
    """Replace standard streams that are closed.

    Python has no object for a closed stream, and the next file or connection would get its number.
    A write to the replaced standard output fails, so that a lost answer is noticed.
    """
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def abandon(stream: TextIO) -> None:
    """Send to nowhere what is left in ``stream``, so that exit does not try to write it again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)


def warn(line: str) -> None:
    """Write one line to standard error; if that fails, nothing more can be done."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError:
        abandon(sys.stderr)


def complain(problem: object) -> None:
    """Say on standard error, in one line that is safe to show, what went wrong."""
    warn(inert(" ".join(visible(f"schedule: {problem}").splitlines())))


def append(variable: str, path: str, text: str) -> None:
    """Write ``text`` at the end of the file at ``path``, which ``variable`` names.

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
    # Opening a pipe that nobody reads would block for ever.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
