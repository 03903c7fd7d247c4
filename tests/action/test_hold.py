"""The action's profiles, holds and relays, without a runner."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest

from scheduler.action.main import main
from tests.conftest import ISSUES, REPO, Stage, body
from tests.support.hold_stage import DISPATCH, held, holder, holds, until


def action(
    stage: Stage, meanwhile: Callable[[], object] = lambda: None, /, **more: str
) -> tuple[int, str]:
    """Its exit status and what it prints; one that holds for long fails."""
    with holder(stage, module="scheduler.action.main", **more) as process:
        meanwhile()
        out, _ = process.communicate(timeout=300)
    return process.returncode, out


def comes_due(stage: Stage) -> Callable[[], object]:
    """Once a holder holds, what is due within the hour is due."""

    def act() -> None:
        until(holds(stage))
        stage.sandbox.set_clock(advance=3600)

    return act


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
    # The others leave where nothing is due within the hold.
    hold = "1s" if relays else "1h"
    status, out = action(stage, SCHEDULE_HOLD=hold, SCHEDULE_POLL="1s", **more)
    assert status == 0, out
    assert [run.name for run in stage.runs()] == ["Scheduler"] * relays
    assert ("goes on from here" in out) == bool(relays)
    assert ("wakes the scheduler" in out) == (not relays)


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/contents/", f"{ISSUES}$"])
def test_an_outage_at_its_beginning_breaks_no_chain(stage: Stage, path: str) -> None:
    """It would leave what waits to cron, for hours: a successor starts at any moment."""
    stage.settings("profile: punctual\n")
    stage.open(body(3600))
    stage.sandbox.fault("502-before", method="GET", path=path, count=4)
    status, out = action(stage, comes_due(stage), SCHEDULE_HOLD="1h", SCHEDULE_POLL="1s")
    assert status == 0, out
    assert sorted(run.name for run in stage.runs()) == ["Agent message", "Scheduler"]


@pytest.mark.parametrize("hold", ["0", pytest.param("PT0S", marks=pytest.mark.slow)])
def test_a_hold_of_no_time_is_one_pass_whatever_the_profile(stage: Stage, hold: str) -> None:
    stage.settings("profile: punctual\n")
    stage.open(body(3600))
    status, out = action(stage, SCHEDULE_HOLD=hold)
    assert status == 0, out
    assert stage.runs() == []


@pytest.mark.parametrize("more", [
    {"SCHEDULE_HOLD": "7h"}, {"SCHEDULE_HOLD": "-1m"}, {"SCHEDULE_POLL": "0s"},
    {"SCHEDULE_PROFILE": "lazy"},
])  # fmt: skip
def test_an_input_that_is_wrong(
    stage: Stage, more: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    stage.open(body())
    assert main(stage.environ("bot", **more)) == 2
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("::error title=schedule::")
    assert stage.runs() == []


@pytest.mark.parametrize("profile", ["punctual", pytest.param("thrifty", marks=pytest.mark.slow)])
def test_asked_to_leave_before_it_has_begun(stage: Stage, profile: str) -> None:
    stage.open(body())
    with (
        held(stage, "GET", "/contents/") as first,
        holder(stage, module="scheduler.action.main", SCHEDULE_PROFILE=profile) as process,
    ):
        first.wait()
        process.send_signal(signal.SIGINT)
        out = printed(process)
    assert "asked to leave" in out
    assert stage.runs() == []


def test_asked_to_leave_in_its_only_pass_it_finishes_what_is_in_hand(stage: Stage) -> None:
    for _ in range(3):
        stage.open(body())
    with (
        held(stage, "POST", DISPATCH) as dispatch,
        holder(stage, module="scheduler.action.main", SCHEDULE_HOLD="0s") as process,
    ):
        dispatch.wait()
        process.send_signal(signal.SIGINT)
        dispatch.release()
        out = printed(process)
    (run,) = stage.runs()
    assert f"runs/{run.id}" in out


@pytest.mark.slow
def test_asked_to_leave_it_asks_nothing_about_cron(stage: Stage) -> None:
    stage.open(body(3600))
    by_cron = {"GITHUB_EVENT_NAME": "schedule", "GITHUB_RUN_ID": "1"}
    more = {"SCHEDULE_PROFILE": "punctual", "SCHEDULE_POLL": "1s", **by_cron}
    with holder(stage, module="scheduler.action.main", **more) as process:
        until(holds(stage))
        stage.sandbox.clear_requests()
        process.send_signal(signal.SIGINT)
        printed(process)
    assert stage.sandbox.requests.count("GET", "/runs$") == 0


def printed(process: Any) -> str:
    """What an action prints that was cancelled."""
    out, err = process.communicate(timeout=300)
    assert (process.returncode, err) == (0, "")
    return str(out)


@pytest.mark.slow
def test_the_last_of_a_chain_cancels_its_successor(stage: Stage) -> None:
    stage.settings("profile: punctual\n")
    stage.open(body(3600))
    status, out = action(stage, comes_due(stage), SCHEDULE_HOLD="1h", SCHEDULE_POLL="1s")
    assert status == 0, out
    runs = {run.name: run for run in stage.runs()}
    assert (runs["Scheduler"].status, runs["Scheduler"].conclusion) == ("completed", "cancelled")
    assert stage.sandbox.requests.count("POST", f"{REPO}/actions/runs/[0-9]+/cancel$") == 1
