"""What an issue counts, and what its list shows: two numbers, and no promise between them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import mul
from pathlib import Path

import pytest

from scheduler.journal.journal import read
from scheduler.policy.decide import PATIENT
from scheduler.tick.report import TickReport
from tests.conftest import Stage as Served
from tests.conftest import body as text
from tests.faults.series import goes, open_series, sound
from tests.faults.stage import served
from tests.faults.world import Fault, World, body, faulty, world
from tests.support.fakes import BOT, MemoryQueue
from tests.support.hold_world import hold_world
from tests.support.sampled import one_in


def due(name: str = "s") -> World:
    made = world()
    made.hub.open(body(name))
    made.clock.sleep(60)
    return made


def tick(made: World) -> TickReport:
    """One tick, a while after the last."""
    made.clock.sleep(60)
    made.tick()
    return made.reports[-1]


def notes(made: World) -> list[int]:
    """In how many ticks claims were given up, as the issue's comments say it."""
    history = read(made.hub.on(1), login=BOT)
    assert not history.unreadable
    return [each.times for each in history.withdrawals]


@pytest.mark.parametrize("more", [1, 2, 30])
def test_a_constant_difference_keeps_no_job_waiting(more: int) -> None:
    made = world()
    made.hub.counts = lambda comments: comments + more
    open_series(made.hub)
    made.hub.comment(1, "a question", by="stranger")
    calls = MemoryQueue(made.hub)
    made.tick(queue=calls)
    assert made.count("s") == 1
    # At the first look: nothing is read again.
    assert calls.calls.count("ticket") <= 2
    goes(made, 31)
    sound(made, 1)
    assert not [note for report in made.reports for note in report.withdrawn]


@pytest.mark.parametrize("more", [1, 3])
def test_a_constant_difference_with_faults_and_people_between(more: int) -> None:
    for index in range(1, 16):
        made = world()
        made.hub.counts = lambda comments: comments + more
        made.hub.open(body("s"))
        made.hub.comment(1, "a question", by="stranger")
        made.clock.sleep(60)
        made.tick(faulty(made.clock, Fault(index, "crash-after")))
        made.hub.comment(1, "another", by="stranger")
        made.until_quiet()
        assert made.audit(1, "s") == "dispatched"


def test_a_constant_difference_over_http(tmp_path: Path) -> None:
    with served(tmp_path) as stage:
        number = stage.open("1")
        stage.sandbox.set_hidden_comments(2)
        stage.sandbox.clock.advance(120)
        report = stage.tick()
        assert report is not None
        assert [fired.id for fired in report.dispatched] == [number]
        assert stage.audit(number, "1") == "dispatched"


NEVER: dict[str, Callable[[int], int]] = {
    "it counts none": partial(min, 0),
    "it never counts more": partial(min, 1),
    "it counts twice": partial(mul, 2),
}


@pytest.mark.parametrize("counts", NEVER.values(), ids=list(NEVER))
@pytest.mark.parametrize("kind", one_in(2, ["one-off", "series"]))
def test_after_three_ticks_the_job_is_held_and_says_why(
    counts: Callable[[int], int], kind: str
) -> None:
    made = due() if kind == "one-off" else world()
    if kind == "series":
        open_series(made.hub)
    made.hub.comment(1, "a question", by="stranger")
    made.hub.counts = counts
    for times in range(1, PATIENT):
        report = tick(made)
        assert [note.id for note in report.withdrawn] == [1]
        assert report.held == []
        assert notes(made) == [times]
    report = tick(made)
    (note,) = report.held
    assert "than the claim" in note.reason
    assert "schedule:held" in made.hub.ticket(1).labels
    (said,) = (each.body for each in made.hub.on(1) if each.author.login == BOT)
    assert "On hold" not in said.splitlines()[0]
    assert "on hold" in said
    assert "schedule:held" in said
    assert made.count("s") == 0
    # What it costs from now on: a look, and a try now and then.
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    assert "add_comment" not in queue.calls
    assert [each.id for each in made.reports[-1].held] == [1]
    tried = sum(tries(made) for _ in range(96))
    assert 6 <= tried <= 20
    assert len(notes(made)) == 1
    # And it heals by itself.
    made.hub.counts = lambda comments: comments
    for _ in range(15):
        made.clock.sleep(300)
        made.tick()
    assert made.count("s") >= 1
    assert notes(made) == []
    assert "schedule:held" not in made.hub.ticket(1).labels
    if kind == "one-off":
        assert made.audit(1, "s") == "dispatched"
    else:
        sound(made, 1)


