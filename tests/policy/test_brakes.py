from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.job.model import Job
from scheduler.journal.journal import Entry, Journal
from scheduler.policy.brakes import (
    cancelled_for,
    failures,
    full,
    longest_run,
    most_failures,
    paused_itself,
    pauses,
    too_long,
    unfollowed,
)
from scheduler.ports.values import Run
from scheduler.settings.model import Defaults, Limits, Settings
from tests.support.fakes import NOON

HOUR = timedelta(hours=1)
SERIES = Job(run_at=NOON, every=HOUR)
RUN = Run(id=1, url="", title="", actor="", status="in_progress", created_at=NOON)


def journal(*ends: str) -> Journal:
    """A journal whose dispatches ended so; other words are outcomes, and ``/resume`` one word."""
    made = []
    for place, end in enumerate(ends):
        key = f"1@2026-11-23T{place:02}:00:00Z"
        if end == "/resume":
            made.append(Entry(key="1@comment-7", attempt=1, outcome="pending", at=NOON))
        elif end in ("skipped!", "missed!"):
            made.append(Entry(key=key, attempt=1, outcome=end[:-1], at=NOON))
        else:
            entry = Entry(key=key, attempt=1, outcome="dispatched", at=NOON, conclusion=end)
            made.append(entry)
    return Journal(entries=tuple(made))


@pytest.mark.parametrize(
    ("ends", "number"),
    [
        ((), 0), (("success",), 0), (("failure",), 1), (("failure", "success"), 0),
        (("success", "failure", "timed_out"), 2), (("failure", "neutral", "failure"), 1),
        (("failure", "skipped!", "missed!", "never ran"), 2), (("failure", "", "cancelled"), 2),
        (("failure", "unknown", "stale"), 2), (("failure", "failure", "/resume"), 0),
        (("failure", "/resume", "failure"), 1), (("failure", "skipped", "failure"), 1),
    ],
)  # fmt: skip
def test_failures_in_a_row_are_counted(ends: tuple[str, ...], number: int) -> None:
    assert failures(journal(*ends)) == number


@pytest.mark.parametrize(
    ("failed", "most", "number"),
    [(2, 3, 0), (3, 3, 3), (4, 3, 0), (6, 3, 6), (1, 1, 1), (2, 1, 2), (9, 0, 0), (0, 1, 0)],
)
def test_a_series_pauses_after_so_many_and_after_as_many_more(
    failed: int, most: int, number: int
) -> None:
    settings = Settings(defaults=Defaults(pause_after=most))
    ends = journal(*["failure"] * failed)
    assert pauses(ends, SERIES, settings) == number
    assert pauses(ends, Job(run_at=NOON, every=HOUR, pause_after=most), Settings()) == number
    assert pauses(ends, Job(run_at=NOON), settings) == 0


def test_what_the_job_says_goes_before_the_setting() -> None:
    assert most_failures(SERIES, Settings()) == 5
    assert most_failures(Job(run_at=NOON, every=HOUR, pause_after=0), Settings()) == 0
    settings = Settings(defaults=Defaults(max_runtime=HOUR))
    assert longest_run(None, settings) == longest_run(SERIES, settings) == HOUR
    assert longest_run(Job(run_at=NOON, max_runtime=2 * HOUR), settings) == 2 * HOUR
    assert longest_run(SERIES, Settings()) is None


def test_no_run_is_cancelled_that_is_not_followed_for_so_long() -> None:
    assert unfollowed(Job(run_at=NOON), Settings()) is None
    assert unfollowed(Job(run_at=NOON, max_runtime=6 * HOUR), Settings()) is None
    assert unfollowed(Job(run_at=NOON, max_runtime=7 * HOUR), Settings()) == (
        "max-runtime: '7h' is longer than runs are followed, 6h; write less, or ask a maintainer "
        "to raise follow"
    )
    assert unfollowed(Job(run_at=NOON, max_runtime=HOUR), Settings(follow=timedelta(0)))


def test_a_pause_is_said_in_words() -> None:
    assert paused_itself(1) == "its last run failed, so the series paused itself"
    assert paused_itself(5) == "its last 5 runs failed, so the series paused itself"


@pytest.mark.parametrize(
    ("late", "longest", "long"),
    [(3600, HOUR, False), (3601, HOUR, True), (99_999, None, False), (-5, HOUR, False)],
)
def test_a_run_that_is_under_way_for_too_long(
    late: int, longest: timedelta | None, *, long: bool
) -> None:
    now = NOON + timedelta(seconds=late)
    assert too_long(RUN, longest, now) is long


def test_what_has_ended_or_has_no_date_is_not_too_long() -> None:
    now = NOON + 9 * HOUR
    ended = Run(id=1, url="", title="", actor="", conclusion="success", created_at=NOON)
    assert not too_long(ended, HOUR, now)
    assert not too_long(Run(id=1, url="", title="", actor=""), HOUR, now)
    begun = Run(id=1, url="", title="", actor="", created_at=NOON, started_at=now - HOUR)
    assert not too_long(begun, HOUR, now)


@pytest.mark.parametrize(
    ("conclusion", "took", "longest", "said"),
    [
        ("cancelled", 3600.0, HOUR, True), ("cancelled", 3599.0, HOUR, False),
        ("failure", 9999.0, HOUR, False), ("cancelled", 9999.0, None, False),
        ("cancelled", None, HOUR, False),
    ],
)  # fmt: skip
def test_why_a_run_was_cancelled(
    conclusion: str, took: float | None, longest: timedelta | None, *, said: bool
) -> None:
    words = "it was under way for longer than its max-runtime, 1h"
    assert cancelled_for(conclusion, took, longest) == (words if said else "")


def test_no_more_runs_than_the_limits_say() -> None:
    both = Limits(running=3, running_per_agent=2)
    assert full("a", [], both) is None
    assert full("a", ["b", "a"], both) is None
    assert full("a", ["A", "a"], both) == (
        "2 runs are under way for 'a', and limits.running-per-agent is 2"
    )
    assert full("c", ["a", "a", "b"], both) == "3 runs are under way, and limits.running is 3"
    assert full("c", ["a"], Limits(running=1)) == "1 run is under way, and limits.running is 1"
    assert full("a", ["a"] * 99, Limits()) is None
