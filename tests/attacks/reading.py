"""How the places that show text read it: GitHub's Markdown, the Actions runner, a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What a span of code must hold back: mentions, links to issues, HTML, links, images.
ACTIVE = re.compile(r"@\w|#\d|<[a-z/!]|\]\(|!\[|\b(?:close|fix|resolve)[sd]?:? \S*#", re.IGNORECASE)


def outside_of_code(markdown: str) -> str:
    """What CommonMark (section 6.1) leaves outside of code spans."""
    left, rest = [], markdown
    while match := re.search(r"`+", rest):
        ticks = match[0]
        closing = re.compile(rf"(?<!`){ticks}(?!`)").search(rest, match.end())
        end = closing.end() if closing else match.end()
        left.append(rest[: match.start()] + ("" if closing else ticks))
        rest = rest[end:]
    return "".join([*left, rest])


def cells(row: str) -> list[str]:
    """The cells of a table's row, as GitHub splits it: at a pipe that nothing escapes.

    https://github.github.com/gfm/#tables-extension-
    """
    found, cell = [], ""
    for part in re.findall(r"\\[!-/:-@\[-`{-~]|.", row, re.DOTALL):
        if part == "|":
            found.append(cell)
            cell = ""
        else:
            cell += "|" if part == r"\|" else part
    return [*found, cell][1:-1]


def commands(output: str) -> list[tuple[str, str]]:
    """The commands that the runner finds in a step's output: each one's name and data.

    As ``ActionCommand.cs`` and ``ActionCommandManager.cs`` of actions/runner read a line:
    https://github.com/actions/runner/tree/main/src/Runner.Worker
    """
    found: list[tuple[str, str]] = []
    stopped: str | None = None
    for line in re.split(r"\r\n|\r|\n", output):
        newer = re.match(r"\s*::([^:\s]+)( .*?)?::(.*)", line, re.DOTALL)
        older = re.search(r"##\[([^\] ]+)[^\]]*\](.*)", line, re.DOTALL)
        match = newer or older
        if match is None:
            continue
        name, data = match[1], match[match.lastindex or 0]
        if stopped is not None:
            stopped = None if name == stopped else stopped
        elif name == "stop-commands":
            stopped = data
        else:
            found.append((name, data))
    assert stopped is None, "commands are stopped at the end"
    return found


def moves(output: str) -> list[str]:
    """The characters that a terminal would act on, or that hide what stands around them."""
    return [each for each in output if not each.isprintable() and each != "\n"]


def outputs(text: str) -> dict[str, str]:
    """What the runner reads from the file ``GITHUB_OUTPUT``."""
    found: dict[str, str] = {}
    lines: Iterable[str] = iter(text.splitlines())
    for line in lines:
        name, arrows, delimiter = line.partition("<<")
        assert arrows, f"{line!r} begins no output"
        value = []
        for each in lines:
            if each == delimiter:
                break
            value.append(each)
        found[name] = "\n".join(value)
    return found
