"""A repository that `schedule init` has set up, under act: nothing in it was edited by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.commands.init_files import VENDORED
from scheduler.sandbox import Sandbox
from scheduler.sandbox.demo import stage
from tests.conftest import QUEUE, body
from tests.support.act_home import Home, kept, log, tools

ACT = stage.find_act(os.environ)
pytestmark = pytest.mark.skipif(ACT is None, reason="act is missing")


def call(folder: Path, *command: str, **more: str) -> str:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=300,
        env=inherited | {"GIT_CONFIG_GLOBAL": os.devnull} | more,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_vendored_action_runs_the_first_job(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path / "clone"
    folder.mkdir()
    call(folder, "git", "init", "-q", "-b", "main")
    call(folder, sys.executable, "-m", "scheduler", "init", "--yes", "--vendor",
         PYTHONPATH=str(Path(__file__).resolve().parents[2]))  # fmt: skip
    environ = {"PATH": stage.search_path(os.environ), "SCHEDULE_WRITES_PER_SECOND": "0"}
    with Sandbox(
        {QUEUE: folder}, act=ACT, tool_cache=tools(kept(tmp_path_factory)),
        environ=environ | stage.direct(os.environ),
    ) as sandbox:  # fmt: skip
        home = Home(sandbox, folder)
        number = home.open(body(-60, "agent-message.yml", "agent: probe-1", message="Hello"))
        tick = home.cron()
        assert tick.conclusion == "success", log(tick)
        (run,) = home.runs("agent-message.yml")
        assert "] agent probe-1 says: Hello\n" in log(run)
        home.done(number, run)
        # The copy is a command line as well, as AGENTS.md has it.
        made = call(
            folder, sys.executable, "-m", "scheduler", "--in", "2h", "--message", "Later",
            "--workflow", "agent-message.yml",
            PYTHONPATH=str(folder / VENDORED), **sandbox.environ(),
        )  # fmt: skip
        assert made.startswith("#2 runs agent-message.yml at ")
