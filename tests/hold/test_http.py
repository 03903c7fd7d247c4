"""A tick that stays, over HTTP: polls, limits, tokens, settings, clocks, wrong words."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest

from scheduler.hold import poll
from scheduler.sandbox.http.requestlog import Request
from tests.bench.bench_hold import played, problems
from tests.conftest import ISSUES, Stage, at, body
from tests.support.hold_stage import DISPATCH, holder, holds, late, polled, recorded, until


def holding(stage: Stage, meanwhile: Callable[[], None] = lambda: None, *, until_runs: int) -> Any:
    """The report of a holder that is asked to leave once so many runs are recorded."""
    with holder(stage, "--hold", "1h", "--poll", "1s") as process:
        meanwhile()
        until(lambda: recorded(stage, until_runs))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    return json.loads(out)


@pytest.mark.slow
def test_polls_are_conditional(stage: Stage) -> None:
    stage.open(body(86_400))
    began = time.monotonic()

    def thrice() -> None:
        for _ in range(3):
            until(polled(stage))

    report = holding(stage, thrice, until_runs=0)
    lists = [e.status for e in stage.sandbox.requests.matching("GET", f"{ISSUES}$")]
    assert lists[:3] == [200, 200, 200], "the pass: open and closed; the first poll"
    assert lists[3:] == [304] * len(lists[3:])
    assert 3 <= len(lists[3:]) <= time.monotonic() - began, "once a second"
    until(lambda: report["requests"] == len(stage.requests))
    assert report["dispatched"] == []


@pytest.mark.slow
def test_what_people_do_while_it_sleeps_is_noticed(stage: Stage) -> None:
    moved = stage.open(body(86_400, message="moved"))

    def meanwhile() -> None:
        until(holds(stage))
        due = at(3600)
        stage.open(body(due, message="as it is"))
        closed, unlabelled, put_off = (
            stage.open(body(due, message=name)) for name in ("closed", "unlabelled", "put off")
        )
        for _ in range(2):  # an answer may have been on its way
            until(polled(stage))
        stage.edit(closed, state="closed")
        stage.edit(unlabelled, labels=[])
        stage.edit(put_off, body=body(7200, message="put off"))
        stage.edit(moved, body=body(due, message="moved"))
        for _ in range(2):
            until(polled(stage))
        assert stage.runs() == []
        stage.sandbox.set_clock(advance=3600)

    report = holding(stage, meanwhile, until_runs=2)
    found = late(stage)
    assert set(found) == {"as it is", "moved"}
    assert all(each >= 0 for each in found.values()), found
    assert report["next_due"] is not None
    assert len(report["dispatched"]) == 2
    assert all(stage.issue(fired["id"])["state"] == "closed" for fired in report["dispatched"])


# What changes meanwhile.


def while_it_holds(stage: Stage, act: Callable[[], object]) -> contextlib.ExitStack:
    """Do something once, after a poll to which nothing was new."""

    def polled(request: Request) -> None:
        if request.status == 304 and not done:
            done.append(act())

    done: list[object] = []
    return stage.sandbox.on_request(polled, after=True)


@pytest.mark.slow
def test_settings_that_break_meanwhile(stage: Stage) -> None:
    stage.settings("nudge: true\n")
    stage.open(body(3600))

    def broken() -> None:
        stage.settings("lable: later\n")
        stage.open(body(7200))  # what is new is judged by the settings of its moment

    with (
        while_it_holds(stage, broken),
        mock.patch.object(poll, "REFRESH", 0.5),
    ):
        result = stage.run("tick", "--json", "--hold", "10m", "--poll", "1s", user="bot")
    assert result.status == 2
    assert len(result.err.splitlines()) == 1
    assert "lable" in result.err
    assert "ended early" in json.loads(result.out)["stopped"]
    assert stage.runs() == []
    assert stage.comments(1) == []


@pytest.mark.slow
def test_a_token_that_expires_meanwhile(stage: Stage) -> None:
    number = stage.open(body(3600))
    token = stage.sandbox.make_token(
        "github-actions[bot]", repository="octo/queue", expires_in=7200, integration=True
    )
    with while_it_holds(stage, lambda: stage.sandbox.state.tokens.pop(token)):
        result = stage.run("tick", "--json", "--hold", "10m", "--poll", "1s", user=token)
    assert result.status == 5
    assert "401" in result.err
    assert len(result.err.splitlines()) == 1
    report = json.loads(result.out)
    assert "ended early" in report["stopped"]
    assert report["next_due"] is not None
    stage.edit(number, body=body(-1))
    assert len(stage.tick()["dispatched"]) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "path"), [
    ("429", f"{ISSUES}$"), ("secondary", f"{ISSUES}$"), ("429", DISPATCH), ("secondary", DISPATCH),
])  # fmt: skip
def test_limits_meanwhile_are_waited_out(stage: Stage, kind: str, path: str) -> None:
    stage.open(body(3600, message="limited"))
    stage.sandbox.fault(kind, path=path, nth=3 if "issues" in path else 1, count=2, retry_after=1)

    def due() -> None:
        until(holds(stage))
        stage.sandbox.set_clock(advance=3600)

    report = holding(stage, due, until_runs=1)
    assert len(report["dispatched"]) == 1
    assert stage.sandbox.requests.count(path=path, status=429 if kind == "429" else 403) == 2
    assert late(stage)["limited"] >= 0


# Clocks.


@pytest.mark.slow
@pytest.mark.parametrize("offset", [-40.0, -1.5, 1.5, 40.0])
def test_no_job_is_early_by_githubs_clock(stage: Stage, offset: float) -> None:
    """The machine's clock is wrong by so much."""
    stage.sandbox.set_clock(offset=offset)
    for index in range(2):
        stage.open(body(at(offset + 4 + index), message=str(index)))
    holding(stage, until_runs=2)
    found = late(stage)
    assert sorted(found) == ["0", "1"]
    assert all(each >= 0 for each in found.values()), found


