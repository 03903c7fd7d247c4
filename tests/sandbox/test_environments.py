"""Environments with wait timers, as GitHub has them: a job that waits takes no runner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from githubkit_schemas.v2026_03_10 import models

from scheduler.sandbox import Sandbox
from scheduler.sandbox.http.failure import ApiFailure
from scheduler.sandbox.runner import workflow_files
from tests.sandbox.conftest import As, Client
from tests.sandbox.test_actions import start

ALARM = """
on: {workflow_dispatch: {inputs: {alarm: {}}}}
run-name: ${{ inputs.alarm && format('alarm {0}', inputs.alarm) || '' }}
jobs:
  other: {if: "false", runs-on: ubuntu-latest, steps: [{run: 'true'}]}
  alarm:
    if: inputs.alarm
    environment: {name: "${{ inputs.alarm }}", deployment: false}
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
  tick:
    needs: [alarm, other]
    if: ${{ !cancelled() }}
    concurrency: tick
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
"""
OWN_GROUP = """
on: workflow_dispatch
jobs:
  a: {environment: slow, concurrency: own, runs-on: ubuntu-latest, steps: [{run: 'true'}]}
"""
SLOW = "/environments/schedule-2m"


@pytest.fixture
def owner(as_user: As) -> Client:
    return as_user("owner")


@pytest.fixture
def alarms(folder: Path, sandbox: Sandbox, owner: Client) -> Sandbox:
    workflows = folder / ".github" / "workflows"
    (workflows / "alarm.yml").write_text(ALARM)
    (workflows / "own.yml").write_text(OWN_GROUP)
    assert owner("PUT", SLOW, {"wait_timer": 2}).status_code == 200
    return sandbox


def states(sandbox: Sandbox) -> list[str]:
    return [run.conclusion or run.status for run in sandbox.repository().runs.values()]


def alarm(agent: Client, name: str = "schedule-2m") -> int:
    return start(agent, "alarm.yml", alarm=name)


def test_an_environment_is_made_listed_and_removed(owner: Client, agent: Client) -> None:
    rules = {"wait_timer": 30, "reviewers": [{"type": "User", "id": 9_000_001}]}
    policy = {"protected_branches": False, "custom_branch_policies": True}
    made = owner("PUT", "/environments/a%2Fb", {**rules, "deployment_branch_policy": policy})
    models.Environment.model_validate(made.json())
    kinds = [rule["type"] for rule in made.json()["protection_rules"]]
    assert kinds == ["wait_timer", "required_reviewers", "branch_policy"]
    again = owner("PUT", "/environments/A%2FB", {"wait_timer": 1}).json()
    assert (again["id"], again["name"]) == (made.json()["id"], "a/b")
    assert [rule.get("wait_timer") for rule in again["protection_rules"]] == [1]
    models.Environment.model_validate(agent("GET", "/environments/a%2Fb").json())
    found = agent("GET", "/environments").json()
    models.ReposOwnerRepoEnvironmentsGetResponse200.model_validate(found)
    assert [each["name"] for each in found["environments"]] == ["a/b"]
    assert owner("DELETE", "/environments/a%2Fb").status_code == 204
    assert owner("DELETE", "/environments/a%2Fb").status_code == 404
    assert agent("GET", "/environments/a%2Fb").status_code == 404


@pytest.mark.parametrize("user", ["agent", "bot"])
def test_only_an_administrator_makes_one(user: str, as_user: As) -> None:
    assert as_user(user)("PUT", SLOW, {"wait_timer": 2}).status_code == 403
    assert as_user(user)("DELETE", SLOW).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"wait_timer": 43_201},
        {"wait_timer": "2"},
        {"timer": 2},
        {"reviewers": [{"type": "User", "id": 1}]},
        {"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": True}},
    ],
    ids=str,
)
def test_rules_that_can_not_be(owner: Client, body: dict[str, Any]) -> None:
    assert owner("PUT", SLOW, body).status_code == 422


def test_a_plan_without_wait_timers(alarms: Sandbox, owner: Client, agent: Client) -> None:
    alarms.set_private(True)
    refused = owner("PUT", SLOW, {"wait_timer": 2})
    assert refused.status_code == 422
    assert "ensure the billing plan supports the wait timer" in refused.json()["message"]
    assert owner("GET", SLOW).json()["protection_rules"] == [], "rules are ignored"
    alarms.tokens["member"] = alarms.make_token("agent", role="write")
    alarm(agent)
    assert states(alarms) == ["queued"], "nothing waits"
    alarms.configure(private_rules=True)
    assert owner("PUT", SLOW, {"wait_timer": 2}).status_code == 200


def test_a_job_waits_without_a_runner_from_its_trigger_on(alarms: Sandbox, agent: Client) -> None:
    run = alarm(agent)
    shown = agent("GET", "/actions/runs?status=waiting").json()["workflow_runs"]
    assert [(each["id"], each["display_title"]) for each in shown] == [(run, "alarm schedule-2m")]
    jobs = {
        job["name"]: job["status"]
        for job in agent("GET", f"/actions/runs/{run}/jobs").json()["jobs"]
    }
    assert jobs["alarm"] == "waiting"
    (pending,) = agent("GET", f"/actions/runs/{run}/pending_deployments").json()
    models.PendingDeployment.model_validate(pending)
    assert pending["wait_timer"] == 2
    alarms.set_clock(advance=118)
    assert states(alarms) == ["waiting"]
    alarms.set_clock(advance=3)
    assert states(alarms) == ["queued"]
    assert agent("GET", f"/actions/runs/{run}/pending_deployments").json() == []


def test_a_run_that_names_none_does_not_wait(alarms: Sandbox, agent: Client) -> None:
    start(agent, "alarm.yml")
    assert states(alarms) == ["queued"]


def test_what_waits_is_outside_of_the_other_jobs_group(alarms: Sandbox, agent: Client) -> None:
    alarm(agent)
    tick = start(agent, "alarm.yml")
    assert states(alarms) == ["waiting", "queued"]
    alarms.set_clock(advance=121)
    assert states(alarms) == ["pending", "queued"], "its tick waits for the other"
    alarms.finish_run(tick)
    assert states(alarms) == ["queued", "success"]


def test_what_waits_holds_its_own_group(alarms: Sandbox, owner: Client, agent: Client) -> None:
    owner("PUT", "/environments/slow", {"wait_timer": 1})
    first, _ = start(agent, "own.yml"), start(agent, "own.yml")
    assert states(alarms) == ["waiting", "pending"]
    alarms.set_clock(advance=61)
    assert states(alarms) == ["queued", "pending"]
    alarms.finish_run(first)
    assert states(alarms) == ["success", "queued"], "its minute began with its trigger"


def test_an_environment_that_is_missing_is_made_without_rules(
    alarms: Sandbox, agent: Client
) -> None:
    alarm(agent, "schedule-8m")
    assert states(alarms) == ["queued"]
    assert agent("GET", "/environments/schedule-8m").json()["protection_rules"] == []


def test_removing_the_environment_ends_no_wait(
    alarms: Sandbox, owner: Client, agent: Client
) -> None:
    alarm(agent)
    owner("DELETE", SLOW)
    assert states(alarms) == ["waiting"]
    alarms.set_clock(advance=121)
    assert states(alarms) == ["queued"]


def test_reviewers_are_waited_for_beyond_the_timer(
    alarms: Sandbox, owner: Client, agent: Client
) -> None:
    who = owner("GET", "//user").json()["id"]
    owner("PUT", SLOW, {"wait_timer": 2, "reviewers": [{"type": "User", "id": who}]})
    run = alarm(agent)
    alarms.set_clock(advance=3600)
    assert states(alarms) == ["waiting"]
    alarms.approve_run(run)
    assert states(alarms) == ["queued"]
    with pytest.raises(ApiFailure, match="not waiting"):
        alarms.approve_run(run)


def test_a_rejected_job_has_failed_and_the_run_goes_on(alarms: Sandbox, agent: Client) -> None:
    run = alarm(agent)
    alarms.reject_run(run)
    assert states(alarms) == ["queued"]
    alarms.finish_run(run)
    jobs = {job.key: job.conclusion for job in alarms.repository().runs[run].jobs}
    assert jobs == {"other": "success", "alarm": "failure", "tick": "success"}


def test_a_branch_that_is_not_let_in_fails_at_once(
    alarms: Sandbox, owner: Client, agent: Client
) -> None:
    policy = {"protected_branches": True, "custom_branch_policies": False}
    owner("PUT", SLOW, {"wait_timer": 2, "deployment_branch_policy": policy})
    run = alarm(agent)
    assert states(alarms) == ["queued"]
    assert "not allowed to deploy" in alarms.repository().runs[run].failed["alarm"]


def test_what_waits_can_be_cancelled(alarms: Sandbox, agent: Client) -> None:
    run = alarm(agent)
    assert agent("POST", f"/actions/runs/{run}/cancel").status_code == 202
    alarms.set_clock(advance=600)
    assert states(alarms) == ["cancelled"]


def test_a_minute_may_be_shorter(alarms: Sandbox, agent: Client) -> None:
    alarms.configure(minute=1)
    alarm(agent)
    alarms.set_clock(advance=3)
    assert states(alarms) == ["queued"]


def test_what_a_runner_gets_knows_no_environment() -> None:
    text = workflow_files.without_environments(ALARM, ["alarm"])
    file = workflow_files.parse("alarm.yml", text)
    assert [(job.key, job.environment) for job in file.jobs] == [
        ("other", None), ("alarm", None), ("tick", None)
    ]  # fmt: skip
    assert text.count("exit 1") == 1
    assert "\non: {" in f"\n{text}"
    assert "if: ${{ !cancelled() }}" in text
