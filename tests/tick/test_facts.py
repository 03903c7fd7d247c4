"""Each question is asked once in a tick; what may change is asked again when it is too old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.ports.values import Target
from scheduler.tick.facts import REMEMBERED, Facts
from tests.faults.world import World, body, world
from tests.support.contexts import calls, context
from tests.support.fakes import NOON, MemoryQueue, Through

HOUR = timedelta(hours=1)
QUEUE = "octo/queue"


def target(workflow: str | None = "titled.yml", *, ref: str = "") -> Target:
    event = None if workflow else "wake"
    return Target(repo=QUEUE, ref=ref, workflow=workflow, event=event)


@pytest.mark.parametrize(
    ("ask", "requests"),
    [
        (lambda facts: facts.login(), ["viewer"]),
        (lambda facts: facts.role("owner"), ["role"]),
        (lambda facts: facts.may_write("owner"), ["role"]),
        (lambda facts: facts.declared(target()), ["workflow_file"]),
        (lambda facts: facts.declared(target("gone.yml")), ["workflow_file"]),
        (lambda facts: facts.declared(target(None)), []),
        (lambda facts: facts.newest_run(QUEUE), ["newest_run"]),
        (lambda facts: facts.recent_comments(NOON - HOUR), ["recent_comments"]),
        (lambda facts: facts.older_comments(NOON - HOUR), ["recent_comments"]),
    ],
)
def test_a_question_is_asked_once(ask: Callable[[Facts], object], requests: list[str]) -> None:
    ctx = context(world().hub)
    first = ask(ctx.facts)
    assert ask(ctx.facts) == first
    assert calls(ctx) == requests


@pytest.mark.parametrize(("seconds", "asked"), [(REMEMBERED, 1), (REMEMBERED + 1, 2)])
def test_a_role_is_asked_again_once_it_is_too_old(seconds: float, asked: int) -> None:
    made = world()
    ctx = context(made.hub)
    ctx.facts.role("owner")
    made.clock.sleep(seconds)
    ctx.facts.role("owner")
    assert calls(ctx) == ["role"] * asked


def test_a_role_that_is_not_enough_is_not_asked_again_in_this_tick() -> None:
    made = world()
    ctx = context(made.hub)
    assert not ctx.facts.may_write("stranger")
    made.clock.sleep(REMEMBERED + 1)
    assert not ctx.facts.may_write("stranger")
    assert calls(ctx) == ["role"]


def test_the_branch_that_came_with_a_file_is_not_asked_for() -> None:
    ctx = context(world().hub)
    found, declared = ctx.facts.target(target())
    assert found.ref == "main"
    assert declared is not None
    named, _ = ctx.facts.target(target(ref="v1"))
    assert named.ref == "v1"
    assert calls(ctx)[0] == "workflow_file"


def test_a_run_that_was_seen_is_the_newest_known() -> None:
    ctx = context(world().hub)
    ctx.facts.saw_run(QUEUE, 7, "1@x")
    ctx.facts.saw_run(QUEUE, 5, "2@x")
    assert ctx.facts.newest_run(QUEUE) == 7
    assert ctx.facts.started == {7: "1@x", 5: "2@x"}
    assert calls(ctx) == []


def refusing(name: str, error: Exception) -> Through:
    def through(_: int, called: str, act: Callable[[], object]) -> object:
        if called == name:
            raise error
        return act()

    return through


@pytest.mark.parametrize("error", [Rejected("no", status=404), NotPermitted("no")])
def test_of_runs_that_can_not_be_read_none_is_the_newest(error: Exception) -> None:
    ctx = context(MemoryQueue(world().hub, through=refusing("newest_run", error)))
    assert ctx.facts.newest_run(QUEUE) is None


@pytest.mark.parametrize("error", [Rejected("no", status=404), Unavailable("502")])
def test_a_list_of_comments_that_fails_is_none_and_is_tried_again(error: Exception) -> None:
    ctx = context(MemoryQueue(world().hub, through=refusing("recent_comments", error)))
    assert ctx.facts.recent_comments(NOON - HOUR) is None
    assert ctx.facts.recent_comments(NOON - HOUR) is None
    assert ctx.facts.older_comments(NOON - HOUR) is None
    assert ctx.facts.older_comments(NOON - HOUR) is None
    assert calls(ctx) == ["recent_comments"] * 3


@pytest.mark.parametrize(
    ("since", "earlier", "asked"),
    [(NOON, False, 1), (NOON - HOUR, False, 1), (NOON - 2 * HOUR, False, 1), (NOON, True, 0),
     (NOON - HOUR, True, 0), (NOON - 2 * HOUR, True, 1)],
)  # fmt: skip
def test_after_a_write_the_list_is_old_unless_an_earlier_one_will_do(
    since: object, earlier: bool, asked: int
) -> None:
    made = world()
    made.hub.open(body("1"))
    ctx = context(made.hub)
    ctx.facts.recent_comments(NOON - HOUR)
    made.hub.comment(1, "meanwhile", by="owner")
    ctx.facts.forget_comments()
    calls(ctx)
    found = ctx.facts.recent_comments(since, earlier=earlier)  # type: ignore[arg-type]
    assert found is not None
    assert len(found) == asked, "the comment that came meanwhile"
    assert calls(ctx) == ["recent_comments"] * asked


def crowd(number: int) -> World:
    made = world()
    for each in range(number):
        made.hub.open(body(f"{each}"))
    return made


@pytest.mark.parametrize(("jobs", "asked"), [(1, 1), (50, 1), (51, 2), (120, 3)])
def test_who_did_what_is_asked_of_fifty_issues_at_once(jobs: int, asked: int) -> None:
    made = crowd(jobs)
    ctx = context(made.hub)
    tickets = made.hub.open_issues()
    ctx.facts.expect(tickets)
    for ticket in tickets:
        ctx.facts.acts(ticket)
    assert calls(ctx).count("acts") == asked


def test_of_an_issue_that_was_forgotten_it_is_asked_anew() -> None:
    made = crowd(1)
    ctx = context(made.hub)
    (ticket,) = made.hub.open_issues()
    ctx.facts.acts(ticket)
    ctx.facts.acts(ticket)
    ctx.facts.forget_acts(ticket.number)
    ctx.facts.acts(ticket)
    assert calls(ctx).count("acts") == 2
