"""On which branch a workflow runs is bounded: its file is another on each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.crowd import ran, rejected
from tests.conftest import WORKFLOWS, Stage, body, served

BOTS = "trust: {bots: ['helper[bot]', octo-machine]}\n"
ALLOW = "allow: {workflows: ['*']}\n"
PULLS = [
    "refs/pull/1/head", "refs/pull/1/merge", "refs/pull/x", "pull/1/head", "pull/1", "PULL/1/merge",
    "Refs/Pull/1/head", "refs/heads/pull/1/head", "heads/pull/7", "refs/remotes/origin/pull/1/head",
    "refs/remotes/pull/1/head",
]  # fmt: skip


@pytest.fixture
def stage(stage: Stage, tmp_path: Path) -> Stage:
    """The queue with two branches more, and bots that it names."""
    for name in ("release/1", "evil"):
        stage.sandbox.add_ref(name, str(served(tmp_path / name.replace("/", "-"), WORKFLOWS)))
    stage.settings(BOTS + ALLOW)
    return stage


@pytest.mark.parametrize("ref", PULLS)
def test_what_a_pull_request_proposes_is_never_one(stage: Stage, ref: str) -> None:
    stage.settings("allow: {workflows: ['*'], refs: ['*', '*/*', '*/*/*', '*/*/*/*']}\n")
    number = stage.open(body(-60, "bare.yml", f"ref: {ref}"), user="owner")
    (note,) = stage.tick()["invalid"]
    assert (note["id"], "is what a pull request proposes" in note["reason"]) == (number, True)
    soon = ("create", "--in", "1h", "--workflow", "bare.yml", "--ref", ref)
    stage.run(*soon, user="owner").refused(3, f"--ref: {ref!r}")
    assert ran(stage) == []


@pytest.mark.parametrize("bot", ["helper[bot]", "octo-machine"])
@pytest.mark.parametrize("ref", ["evil", "refs/heads/evil", "release/1", "refs/tags/main"])
def test_a_bot_names_no_branch_but_the_default_one(stage: Stage, bot: str, ref: str) -> None:
    token = stage.sandbox.make_token(bot, role="write")
    rejected(stage, stage.open(body(-60, "bare.yml", f"ref: {ref}"), user=token), "allow.refs")
    edited = stage.open(body(-60, "bare.yml"), user="owner")
    stage.edit(edited, body=body(-60, "bare.yml", f"ref: {ref}"), user=token)
    rejected(stage, edited, "allow.refs")
    assert ran(stage) == []


@pytest.mark.parametrize("ref", ["main", "refs/heads/main"])
@pytest.mark.parametrize("more", ["", "release/*"])
def test_anybody_names_the_default_branch(stage: Stage, ref: str, more: str) -> None:
    if more:
        stage.settings(BOTS + f"allow: {{workflows: ['*'], refs: ['{more}']}}\n")
    token = stage.sandbox.make_token("helper[bot]", role="write")
    number = stage.open(body(-60, "bare.yml", f"ref: {ref}"), user=token)
    report = stage.tick()
    assert report["rejected"] == []
    assert stage.sandbox.requests.count("POST", "/dispatches$") == 1, (number, report)


@pytest.mark.parametrize("user", ["owner", "helper[bot]"])
def test_with_a_list_everybody_names_what_it_names(stage: Stage, user: str) -> None:
    stage.settings(BOTS + "allow: {workflows: ['*'], refs: ['release/*']}\n")
    token = stage.sandbox.make_token(user, role="write")
    number = stage.open(body(-60, "bare.yml", "ref: release/1"), user=token)
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [number]
    rejected(stage, stage.open(body(-60, "bare.yml", "ref: evil"), user=token), "allow.refs")
    soon = ("create", "--in", "1h", "--workflow", "bare.yml", "--ref")
    stage.run(*soon, "evil", user="owner").refused(3, "ref: 'evil' is not in allow.refs")
    assert stage.run(*soon, "main", "--json", user="owner").json["created"]
