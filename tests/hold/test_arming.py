"""An alarm is armed before a tick leaves: once, bounded, and whatever GitHub answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.errors import NotPermitted, RateLimited, Rejected, Unavailable
from scheduler.hold import alarm
from scheduler.hold.arming import RUN_NAME, Arming, Place
from scheduler.ports.values import Environment, Run, Target
from scheduler.settings.model import Alarm, Limits, Settings
from tests.support.fakes import NOON, FakeClock, MemoryHub, MemoryQueue, Through

WORKFLOW = Settings().scheduler.workflow
MINUTE = timedelta(minutes=1)
SOUND = [
    Environment(name=alarm.environment(timer), minutes=timer // MINUTE) for timer in alarm.TIMERS
]


class World:
    """A repository with all environments, and ticks that arm."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOON)
        self.hub = MemoryHub(clock=self.clock)
        self.hub.workflows = {WORKFLOW: "", "alarm.yml": ""}
        self.hub.environments = list(SOUND)
        self.settings = Settings()
        self.queues: list[MemoryQueue] = []

    def arming(self, through: Through | None = None) -> Arming:
        self.queues.append(MemoryQueue(self.hub, through=through))
        return Arming(self.queues[-1], self.clock, self.settings, branch=lambda _: "main")

    def arm(self, minutes: float, through: Through | None = None) -> tuple[str, Arming]:
        made = self.arming(through)
        return made.arm(self.clock.now() + minutes * MINUTE), made

    @property
    def calls(self) -> list[str]:
        return self.queues[-1].calls

    def waiting(self) -> list[str]:
        return [run.title for _, run in self.hub.runs if run.status == "waiting"]


@pytest.fixture
def world() -> World:
    return World()


def answer(what: str, with_: Exception, *, after: bool = False) -> Through:
    """One request that is answered with an error, before or after it took effect."""

    def carry(_: int, name: str, act: Callable[[], object]) -> object:
        if name == what:
            if after:
                act()
            raise with_
        return act()

    return carry


@pytest.mark.parametrize(
    ("minutes", "armed"),
    [
        (3 * 1440, "schedule-1d"),
        (1441, "schedule-1d"),
        (1440, "schedule-1024m"),
        (9, "schedule-8m"),
        (3, "schedule-2m"),
        (1, "schedule-2m"),
        (-5, "schedule-2m"),
    ],
)
def test_the_longest_that_ends_in_time_is_armed(world: World, minutes: int, armed: str) -> None:
    assert world.arm(minutes)[0] == ""
    assert world.waiting() == [f"alarm {armed}"]
    assert world.calls == ["waiting_runs", "runs", "dispatch"]


def test_an_alarm_that_ends_in_time_is_enough(world: World) -> None:
    world.arm(100)
    assert world.arm(100)[0] == ""
    assert world.calls == ["waiting_runs"]
    world.arm(10)
    assert world.waiting() == ["alarm schedule-64m", "alarm schedule-8m"]


def test_never_more_than_three_wait(world: World) -> None:
    for minutes in (2000, 600, 100, 10):
        world.arm(minutes)
    assert world.waiting() == ["alarm schedule-512m", "alarm schedule-64m", "alarm schedule-8m"]
    assert [run.conclusion for _, run in world.hub.runs] == ["cancelled", None, None, None]


def test_a_chain_that_goes_wrong_stops_itself_and_says_so(world: World) -> None:
    world.settings = replace(world.settings, limits=Limits(alarms_per_hour=2))
    for _ in range(2):
        assert world.arm(10)[0] == ""
        world.hub.mark(world.hub.runs[-1][1].id, "completed", "success")
    problem, made = world.arm(10)
    assert "limits.alarms-per-hour is 2" in problem
    assert not made.refused, "the next hour may"
    world.clock.sleep(3700)
    assert world.arm(10)[0] == ""


@pytest.mark.parametrize("after", [False, True])
def test_a_lost_answer_arms_no_second(world: World, after: bool) -> None:
    lost = answer("dispatch", Unavailable("no answer"), after=after)
    problem, made = world.arm(10, lost)
    assert problem == ""
    assert made.notices == ["alarm: no answer told whether it was armed (no answer)"]
    world.arm(10)
    assert world.waiting() == ["alarm schedule-8m"]


@pytest.mark.parametrize(
    ("what", "error", "words", "refused"),
    [
        ("waiting_runs", Unavailable("down"), "alarm: not armed: down", False),
        ("runs", Unavailable("down"), "alarm: not armed: down", False),
        ("dispatch", Unavailable("down", sent=False), "alarm: not armed: down", False),
        ("dispatch", RateLimited("later", retry_at=NOON), "alarm: not armed: later", False),
        ("dispatch", NotPermitted("no right"), "alarm: not armed: no right", True),
        ("waiting_runs", Rejected("gone", status=404), "alarm: not armed: gone", True),
        (
            "dispatch",
            Rejected('Unexpected inputs provided: ["alarm"]', status=422),
            "alarm: not armed: its workflow is an old copy without the input 'alarm'; copy it anew",
            True,
        ),
    ],
)
def test_what_github_answers_is_said(
    world: World, what: str, error: Exception, words: str, refused: bool
) -> None:
    problem, made = world.arm(10, answer(what, error))
    assert (problem, made.refused) == (words, refused)


