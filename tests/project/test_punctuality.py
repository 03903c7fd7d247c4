"""The page on punctuality is true: each of its commands runs as it stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

import scheduler
from scheduler.commands import clocks, outside
from scheduler.sandbox.command import SAMPLE
from tests.conftest import Stage

PAGE = (Path(scheduler.__file__).parent / "docs" / "punctuality.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line)[1:] for line in re.findall(r"(?m)^    (schedule .*)$", PAGE)]


@pytest.fixture
def own(stage: Stage, tmp_path: Path) -> Stage:
    """A stage with the workflow to copy, and a repository that lends alarms."""
    text = (SAMPLE / ".github" / "workflows" / "scheduler.yml").read_text()
    (stage.folder / ".github" / "workflows" / "scheduler.yml").write_text(text)
    folder = tmp_path / "clock"
    (folder / ".github" / "workflows").mkdir(parents=True)
    stage.sandbox.add_repository("octo/clock", str(folder))
    stage.sandbox.configure(file_writes=True)
    return stage


def test_each_command_runs_in_the_order_of_the_page(own: Stage) -> None:
    assert len(COMMANDS) > 12
    for command in COMMANDS:
        ran = own.run(*command, user="owner")
        assert (ran.status, ran.err) == (0, ""), command
        assert ran.out


def test_all_clocks_stand_there() -> None:
    rows = re.findall(r"(?m)^\| `([a-z]+)` \|", PAGE)
    assert [name for name in rows if name in clocks.CLOCKS] == [*clocks.CLOCKS]
    printed = [command[2] for command in COMMANDS if command[:2] == ["clock", "print"]]
    assert printed == [*outside.CLOCKS]
