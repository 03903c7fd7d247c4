"""A fault at each request of a tick that follows runs, and ticks side by side.

Whatever happens: each end is recorded once and stays, of each failure people are told once, none
is lost, and nothing is sent again.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from scheduler.job.states import State
from tests.faults.series import open_series
from tests.faults.stage import Stage, served
from tests.faults.world import (
    FAULTS,
    PAUSE,
    STALL,
    Fault,
    World,
    body,
    faulty,
    interleave,
    world,
)
from tests.support.fakes import MemoryQueue, Through
from tests.support.sampled import one_in


def failing() -> World:
    return ended("failure")


def succeeding() -> World:
    return ended("success")


def both() -> World:
    return ended("failure", "success")


def without_a_job() -> World:
    made = ended("failure")
    made.hub.without_jobs.add(made.hub.runs[0][1].id)
    return made


def nameless() -> World:
    """Nobody named its run, and no list showed it yet."""
    made = world(details=False)
    made.hub.stale["runs"] = 50
    made.hub.open(body("1"))
    made.tick()
    made.clock.sleep(60)
    made.hub.mark(made.hub.runs[0][1].id, "completed", "failure")
    return made


def series() -> World:
    made = world()
    open_series(made.hub, rule="every: 1h")
    made.tick()
    made.hub.mark(made.hub.runs[0][1].id, "completed", "failure")
    made.clock.sleep(60)
    return made


def beside_a_due_job() -> World:
    made = ended("failure")
    made.hub.open(body("2", run_at=made.clock.true.replace(microsecond=0)))
    return made


def ended(*words: str) -> World:
    """Jobs that ran, one for each word, whose ends no tick has seen yet."""
    made = world()
    for n, _ in enumerate(words, start=1):
        made.hub.open(body(str(n)))
    made.tick()
    for n, word in enumerate(words):
        made.hub.mark(made.hub.runs[n][1].id, "completed", word)
    made.clock.sleep(60)
    return made


SCENES = (failing, succeeding, series, both, without_a_job, nameless, beside_a_due_job)
QUICK = 3
#: All of them; the quick run tries three.
everywhere = pytest.mark.parametrize(
    "scene",
    [
        pytest.param(each, id=each.__name__, marks=[] if place < QUICK else [pytest.mark.slow])
        for place, each in enumerate(SCENES)
    ],
)


def sound(made: World) -> None:
    """Each end stands there once. AssertionError: one is lost, doubled, or told in silence."""
    runs = {run.id: run for _, run in made.hub.runs}
    assert len(made.hub.sent) == len({each.key for each in made.hub.sent}), made.story()
    for number in made.hub.views:
        history, ticket = made.history(number), made.hub.ticket(number)
        assert not history.standing, made.story()
        told = Counter((news.key, news.run_id) for news in history.news)
        ran = [e for e in history.journal.entries if e.outcome == State.DISPATCHED.value]
        assert ran, made.story()
        for entry in ran:
            run = runs[entry.run_id or 0]
            word = run.conclusion or ""
            if word == "failure" and run.id in made.hub.without_jobs:
                word = "never ran"
            assert entry.conclusion == word, made.story()
            failed = word in ("failure", "never ran")
            assert told.pop((entry.key, entry.run_id), 0) == failed, made.story()
            if not ticket.open:
                state = "not_planned" if failed else "completed"
                assert ticket.state_reason == state, made.story()
                assert ("schedule:failed" in ticket.labels) == failed, made.story()
        assert not told, made.story()


def requests_of(scene: Callable[[], World]) -> int:
    made = scene()
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    sound(made)
    return len(queue.calls)


def settle(made: World) -> None:
    made.until_quiet()
    made.clock.sleep(PAUSE)
    made.tick()
    sound(made)


@everywhere
@pytest.mark.parametrize("kind", one_in(3, FAULTS))
def test_a_fault_at_each_request(scene: Callable[[], World], kind: str) -> None:
    for index in range(1, requests_of(scene) + 1):
        made = scene()
        made.tick(faulty(made.clock, Fault(index, kind)))
        settle(made)


def at(index: int, act: Callable[[], object], *, before: bool) -> Through:
    """Does ``act`` at a request, before it or after it took effect."""

    def through(place: int, name: str, send: Callable[[], object]) -> object:
        if place == index and before:
            act()
        answer = send()
        if place == index and not before:
            act()
        return answer

    return through


@everywhere
def test_a_whole_tick_at_each_request_of_another(scene: Callable[[], World]) -> None:
    for index, before in itertools.product(range(1, requests_of(scene) + 1), (True, False)):
        made = scene()
        made.tick(at(index, made.tick, before=before))
        sound(made)
        settle(made)


def dead_ticks(scene: Callable[[], World], one: int, other: int) -> None:
    made = scene()
    for index in (one, other):
        made.tick(faulty(made.clock, Fault(index, "crash-after")))
        made.clock.sleep(PAUSE)
    settle(made)


@pytest.mark.parametrize("scene", [failing, series], ids=lambda each: each.__name__)
def test_two_dead_ticks_one_after_the_other(scene: Callable[[], World]) -> None:
    most = requests_of(scene)
    for one in range(1, most + 1, 2):
        for other in range(1, most + 1, 2):
            dead_ticks(scene, one, other)


@everywhere
def test_two_ticks_side_by_side(scene: Callable[[], World]) -> None:
    for seed in range(6):
        chance = random.Random(seed)
        made = scene()
        interleave(made, [[], []], iter([chance.randint(0, 1) for _ in range(80)]))
        settle(made)


@pytest.mark.soak
@everywhere
def test_two_ticks_side_by_side_and_a_fault_in_each(scene: Callable[[], World]) -> None:
    most = requests_of(scene)
    for seed in range(300):
        chance = random.Random(seed)
        made = scene()
        plans = [[Fault(chance.randint(1, most), chance.choice(FAULTS))] for _ in range(2)]
        interleave(made, plans, iter([chance.randint(0, 1) for _ in range(80)]))
        settle(made)


# The same over HTTP.


def opened(stage: Stage) -> None:
    """A job whose run has failed, and one whose run went well; no tick has seen either end."""
    stage.sandbox.reset()
    for name in ("1", "2"):
        stage.open(name)
    stage.tick()
    for run, word in zip(
        list(stage.sandbox.repository().runs.values()), ("failure", "success"), strict=True
    ):
        stage.sandbox.finish_run(run.id, word)
    stage.sandbox.clear_requests()


def audited(stage: Stage) -> None:
    stage.sandbox.clear_faults()
    stage.until_quiet()
    for number, word, state in ((1, "failure", "not_planned"), (2, "success", "completed")):
        history, issue = stage.history(number), stage.issue(number)
        assert [e.conclusion for e in history.journal.entries] == [word]
        assert len(history.news) == (word == "failure")
        assert (issue["state"], issue["state_reason"]) == ("closed", state)
        labels = {label["name"] for label in issue["labels"]}
        assert ("schedule:failed" in labels) == (word == "failure")
    assert sorted(stage.names()) == ["1", "2"]


KINDS = ("drop-before", "drop-after", "502-after", "429", "stall")


def over_http(tmp_path: Path, share: int) -> None:
    with served(tmp_path) as stage:
        opened(stage)
        stage.tick()
        most = len(stage.sandbox.requests)
        audited(stage)
        for index, (place, kind) in itertools.product(range(1, most + 1), enumerate(KINDS)):
            if (index + place) % share:
                continue
            opened(stage)
            if kind == "stall":
                with stage.at_request(index, lambda: stage.sandbox.clock.advance(STALL)):
                    stage.tick()
            else:
                stage.sandbox.fault(kind, nth=index, retry_after=1)
                stage.tick()
            audited(stage)


@pytest.mark.slow
def test_faults_over_http(tmp_path: Path) -> None:
    over_http(tmp_path, share=5)


@pytest.mark.soak
def test_every_fault_over_http(tmp_path: Path) -> None:
    over_http(tmp_path, share=1)
