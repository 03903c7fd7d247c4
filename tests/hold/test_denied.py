"""A token that reads the queue and may do nothing: the hold ends and says so."""

from __future__ import annotations

from collections.abc import Callable

from scheduler.errors import NotPermitted
from scheduler.tick.tick import OUTAGES
from tests.support.fakes import Through
from tests.support.hold_world import HoldWorld, hold_world


def denied(world: HoldWorld, *numbers: int) -> Through:
    """May dispatch none of these jobs, counted from 1 as they are sent."""
    asked: list[int] = []

    def through(_: int, name: str, act: Callable[[], object]) -> object:
        if name == "dispatch":
            asked.append(len(asked) + 1)
            if asked[-1] in numbers:
                raise NotPermitted("token: lacks actions: write")
        return act()

    return through


def test_so_many_jobs_in_a_row_that_are_denied_end_the_hold() -> None:
    world = hold_world()
    for each in range(OUTAGES + 1):
        world.open(f"{each}", 100 + 10 * each)
    report = world.stays(denied(world, *range(1, 99)))
    assert isinstance(report.error, NotPermitted)
    assert "actions: write" in report.stopped
    assert len(world.named("dispatch")) == OUTAGES
    assert report.next_due is not None
    assert not any(comment.body for comment in world.hub.comments.values()), "no claim is left"


def test_one_that_works_in_between_begins_the_count_anew() -> None:
    world = hold_world(hold=1200)
    numbers = {f"{each}": world.open(f"{each}", 100 + 10 * each) for each in range(6)}
    report = world.stays(denied(world, 1, 2, 4, 5))
    assert report.error is None
    for name, number in numbers.items():
        assert world.audit(number, name) == "dispatched"


def test_one_job_that_is_denied_again_and_again_ends_no_hold_and_costs_little() -> None:
    world = hold_world(hold=3600, poll=20)
    denied_one = world.open("denied", 100, to="event: denied")
    for each in range(5):
        world.open(f"{each}", 700 * each + 300)

    def through(_: int, name: str, act: Callable[[], object]) -> object:
        last = world.hub.on(denied_one)
        if name == "dispatch" and last and "schedule:claim" in last[-1].body:
            raise NotPermitted("repo: this token reaches no octo/other")
        return act()

    report = world.stays(through)
    assert report.error is None
    assert [world.sent_at(f"{each}") for each in range(5)] == [
        [700 * each + 300] for each in range(5)
    ]
    assert [(note.id, note.reason) for note in report.retrying] == [
        (denied_one, "repo: this token reaches no octo/other")
    ]
    assert len(world.named("add_comment")) - 5 <= 3600 / 300
