"""Which clock wakes the next tick: what is asked, how often, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from scheduler.errors import NotPermitted, Unavailable
from scheduler.hold.memory import read
from scheduler.hold.plan import Plan, Surroundings
from scheduler.ports.values import Environment, Run
from scheduler.settings.model import Alarm, Settings
from scheduler.settings.profiles import HOLD, Stay
from tests.hold.test_arming import MINUTE, SOUND, World, answer
from tests.support.fakes import Through

ASKED = ["environments", "note"]
ARMED = ["waiting_runs", "runs", "dispatch"]


@pytest.fixture
def world() -> World:
    return World()


def planned(
    world: World, through: Through | None = None, profile: str = "auto", **around: Any
) -> Plan:
    arming = world.arming(through)
    surroundings = Surroundings(**around)
    queue = world.queues[-1]
    return Plan(queue, world.clock, arming, profile=profile, around=surroundings)


def due(world: World, minutes: float = 100) -> Plan:
    """A plan that was asked what to do for something due so much later."""
    plan = planned(world)
    plan(world.clock.now() + minutes * MINUTE)
    return plan


def test_nothing_is_asked_where_nothing_waits(world: World) -> None:
    plan = planned(world)
    assert plan(None) is None
    assert (plan.settled, world.calls, plan.said()) == (True, [], [])
    plan.leave(None)
    assert world.calls == []


def test_an_alarm_is_armed_where_the_environments_are(world: World) -> None:
    plan = due(world)
    assert (plan.clock, plan.settled, plan.said()) == ("alarm", True, [])
    assert world.calls == [*ASKED, *ARMED]
    plan.leave(world.clock.now() + 100 * MINUTE)
    assert world.calls == [*ASKED, *ARMED], "once is enough"
    assert world.waiting() == ["alarm schedule-64m"]


@pytest.mark.parametrize(
    ("self_hosted", "clock", "held"),
    [(True, "punctual", (HOLD, Stay.PENDING)), (False, "balanced", (HOLD, Stay.DUE))],
)
def test_without_environments_the_next_best_clock_is_at_work(
    world: World, self_hosted: bool, clock: str, held: tuple[timedelta, Stay]
) -> None:
    world.hub.environments = []
    plan = planned(world, self_hosted=self_hosted)
    at = world.clock.now() + 100 * MINUTE
    assert plan(at) == held
    assert (plan.clock, plan.relays, plan.said()) == (clock, self_hosted, [])
    assert plan(at) is None, "a hold that was over is not begun anew"
    assert world.calls == ASKED


@pytest.mark.parametrize("there", [True, False])
def test_the_environments_are_asked_for_once_a_day(world: World, there: bool) -> None:
    world.hub.environments = list(SOUND) if there else []
    asked = []
    for _ in range(3):
        due(world)
        asked.append([call for call in world.calls if call in ASKED])
    assert asked == [ASKED, [], []]
    world.clock.sleep(86_400)
    due(world)
    assert world.calls[:2] == ASKED
    known = read(world.hub.description)
    assert known is not None
    assert known.clock == ("alarm" if there else "balanced")


def test_what_is_due_soon_is_held_and_what_comes_then_is_armed(world: World) -> None:
    plan = planned(world)
    assert plan(world.clock.now() + 2 * MINUTE) == (3 * MINUTE, Stay.DUE)
    assert world.calls == ASKED
    world.clock.sleep(125)
    assert plan(world.clock.now() + 60 * MINUTE) is None
    assert world.waiting() == ["alarm schedule-32m"]


def test_a_hold_of_hold_after_hold_ends_with_an_alarm(world: World) -> None:
    plan, holds = planned(world), 0
    while plan(world.clock.now() + 2 * MINUTE):
        holds += 1
        world.clock.sleep(120)
    assert holds == 5
    assert world.waiting() == ["alarm schedule-2m"]


def test_what_can_not_be_run_does_not_keep_a_runner(world: World) -> None:
    plan = planned(world)
    assert plan(world.clock.now() - 2 * MINUTE) is None
    assert world.waiting() == ["alarm schedule-2m"]


def test_a_hold_that_ended_early_arms_all_the_same(world: World) -> None:
    plan = planned(world)
    plan(world.clock.now() + 2 * MINUTE)
    plan.leave(world.clock.now() + 2 * MINUTE)
    assert world.waiting() == ["alarm schedule-2m"]
    silent = planned(world)
    silent.leave(world.clock.now() + 60 * MINUTE)
    assert silent.clock == "alarm"


def flawed(index: int, **what: object) -> list[Environment]:
    name, minutes = SOUND[index].name, SOUND[index].minutes
    changed = Environment(**{"name": name, "minutes": minutes, **what})  # type: ignore[arg-type]
    return [changed if n == index else each for n, each in enumerate(SOUND)]


@pytest.mark.parametrize(
    ("environments", "words"),
    [
        (flawed(2, rules=("required_reviewers",)), "schedule-8m has required reviewers beside"),
        (flawed(0, minutes=3), "schedule-2m has a wait timer of 3 min, not of 2 min"),
        (flawed(0, minutes=0), "schedule-2m has no wait timer, not of 2 min"),
        (flawed(1, rules=("branch_policy",)), "schedule-4m has branch policy beside its timer"),
        (SOUND[:-1], "schedule-1d is missing"),
        (SOUND[:-2], "schedule-1024m is missing, and 1 more are wrong"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_is_one_line_and_the_next_best_clock_is_used(
    world: World, environments: list[Environment], words: str
) -> None:
    world.hub.environments = environments
    plan = due(world)
    (line,) = plan.said()
    assert words in line
    assert line.endswith("and until then the clock is balanced")
    assert world.waiting() == []
    assert due(world).said() == [], "said once a day"


@pytest.mark.parametrize(
    ("what", "error", "noted"),
    [
        ("dispatch", NotPermitted("no right"), True),
        ("waiting_runs", Unavailable("down"), False),
    ],
)
def test_what_can_not_be_armed_leaves_the_next_best_clock(
    world: World, what: str, error: Exception, noted: bool
) -> None:
    plan = planned(world, answer(what, error))
    assert plan(world.clock.now() + 100 * MINUTE) == (HOLD, Stay.DUE)
    assert plan.said() == [f"alarm: not armed: {error}; the clock is balanced now"]
    known = read(world.hub.description)
    assert known is not None
    assert (known.clock == "balanced") is noted


def test_who_may_not_see_environments_or_write_the_label_costs_no_more(world: World) -> None:
    plan = planned(world, answer("environments", NotPermitted("hidden")))
    assert plan(world.clock.now() + 100 * MINUTE) == (HOLD, Stay.DUE)
    assert (plan.clock, plan.said()) == ("balanced", [])
    assert due(world).clock == "balanced", "until tomorrow"
    world.hub.description = ""
    plan = planned(world, answer("note", NotPermitted("no label")))
    plan(world.clock.now() + 100 * MINUTE)
    assert plan.said() == ["alarm: which clock there is could not be noted: no label"]
    assert world.waiting() == ["alarm schedule-64m"]


def test_no_answer_about_environments_is_no_answer(world: World) -> None:
    down = answer("environments", Unavailable("down"))
    plan = planned(world, down)
    assert plan(world.clock.now() + 100 * MINUTE) == (HOLD, Stay.DUE)
    assert world.hub.description == "", "so it is asked again"
    due(world)
    world.clock.sleep(86_400)
    plan = planned(world, down)
    plan(world.clock.now() + 100 * MINUTE)
    assert plan.clock == "alarm", "as it was known"


def came(world: World, seconds: float) -> dict[str, Any]:
    """What a run knows that has waited for so long in ``schedule-8m``."""
    run = Run(id=7, created_at=world.clock.now() - timedelta(seconds=seconds))
    return {"alarm": "schedule-8m", "run": lambda: run}


def test_an_alarm_that_came_proves_itself(world: World) -> None:
    plan = planned(world, **came(world, 485))
    plan(world.clock.now() + 100 * MINUTE)
    assert world.calls == ["note", *ARMED]
    assert plan.said() == []


def test_one_that_somebody_approved_or_rejected_is_told_and_the_chain_goes_on(
    world: World,
) -> None:
    due(world)
    plan = planned(world, **came(world, 3))
    plan(world.clock.now() + 10 * MINUTE)
    (line,) = plan.said()
    assert line.startswith("alarm: schedule-8m ended after 3 s: somebody approved or rejected it")
    assert world.calls == ["environments", *ARMED]
    assert plan.clock == "alarm"


def test_environments_that_were_removed_end_the_chain(world: World) -> None:
    due(world)
    world.hub.environments = [Environment(name="schedule-8m")]
    plan = planned(world, **came(world, 3))
    assert plan(world.clock.now() + 100 * MINUTE) == (HOLD, Stay.DUE)
    assert "schedule-8m has no wait timer" in plan.said()[1]
    world.hub.description = "Jobs [clock alarm, asked 2026-11-22]"
    world.hub.environments = []
    plan = due(world)
    assert "schedule-2m is missing, and 10 more are wrong" in plan.said()[0]


def test_a_repository_that_turned_private_keeps_no_timers(world: World) -> None:
    due(world)
    plan = planned(world, private=True, **came(world, 3))
    assert plan(world.clock.now() + 100 * MINUTE) == (HOLD, Stay.DUE)
    assert "a private repository keeps wait timers only with a plan" in plan.said()[1]
    assert due(world).clock == "balanced"


def test_lent_alarms_that_are_not_to_be_had_are_told(world: World) -> None:
    world.settings = Settings(alarm=Alarm(repository="octo/clock", queue="7"))
    plan = planned(world, answer("environments", NotPermitted("hidden")))
    plan(world.clock.now() + 100 * MINUTE)
    assert plan.said() == ["alarm: octo/clock lends none: hidden"]
    world.hub.description, world.hub.environments = "", []
    assert "schedule-2m in octo/clock is missing, and 10 more" in due(world).said()[0]


def test_profile_alarm_asks_for_no_environments(world: World) -> None:
    world.hub.environments = []
    plan = planned(world, profile="alarm")
    plan(world.clock.now() + 100 * MINUTE)
    assert world.calls == ARMED
    limit: Callable[[], object] = lambda: plan(world.clock.now() + 100 * MINUTE)  # noqa: E731
    for _ in range(40):
        limit()
    assert plan.clock == "balanced"
    assert "limits.alarms-per-hour is 30" in plan.said()[0]
    assert world.hub.description == ""


def test_profile_alarm_looks_for_what_is_wrong_once_an_alarm_came_early(world: World) -> None:
    world.hub.environments = []
    plan = planned(world, profile="alarm", **came(world, 3))
    assert plan(world.clock.now() + 100 * MINUTE) == (HOLD, Stay.DUE)
    assert "schedule-2m is missing, and 10 more are wrong" in plan.said()[1]
    world.hub.environments = list(SOUND)
    plan = planned(world, profile="alarm", **came(world, 3))
    assert plan(world.clock.now() + 100 * MINUTE) is None


SUSPECT = [
    ({"index": 5, "rules": ("required_reviewers",)}, 70, None, "has required reviewers beside"),
    ({"index": 5, "minutes": 0}, 1, "success", "has no wait timer, not of 64 min"),
    ({"index": 5, "minutes": 0}, 1, "failure", "has no wait timer, not of 64 min"),
]


@pytest.mark.parametrize("suspect", SUSPECT)
@pytest.mark.parametrize("profile", ["auto", "alarm"])
def test_an_alarm_that_rang_at_once_or_not_at_all_has_the_environments_asked_for_again(
    world: World, profile: str, suspect: tuple[dict[str, Any], int, str | None, str]
) -> None:
    """What it tells was changed on the day on which all was well."""
    what, minutes, conclusion, words = suspect
    due(world)
    world.hub.environments = flawed(**what)
    run = world.hub.runs[-1][1].id
    world.clock.sleep(minutes * 60)
    if conclusion:
        world.hub.mark(run, "completed", conclusion)
    before = len(world.waiting())
    plan = planned(world, profile=profile)
    assert plan(world.clock.now() + 100 * MINUTE) == (HOLD, Stay.DUE)
    assert f"the environment schedule-64m {words}" in plan.said()[0]
    assert plan.clock == "balanced"
    assert len(world.waiting()) == before
    if profile == "auto":
        assert due(world).clock == "balanced", "until tomorrow"


@pytest.mark.parametrize("status", ["in_progress", "completed"])
def test_a_lent_alarm_that_rings_at_once_ends_the_chain(world: World, status: str) -> None:
    """The run that it starts can't tell: it has waited in no environment itself."""
    world.settings = Settings(alarm=Alarm(repository="octo/clock", queue="7"))
    due(world)
    world.hub.environments = [Environment(name="schedule-64m")]
    run = world.hub.runs[-1][1].id
    world.clock.sleep(5)
    world.hub.mark(run, status, "success" if status == "completed" else None)
    plan = due(world)
    assert plan.clock == "balanced"
    assert "schedule-64m in octo/clock has no wait timer" in plan.said()[0]
    assert "and 10 more are wrong" in plan.said()[0]


def test_environments_that_are_well_let_the_chain_go_on(world: World) -> None:
    """Somebody approved it, or GitHub does not tell now."""
    for through in (None, answer("environments", Unavailable("down"))):
        due(world)
        world.hub.mark(world.hub.runs[-1][1].id, "completed", "success")
        plan = planned(world, through)
        assert plan(world.clock.now() + 100 * MINUTE) is None
        assert plan.clock == "alarm"
        assert world.waiting() == ["alarm schedule-64m"]


@pytest.mark.parametrize("down", ["waiting_runs", "runs"])
def test_what_could_not_be_armed_in_passing_is_armed_when_the_hold_is_over(
    world: World, down: str
) -> None:
    world.hub.description = "[clock alarm, asked 2026-11-23]"
    tries: list[str] = []

    def carry(_: int, name: str, act: Callable[[], object]) -> object:
        if name == down and not tries:
            tries.append(name)
            raise Unavailable("down")
        return act()

    plan = planned(world, carry)
    at = world.clock.now() + 100 * MINUTE
    assert plan(at) == (HOLD, Stay.DUE)
    assert plan(at) is None
    assert (plan.clock, plan.settled) == ("alarm", True)
    assert world.waiting() == ["alarm schedule-64m"]
