"""What `action.yml` and its lock promise, read from the files themselves."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

from scheduler.action.answers import of_created, of_tick
from scheduler.commands.answer import Created
from scheduler.environment import Environment
from scheduler.job.model import Job
from scheduler.ports.values import Ticket, User
from scheduler.tick.report import TickReport

ROOT = Path(__file__).resolve().parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
LOCK = (ROOT / "scheduler" / "requirements.lock").read_text(encoding="utf-8")
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]


def pins() -> dict[str, str]:
    """Return each requirement of the lock (name and version) with its own block of lines."""
    blocks = re.split(r"(?m)^(?=[A-Za-z0-9])", LOCK)[1:]
    return {block.split()[0]: block for block in blocks}


def test_it_is_one_composite_step_that_uses_no_other_action() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert [set(step) for step in STEPS] == [{"id", "name", "shell", "env", "run"}]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step["id"]))
def test_no_expression_is_pasted_into_a_script(step: dict[str, Any]) -> None:
    assert "${{" not in step["run"]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step["id"]))
def test_the_script_becomes_python_so_that_the_cancel_signal_reaches_it(
    step: dict[str, Any],
) -> None:
    last = step["run"].strip().splitlines()[-1]
    assert last == 'exec "$python" -IS "$GITHUB_ACTION_PATH/scheduler/action/bootstrap.py"'


def test_every_input_is_documented_and_reaches_the_script() -> None:
    assert {*ACTION["inputs"]} == {
        "token", "command", "signing-keys", "profile", "hold", "poll", "heartbeat-url", "fail-on",
        "alarm-token",
    }  # fmt: skip
    environ = " ".join(STEPS[0]["env"].values())
    for name, given in ACTION["inputs"].items():
        assert given["description"].strip(), name
        assert f"inputs.{name}" in environ


def test_every_output_is_documented_and_comes_from_the_step() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
    ticket = Ticket(number=7, author=User(login="a"), url="U", created_at=now, updated_at=now)
    made = Created(ticket=ticket, job=Job(run_at=now, event="e"), created=True, now=now)
    tick = of_tick(TickReport(now=now), Environment(repository="octo/queue"), warned=None)
    assert {*ACTION["outputs"]} == {*tick.outputs, *of_created(made).outputs}
    for name, given in ACTION["outputs"].items():
        assert given["description"].strip(), name
        assert given["value"] == f"${{{{ steps.schedule.outputs.{name} }}}}"


def test_the_defaults_are_a_tick_with_the_jobs_own_token() -> None:
    assert ACTION["inputs"]["token"]["default"] == "${{ github.token }}"
    assert ACTION["inputs"]["command"]["default"] == "tick"


def test_the_lock_has_every_runtime_dependency() -> None:
    block = re.search(r"(?ms)^dependencies = \[\n(.*?)^\]", PROJECT)
    assert block is not None
    wanted = re.findall(r'^\s*"([A-Za-z0-9-]+)', block[1], re.MULTILINE)
    locked = {pin.partition("==")[0] for pin in pins()}
    assert len(wanted) >= 4
    assert {name.lower() for name in wanted} <= locked


def test_the_lock_has_nothing_but_exact_versions_with_hashes() -> None:
    for pin, block in pins().items():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", pin), pin
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", block), pin


def test_the_lock_names_no_place() -> None:
    assert "://" not in LOCK
    assert "--index" not in LOCK
    assert "--find-links" not in LOCK


def test_the_lock_says_how_to_make_it_and_so_do_the_instructions() -> None:
    (command,) = re.findall(r"^#\s+(uv pip compile .*)$", LOCK, re.MULTILINE)
    contributing = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert command in contributing
