"""A crowd of strangers in the comments of a trusted job: it runs on time, and costs the same."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.github.comments import RECENT_PAGES
from scheduler.sandbox.hub.issues import Desk
from tests.attacks.crowd import messages, ran
from tests.conftest import ISSUES, Stage, body
from tests.faults.stage import Stage as ServedStage
from tests.faults.stage import served

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
    # And what became of the first job's run.
    assert len(after) <= len(before) + len(questions) + 1


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


def flood(stage: Stage | ServedStage, number: int, many: int, words: str = "/run") -> None:
    """So many comments of a stranger's, written within the hour."""
    repository = stage.sandbox.repository()
    with stage.sandbox.state.lock:
        desk = Desk(stage.sandbox.state, repository, stage.sandbox.state.add_user("stranger"))
        issue = repository.issues[number]
        for _ in range(many):
            desk.comment(issue, words)


def under_the_claim(asked: list[str]) -> list[str]:
    """What is asked between a claim and its dispatch."""
    first = next(k for k, each in enumerate(asked) if each.startswith("POST") and COMMENTS in each)
    return asked[first + 1 : next(k for k, each in enumerate(asked) if "/dispatches" in each)]


COMMENTS = "/comments"


def plain(stage: Stage, *lines: str) -> int:
    """What a tick asks for that has one job to start, of which nobody says anything."""
    stage.open(body(-60, "agent-message.yml", *lines))
    return len(tick(stage)[1])


def test_2450_comments_are_read_once_and_under_the_claim_a_page(stage: Stage) -> None:
    usual = plain(stage)
    number = stage.open(body(-60))
    flood(stage, number, 2450)
    report, asked = tick(stage)
    assert [fired["id"] for fired in report["dispatched"]] == [number]
    # 25 pages to decide, and the questions who says that, and whose records are believed; and
    # what became of the first job's run: where its journal stands, and the runs.
    assert len(asked) <= usual + 25 + 2 + 2, asked
    assert under_the_claim(asked) == [
        f"GET {ISSUES}/{number}/comments", f"GET {ISSUES}/{number}"
    ]  # fmt: skip


@pytest.mark.slow
def test_a_series_with_2450_comments_costs_like_any_other_once_it_has_run(tmp_path: Path) -> None:
    with served(tmp_path) as stage:
        spent = []
        for many in (0, 2450):
            start = f"run-at: {stage.sandbox.clock():%Y-%m-%dT%H:%M:%SZ}"
            rule = "workflow: titled.yml\nevery: 1h\noverlap: allow"
            text = f"---\n{start}\n{rule}\n---\nhi\n"
            made = {"title": "s", "body": text, "labels": ["schedule"]}
            number = stage.sandbox.call("agent", "POST", ISSUES, made)["number"]
            flood(stage, number, many)
            stage.sandbox.clock.advance(300)
            for _ in range(4):
                report = stage.tick()
                assert report is not None
                assert [fired.id for fired in report.dispatched] == [number]
                spent.append(report.requests)
                stage.sandbox.clock.advance(3600)
            stage.sandbox.call("owner", "PATCH", f"{ISSUES}/{number}", {"state": "closed"})
    usual, crowded = spent[:4], spent[4:]
    # Once all that was said; then as many of the repository's newest comments as are looked
    # through for what is to be heard, and no more of this issue's than of any other's.
    assert crowded[0] <= usual[0] + RECENT_PAGES + 25 + 4
    # One more at times: the journal of the series that was closed, whose last run is under way;
    # how long ago that was closed shows the machine's own clock, too.
    more = [cost - than - RECENT_PAGES for cost, than in zip(crowded[1:], usual[1:], strict=True)]
    assert set(more) <= {0, 1}


@pytest.mark.slow
def test_at_a_far_server_a_claim_does_not_grow_old(tmp_path: Path) -> None:
    """Each request takes 1.3 s, by the clocks of both sides."""
    with served(tmp_path, settings="{}\n") as stage:
        number = stage.open("job")
        flood(stage, number, 2450)
        with stage.sandbox.on_request(lambda _: stage.sandbox.clock.advance(1.3)):
            began = stage.sandbox.clock()
            report = stage.tick()
        assert report is not None
        assert stage.sandbox.clock() - began > timedelta(seconds=40)
        assert [fired.id for fired in report.dispatched] == [number]
        assert report.withdrawn == []
