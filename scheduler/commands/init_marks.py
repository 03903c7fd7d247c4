"""How ``schedule init`` tells what it wrote from what a person wrote: by a checksum in the text.

A text that still has the checksum that stands in it was changed by nobody since, so it may be
written anew. Line ends don't count: git may turn them.
"""

from __future__ import annotations

import hashlib
import re
from enum import Enum

from scheduler.text import line_ends

#: The line of a file that is the command's as a whole.
_SEAL = re.compile(
    r"^# Written by 'schedule init', [^\n\[]{0,80}\[([0-9a-f]{16})\]\n", re.MULTILINE
)
#: The part of a file that is otherwise a person's.
_SECTION = re.compile(r"^<!-- schedule init \[([0-9a-f]{16})\] -->\n", re.MULTILINE)
_END = "<!-- end of what schedule init wrote -->\n"


class Whose(Enum):
    """Who wrote a text last."""

    OURS = "as it was written by schedule init"
    CHANGED = "was changed since schedule init wrote it"
    FOREIGN = "was not written by schedule init"


def checksum(text: str) -> str:
    """The checksum of a text, whatever its line ends are."""
    return hashlib.sha256(line_ends(text).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def sealed(text: str) -> str:
    """``text`` with the line that says who wrote it, where its format has room for comments."""
    if text.startswith("# "):
        text = f"\n{text}"  # or its first comment would seem to go on
    words = "Written by 'schedule init', which updates it while nobody else does"
    seal = f"# {words} [{checksum(text)}]\n"
    if text.startswith("---\n"):
        return f"---\n{seal}{text[4:]}"
    return f"{text}{seal}" if text.startswith("#!") else f"{seal}{text}"


def whose(text: str) -> Whose:
    """Who wrote the file ``text`` last."""
    text = line_ends(text)
    found = _SEAL.search(text)
    if found is None:
        return Whose.FOREIGN
    rest = text[: found.start()] + text[found.end() :]
    return Whose.OURS if checksum(rest) == found[1] else Whose.CHANGED


def with_section(text: str, section: str) -> tuple[str, Whose]:
    """``text`` with ``section`` in it, in the place of an older one; and whose that was.

    Without an older one it is put at the end, and is ours: nothing of a person's is replaced.
    """
    text = line_ends(text)
    marked = f"<!-- schedule init [{checksum(section)}] -->\n{section}{_END}"
    found = _SECTION.search(text)
    if found is None:
        before = f"{text.rstrip()}\n\n" if text.strip() else ""
        return f"{before}{marked}", Whose.OURS
    end = text.find(_END, found.end())
    if end < 0:  # where it ended can't be told: nothing is taken away
        return f"{text[: found.start()]}{marked}{text[found.end() :]}", Whose.CHANGED
    state = Whose.OURS if checksum(text[found.end() : end]) == found[1] else Whose.CHANGED
    return f"{text[: found.start()]}{marked}{text[end + len(_END) :]}", state
