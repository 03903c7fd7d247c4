"""The simulation is a room of its own: the product knows nothing of it."""

from __future__ import annotations

import ast
from pathlib import Path

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


def test_nothing_enters_the_simulation_but_its_command() -> None:
    entered = {
        path.name: sorted(name for name in imports(path) if name.startswith("scheduler.simulation"))
        for path in FILES
        if path.parent.name != "simulation" and path.relative_to(PACKAGE) != Path("cli/simulate.py")
    }
    assert {name: found for name, found in entered.items() if found} == {}


def test_the_simulation_knows_no_real_time_and_no_network() -> None:
    banned = {"time", "os", "socket", "requests", "github", "click", "subprocess"}
    inside = [path for path in FILES if path.parent.name == "simulation"]
    reached = {
        path.name: {name.split(".")[0] for name in imports(path)} & banned for path in inside
    }
    assert {name: found for name, found in reached.items() if found} == {}
    texts = {path.name: path.read_text(encoding="utf-8") for path in inside}
    assert [name for name, text in texts.items() if "datetime.now(" in text] == []
