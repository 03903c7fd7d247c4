"""What others do to an issue while a command of one person is at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from scheduler.sandbox.http.requestlog import Request
from tests.conftest import ISSUES, Stage, body, evening

SOON = ("--in", "2h", "--workflow", "agent-message.yml")
MOVED = evening()[1]
REPLACE = ("--dedup-key", "k", "--on-duplicate", "replace", "-m", "new")


@contextmanager
def meanwhile(
    stage: Stage, method: str, path: str, do: Callable[[], object], *, times: int = 1
) -> Iterator[None]:
    """``do`` something right after the agent's first request, or each of the first, of a kind."""
    met: list[Request] = []

    def hook(seen: Request) -> None:
        there = seen.user == "agent" and seen.method == method and seen.path.endswith(path)
        if there and len(met) < times:
            met.append(seen)
            do()

    with stage.sandbox.on_request(hook, after=True):
        yield
    assert met


@pytest.fixture
def job(stage: Stage) -> Any:
    """A job with a comment, which is what a command reads after the issue."""
    made = stage.create(*SOON, "-m", "old")
    stage.call("POST", f"{ISSUES}/1/comments", {"body": "Why?"})
    return made


def edited(stage: Stage) -> Callable[[], None]:
    """Somebody edits the job, to another text each time."""
    was, texts = stage.issue(1)["body"], iter(["edited", "two", "three", "four", "five"])
    return lambda: stage.edit(1, body=was.replace("old", next(texts)))


def test_a_move_keeps_what_was_edited_meanwhile(stage: Stage, job: Any) -> None:
    with meanwhile(stage, "GET", "/1/comments", edited(stage)):
        answer = stage.run("reschedule", "1", "--at", MOVED, "--json").json
    assert answer["run_at"] == MOVED
    shown = stage.run("show", "1", "--json").json
    assert (shown["run_at"], shown["message"]) == (MOVED, "edited")


def test_a_move_keeps_the_title_that_somebody_gave_meanwhile(stage: Stage, job: Any) -> None:
    with meanwhile(stage, "GET", "/1/comments", lambda: stage.edit(1, title="mine")):
        stage.run("reschedule", "1", "--at", MOVED)
    assert stage.issue(1)["title"] == "mine"


def test_a_move_does_not_reopen_what_was_closed_meanwhile(stage: Stage, job: Any) -> None:
    before = stage.issue(1)["body"]
    with meanwhile(stage, "GET", "/1/comments", lambda: stage.edit(1, state="closed")):
        told = stage.run("reschedule", "1", "--at", MOVED)
    told.refused(3, "ID: #1 was closed meanwhile", "repeat")
    assert (stage.issue(1)["state"], stage.issue(1)["body"]) == ("closed", before)
    assert stage.run("reschedule", "1", "--at", MOVED).status == 0
    assert stage.issue(1)["state"] == "open"


def test_a_move_gives_way_to_somebody_who_goes_on_editing(stage: Stage, job: Any) -> None:
    with meanwhile(stage, "GET", "/1/comments", edited(stage), times=5):
        told = stage.run("reschedule", "1", "--at", MOVED)
    told.refused(3, "ID: #1 is being changed", "again")
    assert MOVED not in stage.issue(1)["body"]


def test_a_move_costs_no_second_look_where_nothing_was_read_in_between(stage: Stage) -> None:
    stage.create(*SOON, "-m", "old")
    stage.sandbox.clear_requests()
    stage.run("reschedule", "1", "--at", MOVED)
    assert stage.sandbox.requests.count("GET", "/issues/1$") == 1


def test_a_replaced_job_is_the_one_that_stands_there_now(stage: Stage) -> None:
    stage.create(*SOON, "--dedup-key", "k", "-m", "old")
    with meanwhile(stage, "GET", "/issues", lambda: stage.edit(1, state="closed")):
        made = stage.create(*SOON, *REPLACE)
    assert (made["id"], made["created"]) == (2, True)
    assert "old" in stage.issue(1)["body"]


def test_what_lost_its_key_meanwhile_is_not_replaced(stage: Stage) -> None:
    stage.create(*SOON, "--dedup-key", "k", "-m", "old")
    theirs = body(7200, message="x")  # without the key it is another job
    with meanwhile(stage, "GET", "/issues", lambda: stage.edit(1, body=theirs)):
        made = stage.create(*SOON, *REPLACE)
    assert (made["id"], made["created"]) == (2, True)
    assert stage.issue(1)["body"] == theirs


def test_a_replacement_gives_way_to_somebody_who_goes_on_editing(stage: Stage) -> None:
    stage.create(*SOON, "--dedup-key", "k", "-m", "old")
    with meanwhile(stage, "GET", "/issues", edited(stage), times=5):
        told = stage.run("create", *SOON, *REPLACE)
    told.refused(3, "#1 is being changed", "again")
    assert "new" not in stage.issue(1)["body"]


def test_a_resolution_leaves_the_labels_that_somebody_put_on_meanwhile(stage: Stage) -> None:
    number = stage.open(body())
    stage.call("POST", f"{ISSUES}/{number}/labels", ["schedule:held"])
    put = {"labels": ["schedule:paused"]}
    path = f"{ISSUES}/{number}/labels"
    with meanwhile(stage, "POST", "/comments", lambda: stage.call("POST", path, put)):
        stage.run("resolve", str(number), "--again")
    assert stage.labels(number) == {"schedule", "schedule:paused"}
