"""The JSON of pull requests, reviews, check runs and commit statuses."""

from __future__ import annotations

from typing import Any

from scheduler.sandbox.api import shapes
from scheduler.sandbox.hub.clock import iso
from scheduler.sandbox.hub.people import BOT, User
from scheduler.sandbox.hub.records import CheckRun, Issue, IssueView, Pull, Review, Status
from scheduler.sandbox.hub.repository import Repository

Json = dict[str, Any]


def pull_request(item: Issue, pull: Pull, view: IssueView, repo: Repository, base: str) -> Json:
    """``pull-request``, as it is answered alone."""
    root = f"{base}/repos/{repo.full_name}"
    url, web = f"{root}/pulls/{item.number}", f"{base}/{repo.full_name}/pull/{item.number}"
    issue = shapes.issue(item, view, repo, base)
    links = {
        "self": url,
        "html": web,
        "issue": issue["url"],
        "comments": issue["comments_url"],
        "review_comments": f"{url}/comments",
        "review_comment": f"{root}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{root}/statuses/{pull.head}",
    }
    same = (
        "number", "title", "user", "body", "labels", "state", "locked", "active_lock_reason",
        "assignee", "assignees", "milestone", "created_at", "updated_at", "closed_at",
        "author_association", "comments",
    )  # fmt: skip
    merged = pull.merged_at is not None
    return {name: issue[name] for name in same} | {
        "url": url,
        "id": item.id + 1,
        "node_id": shapes.node_id("PR", item.id + 1),
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": issue["url"],
        **{f"{name}_url": href for name, href in links.items() if name not in NO_URL},
        "draft": False,
        "merged_at": iso(pull.merged_at) if pull.merged_at else None,
        "merge_commit_sha": pull.head if merged else None,
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _side(pull.branch, pull.head, repo, base),
        "base": _side(repo.default_branch, repo.sha(repo.default_branch), repo, base),
        "_links": {name: {"href": href} for name, href in links.items()},
        "auto_merge": None,
        "merged": merged,
        "mergeable": None if merged else True,
        "rebaseable": None if merged else True,
        "mergeable_state": "unknown" if merged else "clean",
        "merged_by": shapes.user(pull.merged_by, base) if pull.merged_by else None,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(pull.heads),
        "additions": 1,
        "deletions": 0,
        "changed_files": 1,
    }


NO_URL = ("self", "html", "issue")
"""The links of a pull request that have no ``_url`` of their name, or another's."""


def _side(branch: str, sha: str, repo: Repository, base: str) -> Json:
    return {
        "label": f"{repo.owner.login}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": shapes.user(repo.owner, base),
        "repo": shapes.full_repository(repo, base, None),
    }


def review(item: Review, issue: Issue, repo: Repository, base: str) -> Json:
    """``pull-request-review``."""
    url = f"{base}/repos/{repo.full_name}/pulls/{issue.number}"
    web = f"{base}/{repo.full_name}/pull/{issue.number}#pullrequestreview-{item.id}"
    return {
        "id": item.id,
        "node_id": shapes.node_id("PRR", item.id),
        "user": shapes.user(item.author, base),
        "body": item.body,
        "state": item.state,
        "html_url": web,
        "pull_request_url": url,
        "_links": {"html": {"href": web}, "pull_request": {"href": url}},
        "submitted_at": iso(item.submitted_at),
        "commit_id": item.commit,
        "author_association": "NONE",
    }


def check_run(item: CheckRun, sha: str, repo: Repository, base: str) -> Json:
    """``check-run``."""
    url = f"{base}/repos/{repo.full_name}/check-runs/{item.id}"
    web = f"{base}/{repo.full_name}/runs/{item.id}"
    return {
        "id": item.id,
        "node_id": shapes.node_id("CR", item.id),
        "head_sha": sha,
        "external_id": "",
        "url": url,
        "html_url": web,
        "details_url": web,
        "status": item.status,
        "conclusion": item.conclusion,
        "started_at": iso(item.started_at),
        "completed_at": iso(item.completed_at) if item.completed_at else None,
        "output": {
            "title": None,
            "summary": None,
            "text": None,
            "annotations_count": 0,
            "annotations_url": f"{url}/annotations",
        },
        "name": item.name,
        "check_suite": {"id": item.id + 1},
        "app": shapes.app(User(id=0, login=BOT)),
        "pull_requests": [],
    }


def status(item: Status, sha: str, repo: Repository, base: str) -> Json:
    """``simple-commit-status``."""
    return {
        "url": f"{base}/repos/{repo.full_name}/statuses/{sha}",
        "avatar_url": None,
        "id": item.id,
        "node_id": shapes.node_id("SC", item.id),
        "state": item.state,
        "description": None,
        "target_url": None,
        "context": item.context,
        "created_at": iso(item.created_at),
        "updated_at": iso(item.created_at),
    }
