"""What runs came to, workflow by workflow."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.commands.reliability import Reliability, reliability, rows, total
from scheduler.job.states import State
from scheduler.journal.journal import Entry

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
WEEK = timedelta(days=7)


def entry(
    n: int, conclusion: str, took: float | None = 60, *, ago: float = 1, **more: Any
) -> Entry:
    """The dispatch of job ``n``, ``ago`` hours ago, and what its run came to."""
    given = {"outcome": State.DISPATCHED.value, "attempt": 1, "target": "o/r run.yml@main", **more}
    at = NOON - timedelta(hours=ago)
    return Entry(
        **{
            "key": f"{n}@2026-11-23T09:00:00Z", "at": at, "conclusion": conclusion,
            "took_s": took, **given,
        }
    )  # fmt: skip


def of(*entries: Entry) -> tuple[Reliability, ...]:
    return reliability(entries, since=NOON - WEEK, until=NOON)


@pytest.mark.parametrize(
    ("outcomes", "rate"),
    [
        ({}, None),
        ({"unknown": 3}, None),
        ({"success": 1}, 1.0),
        ({"failure": 1, "unknown": 1}, 0.0),
        ({"success": 1, "neutral": 1, "skipped": 1, "cancelled": 1}, 0.75),
        ({"success": 1, "never ran": 1, "stale": 1, "startup_failure": 1}, 0.25),
    ],
)
def test_the_rate_is_of_the_runs_of_which_the_end_is_known(
    outcomes: dict[str, int], rate: float | None
) -> None:
    assert Reliability(outcomes=outcomes).success_rate == rate


def test_the_duration_of_95_percent_is_one_that_a_run_had() -> None:
    (found,) = of(*(entry(n, "success", float(n)) for n in range(1, 41)))
    assert (found.runs, found.p95) == (40, 38.0)
    assert Reliability().p95 is None


def test_what_had_no_job_took_no_time() -> None:
    (found,) = of(
        entry(1, "never ran", 0.0), entry(2, "startup_failure", 1.0), entry(3, "unknown", 5.0),
        entry(4, "timed_out", 70.0), entry(5, "failure", None), entry(6, "failure", float("nan")),
    )  # fmt: skip
    assert found.durations == (70.0,)
    assert found.outcomes == {
        "never ran": 1, "startup_failure": 1, "unknown": 1, "timed_out": 1, "failure": 2,
    }  # fmt: skip


def test_what_counts() -> None:
    assert of(
        entry(1, ""), entry(2, "success", outcome=State.MISSED.value),
        entry(3, "success", ago=24 * 8), entry(4, "success", ago=-1),
    ) == ()  # fmt: skip


def test_each_workflow_has_its_own_and_the_most_runs_come_first() -> None:
    found = of(
        entry(1, "success", target="o/r a.yml@main"),
        *(entry(n, "failure", target=f"o/r b.yml@v{n}") for n in (2, 3)),
        entry(4, "success", target="o/x a.yml@main"),
    )
    assert [(each.repository, each.workflow, each.runs) for each in found] == [
        ("o/r", "b.yml", 2), ("o/r", "a.yml", 1), ("o/x", "a.yml", 1),
    ]  # fmt: skip
    assert rows(found) == [
        ("o/r b.yml", "2", "0 %", 60.0), ("o/r a.yml", "1", "100 %", 60.0),
        ("o/x a.yml", "1", "100 %", 60.0),
    ]  # fmt: skip
    assert rows(found[:2])[0][0] == "b.yml"
    everything = total(found)
    assert (everything.runs, everything.success_rate, everything.p95) == (4, 0.5, 60.0)


def test_an_older_entry_without_a_target_is_of_its_jobs_workflow() -> None:
    found = of(
        entry(1, "success", ago=3, target=""), entry(1, "failure", ago=1),
        entry(2, "success", target=""),
    )  # fmt: skip
    assert [(each.workflow, each.runs) for each in found] == [("run.yml", 2), ("", 1)]
    assert rows(found)[1][0] == "(not recorded)"


def test_a_share_is_never_rounded_up_to_all() -> None:
    many = Reliability(workflow="a.yml", outcomes={"success": 999, "failure": 1})
    assert rows([many])[0][2] == "99 %"


def test_a_name_is_cut_and_shows_no_sign_that_a_terminal_acts_on() -> None:
    ((name, *_),) = rows([Reliability(workflow="\x1b[2J" + "a" * 100)])
    assert name.isprintable()
    assert len(name) <= 50
