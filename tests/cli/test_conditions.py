"""Conditions over HTTP: the questions that a tick really asks, and what stands on the issue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPO, WORKFLOWS, Stage, body, served

ASKED = ("/pulls/", "/commits/", "/issues/1")


@pytest.fixture
def pull(stage: Stage) -> int:
    """The issue #1, and the pull request #2 of a stranger."""
    stage.open("no job", label="bug")
    return stage.sandbox.open_pull("change", by="stranger")


def job(stage: Stage, *lines: str) -> int:
    return stage.open(body(-60, "agent-message.yml", *lines))


def tick(stage: Stage, user: str = "bot") -> tuple[Any, list[str]]:
    """A tick's report, and the questions of conditions that it asked."""
    stage.sandbox.clear_requests()
    report = stage.tick(user=user)
    asked = [entry for entry in stage.sandbox.requests if entry.method == "GET"]
    paths = [entry.path.removeprefix(REPO) for entry in asked]
    return report, [path for path in paths if path.startswith(ASKED)]


def review(stage: Stage, number: int, event: str, user: str = "owner") -> None:
    path = f"{REPO}/pulls/{number}/reviews"
    stage.call("POST", path, {"event": event, "body": "b"}, user=user)


def check(stage: Stage, number: int, **run: str) -> str:
    """A check run of the newest commit; which that is."""
    head = str(stage.call("GET", f"{REPO}/pulls/{number}")["head"]["sha"])
    stage.call("POST", f"{REPO}/check-runs", {"head_sha": head, **run}, user="bot")
    return head


def waiting(report: Any) -> list[tuple[int, str]]:
    """The jobs that wait, and for what: nothing is retried about them."""
    assert report["retrying"] == []
    told = [each.split(" waits: ") for each in report["notices"] if " waits: " in each]
    return [(int(number[1:]), reason) for number, reason in told]


def ids(report: Any, kind: str) -> list[int]:
    return [note["id"] for note in report[kind]]


def test_an_issue_is_asked_about_in_one_question(stage: Stage, pull: int) -> None:
    first = job(stage, "unless: closed(#1)", "when: label(#1, BUG)")
    report, asked = tick(stage)
    assert ids(report, "dispatched") == [first]
    assert asked == ["/issues/1", "/issues/1"]
    stage.edit(1, state="closed", state_reason="not_planned")
    second = job(stage, "unless: closed(octo/queue#1)", "when: label(#1, BUG)")
    report, asked = tick(stage)
    assert asked == ["/issues/1"]
    words = "unless: closed(octo/queue#1) holds: octo/queue#1 is closed as not planned"
    assert report["skipped"] == [{"id": second, "reason": words}]
    assert stage.labels(second) == {"schedule", "schedule:skipped"}
    issue = stage.issue(second)
    assert (issue["state"], issue["state_reason"]) == ("closed", "not_planned")
    said = stage.comments(second)
    assert len(said) == 1
    assert f"Skipped, not run: `{words}`" in said[0]
    assert stage.run("show", str(second), "--json").json["reason"] == words


def test_a_pull_request_is_closed_and_labelled_like_an_issue(stage: Stage, pull: int) -> None:
    stage.call("POST", f"{REPO}/issues/{pull}/labels", {"labels": ["ready"]})
    number = job(stage, f"when: label(#{pull}, ready)", f"unless: closed(#{pull})")
    assert ids(tick(stage)[0], "dispatched") == [number]


def test_what_is_merged_is_not_checked_on(stage: Stage, pull: int) -> None:
    waits = job(stage, f"when: merged(#{pull})")
    report, asked = tick(stage)
    assert asked == [f"/pulls/{pull}"]
    assert [number for number, _ in waiting(report)] == [waits]
    stage.call("PUT", f"{REPO}/pulls/{pull}/merge")
    over = job(stage, f"unless: merged(#{pull})")
    report, _ = tick(stage)
    assert ids(report, "dispatched") == [waits]
    assert ids(report, "skipped") == [over]


