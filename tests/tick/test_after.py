"""Jobs that run after other jobs: what they wait for, and what ends the wait at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.journal.comments import journal_comment
from scheduler.settings.model import Scheduler, Settings
from tests.faults.world import World, body, world
from tests.support.condition_world import comments, job, reason, tick
from tests.support.fakes import BOT, NOON, MemoryQueue


@pytest.fixture
def place() -> World:
    """The job #1 has run; how its run ended is not told yet."""
    made = world()
    made.hub.open(body("first"))
    assert tick(made).dispatched
    made.hub.sent.clear()
    return made


def ended(place: World, number: int, word: str) -> None:
    """Record how the run of a job ended, as a tick does."""
    journal = place.history(number).journal
    entries = (replace(each, conclusion=word) for each in journal.entries)
    told = journal_comment(replace(journal, entries=tuple(entries)))
    place.hub.edit_comment(journal.id, told)


@pytest.mark.parametrize("name", ["succeeded", "finished"])
def test_a_job_waits_for_the_run_of_another_and_runs_when_it_succeeded(
    place: World, name: str
) -> None:
    number = job(place, f"when: {name}(#1)")
    seen = f"when: {name}(#1) does not hold yet: run 1002 of #1 has not ended, as far as is known"
    assert reason(tick(place), "conditional", number) == seen
    assert f"`{seen}`" in comments(place, number)[0]
    ended(place, 1, "success")
    assert [fired.id for fired in tick(place, minutes=2).dispatched] == [number]


def test_of_a_run_that_is_followed_no_more_the_end_is_waited_for_by_nobody(place: World) -> None:
    place.clock.sleep(24 * 3600)
    number = job(place, "when: finished(#1)", "patience: 9d")
    assert reason(tick(place), "skipped", number) == (
        "when: finished(#1) can never come true: what became of run 1002 of #1 is not known"
    )


def test_what_failed_ends_the_wait_at_once_and_not_after_its_patience(place: World) -> None:
    number = job(place, "when: succeeded(#1)", "patience: 9d")
    text = body("k", run_at=NOON + timedelta(hours=12), more="when: failed(#1)\n")
    other = place.hub.open(text)
    ended(place, 1, "failure")
    seen = "when: succeeded(#1) can never come true: run 1002 of #1 ended as 'failure'"
    assert reason(tick(place), "skipped", number) == seen
    ticket = place.hub.ticket(number)
    assert (ticket.open, ticket.state_reason) == (False, "not_planned")
    assert [fired.id for fired in tick(place, hours=13).dispatched] == [other]


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("when: failed(#9)", "there is no issue #9"),
        ("when: finished(#2)", "#2 is no job: it has no label 'schedule'"),
    ],
)
def test_what_is_no_job_is_not_waited_for(place: World, line: str, seen: str) -> None:
    place.hub.open("a bug")
    place.hub.change(2, labels=("bug",))
    number = job(place, line)
    words = f"{line} can never come true: {seen}"
    assert reason(tick(place), "skipped", number) == words


def test_unless_asks_the_same(place: World) -> None:
    ended(place, 1, "failure")
    skipped = job(place, "unless: failed(#1)")
    report = tick(place)
    assert reason(report, "skipped", skipped) == (
        "unless: failed(#1) holds: run 1002 of #1 ended as 'failure'"
    )
    # What will never be is no reason against it.
    assert tick(place, minutes=1).due == 0
    runs = job(place, "unless: succeeded(#1)")
    assert [fired.id for fired in tick(place).dispatched] == [runs]


@pytest.mark.parametrize("number", [2, 3])
def test_jobs_that_wait_for_each_other_say_so_all_of_them(number: int) -> None:
    place = world()
    for each in range(1, number + 1):
        place.hub.open(body(f"j{each}", more=f"when: succeeded(#{each % number + 1})\n"))
    report = tick(place)
    assert [note.id for note in report.skipped] == [*range(1, number + 1)]
    assert not report.dispatched
    for each in range(1, number + 1):
        told = comments(place, each)[0]
        assert f"#{(each - 2) % number + 1} waits for #{each}, which is this job" in told
        assert "can never come true" in told


def test_a_job_that_waits_for_itself_is_no_job() -> None:
    place = world()
    place.hub.open(body("j", more="when: succeeded(#1)\n"))
    assert reason(tick(place), "invalid", 1) == (
        "when: 'succeeded(#1)' is about this job itself; name another job"
    )
    place.hub.close(1)
    place.hub.open(body("k", more="unless: failed(o/n#1)\n"))
    assert reason(tick(place), "invalid", 2) == (
        "unless: 'failed(o/n#1)' is about a job of another queue; name a job of octo/queue, such "
        "as 'failed(#123)'"
    )


def test_the_journal_of_somebody_else_is_not_believed(place: World) -> None:
    journal = place.history(1).journal
    entries = tuple(replace(each, conclusion="success") for each in journal.entries)
    place.hub.comment(1, journal_comment(replace(journal, entries=entries)), by="agent")
    number = job(place, "when: succeeded(#1)")
    assert tick(place).conditional
    assert not place.hub.sent
    assert place.hub.ticket(number).open


@pytest.mark.parametrize("named", [True, False])
def test_where_nobody_tells_the_login_a_write_of_its_own_does(named: bool) -> None:
    settings = Settings(scheduler=Scheduler(login=BOT if named else None))
    place = world(graphql=False, settings=settings)
    place.hub.roles[BOT] = "write"
    place.hub.open(body("first"))
    tick(place)
    ended(place, 1, "success")
    place.hub.comment(1, "thanks", by="owner")
    number = job(place, "when: succeeded(#1)")
    assert [fired.id for fired in tick(place).dispatched] == [number]
    assert place.history(number).journal.entries[-1].outcome == "dispatched"
    assert len(place.hub.on(number)) == 1


def test_no_more_is_asked_than_the_issue_and_its_comments(place: World) -> None:
    job(place, "when: succeeded(#1)")
    tick(place)
    queue = MemoryQueue(place.hub)
    assert place.tick(queue=queue)
    assert [queue.calls.count(each) for each in ("ticket", "comments")] == [1, 2], queue.calls
