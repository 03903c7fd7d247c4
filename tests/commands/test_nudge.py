"""Waking the scheduler: when it helps, what it costs, and what is said where it fails."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from scheduler.commands.nudge import helps
from scheduler.job.model import Job
from scheduler.settings.profiles import PROFILES
from tests.conftest import ISSUES, REPO, Stage
from tests.support.fakes import NOON

DISPATCHES = "/actions/workflows/scheduler.yml/dispatches$"
CRON = "minutes to hours late"
INSTANT = re.compile(r"[0-9-]{10}T[0-9:]{8}Z")
JOB = ("--in", "5m", "-m", "Check it", "--workflow", "agent-message.yml")
#: The other side of 12 minutes: whom does a nudge help who can wait so long?
LATER = ("--in", "2h", *JOB[2:])


@pytest.mark.parametrize(
    ("profile", "seconds", "wanted"),
    [
        ("thrifty", -60, True), ("thrifty", 0, True), ("thrifty", 60, True),
        ("thrifty", 61, False), ("balanced", -60, True), ("balanced", 720, True),
        ("balanced", 721, False), ("punctual", 0, True), ("punctual", 400 * 86400, True),
    ],
)  # fmt: skip
def test_when_a_nudge_helps(profile: str, seconds: float, wanted: bool) -> None:
    job = Job(run_at=NOON + timedelta(seconds=seconds), workflow="run.yml")
    assert helps(job, PROFILES[profile], NOON) is wanted


@pytest.mark.parametrize(
    ("profile", "tolerance", "wanted"),
    [
        ("balanced", 660, True), ("balanced", 661, False), ("punctual", 10**6, True),
        ("thrifty", 0, True), ("thrifty", 1, False),
    ],
)  # fmt: skip
def test_nobody_is_woken_for_what_is_good_later_too(
    profile: str, tolerance: float, wanted: bool
) -> None:
    run_at, late = NOON + timedelta(seconds=60), timedelta(seconds=tolerance)
    job = Job(run_at=run_at, workflow="run.yml", tolerance=late)
    assert helps(job, PROFILES[profile], NOON) is wanted


@pytest.mark.parametrize("name", PROFILES)
def test_who_is_woken_is_still_there_when_the_job_is_due(name: str) -> None:
    profile = PROFILES[name]
    held = profile.hold or timedelta(0)
    assert profile.nudged_for is None or profile.nudged_for <= held


def created(stage: Stage, *args: str, **given: Any) -> tuple[Any, int]:
    """A creation's answer, and how many requests it made."""
    stage.sandbox.clear_requests()
    made = stage.create(*args, **given)
    return made, len(stage.requests)


def test_a_nudge_is_one_more_request(stage: Stage) -> None:
    _, without = created(stage, *JOB, "--no-nudge")
    made, with_it = created(stage, *JOB)
    assert made["nudged"] is True
    assert "seconds late" in made["expect"]
    assert with_it == without + 1
    (entry,) = stage.sandbox.requests.matching("POST", DISPATCHES)
    assert entry.status in (200, 204)
    (run,) = stage.runs()
    assert (run.event, run.name, run.payload["inputs"]) == ("workflow_dispatch", "Scheduler", {})
    told = stage.run("create", *JOB).out.splitlines()
    assert any("seconds late" in line for line in told)


def test_what_a_job_tolerates_is_added_to_the_lateness_to_expect(stage: Stage) -> None:
    words = ", and up to 5m more, which it tolerates"
    assert stage.create(*JOB, "--tolerance", "5m")["expect"].endswith(words)
    assert "tolerates" not in stage.create(*JOB)["expect"]


@pytest.mark.parametrize("profile", ["thrifty", "balanced"])
def test_a_job_far_away_wakes_nobody_and_says_what_that_means(stage: Stage, profile: str) -> None:
    stage.settings(f"profile: {profile}\n")
    made, _ = created(stage, *LATER)
    assert made["nudged"] is False
    assert CRON in made["expect"]
    assert stage.runs() == []
    assert CRON in stage.run("create", *LATER).out


