"""Jobs that end without a dispatch: how many at a time, in which order, and what reopens them."""

from __future__ import annotations

import itertools

import pytest

from scheduler.settings.model import Allow, Limits, Settings
from scheduler.tick.report import TickReport
from tests.faults.test_holes import at
from tests.faults.world import FAULTS, Fault, World, body, faulty, world
from tests.support.fakes import Crash, MemoryQueue
from tests.support.sampled import one_in

FEW = Settings(limits=Limits(per_tick=2))
SOON_OVER = "deadline: 1s\n"


def told(made: World) -> TickReport:
    report = made.tick()
    assert report is not None
    return report


def test_missed_jobs_keep_nobody_waiting_and_end_so_many_at_a_time() -> None:
    made = world(settings=FEW)
    for name in "1234":
        made.hub.open(body(name, more=SOON_OVER))
    made.hub.open(body("young"))
    made.clock.step(60)
    report = told(made)
    assert [fired.id for fired in report.dispatched] == [5]
    assert [note.id for note in report.missed] == [1, 2]
    assert report.waiting == 2
    assert [note.id for note in told(made).missed] == [3, 4]


@pytest.mark.parametrize("reason", ["reopened", None])
def test_a_missed_job_that_is_reopened_runs_late(reason: str | None) -> None:
    # Some servers tell no `state_reason`; the label that came with the closing tells as much.
    made = world()
    made.hub.open(body("1", more=SOON_OVER))
    made.clock.step(60)
    assert [note.id for note in told(made).missed] == [1]
    made.hub.reopen(1)
    made.hub.change(1, state_reason=reason)
    assert [fired.id for fired in told(made).dispatched] == [1]
    assert made.hub.ticket(1).labels == ("schedule",)


ENDS = ("missed", "rejected", "discarded", "skipped")


def ends_as(end: str) -> World:
    """A due job that comes to that end, and a later one for `skipped` to look at."""
    made = world(settings=Settings(allow=Allow(workflows=("titled.yml",))))
    to = "workflow: plain.yml" if end == "rejected" else "workflow: titled.yml"
    more = {"missed": SOON_OVER, "skipped": "unless: closed(#2)\n"}.get(end, "")
    made.hub.open(body("1", to=to, more=more))
    if end == "skipped":
        made.hub.close(made.hub.open("no job"))
    if end == "discarded":
        made.hub.disabled.add("titled.yml")
    return made


def ended(made: World, end: str) -> None:
    ticket, story = made.hub.ticket(1), made.story()
    assert (ticket.open, ticket.state_reason) == (False, "not_planned"), story
    assert set(ticket.labels) == {"schedule", f"schedule:{end}"}, story
    assert [entry.outcome for entry in made.history(1).journal.entries][-1] == end, story
    assert made.count("1") == 0, story


@pytest.mark.parametrize("end", one_in(3, ENDS))
def test_each_fault_at_each_request_of_an_end(end: str) -> None:
    """Recorded, closed, labelled: whoever dies in between, the next ticks do what is left."""
    made = ends_as(end)
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    ended(made, end)
    assert queue.calls[-3:] == ["edit_comment", "set_state", "add_label"]
    for index, kind in itertools.product(range(1, queue.requests + 1), FAULTS):
        made = ends_as(end)
        made.tick(faulty(made.clock, Fault(index, kind)))
        made.until_quiet()
        ended(made, end)


def test_an_end_that_lacks_its_label_costs_one_request_and_one_that_has_it_none() -> None:
    made = ends_as("missed")
    made.tick(at("add_label", _die))
    assert (made.hub.ticket(1).open, made.hub.ticket(1).labels) == (False, ("schedule",))
    queue, nothing = MemoryQueue(made.hub), MemoryQueue(made.hub)
    made.tick(queue=queue)
    ended(made, "missed")
    made.tick(queue=nothing)
    assert set(queue.calls) - set(nothing.calls) == {"viewer", "recent_comments", "add_label"}


def test_no_label_is_put_on_by_the_word_of_somebody_else() -> None:
    # A stranger copies a journal onto an issue of their own, and closes it.
    made = ends_as("missed")
    made.tick()
    journal = made.hub.on(1)[-1].body
    theirs = made.hub.open(body("2"), author="stranger")
    made.hub.comment(theirs, journal, by="stranger")
    made.hub.close(theirs, by="stranger", reason="not_planned")
    made.tick()
    assert made.hub.ticket(theirs).labels == ("schedule",)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("reason", ["reopened", None])
def test_an_end_that_is_reopened_is_looked_at_anew_and_loses_its_label(
    end: str, reason: str | None
) -> None:
    made = ends_as(end)
    made.tick()
    made.settings, made.hub.workflows["plain.yml"] = Settings(), made.hub.workflows["titled.yml"]
    made.hub.disabled.clear()
    if end == "skipped":
        made.hub.reopen(2)
    made.hub.reopen(1)
    made.hub.change(1, state_reason=reason)
    made.tick()
    assert made.audit(1, "1") == "dispatched"
    assert made.hub.ticket(1).labels == ("schedule",)


def _die() -> None:
    raise Crash
