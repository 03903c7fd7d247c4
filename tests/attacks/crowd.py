"""Who stands around the queue, and what an attack looks at afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scheduler.sandbox.hub.issues import Desk
from tests.conftest import ISSUES, Stage

BOT = "github-actions[bot]"


def ran(stage: Stage, repository: str | None = None) -> list[dict[str, str]]:
    """The inputs of every run but the scheduler's own, which a creation may wake."""
    runs = [run for run in stage.runs(repository) if run.workflow.path[-13:] != "scheduler.yml"]
    return [run.payload.get("inputs") or run.payload.get("client_payload") or {} for run in runs]


def messages(stage: Stage) -> list[str]:
    """What the runs were told to do, in the order of their start."""
    return [inputs.get("message", "") for inputs in ran(stage)]


def by_template(stage: Stage, body: str) -> int:
    """An issue of the stranger's that an issue template gave the queue's label."""
    made = stage.call("POST", ISSUES, {"title": "Bug", "body": body}, user="stranger")
    repository = stage.sandbox.repository()
    with stage.sandbox.state.lock:
        desk = Desk(stage.sandbox.state, repository, stage.sandbox.state.add_user("stranger"))
        issue = repository.issues[made["number"]]
        label = desk.label("schedule")
        desk.put(issue, replace(issue.view, labels=(label,)))
        # GitHub names the issue's author as the one who labelled it.
        desk.event(issue, "labeled", label=label)
    return int(made["number"])


def rejected(stage: Stage, number: int, *words: str, **environ: Any) -> str:
    """One tick: the job was rejected for a reason with these words, and it did not run."""
    before = len(ran(stage))
    report = stage.tick(**environ)
    reasons = {note["id"]: str(note["reason"]) for note in report["rejected"]}
    assert number in reasons, report
    for word in words:
        assert word in reasons[number]
    assert number not in [fired["id"] for fired in report["dispatched"]]
    assert len(ran(stage)) == before + len(report["dispatched"])
    issue = stage.issue(number)
    assert (issue["state"], issue["state_reason"]) == ("closed", "not_planned")
    assert "schedule:rejected" in stage.labels(number)
    return reasons[number]
