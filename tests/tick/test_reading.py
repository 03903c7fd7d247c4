"""How an issue is read as a job: what it may be instead, and which of its labels are true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.tick.context import HELD_FOR
from scheduler.tick.outcome import Heading, Tally
from scheduler.tick.reading import in_order, read
from tests.faults.series import m
from tests.faults.world import World, body, world
from tests.support.contexts import calls, context
from tests.support.fakes import MemoryQueue, Through

HOUR = timedelta(hours=1)


def one(text: str = "", *states: str, minutes: float = 60) -> World:
    made = world()
    made.hub.open(text or body("1", run_at=m(minutes)))
    made.hub.change(1, labels=("schedule", *(f"schedule:{each}" for each in states)))
    return made


def failing(error: Exception, name: str) -> Through:
    def through(_: int, called: str, act: Callable[[], object]) -> object:
        if called == name:
            raise error
        return act()

    return through


def test_a_job_is_read_with_nothing_asked_or_noted() -> None:
    made, tally = one(), Tally()
    ctx = context(made.hub)
    found = read(ctx, tally, made.hub.ticket(1), now=ctx.began)
    assert found is not None
    assert (found.job.run_at, found.raw.max_attempts, found.asked.max_attempts) == (m(60), None, 5)
    assert (calls(ctx), tally.outcomes, ctx.unexplained) == ([], [], {})


@pytest.mark.parametrize("text", ["no job", "---\nrun-at: soon\n---\n", "---\nevery: 10m\n---\n"])
def test_what_is_no_job_is_noted_and_its_author_is_still_to_be_told(text: str) -> None:
    made, tally = one(text), Tally()
    ctx = context(made.hub)
    assert read(ctx, tally, made.hub.ticket(1), now=ctx.began) is None
    ((number, notes),) = ((each.number, each.notes) for each in tally.outcomes)
    ((heading, words),) = notes
    assert (number, heading) == (1, Heading.INVALID)
    assert ctx.unexplained == {1: (made.hub.ticket(1), words)}
    assert calls(ctx) == []


@pytest.mark.parametrize(
    ("ago", "is_read"), [(timedelta(0), True), (HELD_FOR, True), (HELD_FOR + HOUR, False)]
)
def test_the_label_of_a_hold_is_believed_once_nobody_has_touched_the_issue_for_long(
    ago: timedelta, is_read: bool
) -> None:
    made, tally = one("", "held", minutes=9999), Tally()
    ctx = context(made.hub)
    ticket = made.hub.ticket(1)
    found = read(ctx, tally, ticket, now=ticket.updated_at + ago)
    assert (found is not None) == is_read
    assert [notes[0] for each in tally.outcomes for notes in each.notes] == (
        [] if is_read else [Heading.HELD]
    )


@pytest.mark.parametrize(
    ("labels", "minutes", "left"),
    [
        (("invalid",), 60, ()),
        (("invalid",), -60, ()),
        (("missed",), 60, ()),
        # Of a job that is due it says that a person reopened it.
        (("missed",), -60, ("missed",)),
        (("missed", "invalid"), -60, ("missed",)),
        (("held",), 60, ("held",)),
        (("recurring", "paused"), 60, ("recurring", "paused")),
    ],
)
def test_labels_that_are_true_no_longer_come_off(
    labels: tuple[str, ...], minutes: float, left: tuple[str, ...]
) -> None:
    made = one("", *labels, minutes=minutes)
    ctx = context(made.hub)
    found = read(ctx, Tally(), made.hub.ticket(1), now=ctx.began)
    assert found is not None
    assert found.ticket.labels == ("schedule", *(f"schedule:{each}" for each in left))
    assert made.hub.ticket(1).labels == found.ticket.labels


@pytest.mark.parametrize("error", [Unavailable("502"), Rejected("no", status=422),
                                   NotPermitted("token: no")])  # fmt: skip
@pytest.mark.parametrize(("name", "is_read"), [("remove_label", True), ("comments", False)])
def test_what_github_does_not_answer_is_noted_and_tried_by_the_next_tick(
    name: str, is_read: bool, error: Exception
) -> None:
    made, tally = one("", "invalid"), Tally()
    made.hub.comment_list = False
    made.hub.comment(1, "Why?", by="owner")
    ctx = context(MemoryQueue(made.hub, through=failing(error, name)))
    found = read(ctx, tally, made.hub.ticket(1), now=ctx.began)
    assert (found is not None) == is_read
    (outcome,) = tally.outcomes
    assert outcome.notes == ((Heading.RETRYING, str(error)),)
    assert tally.next_due == ctx.began


def test_the_texts_of_strangers_are_read_last_and_all_others_in_their_order() -> None:
    made = world()
    for _ in range(4):
        made.hub.open(body("x"))
    shown = ("NONE", "OWNER", "NONE", "COLLABORATOR")
    tickets = [
        replace(ticket, association=each)
        for ticket, each in zip(made.hub.open_issues(), shown, strict=True)
    ]
    assert [each.number for each in in_order(context(made.hub), tickets)] == [2, 4, 1, 3]
