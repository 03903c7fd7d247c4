"""The simulation is a room of its own: the product knows nothing of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import scheduler

PACKAGE = Path(scheduler.__file__).parent
FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if "sample" not in path.parts]


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_enters_the_simulation_but_its_command(path: Path) -> None:
    inside = path.parent.name == "simulation" or path.name == "cli_simulate.py"
    entered = {name for name in imports(path) if name.startswith("scheduler.simulation")}
    assert inside or not entered


@pytest.mark.parametrize("path", [p for p in FILES if p.parent.name == "simulation"])
def test_the_simulation_knows_no_real_time_and_no_network(path: Path) -> None:
    outside = {name.split(".")[0] for name in imports(path)}
    assert not outside & {"time", "os", "socket", "requests", "github", "click", "subprocess"}
    text = path.read_text(encoding="utf-8")
    assert "datetime.now(" not in text
    assert len(text.splitlines()) < 300
