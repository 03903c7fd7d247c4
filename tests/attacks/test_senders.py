"""What an event carries is opened for whoever sent it, and by nobody else's rights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scheduler.action import main
from scheduler.job.frontmatter import parse
from tests.attacks.crowd import rejected
from tests.conftest import Stage, at, body

ADMIN = "trust: {role: admin, bots: ['github-actions[bot]']}\nallow: {workflows: ['*']}\n"
BOT_ONLY = "trust: {bots: ['github-actions[bot]', 'helper[bot]']}\nallow: {workflows: [bare.yml]}\n"


@pytest.fixture
def carry(stage: Stage, tmp_path: Path) -> Any:
    """Has the action open what an event carries; its exit status."""

    def enqueue(sender: str | None, **environ: str) -> int:
        event = tmp_path / "event.json"
        payload: dict[str, Any] = {"client_payload": {"run_at": at(-1), "workflow": "bare.yml"}}
        if environ.get("GITHUB_EVENT_NAME") == "workflow_dispatch":
            payload = {"inputs": {"run-at": at(-1), "workflow": "bare.yml"}}
        if sender:
            payload["sender"] = {"login": sender}
        event.write_text(json.dumps(payload))
        given = {"GITHUB_ACTIONS": "true", "SCHEDULE_COMMAND": "enqueue",
                 "GITHUB_EVENT_NAME": "repository_dispatch", "GITHUB_EVENT_PATH": str(event),
                 "GITHUB_RUN_ID": at(0), **environ}  # fmt: skip
        return main.main(stage.environ("bot", **given))

    return enqueue


WAYS = [
    {"sender": "agent"},
    {"sender": None, "GITHUB_ACTOR": "agent"},
    {"sender": "owner", "GITHUB_ACTOR": "owner", "GITHUB_TRIGGERING_ACTOR": "agent"},
    {"sender": "agent", "GITHUB_EVENT_NAME": "workflow_dispatch"},
    {"sender": "stranger"},
    {"sender": "nobody"},
    {"sender": "other[bot]"},
]


@pytest.mark.parametrize("way", WAYS)
def test_who_may_not_schedule_opens_nothing_by_an_event(
    stage: Stage, carry: Any, way: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    stage.settings(ADMIN)
    assert carry(**way) == 3
    assert "sender: " in capsys.readouterr().out
    assert stage.issues() == []


def test_who_may_does_and_the_job_says_for_whom(stage: Stage, carry: Any) -> None:
    stage.settings(ADMIN)
    assert carry("owner", GITHUB_ACTOR="Owner", GITHUB_TRIGGERING_ACTOR="owner") == 0
    issue = stage.issue(1)
    assert issue["user"]["login"] == "github-actions[bot]"
    assert str(parse(issue["body"]).parent).endswith(" by owner")
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [1]


def test_their_rights_are_asked_again_when_it_fires(stage: Stage, carry: Any) -> None:
    stage.settings(ADMIN)
    assert carry("owner") == 0
    stage.sandbox.set_role("owner", "write")
    rejected(stage, 1, "parent: ", "author: 'owner' has the role 'write'")


def test_a_bot_that_sends_is_bound_by_allow(stage: Stage, carry: Any) -> None:
    stage.settings(BOT_ONLY)
    assert carry("helper[bot]") == 0
    stage.settings(BOT_ONLY.replace("bare.yml", "deploy.yml"))
    assert carry("helper[bot]") == 3
    assert len(stage.issues()) == 1


def test_the_word_lends_nobody_any_right(stage: Stage) -> None:
    number = stage.open(body(-60, "bare.yml", "parent: 'run:1 by owner'"), user="stranger")
    stage.edit(number, labels=["schedule"])
    rejected(stage, number, "author: 'stranger'")
