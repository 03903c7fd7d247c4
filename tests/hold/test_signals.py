"""A holder that is asked to leave leaves in time; one that is killed loses nothing."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

import pytest

from scheduler.hold.signals import FAREWELL
from scheduler.sandbox.http.requestlog import Request
from tests.conftest import Stage, at, body
from tests.support.hold_stage import DISPATCH, held, holder, holds, late, until

#: Seconds after which GitHub's runner no longer asks.
RUNNER_KILLS = 7.5
#: Both have one handler; the quick run tries the one that GitHub's runner sends first.
signs = pytest.mark.parametrize(
    "sign", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)


def test_it_says_farewell_before_the_runner_kills() -> None:
    assert FAREWELL <= RUNNER_KILLS - 1.5


def left(process: Any, sign: signal.Signals) -> Any:
    """The report of a process that is asked to leave."""
    process.send_signal(sign)
    return reported(process)


def reported(process: Any) -> Any:
    """The report of a process that was asked to leave, and does not wait for what is held."""
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, ""), (process.returncode, err)
    return json.loads(out)


#: A system without these, as some are.
LESS = """
import signal
for name in ("SIGHUP", "SIGALRM", "setitimer", "ITIMER_REAL"):
    delattr(signal, name)
"""


@pytest.mark.parametrize(
    "use",
    [
        """
from scheduler.hold.signals import Overtime, leaving
with leaving() as leave:
    try:
        signal.raise_signal(signal.SIGINT)
    except Overtime:
        leave.wind_up = lambda: None
        signal.raise_signal(signal.SIGTERM)
    leave.arrived()
    assert leave.asked
""",
        """
from scheduler.sandbox.demo.stage import stop_when_told
stop_when_told()
try:
    signal.raise_signal(signal.SIGTERM)
except KeyboardInterrupt:
    pass
""",
        "import scheduler.sandbox.sandbox, scheduler.sandbox.demo.command",
        "import scheduler.action.main, scheduler.cli.tick",
    ],
)
def test_a_system_that_has_fewer_signals(use: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LESS + use], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
@signs
def test_asked_to_leave_while_it_sleeps(stage: Stage, sign: signal.Signals) -> None:
    stage.open(body(3600))
    with holder(stage, "--hold", "5m", "--poll", "1s") as process:
        until(holds(stage))
        report = left(process, sign)
    assert report["next_due"] is not None
    assert report["stopped"] is None


@signs
def test_asked_to_leave_before_it_has_begun(stage: Stage, sign: signal.Signals) -> None:
    stage.open(body(-60))
    with held(stage, "GET", "/contents/") as first, holder(stage, "--hold", "5m") as process:
        first.wait()
        report = left(process, sign)
    assert (report["scanned"], report["dispatched"]) == (0, [])
    assert "asked to leave" in report["stopped"]
    assert stage.runs() == []


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_leave_in_a_dispatch_it_finishes_that_and_begins_no_other(
    stage: Stage, sign: signal.Signals
) -> None:
    due = at(3)  # asked once: three readings can fall into two seconds
    for name in ("one", "two", "three"):
        stage.open(body(due, message=name))
    with (
        held(stage, "POST", DISPATCH) as dispatch,
        holder(stage, "--hold", "5m", "--poll", "1s") as process,
    ):
        dispatch.wait()
        process.send_signal(sign)
        dispatch.release()
        report = reported(process)
    (run,) = stage.runs()
    (fired,) = report["dispatched"]
    assert fired["run_id"] == run.id
    assert stage.issue(fired["id"])["state"] == "closed"
    others = {1, 2, 3} - {fired["id"]}
    assert all(stage.comments(number) == [] for number in others), "claims are taken back"
    assert len(stage.tick()["dispatched"]) == 2, "at once: no claim stands in the way"


@pytest.mark.slow
def test_asked_to_leave_in_its_pass_it_begins_no_other_either(stage: Stage) -> None:
    for _ in range(8):
        stage.open(body(-60))
    with (
        held(stage, "POST", DISPATCH) as dispatch,
        holder(stage, "--hold", "5m", "--poll", "1s", "--relay") as process,
    ):
        dispatch.wait()
        process.send_signal(signal.SIGINT)
        dispatch.release()
        report = reported(process)
    runs = [run for run in stage.runs() if run.name != "Scheduler"]
    assert len(runs) == len(stage.runs()) == len(report["dispatched"]) == 1
    assert report["waiting"] == 7
    assert len(stage.tick()["dispatched"]) == 7


@pytest.mark.slow
@pytest.mark.parametrize("path", [DISPATCH, "/issues/[0-9]+/comments$"])
def test_asked_to_leave_when_github_does_not_answer_it_still_leaves_in_time(
    stage: Stage, path: str
) -> None:
    stage.settings("limits: {recover-after: 0s, backoff: 0s}\n")
    number = stage.open(body(-1, message="slow"))
    with (
        held(stage, "POST", path) as unanswered,
        holder(stage, "--hold", "5m", "--poll", "1s", farewell="1") as process,
    ):
        unanswered.wait()
        report = left(process, signal.SIGTERM)
    assert "left to the next tick" in report["stopped"]
    assert report["next_due"] is not None
    # What was sent takes effect in the end: with `recover-after: 0s` no tick waits for that.
    until(lambda: stage.sandbox.requests.count("POST", path) > 0)
    for _ in range(4):
        stage.tick()
    assert list(late(stage)) == ["slow"]
    assert stage.issue(number)["state"] == "closed"


@pytest.mark.slow
def test_asked_to_leave_under_a_rate_limit_it_does_not_hammer(stage: Stage) -> None:
    stage.open(body(-1))
    stage.sandbox.fault("429", method="POST", path=DISPATCH, count=999, retry_after=12)
    with holder(stage, "--hold", "5m", "--poll", "1s", farewell=str(FAREWELL)) as process:
        until(lambda: stage.sandbox.requests.count("POST", DISPATCH) > 0)
        left(process, signal.SIGTERM)
    assert stage.sandbox.requests.count("POST", DISPATCH) <= 3
    assert stage.runs() == []


@pytest.mark.slow
@pytest.mark.parametrize("nth", [1, 4, 8, 11, 12, 13, 14, 15, 16, 17])
def test_killed_at_any_request_the_next_tick_finds_the_truth(stage: Stage, nth: int) -> None:
    stage.settings("limits: {recover-after: 0s, backoff: 0s}\n")
    due = at(4)  # asked once
    for name in ("one", "two"):
        stage.open(body(due, message=name))
    met: list[Request] = []
    with holder(stage, "--hold", "1h", "--poll", "1s") as process:

        def kill(request: Request) -> None:
            met.append(request)
            if len(met) == nth:
                process.kill()

        with stage.sandbox.on_request(kill, after=nth % 2 == 0):
            process.wait(300)
    assert process.returncode == -signal.SIGKILL
    stage.sandbox.set_clock(advance=60)  # they are due
    for _ in range(6):
        stage.tick()
    assert sorted(late(stage)) == ["one", "two"]
    assert [stage.issue(number)["state"] for number in (1, 2)] == ["closed", "closed"]
