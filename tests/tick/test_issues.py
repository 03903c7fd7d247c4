"""Labels, titles and closings: nothing is written but what changes, and in its order."""

from __future__ import annotations

import pytest

from scheduler.job.states import State
from scheduler.tick import issues
from scheduler.tick.context import Context
from scheduler.tick.issues import MOST_LABELS
from tests.faults.world import World, body, world
from tests.support.contexts import calls, context

PREFIX = "schedule"


def one(*states: str, more: int = 0) -> tuple[World, Context]:
    """A job's issue with the labels of so many states, and others."""
    made = world()
    made.hub.open(body("1"))
    labels = (PREFIX, *(f"{PREFIX}:{each}" for each in states), *(f"x{n}" for n in range(more)))
    made.hub.change(1, labels=labels, title="⏰ mine")
    return made, context(made.hub)


def shown(made: World) -> set[str]:
    labels = made.hub.ticket(1).labels
    return {each.partition(":")[2] for each in labels if each.startswith(f"{PREFIX}:")}


@pytest.mark.parametrize(
    ("before", "state", "requests", "after"),
    [
        ((), State.DISPATCHED, ["set_state"], set()),
        ((), State.MISSED, ["set_state", "add_label"], {"missed"}),
        (("missed",), State.MISSED, ["set_state"], {"missed"}),
        (("invalid",), State.DISPATCHED, ["remove_label", "set_state"], set()),
        (("missed", "invalid"), State.REJECTED,
         ["remove_label", "remove_label", "set_state", "add_label"], {"rejected"}),
        (("held",), State.DISPATCHED, ["set_state"], {"held"}),
        (("held", "recurring"), State.MISSED, ["set_state", "add_label"],
         {"held", "recurring", "missed"}),
    ],
)  # fmt: skip
def test_the_label_of_an_end_comes_after_the_closing_and_all_others_go_before(
    before: tuple[str, ...], state: State, requests: list[str], after: set[str]
) -> None:
    made, ctx = one(*before)
    issues.close(ctx, made.hub.ticket(1), state)
    assert calls(ctx) == requests
    assert shown(made) == after
    ticket = made.hub.ticket(1)
    reason = "completed" if state is State.DISPATCHED else "not_planned"
    assert (ticket.open, ticket.state_reason) == (False, reason)


@pytest.mark.parametrize(
    ("before", "state", "requests"),
    [
        ((), State.PENDING, []),
        ((), State.HELD, ["add_label"]),
        (("held",), State.HELD, []),
        (("held",), State.PENDING, []),
        (("invalid",), State.HELD, ["add_label", "remove_label"]),
        (("invalid", "missed"), State.PENDING, ["remove_label", "remove_label"]),
    ],
)
def test_an_open_issue_shows_its_state_and_a_hold_that_a_person_may_have_put_on(
    before: tuple[str, ...], state: State, requests: list[str]
) -> None:
    made, ctx = one(*before)
    ticket = issues.show(ctx, made.hub.ticket(1), state)
    assert calls(ctx) == requests
    assert ticket.labels == made.hub.ticket(1).labels
    held = {"held"} & {*before, state.value}
    assert shown(made) == held


@pytest.mark.parametrize(("paused", "put_on"), [(True, "add_label"), (False, "remove_label")])
def test_a_pause_is_a_label(paused: bool, put_on: str) -> None:
    made, ctx = one(*([] if paused else ["paused"]))
    ticket = issues.pause(ctx, made.hub.ticket(1), paused=paused)
    assert calls(ctx) == [put_on]
    assert issues.pause(ctx, ticket, paused=paused) == ticket
    assert calls(ctx) == []


@pytest.mark.parametrize(("others", "told"), [(MOST_LABELS - 2, False), (MOST_LABELS - 1, True)])
def test_a_label_too_many_is_told_and_not_tried(others: int, told: bool) -> None:
    made, ctx = one(more=others)
    issues.show(ctx, made.hub.ticket(1), State.HELD)
    assert calls(ctx) == ([] if told else ["add_label"])
    assert set(ctx.label_notices) == ({1} if told else set())


@pytest.mark.parametrize(
    ("meanwhile", "requests", "title"),
    [
        ({}, ["ticket", "set_state"], "⏰ mine!"),
        ({"title": "⏰ theirs"}, ["ticket", "set_state"], "⏰ theirs!"),
        ({"title": "⏰ mine!"}, ["ticket"], "⏰ mine!"),
        ({"open": False}, ["ticket"], "⏰ mine"),
    ],
)
def test_a_title_is_made_of_the_one_that_the_issue_has_now(
    meanwhile: dict[str, object], requests: list[str], title: str
) -> None:
    made, ctx = one()
    before = made.hub.ticket(1)
    made.hub.change(1, **meanwhile)
    issues.retitle(ctx, before, lambda given: given if given.endswith("!") else f"{given}!")
    assert calls(ctx) == requests
    assert made.hub.ticket(1).title == title


def test_a_title_that_stays_costs_nothing() -> None:
    made, ctx = one()
    issues.retitle(ctx, made.hub.ticket(1), lambda title: title)
    assert calls(ctx) == []
