"""What a tick does not run, over HTTP: it says why, once, and the neighbours run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import ISSUES, Stage, at, body

BROKEN = {
    "no front matter": ("Please run it tomorrow", "front matter: 'Please run it tomorrow'"),
    "no end": (f"---\nrun-at: {at(-60)}\n", "front matter: '---' has no end"),
    "empty": ("", "front matter: ''"),
    "no time": ("---\nworkflow: agent-message.yml\n---\nx", "run-at: is missing"),
    "30 February": (body("2026-02-30T10:00:00Z"), "run-at: '2026-02-30T10:00:00Z'"),
    "no offset": (body("2026-02-20T10:00:00"), "run-at: '2026-02-20T10:00:00' has no UTC offset"),
    "unknown zone": (body(-60, "bare.yml", "timezone: Mars/Base"), "timezone: 'Mars/Base'"),
    "unknown key": (body(-60, "bare.yml", "promt: x"), "front matter: 'promt'"),
    "a key twice": (body(-60, "bare.yml", "agent: a", "agent: b"), "front matter: line 5"),
    "no workflow": (body(-60, None), "workflow: is missing"),
    "a path": (body(-60, "a/b.yml"), "workflow: 'a/b.yml'"),
    "both targets": (body(-60, "bare.yml", "event: wake"), "event: 'wake'"),
    "26 inputs": (
        body(-60, "bare.yml", "inputs: {" + ", ".join(f"i{n}: x" for n in range(26)) + "}"),
        "inputs: '26 inputs'",
    ),
    "an anchor": (body(-60, "bare.yml", "agent: &a x"), "front matter: line 4"),
}


def test_each_broken_issue_is_explained_once_and_its_neighbours_run(stage: Stage) -> None:
    first = stage.open(body(message="first"))
    numbers = {stage.open(text): words for text, words in BROKEN.values()}
    last = stage.open(body(message="last"))
    report = stage.tick()
    assert [fired["id"] for fired in report["dispatched"]] == [first, last]
    assert {note["id"] for note in report["invalid"]} == set(numbers)
    for number, words in numbers.items():
        (comment,) = stage.comments(number)
        assert words in comment
        assert "Edit the issue's text" in comment
        assert stage.labels(number) == {"schedule", "schedule:invalid"}
        assert stage.issue(number)["state"] == "open"
    for _ in range(2):
        again = stage.tick()
        assert {note["id"] for note in again["invalid"]} == set(numbers)
    writes = [e for e in stage.sandbox.requests if e.method != "GET" and e.path != "/graphql"]
    assert len(writes) == 2 * len(numbers) + 2 * 4


def test_an_invalid_issue_costs_nothing_once_it_was_explained(stage: Stage) -> None:
    stage.tick()
    free = len(stage.sandbox.requests)
    for _ in range(3):
        stage.open("nothing")
    stage.tick()
    stage.sandbox.clear_requests()
    stage.tick()
    assert len(stage.sandbox.requests) <= free + 3


def test_another_mistake_gets_another_comment(stage: Stage) -> None:
    number = stage.open(body("tomorrow"))
    stage.tick()
    stage.edit(number, body=body("on Monday"), user="agent")
    stage.tick()
    stage.tick()
    first, second = stage.comments(number)
    assert "'tomorrow'" in first
    assert "'on Monday'" in second
    stage.edit(number, body=body("tomorrow"), user="agent")
    stage.tick()
    assert len(stage.comments(number)) == 2


def test_what_was_mended_runs_and_loses_the_label(stage: Stage) -> None:
    number = stage.open(body("tomorrow"))
    stage.tick()
    stage.edit(number, body=body(), user="agent")
    report = stage.tick()
    assert [fired["id"] for fired in report["dispatched"]] == [number]
    assert stage.labels(number) == {"schedule"}
    assert stage.issue(number)["state_reason"] == "completed"
    assert len(stage.runs()) == 1


def test_what_was_mended_and_waits_loses_the_label(stage: Stage) -> None:
    number = stage.open(body("tomorrow"))
    stage.tick()
    stage.edit(number, body=body(3600), user="agent")
    assert stage.tick()["invalid"] == []
    assert stage.labels(number) == {"schedule"}


def refused(stage: Stage, number: int, kind: str = "rejected") -> Any:
    report = stage.tick()
    (note,) = report[kind]
    assert note["id"] == number
    assert report["dispatched"] == []
    assert stage.runs() == []
    issue = stage.issue(number)
    assert (issue["state"], issue["state_reason"]) == ("closed", "not_planned")
    assert stage.labels(number) == {"schedule", f"schedule:{kind}"}
    (comment,) = stage.comments(number)
    assert note["reason"].split("'")[0] in comment
    return note["reason"]


def test_a_strangers_job_is_rejected_whoever_labelled_it(stage: Stage) -> None:
    number = stage.open(body(), user="stranger")
    assert stage.tick()["scanned"] == 0
    stage.edit(number, labels=["schedule"])
    assert "author: 'stranger' has the role 'read'" in refused(stage, number)


def test_the_job_of_a_bot_that_nobody_named_is_rejected(stage: Stage) -> None:
    reason = refused(stage, stage.open(body(), user="bot"))
    assert "author: 'github-actions[bot]'" in reason
    assert "trust.bots" in reason


def test_a_named_bot_runs_what_the_list_allows_and_nothing_else(stage: Stage) -> None:
    stage.settings('trust: {bots: ["github-actions[bot]"]}\nallow: {workflows: [bare.yml]}\n')
    stage.open(body(-60, "bare.yml"), user="bot")
    stage.open(body(-60, "deploy.yml"), user="bot")
    report = stage.tick()
    assert [fired["id"] for fired in report["dispatched"]] == [1]
    assert "'deploy.yml' is not in allow.workflows" in report["rejected"][0]["reason"]


def test_a_named_bot_without_a_list_runs_nothing(stage: Stage) -> None:
    stage.settings('trust: {bots: ["github-actions[bot]"]}\n')
    assert "allow.workflows" in refused(stage, stage.open(body(), user="bot"))


def test_a_workflow_that_the_list_does_not_allow(stage: Stage) -> None:
    stage.settings("allow: {workflows: ['deploy*.yml']}\n")
    assert "not in allow.workflows" in refused(stage, stage.open(body()))


def test_the_scheduler_does_not_start_itself(stage: Stage) -> None:
    number = stage.open(body(-60, "scheduler.yml"))
    assert "is the scheduler itself" in refused(stage, number)


def test_another_repository_is_allowed_by_name_only(stage: Stage) -> None:
    number = stage.open(body(-60, "agent-message.yml", "repo: octo/other"))
    assert "not in allow.repositories" in refused(stage, number)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("inputs: {place: moon}",), "inputs.place: 'moon'"),
        (("inputs: {plaec: staging}",), "did you mean 'place'?"),
        ((), "inputs.place: is required"),
    ],
)
def test_what_the_target_would_not_take_is_rejected(
    stage: Stage, lines: tuple[str, ...], words: str
) -> None:
    number = stage.open(body(-60, "deploy.yml", *lines))
    assert words in refused(stage, number)


def test_a_job_past_its_deadline_is_missed(stage: Stage) -> None:
    number = stage.open(body(-3600, "agent-message.yml", "deadline: 10m"))
    assert "deadline" in refused(stage, number, "missed")


def test_what_github_refuses_is_said_in_its_words(stage: Stage) -> None:
    stage.call("PUT", "/repos/octo/queue/actions/workflows/agent-message.yml/disable")
    number = stage.open(body())
    assert "disabled" in refused(stage, number, "discarded")


@pytest.mark.parametrize(("fault", "hits"), [("drop-before", 9), ("502-before", 9), ("429", 9)])
def test_a_queue_that_can_not_be_read_is_status_75(
    stage: Stage, fault: str, hits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.github.client.PAUSES", (0.0, 0.0))
    stage.sandbox.fault(fault, path="/issues$", count=hits, retry_after=0)
    stage.run("tick", "--json", user="bot").refused(75)
    assert stage.runs() == []


def test_a_token_that_may_not_write_stops_the_tick_and_says_which_right(stage: Stage) -> None:
    stage.open(body())
    token = stage.sandbox.make_token(
        "owner", permissions={"issues": "read", "contents": "read", "actions": "write"}
    )
    result = stage.run("tick", "--json", user=token)
    assert (result.status, len(result.err.splitlines())) == (5, 1)
    assert "'issues: write'" in result.err
    assert '"stopped": "token: lacks the permission' in result.out
    assert stage.runs() == []
    assert [e for e in stage.sandbox.requests if f"{ISSUES}/1/" in e.path and e.status == 201] == []


def test_a_token_that_may_not_read_contents_runs_nothing(stage: Stage) -> None:
    stage.open(body())
    token = stage.sandbox.make_token("owner", permissions={"issues": "write", "actions": "write"})
    stage.run("tick", user=token).refused(5, "contents: read")
    assert stage.runs() == []
