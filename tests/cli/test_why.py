"""Why a job is where it is, over HTTP: ``show``, ``list`` and their JSON."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest

from scheduler.sandbox.http.failure import ApiFailure
from scheduler.sandbox.hub.issues import Desk
from tests.conftest import ISSUES, REPO, Stage, at, body


def show(stage: Stage, number: int) -> dict[str, object]:
    found: dict[str, object] = stage.run("show", str(number), "--json").json
    return found


def test_what_is_due_waits_for_a_tick(stage: Stage) -> None:
    number = stage.open(body())
    told = show(stage, number)
    assert (told["status"], told["waiting_for"]) == ("pending", None)
    assert "the next tick sees to it" in str(told["reason"])
    assert told["next"] == [told["run_at"]]
    assert (told["journal"], told["progress"]) == ([], None)
    assert f"#{number} due" in stage.run("show", str(number)).out
    assert stage.run("list", "--json").json[0]["reason"] == told["reason"]


def test_a_condition_says_which_since_when_and_until_when(stage: Stage) -> None:
    stage.open("no job", label="bug")
    number = stage.open(body(-60, "agent-message.yml", "when: closed(#1)", "patience: 2h"))
    stage.tick()
    told = show(stage, number)
    waits = told["waiting_for"]
    assert isinstance(waits, dict)
    assert (waits["condition"], waits["since"]) == ("closed(#1)", told["run_at"])
    assert f"until {waits['until']} at the latest (when: closed(#1) does not" in str(told["reason"])
    assert f"#{number} waiting" in stage.run("show", str(number)).out
    listed = stage.run("list")
    assert " waiting " in listed.out
    assert f"#{number}: waits for closed(#1) since" in listed.out
    assert stage.run("list", "--json").json[0]["waiting_for"] == waits


@pytest.mark.parametrize("by", ["label", "comment"])
def test_a_pause_says_by_whom(stage: Stage, by: str) -> None:
    number = stage.open(body(3600))
    if by == "label":
        stage.run("pause", str(number))
    else:
        stage.call("POST", f"{ISSUES}/{number}/comments", {"body": "/pause"}, user="agent")
        stage.tick()
    told = show(stage, number)
    assert told["status"] == "paused"
    assert "'agent'" in str(told["reason"])
    assert f"'schedule resume {number}' lets it go on" in str(told["reason"])
    assert f"#{number}: paused; 'schedule resume {number}'" in stage.run("list").out


def test_a_series_has_its_journal_its_progress_and_what_comes(stage: Stage) -> None:
    lines = ("every: 1h", "count: 5")
    number = stage.open(body(-3700, "agent-message.yml", *lines))
    stage.tick()
    told = show(stage, number)
    journal, coming = told["journal"], told["next"]
    assert isinstance(journal, list)
    assert isinstance(coming, list)
    assert [each["outcome"] for each in journal] == ["dispatched"]
    keys = {"key", "attempt", "outcome", "at", "run_id", "run_url", "conclusion", "reason"}
    assert set(journal[0]) == keys
    assert journal[0]["run_url"].endswith(f"/runs/{journal[0]['run_id']}")
    assert told["progress"] == "2 of 5"
    assert (len(coming), coming[0]) == (3, told["run_at"])
    text = stage.run("show", str(number)).out
    assert "progress:  2 of 5" in text
    assert coming[2] in text


def test_a_list_asks_for_nothing_more_to_say_why(stage: Stage) -> None:
    for state in ("held", "paused"):
        number = stage.open(body(-60))
        path = f"{ISSUES}/{number}/labels"
        stage.call("POST", path, {"labels": [f"schedule:{state}"]})
    stage.sandbox.clear_requests()
    reasons = [each["reason"] for each in stage.run("list", "--json").json]
    assert len(stage.requests) == 2, "the settings, and the jobs"
    assert all(reasons)
    assert "'owner' put the label of the hold on" in str(show(stage, 1)["reason"])


def test_what_the_settings_keep_from_running_says_so(stage: Stage) -> None:
    stage.settings("paused: true\n")
    number = stage.open(body())
    assert "paused: true" in str(show(stage, number)["reason"])


def test_a_limit_is_told_in_the_list(stage: Stage) -> None:
    stage.settings("limits: {per-tick: 1}\n")
    first, second = stage.open(body(-90)), stage.open(body(-60))
    reasons = {each["id"]: each["reason"] for each in stage.run("list", "--json").json}
    assert "the next tick" in reasons[first]
    assert "limits.per-tick is 1" in reasons[second]
    assert f"#{second}: 1 job is due before it" in stage.run("list").out


def refuses_comments() -> Any:
    """While this is open, GitHub takes no comment, though nobody has locked the issue."""
    refused = ApiFailure(403, "Unable to create comment because issue is locked.")
    return mock.patch.object(Desk, "comment", side_effect=refused)


def test_a_hold_that_could_not_be_explained_is_explained_when_it_can_be(stage: Stage) -> None:
    number = stage.open(body())
    with refuses_comments():
        assert "no claim can be written" in stage.tick()["held"][0]["reason"]
        assert stage.labels(number) == {"schedule", "schedule:held"}
        for _ in range(2):
            (held,) = stage.tick()["held"]
            assert held["reason"].startswith("on hold; why could not be written on the issue: ")
            assert "issue is locked" in held["reason"]
        told = str(show(stage, number)["reason"])
        assert told.startswith("on hold; why could not be written on the issue")
        assert "no comment says why" in stage.run("list").out
    assert stage.tick()["held"] == [{"id": number, "reason": "on hold; its comments say why"}]
    (said,) = stage.comments(number)
    assert "This job is on hold:" in said
    assert "only the label 'schedule:held' says so" in said
    assert stage.tick()["held"] == [{"id": number, "reason": "on hold; its comments say why"}]
    assert stage.comments(number) == [said]
    assert "only the label 'schedule:held'" in str(show(stage, number)["reason"])
    stage.run("resolve", str(number), "--again")
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [number]


def series(stage: Stage) -> int:
    return stage.open(body(-3700, "agent-message.yml", "every: 1h"))


def test_a_tick_by_hand_of_another_account_stops(stage: Stage) -> None:
    number = series(stage)
    stage.tick()
    stage.edit(number, body=body(-7300, "agent-message.yml", "every: 1h"))
    before = stage.comments(number)
    refused = stage.run("tick", user="owner").refused(5, "writes as 'owner'", "--as-scheduler")
    assert f"'github-actions[bot]' keeps the records of #{number}" in refused
    assert stage.comments(number) == before
    assert stage.labels(number) == {"schedule", "schedule:recurring"}
    assert stage.run("tick", "--hold", "1s", user="owner").status == 5
    inside = stage.run("tick", "--json", user="owner", GITHUB_ACTIONS="true")
    assert [note["id"] for note in inside.json["held"]] == [number]


def test_a_fresh_series_does_not_get_its_first_record_from_another_account(stage: Stage) -> None:
    stage.open(body())
    stage.tick()
    number = series(stage)
    stage.run("tick", user="owner").refused(5, "'github-actions[bot]' keeps the records of #1")
    assert stage.comments(number) == []
    insisted = stage.run("tick", "--as-scheduler", "--json", user="owner").json
    assert [fired["id"] for fired in insisted["dispatched"]] == [number]


def test_whoever_ticks_first_is_the_scheduler(stage: Stage) -> None:
    number = series(stage)
    for _ in range(2):
        assert stage.run("tick", user="owner").status == 0
    assert stage.run("tick", user="agent").status == 5
    assert show(stage, number)["status"] == "pending"


def test_a_series_that_another_has_ticked_says_what_is_to_be_deleted(stage: Stage) -> None:
    number = series(stage)
    stage.run("tick", user="owner")
    assert [note["id"] for note in stage.tick()["held"]] == [number]
    theirs = stage.call("GET", f"{ISSUES}/{number}/comments", user="owner")[0]["id"]
    told = show(stage, number)
    words = f"comment {theirs} is a record by 'owner', and the scheduler is 'github-actions[bot]'"
    assert words in str(told["reason"])
    journal = told["journal"]
    assert isinstance(journal, list)
    assert [each["outcome"] for each in journal] == ["held"], "the scheduler's own"
    for how in (("--again",), ("--dispatched", "1")):
        stage.run("resolve", str(number), *how).refused(3, words, "delete it first")
    assert "schedule:held" in stage.labels(number)
    stage.call("DELETE", f"{REPO}/issues/comments/{theirs}", user="owner")
    assert stage.run("resolve", str(number), "--again").status == 0
    report = stage.tick()
    assert (report["held"], [each["id"] for each in report["dispatched"]]) == ([], [number])
    assert show(stage, number)["status"] == "pending"


def test_a_series_that_is_moved_says_what_that_does(stage: Stage) -> None:
    far = at(12 * 3600)  # half a day away
    daily = f"{int(far[14:16])} {int(far[11:13])} * * *"
    stage.create("--cron", daily, "--workflow", "bare.yml", "-m", "Check it")
    before = show(stage, 1)["run_at"]
    moved = stage.run("reschedule", "1", "--in", "1m")
    assert "it is a series: its start is " in moved.out
    assert "now, and its next instant is as before" in moved.out
    assert "say 'schedule snooze 1 --for 1m'" in moved.out
    assert show(stage, 1)["run_at"] == before
    again = stage.run("reschedule", "1", "--in", "48h", "--json").json
    assert f"its next instant was {before} before" in again["notes"][0]
    stage.create("--in", "2h", "--workflow", "bare.yml", "-m", "Check it")
    assert "series" not in stage.run("reschedule", "2", "--in", "1h").out


def refused(stage: Stage, workflow: str, **environ: str) -> str:
    return stage.run(
        "create", "--in", "1h", "--workflow", workflow, "-m", "m", **environ
    ).refused(3)  # fmt: skip


def test_a_file_that_is_not_there_names_those_that_are(stage: Stage) -> None:
    told = refused(stage, "agent-mesage.yml")
    assert "is not in .github/workflows/ of octo/queue" in told
    assert "did you mean 'agent-message.yml'? write one of 'agent-message.yml', 'bare.yml'" in told
    assert "'scheduler.yml'" not in told
    stage.settings('allow: {workflows: ["b*.yml", "nope.yml"]}\n')
    assert refused(stage, "nope.yml").endswith("; write one of 'bare.yml'\n")
    stage.untouched()


def test_no_file_is_named_whose_name_would_be_refused(stage: Stage) -> None:
    stage.workflow("..yml", "on: workflow_dispatch\n")
    stage.workflow("+.yml", "on: workflow_dispatch\n")
    told = refused(stage, "nope.yml")
    assert "'+.yml'" in told
    assert "'..yml'" not in told


def test_a_file_that_is_not_allowed_names_what_is(stage: Stage) -> None:
    stage.settings('allow: {workflows: ["agent-*.yml", "deploy.yml"]}\n')
    told = refused(stage, "deplyo.yml")
    assert "did you mean 'deploy.yml'? allowed: 'agent-*.yml', 'deploy.yml'; add it to " in told
    told = refused(stage, "bare.yml", GITHUB_ACTIONS="true")
    assert "allowed: 'agent-*.yml', 'deploy.yml'; ask a maintainer to add it to" in told
    stage.untouched()


def test_a_rejected_author_is_told_who_can_do_what(stage: Stage) -> None:
    stage.sandbox.make_token("reader", role="read")
    token = stage.sandbox.make_token("reader")
    made = {"title": "by hand", "body": body(-60)}
    number = int(stage.call("POST", ISSUES, made, user=token)["number"])
    stage.call("POST", f"{ISSUES}/{number}/labels", {"labels": ["schedule"]}, user="owner")
    (note,) = [each for each in stage.tick()["rejected"] if each["id"] == number]
    assert (
        "ask somebody of that role to open the job, or an admin to give the role" in note["reason"]
    )
    assert any("ask somebody of that role" in each for each in stage.comments(number))
