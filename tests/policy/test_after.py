"""Whether a condition on another job holds, by that job's issue and its journal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scheduler.job.conditions import parse
from scheduler.job.model import Job
from scheduler.journal.journal import Entry, History, Journal
from scheduler.policy.after import Other, Verdict, circle, verdict, waits_for
from scheduler.ports.values import Ticket, User
from tests.support.records import NOON, claim

OPEN = Ticket(
    number=42, author=User(login="a"), created_at=NOON, updated_at=NOON, labels=("Schedule",)
)
CLOSED = replace(OPEN, open=False, state_reason="completed", closed_at=NOON, closed_by="bot")
JOB = Job(run_at=NOON, workflow="run.yml")
SERIES = replace(JOB, every=timedelta(hours=1))
FIRST = "42@2026-11-23T12:00:00Z"


def ran(conclusion: str, key: str = FIRST, **more: Any) -> Entry:
    made = Entry(key=key, attempt=1, outcome="dispatched", at=NOON, run_id=7, conclusion=conclusion)
    return replace(made, **more)


def ended(outcome: str, key: str = FIRST) -> Entry:
    return Entry(key=key, attempt=1, outcome=outcome, at=NOON)


def asked(
    name: str, ticket: Ticket | None, *entries: Entry, job: Job = JOB, follows: bool = True
) -> Verdict:
    history = History(journal=Journal(id=9, entries=entries))
    other = Other(ticket=ticket, job=job, history=history)
    return verdict(parse("when", f"{name}(#42)"), other, label="schedule", follows=follows)


def test_an_issue_that_is_not_there_or_is_no_job_ends_the_wait() -> None:
    assert asked("finished", None) == Verdict(holds=False, seen="there is no issue #42", final=True)
    bare = asked("failed", replace(OPEN, labels=("bug",)))
    assert bare == Verdict(
        holds=False, seen="#42 is no job: it has no label 'schedule'", final=True
    )


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("success", "succeeded finished"), ("neutral", "succeeded finished"),
        ("failure", "failed finished"), ("never ran", "failed finished"),
        ("cancelled", "failed finished"), ("unknown", "finished"),
    ],
)  # fmt: skip
def test_what_a_run_came_to(word: str, names: str) -> None:
    for name in ("succeeded", "failed", "finished"):
        found = asked(name, CLOSED, ran(word))
        assert (found.holds, found.final) == (name in names, True)
        assert "run 7" in found.seen


def test_a_run_under_way_decides_nothing_yet_and_never_where_none_is_followed() -> None:
    found = asked("succeeded", CLOSED, ran(""))
    assert found == Verdict(holds=False, seen="run 7 of #42 has not ended, as far as is known")
    told = asked("finished", CLOSED, ran("", run_id=None), follows=False)
    seen = "what became of the run of #42 is not known"
    assert told == Verdict(holds=False, seen=seen, final=True)


@pytest.mark.parametrize(
    ("ticket", "entries", "holds", "seen"),
    [
        (OPEN, (), False, "#42 has not run yet"),
        (replace(OPEN, labels=("schedule", "schedule:paused")), (), False, "#42 is paused"),
        # What was missed, and was reopened, comes still.
        (OPEN, (ended("missed"),), False, "#42 has not run yet"),
        # Moved since to another instant.
        (OPEN, (ran("success", key="42@2026-11-23T11:00:00Z"),), False, "#42 has not run yet"),
        (OPEN, (ended("rejected", key="42@comment-5"),), False, "#42 has not run yet"),
        (CLOSED, (ended("missed"),), True, "#42 ended without a run: it was missed"),
        (
            replace(CLOSED, state_reason="not_planned"), (), True,
            "#42 ended without a run: it is cancelled",
        ),
    ],
)  # fmt: skip
def test_a_job_without_a_run(
    ticket: Ticket, entries: tuple[Entry, ...], holds: bool, seen: str
) -> None:
    for name in ("succeeded", "failed", "finished"):
        over = not ticket.open
        expected = Verdict(holds=holds and name == "finished", seen=seen, final=over)
        assert asked(name, ticket, *entries) == expected


def test_a_job_that_a_tick_has_claimed_is_about_to_run() -> None:
    other = Other(ticket=OPEN, job=JOB, history=History(claims=(claim(id=5),)))
    found = verdict(parse("when", "failed(#42)"), other, label="schedule", follows=True)
    assert found == Verdict(holds=False, seen="#42 is about to run")


def test_a_job_of_a_text_that_is_none_has_not_run() -> None:
    other = Other(ticket=OPEN, job=None)
    found = verdict(parse("when", "failed(#42)"), other, label="schedule", follows=True)
    assert found == Verdict(holds=False, seen="#42 can't be read, and has not run")


AGAIN = f"{FIRST}~2"


def test_a_run_that_is_tried_again_has_not_failed_yet() -> None:
    first = ran("failure", again=AGAIN, again_at=NOON)
    wait = Verdict(holds=False, seen="run 7 of #42 ended as 'failure', and is tried again")
    for name in ("failed", "succeeded", "finished"):
        assert asked(name, OPEN, first) == wait
        assert not asked(name, OPEN, first, ran("", key=AGAIN)).final
    assert asked("succeeded", CLOSED, first, ran("success", key=AGAIN)).holds
    # Closed by a person, it is not tried again.
    assert asked("failed", CLOSED, first).holds
    # The retry came too late: what became of the run before stands.
    assert asked("failed", CLOSED, first, ended("missed", key=AGAIN)).holds
    assert asked("failed", OPEN, first, ended("missed", key=AGAIN)).holds


def test_of_a_series_the_latest_occurrence_counts_and_another_may_come() -> None:
    later = "42@2026-11-23T13:00:00Z"
    entries = (ran("success"), ran("failure", key=later))
    found = asked("succeeded", OPEN, *entries, job=SERIES)
    assert found == Verdict(holds=False, seen="run 7 of #42 ended as 'failure'")
    assert asked("failed", OPEN, *entries, job=SERIES).holds
    assert asked("succeeded", CLOSED, *entries, job=SERIES).final
    skipped = asked("succeeded", OPEN, ran("success"), ended("skipped", later), job=SERIES)
    seen = "the last occurrence of #42 ended without a run: it was skipped"
    assert skipped == Verdict(holds=False, seen=seen)
    # A command that had it run at another time counts as well; one that did nothing does not.
    said = (ran("success", key="42@comment-9"), ended("rejected", "42@comment-10"))
    assert asked("succeeded", OPEN, *entries, *said, job=SERIES).holds
    assert asked("succeeded", OPEN, job=SERIES).seen == "#42 has not run yet"


@pytest.mark.parametrize(
    ("when", "number"),
    [(None, None), ("closed(#5)", None), ("succeeded(#5)", 5), ("finished(o/n#5)", 5), ("x", None)],
)
def test_for_which_job_a_job_waits(when: str | None, number: int | None) -> None:
    assert waits_for(replace(JOB, when=when)) == number


def test_a_circle_in_words() -> None:
    assert waits_for(None) is None
    told = "#2 waits for #1, which is this job: they wait for each other"
    assert circle([2], 1) == told
    assert circle([2, 3], 1) == f"#2 waits for #3, and {told.replace('#2', '#3')}"
