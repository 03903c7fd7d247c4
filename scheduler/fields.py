"""How one value of a job is shown, refused and read: what every key has in common."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from scheduler.errors import InvalidJob, SchedulerError

#: A managed user's login ends in an underscore and the enterprise's short code.
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9_.-]{1,100}")


def refusal(field: str, value: object, problem: str, fix: str) -> InvalidJob:
    """One line: the field, its value as it can safely be shown, what is wrong, the fix."""
    return InvalidJob(f"{field}: {shown(value)} {problem}; {fix}")


@contextmanager
def blamed(field: str, value: object) -> Iterator[None]:
    """Whatever is raised in here is the fault of ``value``: its author is told, nobody else is.

    What a library does with a text that it was not made for, nobody knows: it may raise anything.

    Raises:
        InvalidJob: in the place of whatever this package did not raise on purpose.
    """
    try:
        yield
    except SchedulerError:
        raise
    except Exception as fault:
        what = shown(f"{type(fault).__name__}: {fault}")
        fix = "write it in another way, and report the text"
        raise refusal(field, value, f"can't be worked out ({what})", fix) from fault


def shown(value: object, limit: int = 80) -> str:
    """``value`` in quotes, on one line and without control characters, cut at ``limit``."""
    text = str(value)
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.5) -> str | None:
    """The one of ``known`` that ``word`` was most likely meant to be; None: none is like it.

    Capitals don't matter, nor what joins the parts of a name. ``cutoff`` is how alike the two
    have to be, from 0 (anything) to 1 (the same).
    """
    folded = {_folded(each): each for each in known}
    found = difflib.get_close_matches(_folded(word[:64]), folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """The fix for a word that is not known: the nearest that is, or else ``otherwise``."""
    near = nearest(word, known)
    return otherwise if near is None else f"did you mean {shown(near)}?"


def _folded(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(" ", "-")


def line(field: str, text: str, limit: int = 200) -> str:
    """``text`` if it is one line of at most ``limit`` printable characters.

    Raises:
        InvalidJob: it is longer, or holds a control character.
    """
    if len(text) > limit:
        raise refusal(field, text, f"has {len(text)} characters", f"keep it under {limit + 1}")
    bad = next((c for c in text if not (c.isprintable() or c == " ")), None)
    if bad is not None:
        raise refusal(field, text, f"holds the control character {bad!r}", "remove it")
    return text
