"""Workflows and their runs by HTTP: a dispatch is sent once, and its run is taken as told."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import responses
from responses import matchers

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.github.actions import GitHubActions
from scheduler.github.client import Api, GitHub
from scheduler.github.queue import GitHubQueue
from scheduler.ports.values import Accepted, Dispatch, Target
from tests.support.answers import API, HERE, LOST

STARTED = {"workflow_run_id": 7, "run_url": "https://api/7", "html_url": "https://github.com/7"}
DISPATCH = Dispatch(target=Target(repo="o/r", ref="main", workflow="a b.yml"), inputs={"x": "y"})
DISPATCHES = f"{API}/repos/o/r/actions/workflows/a%20b.yml/dispatches"
SHORT = {"ref": "main", "inputs": {"x": "y"}}
FULL = {**SHORT, "return_run_details": True}


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_does_not_know_run_details_is_asked_without_from_then_on(
    server: responses.RequestsMock, http: GitHub, status: int
) -> None:
    words = 'Invalid request.\n\n"return_run_details" is not a permitted key.'
    server.post(DISPATCHES, status=status, json={"message": words},
                match=[matchers.json_params_matcher(FULL)])  # fmt: skip
    server.post(DISPATCHES, status=204, match=[matchers.json_params_matcher(SHORT)])
    queue = GitHubQueue(http, repository="o/r", label="schedule")
    assert queue.dispatch(DISPATCH) == queue.dispatch(DISPATCH) == Accepted()
    assert len(server.calls) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_dispatch_that_is_refused_for_another_reason_is_not_repeated(
    server: responses.RequestsMock, http: GitHub, status: int
) -> None:
    server.post(DISPATCHES, status=status, json={"message": "No ref found for: main"})
    with pytest.raises(Rejected, match=r"a b\.yml: GitHub answers 4\d\d: No ref found.*; "):
        GitHubQueue(http, repository="o/r", label="schedule").dispatch(DISPATCH)
    assert len(server.calls) == 1


@pytest.mark.parametrize("lost", LOST)
def test_a_dispatch_whose_answer_is_lost_is_not_repeated(
    server: responses.RequestsMock, http: GitHub, lost: dict[str, Any]
) -> None:
    server.post(DISPATCHES, **lost)
    with pytest.raises(Unavailable) as told:
        GitHubQueue(http, repository="o/r", label="schedule").dispatch(DISPATCH)
    assert told.value.sent
    assert len(server.calls) == 1


def test_the_run_that_a_dispatch_started(server: responses.RequestsMock, http: GitHub) -> None:
    server.post(DISPATCHES, status=200, json=STARTED)
    queue = GitHubQueue(http, repository="o/r", label="schedule")
    assert queue.dispatch(DISPATCH) == Accepted(run_id=7, run_url="https://github.com/7")


RUNS = f"{HERE}/actions/workflows/run.yml/runs"
TARGET = Target(repo="o/r", ref="main", workflow="run.yml")
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


def run(run_id: int, seconds: float) -> dict[str, Any]:
    """A run that began so many seconds after noon."""
    return {"id": run_id, "created_at": (NOON + timedelta(seconds=seconds)).isoformat()}


@pytest.fixture
def actions(api: Api) -> GitHubActions:
    return GitHubActions(api)


def test_runs_are_searched_for_from_the_whole_second_on(
    server: responses.RequestsMock, actions: GitHubActions
) -> None:
    search = {
        "event": "workflow_dispatch", "created": ">=2026-11-23T12:00:00Z", "per_page": "100",
    }  # fmt: skip
    found = {"workflow_runs": [run(3, 9), run(2, 0), run(1, -1)]}
    server.get(RUNS, json=found, match=[matchers.query_param_matcher(search)])
    assert [each.id for each in actions.runs(TARGET, NOON + timedelta(seconds=0.7))] == [3, 2]


def test_a_server_that_knows_no_search_is_read_no_further_than_it_has_to_be(
    server: responses.RequestsMock, actions: GitHubActions
) -> None:
    link = {"Link": f'<{RUNS}?page=2>; rel="next"'}
    server.get(RUNS, json={"workflow_runs": [run(9, 5), run(8, -5)]}, headers=link)
    assert [each.id for each in actions.runs(TARGET, NOON)] == [9]
    assert len(server.calls) == 1


def test_all_runs_are_looked_at_so_far_and_no_further(
    server: responses.RequestsMock, actions: GitHubActions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.github.actions.RUN_PAGES", 2)
    for page in (1, 2):
        link = {"Link": f'<{RUNS}?page={page + 1}>; rel="next"'}
        server.get(RUNS, json={"workflow_runs": [run(10 - page, 60 - page)]}, headers=link)
    assert [each.id for each in actions.runs(TARGET, NOON, filtered=False)] == [9, 8]


def test_the_recent_runs_of_a_repository_are_searched_for(
    server: responses.RequestsMock, actions: GitHubActions
) -> None:
    search = {
        "event": "workflow_dispatch", "created": ">=2026-11-23T12:00:00Z", "per_page": "100",
    }  # fmt: skip
    started = {**run(3, 9), "event": "workflow_dispatch", "path": ".github/workflows/a.yml@main"}
    others = [{**run(2, 8), "event": "push"}, run(1, 7)]
    found = {"total_count": 3, "workflow_runs": [started, *others]}
    server.get(f"{HERE}/actions/runs", json=found, match=[matchers.query_param_matcher(search)])
    shown = actions.recent_runs("o/r", NOON)
    assert [(each.id, each.workflow) for each in shown] == [(3, "a.yml"), (1, "")]


def test_recent_runs_are_looked_at_so_far_and_no_further(
    server: responses.RequestsMock, actions: GitHubActions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.github.actions.RUN_PAGES", 2)
    for page in (1, 2):
        link = {"Link": f'<{HERE}/actions/runs?page={page + 1}>; rel="next"'}
        server.get(f"{HERE}/actions/runs", json={"workflow_runs": [run(page, 60)]}, headers=link)
    assert [each.id for each in actions.recent_runs("o/r", NOON)] == [1, 2]


@pytest.mark.parametrize(
    ("answer", "count"),
    [
        ({"json": {"total_count": 0, "jobs": []}}, 0),
        ({"json": {"total_count": 3, "jobs": [{"id": 1}]}}, 3),
        ({"json": {"jobs": [{"id": 1}]}}, 1),
        ({"json": {"jobs": None}}, 0),
        ({"status": 404, "json": {}}, None),
        ({"status": 501, "json": {}}, None),
    ],
)
def test_the_jobs_of_all_attempts_are_counted(
    server: responses.RequestsMock, actions: GitHubActions, answer: dict[str, Any],
    count: int | None,
) -> None:  # fmt: skip
    asked = [matchers.query_param_matcher({"filter": "all", "per_page": "1"})]
    server.get(f"{HERE}/actions/runs/7/jobs", match=asked, **answer)
    assert actions.jobs_of_run("o/r", 7) == count


def test_runs_that_the_token_may_not_read_name_the_permission(
    server: responses.RequestsMock, actions: GitHubActions
) -> None:
    words = "'actions: read' in "
    for repo in ("o/r", "o/other"):
        for path in ("runs", "runs/7/jobs"):
            server.get(f"{API}/repos/{repo}/actions/{path}", status=403, json={"message": "no"})
    with pytest.raises(NotPermitted, match=words + "o/r"):
        actions.recent_runs("o/r", NOON)
    with pytest.raises(NotPermitted, match=words + "o/r"):
        actions.jobs_of_run("o/r", 7)
    with pytest.raises(Rejected, match=words + "o/other"):
        actions.recent_runs("o/other", NOON)
    with pytest.raises(Rejected, match=words + "o/other"):
        actions.jobs_of_run("o/other", 7)


def test_a_run_that_tells_no_instant_is_shown(
    server: responses.RequestsMock, actions: GitHubActions
) -> None:
    server.get(RUNS, json={"workflow_runs": [{"id": 1}]})
    assert [each.id for each in actions.runs(TARGET, NOON)] == [1]


@pytest.mark.parametrize(("listed", "newest"), [([run(4, 0), run(9, 0)], 9), ([], None)])
def test_the_newest_run_has_the_highest_id(
    server: responses.RequestsMock, actions: GitHubActions, listed: list[Any], newest: int | None
) -> None:
    server.get(f"{HERE}/actions/runs", json={"workflow_runs": listed})
    assert actions.newest_run("o/r") == newest


def test_a_run_that_was_deleted_is_none_and_one_that_is_not_shown_is_refused(
    server: responses.RequestsMock, actions: GitHubActions
) -> None:
    server.get(f"{HERE}/actions/runs/7", status=404, json={})
    server.get(f"{HERE}/actions/runs/8", status=403, json={})
    assert actions.run("o/r", 7) is None
    with pytest.raises(Rejected):
        actions.run("o/r", 8)


def test_a_run_that_has_ended_is_not_cancelled(
    server: responses.RequestsMock, actions: GitHubActions
) -> None:
    server.post(f"{HERE}/actions/runs/7/cancel", status=409, json={})
    server.post(f"{HERE}/actions/runs/8/cancel", status=403, json={"message": "no"})
    assert not actions.cancel_run("o/r", 7)
    with pytest.raises(NotPermitted, match="'actions: write'"):
        actions.cancel_run("o/r", 8)


def test_what_cron_started_is_listed_and_a_workflow_is_enabled(
    server: responses.RequestsMock, actions: GitHubActions
) -> None:
    asked = [matchers.query_param_matcher({"event": "schedule", "per_page": "5"})]
    server.get(RUNS, json={"workflow_runs": [run(2, 0)]}, match=asked)
    server.put(f"{HERE}/actions/workflows/run.yml/enable", status=204)
    assert [each.id for each in actions.scheduled_runs("o/r", "run.yml")] == [2]
    actions.enable_workflow("o/r", "run.yml")
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("target", "refusal", "fix"),
    [
        (TARGET, (403, "no"), "give the scheduler's token 'actions: write' in o/r"),
        (TARGET, (404, "Not Found"), "check that it is on the default branch of o/r"),
        (TARGET, (422, "Cannot trigger a disabled workflow"), "enable the workflow, then reopen"),
        (TARGET, (422, "No ref found for: v1"), "write a branch or tag that exists in 'ref'"),
        (
            TARGET,
            (422, "failed to parse workflow: (Line: 3)"),
            "mend the workflow file, then reopen",
        ),
        (
            TARGET,
            (422, "Workflow does not have 'workflow_dispatch' trigger"),
            "add 'workflow_dispatch:' to the file's 'on:'",
        ),
        (TARGET, (422, "Required input 'x' not provided"), "edit the issue, then reopen it"),
        (Target(repo="o/r", ref="", event="wake"), (403, "no"), "'contents: write' in o/r"),
    ],
)
def test_a_dispatch_that_is_refused_says_what_to_do(
    server: responses.RequestsMock,
    actions: GitHubActions,
    target: Target,
    refusal: tuple[int, str],
    fix: str,
) -> None:
    status, words = refusal
    path = "/dispatches" if target.event else "/actions/workflows/run.yml/dispatches"
    server.post(HERE + path, status=status, json={"message": words})
    with pytest.raises(Rejected, match=f"^{target.name}: GitHub answers {status}") as told:
        actions.dispatch(Dispatch(target=target))
    assert fix in str(told.value)
    assert told.value.status == status


def test_an_event_carries_its_inputs_as_they_are(
    server: responses.RequestsMock, actions: GitHubActions
) -> None:
    sent = {"event_type": "wake", "client_payload": {"x": "y"}}
    match = [matchers.json_params_matcher(sent)]
    server.post(f"{HERE}/dispatches", status=204, match=match)
    target = Target(repo="o/r", ref="", event="wake")
    assert actions.dispatch(Dispatch(target=target, inputs={"x": "y"})) == Accepted()


def test_queued_runs_are_searched_for_and_the_newest_of_a_workflow_listed(
    server: responses.RequestsMock, actions: GitHubActions
) -> None:
    queued = [{"id": 3, "status": "queued"}, {"id": 2, "status": "in_progress"}]
    asked = [matchers.query_param_matcher({"status": "queued", "per_page": "100"})]
    server.get(f"{HERE}/actions/runs", json={"workflow_runs": queued}, match=asked)
    assert [each.id for each in actions.queued_runs("o/r")] == [3]
    over = [{"id": 5, "status": "queued"}, {"id": 4, "status": "completed", "conclusion": "stale"}]
    asked = [matchers.query_param_matcher({"per_page": "30"})]
    server.get(RUNS, json={"workflow_runs": over}, match=asked)
    assert [each.id for each in actions.newest_runs("o/r", "run.yml")] == [5, 4]


def test_queued_runs_that_the_token_may_not_read_name_the_permission(
    server: responses.RequestsMock, actions: GitHubActions
) -> None:
    server.get(f"{HERE}/actions/runs", status=403, json={"message": "no"})
    server.get(RUNS, status=404, json={"message": "Not Found"})
    with pytest.raises(NotPermitted, match="'actions: read' in o/r"):
        actions.queued_runs("o/r")
    with pytest.raises(Rejected, match="404"):
        actions.newest_runs("o/r", "run.yml")