def test_an_approval_counts_if_its_author_may_write(stage: Stage, pull: int) -> None:
    number = job(stage, f"when: approved(#{pull})", "patience: 2h")
    stage.sandbox.make_token("passer-by", role="read")
    stage.call("POST", f"{REPO}/pulls/{pull}/reviews", {"event": "APPROVE"},
               user=stage.sandbox.make_token("passer-by"))  # fmt: skip
    report, asked = tick(stage)
    assert asked == [f"/pulls/{pull}/reviews"]
    assert "nobody who may write there approves" in waiting(report)[0][1]
    assert report["next_due"] is not None
    assert len(stage.comments(number)) == 1
    assert "waits" in stage.comments(number)[0]
    review(stage, pull, "REQUEST_CHANGES")
    review(stage, pull, "APPROVE", user="agent")
    report, _ = tick(stage)
    assert "'owner' requests changes" in waiting(report)[0][1]
    assert len(stage.comments(number)) == 1
    for _ in range(101):
        review(stage, pull, "COMMENT")
    review(stage, pull, "APPROVE")
    report, asked = tick(stage)
    assert ids(report, "dispatched") == [number]
    assert asked == [f"/pulls/{pull}/reviews"] * 2


def test_all_checks_of_the_newest_commit_have_to_pass(stage: Stage, pull: int) -> None:
    number = job(stage, f"when: checks-pass(#{pull})", "patience: 2h")

    def seen() -> str:
        report, _ = tick(stage)
        assert [each for each, _ in waiting(report)] == [number]
        return waiting(report)[0][1].partition(" yet: ")[2]

    head = check(stage, pull, name="build")
    commit = f"commit {head[:7]} of #{pull}"
    assert seen() == f"'build' is not done on {commit}"
    check(stage, pull, name="build", conclusion="timed_out")
    assert seen() == f"'build' failed on {commit}"
    check(stage, pull, name="build", conclusion="success")
    check(stage, pull, name="docs", conclusion="skipped")
    status = {"context": "ci/old", "state": "pending"}
    stage.call("POST", f"{REPO}/statuses/{head}", status)
    assert seen() == f"'ci/old' is not done on {commit}"
    newer = stage.sandbox.push_to_pull(pull)
    assert seen() == f"no check has reported on commit {newer[:7]} of #{pull}"
    check(stage, pull, name="build", conclusion="neutral")
    report, asked = tick(stage)
    assert ids(report, "dispatched") == [number]
    runs, statuses = f"/commits/{newer}/check-runs", f"/commits/{newer}/status"
    assert asked == [f"/pulls/{pull}", runs, statuses]
    assert len(stage.comments(number)) == 2


def test_many_checks_have_pages(stage: Stage, pull: int) -> None:
    for n in range(101):
        check(stage, pull, name=f"c{n}", conclusion="success")
    head = check(stage, pull, name="last", conclusion="failure")
    job(stage, f"when: checks-pass(#{pull})")
    report, asked = tick(stage)
    assert f"'last' failed on commit {head[:7]}" in waiting(report)[0][1]
    assert asked == [f"/pulls/{pull}", *[f"/commits/{head}/check-runs"] * 2]


@pytest.mark.parametrize(
    ("condition", "right"),
    [
        ("closed(#1)", ""),
        ("merged(#2)", "pull-requests: read"),
        ("approved(#2)", "pull-requests: read"),
        ("checks-pass(#2)", "pull-requests: read"),
    ],
)
def test_a_right_that_is_missing_is_named_on_the_issue(
    stage: Stage, pull: int, condition: str, right: str
) -> None:
    rights = {"issues": "write", "actions": "write", "contents": "read"}
    token = stage.sandbox.make_token("github-actions[bot]", permissions=rights)
    number = job(stage, f"unless: {condition}")
    report, _ = tick(stage, token)
    if not right:
        assert ids(report, "dispatched") == [number]
        return
    words = (
        f"unless: {condition} can't be asked: GitHub answers 403: Resource not accessible by "
        f"integration; the scheduler's token needs '{right}' in octo/queue"
    )
    assert report["skipped"] == [{"id": number, "reason": words}]
    assert [words in said for said in stage.comments(number)] == [True]
    assert stage.runs() == []


