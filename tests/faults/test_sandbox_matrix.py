"""Every fault at every request of a tick over real HTTP, and processes that are killed.

The same matrix as `test_matrix`, through PyGithub and the real gateway, where reads and
absolute writes are repeated and nothing else is. The settings are those of one processor.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.stage import Stage, served
from tests.faults.world import STALL

KINDS = ("drop-before", "drop-after", "502-before", "502-after", "429", "secondary", "stall")
CASES: Counter[str] = Counter()


@pytest.fixture(params=[True, False], ids=["details", "no details"])
def details(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def stage(tmp_path: Path, details: bool) -> Iterator[Stage]:
    with served(tmp_path, run_details=details) as made:
        yield made


def opened(stage: Stage, jobs: int, workflow: str) -> dict[int, str]:
    """So many due jobs on an empty server."""
    stage.sandbox.reset()
    return {stage.open(str(number), workflow): str(number) for number in range(1, jobs + 1)}


def requests_of(stage: Stage, jobs: int, workflow: str) -> int:
    """How many requests a tick without a fault makes."""
    opened(stage, jobs, workflow)
    stage.tick()
    assert len(stage.names()) == jobs
    return len(stage.sandbox.requests)


def settle(stage: Stage, jobs: dict[int, str], workflow: str) -> None:
    """Ticks until quiet, then the audit of every job."""
    stage.sandbox.clear_faults()
    stage.until_quiet()
    for number, name in jobs.items():
        may_hold = len(jobs) > 1 and workflow == "plain.yml"
        CASES[stage.audit(number, name, may_hold=may_hold)] += 1
    CASES["cases"] += 1


def matrix(
    stage: Stage, jobs: int, workflow: str, kinds: tuple[str, ...], *, share: int = 1
) -> None:
    """Each of ``kinds`` at each request, or of such pairs one of ``share``."""
    for index in range(1, requests_of(stage, jobs, workflow) + 1):
        for place, kind in enumerate(kinds):
            if (index + place) % share:
                continue
            due = opened(stage, jobs, workflow)
            if kind == "stall":
                with stage.at_request(index, lambda: stage.sandbox.clock.advance(STALL)):
                    stage.tick()
            else:
                stage.sandbox.fault(kind, nth=index, retry_after=60 if kind == "secondary" else 1)
                stage.tick()
            settle(stage, due, workflow)


@pytest.mark.slow
@pytest.mark.parametrize("details", [True], indirect=True)
def test_lost_answers_and_outages_at_each_request_of_one_job(stage: Stage) -> None:
    matrix(stage, 1, "titled.yml", ("drop-after", "502-before"))


@pytest.mark.parametrize("details", [False], indirect=True)
def test_lost_answers_of_an_old_server_without_titles(stage: Stage) -> None:
    matrix(stage, 1, "plain.yml", ("drop-after",))


def sampled(share: int) -> pytest.MarkDecorator:
    """Servers, numbers of jobs and targets, all combined: one of ``share`` slow, and all soaks.

    Of two, the chosen ones hold every pair of values; of four, every value. A slow one tries every
    other of its own cases, and passes this on as its ``share``.
    """
    chosen = {2: (0, 3, 5, 6), 4: (1, 6)}[share]
    cases = [*itertools.product([True, False], [1, 2], ["titled.yml", "plain.yml"])]
    return pytest.mark.parametrize(
        ("details", "jobs", "workflow", "share"),
        [pytest.param(*cases[place], 2, marks=pytest.mark.slow) for place in chosen]
        + [pytest.param(*case, 1, marks=pytest.mark.soak) for case in cases],
        indirect=["details"],
    )


@sampled(2)
def test_each_fault_at_each_request(stage: Stage, jobs: int, workflow: str, share: int) -> None:
    matrix(stage, jobs, workflow, KINDS, share=share)


def kill_at(stage: Stage, index: int, *, after: bool) -> bool:
    """Kill a real tick at its ``index``-th request; whether it lived to make that one.

    What the server's thread notes after the kill may be read too late here: the process's own
    status says whether it was killed.
    """
    started = threading.Event()
    pids: list[int] = []

    def kill() -> None:
        started.wait(300)
        os.kill(pids[0], signal.SIGKILL)
        if not after:
            raise ConnectionAbortedError

    with stage.at_request(index, kill, after=after):
        process = stage.process()
        pids.append(process.pid)
        started.set()
        return process.wait(300) == -signal.SIGKILL


def killed(stage: Stage, jobs: int, workflow: str, indices: range, *, share: int = 1) -> None:
    """A real process killed at each of the requests, before or after it took effect, or both."""
    for index in indices:
        for after in (False, True):
            if (index + after) % share:
                continue
            due = opened(stage, jobs, workflow)
            assert kill_at(stage, index, after=after)
            CASES["killed"] += 1
            settle(stage, due, workflow)


@pytest.mark.parametrize("details", [True], indirect=True)
def test_a_process_killed_at_its_dispatch(stage: Stage) -> None:
    requests_of(stage, 1, "plain.yml")
    calls = [f"{each.method} {each.path}" for each in stage.sandbox.requests]
    dispatch = next(i for i, call in enumerate(calls, 1) if call.endswith("/dispatches"))
    killed(stage, 1, "plain.yml", range(dispatch, dispatch + 1))


@sampled(4)
def test_a_process_killed_at_each_request(
    stage: Stage, jobs: int, workflow: str, share: int
) -> None:
    count = requests_of(stage, jobs, workflow)
    killed(stage, jobs, workflow, range(1, count + 1), share=share)


def test_zz_the_count_of_cases(capsys: pytest.CaptureFixture[str]) -> None:
    if not CASES:
        pytest.skip("the matrix was not run")
    with capsys.disabled():
        sys.stdout.write(f"\nfault matrix over HTTP: {dict(CASES)}\n")
    assert CASES["cases"] + CASES["killed"] > 15
