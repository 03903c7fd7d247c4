"""Each kind of answer against GitHub's published API description."""

from __future__ import annotations

from typing import Any

import pytest
from githubkit_schemas.v2026_03_10 import models

from scheduler.sandbox import Sandbox
from tests.sandbox.conftest import As, Client

ANSWERS = [
    ("FullRepository", "", None),
    ("Issue", "/issues/1", None),
    ("Issue", "/issues/2", None),
    ("Issue", "/issues", list),
    ("Label", "/labels/a", None),
    ("Label", "/issues/2/labels", list),
    ("IssueComment", "/issues/1/comments", list),
    ("IssueComment", "/issues/comments", list),
    ("Reaction", "/issues/1/reactions", list),
    ("IssueEvent", "/issues/1/events", list),
    ("IssueEvent", "/issues/events", list),
    ("RepositoryCollaboratorPermission", "/collaborators/agent/permission", None),
    ("PrivateUser", "//user", None),
    ("PublicUser", "//users/agent", None),
    ("RateLimitOverview", "//rate_limit", None),
    ("ContentFile", "/contents/README.md", None),
    ("ContentDirectoryItems", "/contents/.github/workflows", list),
    ("Commit", "/commits", list),
    ("Commit", "/commits/main", None),
    ("BranchWithProtection", "/branches/main", None),
    ("ShortBranch", "/branches", list),
    ("Workflow", "/actions/workflows", "workflows"),
    ("Workflow", "/actions/workflows/message.yml", None),
    ("WorkflowRun", "/actions/runs", "workflow_runs"),
    ("WorkflowRun", "/actions/runs/{run}", None),
    ("Job", "/actions/runs/{run}/jobs", "jobs"),
    ("Job", "/actions/jobs/{job}", None),
    ("ConcurrencyGroupList", "/actions/concurrency_groups", None),
    ("ConcurrencyGroup", "/actions/concurrency_groups/one-main", None),
    ("Issue", "/issues/3", None),
    ("PullRequest", "/pulls/3", None),
    ("PullRequest", "/pulls/4", None),
    ("PullRequestReview", "/pulls/3/reviews", list),
    ("CheckRun", "/commits/{head}/check-runs", "check_runs"),
    ("ReposOwnerRepoCommitsRefCheckRunsGetResponse200", "/commits/{head}/check-runs", None),
    ("CombinedCommitStatus", "/commits/{head}/status", None),
    ("CombinedCommitStatus", "/commits/main/status", None),
    ("Environment", "/environments", "environments"),
    ("Environment", "/environments/schedule-2m", None),
    ("ReposOwnerRepoEnvironmentsGetResponse200", "/environments", None),
]


def pulls_of(sandbox: Sandbox, as_user: As) -> str:
    """Two pull requests, #3 reviewed and checked and #4 merged; the head of #3."""
    agent, owner, bot = as_user("agent"), as_user("owner"), as_user("bot")
    sandbox.open_pull("change")
    sandbox.open_pull("merged")
    head = str(agent("GET", "/pulls/3").json()["head"]["sha"])
    for event in ("APPROVE", "REQUEST_CHANGES", "COMMENT"):
        made = owner("POST", "/pulls/3/reviews", {"event": event, "body": "b"}).json()
        models.PullRequestReview.model_validate(made)
    for name, more in (("a", {"status": "in_progress"}), ("b", {"conclusion": "success"})):
        made = bot("POST", "/check-runs", {"name": name, "head_sha": head, **more}).json()
        models.CheckRun.model_validate(made)
    made = agent("POST", f"/statuses/{head}", {"state": "pending", "context": "ci"}).json()
    models.Status.model_validate(made)
    models.PullRequestMergeResult.model_validate(owner("PUT", "/pulls/4/merge").json())
    return head


