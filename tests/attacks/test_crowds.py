"""A crowd of strangers in the comments of a trusted job: it runs on time, and costs the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.attacks.crowd import messages, ran
from tests.conftest import ISSUES, Stage, body

WORDS = ("/run", "/cancel", "/snooze 9d", "/snoze 2h", "/resolve again", "anything else")


def crowd(stage: Stage, number: int, words: str, many: int, *, user: str = "stranger") -> None:
    for _ in range(many):
        stage.call("POST", f"{ISSUES}/{number}/comments", {"body": words}, user=user)


def tick(stage: Stage) -> tuple[Any, list[str]]:
    """What a tick says, and what it asked for: method and path, in order."""
    stage.sandbox.clear_requests()
    report = stage.tick()
    return report, [f"{each.method} {each.path.rpartition('?')[0] or each.path}" for each in
                    stage.sandbox.requests]  # fmt: skip


@pytest.mark.parametrize("words", WORDS)
def test_47_words_on_a_job_with_a_deadline(stage: Stage, words: str) -> None:
    number = stage.open(body(-60, "agent-message.yml", "deadline: 5m"))
    crowd(stage, number, "a question", 47)
    _, before = tick(stage)
    assert len(ran(stage)) == 1
    number = stage.open(body(-60, "agent-message.yml", "deadline: 5m", message="crowded"))
    crowd(stage, number, words, 47)
    report, after = tick(stage)
    assert messages(stage)[1:] == ["crowded"]
    assert [fired["id"] for fired in report["dispatched"]] == [number]
    assert (report["missed"], report["withdrawn"], report["rejected"]) == ([], [], [])
    questions = [each for each in after if "/collaborators/stranger/" in each]
    assert len(questions) == (words.startswith("/") and words != "/resolve again")
    assert len(after) <= len(before) + len(questions)


@pytest.mark.slow
def test_what_ninety_words_cost_an_hour_of_ticks(stage: Stage) -> None:
    """One comment, one tick, ninety times: what used up an hour's 1,000 requests."""
    number = stage.open(body(7200))
    crowd(stage, number, "a question", 1)
    _, before = tick(stage)
    spent = 0
    for k in range(90):
        crowd(stage, number, WORDS[k % 5], 1)
        report, after = tick(stage)
        assert report["rejected"] == report["obeyed"] == []
        spent += len(after) - len(before)
    assert spent <= 90
    assert len(stage.comments(number)) <= 30 * 4
    assert not any("schedule:" in each for each in stage.comments(number))
    assert stage.sandbox.repository().comments
    assert not any(each.reactions for each in stage.sandbox.repository().comments.values())


def test_a_crowd_of_accounts_costs_a_question_each(stage: Stage) -> None:
    number = stage.open(body(-60))
    for k in range(12):
        token = stage.sandbox.make_token(f"reader{k}", role="read")
        for words in ("/run", "/pause"):
            crowd(stage, number, words, 1, user=token)
    report, after = tick(stage)
    assert len(report["dispatched"]) == 1
    assert sum("/collaborators/reader" in each for each in after) == 12
