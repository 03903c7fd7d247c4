"""What becomes of runs that nothing carries out: as planned, or as a policy has it."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import requests
from githubkit_schemas.v2026_03_10 import models

from scheduler.sandbox import Sandbox
from scheduler.sandbox.controls import NAMES
from scheduler.sandbox.runner.fates import CONCLUSIONS, HANGS, QUEUED, STUCK
from tests.sandbox.conftest import As, Client
from tests.sandbox.test_actions import start

HOUR = 3600
JOB = "jobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}"
GROUP = f"on: workflow_dispatch\nconcurrency: g\n{JOB}"


def run_of(agent: Client, run_id: int) -> dict[str, Any]:
    found: dict[str, Any] = agent("GET", f"/actions/runs/{run_id}").json()
    models.WorkflowRun.model_validate(found)
    return found


def ended(agent: Client, run_id: int) -> tuple[str, str | None, int]:
    """How far a run is, how it ended, and how many jobs it has."""
    found = run_of(agent, run_id)
    jobs = agent("GET", f"/actions/runs/{run_id}/jobs").json()
    return found["status"], found["conclusion"], jobs["total_count"]


def write(folder: Path, name: str, text: str) -> None:
    (folder / ".github" / "workflows" / name).write_text(text)


def begin(agent: Client) -> int:
    return start(agent, message="m")


@pytest.mark.parametrize("conclusion", CONCLUSIONS)
def test_a_run_ends_as_it_is_planned(agent: Client, sandbox: Sandbox, conclusion: str) -> None:
    sandbox.fate(conclusion)
    jobs = 0 if conclusion in ("startup_failure", "action_required") else 1
    assert ended(agent, begin(agent)) == ("completed", conclusion, jobs)
    assert ended(agent, begin(agent)) == ("queued", None, 1)


def test_a_run_that_hangs_is_under_way_until_it_is_cancelled(
    agent: Client, sandbox: Sandbox
) -> None:
    sandbox.fate("hangs")
    run_id = begin(agent)
    sandbox.set_clock(advance=24 * HOUR)
    assert ended(agent, run_id) == ("in_progress", None, 1)
    assert agent("POST", f"/actions/runs/{run_id}/cancel").status_code == 202
    assert ended(agent, run_id) == ("completed", "cancelled", 1)
    assert agent("POST", f"/actions/runs/{run_id}/cancel").status_code == 409


def test_a_run_that_is_stuck_takes_a_forced_cancel_alone(agent: Client, sandbox: Sandbox) -> None:
    sandbox.fate("stuck")
    run_id = begin(agent)
    assert agent("POST", f"/actions/runs/{run_id}/cancel").status_code == 202
    assert ended(agent, run_id) == ("queued", None, 0)
    assert agent("POST", f"/actions/runs/{run_id}/force-cancel").status_code == 202
    assert ended(agent, run_id) == ("completed", "cancelled", 0)


@pytest.mark.parametrize("outcome", ["hangs", "success"])
def test_a_cancel_may_take_its_time(agent: Client, sandbox: Sandbox, outcome: str) -> None:
    sandbox.fate(outcome, after=HOUR, lingers=300)
    run_id = begin(agent)
    for status in ("in_progress", "completed"):
        assert agent("POST", f"/actions/runs/{run_id}/cancel").status_code == 202
        sandbox.set_clock(advance=150)
        assert ended(agent, run_id)[0] == status
    assert ended(agent, run_id) == ("completed", "cancelled", 1)


def test_a_run_is_under_way_for_as_long_as_it_is_planned(agent: Client, sandbox: Sandbox) -> None:
    sandbox.fate("timed_out", after=HOUR)
    run_id = begin(agent)
    created = run_of(agent, run_id)["created_at"]
    sandbox.set_clock(advance=HOUR - 60)
    assert ended(agent, run_id) == ("in_progress", None, 1)
    sandbox.set_clock(advance=7 * HOUR)
    listed = agent("GET", "/actions/runs?status=timed_out").json()["workflow_runs"]
    assert [run["id"] for run in listed] == [run_id]
    assert int(listed[0]["updated_at"][11:13]) == (int(created[11:13]) + 1) % 24


def test_a_policy_ends_the_runs_of_an_account_without_a_job(
    agent: Client, as_user: As, sandbox: Sandbox
) -> None:
    sandbox.configure(blocked=["GitHub-Actions[bot]"])
    body = {"ref": "main", "inputs": {"message": "m"}}
    as_user("bot")("POST", "/actions/workflows/message.yml/dispatches", body)
    (run,) = agent("GET", "/actions/runs").json()["workflow_runs"]
    assert ended(agent, run["id"]) == ("completed", "failure", 0)
    assert run["updated_at"] == run["created_at"]
    assert ended(agent, begin(agent)) == ("queued", None, 1)


def test_a_fate_meets_the_runs_that_it_names(agent: Client, sandbox: Sandbox) -> None:
    sandbox.fate("failure", workflow="one.yml", count=0)
    sandbox.fate("skipped", actor="agent", event="workflow_dispatch", count=2, jobs=False)
    assert [ended(agent, start(agent, "one.yml"))[1] for _ in range(3)] == ["failure"] * 3
    assert [ended(agent, begin(agent))[1] for _ in range(3)] == ["skipped", "skipped", None]
    assert [fate.decided for fate in sandbox.fates()] == [3, 2]
    sandbox.clear_fates()
    assert ended(agent, start(agent, "one.yml"))[1] is None


def test_a_called_workflow_that_is_not_there_ends_the_run_at_its_start(
    agent: Client, folder: Path
) -> None:
    called = "jobs: {a: {uses: ./.github/workflows/CALLED}}\n"
    head = 'run-name: "for ${{ github.actor }}"\non: workflow_dispatch\n'
    write(folder, "broken.yml", head + called.replace("CALLED", "none.yml"))
    write(folder, "whole.yml", head + called.replace("CALLED", "plain.yml"))
    run_id = start(agent, "broken.yml")
    assert ended(agent, run_id) == ("completed", "startup_failure", 0)
    assert run_of(agent, run_id)["display_title"] == ".github/workflows/broken.yml"
    assert "none.yml" in agent("GET", f"/actions/runs/{run_id}/logs").text
    assert ended(agent, start(agent, "whole.yml"))[1] is None


def test_a_renamed_workflow_keeps_its_runs_under_its_old_name(agent: Client, folder: Path) -> None:
    run_id = start(agent, "one.yml")
    place = folder / ".github" / "workflows"
    (place / "one.yml").rename(place / "two.yml")
    assert run_of(agent, run_id)["path"] == ".github/workflows/one.yml"
    body = {"ref": "main"}
    assert agent("POST", "/actions/workflows/one.yml/dispatches", body).status_code == 422
    start(agent, "two.yml")
    of_old = agent("GET", "/actions/workflows/one.yml/runs").json()["workflow_runs"]
    assert [run["id"] for run in of_old] == [run_id]


def test_a_run_that_is_deleted_is_gone(agent: Client, sandbox: Sandbox) -> None:
    run_id = begin(agent)
    assert agent("DELETE", f"/actions/runs/{run_id}").status_code == 403
    sandbox.finish_run(run_id, "failure")
    assert agent("DELETE", f"/actions/runs/{run_id}").status_code == 204
    assert agent("GET", f"/actions/runs/{run_id}").status_code == 404
    assert agent("GET", f"/actions/runs/{run_id}/jobs").status_code == 404


def test_a_group_that_is_wedged_is_held_until_its_run_is_deleted(
    agent: Client, folder: Path, sandbox: Sandbox
) -> None:
    write(folder, "group.yml", GROUP)
    sandbox.fate("failure", wedges=True, jobs=False)
    dead, waits = start(agent, "group.yml"), start(agent, "group.yml")
    assert ended(agent, dead) == ("completed", "failure", 0)
    assert ended(agent, waits)[0] == "pending"
    write(folder, "group.yml", GROUP.replace("concurrency: g", "concurrency: h"))
    assert ended(agent, start(agent, "group.yml"))[0] == "queued"
    assert agent("DELETE", f"/actions/runs/{dead}").status_code == 204
    assert ended(agent, waits)[0] == "queued"


def test_an_evicted_run_holds_no_group(agent: Client, folder: Path, sandbox: Sandbox) -> None:
    write(folder, "group.yml", GROUP)
    holder = start(agent, "group.yml")
    sandbox.fate("failure", wedges=True)
    evicted, waits = start(agent, "group.yml"), start(agent, "group.yml")
    assert ended(agent, evicted)[1] == "cancelled"
    sandbox.finish_run(holder)
    assert ended(agent, waits)[0] == "queued"


@pytest.mark.parametrize(
    ("late", "query"),
    [
        ("event_runs", "event=workflow_dispatch"),
        ("created_runs", "created=%3E%3D2020-01-01"),
        ("actor_runs", "actor=agent"),
        ("filtered_runs", "branch=main"),
    ],
)
def test_a_list_lags_by_what_it_is_filtered_by(
    agent: Client, sandbox: Sandbox, late: str, query: str
) -> None:
    sandbox.set_staleness(**{late: HOUR})
    run_id = begin(agent)

    def listed(query: str) -> int:
        return int(agent("GET", f"/actions/runs?{query}").json()["total_count"])

    assert (listed(query), listed("head_sha=" + run_of(agent, run_id)["head_sha"])) == (
        0, late != "filtered_runs",
    )  # fmt: skip
    assert listed("") == 1
    sandbox.set_clock(advance=HOUR)
    assert listed(query) == 1


def test_a_list_hears_late_that_a_run_has_ended(agent: Client, sandbox: Sandbox) -> None:
    sandbox.set_staleness(run_ends=60)
    run_id = begin(agent)
    sandbox.finish_run(run_id, "failure")

    def listed(query: str = "") -> list[tuple[str, str | None]]:
        found = agent("GET", f"/actions/runs{query}").json()["workflow_runs"]
        return [(run["status"], run["conclusion"]) for run in found]

    assert listed() == listed("?status=in_progress") == [("in_progress", None)]
    assert listed("?status=completed") == listed("?status=failure") == []
    assert ended(agent, run_id)[:2] == ("completed", "failure")
    sandbox.set_clock(advance=60)
    assert listed() == listed("?status=completed") == [("completed", "failure")]


def test_the_page_has_every_outcome_and_what_it_shows_works(sandbox: Sandbox) -> None:
    page = (files("scheduler") / "docs" / "operating.md").read_text(encoding="utf-8")
    table = page.partition("| outcome | the run |")[2].partition("\n\n")[0]
    named = re.findall(r"`(\w+)`", table)
    assert sorted(named) == sorted([*CONCLUSIONS, QUEUED, HANGS, STUCK])
    (shown,) = re.findall(r"-d '(\{.*\})'", page)
    sandbox.control("fate", json.loads(shown))
    assert [(each.outcome, each.jobs, each.wedges) for each in sandbox.fates()] == [
        ("failure", False, True),
    ]  # fmt: skip
    for name in re.findall(r"`(\w+)` (?:with|takes)", page):
        assert name in NAMES, name


def test_fates_are_control_routes_that_refuse_what_they_do_not_know(sandbox: Sandbox) -> None:
    def control(name: str, **arguments: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {sandbox.control_token}"}
        return requests.post(
            f"{sandbox.url}/_sandbox/{name}", json=arguments, headers=headers, timeout=10
        )

    made = control("fate", outcome="action_required", workflow="one.yml")
    assert (made.status_code, made.json()["outcome"]) == (200, "action_required")
    assert [each["workflow"] for each in control("fates").json()] == ["one.yml"]
    for name, arguments in (
        ("fate", {"outcome": "lost"}),
        ("finish_run", {"run": 1, "conclusion": "lost"}),
    ):
        refused = control(name, **arguments)
        assert refused.status_code == 422
        assert "'lost': one of success, failure" in refused.json()["message"]
    assert control("reset").status_code == 200
    assert control("fates").json() == []
