"""SECURITY.md's table of who may do what names an attack for each row, and each one is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
TABLE = "Who may do what, and the attack on each rule"


def rows() -> list[str]:
    """The rows of the table, without its head."""
    text = (HERE.parents[1] / ".github" / "SECURITY.md").read_text(encoding="utf-8")
    lines = text[text.index(TABLE) :].splitlines()[2:]
    return lines[2 : lines.index("")]


def test_each_row_names_a_test_that_is_there() -> None:
    assert len(rows()) >= 17
    for row in rows():
        match = re.search(r"`(test_\w+\.py)::(test_\w+)` \|$", row)
        assert match, row
        tree = ast.parse((HERE / match[1]).read_text(encoding="utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert match[2] in names, row
