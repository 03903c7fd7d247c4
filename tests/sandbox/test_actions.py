from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scheduler.sandbox import Sandbox
from tests.sandbox.conftest import As, Client

DISPATCH = "/actions/workflows/message.yml/dispatches"


def start(agent: Client, workflow: str = "message.yml", /, **inputs: str) -> int:
    body = {"ref": "main", "inputs": inputs, "return_run_details": True}
    answer = agent("POST", f"/actions/workflows/{workflow}/dispatches", body)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["workflow_run_id"])


def test_a_dispatch_makes_a_run(agent: Client) -> None:
    plain = agent("POST", DISPATCH, {"ref": "main", "inputs": {"message": "m"}})
    assert (plain.status_code, plain.content) == (204, b"")
    run_id = start(agent, message="m", agent="p", schedule_id="4@x")
    run = agent("GET", f"/actions/runs/{run_id}").json()
    assert run["display_title"] == "for p [4@x]"
    assert (run["status"], run["event"], run["head_branch"]) == (
        "queued", "workflow_dispatch", "main"
    )  # fmt: skip
    assert run["actor"]["login"] == "agent"
    job = agent("GET", f"/actions/runs/{run_id}/jobs").json()["jobs"][0]
    assert "no act" in job["steps"][0]["name"]
    assert "no act" in agent("GET", f"/actions/runs/{run_id}/logs").text


@pytest.mark.parametrize(
    ("workflow", "body", "status", "text"),
    [
        ("nope.yml", {"ref": "main"}, 404, "Not Found"),
        ("message.yml", {}, 422, "wasn't supplied"),
        ("message.yml", {"ref": "a" * 40}, 422, "No ref found for: aaa"),
        ("message.yml", {"ref": "nope"}, 422, "No ref found for: nope"),
        ("plain.yml", {"ref": "main"}, 422, "Workflow does not have 'workflow_dispatch' trigger"),
        ("message.yml", {"ref": "main"}, 422, "Required input 'message' not provided"),
        (
            "message.yml",
            {"ref": "main", "inputs": {"message": "m", "foo": "1"}},
            422,
            'Unexpected inputs provided: ["foo"]',
        ),
        (
            "message.yml",
            {"ref": "main", "inputs": {"message": "m", "level": "mid"}},
            422,
            "Provided value 'mid' for input 'level' not in the list of allowed values",
        ),
        (
            "message.yml",
            {"ref": "main", "inputs": {"message": "m", "dry": ""}},
            422,
            "Provided value '' for input 'dry'",
        ),
        (
            "message.yml",
            {"ref": "main", "inputs": {str(n): "" for n in range(26)}},
            422,
            "No more than 25 properties are allowed; 26 were supplied.",
        ),
        ("message.yml", {"ref": "main", "inputs": {"message": "m" * 65536}}, 422, "too large"),
        ("message.yml", {"ref": "main", "x": 1}, 422, '"x" is not a permitted key.'),
    ],
)
def test_a_dispatch_is_refused(
    agent: Client, workflow: str, body: dict[str, Any], status: int, text: str
) -> None:
    answer = agent("POST", f"/actions/workflows/{workflow}/dispatches", body)
    assert answer.status_code == status
    assert text in answer.json()["message"]
    assert agent("GET", "/actions/runs").json()["total_count"] == 0


def test_a_server_without_run_details(agent: Client, sandbox: Sandbox) -> None:
    sandbox.configure(run_details=False, inputs_limit=10)
    body = {"ref": "main", "inputs": {"message": "m"}, "return_run_details": True}
    refused = agent("POST", DISPATCH, body)
    assert refused.status_code == 422
    assert '"return_run_details" is not a permitted key.' in refused.json()["message"]
    del body["return_run_details"]
    assert agent("POST", DISPATCH, body).status_code == 204


def test_a_later_api_version_always_answers_with_the_run(agent: Client) -> None:
    body: dict[str, Any] = {"ref": "main", "inputs": {"message": "m"}}
    answer = agent("POST", DISPATCH, body, X_GitHub_Api_Version="2026-03-10")
    assert answer.json()["workflow_run_id"]
    body = {**body, "return_run_details": True}
    assert agent("POST", DISPATCH, body, X_GitHub_Api_Version="2026-03-10").status_code == 422


def test_who_may_dispatch(as_user: As) -> None:
    body = {"ref": "main", "inputs": {"message": "m"}}
    assert as_user("bot")("POST", DISPATCH, body).status_code == 204
    for login in ("stranger", "triage"):
        assert as_user(login)("POST", DISPATCH, body).status_code == 403
        assert as_user(login)("POST", "/dispatches", {"event_type": "wake"}).status_code == 404


def test_workflows_are_listed_disabled_and_enabled(agent: Client) -> None:
    listed = agent("GET", "/actions/workflows").json()
    assert listed["total_count"] == 4
    one = agent("GET", "/actions/workflows/message.yml").json()
    assert agent("GET", f"/actions/workflows/{one['id']}").json() == one
    assert agent("PUT", f"/actions/workflows/{one['id']}/disable").status_code == 204
    assert agent("GET", "/actions/workflows/message.yml").json()["state"] == "disabled_manually"
    refused = agent("POST", DISPATCH, {"ref": "main", "inputs": {"message": "m"}})
    assert refused.status_code == 422
    assert "disabled workflow" in refused.json()["message"]
    assert agent("PUT", "/actions/workflows/message.yml/enable").status_code == 204
    start(agent, message="m")


