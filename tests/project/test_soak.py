"""The run that searches: every night, with a seed that is told and can be given."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.seed import SEED

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / ".github" / "workflows" / "soak.yml"


def test_it_runs_every_night_and_on_demand_with_a_seed() -> None:
    workflow: dict[str, Any] = yaml.load(FILE.read_text("utf-8"), Loader=yaml.BaseLoader)
    assert set(workflow["on"]) == {"schedule", "workflow_dispatch"}
    assert set(workflow["on"]["workflow_dispatch"]["inputs"]) == {"seed"}
    (job,) = workflow["jobs"].values()
    assert job["permissions"] == {"contents": "read"}
    last = job["steps"][-1]
    assert last["run"].startswith("python -m pytest -m soak")
    assert "inputs.seed" in last["env"][SEED]


def soak(*arguments: str, **environ: str) -> str:
    """What a soak prints that only looks for its tests."""
    command = [sys.executable, "-m", "pytest", "-n0", "-m", "soak", "--collect-only", *arguments]
    inherited = {name: value for name, value in os.environ.items() if name != SEED}
    ran = subprocess.run(
        command, cwd=ROOT, env=inherited | environ, capture_output=True, text=True, timeout=300,
        check=True,
    )  # fmt: skip
    return ran.stdout


@pytest.mark.slow
def test_its_seed_is_told_and_taken() -> None:
    drawn = re.findall(rf"{SEED}=(\d+) python -m pytest -m soak", soak("tests/times/test_pace.py"))
    assert len(set(drawn)) == 1
    told = soak("tests/times/test_pace.py", **{SEED: "7"})
    assert f"{SEED}=7 python" in told
    assert "sees_more_than_github_allows" in told, "properties are part of it"
