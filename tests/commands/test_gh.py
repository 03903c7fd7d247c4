"""Jobs of people who have never seen this command: ``gh`` opens an issue, and it runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from tests.conftest import QUEUE, Stage, at, body

GH = shutil.which("gh")
pytestmark = pytest.mark.skipif(GH is None, reason="gh is not installed")


def gh(stage: Stage, *args: str, user: str = "agent", stdin: str = "") -> Any:
    """``gh api args…`` over plain HTTP: its own name for a local GitHub, by way of a proxy."""
    assert GH is not None
    environ = {
        **stage.environ(user),
        "HOME": str(stage.folder.parent),
        "GH_HOST": "github.localhost",
        "GH_TOKEN": stage.sandbox.tokens[user],
        "http_proxy": stage.sandbox.url,
        "GH_NO_UPDATE_NOTIFIER": "1",
    }
    ran = subprocess.run(
        [GH, "api", *args], env=environ, input=stdin, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout) if ran.stdout else None


def open_issue(stage: Stage, text: str, user: str = "agent") -> int:
    made = gh(
        stage, f"repos/{QUEUE}/issues", "-f", "title=Follow up", "-f", f"body={text}",
        "-f", "labels[]=schedule", user=user,
    )  # fmt: skip
    return int(made["number"])


def test_an_issue_of_gh_is_scanned_and_run(stage: Stage) -> None:
    number = open_issue(stage, body(at(-5), message="Follow up on the PR"))
    waits = open_issue(stage, body(3600))
    report = stage.tick()
    assert [fired["id"] for fired in report["dispatched"]] == [number]
    (run,) = stage.runs()
    assert run.payload["inputs"]["message"] == "Follow up on the PR"
    closed = gh(stage, f"repos/{QUEUE}/issues/{number}")
    assert (closed["state"], closed["state_reason"]) == ("closed", "completed")
    (comment,) = gh(stage, f"repos/{QUEUE}/issues/{number}/comments")
    assert comment["user"]["login"] == "github-actions[bot]"
    assert str(run.id) in comment["body"]
    assert gh(stage, f"repos/{QUEUE}/issues/{waits}")["state"] == "open"


def test_gh_closes_a_job_that_then_does_not_run(stage: Stage) -> None:
    number = open_issue(stage, body())
    gh(stage, "-X", "PATCH", f"repos/{QUEUE}/issues/{number}", "-f", "state=closed")
    assert stage.tick()["scanned"] == 0
    assert stage.runs() == []
    assert stage.run("show", str(number), "--json").json["status"] == "cancelled"


def test_gh_mends_what_a_tick_complained_about(stage: Stage) -> None:
    number = open_issue(stage, body("in an hour"))
    assert [note["id"] for note in stage.tick()["invalid"]] == [number]
    (comment,) = gh(stage, f"repos/{QUEUE}/issues/{number}/comments")
    assert "run-at: 'in an hour'" in comment["body"]
    request = json.dumps({"body": body(at(-5))})
    gh(stage, "-X", "PATCH", f"repos/{QUEUE}/issues/{number}", "--input", "-", stdin=request)
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [number]


def test_the_issue_of_a_stranger_is_in_no_queue(stage: Stage) -> None:
    number = open_issue(stage, body(), user="stranger")
    assert stage.tick()["scanned"] == 0
    gh(stage, f"repos/{QUEUE}/issues/{number}/labels", "-f", "labels[]=schedule", user="owner")
    assert [note["id"] for note in stage.tick()["rejected"]] == [number]
    assert stage.runs() == []
