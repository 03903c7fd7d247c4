"""Standard streams and a step's files: written so that a failure to write is told."""

from __future__ import annotations

import os
import re
import sys
from typing import TextIO

from scheduler.errors import SchedulerError
from scheduler.text import filled, inert, visible

#: The least columns for which lines are broken; what is narrower breaks them itself.
NARROWEST = 20
#: A number of columns that the variable COLUMNS may state.
COLUMNS = re.compile("[1-9][0-9]{0,3}")


class Untold(SchedulerError):
    """An answer could not be written; what was done stays done.

    ``told``: that was said on standard error already.
    """

    told = False


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


def width(stream: TextIO) -> int | None:
    """How many columns a line of ``stream`` should take at most; None: it is no terminal.

    That is one less than the terminal has: not all of them leave a line that is full as it is.
    The variable COLUMNS says how many there are, else the terminal, else there are 80.
    """
    try:
        if not stream.isatty():
            return None
        has = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        has = 0
    said = os.environ.get("COLUMNS", "")
    if COLUMNS.fullmatch(said):
        has = int(said)
    return max(has or 80, NARROWEST) - 1


def warn(line: str) -> None:
    """Write one line to standard error; if that fails, nothing more can be done."""
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError:
        abandon(sys.stderr)


def complain(problem: object) -> None:
    """Say on standard error, in one line that is safe to show, what went wrong.

    On a terminal that is broken between words where it is too long.
    """
    line = " ".join(visible(f"schedule: {problem}").splitlines())
    wide = width(sys.stderr)
    warn(inert(line if wide is None else filled(line, wide)))


def lost(problem: OSError, done: str = "") -> Untold:
    """The error where an answer could not be written to standard output.

    ``done`` is what was done, which is to be known all the same.
    """
    why = f"standard output: can't be used ({problem.strerror or problem})"
    if isinstance(problem, BrokenPipeError):
        why = f"{why}: its reader left before the answer could be written"
    return Untold(f"{why}; {done}" if done else why)


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