@pytest.fixture
def full(agent: Client, as_user: As, sandbox: Sandbox) -> dict[str, Any]:
    """A repository with one of everything."""
    agent("POST", "/issues", {"title": "t", "body": "b", "labels": ["a"], "assignees": ["agent"]})
    as_user("bot")("POST", "/issues", {"title": "t", "labels": ["a"]})
    head = pulls_of(sandbox, as_user)
    agent("POST", "/issues/1/comments", {"body": "b"})
    agent("POST", "/issues/1/reactions", {"content": "rocket"})
    agent("PATCH", "/issues/1", {"title": "u", "labels": []})
    agent("PATCH", "/issues/2", {"state": "closed"})
    agent("PUT", "/issues/1/lock", {"lock_reason": "spam"})
    as_user("owner")("PUT", "/environments/schedule-2m", {"wait_timer": 2})
    body = {"ref": "main", "inputs": {"message": "m"}, "return_run_details": True}
    run = agent("POST", "/actions/workflows/message.yml/dispatches", body).json()
    models.WorkflowDispatchResponse.model_validate(run)
    for _ in range(2):
        agent("POST", "/actions/workflows/one.yml/dispatches", {"ref": "main"})
    run_id = run["workflow_run_id"]
    job = agent("GET", f"/actions/runs/{run_id}/jobs").json()["jobs"][0]["id"]
    return {"run": run_id, "job": job, "head": head}


def test_each_answer_is_as_github_describes_it(agent: Client, full: dict[str, Any]) -> None:
    for model, path, inside in ANSWERS:
        body = agent("GET", path.format(**full)).json()
        items = [body] if inside is None else body if inside is list else body[inside]
        assert items, path
        for item in items:
            getattr(models, model).model_validate(item)


def test_events_of_their_own_kind(agent: Client, full: dict[str, Any]) -> None:
    kinds = {
        "labeled": "LabeledIssueEvent",
        "unlabeled": "UnlabeledIssueEvent",
        "renamed": "RenamedIssueEvent",
        "locked": "LockedIssueEvent",
    }
    seen = set()
    for event in agent("GET", "/issues/1/timeline").json():
        if event["event"] in kinds:
            getattr(models, kinds[event["event"]]).model_validate(event)
            seen.add(event["event"])
    assert seen == set(kinds)


def test_written_answers_and_errors(agent: Client, full: dict[str, Any]) -> None:
    made = agent("POST", "/issues", {"title": "t"})
    models.Issue.model_validate(made.json())
    models.IssueComment.model_validate(agent("POST", "/issues/2/comments", {"body": "b"}).json())
    models.Label.model_validate(agent("POST", "/labels", {"name": "z"}).json())
    models.BasicError.model_validate(agent("GET", "/issues/99").json())
    models.ValidationError.model_validate(agent("POST", "/issues", {"title": ""}).json())


def test_what_an_administrator_is_told_and_writes(
    as_user: As, agent: Client, sandbox: Sandbox
) -> None:
    owner, path = as_user("owner"), "/contents/.github/workflows/new.yml"
    told = owner("GET", "/actions/permissions").json()
    assert models.ActionsRepositoryPermissions.model_validate(told).enabled
    assert agent("GET", "/actions/permissions").status_code == 403
    asked = {"message": "m", "content": "b246IHB1c2gK"}
    assert owner("PUT", path, asked).status_code == 404
    sandbox.configure(file_writes=True)
    made = owner("PUT", path, asked)
    assert made.status_code == 201
    models.FileCommit.model_validate(made.json())
    assert agent("GET", path).json()["content"].strip() == asked["content"]
    assert owner("PUT", path, asked).status_code == 422
    for elsewhere in ("/contents/README.md", "/contents/.github/workflows/../x.yml"):
        assert owner("PUT", elsewhere, asked).status_code == 404
    assert owner("PUT", path, {**asked, "branch": "no"}).status_code == 404
    narrow = as_user(sandbox.make_token("owner", permissions={"contents": "write"}))
    assert narrow("PUT", path, asked).status_code == 403
