"""Untrusted text, made safe for GitHub's Markdown.

Text from an issue is shown only in code: there GitHub mentions nobody, links no issue,
closes none and renders no HTML.
"""

from __future__ import annotations

import re

BACKTICKS = re.compile(r"`+")


def code(text: str, limit: int = 500) -> str:
    """``text`` as one inline code span, on one line, cut at ``limit`` characters."""
    one_line = " ".join(visible(text).split())
    shown = one_line if len(one_line) <= limit else one_line[: limit - 1] + "…"
    if not shown:
        return "(empty)"
    longest = max((len(run) for run in BACKTICKS.findall(shown)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def cell(markdown: str) -> str:
    """``markdown`` as a table's cell: a pipe would end it, even within code.

    A backslash right before a pipe is moved off it: it would escape the escape.
    """
    return markdown.replace("\\|", "\\ |").replace("|", "\\|").replace("\n", " ")


def visible(text: str) -> str:
    """``text`` without what moves a cursor or hides: each such character is replaced."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)
