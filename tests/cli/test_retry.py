"""Runs that are tried again, over HTTP: what the commands show, ask for and refuse."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Stage, body


@pytest.fixture
def job(stage: Stage) -> int:
    """A job with two retries, which was dispatched."""
    number = stage.open(body(-60, "agent-message.yml", "retries: 2", "retry-after: 0s"))
    assert [each["id"] for each in stage.tick()["dispatched"]] == [number]
    return number


def runs(stage: Stage) -> list[Any]:
    shown = stage.call("GET", "/repos/octo/queue/actions/runs")["workflow_runs"]
    return sorted(shown, key=lambda run: int(run["id"]))


def finish(stage: Stage, conclusion: str) -> int:
    run = int(runs(stage)[-1]["id"])
    stage.sandbox.finish_run(run, conclusion)
    return run


def shown(stage: Stage, number: int) -> Any:
    return stage.run("show", str(number), "--json").json


def test_a_job_is_shown_while_it_runs_and_while_it_waits_for_its_retry(
    stage: Stage, job: int
) -> None:
    assert shown(stage, job)["status"] == "running"
    assert "try 1 of 3, is under way" in shown(stage, job)["reason"]
    assert [each["status"] for each in stage.run("list", "--json").json] == ["running"]
    assert "running" in stage.run("list").out
    run = finish(stage, "failure")
    assert (
        shown(stage, job)["reason"] == f"run {run} ended as 'failure'; the next tick records that"
    )
    report = stage.tick()
    assert report["running"] == []
    assert report["failed"] == [{"id": job, "run_id": run, "conclusion": "failure"}]
    found = shown(stage, job)
    assert found["status"] == "retrying"
    assert f"run {run} ended as 'failure'; try 2 of 3 comes at" in found["reason"]
    assert [each["status"] for each in stage.run("list", "--json").json] == ["retrying"]
    report = stage.tick()
    assert [each["id"] for each in report["dispatched"]] == [job]
    second = runs(stage)[-1]
    assert second["display_title"].endswith("~2]")
    finish(stage, "success")
    stage.tick()
    issue = stage.issue(job)
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    assert len(runs(stage)) == 2
    assert stage.run("list", "--json").json == []


def test_a_failed_job_is_tried_again_by_a_command(stage: Stage) -> None:
    number = stage.open(body(-60, "agent-message.yml"))
    stage.tick()
    stage.run("retry", str(number)).refused(3, "its run is not known to have failed")
    finish(stage, "failure")
    stage.tick()
    assert shown(stage, number)["status"] == "failed"
    answer = stage.run("retry", str(number), "--json").json
    assert (answer["was"], answer["status"]) == ("failed", "pending")
    report = stage.tick()
    assert [each["id"] for each in report["dispatched"]] == [number]
    assert len(runs(stage)) == 2
    finish(stage, "success")
    assert not stage.tick()["dispatched"]
    stage.run("retry", str(number)).refused(3, "its run ended as 'success'; move it to a new time")


def test_an_open_job_is_tried_again_at_a_word(stage: Stage, job: int) -> None:
    stage.run("retry", str(job)).refused(3, "is still under way, or was not looked at yet")
    finish(stage, "failure")
    stage.tick()
    said = stage.run("retry", str(job))
    assert said.status == 0, said.err
    assert "the next tick tries it again" in said.out
    stage.tick()
    assert len(runs(stage)) == 2


def test_a_cancel_says_that_the_run_goes_on(stage: Stage, job: int) -> None:
    run = int(runs(stage)[-1]["id"])
    said = stage.run("cancel", str(job))
    assert f"its run {run} goes on, and is not tried again" in said.out
    finish(stage, "failure")
    assert not stage.tick()["dispatched"]
    assert len(runs(stage)) == 1


def test_a_stranger_s_words_on_a_closed_job_move_nothing(stage: Stage) -> None:
    number = stage.open(body(-60, "agent-message.yml"))
    stage.tick()
    finish(stage, "failure")
    stage.tick()
    stage.call(
        "POST", f"/repos/octo/queue/issues/{number}/comments", {"body": "/retry"}, user="stranger"
    )
    assert not stage.tick()["dispatched"]
    assert stage.issue(number)["state"] == "closed"
    stage.call(
        "POST", f"/repos/octo/queue/issues/{number}/comments", {"body": "/retry"}, user="owner"
    )
    assert [each["id"] for each in stage.tick()["dispatched"]] == [number]
