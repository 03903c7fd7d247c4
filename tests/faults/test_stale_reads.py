"""Reads that show an older state than was written, and what they make impossible.

GitHub promises no read-after-write. Most of what could come of it is noticed: a claim that
is missing from the list, a list and an issue that count differently. What can't be noticed
stands at the end of this file, each in its smallest case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.ports.values import Ticket
from tests.faults.stage import served
from tests.faults.test_holes import at
from tests.faults.world import Fault, World, body, faulty, interleave, world
from tests.support.fakes import MemoryQueue
from tests.support.sampled import one_in

LATE = (10.0, *(pytest.param(seconds, marks=pytest.mark.slow) for seconds in (0.5, 59.0)))
everywhere = pytest.mark.parametrize("seconds", LATE)


def due(
    to: str = "workflow: titled.yml", jobs: int = 1, stale: dict[str, float] | None = None
) -> World:
    made = world()
    for number in range(1, jobs + 1):
        made.hub.open(body(str(number), to=to))
    made.hub.stale = stale or {}
    made.clock.sleep(120)
    return made


@everywhere
@pytest.mark.parametrize("what", ["comments", "issues", "runs"])
@pytest.mark.parametrize("to", one_in(2, ["workflow: titled.yml", "workflow: plain.yml"]))
@pytest.mark.parametrize("kind", ["crash-before", "crash-after", "drop-after"])
def test_one_fault_and_late_reads(what: str, seconds: float, to: str, kind: str) -> None:
    for index in range(1, 20):
        stale = due(to, stale={what: seconds})
        stale.tick(faulty(stale.clock, Fault(index, kind)))
        for _ in range(4):
            stale.clock.sleep(40)
            stale.tick()
            assert stale.count("1") <= 1
        stale.hub.stale = {}
        stale.until_quiet()
        assert stale.audit(1, "1") == "dispatched"


def late_reads_of_two_ticks(what: str, seconds: float, turns: int) -> None:
    """Two ticks at once, in an order that ``turns`` says, are shown ``what`` so late."""
    stale = due("workflow: plain.yml", jobs=2, stale={what: seconds})
    order = iter([turns >> bit & 1 for bit in range(6) for _ in range(1 + turns % 7)])
    interleave(stale, [[], []], order)
    stale.hub.stale = {}
    stale.until_quiet()
    for number in (1, 2):
        assert stale.audit(number, str(number), may_hold=True)


@everywhere
@pytest.mark.parametrize("what", ["comments", "issues", "runs"])
def test_two_ticks_and_late_reads(what: str, seconds: float) -> None:
    for turns in range(0, 64, 2):
        late_reads_of_two_ticks(what, seconds, turns)


@everywhere
@pytest.mark.parametrize(
    "stop",
    [
        lambda hub: hub.close(1),
        lambda hub: hub.change(1, labels=()),
        lambda hub: hub.change(1, locked=True),
        lambda hub: hub.change(1, body=body("1", to="workflow: plain.yml")),
    ],
    ids=["closed", "unlabelled", "locked", "edited"],
)
def test_a_late_view_of_an_issue_that_was_stopped(
    stop: Callable[..., None], seconds: float
) -> None:
    stale = due(stale={"issues": seconds})
    stop(stale.hub)
    stale.tick()
    assert all(sent.request.target.workflow == "plain.yml" for sent in stale.hub.sent)


def test_late_reads_over_http(tmp_path: Path) -> None:
    for what, seconds in (("comments", 5), ("issues", 30), ("runs", 60), ("comments", 60)):
        with served(tmp_path) as stage:
            number = stage.open("1")
            stage.sandbox.clock.advance(120)
            stage.sandbox.set_staleness(**{what: seconds})
            stage.sandbox.call("owner", "PATCH", "/repos/octo/queue/issues/1", {"state": "closed"})
            stage.tick()
            assert stage.names() == []
            stage.sandbox.call("owner", "PATCH", "/repos/octo/queue/issues/1", {"state": "open"})
            stage.sandbox.clock.advance(120)
            stage.tick()
            assert stage.names().count("1") <= 1
            stage.sandbox.set_staleness(**{what: 0})
            stage.sandbox.clock.advance(120)
            stage.until_quiet()
            assert stage.audit(number, "1") == "dispatched"


# What GitHub makes impossible to promise.


def test_impossible_a_replica_that_hides_the_first_claim_and_its_count() -> None:
    """Two ticks claim at once; the second reads from a copy that lacks only the first claim.

    A list that shows a newer comment and lacks an older one, beside an issue whose count
    lacks it too, can't be told from the truth. GitHub has no conditional write and no
    lock that would refuse the second claim. A ``concurrency`` group, which lets one tick
    run at a time, is what prevents it; two ticks outside of it can then dispatch twice.
    """
    split = due()
    hub = split.hub
    first, second = MemoryQueue(hub), MemoryQueue(hub)

    def overtake() -> None:
        claim = min(hub.comments)
        second.blind = {claim}
        listed = hub.shown

        def without_it(number: int) -> Ticket:
            shown = listed(number)
            return replace(shown, comments=shown.comments - 1)

        hub.shown = without_it  # type: ignore[method-assign]
        split.tick(queue=second)
        hub.shown = listed  # type: ignore[method-assign]

    first.through = at("ticket", overtake, before=False)
    split.tick(queue=first)
    assert split.count("1") == 2


def test_impossible_a_dispatch_that_takes_effect_after_it_was_given_up() -> None:
    """A process freezes between its last look at the clock and the request's departure.

    It holds a valid claim, stops for longer than ``recover-after`` (a suspended machine, a
    request stuck in a proxy), and then sends. Another tick has meanwhile seen that no run
    exists, and has dispatched. A dispatch carries no condition and no key that GitHub would
    compare, so nothing can refuse the late one. The runs tell: both show the same
    ``schedule_id``.
    """
    frozen = due()

    def freeze() -> None:
        frozen.clock.sleep(150)
        frozen.tick()

    frozen.tick(at("dispatch", freeze))
    assert frozen.count("1") == 2
    assert len({sent.key for sent in frozen.hub.sent}) == 1


def test_impossible_a_run_that_is_shown_later_than_recover_after() -> None:
    """The tick dies after its dispatch, and GitHub shows the run only after 120 s.

    Recovery then finds no run and dispatches again. ``limits.recover-after`` is that
    patience; the default allows a run a minute to become visible.
    """
    dark = due(stale={"runs": 400})
    dark.tick(faulty(dark.clock, *_after(dark, "dispatch", "crash-after")))
    dark.clock.sleep(125)
    dark.tick()
    assert dark.count("1") == 2
    patient = due(stale={"runs": 59})
    patient.tick(faulty(patient.clock, *_after(patient, "dispatch", "crash-after")))
    patient.until_quiet()
    assert patient.audit(1, "1") == "dispatched"


def test_impossible_a_run_that_was_deleted_before_anybody_recorded_it() -> None:
    """The tick dies after its dispatch, and a person deletes the run before the next tick.

    GitHub keeps no trace of a deleted run, so it looks like one that never started.
    """
    deleted = due()
    deleted.tick(faulty(deleted.clock, *_after(deleted, "dispatch", "crash-after")))
    deleted.hub.runs.clear()
    deleted.until_quiet()
    assert deleted.count("1") == 2


def test_impossible_a_close_that_comes_after_the_claim_was_read_again() -> None:
    """A person closes the issue in the moment between the last look and the dispatch.

    The dispatch is made; the journal says so, and ``schedule cancel --run`` stops it.
    """
    crossed = due()
    crossed.tick(at("dispatch", lambda: crossed.hub.close(1, reason="not_planned")))
    assert crossed.count("1") == 1
    assert crossed.history(1).journal.entries[-1].outcome == "dispatched"
    assert crossed.clock.skew == timedelta(0)


def _after(world: World, name: str, kind: str) -> list[Fault]:
    twin = due()
    queue = MemoryQueue(twin.hub)
    twin.tick(queue=queue)
    return [Fault(queue.calls.index(name) + 1, kind)]
