"""What becomes of runs on the sandbox, as the scheduler finds it out and says it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import REPO, Stage, at, body

HOUR = 3600


def came_to(stage: Stage, number: int) -> tuple[str, str | None]:
    """The last outcome that a journal records, and why the job's issue is closed."""
    outcomes: list[str] = list(stage.run("stats", "--json").json["outcomes"])
    return (outcomes or [""])[-1], stage.issue(number)["state_reason"]


def run_of(stage: Stage) -> int:
    (run,) = stage.runs()
    return int(run.id)


@pytest.mark.parametrize(
    ("fate", "outcome"),
    [
        ({"outcome": "startup_failure"}, "startup_failure"),
        ({"outcome": "action_required"}, "action_required"),
        ({"outcome": "failure", "jobs": False}, "never ran"),
        ({"outcome": "failure"}, "failure"),
        ({"outcome": "timed_out", "after": 60}, "timed_out"),
        ({"outcome": "stale", "jobs": False}, "never ran"),
        ({"outcome": "cancelled"}, "cancelled"),
    ],
)
def test_a_run_that_did_not_succeed_is_told(
    stage: Stage, fate: dict[str, Any], outcome: str
) -> None:
    stage.sandbox.fate(**fate)
    number = stage.open(body(-60))
    stage.tick()
    stage.sandbox.set_clock(advance=120)
    (told,) = stage.tick()["failed"]
    assert (told["id"], told["conclusion"]) == (number, outcome)
    assert came_to(stage, number) == (outcome, "not_planned")
    assert "schedule:failed" in stage.labels(number)
    assert len(stage.comments(number)) == 2


@pytest.mark.parametrize("outcome", ["success", "neutral", "skipped"])
def test_a_run_that_went_well_leaves_its_issue_completed(stage: Stage, outcome: str) -> None:
    stage.sandbox.fate(outcome)
    number = stage.open(body(-60))
    stage.tick()
    report = stage.tick()
    assert ([each["conclusion"] for each in report["followed"]], report["failed"]) == (
        [outcome], [],
    )  # fmt: skip
    assert came_to(stage, number) == (outcome, "completed")
    assert len(stage.comments(number)) == 1


def test_a_policy_that_ends_the_bots_runs_is_told_with_the_likely_reasons(stage: Stage) -> None:
    stage.sandbox.configure(blocked=["github-actions[bot]"])
    number = stage.open(body(-60))
    stage.tick()
    stage.tick()
    assert came_to(stage, number) == ("never ran", "not_planned")
    _, news = stage.comments(number)
    assert "policy" in news
    assert f"/actions/runs/{run_of(stage)}" in news


def test_a_called_workflow_that_is_not_there_is_a_run_that_never_started(stage: Stage) -> None:
    calls = "jobs: {a: {uses: ./.github/workflows/none.yml}}\n"
    place = stage.folder / ".github" / "workflows" / "calls.yml"
    place.write_text(f"on: workflow_dispatch\n{calls}")
    number = stage.open(body(-60, "calls.yml"))
    stage.tick()
    stage.tick()
    assert came_to(stage, number) == ("startup_failure", "not_planned")


def test_a_run_that_hangs_is_followed_until_it_is_cancelled(stage: Stage) -> None:
    stage.sandbox.fate("hangs")
    number = stage.open(body(-60))
    stage.tick()
    assert stage.tick()["followed"] == []
    assert came_to(stage, number) == ("", "completed")
    stage.call("POST", f"{REPO}/actions/runs/{run_of(stage)}/cancel")
    assert [each["conclusion"] for each in stage.tick()["failed"]] == ["cancelled"]


@pytest.mark.parametrize("lingers", [0, 300])
def test_a_run_that_takes_too_long_is_cancelled_however_long_that_takes(
    stage: Stage, lingers: float
) -> None:
    stage.sandbox.fate("hangs", lingers=lingers)
    number = stage.open(body(-60, "agent-message.yml", "max-runtime: 10m"))
    stage.tick()
    stage.sandbox.set_clock(advance=660)
    for _ in range(3):
        stage.tick()
        stage.sandbox.set_clock(advance=200)
    assert came_to(stage, number) == ("cancelled", "not_planned")
    asked = [each for each in stage.requests if each.startswith("POST") and "/cancel " in each]
    assert asked
    assert "10m" in stage.comments(number)[0]


@pytest.mark.parametrize("late", ["filtered_runs", "event_runs", "created_runs", "run_ends"])
def test_a_list_that_lags_hides_no_end(stage: Stage, late: str) -> None:
    stage.sandbox.set_staleness(**{late: HOUR})
    stage.sandbox.fate("failure")
    number = stage.open(body(-60))
    stage.tick()
    stage.tick()
    stage.sandbox.set_clock(advance=HOUR + 60)
    stage.tick()
    assert came_to(stage, number) == ("failure", "not_planned")
    assert len(stage.comments(number)) == 2


def test_a_workflow_that_was_renamed_since_hides_no_end(stage: Stage) -> None:
    number = stage.open(body(-60))
    stage.tick()
    place = stage.folder / ".github" / "workflows"
    (place / "agent-message.yml").rename(place / "other.yml")
    stage.sandbox.finish_run(run_of(stage), "failure")
    stage.tick()
    assert came_to(stage, number) == ("failure", "not_planned")


def test_a_run_that_was_deleted_is_unknown_and_said_to_be(stage: Stage) -> None:
    number = stage.open(body(-60))
    stage.tick()
    run_id = run_of(stage)
    stage.sandbox.finish_run(run_id, "failure")
    stage.call("DELETE", f"{REPO}/actions/runs/{run_id}")
    stage.sandbox.set_clock(advance=HOUR)
    assert stage.tick()["failed"] == []
    assert came_to(stage, number) == ("unknown", "completed")
    assert "deleted" in stage.comments(number)[0]


def test_two_tries_are_two_runs_and_the_last_one_decides(stage: Stage) -> None:
    stage.sandbox.fate("failure")
    stage.sandbox.fate("success")
    lines = ("retries: 2", "retry-after: 0s")
    number = stage.open(body(at(-60), "agent-message.yml", *lines))
    for _ in range(4):
        stage.tick()
    first, second = (run.inputs["schedule_id"] for run in stage.runs())
    assert second == f"{first}~2"
    assert came_to(stage, number) == ("success", "completed")
