"""Approvals: nobody has a job run that somebody else was to look at first."""

from __future__ import annotations

import pytest

from tests.attacks.crowd import messages
from tests.attacks.test_rights import due, label, unlabel
from tests.conftest import ISSUES, Stage, body

ALL = 'approve: all\ntrust: {bots: ["app[bot]"]}\nallow: {workflows: ["agent-*.yml"]}\n'
LABEL = "schedule:approve"
STAYS = "This job stays waiting for approval"


@pytest.fixture(params=["graphql", "events"])
def server(stage: Stage, request: pytest.FixtureRequest) -> Stage:
    """A server that tells who did what by one GraphQL question, or by each issue's events."""
    stage.sandbox.configure(graphql=request.param == "graphql")
    stage.settings(ALL)
    return stage


def say(stage: Stage, number: int, words: str, user: str) -> int:
    made = stage.call("POST", f"{ISSUES}/{number}/comments", {"body": words}, user=user)
    return int(made["id"])


def waits(stage: Stage, number: int) -> None:
    """A tick leaves the job where it is."""
    report = stage.tick()
    assert report["dispatched"] == []
    assert messages(stage) == []
    assert LABEL in stage.labels(number)
    assert stage.run("show", str(number), "--json").json["status"] == "waiting for approval"


def test_a_person_with_the_role_lets_it_run(server: Stage) -> None:
    number = due(server)
    waits(server, number)
    say(server, number, "/approve", "owner")
    assert [each["id"] for each in server.tick()["dispatched"]] == [number]
    assert LABEL not in server.labels(number)


@pytest.mark.parametrize("by", ["agent", "app[bot]"])
def test_its_author_and_a_bot_approve_nothing(server: Stage, by: str) -> None:
    number = due(server)
    token = server.sandbox.make_token(by, role="write") if "[bot]" in by else by
    waits(server, number)
    say(server, number, "/approve", token)
    waits(server, number)
    assert sum(f"`/approve` by `@{by}`" in text for text in server.comments(number)) == 1
    unlabel(server, number, LABEL, token)
    waits(server, number)
    waits(server, number)
    assert sum(STAYS in text for text in server.comments(number)) == 1


def test_triage_and_strangers_approve_nothing(server: Stage) -> None:
    number = due(server)
    waits(server, number)
    for by in ("triage", "stranger"):
        say(server, number, "/approve", by)
        waits(server, number)
    unlabel(server, number, LABEL, "triage")
    waits(server, number)
    label(server, number, LABEL, "triage")
    unlabel(server, number, LABEL, "triage")
    waits(server, number)
    say(server, number, "/approve", "owner")
    assert [each["id"] for each in server.tick()["dispatched"]] == [number]


def test_what_is_written_after_an_approval_does_not_run(server: Stage) -> None:
    number = due(server)
    waits(server, number)
    say(server, number, "/approve", "owner")
    text = server.issue(number)["body"]
    server.edit(number, body=text.replace("Check it", "Drop it"), user="agent")
    waits(server, number)
    server.edit(number, body=text, user="agent")
    waits(server, number)


def test_whoever_changed_it_last_approves_nothing(stage: Stage) -> None:
    stage.settings(ALL)
    number = due(stage)
    waits(stage, number)
    stage.edit(number, body=stage.issue(number)["body"] + "!", user="owner")
    waits(stage, number)
    say(stage, number, "/approve", "owner")
    waits(stage, number)
    assert any("changed its text last" in text for text in stage.comments(number))


def put_words(stage: Stage, number: int, words: str, *, of: str, by: str) -> None:
    """Change what somebody said before."""
    made = stage.call("POST", f"{ISSUES}/{number}/comments", {"body": "Looks good."}, user=of)
    stage.sandbox.set_clock(offset=90)
    stage.call("PATCH", f"{ISSUES}/comments/{made['id']}", {"body": words}, user=by)


def test_words_that_were_put_into_another_s_mouth_approve_nothing(stage: Stage) -> None:
    stage.settings(ALL)
    number = due(stage)
    waits(stage, number)
    put_words(stage, number, "/approve", of="owner", by="agent")
    waits(stage, number)
    assert any("the comment was changed since" in text for text in stage.comments(number))
    say(stage, number, "/approve", "owner")
    assert [each["id"] for each in stage.tick()["dispatched"]] == [number]


@pytest.mark.parametrize(("role", "runs"), [("write", 1), ("maintain", 0)])
def test_nor_do_they_command_where_more_than_write_is_asked_for(
    stage: Stage, role: str, runs: int
) -> None:
    stage.settings(f"trust: {{role: {role}}}\n")
    number = stage.open(body(86400), user="owner")
    put_words(stage, number, "/run", of="owner", by="agent")
    assert len(stage.tick()["dispatched"]) == runs
