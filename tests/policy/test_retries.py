"""Whether a run is tried again, and when; at which try an occurrence is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.job.model import Job
from scheduler.journal.journal import Entry, Journal
from scheduler.policy.retries import (
    NoRetry,
    Retry,
    Step,
    after,
    pause,
    planned,
    problem,
    stays_open,
    step,
    unfinished,
)
from tests.support.records import NOON

FIRST = "42@2026-11-23T12:00:00Z"
JOB = Job(run_at=NOON, workflow="run.yml", retries=2)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def ran(conclusion: str = "failure", nth: int = 1, **more: object) -> Entry:
    """A dispatch that ended five minutes after noon."""
    key = FIRST if nth == 1 else f"{FIRST}~{nth}"
    made = Entry(
        key=key, attempt=1, outcome="dispatched", at=NOON, run_id=6 + nth, conclusion=conclusion,
        ended_at=NOON + 5 * MINUTE if conclusion else None,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def journal(*entries: Entry) -> Journal:
    return Journal(id=9, entries=entries)


@pytest.mark.parametrize(
    ("conclusion", "again"),
    [
        ("failure", True), ("timed_out", True), ("startup_failure", True),
        ("cancelled", False), ("action_required", False), ("never ran", False), ("stale", False),
        ("success", False), ("neutral", False), ("skipped", False), ("unknown", False),
    ],
)  # fmt: skip
def test_what_is_tried_again_of_a_job_that_does_not_say(conclusion: str, again: bool) -> None:
    found = after(JOB, ran(conclusion))
    assert isinstance(found, Retry) == again
    assert after(replace(JOB, retries=None), ran(conclusion)) == NoRetry()
    named = after(replace(JOB, retry_on=(conclusion,)), ran(conclusion))
    assert isinstance(named, Retry)


def test_the_pause_is_counted_from_the_runs_end_and_doubles_to_a_day() -> None:
    job = replace(JOB, retries=10, retry_after=10 * MINUTE)
    assert after(job, ran()) == Retry(key=f"{FIRST}~2", at=NOON + 15 * MINUTE)
    assert after(job, ran(nth=2)) == Retry(key=f"{FIRST}~3", at=NOON + 25 * MINUTE)
    pauses = [pause(job, ran(nth=nth).key) for nth in range(1, 11)]
    assert pauses[:4] == [10 * MINUTE, 20 * MINUTE, 40 * MINUTE, 80 * MINUTE]
    assert pauses[7:] == [timedelta(minutes=1280), timedelta(days=1), timedelta(days=1)]
    assert pause(JOB, FIRST) == MINUTE
    assert pause(replace(JOB, retry_after=timedelta()), f"{FIRST}~999") == timedelta()
    # Of an end of which GitHub tells no time, from when it was sent.
    told = after(job, ran(ended_at=None))
    assert told == Retry(key=f"{FIRST}~2", at=NOON + 10 * MINUTE)


@pytest.mark.parametrize(
    ("ended", "limits", "reason"),
    [
        (ran(nth=3), {}, "all its 2 retries were made"),
        (ran("cancelled"), {}, "'cancelled' is not among its retry-on"),
        (
            ran(), {"expires": NOON + 5 * MINUTE},
            "its deadline passes at 2026-11-23T12:05:00Z, before the next try",
        ),
        (
            ran(), {"following": NOON + 6 * MINUTE},
            "its next instant, 2026-11-23T12:06:00Z, comes before the next try",
        ),
        (ran("success"), {}, ""),
    ],
)  # fmt: skip
def test_why_a_run_is_not_tried_again(ended: Entry, limits: dict[str, object], reason: str) -> None:
    found = after(JOB, ended, **limits)  # type: ignore[arg-type]
    assert found == NoRetry(reason=reason)


def test_a_deadline_and_a_next_instant_that_come_later_let_it_be_tried_again() -> None:
    at = NOON + 6 * MINUTE
    assert after(JOB, ran(), expires=at, following=at + MINUTE) == Retry(key=f"{FIRST}~2", at=at)


AT = NOON + HOUR
PLANNED = planned(ran(), Retry(key=f"{FIRST}~2", at=AT))
ASKED = Entry(
    key="42@comment-7", attempt=1, outcome="pending", at=NOON, again=f"{FIRST}~2", again_at=NOON
)
NEVER = Entry(key=f"{FIRST}~2", attempt=1, outcome="never-started", at=NOON)


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((), None),
        ((Entry(key=FIRST, attempt=1, outcome="missed", at=NOON),), None),
        ((replace(ran(), key="42@2026-11-22T12:00:00Z"),), None),
        ((ran(""),), Step(key=FIRST, running=True)),
        ((ran("success"),), Step(key=FIRST)),
        ((ran("unknown"),), Step(key=FIRST)),
        ((PLANNED,), Step(key=f"{FIRST}~2", due=AT)),
        # Somebody does not want to wait.
        ((PLANNED, ASKED), Step(key=f"{FIRST}~2", due=NOON, wanted=True)),
        ((PLANNED, NEVER), Step(key=f"{FIRST}~2", due=AT)),
        ((PLANNED, ran("", nth=2)), Step(key=f"{FIRST}~2", running=True)),
        ((PLANNED, ASKED, ran("success", nth=2)), Step(key=f"{FIRST}~2")),
        ((ran(), ASKED), Step(key=f"{FIRST}~2", due=NOON, wanted=True)),
        # What was ended without a dispatch is decided on by its own record.
        (
            (ran(), replace(NEVER, outcome="missed")),
            Step(key=f"{FIRST}~2", due=NOON + 5 * MINUTE, wanted=True),
        ),
    ],
)
def test_at_which_try_an_occurrence_is(entries: tuple[Entry, ...], expected: Step | None) -> None:
    assert step(journal(*entries), FIRST, stays=True) == expected
    done = expected and replace(expected, running=False)
    assert step(journal(*entries), FIRST, stays=False) == done


def test_an_issue_that_is_open_though_its_run_failed_for_good_was_opened_again() -> None:
    at = NOON + 5 * MINUTE
    assert step(journal(ran()), FIRST, stays=False) == Step(key=FIRST)
    opened = step(journal(ran()), FIRST, stays=False, reopened=True)
    assert opened == Step(key=f"{FIRST}~2", due=at, wanted=True)
    # It was sent: what becomes of it is told again.
    sent = journal(ran(), ran("", nth=2))
    assert step(sent, FIRST, stays=False, reopened=True) == Step(key=f"{FIRST}~2")
    for word in ("", "success", "unknown"):
        assert step(journal(ran(word)), FIRST, stays=False, reopened=True) == Step(key=FIRST)


def test_after_the_last_try_that_can_be_named_there_is_none() -> None:
    last = journal(ran(nth=999))
    assert step(last, FIRST, stays=True, reopened=True) == Step(key=f"{FIRST}~999")
    assert "as often as can be counted" in (problem(ran(nth=999)) or "")


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (None, "nothing has run yet"),
        (ran(""), "run 7 is still under way"),
        (ran("", run_id=None), "its run is still under way"),
        (ran("success"), "run 7 ended as 'success', so there is nothing to try again"),
    ],
)
def test_what_a_person_can_not_have_tried_again(last: Entry | None, words: str) -> None:
    assert words in (problem(last) or "")


@pytest.mark.parametrize("word", ["failure", "never ran", "cancelled", "unknown"])
def test_what_a_person_can_have_tried_again(word: str) -> None:
    assert problem(ran(word)) is None


@pytest.mark.parametrize(
    ("job", "follow", "stays"),
    [
        (JOB, HOUR, True), (JOB, timedelta(), False), (replace(JOB, retries=0), HOUR, False),
        (replace(JOB, retries=None), HOUR, False),
        (Job(run_at=NOON, event="wake", retries=2), HOUR, False),
    ],
)  # fmt: skip
def test_which_job_stays_open_until_its_run_has_ended(
    job: Job, follow: timedelta, stays: bool
) -> None:
    assert stays_open(job, follow=follow) == stays


def test_the_run_that_a_next_try_was_to_follow() -> None:
    first, second = ran(), ran(nth=2)
    assert unfinished(journal(first), FIRST) is None
    assert unfinished(journal(first), f"{FIRST}~2") == first
    assert unfinished(journal(first, second), f"{FIRST}~3") == second
    assert unfinished(journal(ran("")), f"{FIRST}~2") is None
    assert unfinished(journal(), f"{FIRST}~2") is None
