"""A big queue goes no faster than GitHub takes comments, is told when it is through, and ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.commands.tick import tick_once
from scheduler.connection import Connection, connect
from scheduler.environment import Environment
from scheduler.tick import pacing
from scheduler.tick.context import Context
from scheduler.tick.outcome import Fired
from scheduler.tick.pacing import LIMITS
from scheduler.tick.report import TickReport
from scheduler.times.pace import PER_HOUR, Pace
from tests.faults.stage import REPO, SandboxClock, Stage, served
from tests.support import contexts
from tests.support.fakes import NOON, FakeClock, MemoryHub, MemoryQueue
from tests.support.hold_world import hold_world

SETTINGS = """\
limits: {recover-after: 120s, backoff: 0s, per-tick: 1000}
quotas: {open-per-agent: 999, new-per-agent-per-day: 999}
"""
MINUTE, HOUR = 12, 25
"""Limits that a test can reach."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with served(tmp_path, settings=SETTINGS) as made:
        made.sandbox.configure(limits={"content-minute": MINUTE, "content-hour": HOUR, "bot": 9999})
        yield made


@contextmanager
def process(stage: Stage) -> Iterator[Connection]:
    """One process of the scheduler, which knows those limits and the sandbox's clock."""
    environment = Environment.read({**stage.environ(), "SCHEDULE_WRITES_PER_SECOND": ""})
    made = connect(environment, clock=SandboxClock(stage.sandbox))
    made.http.pace = Pace(per_minute=MINUTE, per_hour=HOUR)
    try:
        yield made
    finally:
        made.close()


def tick(stage: Stage) -> TickReport:
    with process(stage) as connection:
        return tick_once(connection)


def refused(stage: Stage) -> list[Any]:
    return [each for each in stage.sandbox.requests if each.status == 403]


def said(report: TickReport) -> list[str]:
    return [line for line in report.notices if line.startswith(LIMITS)]


def test_a_pass_waits_for_the_minute_and_no_claim_grows_old_by_it(stage: Stage) -> None:
    numbers = [stage.open(str(n)) for n in range(MINUTE + 3)]
    began = stage.sandbox.clock()
    report = tick(stage)
    assert refused(stage) == []
    assert report.withdrawn == report.retrying == []
    assert len(report.dispatched) == len(numbers)
    assert {stage.audit(number, str(n)) for n, number in enumerate(numbers)} == {"dispatched"}
    assert timedelta(minutes=1) < stage.sandbox.clock() - began < timedelta(minutes=2)
    (line,) = said(report)
    assert "this tick waited" in line


def test_a_pass_stops_where_the_hour_is_full_and_says_when_the_rest_is_through(
    stage: Stage,
) -> None:
    numbers = [stage.open(str(n)) for n in range(HOUR + MINUTE + 3)]
    began = stage.sandbox.clock()
    report = tick(stage)
    assert refused(stage) == []
    assert len(report.dispatched) == HOUR
    assert report.error is None
    assert report.left == MINUTE + 3
    assert report.next_due is not None
    assert timedelta(minutes=59) < report.next_due - began < timedelta(minutes=62)
    line = said(report)[-1]
    assert f"{MINUTE + 3} due jobs are left" in line
    # A minute's worth when the hour is over, and three of the minute after.
    last = datetime.fromisoformat(line.partition(" starts at ")[2][:19] + "+00:00")
    assert timedelta(minutes=60) < last - began < timedelta(minutes=64)
    stage.sandbox.clock.offset += report.next_due - stage.sandbox.clock() + timedelta(seconds=1)
    assert len(tick(stage).dispatched) == MINUTE + 3
    assert refused(stage) == []
    assert {stage.audit(number, str(n)) for n, number in enumerate(numbers)} == {"dispatched"}


def test_what_an_earlier_process_wrote_counts_too(stage: Stage) -> None:
    """Each tick is a process of its own, and GitHub counts for the account."""
    for n in range(HOUR - 12):
        stage.open(str(n))
    assert len(tick(stage).dispatched) == HOUR - 12
    stage.sandbox.clock.advance(600)
    for n in range(15):
        stage.open(f"later {n}")
    stage.sandbox.clear_requests()
    report = tick(stage)
    assert refused(stage) == []
    assert len(report.dispatched) == 12
    assert "3 due jobs are left" in said(report)[-1]
    looks = [each for each in stage.sandbox.requests if each.path.endswith("/issues/comments")]
    assert len(looks) == 1


def test_comments_of_others_count_for_others(stage: Stage) -> None:
    number = stage.open("0")
    for _ in range(60):
        path = f"/repos/{REPO}/issues/{number}/comments"
        stage.sandbox.call("owner", "POST", path, {"body": "Any news?"})
    for n in range(1, 14):
        stage.open(str(n))
    assert len(tick(stage).dispatched) == 14


