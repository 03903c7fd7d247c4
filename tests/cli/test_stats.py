"""``schedule stats`` over HTTP: the numbers, a check for monitors, a step's summary."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Stage, at, body


def dispatched(stage: Stage, *seconds: float) -> Any:
    """Jobs that were due so many seconds ago, and a tick."""
    for late in seconds:
        stage.open(body(at(-late)))
    return stage.tick()


def test_the_numbers_are_those_of_the_journals(stage: Stage) -> None:
    report = dispatched(stage, 10, 20, 1000)
    waits = stage.open(body(3600))
    found = stage.run("stats", "--json").json
    late = sorted(fired["lateness_s"] for fired in report["dispatched"])
    assert (found["count"], found["missed"], found["overdue"]) == (3, 0, [])
    assert found["complete"] is True
    assert [found["p50_s"], found["p99_s"], found["worst_s"]] == [
        pytest.approx(late[1], abs=0.01),
        pytest.approx(late[2], abs=0.01),
        pytest.approx(late[2], abs=0.01),
    ]
    assert found["worst_id"] == 3 != waits
    begin, end = (
        datetime.fromisoformat(found[key].replace("Z", "+00:00")) for key in ("since", "until")
    )
    assert end - begin == timedelta(days=7)
    assert "\n         3" in stage.run("stats").out


def test_it_costs_few_requests(stage: Stage) -> None:
    dispatched(stage, *range(10))
    stage.sandbox.clear_requests()
    stage.run("stats")
    assert len(stage.requests) == 3, stage.requests  # the settings, the queue, the comments


def test_a_period_is_a_duration_or_an_instant(stage: Stage) -> None:
    dispatched(stage, 10)
    assert stage.run("stats", "--json", "--since", at(-60)).json["count"] == 1
    assert stage.run("stats", "--json", "--since", "1h").json["count"] == 1
    stage.sandbox.set_clock(offset=7200)
    assert stage.run("stats", "--json", "--since", "1h").json["count"] == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--since", "yesterday"), "--since: 'yesterday' is neither a duration nor an instant"),
        (("--since", "0s"), "--since: '0s' is no time"),
        (("--since", "2026-11-23"), "--since: '2026-11-23' has no time of day"),
        (("--since", "2999-01-01T00:00:00Z"), "--since: '2999-01-01T00:00:00Z' is not past"),
        (("--overdue", "--grace", "-5m"), "--grace: '-5m' is negative"),
        (("--overdue", "--grace", "soon"), "--grace: 'soon' is not a duration"),
    ],
)
def test_what_is_no_period(stage: Stage, args: tuple[str, ...], words: str) -> None:
    stage.run("stats", *args).refused(2, words)


def test_a_job_that_was_too_late_to_run_is_counted_as_missed(stage: Stage) -> None:
    stage.open(body(-3600, "agent-message.yml", "deadline: 1m"))
    stage.tick()
    found = stage.run("stats", "--json").json
    assert (found["count"], found["missed"]) == (0, 1)


def test_what_became_of_the_runs_is_counted(stage: Stage) -> None:
    report = dispatched(stage, 10, 20, 30)
    ends = ("success", "failure", "startup_failure")
    for fired, conclusion in zip(report["dispatched"], ends, strict=True):
        stage.sandbox.finish_run(fired["run_id"], conclusion)
    assert stage.run("stats", "--json").json["workflows"] == []  # nobody has looked yet
    assert len(stage.tick()["followed"]) == 3
    found = stage.run("stats", "--json").json
    assert found["outcomes"] == dict.fromkeys(ends, 1)
    (workflow,) = found["workflows"]
    assert (workflow["workflow"], workflow["runs"]) == ("agent-message.yml", 3)
    assert found["success_rate"] == workflow["success_rate"] == pytest.approx(1 / 3, abs=0.001)
    assert 0 <= workflow["p95_duration_s"] < 60
    (row,) = [each for each in stage.run("stats").out.splitlines() if "33 %" in each]
    assert row.split()[:3] == ["agent-message.yml", "3", "33"]


# For monitors.


def test_nothing_overdue_is_a_success(stage: Stage) -> None:
    stage.open(body(3600))
    result = stage.run("stats", "--overdue")
    assert (result.status, result.out, result.err) == (0, "nothing is overdue\n", "")
    assert stage.run("stats", "--overdue", "--json").json["overdue"] == []


def test_an_overdue_job_is_a_failure_that_says_what_to_do(stage: Stage) -> None:
    stage.sandbox.set_clock(offset=-3600)
    number = stage.open(body(at(-600)))
    stage.open(body(at(-240)))
    stage.sandbox.set_clock(offset=0)
    stage.sandbox.clear_requests()
    result = stage.run("stats", "--overdue")
    assert result.status == 1
    # The settings, the queue; the queued runs, the scheduler's runs, the concurrency groups.
    assert len(stage.requests) == 5
    (row,) = result.out.splitlines()
    assert re.fullmatch(rf"#{number} agent-message\.yml could have run 10m\d*s? ago: http.*", row)
    (said,) = result.err.splitlines()
    assert said.startswith(f"schedule: #{number} is overdue; start it with 'gh workflow run ")
    as_json = stage.run("stats", "--overdue", "--grace", "1m", "--json")
    assert as_json.status == 1
    assert [each["id"] for each in json.loads(as_json.out)["overdue"]] == [1, 2]
    assert 599 <= json.loads(as_json.out)["overdue"][0]["overdue_s"] <= 660
    assert stage.run("stats", "--overdue", "--grace", "1h").status == 0
    stage.tick()
    assert stage.run("stats", "--overdue").status == 0


# Inside Actions.


def test_a_step_gets_the_table_and_the_chart_in_its_summary(stage: Stage, tmp_path: Path) -> None:
    dispatched(stage, 10)
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    stage.run("stats", user="bot", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(file))
    text = file.read_text()
    assert text.startswith("before\n### Lateness from ")
    assert "```mermaid\nxychart-beta\n" in text


def test_a_summary_that_can_not_be_written_is_said(stage: Stage, tmp_path: Path) -> None:
    result = stage.run("stats", GITHUB_STEP_SUMMARY=str(tmp_path / "none" / "summary.md"))
    assert result.status == 0
    assert result.out
    assert result.err.startswith("schedule: GITHUB_STEP_SUMMARY: ")
    assert len(result.err.splitlines()) == 1
