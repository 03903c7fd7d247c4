"""The lateness of dispatches: the numbers, the table, the chart."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.commands.stats import Stats, issue_of, span, stats
from scheduler.job.states import State
from scheduler.journal.journal import NEVER_STARTED, Entry

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
WEEK = timedelta(days=7)


def entry(n: int, late: float | None, *, ago: float = 1, **more: Any) -> Entry:
    """Occurrence ``n``, dispatched ``late`` seconds late, ``ago`` hours ago."""
    given = {"outcome": State.DISPATCHED.value, "attempt": 1, "lateness_s": late, **more}
    at = NOON - timedelta(hours=ago)
    return Entry(**{"key": f"{n}@2026-11-23T09:00:00Z", "at": at, **given})


def of(*entries: Entry, since: datetime = NOON - WEEK) -> Stats:
    return stats(entries, asked=NOON - WEEK, since=since, until=NOON)


@pytest.mark.parametrize(
    ("seconds", "p50", "p95", "p99", "worst"),
    [
        ([], None, None, None, None),
        ([3], 3, 3, 3, 3),
        ([1, 2], 1, 2, 2, 2),
        ([5, 1, 4, 2, 3], 3, 5, 5, 5),
        (list(range(1, 101)), 50, 95, 99, 100),
        (list(range(1, 102)), 51, 96, 100, 101),
        ([0.4] * 99 + [7200], 0.4, 0.4, 0.4, 7200),
    ],
)
def test_percentiles_are_those_of_dispatches_that_happened(
    seconds: list[float], p50: Any, p95: Any, p99: Any, worst: Any
) -> None:
    data = of(*(entry(n, late) for n, late in enumerate(seconds))).as_json()
    assert data["count"] == len(seconds)
    assert (data["p50_s"], data["p95_s"], data["p99_s"], data["worst_s"]) == (p50, p95, p99, worst)


def test_what_counts() -> None:
    found = of(
        entry(1, 2.0),
        entry(1, 9.0, ago=0.5),  # an occurrence is dispatched once: the first is told
        entry(2, None),  # how late is not known
        entry(3, math.nan),
        entry(4, math.inf),
        entry(5, 8.0, ago=7 * 24 + 1),  # before the period
        entry(6, 8.0, ago=-1),  # after it
        entry(7, None, outcome=State.MISSED.value),
        entry(7, None, outcome=State.MISSED.value, ago=2),
        entry(8, None, outcome=State.DISCARDED.value),
        entry(9, None, outcome=NEVER_STARTED),
        entry(9, 30.0, attempt=2),
        entry(10, 8.0, ago=7 * 24),
        entry(11, 8.0, ago=0),
    )
    assert [late.id for late in found.dispatches] == [1, 10, 11, 9]
    assert found.missed == 1
    assert found.as_json()["worst_id"] == 9


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("42@2026-11-23T09:00:00Z", 42),
        ("o/r#42@2026-11-23T09:00:00Z", 42),
        ("", 0),
        ("x", 0),
        ("x@y", 0),
        (f"{'9' * 5000}@y", 0),
    ],
)
def test_the_issue_of_a_key(key: str, number: int) -> None:
    assert issue_of(key) == number


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (89.9, "90 s"),
        (90, "1.5 min"),
        (3599, "60 min"),
        (5400, "1.5 h"),
        (1e9, "277778 h"),
        (-0.2, "-0.2 s"),
    ],
)
def test_a_span_in_few_figures(seconds: float | None, text: str) -> None:
    assert span(seconds) == text


def test_the_chart_counts_by_class() -> None:
    late = [-0.1, 0, 1, 1.1, 30, 31, 61, 299, 1800, 7200, 7201, 1e6]
    found = of(*(entry(n, seconds) for n, seconds in enumerate(late)))
    assert found.histogram() == [3, 1, 1, 1, 2, 1, 1, 2]
    assert sum(found.histogram()) == len(late)
    assert found.chart() == (
        "xychart-beta\n"
        '    title "How late: at most"\n'
        '    x-axis ["1 s", "5 s", "30 s", "1 min", "5 min", "30 min", "2 h", "more"]\n'
        '    y-axis "dispatches" 0 --> 3\n'
        "    bar [3, 1, 1, 1, 2, 1, 1, 2]"
    )


def test_the_table_is_as_wide_as_a_terminal() -> None:
    many = of(*(entry(n, 1e6 + n) for n in range(2000)), since=NOON - timedelta(days=1))
    lines = many.text().splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[1].split() == ["DISPATCHED", "P50", "P95", "P99", "WORST", "MISSED", "OVERDUE"]
    assert len(lines[1]) == len(lines[2])
    assert lines[3:] == [
        "the worst was #1999",
        "not read from 2026-11-16T12:00:00Z on: that is too much",
    ]
    assert of().text().splitlines()[2].split() == ["0", "-", "-", "-", "-", "0", "0"]


def test_the_summary_holds_the_table_and_the_chart() -> None:
    text = of(entry(1, 2.0)).markdown()
    assert "| dispatched | p50 | p95 | p99 | worst | missed | overdue |" in text
    assert "| 1 | 2.0 s | 2.0 s | 2.0 s | 2.0 s | 0 | 0 |" in text
    assert text.count("```mermaid\nxychart-beta\n") == 1
    assert "mermaid" not in of().markdown()


def ended(n: int, conclusion: str, took: float, workflow: str = "run.yml") -> Entry:
    target = f"o/r {workflow}@main"
    return entry(n, 1.0, conclusion=conclusion, took_s=took, target=target)


def test_what_became_of_runs_stands_below_how_late_they_were() -> None:
    found = of(
        ended(1, "success", 30), ended(2, "failure", 90.5), entry(3, 1.0),
        ended(4, "never ran", 0, "a|b.yml"),
    )  # fmt: skip
    assert found.text().splitlines()[3:] == [
        "the worst was #4",
        "What became of the runs",
        "WORKFLOW  RUNS  SUCCESS      P95",
        "run.yml      2     50 %  1.5 min",
        "a|b.yml      1      0 %        -",
        "all          3     33 %  1.5 min",
    ]
    data = found.as_json()
    assert data["outcomes"] == {"success": 1, "failure": 1, "never ran": 1}
    assert (data["success_rate"], data["p95_duration_s"]) == (0.3333, 90.5)
    assert data["workflows"][0] == {
        "repository": "o/r", "workflow": "run.yml", "runs": 2, "success_rate": 0.5,
        "p95_duration_s": 90.5, "outcomes": {"success": 1, "failure": 1},
    }  # fmt: skip
    text = found.markdown()
    assert "| workflow | runs | success | p95 |\n|---|---:|---:|---:|\n" in text
    assert "| `run.yml` | 2 | 50 % | 1.5 min |" in text
    assert "| `a\\|b.yml` | 1 | 0 % | - |" in text
    assert "| `all` | 3 | 33 % | 1.5 min |" in text


def test_one_workflow_is_all_and_long_names_fit_a_terminal() -> None:
    found = of(ended(1, "success", 30, "a" * 100 + ".yml"))
    assert len(found.text().splitlines()[-1]) <= 80
    assert "all" not in found.text()
    nothing = of(entry(1, 1.0)).as_json()
    assert (nothing["outcomes"], nothing["success_rate"], nothing["workflows"]) == ({}, None, [])
