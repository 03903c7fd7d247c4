"""The action's profiles, holds and relays, without a runner."""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

import pytest

from scheduler.sandbox.requestlog import Request
from tests.conftest import ISSUES, REPO, Stage, at, body
from tests.hold_stage import holder, holds, stalled, until


def action(stage: Stage, **more: str) -> tuple[int, str, float]:
    began = time.monotonic()
    with holder(stage, module="scheduler.action", **more) as process:
        out, _ = process.communicate(timeout=100)
    return process.returncode, out, time.monotonic() - began


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "more", "relays"),
    [
        ("punctual", {}, 1),
        ("balanced", {}, 0),
        ("thrifty", {}, 0),
        ("thrifty", {"SCHEDULE_PROFILE": "punctual"}, 1),
        ("punctual", {"SCHEDULE_PROFILE": "thrifty"}, 0),
    ],
)
def test_the_profile_is_the_input_else_the_setting(
    stage: Stage, profile: str, more: dict[str, str], relays: int
) -> None:
    stage.settings(f"profile: {profile}\n")
    stage.open(body(86400))
    hold = 3 if relays else 60
    status, out, took = action(stage, SCHEDULE_HOLD=f"{hold}s", SCHEDULE_POLL="1s", **more)
    assert status == 0, out
    assert [run.name for run in stage.runs()] == ["Scheduler"] * relays
    assert (took >= hold) == bool(relays), "the others leave where nothing is due within the hold"
    assert ("goes on from here" in out) == bool(relays)
    assert ("wakes the scheduler" in out) == (not relays)


@pytest.mark.parametrize("path", ["/contents/", f"{ISSUES}$"])
def test_an_outage_at_its_beginning_breaks_no_chain(stage: Stage, path: str) -> None:
    """It would leave what waits to cron, for hours: a successor starts at any moment."""
    stage.settings("profile: punctual\n")
    stage.open(body(at(12)))
    stage.sandbox.fault("502-before", method="GET", path=path, count=4)
    status, out, _ = action(stage, SCHEDULE_HOLD="1m", SCHEDULE_POLL="1s")
    assert status == 0, out
    assert sorted(run.name for run in stage.runs()) == ["Agent message", "Scheduler"]


@pytest.mark.parametrize("hold", ["0s", "0", "0m", "PT0S"])
def test_a_hold_of_no_time_is_one_pass_whatever_the_profile(stage: Stage, hold: str) -> None:
    stage.settings("profile: punctual\n")
    stage.open(body(30))
    status, out, took = action(stage, SCHEDULE_HOLD=hold)
    assert status == 0, out
    assert took < 15
    assert stage.runs() == []


@pytest.mark.parametrize("more", [
    {"SCHEDULE_HOLD": "7h"}, {"SCHEDULE_HOLD": "-1m"}, {"SCHEDULE_POLL": "0s"},
    {"SCHEDULE_PROFILE": "lazy"},
])  # fmt: skip
def test_an_input_that_is_wrong(stage: Stage, more: dict[str, str]) -> None:
    stage.open(body())
    status, out, _ = action(stage, **more)
    assert status == 2
    (line,) = out.splitlines()
    assert line.startswith("::error title=schedule::")
    assert stage.runs() == []


@pytest.mark.parametrize("profile", ["punctual", "thrifty"])
def test_asked_to_leave_before_it_has_begun(stage: Stage, profile: str) -> None:
    stage.open(body())
    with (
        stalled(stage, "GET", "/contents/") as begun,
        holder(stage, module="scheduler.action", SCHEDULE_PROFILE=profile) as process,
    ):
        assert begun.wait(60)
        out = leaves(process)
    assert "asked to leave" in out
    assert stage.runs() == []


def test_asked_to_leave_in_its_only_pass_it_finishes_what_is_in_hand(stage: Stage) -> None:
    for _ in range(3):
        stage.open(body())
    begun = threading.Event()

    def seen(request: Request) -> None:
        if request.path.endswith("/dispatches"):
            begun.set()

    with (
        stage.sandbox.on_request(seen),
        holder(stage, module="scheduler.action", SCHEDULE_HOLD="0s") as process,
    ):
        assert begun.wait(60)
        out = leaves(process)
    (run,) = stage.runs()
    assert f"runs/{run.id}" in out


def test_asked_to_leave_it_asks_nothing_about_cron(stage: Stage) -> None:
    stage.open(body(3600))
    by_cron = {"GITHUB_EVENT_NAME": "schedule", "GITHUB_RUN_ID": "1"}
    more = {"SCHEDULE_PROFILE": "punctual", "SCHEDULE_POLL": "1s", **by_cron}
    with holder(stage, module="scheduler.action", **more) as process:
        until(holds(stage))
        stage.sandbox.clear_requests()
        leaves(process)
    assert stage.sandbox.requests.count("GET", "/runs$") == 0


def leaves(process: Any) -> str:
    """What an action prints that is cancelled."""
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert time.monotonic() - began < 7
    return str(out)


def test_the_last_of_a_chain_cancels_its_successor(stage: Stage) -> None:
    stage.settings("profile: punctual\n")
    stage.open(body(at(4)))
    status, out, _ = action(stage, SCHEDULE_HOLD="1m", SCHEDULE_POLL="1s")
    assert status == 0, out
    runs = {run.name: run for run in stage.runs()}
    assert (runs["Scheduler"].status, runs["Scheduler"].conclusion) == ("completed", "cancelled")
    assert stage.sandbox.requests.count("POST", f"{REPO}/actions/runs/[0-9]+/cancel$") == 1
