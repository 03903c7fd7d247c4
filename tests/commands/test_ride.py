"""A tick that rides on a push or on another run: two requests where nothing is due, and no less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scheduler.action.main import main
from scheduler.commands.ride import LOOKED
from scheduler.hold import alarm
from scheduler.sandbox.command import SAMPLE
from tests.conftest import QUEUE, REPO, Result, Stage, at, body

PUSH = {"GITHUB_EVENT_NAME": "push"}
EVENTS = ["push", "workflow_run"]
TICK = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_RUN_ID": "1",
    "GITHUB_WORKFLOW_REF": f"{QUEUE}/.github/workflows/scheduler.yml@refs/heads/main",
}


class Rider:
    """Runs of the action."""

    def __init__(self, stage: Stage, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.stage = stage
        self._capsys = capsys
        self._folder = folder

    def __call__(self, event: str = "push", payload: Any = None, **more: str) -> tuple[Result, int]:
        """One run that this event has started, and how many requests it sent."""
        path = self._folder / "event.json"
        path.write_text(json.dumps(payload or {}), encoding="utf-8")
        given = {"GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(path), **TICK, **more}
        before = len(self.stage.sandbox.requests)
        status = main(self.stage.environ("bot", **given))
        said = self._capsys.readouterr()
        return Result(status, said.out, said.err), len(self.stage.sandbox.requests) - before


@pytest.fixture
def ride(stage: Stage, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Rider:
    return Rider(stage, capsys, tmp_path)


def alarms(stage: Stage) -> None:
    """The workflow that arms alarms, and their environments."""
    text = (SAMPLE / ".github" / "workflows" / "scheduler.yml").read_text(encoding="utf-8")
    (stage.folder / ".github" / "workflows" / "scheduler.yml").write_text(text, encoding="utf-8")
    for timer in alarm.TIMERS:
        rules = {"wait_timer": timer // alarm.MINUTE}
        stage.call("PUT", f"{REPO}/environments/{alarm.environment(timer)}", rules)


def waiting(stage: Stage) -> list[Any]:
    return [run for run in stage.runs() if run.status == "waiting"]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("settings", ["", "profile: balanced\n", "profile: thrifty\n"])
def test_with_nothing_due_it_is_one_look(
    stage: Stage, ride: Rider, event: str, settings: str
) -> None:
    if settings:
        stage.settings(settings)
    for jobs in range(3):
        ran, asked = ride(event)
        assert (ran.status, asked) == (0, 2), stage.requests[-asked:]
        assert LOOKED in ran.out
        stage.open(body(3600 + jobs))
    stage.open(body(-60, "agent-message.yml"))
    stage.call("POST", f"{REPO}/issues/4/labels", {"labels": ["schedule:paused"]})
    assert ride(event)[1] == 2
    assert stage.runs() == []


def test_what_is_due_is_run_by_it(stage: Stage, ride: Rider) -> None:
    stage.open(body(-60))
    ran, _ = ride()
    assert ran.status == 0
    assert [run.name for run in stage.runs()] == ["Agent message"]
    assert LOOKED not in ran.out


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("no job", ""),  # which has to be said
        (body(-60, "agent-message.yml", "retries: 2", "retry-on: [failure]"), ""),
        (body("2026-01-01T09:00"), "defaults: {timezone: Europe/Berlin}\n"),
    ],
)
def test_whatever_a_tick_would_do_something_about_gets_a_whole_one(
    stage: Stage, ride: Rider, text: str, settings: str
) -> None:
    if settings:
        stage.settings(settings)
    stage.open(text)
    ran, asked = ride(SCHEDULE_HOLD="0")
    assert ran.status == 0, ran.out
    assert LOOKED not in ran.out
    assert asked > 2


def test_the_end_of_a_run_that_was_dispatched_is_followed(stage: Stage, ride: Rider) -> None:
    stage.open(body(-60))
    stage.tick()
    (run,) = stage.runs()
    stage.sandbox.finish_run(run.id, "failure")
    ended = {"workflow_run": {"id": run.id, "event": "workflow_dispatch", "conclusion": "failure"}}
    ran, _ = ride("workflow_run", ended)
    assert ran.status == 0
    assert any("failure" in text for text in stage.comments(1)), stage.comments(1)
    other = {"workflow_run": {"id": 7, "event": "push", "conclusion": "failure"}}
    assert ride("workflow_run", other)[1] == 2


def test_alarms_that_wait_are_the_second_request(stage: Stage, ride: Rider) -> None:
    alarms(stage)
    stage.open(body(7200))
    ride("issues")
    assert [run.display_title for run in waiting(stage)] == ["alarm schedule-64m"]
    ran, asked = ride()
    assert (ran.status, asked) == (0, 2), stage.requests[-asked:]
    assert LOOKED in ran.out


@pytest.mark.parametrize("end", ["cancelled", "too late"])
def test_a_chain_that_has_broken_is_begun_again(stage: Stage, ride: Rider, end: str) -> None:
    alarms(stage)
    stage.open(body(7200))
    ride("issues")
    (run,) = waiting(stage)
    if end == "cancelled":
        stage.sandbox.finish_run(run.id, "cancelled")
    else:
        stage.open(body(1800))
    ran, _ = ride()
    assert ran.status == 0, ran.out
    assert LOOKED not in ran.out
    assert waiting(stage)[-1].display_title == (
        "alarm schedule-64m" if end == "cancelled" else "alarm schedule-16m"
    )


def test_as_many_alarms_as_may_wait_are_not_enough_where_all_end_too_late(
    stage: Stage, ride: Rider
) -> None:
    alarms(stage)
    for seconds in (90_000, 36_000, 7200, 1800):
        if seconds == 1800:
            assert ride()[1] == 2
        stage.open(body(seconds))
        ride("push" if seconds == 1800 else "issues")
    assert [run.display_title for run in waiting(stage)][-1] == "alarm schedule-16m"
    assert len(waiting(stage)) == alarm.AT_ONCE


@pytest.mark.slow
def test_a_holder_s_chain_is_not_left(stage: Stage, ride: Rider) -> None:
    """The ride has pushed out the successor that waited, so it is the successor."""
    stage.settings("profile: punctual\n")
    stage.open(body(7200))
    ran, asked = ride(SCHEDULE_HOLD="1s", SCHEDULE_POLL="1s")
    assert ran.status == 0
    assert asked > 2
    assert "goes on from here" in ran.out


def test_a_label_of_another_name_costs_a_whole_tick(stage: Stage, ride: Rider) -> None:
    stage.settings("label: later\n")
    ran, _ = ride()
    assert ran.status == 0
    assert LOOKED not in ran.out


def test_a_paused_queue_is_one_look(stage: Stage, ride: Rider) -> None:
    stage.settings("paused: true\n")
    assert ride()[1] == 2


def test_settings_that_are_broken_are_told_by_the_whole_tick(stage: Stage, ride: Rider) -> None:
    stage.settings("label: 7 x: y\n")
    ran, _ = ride()
    assert ran.status == 2
    assert "scheduler.yml" in ran.out


WRITTEN = {
    "one-off": body(3600),
    "tolerant": body(3600, "agent-message.yml", "tolerance: 2h"),
    "conditional": body(3600, "agent-message.yml", "unless: closed(#99)"),
    "retried": body(3600, "agent-message.yml", "retries: 2", "retry-on: [failure]"),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_whole_tick_after_a_look_finds_nothing_to_do(
    stage: Stage, ride: Rider, kind: str
) -> None:
    stage.open(WRITTEN[kind])
    ran, asked = ride()
    assert (ran.status, asked) == (0, 2), ran.out
    before = len(stage.sandbox.requests)
    report = stage.tick()
    assert (report["due"], report["dispatched"]) == (0, [])
    assert {each.method for each in [*stage.sandbox.requests][before:]} <= {"GET"}


def test_of_a_series_its_title_tells_the_instant_unless_a_person_wrote_it(
    stage: Stage, ride: Rider
) -> None:
    daily = ("--at", at(10_800), "--every", "1d", "-m", "x", "--workflow", "agent-message.yml")
    stage.create(*daily)
    assert ride()[1] == 2
    stage.edit(1, title="Every day")
    ran, asked = ride()
    assert LOOKED not in ran.out
    assert asked > 2
