"""What became of a job is told over HTTP where the job names, by whatever token there is."""

from __future__ import annotations

import pytest

from scheduler.sandbox.hub.people import BOT
from tests.conftest import ISSUES, Stage, body

FILES = "workflows: [agent-message.yml]"


def test_a_pull_request_is_told_once_what_a_run_came_to(stage: Stage) -> None:
    stage.settings(f"allow: {{{FILES}}}\nalerts: {{mention: ['@org/oncall']}}\n")
    pull = stage.sandbox.open_pull("A change")
    number = stage.open(body(-60, "agent-message.yml", f"reply-to: '#{pull}'"))
    (fired,) = stage.tick()["dispatched"]
    assert stage.comments(pull) == []
    stage.sandbox.finish_run(fired["run_id"], "failure")
    for _ in range(3):
        stage.tick()
    (reply,) = stage.call("GET", f"{ISSUES}/{pull}/comments")
    assert reply["user"]["login"] == BOT
    text = reply["body"].partition("\n")[2]
    assert f"[run {fired['run_id']}]({fired['run_url']}) ended with `failure` after" in text
    address = stage.issue(number)["html_url"]
    assert f"Job [octo/queue#{number}]({address}) has started `agent-message.yml`" in text
    assert "@" not in text
    assert sum("@org/oncall" in each for each in stage.comments(number)) == 1


def test_another_repository_is_told_where_the_token_may_write(stage: Stage) -> None:
    stage.settings(f"allow: {{repositories: [octo/other], {FILES}}}\n")
    there = stage.call("POST", "/repos/octo/other/issues", {"title": "There"})["number"]
    line = f"reply-to: octo/other#{there}"
    number = stage.open(body(-60, "agent-message.yml", line))
    may = {"issues": "write", "actions": "write", "contents": "read"}
    token = stage.sandbox.make_token(BOT, permissions=may)
    (fired,) = stage.tick(user=token)["dispatched"]
    stage.sandbox.finish_run(fired["run_id"])
    for _ in range(2):
        stage.tick(user=token)
    (reply,) = stage.call("GET", f"/repos/octo/other/issues/{there}/comments")
    assert f"octo/queue#{number}]" in reply["body"]
    assert "ended with `success`" in reply["body"]


def test_a_place_that_moved_or_is_locked_is_one_line_on_the_job(stage: Stage) -> None:
    stage.settings("allow: {repositories: [octo/other], workflows: [agent-message.yml]}\n")
    moved, locked = (
        stage.call("POST", ISSUES, {"title": title})["number"] for title in ("Moved", "Locked")
    )
    jobs = [
        stage.open(body(-60, "agent-message.yml", f"reply-to: '#{n}'")) for n in (moved, locked)
    ]
    fired = stage.tick()["dispatched"]
    there = stage.sandbox.transfer_issue(moved, "octo/other")
    stage.call("PUT", f"{ISSUES}/{locked}/lock", {})
    for each in fired:
        stage.sandbox.finish_run(each["run_id"])
    report = stage.tick()
    assert sorted(each["id"] for each in report["followed"]) == jobs
    told = [next(each for each in stage.comments(job) if "journal" in each) for job in jobs]
    assert "could not be told: GitHub answers that it has moved" in told[0]
    assert stage.call("GET", f"/repos/octo/other/issues/{there}/comments") == []
    assert "could not be told: " not in told[1]


@pytest.mark.parametrize("kind", ["drop-after", "drop-before", "502-after", "secondary"])
def test_a_reply_whose_answer_was_lost_is_written_once(stage: Stage, kind: str) -> None:
    stage.settings(f"allow: {{{FILES}}}\n")
    pull = stage.sandbox.open_pull("A change")
    number = stage.open(body(-60, "agent-message.yml", f"reply-to: '#{pull}'"))
    (fired,) = stage.tick()["dispatched"]
    stage.sandbox.finish_run(fired["run_id"])
    stage.sandbox.fault(kind, method="POST", path=f"/issues/{pull}/comments$")
    stage.tick()
    stage.tick()
    (reply,) = stage.comments(pull)
    assert "ended with `success`" in reply
    assert stage.run("show", str(number), "--json").json["outcome"] == "success"