def test_a_list_that_lags_behind_arms_no_second(world: World) -> None:
    world.hub.stale["filtered_runs"] = 60
    world.arm(10)
    world.arm(10)
    assert world.waiting() == ["alarm schedule-8m"]


@pytest.mark.parametrize(
    ("conclusion", "minutes", "words"),
    [
        ("cancelled", 3, "was cancelled"),
        ("failure", 3, "failed, or was rejected"),
        ("success", 3, ""),
        ("cancelled", 9, ""),
    ],
)
def test_who_ended_an_alarm_before_its_time_is_told_that_another_is_armed(
    world: World, conclusion: str, minutes: int, words: str
) -> None:
    """What a newer tick pushes out of the group is cancelled too, and after its time."""
    world.arm(10)
    run = world.hub.runs[-1][1].id
    world.clock.sleep(minutes * 60)
    world.hub.mark(run, "completed", conclusion)
    told = [f"alarm: run {run} {words}; another one is armed"] if words else []
    assert world.arm(10)[1].notices == told
    assert world.waiting() == ["alarm schedule-8m"]


def test_nothing_is_said_of_one_that_rang_and_whose_tick_a_newer_one_put_out(world: World) -> None:
    world.arm(10)
    world.clock.sleep(9 * 60)
    world.hub.cancel(world.hub.runs[-1][1].id)
    assert world.arm(10)[1].notices == []
    assert world.waiting() == ["alarm schedule-8m"]


def test_one_that_waits_for_an_approval_is_told_and_not_counted_on(world: World) -> None:
    world.arm(10)
    run = world.hub.runs[-1][1].id
    world.clock.sleep(14 * 60)
    problem, made = world.arm(10)
    assert (problem, made.stuck) == ("", [run])
    assert made.notices[0].startswith(f"alarm: run {run} waits for longer than its timer")
    assert world.waiting() == ["alarm schedule-8m"] * 2


def test_a_repository_that_lends_its_alarms(world: World) -> None:
    world.settings = replace(world.settings, alarm=Alarm(repository="octo/clock", queue="7"))
    assert world.arm(10)[0] == ""
    assert world.waiting() == ["alarm schedule-8m 7"]
    (sent,) = world.hub.sent
    assert sent.request.target == Target(repo="octo/clock", ref="main", workflow="alarm.yml")
    assert sent.request.inputs == {"timer": "schedule-8m", "queue": "7"}
    world.settings = replace(world.settings, alarm=Alarm(repository="octo/clock"))
    world.arm(10)
    assert world.waiting() == ["alarm schedule-8m 7", f"alarm schedule-8m {world.hub.repository}"]


def test_only_runs_that_are_named_like_it_are_alarms() -> None:
    place = Place(target=Target(repo="o/r", ref="main", workflow=WORKFLOW))

    def timer(title: str) -> timedelta | None:
        return place.timer(Run(id=1, title=title))

    assert timer("alarm schedule-8m") == 8 * MINUTE
    for title in ("alarm production", "alarm schedule-8m 7", "schedule-8m", "alarm schedule-08m"):
        assert timer(title) is None
    assert RUN_NAME.fullmatch("alarm schedule-1d octo/queue")


@pytest.mark.parametrize("event", ["issues", "issue_comment", "push", "workflow_dispatch", ""])
def test_nobody_s_issue_is_taken_for_an_alarm_by_its_title(world: World, event: str) -> None:
    """The run of an event has the title of its issue, which anybody may write."""
    place = Place(target=Target(repo="o/r", ref="main", workflow=WORKFLOW))
    run = Run(
        id=1, title="alarm schedule-8m", event=event, status="queued", created_at=NOON
    )  # fmt: skip
    counts = event in ("workflow_dispatch", "")
    assert bool(place.timer(run)) is counts
    assert bool(place.waiting([run])) is counts
    world.settings = replace(world.settings, limits=Limits(alarms_per_hour=1))
    world.hub.runs.append((WORKFLOW, replace(run, status="completed", conclusion="skipped")))
    assert bool(world.arm(10)[0]) is counts


def test_the_flaws_of_environments_are_named(world: World) -> None:
    assert set(world.arming().environments().values()) == {""}
    world.hub.environments[:3] = [
        Environment(name="SCHEDULE-2m", minutes=3),
        Environment(name="schedule-4m", minutes=4, rules=("required_reviewers", "branch_policy")),
    ]
    found = world.arming().environments()
    assert "schedule-8m" not in found
    assert found["schedule-2m"] == "has a wait timer of 3 min, not of 2 min"
    assert found["schedule-4m"] == "has required reviewers and branch policy beside its timer"
    world.hub.environments = [Environment(name="schedule-2m")]
    assert world.arming().environments() == {"schedule-2m": "has no wait timer, not of 2 min"}