@pytest.mark.parametrize("missing", ["checks", "statuses"])
def test_checks_need_two_rights_more(stage: Stage, pull: int, missing: str) -> None:
    rights = {"issues": "write", "actions": "write", "contents": "read", "pull_requests": "read",
              "checks": "read", "statuses": "read", missing: "none"}  # fmt: skip
    token = stage.sandbox.make_token("github-actions[bot]", permissions=rights)
    check(stage, pull, name="build", conclusion="success")
    job(stage, f"when: checks-pass(#{pull})")
    report, _ = tick(stage, token)
    assert f"needs '{missing}: read' in octo/queue" in report["skipped"][0]["reason"]


@pytest.mark.parametrize("key", ["unless", "when"])
@pytest.mark.parametrize("place", ["octo/private", "octo/nowhere"])
def test_another_repository_that_the_token_can_not_see(
    stage: Stage, tmp_path: Path, key: str, place: str
) -> None:
    private = str(served(tmp_path / "private", WORKFLOWS))
    stage.sandbox.add_repository("octo/private", private, private=True)
    number = job(stage, f"{key}: closed({place}#1)")
    report, _ = tick(stage)
    words = (
        f"{key}: closed({place}#1) can't be asked: GitHub answers 404: Not Found; check the "
        f"number; if it is there, the scheduler's token needs 'issues: read' in {place}"
    )
    assert report["skipped"] == [{"id": number, "reason": words}]
    assert stage.issue(number)["state"] == "closed"
    assert stage.runs() == []


def test_another_repository_that_it_can_see(stage: Stage) -> None:
    other = "/repos/octo/other/issues"
    stage.call("POST", other, {"title": "t"})
    number = job(stage, "unless: closed(octo/other#1)")
    assert ids(tick(stage)[0], "dispatched") == [number]
    stage.call("PATCH", f"{other}/1", {"state": "closed"})
    second = job(stage, "unless: closed(octo/other#1)")
    assert ids(tick(stage)[0], "skipped") == [second]


def test_who_may_write_elsewhere_only_a_writer_there_is_told(stage: Stage) -> None:
    pull = stage.sandbox.open_pull("change", repository="octo/other")
    path = f"/repos/octo/other/pulls/{pull}/reviews"
    stage.call("POST", path, {"event": "APPROVE"})
    token = stage.sandbox.make_token("robot", role="write")
    stage.sandbox.set_role("robot", "read", "octo/other")
    number = job(stage, f"when: approved(octo/other#{pull})")
    report, _ = tick(stage, token)
    assert "only a token that may write to octo/other is told" in report["skipped"][0]["reason"]
    stage.edit(number, state="open")
    stage.sandbox.set_role("robot", "write", "octo/other")
    assert ids(tick(stage, token)[0], "dispatched") == [number]


def test_an_issue_that_is_gone_and_one_that_has_moved(stage: Stage, pull: int) -> None:
    stage.open("second", label="bug")
    stage.sandbox.transfer_issue(3, "octo/other")
    stage.sandbox.delete_issue(1)
    gone, moved = job(stage, "unless: closed(#1)"), job(stage, "unless: closed(#3)")
    report, _ = tick(stage)
    assert ids(report, "dispatched") == [moved]
    assert "GitHub answers 410: This issue was deleted" in report["skipped"][0]["reason"]
    assert ids(report, "skipped") == [gone]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["502-before", "drop-before", "secondary"])
def test_no_answer_is_no_no(stage: Stage, pull: int, kind: str) -> None:
    number = job(stage, "unless: closed(#1)")
    stage.sandbox.fault(kind, method="GET", path="/issues/1$", count=9, retry_after=60)
    report, _ = tick(stage)
    assert report["dispatched"] == report["skipped"] == []
    assert stage.comments(number) == []
    stage.sandbox.clear_faults()
    assert ids(tick(stage)[0], "dispatched") == [number]


def test_a_condition_that_is_none_is_told_to_its_author(stage: Stage) -> None:
    number = job(stage, "when: checks_pass(#1)")
    report, _ = tick(stage)
    assert ids(report, "invalid") == [number]
    assert "did you mean 'checks-pass'?" in stage.comments(number)[0]
