"""The README is true: what it shows is compared with the code that it speaks of."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from scheduler.cli import group
from scheduler.commands import init_files
from scheduler.errors import (
    NoSuchJob,
    NotPermitted,
    Refused,
    SchedulerError,
    Unavailable,
    UsageError,
)
from scheduler.job import frontmatter
from scheduler.job.keys import IN_ISSUE
from scheduler.job.states import STATES, chart
from scheduler.sandbox import Sandbox
from scheduler.sandbox.command import SAMPLE
from scheduler.settings import file, model

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def keys_of(value: Any, prefix: str = "") -> list[str]:
    """The dotted names of all settings."""
    found = []
    for each in fields(value):
        name = prefix + each.name.replace("_", "-")
        inner = getattr(value, each.name)
        found += keys_of(inner, f"{name}.") if is_dataclass(inner) else [name]
    return found


TERMS = "https://docs.github.com/en/site-policy/github-terms/github-terms-for-additional-products-and-features#actions"


def row(first: str, *, section: str = README) -> list[str]:
    """The cells of the table row that begins with ``first``."""
    match = re.search(rf"^\| {re.escape(first)} \|(.*)\|$", section, re.MULTILINE)
    assert match, f"no row for {first}"
    return [cell.strip() for cell in match[1].split("|")]


def test_the_state_chart_is_that_of_the_code() -> None:
    assert f"```mermaid\n{chart()}\n```" in README


def test_every_state_is_explained_in_the_code_s_words() -> None:
    section = README.partition("\n## What is promised\n")[2]
    told = {state: row(f"`{state.value}`", section=section) for state in STATES}
    assert told == {
        state: [meaning.issue, meaning.means, meaning.leaves, meaning.crash]
        for state, meaning in STATES.items()
    }


def test_every_setting_is_documented() -> None:
    section = README.partition("\n## Settings\n")[2]
    rows = {key: row(f"`{key}`", section=section) for key in keys_of(model.Settings())}
    assert [key for key, cells in rows.items() if not cells[0]] == []


def test_the_keys_of_a_job_are_those_of_the_code_in_its_words() -> None:
    rows = [f"| `{key.name}` | {key.means} | {key.default} |" for key in IN_ISSUE.values()]
    table = "\n".join(["| key | value | default |", "|---|---|---|", *rows])
    assert f"\n{table}\n\n".replace("|  |", "| |") in README


def test_every_command_is_documented() -> None:
    documented = set(re.findall(r"(?m)^\| `schedule (\w+)(?: ID)?` \|", README))
    assert {*group.COMMANDS} - documented == set()


def test_every_exit_status_is_documented() -> None:
    for error in (SchedulerError, UsageError, Refused, NoSuchJob, NotPermitted, Unavailable):
        assert row(str(error.exit_status))


def test_the_commands_of_the_readme_are_what_ci_runs() -> None:
    assert ".venv/bin/schedule demo\n" in README
    assert "python -m pytest\n" in README
    assert "python -m pytest" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_raw_issue_is_a_job() -> None:
    section = README[README.index("### The raw issue") :]
    body = section.split("```markdown\n", 1)[1].split("\n```", 1)[0]
    job = frontmatter.parse(body)
    assert (job.workflow, job.agent, job.inputs["model"]) == (
        "agent-message.yml",
        "probe-1",
        "opus",
    )
    assert job.message == "Check PR #123 status"


def test_the_settings_to_copy_are_this_repository_s_own_and_valid() -> None:
    own = (ROOT / ".github" / "scheduler.yml").read_text(encoding="utf-8")
    shown = own.split("\n\n", 1)[1].strip()
    assert f"```yaml\n{shown}\n```" in README
    file.parse(shown)


def test_the_workflow_that_can_be_scheduled_as_it_stands_is_what_init_writes() -> None:
    assert f"```yaml\n{init_files.target()}```\n" in README


def tried(place: str, **more: str) -> tuple[list[str], subprocess.CompletedProcess[str], int]:
    """The first commands after ``place``, what they said, and how many issues they opened.

    ``more`` is the environment that they have besides the sandbox's, which is there already.
    """
    section = README[README.index(place) :]
    block = section.split("```sh\n", 1)[1].split("```", 1)[0]
    commands = "".join(line for line in block.splitlines(True) if not line.startswith("export "))
    script = f'set -eo pipefail\nschedule() {{ "{sys.executable}" -m scheduler "$@"; }}\n{commands}'
    with Sandbox({"octo/queue": SAMPLE}) as sandbox:
        environ = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **sandbox.environ(), **more}
        ran = subprocess.run(
            ["bash", "-c", script], env=environ, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
        made = len(sandbox.repository().issues)
    assert (ran.returncode, ran.stderr) == (0, "")
    return commands.splitlines(), ran, made


@pytest.mark.slow
@pytest.mark.parametrize("place", ["These can be tried as they", "### Again and again"])
def test_the_examples_can_be_tried_against_the_sandbox_s_sample(place: str) -> None:
    commands, ran, made = tried(place)
    assert made == len(commands) - 1
    assert len(ran.stdout.splitlines()) > made


STEP = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_WORKFLOW_REF": "octo/queue/.github/workflows/agent-message.yml@refs/heads/main",
}


@pytest.mark.parametrize(
    ("place", "more"),
    [("**4. Schedule something.**", {}), ("a step of an agent's own workflow", STEP)],
)
def test_the_first_job_is_one_command(place: str, more: dict[str, str]) -> None:
    commands, ran, made = tried(place, **more)
    assert (len(commands), made) == (1, 1)
    assert ran.stdout.startswith("#1 runs agent-message.yml at ")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing")
def test_a_condition_can_be_tried_there() -> None:
    _, ran, made = tried("\n[a condition](#conditions), open an issue")
    assert made == 2
    assert ran.stdout.startswith("#2 runs run.yml at ")


@pytest.mark.slow
def test_how_late_jobs_are_can_be_asked_there() -> None:
    _, ran, made = tried("### How late")
    assert made == 0
    assert ran.stdout.splitlines()[-1] == "nothing is overdue"


def test_the_platform_s_terms_stand_beside_what_comes_near_them() -> None:
    on_time = README.partition("\n## On time\n")[2].partition("\n### What it costs\n")[0]
    assert "`punctual`" in on_time
    assert TERMS in on_time
