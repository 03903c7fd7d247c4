"""What is asked of GitHub about runs, and what is believed of one that nobody named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.errors import NotPermitted, Rejected, SchedulerError, Unavailable
from scheduler.job.model import Job
from scheduler.journal.journal import Entry
from scheduler.ports.values import Run, Ticket, User
from scheduler.tick.followed import Followed
from scheduler.tick.runs import ALONE, NotAsked, Runs, claimed
from tests.support.contexts import context
from tests.support.fakes import NOON, FakeClock, MemoryHub, MemoryQueue

KEY = "42@2026-11-23T12:00:00Z"
SENT = Entry(
    key=KEY, attempt=1, outcome="dispatched", at=NOON, target="octo/queue plain.yml@main", claim=9
)
TICKET = Ticket(number=42, author=User(login="agent"), created_at=NOON, updated_at=NOON)
JOB = Job(run_at=NOON, workflow="plain.yml")


@pytest.fixture
def hub() -> MemoryHub:
    made = MemoryHub(FakeClock(), workflows={"plain.yml": "on: workflow_dispatch\n"})
    made.clock.sleep(5)
    return made


def followed(run_id: int | None = None) -> Followed:
    return Followed(ticket=TICKET, entry=replace(SENT, run_id=run_id), job=JOB)


def look(hub: MemoryHub, one: Followed) -> Run | None:
    runs = Runs.of(context(hub), "octo/queue", [one])
    return runs.run(one, one.target("octo/queue"))


def test_the_claim_of_a_recorded_dispatch_is_that_of_its_moment() -> None:
    claim = claimed(SENT)
    assert (claim.id, claim.key, claim.attempt, claim.created_at) == (9, KEY, 1, NOON)
    assert claim.target == SENT.target


def test_the_only_run_that_it_can_have_started_is_its_own(hub: MemoryHub) -> None:
    assert look(hub, followed()) is None
    mine = hub.run("plain.yml", "workflow_dispatch")
    assert look(hub, followed()) == mine


@pytest.mark.parametrize(
    ("workflow", "title", "actor"),
    [
        ("other.yml", "", "github-actions[bot]"),
        ("plain.yml", f"for {KEY} and 43@2026-11-23T12:00:00Z", "github-actions[bot]"),
        ("plain.yml", "43@2026-11-23T12:00:00Z", "github-actions[bot]"),
        ("plain.yml", "", "somebody"),
    ],
)
def test_no_other_run_is(hub: MemoryHub, workflow: str, title: str, actor: str) -> None:
    hub.run(workflow, "workflow_dispatch", title=title, actor=actor)
    assert look(hub, followed()) is None


def test_of_two_that_may_be_neither_is(hub: MemoryHub) -> None:
    hub.run("plain.yml", "workflow_dispatch")
    hub.run("plain.yml", "workflow_dispatch")
    assert look(hub, followed()) is None


def test_a_run_long_after_its_dispatch_is_none_of_it(hub: MemoryHub) -> None:
    hub.clock.sleep(999)
    hub.run("plain.yml", "workflow_dispatch")
    assert look(hub, followed()) is None


def test_so_many_runs_are_asked_for_alone(hub: MemoryHub) -> None:
    run = hub.run("plain.yml", "workflow_dispatch")
    runs = Runs(ctx=context(hub), repo="octo/queue")
    one = followed(run.id)
    for _ in range(ALONE):
        assert runs.run(one, one.target("octo/queue")) == run
    with pytest.raises(NotAsked, match=r"^$"):
        runs.run(one, one.target("octo/queue"))


@pytest.mark.parametrize("pause", [60, 300, 900, 3600])
@pytest.mark.parametrize("count", [25, 50, 100])
def test_of_more_each_has_its_turn(hub: MemoryHub, count: int, pause: float) -> None:
    ids = [hub.run("plain.yml", "workflow_dispatch").id for _ in range(count)]
    hub.stale["runs"] = 10**6
    asked = set()
    for _ in range(4 * count // ALONE):
        runs = Runs.of(context(hub), "octo/queue", map(followed, ids))
        assert len(set(ids) - runs.left) == ALONE
        asked |= set(ids) - runs.left
        hub.clock.sleep(pause)
    assert asked == set(ids)


@pytest.mark.parametrize(
    "problem", [Rejected("Not Found", status=404), NotPermitted("token: lacks 'actions: read'")]
)
def test_what_cant_be_read_says_so(hub: MemoryHub, problem: SchedulerError) -> None:
    def deny(index: int, name: str, act: object) -> object:
        raise problem

    ctx = context(hub)
    ctx.queue = MemoryQueue(hub, through=deny)
    runs = Runs.of(ctx, "octo/queue", [followed()])
    assert runs.problem == f"the runs of octo/queue can't be read: {problem}"
    for one in (followed(), followed(7)):
        with pytest.raises(NotAsked, match="can't be read"):
            runs.run(one, one.target("octo/queue"))
    failed = Run(id=7, conclusion="failure")
    assert runs.jobs(failed) is None, "without an answer its own word counts"


def test_jobs_that_cant_be_counted_now_are_counted_later(hub: MemoryHub) -> None:
    def silent(index: int, name: str, act: object) -> object:
        raise Unavailable("no answer")

    ctx = context(hub)
    ctx.queue = MemoryQueue(hub, through=silent)
    with pytest.raises(NotAsked, match="the jobs of run 7 can't be read: no answer"):
        Runs(ctx=ctx, repo="octo/queue").jobs(Run(id=7, conclusion="failure"))


def test_the_jobs_are_counted_only_where_that_says_more(hub: MemoryHub) -> None:
    run = hub.run("plain.yml", "workflow_dispatch")
    hub.without_jobs.add(run.id)
    runs = Runs(ctx=context(hub), repo="octo/queue")
    assert [runs.jobs(None), runs.jobs(replace(run, conclusion="success"))] == [None, None]
    assert runs.jobs(replace(run, conclusion="failure")) == 0
