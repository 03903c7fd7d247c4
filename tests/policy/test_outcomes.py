from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from scheduler.job.states import State
from scheduler.journal.journal import Entry
from scheduler.policy.outcomes import (
    FAILED,
    GOOD,
    MAY_HIDE_NO_JOB,
    NEVER_RAN,
    REASONS,
    SHOWN_LATE,
    UNKNOWN,
    ended,
    not_known,
    under_way,
)
from scheduler.ports.values import Run

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
FOLLOW = timedelta(hours=6)
SENT = Entry(
    key="42@2026-11-23T12:00:00Z",
    attempt=2,
    outcome=State.DISPATCHED.value,
    at=NOON,
    run_id=7,
    run_url="https://github.com/octo/queue/actions/runs/7",
)
RUN = Run(id=7, status="in_progress", created_at=NOON)
MINUTE = timedelta(minutes=1)


def test_the_words_are_githubs_and_each_is_good_or_not() -> None:
    assert sorted(GOOD) == ["neutral", "skipped", "success"]
    assert sorted(FAILED) == [
        "action_required", "cancelled", "failure", "never ran", "stale", "startup_failure",
        "timed_out",
    ]  # fmt: skip
    assert not GOOD & FAILED
    assert UNKNOWN not in GOOD | FAILED
    assert MAY_HIDE_NO_JOB < FAILED
    assert set(REASONS) == {"never ran", "startup_failure", "action_required"}


@pytest.mark.parametrize(
    ("status", "conclusion", "word"),
    [
        ("queued", None, "queued"),
        ("requested", None, "queued"),
        ("waiting", None, "queued"),
        ("pending", None, "queued"),
        ("", None, "queued"),
        ("in_progress", None, "running"),
        ("completed", "success", "success"),
        ("completed", "timed_out", "timed_out"),
    ],
)
def test_the_word_for_a_run_as_it_is(status: str, conclusion: str | None, word: str) -> None:
    assert under_way(replace(RUN, status=status, conclusion=conclusion)) == word


@pytest.mark.parametrize("word", sorted((GOOD | FAILED) - {NEVER_RAN}))
def test_a_run_that_ended_came_to_what_github_says(word: str) -> None:
    run = replace(
        RUN, conclusion=word, url="https://there", started_at=NOON + MINUTE,
        updated_at=NOON + 3 * MINUTE,
    )  # fmt: skip
    found = ended(SENT, run, now=NOON + 9 * FOLLOW, follow=FOLLOW)
    assert found is not None
    assert (found.key, found.attempt, found.run_id) == (SENT.key, 2, 7)
    assert (found.conclusion, found.url, found.told) == (word, "https://there", "")
    assert (found.ended_at, found.took_s) == (NOON + 3 * MINUTE, 120.0)
    assert (found.good, found.failed) == (word in GOOD, word in FAILED)


def test_times_that_a_server_does_not_tell_are_not_made_up() -> None:
    found = ended(SENT, replace(RUN, conclusion="success"), now=NOON, follow=FOLLOW)
    assert found is not None
    assert (found.ended_at, found.took_s, found.url) == (None, None, SENT.run_url)


@pytest.mark.parametrize("word", ["failure", "cancelled", "timed_out", "stale"])
@pytest.mark.parametrize(("jobs", "never"), [(0, True), (1, False), (None, False)])
def test_a_run_without_a_single_job_never_ran(word: str, jobs: int | None, *, never: bool) -> None:
    found = ended(SENT, replace(RUN, conclusion=word), now=NOON, follow=FOLLOW, jobs=jobs)
    assert found is not None
    assert found.conclusion == (NEVER_RAN if never else word)


@pytest.mark.parametrize("word", ["startup_failure", "action_required", "success", "skipped"])
def test_what_says_itself_why_it_had_no_job_keeps_its_word(word: str) -> None:
    found = ended(SENT, replace(RUN, conclusion=word), now=NOON, follow=FOLLOW, jobs=0)
    assert found is not None
    assert found.conclusion == word


@pytest.mark.parametrize(("status", "word"), [("in_progress", "running"), ("queued", "queued")])
def test_a_run_is_followed_so_long_and_then_nobody_knows(status: str, word: str) -> None:
    run = replace(RUN, status=status)
    assert ended(SENT, run, now=NOON + FOLLOW, follow=FOLLOW) is None
    found = ended(SENT, run, now=NOON + FOLLOW + MINUTE, follow=FOLLOW)
    assert found is not None
    assert (found.conclusion, found.good, found.failed) == (UNKNOWN, False, False)
    assert found.told == f"its run was still {word} after 6h"


def test_a_run_that_is_not_there_may_be_shown_late_and_is_then_gone() -> None:
    assert ended(SENT, None, now=NOON + SHOWN_LATE, follow=FOLLOW) is None
    found = ended(SENT, None, now=NOON + SHOWN_LATE + MINUTE, follow=FOLLOW)
    assert found is not None
    assert (found.conclusion, found.told) == (UNKNOWN, "run 7 is not there: it was deleted")


def test_a_run_that_nobody_named_is_looked_for_until_the_end() -> None:
    nameless = replace(SENT, run_id=None, run_url="")
    assert ended(nameless, None, now=NOON + FOLLOW, follow=FOLLOW) is None
    found = ended(nameless, None, now=NOON + FOLLOW + MINUTE, follow=FOLLOW)
    assert found is not None
    assert (found.run_id, found.url, found.conclusion) == (None, "", UNKNOWN)
    assert found.told == "no run could be recognised as its own within 6h"


def test_what_can_never_be_known_says_why() -> None:
    found = not_known(SENT, "the run of an event can't be told")
    assert (found.conclusion, found.told) == (UNKNOWN, "the run of an event can't be told")
