"""Runs that act really carries out."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.sandbox import Sandbox
from scheduler.sandbox.runner import processes
from scheduler.sandbox.runner.execution import ActExecutor
from tests.sandbox.conftest import As, Client
from tests.sandbox.test_actions import start
from tests.support.act_home import unhurried_cancels

ACT = shutil.which("act")
pytestmark = pytest.mark.skipif(ACT is None, reason="act is not installed")

SLEEP = """
on: workflow_dispatch
jobs:
  wait:
    runs-on: ubuntu-slim
    steps:
      - uses: actions/checkout@v4
      - run: exec python3 -u wait.py
      - run: echo "never"
      - if: always()
        run: echo "in the end"
"""

WAIT = """
import signal, sys, time
def leave(number, frame):
    print("signal", number)
    time.sleep(0.2)
    print("left cleanly")
    sys.exit(0)
signal.signal(signal.SIGINT, leave)
print("waits")
time.sleep(600)
"""

ACTIONS = """
name: Actions
on:
  workflow_dispatch:
jobs:
  own:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: ./
        with: {who: here}
  published:
    runs-on: ubuntu-24.04
    steps:
      - uses: octo/tool@v1
        with: {who: there}
  context:
    runs-on: ubuntu-latest
    steps:
      - env: {TOKEN: "${{ github.token }}", SECRET: "${{ secrets.GITHUB_TOKEN }}"}
        run: |
          test -n "$TOKEN" && test "$TOKEN" = "$SECRET"
          python3 - <<'EOF'
          import json, os, urllib.request
          print("run", os.environ["GITHUB_RUN_ID"], os.environ["GITHUB_REPOSITORY"])
          print("by", os.environ["GITHUB_ACTOR"], os.environ["GITHUB_REF"])
          ask = urllib.request.Request(
              os.environ["GITHUB_API_URL"] + "/repos/octo/queue/issues",
              data=json.dumps({"title": "from a run"}).encode(),
              headers={"Authorization": "Bearer " + os.environ["TOKEN"]},
          )
          print("opened", json.load(urllib.request.urlopen(ask))["number"])
          EOF
  skipped:
    if: github.event_name == 'issues'
    runs-on: ubuntu-latest
    steps: [{run: "false"}]
