"""What a request costs: time, a place in the hour, and a page for each hundred items."""

from __future__ import annotations

import random

import pytest

from scheduler.errors import Rejected
from scheduler.ports.values import Dispatch, Environment, Run, Target
from scheduler.settings.model import Settings
from scheduler.simulation.meter import PERSON, TARGET, MeteredHub, MeteredQueue, latency, pages
from scheduler.simulation.scenario import Platform
from scheduler.simulation.timeline import BEGIN, Timeline
from tests.conftest import QUEUE


class Place:
    """A hub, and one process of which each request takes a second."""

    def __init__(self) -> None:
        self.timeline = Timeline()
        self.hub = MeteredHub(self.timeline, Settings(), Platform())
        self.queue = MeteredQueue(self.hub, wait=self.timeline.wait, latency=lambda: 1.0)

    def opened(self, count: int) -> list[int]:
        return [self.hub.open("hello", author=PERSON) for _ in range(count)]

    @property
    def spent(self) -> tuple[int, int]:
        """The requests that count, and those answered 304."""
        meter = self.hub.meter
        return sum(meter.counted.values()), sum(meter.unchanged.values())


@pytest.fixture
def place() -> Place:
    return Place()


@pytest.mark.parametrize(("items", "requests"), [(0, 1), (1, 1), (100, 1), (101, 2), (200, 2)])
def test_a_list_costs_a_request_for_each_hundred(place: Place, items: int, requests: int) -> None:
    assert pages(items) == requests
    assert len(place.queue.created_since(BEGIN)) == 0
    place.opened(items)
    before = place.queue.requests
    assert len(place.queue.open_tickets()) == items
    assert place.queue.requests - before == requests
    assert place.spent == (place.queue.requests, 0)
    assert place.timeline.seconds == place.queue.requests


def test_an_answer_is_as_old_as_half_of_what_it_takes(place: Place) -> None:
    def opens(body: str) -> None:
        place.hub.open(body, author=PERSON)

    place.timeline.after(0.4, lambda: opens("in time"))
    place.timeline.after(0.6, lambda: opens("too late"))
    seen: list[str] = []
    place.timeline.spawn(lambda: seen.extend(each.body for each in place.queue.open_tickets()))
    place.timeline.run(lambda: False)
    assert seen == ["in time"]


def test_a_poll_pays_for_the_pages_that_changed(place: Place) -> None:
    queue, numbers = place.queue, place.opened(150)
    assert len(queue.poll_open() or ()) == 150
    assert place.spent == (2, 0)
    assert queue.poll_open() is None
    assert place.spent == (2, 2)
    place.hub.close(numbers[-1])
    assert len(queue.poll_open() or ()) == 149
    assert place.spent == (3, 3)
    for number in numbers[100:]:
        if place.hub.ticket(number).open:
            place.hub.close(number)
    assert len(queue.poll_open() or ()) == 100
    assert place.spent == (3, 4)
    place.hub.put_on(numbers[-1], "theirs")
    # Something has changed, and nothing of the queue.
    assert queue.poll_open() is None
    assert place.spent == (3, 5)


def test_a_process_waits_until_there_is_room_for_its_comment(place: Place) -> None:
    (number,) = place.opened(1)
    while place.queue.room() == 0:
        place.queue.add_comment(number, "hello")
    wait, at = place.queue.room(), place.timeline.seconds
    place.queue.add_comment(number, "at last")
    assert place.timeline.seconds == pytest.approx(at + wait + 1)


def test_a_run_of_an_agent_takes_no_time(place: Place) -> None:
    target = Target(repo=QUEUE, ref="main", workflow=TARGET)
    accepted = place.queue.dispatch(Dispatch(target=target, inputs={"schedule_id": "1@x"}))
    run = place.queue.run(QUEUE, accepted.run_id or 0)
    assert run is not None
    assert (run.title, run.status) == ("agent 1@x", "completed")
    assert [sent.key for sent in place.hub.sent] == ["1@x"]
    with pytest.raises(Rejected):
        place.queue.dispatch(Dispatch(target=Target(repo=QUEUE, ref="main", workflow="no.yml")))


def test_an_alarm_waits_for_as_long_as_its_environment_says(place: Place) -> None:
    place.hub.environments.append(Environment(name="schedule-4m", minutes=4))
    told: list[tuple[str, str, float]] = []

    def wake(event: str, *, title: str = "", timer: float = 0.0) -> Run:
        told.append((event, title, timer))
        run = place.hub.run("scheduler.yml", event, title=title)
        place.hub.mark(run.id, "waiting")
        return run

    place.hub.wake = wake
    scheduler = Target(repo=QUEUE, ref="main", workflow="scheduler.yml")
    for name in ("schedule-4m", "schedule-8m", ""):
        inputs = {"alarm": name} if name else {}
        place.queue.dispatch(Dispatch(target=scheduler, inputs=inputs))
    assert told == [
        ("workflow_dispatch", "alarm schedule-4m", 240),
        ("workflow_dispatch", "alarm schedule-8m", 0),
        ("workflow_dispatch", "", 0),
    ]
    other = place.hub.run("other.yml", "workflow_dispatch")
    place.hub.mark(other.id, "waiting")
    first, *others = place.queue.waiting_runs(scheduler)
    assert (len(others), first.title) == (2, "")
    place.hub.mark(first.id, "completed", "cancelled")
    assert len(place.queue.waiting_runs(scheduler)) == 2
    assert place.hub.sent == []


def test_the_newest_runs_are_those_of_a_workflow(place: Place) -> None:
    runs = [place.hub.run("scheduler.yml", "schedule") for _ in range(40)]
    place.hub.run("other.yml", "push")
    assert [run.id for run in place.queue.newest_runs("scheduler.yml")] == [
        run.id for run in reversed(runs[10:])
    ]
    assert place.spent == (1, 0)


def test_everybody_may_write_and_nobody_did_anything(place: Place) -> None:
    (number,) = place.opened(1)
    assert place.queue.role("whoever") == "write"
    acts = place.queue.acts([number])
    assert acts is not None
    assert acts[number].events == ()
    assert place.queue.settings() == Settings()


def test_latency_lies_between_its_bounds() -> None:
    draw = latency((0.2, 0.6), random.Random(1))
    drawn = [draw() for _ in range(500)]
    assert 0.2 <= min(drawn) < 0.22
    assert 0.58 < max(drawn) <= 0.6
