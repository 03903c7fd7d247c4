"""The whole path over HTTP: from an issue to a started run, a comment and a closed issue."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.sandbox.http.requestlog import Request
from tests.conftest import AGENT_MESSAGE, ISSUES, QUEUE, REPO, Stage, at, body, served

DISPATCH = "/dispatches$"


def payload(run: Any) -> dict[str, str]:
    inputs: dict[str, str] = run.payload["inputs"]
    return inputs


def test_from_creation_to_a_closed_issue(stage: Stage) -> None:
    made = stage.create(
        "--in", "1h", "-m", "Check PR 123\n⏰", "--workflow", "agent-message.yml",
        "--agent", "probe-1", "--input", "model=large", "--no-nudge",
    )  # fmt: skip
    waiting = stage.tick()
    assert (waiting["scanned"], waiting["due"], waiting["dispatched"]) == (1, 0, [])
    assert waiting["next_due"] == made["run_at"]
    stage.sandbox.clock.advance(3601)
    report = stage.tick()
    (run,) = stage.runs()
    (fired,) = report["dispatched"]
    assert (fired["id"], fired["run_id"]) == (1, run.id)
    assert fired["run_url"].endswith(f"/{QUEUE}/actions/runs/{run.id}")
    assert 0 <= fired["lateness_s"] < 600
    assert payload(run) == {
        "agent": "probe-1", "message": "Check PR 123\n⏰", "model": "large",
        "schedule_id": f"1@{made['run_at']}", "scheduled_for": made["run_at"],
    }  # fmt: skip
    assert (run.event, run.actor.login, run.ref) == (
        "workflow_dispatch", "github-actions[bot]", "main",
    )  # fmt: skip
    issue = stage.issue(1)
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    (comment,) = stage.comments(1)
    assert f"[run {run.id}]({fired['run_url']})" in comment
    assert comment.startswith("<!-- schedule:journal ")
    after = stage.tick()
    assert (after["scanned"], after["next_due"]) == (0, None)
    assert len(stage.runs()) == 1


def test_a_claim_stands_before_the_dispatch(stage: Stage) -> None:
    stage.open(body())
    seen: list[tuple[str, list[str]]] = []

    def look(request: Request) -> None:
        if request.method != "GET" and request.path != "/graphql":
            seen.append((f"{request.method} {request.path}", stage.comments(1)))

    with stage.sandbox.on_request(look):
        stage.tick()
    (claim, nothing), (dispatch, claimed), (record, _), (close, recorded) = seen
    assert (claim, nothing) == (f"POST {ISSUES}/1/comments", [])
    assert dispatch.endswith("/workflows/agent-message.yml/dispatches")
    assert claimed[0].startswith("<!-- schedule:claim ")
    assert record.startswith(f"PATCH {ISSUES}/comments/")
    assert (close, recorded[0][:21]) == (f"PATCH {ISSUES}/1", "<!-- schedule:journal")


def test_due_jobs_run_oldest_first_and_the_others_wait(stage: Stage) -> None:
    for seconds in (-10, -30, 3600, -20):
        stage.open(body(seconds, message=str(seconds)))
    report = stage.tick()
    assert [payload(run)["message"] for run in stage.runs()] == ["-30", "-20", "-10"]
    assert [fired["id"] for fired in report["dispatched"]] == [2, 4, 1]
    assert (report["scanned"], report["due"]) == (4, 3)
    assert report["next_due"] == stage.run("show", "3", "--json").json["run_at"]


def test_a_tick_does_no_more_than_its_limit(stage: Stage) -> None:
    stage.settings("limits: {per-tick: 2}\n")
    for _ in range(5):
        stage.open(body())
    reports = [stage.tick() for _ in range(4)]
    assert [len(report["dispatched"]) for report in reports] == [2, 2, 1, 0]
    assert [report["waiting"] for report in reports] == [3, 1, 0, 0]
    assert len(stage.runs()) == 5


def test_what_a_rate_limit_left_over_waits(stage: Stage) -> None:
    for _ in range(4):
        stage.open(body())
    stage.sandbox.fault("primary", method="POST", path="/dispatches$", nth=2, retry_after=600)
    report = stage.tick()
    assert (len(report["dispatched"]), report["due"], report["waiting"]) == (1, 4, 3)
    assert report["stopped"].startswith("rate limit")


def test_a_job_runs_in_another_repository(stage: Stage) -> None:
    stage.settings('allow: {workflows: ["*"], repositories: ["octo/other"]}\n')
    stage.open(body(-60, "agent-message.yml", "repo: octo/other"))
    report = stage.run("tick", "--json", user="owner").json
    (run,) = stage.runs("octo/other")
    assert report["dispatched"][0]["run_id"] == run.id
    assert payload(run)["schedule_id"].startswith("octo/queue#1@")
    assert stage.runs() == []


def test_a_repository_out_of_reach_is_told(stage: Stage) -> None:
    stage.settings('allow: {workflows: ["*"], repositories: ["octo/*"]}\n')
    stage.open(body(-60, "agent-message.yml", "repo: octo/other"))
    stage.open(body(-60, "agent-message.yml", "repo: octo/nowhere"))
    stage.open(body())
    report = stage.tick()
    assert [fired["id"] for fired in report["dispatched"]] == [3]
    reasons = {note["id"]: note["reason"] for note in report["discarded"]}
    assert "'actions: write' in octo/other" in reasons[1]
    assert "404" in reasons[2]
    assert stage.labels(1) == stage.labels(2) == {"schedule", "schedule:discarded"}
    assert stage.issue(1)["state_reason"] == "not_planned"


def test_an_event_is_sent_with_everything_in_its_payload(stage: Stage) -> None:
    stage.settings("allow: {events: [wake]}\n")
    lines = ("event: wake", "agent: probe-1", "inputs: {model: large}")
    number = stage.open(body("2026-01-02T03:04:05Z", None, *lines))
    report = stage.tick()
    assert [fired["id"] for fired in report["dispatched"]] == [number]
    (run,) = stage.runs()
    assert (run.event, run.display_title) == ("repository_dispatch", "wake")
    assert run.payload["client_payload"] == {
        "agent": "probe-1", "message": "Check it", "model": "large",
        "schedule_id": "1@2026-01-02T03:04:05Z", "scheduled_for": "2026-01-02T03:04:05Z",
        "requested_by": "probe-1",
    }  # fmt: skip
    assert stage.issue(1)["state_reason"] == "completed"


def test_a_server_without_run_details_is_asked_once_more_without(stage: Stage) -> None:
    stage.sandbox.configure(run_details=False)
    stage.open(body())
    stage.open(body())
    report = stage.tick()
    first, second = stage.runs()
    assert {fired["run_id"] for fired in report["dispatched"]} == {first.id, second.id}
    assert [e.status for e in stage.sandbox.requests.matching("POST", DISPATCH)] == [422, 204, 204]
    assert {stage.issue(n)["state_reason"] for n in (1, 2)} == {"completed"}


def test_a_workflow_that_shows_nothing_is_still_found(stage: Stage) -> None:
    stage.sandbox.configure(run_details=False)
    stage.open(body(-60, "bare.yml"))
    (fired,) = stage.tick()["dispatched"]
    assert fired["run_id"] == stage.runs()[0].id


@pytest.mark.parametrize("word", ["schedule", "Schedule"])
def test_labels_have_no_case(stage: Stage, word: str) -> None:
    stage.settings(f"label: {word}\n")
    stage.open(body(), label="schedule")
    assert len(stage.tick()["dispatched"]) == 1


def test_labels_of_states_have_no_case_either(stage: Stage) -> None:
    for name in ("SCHEDULE", "Schedule:Paused", "Schedule:Invalid", "Schedule:Missed"):
        stage.call("POST", f"{REPO}/labels", {"name": name})
    late = body(-7200, "agent-message.yml", "deadline: 1h")
    paused, _, missed = [stage.open(text) for text in (body(), "no job", late)]
    stage.call("POST", f"{ISSUES}/{paused}/labels", {"labels": ["schedule:paused"]})
    report = stage.tick()
    found = {
        name: [note["id"] for note in report[name]] for name in ("paused", "invalid", "missed")
    }
    assert found == {"paused": [1], "invalid": [2], "missed": [3]}
    assert stage.labels(missed) == {"SCHEDULE", "Schedule:Missed"}
    stage.sandbox.clear_requests()
    assert stage.tick()["dispatched"] == []
    assert [entry for entry in stage.sandbox.requests if entry.method not in ("GET", "POST")] == []
    stage.edit(missed, state="open")
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [missed]
    assert stage.labels(missed) == {"SCHEDULE"}


def test_a_pull_request_is_no_job(stage: Stage) -> None:
    number = stage.sandbox.open_pull("with the label")
    stage.edit(number, labels=["schedule"], body=body())
    assert stage.tick()["scanned"] == 0


def test_a_job_by_hand_is_as_good(stage: Stage) -> None:
    text = body().replace("\n", "\r\n")
    stage.open("\ufeff" + text)
    assert len(stage.tick()["dispatched"]) == 1
    assert payload(stage.runs()[0])["message"] == "Check it"


def test_other_settings(stage: Stage) -> None:
    stage.settings(
        "label: later\n"
        "scheduler: {login: 'github-actions[bot]', workflow: agent-message.yml}\n"
        "trust: {role: admin}\n"
        "allow: {workflows: ['*.yml']}\n"
        "defaults: {workflow: bare.yml, timezone: Asia/Kolkata, deadline: 1h, max-attempts: 2}\n"
        "quotas: {depth: 3}\nlimits: {backoff: 1s}\nprofile: thrifty\nnudge: false\n"
    )
    stage.open(body(), label="schedule", user="owner")
    stage.open(body(), label="later", user="agent")
    stage.open(body(-7200), label="later", user="owner")
    # Half an hour ago in a zone without summer time.
    local = (datetime.now(timezone.utc) + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M")
    stage.open(body(local, None), label="later", user="owner")
    report = stage.tick()
    assert report["scanned"] == 3
    assert [fired["id"] for fired in report["dispatched"]] == [4]
    assert [note["id"] for note in report["missed"]] == [3]
    assert [note["id"] for note in report["rejected"]] == [2]
    assert stage.labels(3) == {"later", "later:missed"}
    assert stage.runs()[0].name == "Bare"


def test_a_workflow_on_a_branch(stage: Stage, tmp_path: Any) -> None:
    needs_more = {"agent-message.yml": AGENT_MESSAGE + "      more: {required: true}\n"}
    stage.sandbox.add_ref("topic", str(served(tmp_path / "topic", needs_more)))
    stage.open(body(-60, "agent-message.yml", "ref: topic", "inputs: {more: x}"))
    stage.open(body(-60, "agent-message.yml", "ref: topic"))
    stage.open(body(-60, "agent-message.yml", "ref: nowhere"))
    report = stage.tick()
    (run,) = stage.runs()
    assert run.ref == "topic"
    reasons = {note["id"]: note["reason"] for note in report["rejected"]}
    assert "inputs.more: is required" in reasons[2]
    assert "'agent-message.yml' is not in .github/workflows/ of octo/queue at nowhere" in reasons[3]


def test_people_read_lines_and_programs_read_json(stage: Stage) -> None:
    stage.open(body())
    stage.open("nothing")
    result = stage.run("tick", user="bot")
    assert result.err == ""
    first, second, headline = result.out.splitlines()
    assert first.startswith("dispatched #1 60 s late: ") or "61 s late" in first
    assert second.startswith("invalid #2: front matter: ")
    assert headline.startswith("2 open jobs, 1 due, 1 dispatched; ")
    keys = ["now", "scanned", "due", "dispatched", "missed", "invalid", "rejected", "retrying",
            "discarded", "held", "recovered", "next_due", "requests"]  # fmt: skip
    report = stage.tick()
    assert [key for key in keys if key not in report] == []


def test_a_tick_as_a_process(stage: Stage) -> None:
    stage.open(body(at(-5)))
    result = stage.process("tick", "--json", user="bot")
    assert result.err == ""
    assert len(result.json["dispatched"]) == 1
