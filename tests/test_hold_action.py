"""The action's profiles, holds and relays, without a runner."""

from __future__ import annotations

import time

import pytest

from tests.conftest import REPO, Stage, at, body
from tests.hold_stage import holder


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
    status, out, took = action(stage, SCHEDULE_HOLD="3s", SCHEDULE_POLL="1s", **more)
    assert status == 0, out
    assert [run.name for run in stage.runs()] == ["Scheduler"] * relays
    assert (took >= 3) == bool(relays), "the others leave where nothing is due within the hold"
    assert ("goes on from here" in out) == bool(relays)
    assert ("wakes the scheduler" in out) == (not relays)


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


def test_the_last_of_a_chain_cancels_its_successor(stage: Stage) -> None:
    stage.settings("profile: punctual\n")
    stage.open(body(at(4)))
    status, out, _ = action(stage, SCHEDULE_HOLD="1m", SCHEDULE_POLL="1s")
    assert status == 0, out
    runs = {run.name: run for run in stage.runs()}
    assert (runs["Scheduler"].status, runs["Scheduler"].conclusion) == ("completed", "cancelled")
    assert stage.sandbox.requests.count("POST", f"{REPO}/actions/runs/[0-9]+/cancel$") == 1