def test_what_this_process_can_not_know_github_says(stage: Stage) -> None:
    """Somebody else wrote as the same account: nothing is lost or doubled by the refusal."""
    numbers = [stage.open(str(n)) for n in range(10)]
    stage.sandbox.configure(limits={"content-minute": 4})
    for _ in range(4):
        tick(stage)
        stage.sandbox.clock.advance(61)
    assert refused(stage)
    assert {stage.audit(number, str(n)) for n, number in enumerate(numbers)} == {"dispatched"}


@pytest.mark.parametrize("jobs", [1, 10])
def test_a_small_tick_does_not_look_back(stage: Stage, jobs: int) -> None:
    for n in range(jobs):
        stage.open(str(n))
    stage.sandbox.clear_requests()
    tick(stage)
    assert not [each for each in stage.sandbox.requests if each.path.endswith("/issues/comments")]


@pytest.mark.slow
def test_six_hundred_jobs_at_github_s_own_limits(tmp_path: Path) -> None:
    with served(tmp_path, settings=SETTINGS) as made:
        made.sandbox.configure(limits={"bot": 99_999})
        for n in range(600):
            made.open(str(n))
        dispatched = 0
        for _ in range(3):
            environment = Environment.read({**made.environ(), "SCHEDULE_WRITES_PER_SECOND": ""})
            connection = connect(environment, clock=SandboxClock(made.sandbox))
            report = tick_once(connection)
            connection.close()
            dispatched += len(report.dispatched)
            assert refused(made) == []
            if report.next_due:
                wait = (report.next_due - made.sandbox.clock()).total_seconds()
                made.sandbox.clock.advance(max(wait, 0) + 1)
        assert dispatched == 600
        assert sorted(made.names()) == sorted(str(n) for n in range(600))


# A holder.


def test_a_holder_dispatches_what_is_claimed_while_another_waits_for_room() -> None:
    world = hold_world()
    for name, seconds in (("first", 30), ("second", 31), ("third", 32)):
        world.open(name, seconds)
    full_until = NOON + timedelta(seconds=90)
    holder = world.holder()
    queue = holder.ctx.queue
    assert isinstance(queue, MemoryQueue)
    claimed = 0

    def room(writes: int = 1) -> float:
        nonlocal claimed
        claimed += writes == 1
        late = (full_until - world.clock.true).total_seconds()
        return max(late, 0.0) if claimed > 1 else 0.0

    queue.room = room  # type: ignore[method-assign]
    report = holder.run()
    assert len(report.dispatched) == 3
    assert report.withdrawn == []
    assert world.sent_at("first") == [pytest.approx(30, abs=1)]  # on its instant
    for name in ("second", "third"):
        (at,) = world.sent_at(name)
        assert 90 <= at < 100


# What is said.


def report(due: int, dispatched: int, *, stopped: str = "rate limit") -> TickReport:
    fired = [Fired(id=n, run_id=n, run_url="", lateness_s=0.0) for n in range(dispatched)]
    return TickReport(now=NOON, due=due, dispatched=fired, stopped=stopped)


def context(taken: int) -> Context:
    """After so many comments, a second each."""
    clock, pace = FakeClock(), Pace()
    for _ in range(taken):
        clock.sleep(1)
        pace.take(clock.monotonic())
    queue = MemoryQueue(MemoryHub(clock=clock))
    queue.room = lambda writes=1: pace.room(clock.monotonic(), writes)  # type: ignore[method-assign]
    return contexts.context(queue)


@pytest.mark.parametrize(
    ("due", "dispatched", "words"),
    [
        (700, PER_HOUR, "200 due jobs are left, and the last starts at 2026-11-23T13:03:22Z"),
        (501, PER_HOUR, "1 due job is left, and the last starts at 2026-11-23T13:00:03Z"),
    ],
)
def test_how_long_the_rest_takes(due: int, dispatched: int, words: str) -> None:
    found = report(due, dispatched)
    (line,) = pacing.notices(context(dispatched), found.left)
    assert words in line


@pytest.mark.parametrize(("due", "dispatched"), [(0, 0), (50, 50), (60, 50)])
def test_nothing_is_said_of_what_takes_no_time(due: int, dispatched: int) -> None:
    found = report(due, dispatched)
    assert list(pacing.notices(context(dispatched), found.left)) == []


def test_it_is_said_of_what_is_left_in_the_end() -> None:
    found, told = report(700, PER_HOUR), context(PER_HOUR)
    found.dispatched += [Fired(id=n, run_id=n, run_url="", lateness_s=0) for n in range(900, 1000)]
    (line,) = pacing.notices(told, found.left)
    assert "100 due jobs are left" in line
    found.due = 600
    assert list(pacing.notices(told, found.left)) == []