def test_another_branch_has_its_own_file(agent: Client, sandbox: Sandbox, tmp_path: Path) -> None:
    place = tmp_path / "branch" / ".github" / "workflows"
    place.mkdir(parents=True)
    (place / "message.yml").write_text("on: workflow_dispatch\njobs: {a: {runs-on: x}}\n")
    sandbox.add_ref("v1", str(tmp_path / "branch"), tag=True)
    assert agent("POST", DISPATCH, {"ref": "v1"}).status_code == 204
    assert agent("POST", DISPATCH, {"ref": "refs/tags/v1"}).status_code == 204
    run = agent("GET", "/actions/runs?branch=v1").json()["workflow_runs"][0]
    assert run["head_branch"] == "v1"


def test_runs_are_filtered(agent: Client, as_user: As, sandbox: Sandbox) -> None:
    sandbox.set_clock(to="2030-01-01T00:00:00Z")
    first = start(agent, message="m")
    sandbox.set_clock(advance=60)
    second = start(as_user("bot"), message="m")
    third = start(agent, "one.yml")

    def ids(query: str, workflow: str = "") -> list[int]:
        root = f"/actions/workflows/{workflow}/runs" if workflow else "/actions/runs"
        return [run["id"] for run in agent("GET", f"{root}?{query}").json()["workflow_runs"]]

    assert ids("") == [third, second, first]
    assert ids("", "message.yml") == [second, first]
    assert ids("actor=github-actions[bot]") == [second]
    assert ids("event=schedule") == []
    assert ids("status=queued&per_page=1&page=2") == [second]
    assert ids("created=>=2030-01-01T00:01:00Z") == [third, second]
    assert ids("created=2030-01-01T00:00:00Z..2030-01-01T00:00:30Z") == [first]
    assert ids("created=<2030-01-01T00:01:00Z") == [first]
    assert ids("created=2030-01-01") == [third, second, first]
    assert agent("GET", "/actions/runs?created=soon").status_code == 422
    sandbox.finish_run(first, "failure")
    assert ids("status=failure") == [first]
    assert ids("status=completed") == [first]


def test_a_run_is_cancelled_once(agent: Client) -> None:
    run_id = start(agent, message="m")
    assert agent("POST", f"/actions/runs/{run_id}/cancel").status_code == 202
    run = agent("GET", f"/actions/runs/{run_id}").json()
    assert (run["status"], run["conclusion"]) == ("completed", "cancelled")
    assert agent("POST", f"/actions/runs/{run_id}/cancel").status_code == 409
    assert agent("DELETE", f"/actions/runs/{run_id}").status_code == 204
    assert agent("GET", f"/actions/runs/{run_id}").status_code == 404


def test_one_run_of_a_group_goes_on_and_one_waits(agent: Client, sandbox: Sandbox) -> None:
    going, waiting, newest = (start(agent, "one.yml") for _ in range(3))

    def states() -> list[tuple[str, str | None]]:
        runs = [agent("GET", f"/actions/runs/{one}").json() for one in (going, waiting, newest)]
        return [(run["status"], run["conclusion"]) for run in runs]

    assert states() == [("queued", None), ("completed", "cancelled"), ("pending", None)]
    sandbox.finish_run(going)
    assert states()[2] == ("queued", None)


def test_repository_dispatch(agent: Client, as_user: As) -> None:
    wake = as_user("bot")("POST", "/dispatches", {"event_type": "wake", "client_payload": {"a": 1}})
    assert (wake.status_code, wake.content) == (204, b"")
    assert agent("POST", "/dispatches", {"event_type": "other"}).status_code == 204
    runs = agent("GET", "/actions/runs").json()["workflow_runs"]
    assert [(run["event"], run["display_title"]) for run in runs] == [
        ("repository_dispatch", "wake")
    ]
    for body in (
        {},
        {"event_type": "x" * 101},
        {"event_type": "x", "client_payload": {str(n): n for n in range(11)}},
        {"event_type": "x", "client_payload": {"a": "b" * 65536}},
    ):
        assert agent("POST", "/dispatches", body).status_code == 422


def test_issue_events_start_workflows_but_not_those_of_the_bot(
    agent: Client, as_user: As, sandbox: Sandbox
) -> None:
    agent("POST", "/issues", {"title": "before"})
    assert agent("GET", "/actions/runs").json()["total_count"] == 0
    sandbox.configure(events=True)
    as_user("bot")("POST", "/issues", {"title": "bot", "labels": ["x"]})
    assert agent("GET", "/actions/runs").json()["total_count"] == 0
    agent("POST", "/issues", {"title": "mine", "labels": ["x"]})
    runs = agent("GET", "/actions/runs").json()["workflow_runs"]
    assert [(run["event"], run["display_title"]) for run in runs] == [("issues", "mine")] * 2
    run = sandbox.repository().runs[runs[0]["id"]]
    assert run.payload["action"] == "labeled"
    assert run.payload["label"]["name"] == "x"


def test_cron_is_started_by_hand(agent: Client, sandbox: Sandbox) -> None:
    run_id = sandbox.start_cron("listen.yml")
    assert agent("GET", f"/actions/runs/{run_id}").json()["event"] == "schedule"
    with pytest.raises(ValueError, match="schedule"):
        sandbox.start_cron("message.yml")
