"""A bot is bound by `allow` in everything that it does, whoever else has a part in the job."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attacks.crowd import ran, rejected
from tests.conftest import ISSUES, Stage, body

BOTS = ["helper[bot]", "github-actions[bot]", "octo-machine"]
WORD = "bots may start only what allow.workflows names"
DEPLOY = body(-60, "deploy.yml", "inputs: {place: staging}")
Way = Callable[[Stage, str], int]


def edited(stage: Stage, bot: str) -> int:
    number = stage.open(body(-60), user="owner")
    stage.edit(number, body=DEPLOY, user=bot)
    return number


def edited_and_reopened(stage: Stage, bot: str) -> int:
    number = stage.open(body(-600), user="owner")
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [number]
    stage.edit(number, body=DEPLOY, state="open", user=bot)
    return number


def reopened(stage: Stage, bot: str) -> int:
    number = stage.open(DEPLOY, user="owner")
    stage.edit(number, state="closed")
    stage.edit(number, state="open", user=bot)
    return number


def labelled_for_a_stranger(stage: Stage, bot: str) -> int:
    made = stage.call("POST", ISSUES, {"title": "t", "body": DEPLOY}, user="stranger")
    stage.call("POST", f"{ISSUES}/{made['number']}/labels", {"labels": ["schedule"]}, user=bot)
    return int(made["number"])


def labelled_for_a_person(stage: Stage, bot: str) -> int:
    made = stage.call("POST", ISSUES, {"title": "t", "body": DEPLOY}, user="owner")
    stage.call("POST", f"{ISSUES}/{made['number']}/labels", {"labels": ["schedule"]}, user=bot)
    return int(made["number"])


def unlocked(stage: Stage, bot: str) -> int:
    number = stage.open(DEPLOY, user="owner")
    stage.call("PUT", f"{ISSUES}/{number}/lock", {})
    stage.call("DELETE", f"{ISSUES}/{number}/lock", user=bot)
    return number


def opened(stage: Stage, bot: str) -> int:
    return stage.open(DEPLOY, user=bot)


WAYS = [
    opened, edited, edited_and_reopened, reopened, labelled_for_a_stranger, labelled_for_a_person,
    unlocked,
]  # fmt: skip


def hired(stage: Stage, bot: str, allow: str = "") -> str:
    """The token of a bot that the settings name."""
    stage.settings(f"trust: {{bots: ['{bot}'], labelled: true}}\n{allow}")
    return "bot" if bot == "github-actions[bot]" else stage.sandbox.make_token(bot, role="write")


@pytest.mark.parametrize("bot", BOTS)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_without_a_list_a_bot_starts_nothing(stage: Stage, way: Way, bot: str) -> None:
    number = way(stage, hired(stage, bot))
    own = bot == "github-actions[bot]" and way is labelled_for_a_stranger
    rejected(stage, number, "the scheduler's own account" if own else WORD)
    assert "place" not in {name for inputs in ran(stage) for name in inputs}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_nor_what_its_list_does_not_name(stage: Stage, way: Way) -> None:
    # A list is everybody's, so a job of a person's that it lacks is refused as well.
    token = hired(stage, "helper[bot]", "allow: {workflows: [agent-*.yml]}\n")
    number = way(stage, token)
    rejected(stage, number, "workflow: 'deploy.yml' is not in allow.workflows")
    assert "place" not in {name for inputs in ran(stage) for name in inputs}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_its_list_names_it_may_start(stage: Stage, way: Way) -> None:
    token = hired(stage, "helper[bot]", "allow: {workflows: [agent-*.yml, deploy.yml]}\n")
    number = way(stage, token)
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [number]


@pytest.mark.parametrize("bot", BOTS)
@pytest.mark.parametrize("word", ["/run", "/snooze 1s", "/resume"])
def test_what_it_says_of_such_a_job_is_no_command(stage: Stage, bot: str, word: str) -> None:
    number = stage.open(body(3600, "deploy.yml", "inputs: {place: staging}"), user="owner")
    token = hired(stage, bot)
    stage.call("POST", f"{ISSUES}/{number}/comments", {"body": word}, user=token)
    report = stage.tick()
    assert (report["dispatched"], report["obeyed"]) == ([], [])
    assert (ran(stage), stage.comments(number)) == ([], [word])


@pytest.mark.parametrize("bot", BOTS)
def test_nor_does_it_resume_one(stage: Stage, bot: str) -> None:
    token = hired(stage, bot)
    number = stage.open(DEPLOY, user="owner")
    paused = f"{ISSUES}/{number}/labels"
    stage.call("POST", paused, {"labels": ["schedule:paused"]})
    stage.call("DELETE", f"{paused}/schedule:paused", user=token)
    (note,) = stage.tick()["paused"]
    assert WORD in note["reason"]
    assert (ran(stage), "schedule:paused" in stage.labels(number)) == ([], True)


def test_a_person_who_ends_what_a_bot_began_makes_it_theirs(stage: Stage) -> None:
    number = edited(stage, hired(stage, "helper[bot]"))
    rejected(stage, number, WORD)
    stage.edit(number, body=DEPLOY + " again", state="open", user="owner")
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [number]