def test_the_punctual_scheduler_is_woken_for_a_job_far_away(stage: Stage) -> None:
    stage.settings("profile: punctual\n")
    made, _ = created(stage, *LATER)
    assert made["nudged"] is True
    assert len(stage.runs()) == 1


def test_no_nudge_wakes_nobody(stage: Stage) -> None:
    made, _ = created(stage, *JOB, "--no-nudge")
    assert not made["nudged"]
    assert stage.runs() == []


def refused(stage: Stage, *words: str, **given: Any) -> None:
    """The job is created, nobody is woken, and both answers say why and how late it may be."""
    made, _ = created(stage, *JOB, **given)
    assert (made["created"], made["nudged"]) == (True, False)
    for word in (*words, CRON):
        assert word in made["expect"], made["expect"]
    told = stage.run("create", *JOB, **given)
    assert told.status == 0
    # The two calls may lie on both sides of a second.
    said = [INSTANT.sub("T", text) for text in (made["expect"], " ".join(told.out.split()))]
    assert said[0] in said[1]
    assert INSTANT.sub("T", told.out.splitlines()[-1]) == said[0]
    assert stage.runs() == []


def test_a_setting_turns_it_off(stage: Stage) -> None:
    stage.settings("nudge: false\n")
    refused(stage, "nudge is off")
    assert stage.sandbox.requests.count("POST", DISPATCHES) == 0


def test_a_token_that_may_not_dispatch(stage: Stage) -> None:
    rights = {"issues": "write", "contents": "read", "metadata": "read"}
    token = stage.sandbox.make_token("agent", permissions=rights)
    refused(stage, "may not start scheduler.yml", "actions: write", user=token)


def test_a_workflow_that_is_missing(stage: Stage) -> None:
    stage.settings("scheduler: {workflow: nowhere.yml}\n")
    refused(stage, "nowhere.yml is not in this repository")


def test_a_workflow_that_is_disabled(stage: Stage) -> None:
    stage.call("PUT", f"{REPO}/actions/workflows/scheduler.yml/disable")
    refused(
        stage, "scheduler.yml is disabled", "does not come either",
        "gh workflow enable scheduler.yml",
    )  # fmt: skip


def test_a_workflow_that_can_not_be_dispatched(stage: Stage) -> None:
    stage.settings("scheduler: {workflow: push.yml}\n")
    refused(stage, "push.yml could not be started")


@pytest.mark.parametrize("kind", ["429", "secondary", "primary"])
def test_a_limit(stage: Stage, kind: str) -> None:
    stage.sandbox.fault(kind, method="POST", path=DISPATCHES, count=99, retry_after=30)
    refused(stage, "scheduler.yml could not be started")
    assert stage.sandbox.requests.count("POST", DISPATCHES) == 2, "once for each creation"


@pytest.mark.parametrize("kind", ["drop-before", "502-before"])
def test_no_answer(stage: Stage, kind: str) -> None:
    stage.sandbox.fault(kind, method="POST", path=DISPATCHES, count=99)
    refused(stage, "no answer")
    assert stage.sandbox.requests.count("POST", DISPATCHES) == 2, "once for each creation"


def test_what_was_there_before_wakes_nobody_anew(stage: Stage) -> None:
    stage.create(*JOB, "--request-id", "once")
    made = stage.create(*JOB, "--request-id", "once")
    assert made["created"] is False
    assert len(stage.runs()) == 1


@pytest.mark.parametrize(
    ("conclusion", "told"), [("failure", True), ("startup_failure", True), ("success", False)]
)
def test_a_scheduler_that_has_just_failed_is_told_of(
    stage: Stage, conclusion: str, told: bool
) -> None:
    first = (*JOB, "--agent", "probe")
    stage.create(*first)
    (run,) = stage.runs()
    stage.sandbox.finish_run(run.id, conclusion)
    made, after = created(stage, *first)
    assert made["nudged"] is True
    assert ("the scheduler's last run failed" in made["expect"]) is told, made["expect"]
    assert (f"/runs/{run.id}" in made["expect"]) is told
    number = made["id"]
    stage.call("POST", f"{ISSUES}/{number}/comments", {"body": "a sign of life"})
    made, later = created(stage, *first)
    assert "seconds late" in made["expect"]
    assert later == after - 1
