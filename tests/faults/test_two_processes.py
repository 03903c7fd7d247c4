"""Two tick processes against one sandbox, 200 due jobs: 200 dispatches, round after round.

Each round is another mix: started together or staggered, each request held back for a
random moment, and in every fourth round one process is really frozen (``SIGSTOP``) in the
midst of its work for longer than a claim is good for, while GitHub's time runs past
``recover-after`` and the other process goes on. The settings are the defaults.

The slow run has a round of each kind; a soak has as many as ``SCHEDULE_TEST_ROUNDS`` says.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scheduler.sandbox.http.requestlog import Request
from scheduler.settings.model import CLAIM_VALIDITY
from tests.faults.stage import Stage, served
from tests.support.fakes import BOT
from tests.support.seed import seed

JOBS = 200
ROUNDS = int(os.environ.get("SCHEDULE_TEST_ROUNDS", "20"))
SETTINGS = """\
limits: {per-tick: 1000}
quotas: {open-per-agent: 1000, new-per-agent-per-day: 1000}
"""
FROZEN = CLAIM_VALIDITY.total_seconds() + 1


@contextmanager
def delays(stage: Stage, chance: random.Random) -> Iterator[None]:
    """Hold some requests back, before or after they take effect, for up to 40 ms."""
    lock = threading.Lock()

    def hold(seen: Request) -> None:
        with lock:
            seconds = chance.choice([0.0, 0.0, 0.0, chance.random() * 0.04])
        if seconds and seen.user == BOT:
            time.sleep(seconds)

    with stage.sandbox.on_request(hold), stage.sandbox.on_request(hold, after=True):
        yield


def race(stage: Stage, chance: random.Random) -> None:
    """Two processes, together or staggered; both run to their end."""
    first = stage.process()
    time.sleep(chance.choice([0.0, 0.0, chance.random() * 3]))
    second = stage.process()
    assert first.wait(600) == 0
    assert second.wait(600) == 0


def freeze(stage: Stage, chance: random.Random) -> None:
    """One process is frozen at some request; the other goes on, and recovers its claim."""
    ready, frozen = threading.Event(), threading.Event()
    pids: list[int] = []

    def stop() -> None:
        ready.wait(600)
        os.kill(pids[0], signal.SIGSTOP)
        frozen.set()

    # Past the first requests, which only read, and where the first jobs are at work.
    with stage.at_request(chance.randint(8, 80), stop):
        first = stage.process()
        pids.append(first.pid)
        ready.set()
        try:
            assert frozen.wait(600)
            began = time.monotonic()
            assert stage.process().wait(600) == 0
            stage.sandbox.clock.advance(125)
            assert stage.process().wait(600) == 0
            time.sleep(max(FROZEN - (time.monotonic() - began), 0))
        finally:
            os.kill(first.pid, signal.SIGCONT)
    assert first.wait(600) == 0


@pytest.mark.parametrize(
    "number",
    [pytest.param(number, marks=pytest.mark.slow) for number in (0, 3)]
    + [pytest.param(number, marks=pytest.mark.soak) for number in range(4, 4 + ROUNDS)],
)
def test_200_jobs_two_processes_200_dispatches(tmp_path: Path, number: int) -> None:
    chance = random.Random(seed() + number)
    with served(tmp_path, settings=SETTINGS) as stage:
        due = {stage.open(str(job)): str(job) for job in range(1, JOBS + 1)}
        with delays(stage, chance):
            (freeze if number % 4 == 3 else race)(stage, chance)
        stage.until_quiet(pause=125)
        assert Counter(stage.names()) == dict.fromkeys(due.values(), 1)
        for issue, name in due.items():
            assert stage.audit(issue, name) == "dispatched"
        lost = stage.sandbox.requests.count("POST", "/dispatches$")
        assert lost == 0, "the ticks that made the end quiet found something to dispatch"
