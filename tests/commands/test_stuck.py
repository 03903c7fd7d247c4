"""What keeps runs from running: found for monitors, with the way out."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.commands.stuck import Held, Stuck, dead_since, last_failed, too_long
from scheduler.ports.values import Group, Run
from tests.conftest import QUEUE, REPO, Stage
from tests.support.lesser import Lesser, before

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)
GRACE = 5 * MINUTE
GROUP = Group(name="g", acquired_at=NOON - 60 * MINUTE)


def run(run_id: int = 7, *, ago: float = 60, **more: Any) -> Run:
    """A run that was created and last changed so many minutes ago."""
    then = NOON - ago * MINUTE
    made = {"created_at": then, "started_at": then, "updated_at": then, "url": f"U{run_id}"}
    return Run(**{"id": run_id, "event": "workflow_dispatch", "workflow": "a.yml", **made, **more})


def test_queued_too_long_is_longer_than_grace_and_the_longest_is_first() -> None:
    runs = [
        run(1, ago=5.1), run(2, ago=5), run(3, ago=9), run(4, ago=90, event="push"),
        run(5, ago=90, event="issues", workflow="scheduler.yml"),
        run(6, ago=90, started_at=NOON), run(7, created_at=None, started_at=None),
    ]  # fmt: skip
    assert [each.id for each in too_long(runs, NOON, GRACE, "scheduler.yml")] == [5, 3, 1]


@pytest.mark.parametrize(
    ("states", "failed"),
    [
        ((), None),
        (("success", "failure"), None),
        (("failure", "success"), 0),
        (("startup_failure",), 0),
        (("action_required",), 0),
        # A newer one took its place, or its event was of another issue: that tells nothing.
        (("cancelled", "skipped", "neutral", "queued", "pending", "failure"), 5),
        (("cancelled", "in_progress", "failure"), None),
    ],
)
def test_the_last_run_that_did_anything_counts(states: tuple[str, ...], failed: int | None) -> None:
    going = ("queued", "pending", "in_progress")
    runs = [
        run(n, status=state) if state in going else run(n, status="completed", conclusion=state)
        for n, state in enumerate(states)
    ]
    found = last_failed(runs)
    assert (found and found.id) == failed


@pytest.mark.parametrize(
    ("holder", "jobs", "dead"),
    [
        (None, None, True),
        (run(status="completed", conclusion="failure", ago=6), None, True),
        (run(status="completed", conclusion="failure", ago=5), None, False),  # freed by and by
        (run(status="completed", conclusion="stale", updated_at=None), None, True),
        (run(status="in_progress"), None, False),
        (run(status="waiting"), 0, False),  # in an environment: a person, or a timer
        (run(status="queued"), 1, False),
        (run(status="pending"), None, False),  # nobody knows
        (run(status="pending"), 0, True),
        (run(status="pending", ago=4), 0, False),
    ],
)
def test_a_holder_is_dead_that_will_do_nothing_more(
    holder: Run | None, jobs: int | None, dead: bool
) -> None:
    assert dead_since(holder, GROUP, NOON, GRACE, jobs)[0] == dead


@pytest.mark.parametrize(
    ("holder", "words", "way"),
    [
        (
            run(status="completed", conclusion="failure"),
            "ended as failure 1h ago: U7",
            "delete that run: gh api -X DELETE repos/o/r/actions/runs/7",
        ),
        (
            run(status="pending"),
            "has had no job for 1h: U7",
            "end that run: gh api -X POST repos/o/r/actions/runs/7/force-cancel",
        ),
        (None, "is not there any more", "cancel the runs that wait for it, and start them anew"),
    ],
)
def test_a_group_that_is_held_has_two_ways_out(holder: Run | None, words: str, way: str) -> None:
    held = Held(group="a\x1b[2Jb", run_id=7, run=holder, since=NOON - 60 * MINUTE)
    first, *ways = Stuck(repository="o/r", groups=(held,)).lines(NOON)
    assert first == f"concurrency group 'a\\x1b[2Jb' is held by run 7, which {words}"
    assert ways == [
        f"  {way}",
        "  if that does not free it: name the group otherwise, under 'concurrency' in its file",
    ]


# Over HTTP.


def dispatched(stage: Stage, workflow: str = "bare.yml") -> int:
    body = {"ref": "main", "return_run_details": True}
    made = stage.call("POST", f"{REPO}/actions/workflows/{workflow}/dispatches", body, user="bot")
    return int(made["workflow_run_id"])


def found(stage: Stage, **environ: Any) -> Any:
    result = stage.run("stats", "--overdue", "--json", **environ)
    data = json.loads(result.out)
    wrong = bool(data["overdue"] or data["queued"] or data["scheduler"] or data["groups"])
    assert result.status == wrong, result.err
    return data


def test_a_run_that_no_runner_takes_is_told(stage: Stage) -> None:
    run_id = dispatched(stage)
    assert found(stage)["queued"] == []
    stage.sandbox.set_clock(advance=600)
    (told,) = found(stage)["queued"]
    assert (told["run_id"], told["workflow"]) == (run_id, "bare.yml")
    assert 600 <= told["queued_s"] < 660
    result = stage.run("stats", "--overdue")
    assert result.status == 1
    assert f"run {run_id} of 'bare.yml' has been queued for 10m" in result.out
    assert "nothing is overdue" not in result.out
    assert result.err.startswith(f"schedule: run {run_id} of 'bare.yml' has been queued for 10m")
    assert len(result.err.splitlines()) == 1
    assert stage.run("stats", "--overdue", "--grace", "1h").status == 0
    stage.sandbox.finish_run(run_id)
    assert found(stage)["queued"] == []


def test_other_repositories_that_may_be_started_in_are_asked(stage: Stage) -> None:
    stage.settings("allow: {repositories: [octo/other, 'octo/x-*', octo/hidden]}\n")
    stage.call("POST", "/repos/octo/other/dispatches", {"event_type": "wake"})
    stage.sandbox.set_clock(advance=600)
    told = found(stage)
    assert [each["workflow"] for each in told["queued"]] == ["wake.yml"]
    assert [each.partition(" (")[0] for each in told["unasked"]] == ["queued runs of octo/hidden"]


def test_a_scheduler_whose_last_run_failed_is_told(stage: Stage) -> None:
    stage.sandbox.fate("failure", workflow="scheduler.yml")
    run_id = dispatched(stage, "scheduler.yml")
    told = found(stage)["scheduler"]
    assert (told["run_id"], told["conclusion"]) == (run_id, "failure")
    text = stage.run("stats", "--overdue")
    assert "schedule: the scheduler's last run ended as failure" in text.err
    stage.sandbox.fate("success", workflow="scheduler.yml")
    dispatched(stage, "scheduler.yml")
    assert found(stage)["scheduler"] is None


def test_a_group_that_a_dead_run_holds_is_told_with_the_ways_out(stage: Stage) -> None:
    stage.workflow("group.yml", "on: workflow_dispatch\nconcurrency: one/at a time\n")
    stage.sandbox.fate("failure", jobs=False, wedges=True)
    dead, waits = dispatched(stage, "group.yml"), dispatched(stage, "group.yml")
    assert found(stage)["groups"] == []
    stage.sandbox.set_clock(advance=600)
    (told,) = found(stage)["groups"]
    assert (told["group"], told["run_id"], told["conclusion"]) == (
        "one/at a time", dead, "failure",
    )  # fmt: skip
    result = stage.run("stats", "--overdue")
    assert f"gh api -X DELETE repos/{QUEUE}/actions/runs/{dead}\n" in result.out
    assert result.err.startswith("schedule: concurrency group 'one/at a time' is held by run ")
    # What the line says to do is the way out.
    stage.call("DELETE", f"{REPO}/actions/runs/{dead}")
    assert found(stage)["groups"] == []
    assert stage.call("GET", f"{REPO}/actions/runs/{waits}")["status"] == "queued"


def test_a_group_whose_holder_waits_without_a_job_is_told(stage: Stage) -> None:
    stage.workflow("group.yml", "on: workflow_dispatch\nconcurrency: g\n")
    stage.sandbox.fate("stuck")
    dead, waits = dispatched(stage, "group.yml"), dispatched(stage, "group.yml")
    stage.sandbox.set_clock(advance=600)
    (told,) = found(stage)["groups"]
    assert (told["run_id"], told["status"], told["conclusion"]) == (dead, "queued", None)
    assert "/force-cancel\n" in stage.run("stats", "--overdue").out
    stage.call("POST", f"{REPO}/actions/runs/{dead}/force-cancel")
    assert found(stage)["groups"] == []
    assert stage.call("GET", f"{REPO}/actions/runs/{waits}")["status"] == "queued"


def test_a_group_whose_holder_goes_on_is_none_of_them(stage: Stage) -> None:
    stage.workflow("group.yml", "on: workflow_dispatch\nconcurrency: g\n")
    stage.sandbox.fate("hangs")
    dispatched(stage, "group.yml")
    stage.sandbox.set_clock(advance=3600)
    assert found(stage)["groups"] == []


def test_many_groups_are_looked_into_so_far(stage: Stage) -> None:
    stage.workflow("each.yml", "on: workflow_dispatch\nconcurrency: g-${{ github.run_id }}\n")
    stage.sandbox.fate("hangs", count=0)
    for _ in range(12):
        dispatched(stage, "each.yml")
    stage.sandbox.set_clock(advance=3600)
    stage.sandbox.clear_requests()
    assert found(stage)["unasked"] == ["concurrency groups but the 10 that were got first"]
    assert len(stage.requests) == 5 + 2 * 10


def test_what_a_server_or_a_token_does_not_tell_is_left_out_and_said(stage: Stage) -> None:
    stage.sandbox.configure(concurrency_groups=False)
    result = stage.run("stats", "--overdue")
    assert (result.status, result.err) == (0, "")
    assert result.out == (
        "nothing is overdue\nnot looked at: concurrency groups (this server does not tell them)\n"
    )
    permissions = {"issues": "read", "contents": "read"}
    token = stage.sandbox.make_token("agent", permissions=permissions)
    told = found(stage, GITHUB_TOKEN=token)["unasked"]
    assert [each.partition(" (")[0] for each in told] == [
        f"queued runs of {QUEUE}", "the scheduler's runs, of 'scheduler.yml'",
        "concurrency groups",
    ]  # fmt: skip
    with before(stage.sandbox.url, Lesser(missing="/actions/")) as url:
        assert len(found(stage, GITHUB_API_URL=url)["unasked"]) == 3


@pytest.mark.parametrize(
    "lesser", [Lesser(query=("status",)), Lesser(fields=("event", "path", "run_started_at"))]
)
def test_a_server_that_tells_less_is_read_all_the_same(stage: Stage, lesser: Lesser) -> None:
    going = dispatched(stage)
    stage.sandbox.finish_run(dispatched(stage))
    stage.sandbox.set_clock(advance=600)
    with before(stage.sandbox.url, lesser) as url:
        assert [each["run_id"] for each in found(stage, GITHUB_API_URL=url)["queued"]] == [going]
        said = stage.run("stats", "--overdue", GITHUB_API_URL=url).err
    assert re.match(rf"schedule: run {going}( of 'bare\.yml')? has been queued for 10m", said)
