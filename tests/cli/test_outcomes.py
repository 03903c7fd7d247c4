"""What the commands show of a run: while it is under way, and of one that has failed."""

from __future__ import annotations

import pytest

from tests.conftest import Stage, body


@pytest.fixture
def ran(stage: Stage) -> Stage:
    """Two jobs that were dispatched, and one that waits."""
    stage.settings('allow: {workflows: ["*"]}\n')
    for _ in range(2):
        stage.open(body(-60))
    stage.open(body(3600))
    stage.tick()
    return stage


def test_a_run_that_is_under_way_is_asked_for_live(ran: Stage) -> None:
    shown = ran.run("show", "1", "--json").json
    run = ran.runs()[0]
    assert shown["run"] == {
        "id": run.id, "url": shown["run_url"], "status": run.status, "conclusion": None,
    }  # fmt: skip
    assert shown["outcome"] in ("queued", "running")
    assert f"outcome:   {shown['outcome']}" in ran.run("show", "1").out
    assert ran.run("show", "3", "--json").json["run"] is None


def test_a_run_that_failed_is_shown_and_found_by_its_state(ran: Stage) -> None:
    first, second = ran.runs()
    ran.sandbox.finish_run(first.id, "success")
    ran.sandbox.finish_run(second.id, "failure", jobs=False)
    report = ran.tick()
    assert [end["conclusion"] for end in report["followed"]] == ["success", "never ran"]
    assert [end["id"] for end in report["failed"]] == [2]
    shown = ran.run("show", "2", "--json").json
    assert (shown["status"], shown["outcome"]) == ("failed", "never ran")
    assert shown["run"]["conclusion"] == "failure"
    assert [each["id"] for each in ran.run("list", "--state", "failed", "--json").json] == [2]
    text = ran.run("list", "--state", "failed").out
    assert "its run ended: never ran" in text
    assert [each["id"] for each in ran.run("list", "--state", "dispatched", "--json").json] == [1]
    assert [each["id"] for each in ran.run("list", "--state", "pending", "--json").json] == [3]
    assert ran.run("list", "--state", "held").out.strip() == "no jobs in state 'held'"
    due = ran.run("list", "--state", "due")
    assert due.out.strip() == "no jobs in state 'due'"
    wrong = ran.run("list", "--state", "broken")
    assert wrong.status == 2
    assert "broken" in wrong.err
