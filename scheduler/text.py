"""Text: a value shown, refused and compared; and made safe for Markdown and terminals."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from scheduler.errors import InvalidJob, SchedulerError

#: So many of what could be meant are named.
CHOICES = 10
BACKTICKS = re.compile(r"`+")

# Only blanks of the command's own line: with line ends among them, the search would begin anew
# at each line.
_COMMAND = re.compile(r"(?:^|\r)[^\S\r\n]*::|##\[", re.MULTILINE)

#: How Python writes a character between U+0080 and U+00FF that can't be seen.
_BYTE = re.compile(r"(?<!\\)((?:\\\\)*)\\x([89a-f][0-9a-f])")

#: A managed user's login ends in an underscore and the enterprise's short code.
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9_.-]{1,100}")


def refusal(field: str, value: object, problem: str, fix: str) -> InvalidJob:
    """The error of one line: the field, its value in safe form, what is wrong, the fix."""
    return InvalidJob(f"{field}: {shown(value)} {problem}; {fix}")


@contextmanager
def blamed(field: str, value: object) -> Iterator[None]:
    """Turn whatever is raised in here into a refusal of ``value``.

    A library that gets a text it was not made for may raise anything. Then the text's author is
    told, and no other job is kept waiting.

    Raises:
        InvalidJob: in place of anything that this package did not raise on purpose.
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
    r"""``value`` in quotes on one line, cut at ``limit`` characters, for a message.

    Blanks and signs that can't be seen are written as escapes; a no-break space is ``\u00a0``.
    """
    text = str(value)
    quoted = repr(text if len(text) <= limit else text[: limit - 1] + "…")
    return _BYTE.sub(r"\1\\u00\2", quoted)


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.5) -> str | None:
    """The member of ``known`` that ``word`` most likely means; None: none is like it.

    Capitals and what joins the parts of a name don't matter. ``cutoff`` is how alike the two have
    to be, from 0 (anything) to 1 (the same).
    """
    folded = {_folded(each): each for each in known}
    found = difflib.get_close_matches(_folded(word[:64]), folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """The fix for an unknown ``word``: the nearest of ``known``, else ``otherwise``."""
    near = nearest(word, known)
    return otherwise if near is None else f"did you mean {shown(near)}?"


def choices(word: str, known: Sequence[str], lead: str) -> str:
    """``did you mean 'b.yml'? write one of 'a.yml', 'b.yml'``: the fix for ``word``, which is none.

    ``lead`` stands before the names; a pattern among them is not what was meant.
    """
    # Every file ends like the next one.
    stems = {each.rpartition(".")[0] or each: each for each in known if "*" not in each}
    near = stems.get(nearest(word.rpartition(".")[0] or word, stems, cutoff=0.6) or "")
    meant = f"did you mean {shown(near)}? " if near else ""
    names = ", ".join(shown(each) for each in known[:CHOICES])
    more = f" and {len(known) - CHOICES} more" if len(known) > CHOICES else ""
    return f"{meant}{lead} {names}{more}"


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


def inert(text: str) -> str:
    """``text`` for a step's log, with a space in whatever the runner would take for a command.

    That is a line that begins with ``::`` after blanks, and ``##[`` anywhere.
    """
    return _COMMAND.sub(lambda match: f"{match[0][:-1]} {match[0][-1]}", text)


def code(text: str, limit: int = 500) -> str:
    """``text`` as one inline code span of Markdown, on one line, cut at ``limit`` characters."""
    one_line = " ".join(visible(text).split())
    shown = one_line if len(one_line) <= limit else one_line[: limit - 1] + "…"
    if not shown:
        return "(empty)"
    longest = max((len(run) for run in BACKTICKS.findall(shown)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def cell(markdown: str) -> str:
    """``markdown`` as a cell of a table: a pipe is escaped, which would end the cell even in code.

    A backslash before a pipe is moved away from it, or it would escape that escape.
    """
    return markdown.replace("\\|", "\\ |").replace("|", "\\|").replace("\n", " ")


def visible(text: str) -> str:
    r"""``text`` with each character that moves a cursor or can't be seen replaced by U+FFFD.

    However a line ends, it ends as ``\n``: GitHub's editor on the web writes ``\r\n``.
    """
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in line_ends(text))


def line_ends(text: str) -> str:
    r"""``text`` with ``\n`` at the end of each line, where ``\r\n`` or ``\r`` is one too."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def first_line(text: str) -> str:
    """The first line of ``text`` that says anything, without blanks around it."""
    return line_ends(text.strip()).partition("\n")[0].strip()


def columns(text: str) -> int:
    """The columns that ``text`` takes on a terminal: Chinese characters and emoji take two."""
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns of a terminal; what is cut ends in an ellipsis."""
    if columns(text) <= width:
        return text
    while columns(text) >= width:
        text = text[: -max(1, (columns(text) - width) // 2)]
    return text + "…"


def filled(text: str, width: int) -> str:
    """``text`` with each line that is longer than ``width`` columns broken between words.

    What follows is indented further than the line was. A word that is longer, as an address may
    be, stays whole.
    """
    return "\n".join(part for line in text.split("\n") for part in _parts(line, width))


def _parts(line: str, width: int) -> Iterator[str]:
    if columns(line) <= width:
        yield line
        return
    blanks = len(line) - len(line.lstrip(" "))
    first, *words = line[blanks:].split(" ")
    part = " " * blanks + first
    taken = columns(part)
    for word in words:
        wide = columns(word) + 1
        if taken + wide <= width:
            part, taken = f"{part} {word}", taken + wide
            continue
        yield part.rstrip()
        part = " " * (blanks + 2) + word
        taken = blanks + 1 + wide
    yield part.rstrip()
