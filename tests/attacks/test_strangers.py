"""Strangers, and those who may not write: whatever their words wear, nothing of them runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.sandbox.http.requestlog import Request
from tests.attacks.crowd import by_template, messages, ran, rejected
from tests.conftest import ISSUES, Stage, body
from tests.support.hold_stage import held_until

EVIL = body(message="evil")
VOUCHED = "trust: {labelled: true}\n"


def test_a_label_that_a_maintainer_put_there_is_no_proof(stage: Stage) -> None:
    number = stage.open(EVIL, user="stranger")
    assert stage.labels(number) == set()
    stage.edit(number, labels=["schedule"])
    honest = stage.open(body(message="honest"))
    rejected(stage, number, "author: 'stranger' has the role 'read'")
    assert messages(stage) == ["honest"]
    assert stage.issue(honest)["state_reason"] == "completed"


@pytest.mark.parametrize("settings", ["{}\n", VOUCHED])
def test_an_issue_template_that_labels_vouches_for_nobody(stage: Stage, settings: str) -> None:
    stage.settings(settings)
    rejected(stage, by_template(stage, EVIL), "author: 'stranger'")
    assert ran(stage) == []


def test_what_somebody_with_triage_wrote_into_a_trusted_issue_does_not_run(stage: Stage) -> None:
    number = stage.open(body(message="honest"))
    stage.edit(number, body=EVIL, user="triage")
    rejected(stage, number, "body: was last changed by somebody else: author: 'triage'")
    stage.edit(number, body=body(message="honest"), user="triage")
    stage.edit(number, state="open")
    rejected(stage, number, "'triage' has the role 'triage'")
    assert ran(stage) == []


def test_a_trusted_person_s_later_edit_makes_the_text_theirs(stage: Stage) -> None:
    number = stage.open(body(message="honest"))
    stage.edit(number, body=EVIL, user="triage")
    stage.edit(number, body=body(message="mended"), user="owner")
    stage.tick()
    assert messages(stage) == ["mended"]


def test_an_edit_between_the_listing_and_the_claim_is_seen(stage: Stage) -> None:
    number = stage.open(body(message="honest"))

    def change(request: Request) -> None:
        if request.method == "POST" and request.path.endswith("/comments"):
            stage.edit(number, body=EVIL, user="triage")

    with stage.sandbox.on_request(change):
        report = stage.tick()
    assert [note["id"] for note in report["withdrawn"]] == [number]
    assert (ran(stage), stage.comments(number)) == ([], [])
    rejected(stage, number, "'triage'")


@pytest.mark.slow
def test_an_edit_while_a_holder_looks_is_judged_by_who_made_it(stage: Stage) -> None:
    """What a holder was told of the text before says nothing of the one after."""
    number = stage.open(body(message="honest"))

    def change(request: Request) -> None:
        claims = request.method == "POST" and request.path.endswith("/comments")
        if claims and stage.issue(number)["body"] != EVIL:
            stage.edit(number, body=EVIL, user="triage")

    with stage.sandbox.on_request(change):
        report = held_until(stage, lambda: stage.issue(number)["state"] == "closed")
    assert ran(stage) == []
    (note,) = report["rejected"]
    assert "'triage'" in note["reason"]


def test_a_stranger_s_job_runs_as_a_trusted_person_labelled_it(stage: Stage) -> None:
    stage.settings(VOUCHED)
    number = stage.open(body(message="seen"), user="stranger")
    stage.edit(number, labels=["schedule"])
    stage.tick()
    assert messages(stage) == ["seen"]


@pytest.mark.parametrize("user", ["stranger", "triage", "owner"])
def test_no_edit_after_the_label_runs_whoever_made_it(stage: Stage, user: str) -> None:
    stage.settings(VOUCHED)
    number = stage.open(body(message="seen"), user="stranger")
    stage.edit(number, labels=["schedule"])
    stage.edit(number, body=EVIL, user=user)
    rejected(stage, number, "it was changed after 'owner' labelled it")
    assert ran(stage) == []


def test_who_sees_the_new_text_can_label_it_anew(stage: Stage) -> None:
    stage.settings(VOUCHED)
    number = stage.open(EVIL, user="stranger")
    stage.edit(number, labels=["schedule"])
    stage.edit(number, body=body(message="harmless"), user="stranger")
    stage.edit(number, labels=[])
    # Both are told in whole seconds; in the same one, the edit counts as the later.
    stage.sandbox.set_clock(advance=2)
    stage.edit(number, labels=["schedule"])
    stage.tick()
    assert messages(stage) == ["harmless"]


def test_the_label_of_somebody_with_triage_vouches_for_nobody(stage: Stage) -> None:
    stage.settings(VOUCHED)
    number = stage.open(EVIL, user="stranger")
    stage.edit(number, labels=["schedule"], user="triage")
    rejected(stage, number, "who labelled it may not either: author: 'triage'")
    assert ran(stage) == []


def test_without_graphql_a_label_vouches_for_nobody(stage: Stage) -> None:
    stage.settings(VOUCHED)
    stage.sandbox.configure(graphql=False)
    number = stage.open(EVIL, user="stranger")
    stage.edit(number, labels=["schedule"])
    rejected(stage, number, "this server can't show whether it was changed")
    assert ran(stage) == []


def test_without_graphql_the_tick_says_once_that_edits_are_not_checked(stage: Stage) -> None:
    stage.sandbox.configure(graphql=False)
    for _ in range(3):
        stage.open(body())
    report = stage.tick()
    assert len(report["dispatched"]) == 3
    (notice,) = report["notices"]
    assert "no GraphQL" in notice
    stage.open(body())
    shown = stage.run("tick", user="bot")
    assert shown.out.count("no GraphQL") == 1
    assert stage.tick()["notices"] == []  # nothing was due, so nothing went unchecked


def test_with_graphql_there_is_nothing_to_say(stage: Stage) -> None:
    stage.open(body())
    assert stage.tick()["notices"] == []


def test_rights_count_when_the_job_fires_not_when_it_was_opened(stage: Stage) -> None:
    number = stage.open(EVIL)
    stage.sandbox.set_role("agent", "read")
    rejected(stage, number, "author: 'agent' has the role 'read'")
    assert ran(stage) == []


def test_an_account_that_is_gone_has_no_rights(stage: Stage) -> None:
    number = stage.open(body(message="honest"))
    stage.edit(number, body=EVIL, user="owner")
    issue = stage.sandbox.repository().issues[number]
    issue.edits[-1] = replace(issue.edits[-1], editor=None)  # type: ignore[arg-type]
    rejected(stage, number, "body: was changed by an account that is gone")
    assert ran(stage) == []


@pytest.mark.parametrize("word", ["/resolve again", "/resolve dispatched 1"])
def test_nobody_without_rights_settles_a_held_job(stage: Stage, word: str) -> None:
    number = stage.open(body())
    comments = f"{ISSUES}/{number}/comments"
    damaged = {"body": '<!-- schedule:journal {"v":1} -->'}
    stage.call("POST", comments, damaged, user="bot")
    assert [note["id"] for note in stage.tick()["held"]] == [number]
    for user in ("stranger", "triage", stage.sandbox.make_token("app[bot]", role="write")):
        stage.call("POST", comments, {"body": word}, user=user)
        assert [note["id"] for note in stage.tick()["held"]] == [number]
        assert ran(stage) == []
        assert "schedule:held" in stage.labels(number)
    stage.call("POST", comments, {"body": word}, user="owner")
    assert stage.tick()["held"] == []
    assert len(ran(stage)) == (word == "/resolve again")


def test_what_the_scheduler_itself_labels_is_nobody_s_word(stage: Stage) -> None:
    """Its account may be one that the settings let schedule, and label what others open."""
    stage.settings(
        'trust: {labelled: true, bots: ["github-actions[bot]"]}\nallow: {workflows: ["*"]}\n'
    )
    number = stage.open(EVIL, user="stranger")
    stage.edit(number, labels=["schedule"], user="bot")
    rejected(stage, number, "labelled by the scheduler's own account")
    assert ran(stage) == []
