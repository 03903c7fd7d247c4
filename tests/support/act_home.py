"""A served repository whose runs act really carries out, for the tests of the whole path."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scheduler.action import bootstrap
from scheduler.sandbox import Sandbox
from scheduler.sandbox.command import SAMPLE
from scheduler.sandbox.runner import processes
from scheduler.sandbox.runner.runs import Run
from tests.conftest import ISSUES, QUEUE, REPO

#: An agent's own workflow: told to, it schedules itself for later, naming no target.
AGENT = """
name: Agent
on:
  workflow_dispatch:
    inputs:
      agent: {}
      message: {required: true}
      schedule_id: {}
permissions: {issues: write, contents: read}
jobs:
  work:
    runs-on: ubuntu-latest
    steps:
      - env:
          AGENT: ${{ inputs.agent }}
          MESSAGE: ${{ inputs.message }}
          OCCURRENCE: ${{ inputs.schedule_id }}
        run: |
          printf '%s hears: %s [%s]\\n' "$AGENT" "$MESSAGE" "$OCCURRENCE"
      - if: inputs.message == 'begin'
        env:
          GITHUB_TOKEN: ${{ github.token }}
        run: schedule --in 2s --message "Look again at PR 123"
"""
SETTINGS = """
trust: {role: write, bots: ["github-actions[bot]"]}
allow: {workflows: [agent-message.yml, run.yml, agent-own.yml, sync.yml]}
"""


@dataclass
class Home:
    """A served repository whose runs act carries out."""

    sandbox: Sandbox
    folder: Path

    def call(self, method: str, path: str, data: Any = None, *, user: str = "agent") -> Any:
        return self.sandbox.call(user, method, path, data)

    def open(self, text: str, *labels: str) -> int:
        made = {"title": "by hand", "body": text, "labels": list(labels or ("schedule",))}
        return int(self.call("POST", ISSUES, made)["number"])

    def dispatch(self, workflow: str, inputs: dict[str, str], *, user: str = "agent") -> Run:
        data = {"ref": "main", "inputs": inputs, "return_run_details": True}
        made = self.call("POST", f"{REPO}/actions/workflows/{workflow}/dispatches", data, user=user)
        return self.ended(int(made["workflow_run_id"]))

    def cron(self) -> Run:
        return self.ended(self.sandbox.start_cron("scheduler.yml"))

    def runs(self, workflow: str) -> list[Run]:
        """The runs of a workflow, all of which have ended."""
        found = self.sandbox.repository().runs.values()
        wanted = [run for run in found if run.workflow.path.endswith(f"/{workflow}")]
        return [self.ended(run.id) for run in wanted]

    def ended(self, run_id: int, seconds: float = 300) -> Run:
        run = self.sandbox.repository().runs[run_id]
        wait(lambda: not run.active, seconds)
        assert not run.active, "".join(run.log)
        return run

    def comments(self, number: int) -> list[str]:
        return [each["body"] for each in self.call("GET", f"{ISSUES}/{number}/comments")]

    def done(self, number: int, run: Run) -> None:
        """The job's issue is closed, and its one comment links the run."""
        issue = self.call("GET", f"{ISSUES}/{number}")
        assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
        assert issue["closed_by"]["login"] == "github-actions[bot]"
        (comment,) = self.comments(number)
        assert f"/{QUEUE}/actions/runs/{run.id}" in comment


def wait(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)


def kept(factory: pytest.TempPathFactory) -> Path:
    """What a self-hosted runner keeps: the dependencies, installed once for all tests of a run.

    Returns: the folder for ``XDG_CACHE_HOME``, in which act has its tool cache.
    """
    base = factory.getbasetemp()
    cache = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    folder = tools(cache) / bootstrap.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the other workers wait
        bootstrap.find_or_build(folder, bootstrap.LOCK)
    return cache


def tools(cache: Path) -> Path:
    """The tool cache in such a folder."""
    return cache / "act" / "tool_cache"


def unhurried_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a step take its time to leave, or a machine that stood still would have it killed."""
    for name in ("INTERRUPT_SECONDS", "LAST_STEPS_SECONDS", "HEARD_SECONDS"):
        monkeypatch.setattr(processes, name, 300.0)


def log(run: Run) -> str:
    return "".join(run.log)


def jobs(run: Run) -> dict[str, str | None]:
    return {job.key: job.conclusion for job in run.jobs}


def served(folder: Path, scheduler: str) -> Path:
    """The sample, with this scheduler's workflow and an agent's own."""
    shutil.copytree(SAMPLE, folder)
    workflows = folder / ".github" / "workflows"
    (workflows / "scheduler.yml").write_text(scheduler, encoding="utf-8")
    (workflows / "agent-own.yml").write_text(AGENT, encoding="utf-8")
    (folder / ".github" / "scheduler.yml").write_text(SETTINGS, encoding="utf-8")
    return folder
