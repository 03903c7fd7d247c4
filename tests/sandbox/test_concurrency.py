from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.sandbox import Sandbox
from tests.sandbox.conftest import Client
from tests.sandbox.test_actions import start

JOB = "jobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}"
TICK = """
on:
  issues:
  workflow_dispatch: {inputs: {n: {}}}
jobs:
  tick:
    concurrency:
      group: >-
        ${{ (github.event_name != 'issues'
        || contains(github.event.issue.labels.*.name, 'schedule'))
        && 'Tick' || github.run_id }}
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
"""


def write(folder: Path, text: str) -> None:
    (folder / ".github" / "workflows" / "group.yml").write_text(text)


def states(agent: Client) -> list[str]:
    runs: list[str] = []
    for page in (1, 2):
        answer = agent("GET", f"/actions/runs?per_page=100&page={page}").json()
        runs += [run["conclusion"] or run["status"] for run in answer["workflow_runs"]]
    return runs[::-1]


def test_cancel_in_progress(agent: Client, folder: Path) -> None:
    write(
        folder, f"on: workflow_dispatch\nconcurrency: {{group: g, cancel-in-progress: true}}\n{JOB}"
    )
    for _ in range(3):
        start(agent, "group.yml")
    assert states(agent) == ["cancelled", "cancelled", "queued"]


def test_a_queue_of_pending_runs(agent: Client, folder: Path, sandbox: Sandbox) -> None:
    write(folder, f"on: workflow_dispatch\nconcurrency: {{group: g, queue: max}}\n{JOB}")
    runs = [start(agent, "group.yml") for _ in range(102)]
    assert states(agent) == ["queued", *["pending"] * 100, "cancelled"]
    sandbox.finish_run(runs[0])
    assert states(agent)[:3] == ["success", "queued", "pending"]


def test_a_group_on_a_job_and_one_of_its_own(agent: Client, folder: Path, sandbox: Sandbox) -> None:
    write(folder, TICK)
    start(agent, "group.yml")
    start(agent, "group.yml")
    sandbox.configure(events=True)
    agent("POST", "/issues", {"title": "of another kind"})
    ours = [run for run in sandbox.repository().runs.values() if run.name.endswith("group.yml")]
    assert [run.status for run in ours] == ["queued", "pending", "queued"]
    agent("POST", "/issues", {"title": "job", "labels": ["schedule"]})
    ours = [run for run in sandbox.repository().runs.values() if run.name.endswith("group.yml")]
    assert [run.conclusion or run.status for run in ours] == [
        "queued", "cancelled", "queued", "cancelled", "pending"
    ]  # fmt: skip
    assert "replaced by run" in ours[1].note


MIXED = """
on:
  workflow_dispatch: {inputs: {n: {}}}
jobs:
  carry:
    if: inputs.n
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
  tick:
    needs: carry
    if: "!cancelled()"
    concurrency: tick
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
  last:
    needs: tick
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
"""


def test_a_run_with_a_job_outside_of_the_group_does_not_wait(
    agent: Client, folder: Path, sandbox: Sandbox
) -> None:
    write(folder, MIXED)
    first = start(agent, "group.yml")
    start(agent, "group.yml")
    carrier = start(agent, "group.yml", n="1")
    assert states(agent) == ["queued", "pending", "queued"]
    sandbox.finish_run(first)
    assert states(agent) == ["success", "pending", "queued"], "the carrier's tick goes on"
    sandbox.finish_run(carrier)
    assert states(agent) == ["success", "queued", "success"]


@pytest.mark.parametrize("condition", ["${{ inputs.n }}", "needs.x.result", "'yes'"])
def test_a_condition_that_holds_or_is_not_known(
    agent: Client, folder: Path, condition: str
) -> None:
    write(folder, MIXED.replace("if: inputs.n", f'if: "{condition}"'))
    start(agent, "group.yml")
    start(agent, "group.yml", n="1")
    assert states(agent) == ["queued", "queued"]


@pytest.mark.parametrize("group", ["${{ needs.x.result }}", "${{ success() }}", "${{ 1 + }}"])
def test_a_group_that_is_not_known_is_said_in_the_log(
    agent: Client, folder: Path, group: str
) -> None:
    write(folder, f"on: workflow_dispatch\nconcurrency: '{group}'\n{JOB}")
    run_id = start(agent, "group.yml")
    assert "was not evaluated" in agent("GET", f"/actions/runs/{run_id}/logs").text
    assert states(agent) == ["queued"]


def test_a_file_that_is_no_workflow(agent: Client, folder: Path) -> None:
    write(folder, "on: [")
    body = {"ref": "main"}
    refused = agent("POST", "/actions/workflows/group.yml/dispatches", body)
    assert refused.status_code == 422
    assert "failed to parse workflow" in refused.json()["message"]