"""

ACTION = """
name: Tool
description: Says who
inputs: {who: {description: Who, required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {WHO: "${{ inputs.who }}"}
      run: test -f "$GITHUB_ACTION_PATH/action.yml" && echo "composite $WHO"
"""

FAIL = "on: workflow_dispatch\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: exit 3}]}}\n"


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    unhurried_cancels(monkeypatch)


@pytest.fixture
def sandbox(folder: Path, tmp_path: Path) -> Iterator[Sandbox]:
    workflows = folder / ".github" / "workflows"
    for name, text in (("sleep", SLEEP), ("actions", ACTIONS), ("fail", FAIL)):
        (workflows / f"{name}.yml").write_text(text)
    (folder / "wait.py").write_text(WAIT)
    (folder / "action.yml").write_text(ACTION)
    tool = tmp_path / "tool"
    tool.mkdir()
    (tool / "action.yml").write_text(ACTION)
    with Sandbox(
        {"octo/queue": folder}, act=ACT, local_repositories={"octo/tool@v1": tool}
    ) as running:
        yield running


def wait_for(agent: Client, run_id: int, status: str = "completed", seconds: float = 300) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        run = agent("GET", f"/actions/runs/{run_id}").json()
        if run["status"] == status:
            return str(run["conclusion"])
        time.sleep(0.05)
    raise AssertionError(agent("GET", f"/actions/runs/{run_id}/logs").text)


def log_of(agent: Client, run_id: int) -> str:
    return agent("GET", f"/actions/runs/{run_id}/logs").text


def marked(sandbox: Sandbox, run_id: int) -> list[int]:
    executor = sandbox.actions.executor
    assert isinstance(executor, ActExecutor)
    return processes.marked(executor.mark(run_id))


def test_a_dispatched_run_is_carried_out(agent: Client) -> None:
    run_id = start(agent, message='it\'s "so" $HOME ${{ 1 }}')
    assert wait_for(agent, run_id) == "success"
    assert 'heard it\'s "so" $HOME ${{ 1 }}\n' in log_of(agent, run_id)
    assert agent("GET", f"/actions/runs/{run_id}/jobs").json()["jobs"][0]["conclusion"] == "success"


def test_a_failing_run_fails(agent: Client) -> None:
    assert wait_for(agent, start(agent, "fail.yml")) == "failure"


def test_composite_actions_and_the_run_s_own_token(agent: Client) -> None:
    run_id = start(agent, "actions.yml")
    conclusion, log = wait_for(agent, run_id), log_of(agent, run_id)
    assert conclusion == "success", log
    for line in (
        "composite here", "composite there", f"run {run_id} octo/queue", "by agent refs/heads/main",
        "opened 1",
    ):  # fmt: skip
        assert line in log
    jobs = agent("GET", f"/actions/runs/{run_id}/jobs").json()["jobs"]
    assert {job["name"]: job["conclusion"] for job in jobs} == {
        "own": "success", "published": "success", "context": "success", "skipped": "skipped"
    }  # fmt: skip
    assert agent("GET", "/issues/1").json()["user"]["login"] == "github-actions[bot]"


def test_a_cancelled_step_gets_the_runners_signals(agent: Client, sandbox: Sandbox) -> None:
    run_id = start(agent, "sleep.yml")
    wait_for_log(agent, run_id, "waits")
    assert agent("POST", f"/actions/runs/{run_id}/cancel").status_code == 202
    assert wait_for(agent, run_id) == "cancelled"
    log = log_of(agent, run_id)
    assert "signal 2" in log
    assert "left cleanly" in log
    assert "in the end" in log
    assert "] never" not in log
    assert marked(sandbox, run_id) == []


def test_nothing_is_left_behind_when_it_closes(folder: Path, tmp_path: Path, as_user: As) -> None:
    (folder / ".github" / "workflows" / "sleep.yml").write_text(SLEEP)
    (folder / "wait.py").write_text(WAIT)
    with Sandbox({"octo/queue": folder}, act=ACT) as sandbox:
        agent = as_user("agent", sandbox)
        runs = [start(agent, "sleep.yml") for _ in range(3)]
        wait_for_log(agent, runs[0], "waits")
        assert marked(sandbox, runs[0])
    for run_id in runs:
        assert marked(sandbox, run_id) == []


def test_one_sandbox_kills_no_run_of_another(
    agent: Client, folder: Path, as_user: As, sandbox: Sandbox
) -> None:
    run_id = start(agent, "sleep.yml")
    wait_for_log(agent, run_id, "waits")
    with Sandbox({"octo/queue": folder}, act=ACT) as other:
        beside = as_user("agent", other)
        assert start(beside, "sleep.yml") == run_id
        wait_for_log(beside, run_id, "waits")
        beside("POST", f"/actions/runs/{run_id}/force-cancel")
        assert wait_for(beside, run_id) == "cancelled"
    assert marked(sandbox, run_id)
    assert agent("GET", f"/actions/runs/{run_id}").json()["status"] == "in_progress"


def test_force_cancel_kills(agent: Client) -> None:
    run_id = start(agent, "sleep.yml")
    wait_for_log(agent, run_id, "waits")
    assert agent("POST", f"/actions/runs/{run_id}/force-cancel").status_code == 202
    assert wait_for(agent, run_id) == "cancelled"
    assert "signal" not in log_of(agent, run_id)


def test_the_pending_run_begins_when_the_holder_ends(agent: Client, folder: Path) -> None:
    text = SLEEP.replace("jobs:", "concurrency: hold\njobs:", 1)
    (folder / ".github" / "workflows" / "hold.yml").write_text(text)
    holder, successor = start(agent, "hold.yml"), start(agent, "hold.yml")
    wait_for_log(agent, holder, "waits")
    assert agent("GET", f"/actions/runs/{successor}").json()["status"] == "pending"
    agent("POST", f"/actions/runs/{holder}/force-cancel")
    wait_for_log(agent, successor, "waits")
    assert agent("GET", f"/actions/runs/{holder}").json()["conclusion"] == "cancelled"


def wait_for_log(agent: Client, run_id: int, text: str) -> None:
    end = time.monotonic() + 300
    while text not in log_of(agent, run_id):
        assert time.monotonic() < end, log_of(agent, run_id)
        time.sleep(0.05)