@pytest.mark.slow
@pytest.mark.parametrize(("due", "jump"), [(6, -3.0), (14, 5.0), (9, 5.0)])
def test_a_clock_that_jumps_meanwhile(stage: Stage, due: float, jump: float) -> None:
    """GitHub's here; to the program that is the same as its own."""
    stage.open(body(at(due), message="job"))
    with while_it_holds(stage, lambda: stage.sandbox.set_clock(advance=jump)):
        holding(stage, until_runs=1)
    assert late(stage)["job"] >= 0


# What is written wrong.


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--hold=7h",), ("--hold: '7h' is longer than a job lives; GitHub ends it after 6h",)),
        (("--hold=-5m",), ("--hold: '-5m' is negative",)),
        (("--hold=soon",), ("--hold: 'soon'",)),
        (("--hold=",), ("--hold: ''",)),
        (("--hold=5m", "--poll=0s"), ("--poll: '0s'", "1s")),
        (("--hold=5m", "--poll=-20s"), ("--poll: '-20s' is negative",)),
        (("--hold=5m", "--poll=0.5s"), ("--poll: '0.5s'",)),
        (("--hold=5m", "--poll="), ("--poll: ''",)),
    ],
)
def test_a_hold_that_is_none(stage: Stage, args: tuple[str, ...], words: tuple[str, ...]) -> None:
    stage.open(body())
    stage.run("tick", *args, user="bot").refused(2, *words)
    assert stage.runs() == []


def test_a_hold_of_no_time_is_one_pass(stage: Stage) -> None:
    stage.open(body())
    stage.open(body(3600))
    report = stage.run("tick", "--json", "--hold", "0s", user="bot").json
    assert len(report["dispatched"]) == 1
    assert stage.sandbox.requests.count("GET", f"{ISSUES}$", status=304) == 0


@pytest.mark.slow
def test_jobs_close_together_are_each_dispatched_once_and_never_early() -> None:
    """``tests/bench/bench_hold.py`` says how late; that depends on the machine."""
    found = played(16, 5, latency=0.1, poll="1s", lead=7, ahead=6)
    assert problems(found) == []
    assert len(found.report["dispatched"]) == len(found.late) == 16
    assert found.report["retrying"] == []
