"""Jobs that are on hold, or were closed: what is shown, retried and resolved."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from scheduler.job.model import occurrence_key
from scheduler.journal.comments import head
from scheduler.journal.journal import Entry, Journal
from tests.conftest import ISSUES, Stage, at, body


def record(stage: Stage, number: int, run_at: str, outcome: str = "held", **more: Any) -> None:
    """A journal of the scheduler's own, as a tick would have left it."""
    instant = datetime.fromisoformat(run_at.replace("Z", "+00:00")).astimezone(timezone.utc)
    key = occurrence_key(number, instant)
    entry = Entry(key=key, attempt=1, outcome=outcome, at=instant, **more)
    text = head(Journal(entries=(entry,)))
    stage.call("POST", f"{ISSUES}/{number}/comments", {"body": text}, user="bot")


@pytest.fixture
def held(stage: Stage) -> int:
    """A job on hold, as a tick shows it."""
    run_at = at(-60)
    number = stage.open(body(run_at))
    record(stage, number, run_at, reason="who knows", target="octo/queue agent-message.yml@main")
    assert [note["id"] for note in stage.tick()["held"]] == [number]
    assert "schedule:held" in stage.labels(number)
    return number


def status(stage: Stage, number: int) -> tuple[str, str]:
    """What ``show`` and ``list --all`` call a job."""
    shown = stage.run("show", str(number), "--json").json["status"]
    listed = {each["id"]: each["status"] for each in stage.run("list", "--all", "--json").json}
    return shown, listed[number]


def test_a_held_job_that_a_person_closes_is_cancelled(stage: Stage, held: int) -> None:
    assert status(stage, held) == ("held", "held")
    stage.edit(held, state="closed")
    assert status(stage, held) == ("cancelled", "cancelled")
    assert stage.run("cancel", str(held), "--json").json["status"] == "cancelled"


def test_an_invalid_job_that_a_person_closes_is_cancelled(stage: Stage) -> None:
    number = stage.open(body("tomorrow"))
    stage.tick()
    assert "schedule:invalid" in stage.labels(number)
    stage.edit(number, state="closed")
    assert status(stage, number) == ("cancelled", "cancelled")
    stage.run("retry", str(number)).refused(
        3, f"#{number} can't be read (run-at: 'tomorrow'", "edit the issue's text"
    )
    assert stage.issue(number)["state"] == "closed"
    stage.edit(number, body=body(), user="agent")
    assert stage.run("retry", str(number), "--json").json["status"] == "pending"
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [number]


@pytest.mark.parametrize("end", ["missed", "rejected", "discarded"])
def test_an_end_is_still_told_by_its_label(stage: Stage, end: str) -> None:
    number = stage.open(body())
    stage.edit(number, state="closed", labels=["schedule", "schedule:held", f"schedule:{end}"])
    assert status(stage, number) == (end, end)


def test_a_held_job_that_was_closed_is_reopened_and_then_resolved(stage: Stage, held: int) -> None:
    stage.edit(held, state="closed")
    stage.run("resolve", str(held), "--again").refused(
        3, f"#{held} is closed", f"'schedule retry {held}'"
    )
    answer = stage.run("retry", str(held), "--json").json
    assert (answer["status"], answer["was"]) == ("held", "cancelled")
    assert stage.issue(held)["state"] == "open"
    assert stage.tick()["dispatched"] == []
    stage.run("retry", str(held)).refused(3, "is on hold", "schedule resolve")
    stage.run("resolve", str(held), "--again")
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [held]


def test_retry_says_that_a_job_is_on_hold_again(stage: Stage, held: int) -> None:
    stage.edit(held, state="closed")
    told = stage.run("retry", str(held)).out
    assert told == f"#{held} is open and on hold again; next say 'schedule resolve {held}'\n"


def test_a_run_that_does_not_exist_is_no_word(stage: Stage, held: int) -> None:
    before = stage.comments(held)
    stage.run("resolve", str(held), "--dispatched", "77").refused(
        4, "--dispatched: octo/queue has no run 77"
    )
    assert stage.comments(held) == before
    assert "schedule:held" in stage.labels(held)


def test_a_run_is_looked_for_where_the_job_runs(stage: Stage) -> None:
    stage.settings("allow: {repositories: [octo/other]}\n")
    run_at = at(-60)
    number = stage.open(body(run_at, "agent-message.yml", "repo: octo/other"))
    stage.edit(number, labels=["schedule", "schedule:held"])
    stage.run("resolve", str(number), "--dispatched", "77").refused(4, "octo/other has no run 77")


def test_a_token_that_may_not_see_runs_is_told_so(stage: Stage, held: int) -> None:
    rights = {"issues": "write", "contents": "read", "metadata": "read"}
    token = stage.sandbox.make_token("agent", permissions=rights)
    stage.run("resolve", str(held), "--dispatched", "77", user=token).refused(5, "actions: read")


def test_a_run_that_exists_settles_it(stage: Stage, held: int) -> None:
    other = stage.open(body())
    stage.tick()
    (run,) = stage.runs()
    stage.run("resolve", str(held), "--dispatched", str(run.id))
    stage.tick()
    data = stage.run("show", str(held), "--json").json
    assert (data["status"], data["run_id"]) == ("dispatched", run.id)
    assert other != held


@pytest.mark.parametrize(
    ("target", "line"),
    [("octo/other bare.yml", None), ("agent-message.yml", "repo: octo/other"), ("", None)],
)
def test_a_run_is_cancelled_where_it_is(stage: Stage, target: str, line: str | None) -> None:
    run_at = at(-60)
    number = stage.open(body(run_at, "agent-message.yml", *([line] if line else [])))
    record(stage, number, run_at, "dispatched", run_id=77, run_url="https://x", target=target)
    stage.sandbox.clear_requests()
    stage.run("cancel", str(number), "--run")
    where = "octo/queue" if not target else "octo/other"
    (entry,) = stage.sandbox.requests.matching("POST", "/cancel$")
    assert entry.path == f"/repos/{where}/actions/runs/77/cancel"
