from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from scheduler.commands.ran import live, recorded
from scheduler.connection import Connection
from scheduler.errors import Unavailable
from scheduler.job.model import Job
from scheduler.journal.journal import Entry
from scheduler.ports.values import Run
from tests.support.fakes import NOON

SENT = Entry(
    key="42@2026-11-23T12:00:00Z", attempt=1, outcome="dispatched", at=NOON, run_id=7,
    run_url="there", target="octo/other run.yml@main",
)  # fmt: skip
JOB = Job(run_at=NOON, workflow="run.yml")


class Queue:
    repository = "octo/queue"

    def __init__(self, answer: Run | Exception | None) -> None:
        self.answer, self.asked = answer, list[tuple[str, int]]()

    def run(self, repo: str, run_id: int) -> Run | None:
        self.asked.append((repo, run_id))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def connection(answer: Run | Exception | None) -> tuple[Connection, Queue]:
    class Fake:
        queue = Queue(answer)

    return cast("Connection", Fake()), Fake.queue


def test_a_job_without_a_dispatch_has_no_run() -> None:
    assert recorded([replace(SENT, outcome="missed")]) is None
    assert live(connection(None)[0], None, JOB) is None


@pytest.mark.parametrize("word", ["success", "failure", "action_required"])
def test_what_the_journal_says_in_githubs_word_is_not_asked_for(word: str) -> None:
    ran = recorded([SENT, replace(SENT, conclusion=word, took_s=5.0)])
    assert ran is not None
    assert ran.as_json() == {"id": 7, "url": "there", "status": "completed", "conclusion": word}
    assert (ran.outcome, ran.words()) == (word, f"{word} after 5 s")
    made, queue = connection(None)
    assert live(made, ran, JOB) is ran
    assert queue.asked == []


@pytest.mark.parametrize(
    ("status", "conclusion", "outcome"),
    [
        ("queued", None, "queued"), ("in_progress", None, "running"),
        ("completed", "failure", "failure"),
    ],
)  # fmt: skip
def test_a_run_that_is_not_told_of_yet_is_asked_for(
    status: str, conclusion: str | None, outcome: str
) -> None:
    made, queue = connection(Run(id=7, status=status, conclusion=conclusion))
    ran = live(made, recorded([SENT]), JOB)
    assert ran is not None
    assert ran.as_json() == {
        "id": 7, "url": "there", "status": status, "conclusion": conclusion,
    }  # fmt: skip
    assert ran.outcome == ran.words() == outcome
    assert queue.asked == [("octo/other", 7)]


def test_what_never_ran_keeps_that_word_beside_githubs() -> None:
    made, _ = connection(Run(id=7, status="completed", conclusion="failure"))
    ran = live(made, recorded([replace(SENT, conclusion="never ran")]), JOB)
    assert ran is not None
    assert (ran.outcome, ran.conclusion) == ("never ran", "failure")


def test_a_run_that_cant_be_asked_for_says_why() -> None:
    for answer, words in (
        (None, "(the run is not there any more)"),
        (Unavailable("no answer"), "(can't be asked: no answer)"),
    ):
        ran = live(connection(answer)[0], recorded([SENT]), JOB)
        assert ran is not None
        assert (ran.outcome, ran.words()) == (None, words)
        assert ran.as_json() == {"id": 7, "url": "there", "status": None, "conclusion": None}


def test_a_dispatch_without_a_run_shows_none() -> None:
    told = replace(SENT, run_id=None, conclusion="unknown", told="an event's run can't be followed")
    ran = live(connection(None)[0], recorded([told]), None)
    assert ran is not None
    assert (ran.as_json(), ran.outcome) == (None, "unknown")
    assert ran.words() == "unknown (an event's run can't be followed)"
