"""Which clock is at work: said by each creation and by `stats`, and asked for by neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.commands.at_work import clock_at_work, nobody_wakes
from scheduler.hold.arming import Arming
from scheduler.settings.model import PROFILES, Settings
from tests.conftest import REPO, Stage
from tests.faults.world import body
from tests.hold.test_arming import SOUND
from tests.support.fakes import FakeClock, MemoryHub, MemoryQueue

NOTED = "Jobs [clock {}, asked 2026-11-23]"
FAR = ("--in", "2h", "-m", "Check it", "--workflow", "agent-message.yml")


@pytest.mark.parametrize(
    ("profile", "description", "clock"),
    [
        ("auto", "", "auto"),
        ("auto", "Jobs", "auto"),
        ("auto", NOTED.format("alarm"), "alarm"),
        ("auto", NOTED.format("balanced"), "balanced"),
        ("auto", NOTED.format("sundial"), "auto"),
        *((name, NOTED.format("alarm"), name) for name in PROFILES if name != "auto"),
    ],
)
def test_it_is_the_setting_or_what_a_tick_has_noted(
    profile: str, description: str, clock: str
) -> None:
    hub = MemoryHub(FakeClock())
    hub.description = description
    queue = MemoryQueue(hub)
    assert clock_at_work(queue, replace(Settings(), profile=profile)) == clock
    assert queue.requests == 0


def note(stage: Stage, clock: str) -> None:
    """What a tick would have noted; the queue's label is there with the first job."""
    text = {"description": NOTED.format(clock)}
    stage.sandbox.call("owner", "PATCH", f"{REPO}/labels/schedule", text)


@pytest.mark.parametrize(
    ("clock", "nudged", "words"),
    [
        ("alarm", True, "clock alarm: the scheduler is woken and arms an alarm for it: seconds"),
        ("balanced", False, "clock balanced: no tick is started now; expect GitHub's cron"),
        ("punctual", True, "clock punctual: the scheduler is woken and stays"),
    ],
)
def test_a_creation_says_which_and_how_late(
    stage: Stage, clock: str, nudged: bool, words: str
) -> None:
    first = stage.create(*FAR)
    assert (first["clock"], first["nudged"]) == ("auto", False)
    assert "the new issue starts a tick" in first["expect"]
    note(stage, clock)
    made = stage.create(*FAR)
    assert (made["clock"], made["nudged"]) == (clock, nudged)
    assert made["expect"].startswith(words)
    told = stage.run("create", *FAR, "--no-nudge").out.splitlines()[-1]
    assert told.startswith(f"clock {clock}: seconds late")


def test_a_creation_that_wakes_nobody_promises_nothing(stage: Stage) -> None:
    """The issue of a workflow's own token starts no run."""
    stage.settings('trust: {bots: ["github-actions[bot]"]}\nallow: {workflows: ["*"]}\n')
    stage.create(*FAR)
    note(stage, "alarm")
    told = stage.run("create", *FAR, "--no-nudge", user="bot", GITHUB_ACTIONS="true").out
    assert told.splitlines()[-1] == (
        "clock alarm: this token's issues start no tick, and none was asked for; the next tick "
        "sees it"
    )


def test_stats_claims_no_punctuality_where_no_alarm_waits(stage: Stage) -> None:
    stage.create(*FAR)
    note(stage, "alarm")
    told = stage.run("stats", "--json").json
    assert told["clock"] == "alarm"
    assert told["expect"].startswith("no alarm waits; the next event begins the chain again")
    stage.create(*FAR)
    assert [run.name for run in stage.runs()] == ["Scheduler"], "a tick is on its way"
    told = stage.run("stats", "--json").json
    assert told["expect"] == "seconds late, whether GitHub's cron comes or not"
    assert stage.run("stats").out.splitlines()[-1] == f"clock alarm: {told['expect']}"


def test_stats_asks_for_alarms_where_a_job_waits_for_one() -> None:
    hub = MemoryHub(FakeClock())
    hub.description = NOTED.format("alarm")
    hub.workflows["scheduler.yml"] = ""
    hub.environments = list(SOUND)
    queue, settings = MemoryQueue(hub), Settings()

    def nobody() -> tuple[bool, int]:
        before = queue.requests
        tickets = list(hub.open_issues())
        return nobody_wakes(queue, hub.clock, settings, tickets), queue.requests - before

    assert nobody() == (False, 0)
    number = hub.open("a job")
    assert nobody() == (True, 2)
    hub.put_on(number, "schedule:paused")
    assert nobody() == (False, 0)
    hub.take_off(number, "schedule:paused")
    arming = Arming(queue, hub.clock, settings, branch=lambda _: "main")
    assert arming.arm(hub.now() + timedelta(hours=1)) == ""
    assert nobody() == (False, 1)
    hub.description = NOTED.format("balanced")
    assert nobody() == (False, 0)


@pytest.mark.parametrize(
    ("due", "armed", "nobody"),
    [(600, 600, False), (600, 3600, True), (3600, 600, False), (60, 600, True), (-60, 3600, False)],
)
def test_an_alarm_that_ends_too_late_wakes_nobody_for_what_is_due_before(
    due: int, armed: int, nobody: bool
) -> None:
    """What is late already is told as that."""
    hub = MemoryHub(FakeClock())
    hub.description = NOTED.format("alarm")
    hub.workflows["scheduler.yml"] = ""
    hub.environments = list(SOUND)
    queue, settings = MemoryQueue(hub), Settings()
    arming = Arming(queue, hub.clock, settings, branch=lambda _: "main")
    assert arming.arm(hub.now() + timedelta(seconds=armed)) == ""
    hub.clock.sleep(1)
    hub.open(body("job", run_at=hub.now() + timedelta(seconds=due)))
    assert nobody_wakes(queue, hub.clock, settings, list(hub.open_issues())) is nobody


def test_where_no_event_starts_a_tick_one_is_started_to_look_which_clock_there_is(
    stage: Stage,
) -> None:
    settings = 'trust: {bots: ["github-actions[bot]"]}\nallow: {workflows: ["*"]}\n'
    stage.settings(settings)
    made = stage.create(*FAR, user="bot", GITHUB_ACTIONS="true")
    assert (made["clock"], made["nudged"]) == ("auto", True)
    assert len(stage.runs()) == 1
    note(stage, "balanced")
    assert stage.create(*FAR, user="bot", GITHUB_ACTIONS="true")["nudged"] is False
