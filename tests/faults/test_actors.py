"""Runs that are shown as somebody else's than the scheduler's own login."""

from __future__ import annotations

import pytest

from scheduler.ports.values import Dispatch, Run, Target
from tests.faults.test_holes import at
from tests.faults.world import World, body, world
from tests.support.fakes import Crash

TITLED, PLAIN = "titled.yml", "plain.yml"


def due(workflow: str) -> World:
    made = world()
    made.hub.open(body("1", to=f"workflow: {workflow}"))
    return made


def die() -> None:
    raise Crash


def by_hand(made: World, workflow: str) -> None:
    target = Target(repo=made.hub.repository, ref="main", workflow=workflow)
    made.hub.start(Dispatch(target=target, inputs={"schedule_id": ""}), "somebody")


@pytest.mark.parametrize(("workflow", "outcome"), [(TITLED, "dispatched"), (PLAIN, "held")])
def test_a_server_that_names_another_actor_starts_nothing_twice(
    workflow: str, outcome: str
) -> None:
    odd = due(workflow)
    start = odd.hub.start

    def renamed(request: Dispatch, actor: str) -> Run | None:
        return start(request, "another")

    odd.hub.start = renamed  # type: ignore[method-assign]
    odd.tick(at("dispatch", die, before=False))
    odd.until_quiet()
    assert odd.audit(1, "1", may_hold=True) == outcome
    assert odd.count("1") == 1


@pytest.mark.parametrize(("workflow", "outcome"), [(TITLED, "dispatched"), (PLAIN, "held")])
def test_somebody_who_starts_the_same_workflow_by_hand(workflow: str, outcome: str) -> None:
    """Where titles show keys it is plainly another; else a person has to say."""
    busy = due(workflow)
    busy.tick(at("dispatch", die))
    by_hand(busy, workflow)
    busy.until_quiet()
    assert busy.audit(1, "1", may_hold=True) == outcome


@pytest.mark.parametrize("workflow", [TITLED, PLAIN])
def test_a_run_by_hand_hides_none_of_the_schedulers_own(workflow: str) -> None:
    both = due(workflow)
    both.tick(at("dispatch", die, before=False))
    by_hand(both, workflow)
    both.until_quiet()
    assert both.audit(1, "1") == "dispatched"