def tries(made: World) -> bool:
    """Whether a tick writes a claim; five minutes after the last."""
    queue = MemoryQueue(made.hub)
    made.clock.sleep(300)
    made.tick(queue=queue)
    return "add_comment" in queue.calls


@pytest.mark.parametrize("way", ["the label", "a word", "the command line's"])
def test_a_person_has_it_tried_at_once(way: str) -> None:
    made = due()
    made.hub.counts = NEVER["it counts none"]
    for _ in range(9):
        tick(made)
    made.tick()
    assert "schedule:held" in made.hub.ticket(1).labels
    made.hub.counts = lambda comments: comments
    made.tick()
    assert made.count("s") == 0
    if way != "the label":
        made.hub.comment(1, "/resolve again", by="stranger")
        made.tick()
        assert made.count("s") == 0
        made.hub.comment(1, "/resolve again", by="owner")
    if way != "a word":
        made.hub.take_off(1, "schedule:held")
    made.tick()
    assert made.count("s") == 1
    assert made.audit(1, "s") == "dispatched"


def test_a_list_that_shows_no_claim_holds_the_job_and_fills_no_issue() -> None:
    made = due()
    made.hub.stale = {"comments": 90_000}
    for _ in range(12):
        tick(made)
    assert made.count("s") == 0
    assert [note.id for note in made.reports[-1].held] == [1]
    assert "schedule:held" in made.hub.ticket(1).labels
    assert len(made.hub.on(1)) == PATIENT
    made.hub.stale = {}
    for _ in range(10):
        made.clock.sleep(600)
        made.tick()
    assert made.audit(1, "s") == "dispatched"
    assert notes(made) == []


def test_one_old_answer_is_made_up_for_by_the_next_tick() -> None:
    made = due()
    made.hub.stale = {"issues": 30}
    tick(made)
    assert notes(made) == [1]
    made.hub.stale = {}
    tick(made)
    assert made.audit(1, "s") == "dispatched"
    assert len(made.hub.on(1)) == 1


def test_a_holder_holds_it_too_and_tries_again_now_and_then() -> None:
    made = hold_world(hold=3000)
    number = made.open("job", 30)
    made.hub.counts = NEVER["it counts none"]
    made.lively.at(1500, lambda: setattr(made.hub, "counts", int))
    report = made.stays()
    assert len(report.withdrawn) == PATIENT - 1
    assert len(made.named("add_comment")) < 12
    assert 1500 < made.sent_at("job")[0] < 2600
    assert made.audit(number, "job") == "dispatched"
    assert notes(made) == []


def test_faults_while_a_claim_is_given_up_lose_nothing() -> None:
    for index in range(1, 20):
        for kind in ("crash-before", "crash-after", "drop-after", "502-before"):
            made = due()
            made.hub.counts = NEVER["it counts none"]
            made.tick(faulty(made.clock, Fault(index, kind)))
            tick(made)
            made.hub.counts = lambda comments: comments
            made.until_quiet()
            assert made.audit(1, "s") == "dispatched"
            assert len(made.hub.on(1)) == 1


def test_a_held_job_is_listed_as_held(stage: Served) -> None:
    stage.sandbox.set_hidden_comments(1)
    number = stage.open(text(-60))
    stage.tick()
    assert stage.issue(number)["state"] == "closed"
