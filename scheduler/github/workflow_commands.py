"""What a step says to the Actions runner: commands on standard output, and its files.

Pure text: nothing is printed or written here. Text from an issue reaches the runner through
these functions only, because a line that begins with ``::`` is a command to it.

The commands: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
The escapes: ``ActionCommand.cs`` in https://github.com/actions/runner/tree/main/src/Runner.Common
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["error", "warning", "notice"]

#: Annotations of one level that GitHub keeps of one step; the rest is dropped in silence.
#: https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md#limitations
MAX_ANNOTATIONS = 10
#: Bytes of a step's summary; GitHub shows nothing of a longer one.
#: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
MAX_SUMMARY = 1024 * 1024

_CUT = "\n_The rest does not fit: GitHub shows at most 1 MiB._\n"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_DELIMITER = re.compile(r"[A-Za-z0-9_-]{16,}")


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A message that GitHub shows on the run's page."""

    level: Level
    message: str
    title: str | None = None


def escape_data(text: str) -> str:
    """Escape a command's message, so that it stays on one line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """Escape the value of a command's property, which ends at a ``,`` or a ``:``."""
    return escape_data(text).replace(":", "%3A").replace(",", "%2C")


def annotation(level: Level, message: str, *, title: str | None = None) -> str:
    """Write an ``::error::``, ``::warning::`` or ``::notice::`` command, without a line end."""
    # The runner takes an empty value for none at all; and so does this.
    head = f"{level} title={escape_property(title)}" if title else level
    return f"::{head}::{escape_data(message)}"


def annotation_lines(wanted: Iterable[Annotation]) -> list[str]:
    """Write one command each, in order, after `limit`."""
    return [annotation(each.level, each.message, title=each.title) for each in limit(wanted)]


def limit(wanted: Iterable[Annotation], *, most: int = MAX_ANNOTATIONS) -> list[Annotation]:
    """Keep ``most`` of each level; where there are more, the last one kept says how many.

    Without this GitHub drops the eleventh and says nothing.
    """
    wanted = list(wanted)
    total = Counter(each.level for each in wanted)
    seen: Counter[str] = Counter()
    kept = []
    for each in wanted:
        seen[each.level] += 1
        if seen[each.level] < most or total[each.level] <= most:
            kept.append(each)
        elif seen[each.level] == most:
            more = total[each.level] - most
            kept.append(replace(each, message=f"{each.message}\n… and {more} more"))
    return kept


def output(name: str, value: str, *, delimiter: str) -> str:
    """Write an entry of the file ``GITHUB_OUTPUT``, with its line end.

    ``delimiter`` is random and new for each call (16 characters or more), or a value could end
    its own entry and begin another output.
    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#multiline-strings

    Raises:
        ValueError: the value holds the delimiter, or name or delimiter are none.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of an output")
    if not _DELIMITER.fullmatch(delimiter):
        raise ValueError("the delimiter is not 16 or more letters, digits, '_' and '-'")
    if delimiter in value:
        raise ValueError(f"the value of {name!r} holds its delimiter; draw another")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def summary(markdown: str, *, most: int = MAX_SUMMARY) -> str:
    """Cut Markdown to ``most`` bytes of UTF-8, by whole lines, and say so where it was cut."""
    if len(markdown.encode("utf-8", "replace")) <= most:
        return markdown
    left = most - len(_CUT.encode())
    kept = []
    for line in markdown.splitlines(keepends=True):
        left -= len(line.encode("utf-8", "replace"))
        if left < 0:
            break
        kept.append(line)
    return "".join(kept) + _CUT
