"""What is promised of the number of requests, counted at the server."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from typing import Any

import pytest

from scheduler.github import written
from tests.conftest import QUEUE, Stage, body

CHILD = """
import resource, subprocess, sys
ran = subprocess.run([sys.executable, "-m", "scheduler", "tick", "--json"],
                     stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Prints the peak of resident memory of a tick, in kilobytes."""


def counted(stage: Stage, *args: str, **environ: Any) -> tuple[Any, int]:
    """A command's answer, and how many requests reached the server."""
    stage.sandbox.clear_requests()
    answer = stage.run(*args, "--json", **environ).json
    return answer, len(stage.sandbox.requests)


def tick(stage: Stage) -> tuple[Any, int]:
    report, requests = counted(stage, "tick", user="bot")
    assert report["requests"] == requests, stage.requests
    return report, requests


def waiting_job(n: int) -> str:
    """A body; no agent waits for more jobs than the quotas let it."""
    return body(3600 + n, "agent-message.yml", f"agent: a{n // 40}", message=f"{n} " + "x" * 1000)


def idle(open_jobs: int) -> int:
    """What a tick with nothing due may cost."""
    return math.ceil(open_jobs / 100) + 4


@pytest.fixture(params=["graphql", "no graphql"])
def server_kind(stage: Stage, request: pytest.FixtureRequest) -> None:
    stage.sandbox.configure(graphql=request.param == "graphql")


@pytest.fixture(params=["settings", "no settings"])
def settings_kind(stage: Stage, request: pytest.FixtureRequest) -> None:
    if request.param == "settings":
        stage.settings('allow: {workflows: ["*"]}\n')


kinds = pytest.mark.usefixtures("server_kind", "settings_kind")


def events(stage: Stage, jobs: int) -> int:
    """What is asked of each due job where GraphQL does not tell of all at once who did what."""
    return 0 if stage.sandbox.state.graphql else jobs


#: Of a person's token outside of Actions it is asked what its account may, before an issue is
#: opened; in Actions the token is an app's, which has no role, and whose issues wake nobody: the
#: scheduler is, and its last run is looked at as long as nothing has shown that it works.
PERSON: dict[str, Any] = {}
ACTIONS = {"user": "bot", "GITHUB_ACTIONS": "true"}
ASKED = [(PERSON, 1), (ACTIONS, 2)]
callers = pytest.mark.parametrize(("caller", "role"), ASKED, ids=["person", "actions"])


@callers
@kinds
def test_creating_a_job(stage: Stage, caller: dict[str, Any], role: int) -> None:
    if caller is ACTIONS:
        named = 'trust: {bots: ["github-actions[bot]"]}'
        stage.settings(f'{named}\nallow: {{workflows: ["*"], refs: ["*"]}}\n')
    soon = ("create", "--in", "1h", "-m", "x", "--workflow", "agent-message.yml")
    for more in ((), ("--ref", "main"), ("--input", "model=large")):
        assert counted(stage, *soon, *more, **caller)[1] <= 3 + role
    # What stands there already is one more question, asked only where it matters.
    for more in (("--agent", "a"), ("--request-id", "r"), ("--dedup-key", "d")):
        assert counted(stage, *soon, *more, **caller)[1] <= 4 + role
    # Of a job that stands there it is asked whose it is: GraphQL's viewer, else the user.
    assert counted(stage, *soon, "--request-id", "r", **caller)[1] <= 5 + role


@callers
def test_creating_an_event_or_a_job_for_another_repository(
    stage: Stage, caller: dict[str, Any], role: int
) -> None:
    allow = 'allow: {workflows: ["*"], events: [wake], repositories: ["octo/other"]}\n'
    stage.settings(f'trust: {{bots: ["github-actions[bot]"]}}\n{allow}')
    assert counted(stage, "create", "--in", "1h", "--event", "wake", **caller)[1] <= 3 + role
    there = ("--repo", "octo/other", "--workflow", "agent-message.yml", "-m", "x")
    if caller is PERSON:  # another repository's file is not shown to a workflow's own token
        assert counted(stage, "create", "--in", "1h", *there)[1] <= 3 + role


@kinds
def test_a_tick_with_little_to_see(stage: Stage) -> None:
    assert tick(stage)[1] <= idle(0)
    stage.open(waiting_job(0))
    stage.open("no job")
    tick(stage)
    assert tick(stage)[1] <= idle(2)


def test_what_is_wrong_by_itself_asks_for_the_settings_only(stage: Stage) -> None:
    stage.run("create", "--at", "2024-01-15T10:00:00Z", "-m", "x", "--workflow", "bare.yml")
    assert len(stage.sandbox.requests) <= 1


@pytest.mark.slow
@kinds
@pytest.mark.parametrize("beside", ["nothing", "invalid", "closed"])
def test_a_tick_with_nothing_due(stage: Stage, beside: str) -> None:
    if beside == "invalid":
        for n in range(7):
            stage.open(f"no job {n}")
    if beside == "closed":
        for n in range(7):
            number = stage.open(body())
            if n % 2:
                stage.call("POST", f"/repos/{QUEUE}/issues/{number}/comments", {"body": "no"})
                stage.edit(number, state="closed")
    tick(stage)
    tick(stage)
    there = 7 if beside == "invalid" else 0
    made = 0
    for waiting in (0, 1, 100, 101, 250):
        while made < waiting - there:
            stage.open(waiting_job(made))
            made += 1
        report, requests = tick(stage)
        assert (report["scanned"], report["due"]) == (made + there, 0)
        # Four of those that are closed were dispatched, and their runs are under way: one list.
        assert requests <= idle(report["scanned"]) + (beside == "closed"), stage.requests


#: How many jobs are due, for how many targets, of how many authors; and what stands beside.
QUICK = [(1, 1, 1, "nothing"), (5, 3, 2, "dispatched"), (5, 1, 2, "cancelled")]
DUE = [
    pytest.param(*each, beside, marks=[] if (*each, beside) in QUICK else [pytest.mark.slow])
    for each in [(1, 1, 1), (1, 1, 2), (5, 1, 1), (5, 1, 2), (5, 3, 1), (5, 3, 2), (20, 3, 2)]
    for beside in ("nothing", "dispatched", "cancelled")
]


def closed_lately(stage: Stage, beside: str) -> None:
    """What ended within the last hour: by a dispatch, or by somebody who said why."""
    if beside == "dispatched":
        stage.open(body(-60))
        tick(stage)
    elif beside == "cancelled":
        number = stage.open(body(3600))
        stage.call("POST", f"/repos/{QUEUE}/issues/{number}/comments", {"body": "not needed"})
        stage.edit(number, state="closed")


@kinds
@pytest.mark.parametrize(("jobs", "targets", "authors", "beside"), DUE)
def test_a_due_job(stage: Stage, jobs: int, targets: int, authors: int, beside: str) -> None:
    closed_lately(stage, beside)
    for _ in range(5):
        stage.open(body(3600))
    for n in range(jobs):
        workflow = ("agent-message.yml", "bare.yml", "more.yml")[n % targets]
        stage.workflow("more.yml", "on: workflow_dispatch\n")
        stage.open(body(-60, workflow), user=("agent", "owner")[n % authors])
    report, requests = tick(stage)
    assert len(report["dispatched"]) == jobs
    most = idle(report["scanned"]) + 6 * jobs + targets + authors + events(stage, jobs)
    # Whoever writes more comments than these looks once at those of the last hour.
    most += jobs > written.AT
    # Where the run of what was dispatched before is told of, and what became of it.
    most += 2 * (beside == "dispatched")
    assert requests <= most, stage.requests
    after, requests = tick(stage)
    assert after["due"] == 0
    assert requests <= idle(5), stage.requests


def test_due_jobs_of_three_repositories(stage: Stage) -> None:
    stage.settings('allow: {workflows: ["*"], repositories: ["octo/*"]}\n')
    folder = str(stage.sandbox.repository("octo/other").folders["main"])
    stage.sandbox.add_repository("octo/third", folder)
    for repo in (QUEUE, "octo/other", "octo/third"):
        stage.open(body(-60, "agent-message.yml", f"repo: {repo}"))
    report, requests = counted(stage, "tick", user="owner")
    assert len(report["dispatched"]) == 3
    assert report["requests"] == requests
    # The newest run of each repository is asked for before its first claim.
    assert requests <= idle(3) + 6 * 3 + 3 + 1 + 2, stage.requests


@kinds
def test_a_job_that_only_ends(stage: Stage) -> None:
    stage.open(body(-3600, "agent-message.yml", "deadline: 5m"))
    stage.open(body(-60, "scheduler.yml"))
    report, requests = tick(stage)
    assert [len(report[kind]) for kind in ("missed", "rejected")] == [1, 1]
    assert requests <= idle(2) + 6 * 2 + 2 + 1 + events(stage, 2), stage.requests


@pytest.mark.slow
def test_a_thousand_jobs_in_100_megabytes(stage: Stage) -> None:
    for n in range(1000):
        stage.open(waiting_job(n))
    environ = {**os.environ, **stage.environ("bot")}
    ran = subprocess.run(
        [sys.executable, "-c", CHILD], env=environ, capture_output=True, text=True, check=True
    )
    assert len(stage.sandbox.requests) <= idle(1000)
    assert int(ran.stdout) < 100 * 1000, "kilobytes at the peak"
