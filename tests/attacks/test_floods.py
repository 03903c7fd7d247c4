"""Too much of it: chains that schedule themselves, and ten thousand jobs at once."""

from __future__ import annotations

import json
import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.job import frontmatter
from scheduler.job.workflow_file import Input, declared
from scheduler.settings.model import Settings
from scheduler.tick.context import new_context
from scheduler.tick.tick import tick
from tests.attacks.crowd import ran, rejected
from tests.conftest import Stage, at, body
from tests.support.fakes import NOON, FakeClock, MemoryHub, MemoryQueue

DEPTH = 3


def generation(stage: Stage, parent: str, events: Path) -> dict[str, Any]:
    """The variables of a run that the occurrence ``parent`` started."""
    events.write_text(json.dumps({"inputs": {"schedule_id": parent, "message": "again"}}))
    ref = "octo/queue/.github/workflows/agent-message.yml@refs/heads/main"
    return {
        "GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(events), "GITHUB_WORKFLOW_REF": ref,
        "GITHUB_RUN_ID": "7",
    }  # fmt: skip


def test_a_chain_of_self_scheduling_ends(stage: Stage, tmp_path: Path) -> None:
    stage.settings(f"quotas: {{depth: {DEPTH}}}\n")
    asked = ("create", "--json", "--at", at(-60), "--allow-past", "-m", "again")
    first = stage.run(*asked, "--workflow", "agent-message.yml").json["id"]
    parents = [first]
    for depth in range(1, DEPTH + 2):
        stage.tick()
        assert len(ran(stage)) == depth
        key = ran(stage)[-1]["schedule_id"]
        made = stage.run(*asked, **generation(stage, key, tmp_path / "event.json"))
        if depth > DEPTH:
            made.refused(3, f"number {depth} of a chain", f"quotas.depth allows {DEPTH}")
            break
        job = frontmatter.parse(stage.issue(made.json["id"])["body"])
        assert job.parent == f"{key} depth={depth}"
        parents.append(made.json["id"])
    assert len(ran(stage)) == len(parents) == DEPTH + 1


def test_a_chain_that_is_written_by_hand_ends_too(stage: Stage) -> None:
    stage.settings(f"quotas: {{depth: {DEPTH}}}\n")
    for depth in ("4", "9999999", "9" * 60):
        line = f"parent: 1@2026-01-01T00:00:00Z depth={depth}"
        number = stage.open(body(-60, "bare.yml", line))
        rejected(stage, number, "of a chain", "quotas.depth allows 3")
    assert ran(stage) == []


@pytest.mark.parametrize(
    "key", ["9" * 5000 + "@2026-01-01T00:00:00Z", "x#1@", "1@now", "\u0661@2026-01-01T00:00:00Z"]
)
def test_a_forged_occurrence_key_is_no_parent(stage: Stage, tmp_path: Path, key: str) -> None:
    made = stage.create("--in", "1h", "-m", "x", **generation(stage, key, tmp_path / "event.json"))
    assert frontmatter.parse(stage.issue(made["id"])["body"]).parent == "run:7"


def test_a_payload_that_is_nested_without_end_is_none(stage: Stage, tmp_path: Path) -> None:
    deep = tmp_path / "event.json"
    deep.write_text('{"inputs": ' + "[" * 60_000)
    own: dict[str, Any] = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(deep)}
    assert stage.create("--in", "1h", "-m", "x", "--workflow", "bare.yml", **own)["created"]


def test_a_workflow_file_full_of_aliases_is_read_at_once() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(9)
    )
    spec = "{type: *a9, required: *a9, default: *a9, options: [*a9, x]}"
    tracemalloc.start()
    found = declared(f"{bomb}on: {{workflow_dispatch: {{inputs: {{place: {spec}}}}}}}\n")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.inputs == {"place": Input(options=("x",))}
    assert most < 8 * 1024 * 1024


def test_an_agent_over_its_quota_keeps_no_other_waiting(stage: Stage) -> None:
    stage.settings("quotas: {open-per-agent: 2}\nlimits: {per-tick: 3}\n")
    flood = [stage.open(body(-600, "bare.yml", "agent: flood")) for _ in range(8)]
    honest = stage.open(body(-1, "bare.yml", "agent: honest"))
    report = stage.tick()
    assert [fired["id"] for fired in report["dispatched"]] == [*flood[:2], honest]
    assert [note["id"] for note in report["rejected"]] == flood[2:5]
    assert "2 open jobs of 2" in report["rejected"][0]["reason"]
    assert "room again" in report["rejected"][0]["reason"]


def test_issues_that_are_no_jobs_are_answered_so_many_at_a_time(stage: Stage) -> None:
    stage.settings("limits: {per-tick: 3}\n")
    flood = [stage.open("no job") for _ in range(8)]
    honest = stage.open(body(-1, "bare.yml"))
    answered = []
    for _ in range(3):
        report = stage.tick()
        assert [note["id"] for note in report["invalid"]] == flood
        answered.append(sum(len(stage.comments(number)) for number in flood))
    assert answered == [3, 6, 8]
    assert stage.issue(honest)["state"] == "closed"


#: Over HTTP this many issues take minutes, so the server of this test is one in memory.
MANY = 10_000


@pytest.mark.slow
@pytest.mark.parametrize("due", [True, False])
def test_ten_thousand_jobs_of_one_agent(due: bool) -> None:
    hub = MemoryHub(
        FakeClock(NOON + timedelta(minutes=5)), workflows={"run.yml": "on: workflow_dispatch\n"}
    )
    text = "---\nrun-at: %s\nworkflow: run.yml\nagent: %s\ninputs: {job: x}\n---\n"
    hub.workflows["run.yml"] = "on: {workflow_dispatch: {inputs: {schedule_id: {}, job: {}}}}\n"
    when = "2026-11-23T12:00:00Z" if due else "2026-11-24T12:00:00Z"
    for _ in range(MANY):
        hub.open(text % (when, "flood"))
    honest = hub.open(text % ("2026-11-23T12:04:00Z", "honest"), author="owner")
    queue = MemoryQueue(hub)
    ctx = new_context(
        queue,
        clock=hub.clock,
        settings=Settings(),
        nonce=lambda: f"n{next(hub.ids):023}",
    )
    report = tick(ctx)
    fired = [each.id for each in report.dispatched]
    assert fired[-1] == honest
    assert len(fired) == (51 if due else 1)
    assert len(report.rejected) == 100
    assert report.next_due is not None
    assert report.next_due <= report.now
    assert queue.requests < 1500
