"""The topics of ``schedule help``: the pages of ``scheduler/docs/``, a file each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.resources import files

from scheduler.errors import UsageError
from scheduler.text import columns, did_you_mean, filled, shown

#: What a page's name ends in.
PAGE = ".md"
#: What stands between two cells of a row.
CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One page."""

    #: The name of its file, without the ending.
    name: str
    #: All of it, in Markdown.
    text: str

    @property
    def first(self) -> str:
        """Its first line, without the mark of a heading."""
        return self.text.strip().partition("\n")[0].lstrip("# ").rstrip()


def topics() -> list[Topic]:
    """All pages, by name."""
    pages = (each for each in files("scheduler").joinpath("docs").iterdir())
    found = [
        Topic(name=page.name.removesuffix(PAGE), text=page.read_text(encoding="utf-8"))
        for page in pages
        if page.name.endswith(PAGE)
    ]
    return sorted(found, key=lambda topic: topic.name)


def contents(found: Collection[Topic]) -> str:
    """The names of the topics, each with its first line."""
    width = max((len(topic.name) for topic in found), default=0)
    lines = [f"  {topic.name.ljust(width)}  {topic.first}" for topic in found]
    return "\n".join(["Topics; 'schedule help TOPIC' shows one:", *lines])


def page(name: str, found: Collection[Topic], commands: Collection[str]) -> str:
    """The text of the topic ``name``.

    Raises:
        UsageError: there is none; the message names the nearest, or a command's own help.
    """
    for topic in found:
        if topic.name == name.lower():
            return topic.text.rstrip("\n")
    known = [topic.name for topic in found]
    fix = f"the topics are {', '.join(known)}"
    if name in commands:
        raise UsageError(f"TOPIC: {shown(name)} is a command; write 'schedule {name} --help'")
    raise UsageError(f"TOPIC: {shown(name)} is not a topic; {did_you_mean(name, known, fix)}")


def fitted(text: str, width: int) -> str:
    """A page for a terminal of so many columns: a table that is wider becomes a list."""
    found = itertools.groupby(text.split("\n"), key=lambda line: line.startswith("|"))
    parts = ((table, [*lines]) for table, lines in found)
    return "\n".join(
        filled(line, width)
        for table, lines in parts
        for line in (_listed(lines) if table and max(map(columns, lines)) > width else lines)
    )


def _listed(table: list[str]) -> Iterator[str]:
    """The rows of a table one below the other, each cell after the first under its heading."""
    rows = [[cell.strip() for cell in CELL.split(line)[1:-1]] for line in table]
    heads = rows[0]
    if heads[0]:
        yield f"{heads[0]}:"
    for row in rows[2:]:
        yield f"- {row[0]}"
        for head, cell in zip(heads[1:], row[1:], strict=True):
            if cell:
                yield f"  {head}: {cell}" if head else f"  {cell}"
