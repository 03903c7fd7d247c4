"""Runs that are tried again: each fault at each request, and two ticks side by side.

Whatever goes wrong, each try is sent once, none is lost, the end of each run is recorded, and of a
failure people are told once.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable

import pytest

from tests.faults.world import FAULTS, PAUSE, Fault, World, body, faulty, interleave, world
from tests.support.fakes import MemoryQueue
from tests.support.seed import seed

KEY = "1@2026-11-23T12:00:00Z"
TRIES = [KEY, f"{KEY}~2"]
#: How the runs of a job with one retry end, one after the other.
WELL, BADLY = ("failure", "success"), ("failure", "timed_out")
#: The ticks that dispatch, see the first run fail, try it again, and see the second one end.
TICKS = 4
LONG = ("long-before", "long-after")


def begun(*, once: bool = True, to: str = "workflow: titled.yml", details: bool = True) -> World:
    made = world(details=details)
    rule = "" if once else "every: 6h\n"
    made.hub.open(body("1", to=to, more=f"{rule}retries: 1\nretry-after: 0s\n"))
    return made


def end(made: World, words: Iterable[str]) -> None:
    """Every run that is under way ends, as its turn is."""
    for (_, run), word in zip(made.hub.runs, words, strict=False):
        if run.conclusion is None:
            made.hub.mark(run.id, "completed", word)


def ticks(made: World, words: tuple[str, ...], plan: dict[int, list[Fault]]) -> list[int]:
    """Tick after tick, with the faults of each; how many requests each made."""
    counts = []
    for number in range(1, TICKS + 1):
        end(made, words)
        faults = faulty(made.clock, *plan.get(number, ()))
        queue = MemoryQueue(made.hub, through=faults)
        made.tick(queue=queue)
        counts.append(queue.requests)
        made.clock.sleep(PAUSE)
    return counts


def audit(made: World, words: tuple[str, ...], *, once: bool = True, beside: bool = False) -> None:
    """What has to hold once all is quiet."""
    for _ in range(8):
        end(made, words)
        made.clock.sleep(PAUSE)
        made.tick()
    told = made.story
    assert [sent.key for sent in made.hub.sent] == TRIES, told()
    entries = made.history(1).journal.entries
    # A tick that woke late may have recorded one dispatch as that of two attempts.
    ran = [*{e.key: e for e in entries if e.outcome == "dispatched"}.values()]
    assert [e.key for e in ran] == TRIES, told()
    assert [e.conclusion for e in ran] == list(words), told()
    assert [e.run_id for e in ran] == [run.id for _, run in made.hub.runs], told()
    news = made.history(1).news
    # Of two that tell the same the later one is deleted by whoever wrote it, unless that one dies.
    assert len({(each.key, each.run_id) for each in news}) == (words is BADLY), told()
    assert beside or len(news) < 2, told()
    ticket = made.hub.ticket(1)
    if once:
        reason = "completed" if words is WELL else "not_planned"
        assert (ticket.open, ticket.state_reason) == (False, reason), told()
        assert ("schedule:failed" in ticket.labels) == (words is BADLY), told()
    else:
        assert ticket.open, told()


def prove(
    words: tuple[str, ...], kinds: Iterable[str], *, share: int = 1, once: bool = True
) -> None:
    """Each of these kinds of faults at each request of each tick, or at one of ``share``."""
    counts = ticks(begun(once=once), words, {})
    assert min(counts) >= 3
    cases = [
        (number, index, kind)
        for number, count in enumerate(counts, start=1)
        for index, kind in itertools.product(range(1, count + 1), kinds)
    ]
    for number, index, kind in random.Random(7).sample(cases, len(cases) // share):
        made = begun(once=once)
        ticks(made, words, {number: [Fault(index, kind)]})
        try:
            audit(made, words, once=once)
        except AssertionError as failure:
            raise AssertionError(f"{words}: tick {number}, request {index}: {kind}") from failure


@pytest.mark.parametrize("words", [WELL, BADLY])
def test_who_dies_after_any_request_loses_and_doubles_nothing(words: tuple[str, ...]) -> None:
    prove(words, ("crash-after",), share=2)


@pytest.mark.slow
@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("words", [WELL, BADLY])
def test_faults_at_some_requests(words: tuple[str, ...], once: bool) -> None:
    prove(words, (*FAULTS, *LONG), share=5, once=once)


@pytest.mark.soak
@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("words", [WELL, BADLY])
def test_each_fault_at_each_request(words: tuple[str, ...], once: bool) -> None:
    prove(words, (*FAULTS, *LONG), once=once)


def side_by_side(chance: random.Random, words: tuple[str, ...], *, once: bool) -> None:
    """Two ticks at a time, each of which may meet a fault."""
    made = begun(once=once)
    kinds = (*FAULTS, *LONG)
    for _ in range(TICKS):
        end(made, words)
        plans = [
            [Fault(chance.randint(1, 20), chance.choice(kinds))] * (chance.random() < 0.3)
            for _ in range(2)
        ]
        order = [chance.randint(0, 1) for _ in range(200)]
        interleave(made, plans, iter(order))
        made.clock.sleep(chance.choice((1, 5, PAUSE)))
    audit(made, words, once=once, beside=True)


@pytest.mark.parametrize("words", [WELL, BADLY])
def test_two_ticks_side_by_side(words: tuple[str, ...]) -> None:
    chance = random.Random(11)
    for _ in range(6):
        side_by_side(chance, words, once=True)


@pytest.mark.soak
@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("words", [WELL, BADLY])
def test_many_pairs_of_ticks_side_by_side(words: tuple[str, ...], once: bool) -> None:
    chance = random.Random(seed())
    for _ in range(300):
        side_by_side(chance, words, once=once)


def asked(*, by: str = "comment") -> World:
    """A job without retries, whose run failed, and which somebody wants to have tried again."""
    made = world()
    made.hub.open(body("1"))
    made.tick()
    end(made, BADLY)
    made.clock.sleep(PAUSE)
    made.tick()
    assert made.hub.ticket(1).state_reason == "not_planned"
    if by == "comment":
        made.hub.comment(1, "/retry", by="owner")
    else:
        made.hub.reopen(1)
    return made


@pytest.mark.parametrize("by", ["comment", "reopening"])
@pytest.mark.parametrize(
    ("kind", "share"),
    [
        ("crash-after", 3),
        pytest.param("crash-after", 1, marks=pytest.mark.slow),
        pytest.param("drop-after", 1, marks=pytest.mark.slow),
    ],
)
def test_what_a_person_wants_is_tried_again_once(by: str, kind: str, share: int) -> None:
    queue = MemoryQueue((first := asked(by=by)).hub)
    first.tick(queue=queue)
    assert [sent.key for sent in first.hub.sent] == TRIES
    for index in range(1, queue.requests + 1, share):
        made = asked(by=by)
        made.tick(faulty(made.clock, Fault(index, kind)))
        for _ in range(6):
            made.clock.sleep(PAUSE)
            made.tick()
        assert [sent.key for sent in made.hub.sent] == TRIES, (index, made.story())
        ticket = made.hub.ticket(1)
        assert (ticket.open, ticket.state_reason) == (False, "completed"), (index, made.story())
        assert ticket.labels == ("schedule",), (index, made.story())
