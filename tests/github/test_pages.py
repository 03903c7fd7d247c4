"""Long lists: page numbers end at 10,000 items, GitHub's own addresses of pages do not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from scheduler.connection import connect
from scheduler.environment import Environment
from scheduler.ports.commands import CommandQueue
from tests.conftest import ISSUES, Stage, body

#: Jobs on three pages, where page numbers end with the first.
JOBS, NUMBERED = 230, 200


@pytest.fixture
def queue(stage: Stage) -> Iterator[CommandQueue]:
    """A long queue on a server that gives out numbered pages of it no further."""
    for number in range(JOBS):
        stage.open(body(3600 + number))
    stage.sandbox.configure(numbered_items=NUMBERED)
    connection = connect(Environment.read(stage.environ("bot")))
    stage.sandbox.clear_requests()
    yield connection.queue
    connection.close()


def test_the_server_does_refuse_page_numbers(queue: CommandQueue, stage: Stage) -> None:
    import requests

    root = f"{stage.sandbox.url}{ISSUES}?per_page=100"
    assert requests.get(f"{root}&page=1", timeout=120).status_code == 200
    refused = requests.get(f"{root}&page=2", timeout=120)
    assert refused.status_code == 422
    assert "cursor based pagination" in refused.json()["message"]
    following = requests.get(root, timeout=120).links["next"]["url"]
    assert len(requests.get(following, timeout=120).json()) == 100


def test_every_list_is_read_to_its_end(queue: CommandQueue, stage: Stage) -> None:
    everything = list(range(1, JOBS + 1))
    began = stage.sandbox.clock() - timedelta(hours=1)
    assert [ticket.number for ticket in queue.open_tickets()] == everything
    assert sorted(t.number for t in queue.created_since(began)) == everything
    for number in everything:
        stage.edit(number, state="closed")
    assert sorted(t.number for t in queue.closed_tickets(began)) == everything


def test_a_poll_reads_to_the_end_and_asks_only_for_what_changed(
    queue: CommandQueue, stage: Stage
) -> None:
    def polled() -> tuple[list[int] | None, list[int]]:
        """The jobs, or None, and what each page was answered with."""
        stage.sandbox.clear_requests()
        found = queue.poll_open()
        statuses = [each.status for each in stage.sandbox.requests]
        return None if found is None else [ticket.number for ticket in found], statuses

    everything = list(range(1, JOBS + 1))
    assert polled() == (everything, [200, 200, 200])
    assert polled() == (None, [304, 304, 304])
    stage.edit(JOBS, body=body(60))
    assert polled() == (everything, [304, 304, 200])
    added = stage.open(body(3600))
    assert polled() == ([*everything, added], [304, 304, 200])
    stage.edit(1, state="closed")
    found, statuses = polled()
    assert found == [*everything[1:], added]
    assert statuses[0] == 200
    assert polled() == (None, [304, 304, 304])


def test_a_tick_sees_the_last_job_of_a_long_queue(queue: CommandQueue, stage: Stage) -> None:
    stage.edit(JOBS, body=body(-60))
    report = stage.tick()
    assert report["scanned"] == JOBS
    assert [fired["id"] for fired in report["dispatched"]] == [JOBS]
