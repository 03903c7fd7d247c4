"""The JSON of users, repositories, issues and comments, as GitHub's API description has it.

https://github.com/github/rest-api-description. ``base`` is the address of the API's root;
here it is the root of the web pages too.
"""

from __future__ import annotations

import base64
from typing import Any

from scheduler.sandbox.hub.clock import iso
from scheduler.sandbox.hub.people import BOT, User, at_least
from scheduler.sandbox.hub.records import Comment, Issue, IssueEvent, IssueView, Label, Reaction
from scheduler.sandbox.hub.repository import Repository

Json = dict[str, Any]

_USER_LINKS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}

_REPOSITORY_LINKS = {
    f"{name}_url": f"/{path}"
    for name, path in {
        "archive": "{archive_format}{/ref}", "assignees": "assignees{/user}",
        "blobs": "git/blobs{/sha}", "branches": "branches{/branch}",
        "collaborators": "collaborators{/collaborator}", "comments": "comments{/number}",
        "commits": "commits{/sha}", "compare": "compare/{base}...{head}",
        "contents": "contents/{+path}", "contributors": "contributors",
        "deployments": "deployments", "downloads": "downloads", "events": "events",
        "forks": "forks", "git_commits": "git/commits{/sha}", "git_refs": "git/refs{/sha}",
        "git_tags": "git/tags{/sha}", "hooks": "hooks",
        "issue_comment": "issues/comments{/number}", "issue_events": "issues/events{/number}",
        "issues": "issues{/number}", "keys": "keys{/key_id}", "labels": "labels{/name}",
        "languages": "languages", "merges": "merges", "milestones": "milestones{/number}",
        "notifications": "notifications{?since,all,participating}", "pulls": "pulls{/number}",
        "releases": "releases{/id}", "stargazers": "stargazers", "statuses": "statuses/{sha}",
        "subscribers": "subscribers", "subscription": "subscription", "tags": "tags",
        "teams": "teams", "trees": "git/trees{/sha}",
    }.items()
}  # fmt: skip


def node_id(kind: str, number: int) -> str:
    """A GraphQL id, from which the kind and the number can be read back."""
    return base64.urlsafe_b64encode(f"{kind}:{number}".encode()).decode().rstrip("=")


def user(account: User, base: str) -> Json:
    """``simple-user``."""
    url = f"{base}/users/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("U", account.id),
        "avatar_url": f"{base}/avatars/{account.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{base}/{account.login}",
        **{name: url + path for name, path in _USER_LINKS.items()},
        "type": account.kind,
        "site_admin": False,
    }


def minimal_repository(repo: Repository, base: str) -> Json:
    """``minimal-repository``."""
    url = f"{base}/repos/{repo.full_name}"
    return {
        "id": repo.id,
        "node_id": node_id("R", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user(repo.owner, base),
        "html_url": f"{base}/{repo.full_name}",
        "description": None,
        "fork": False,
        "url": url,
        **{name: url + path for name, path in _REPOSITORY_LINKS.items()},
    }


def full_repository(repo: Repository, base: str, role: str | None) -> Json:
    """``full-repository``; ``permissions`` only for a caller with a token."""
    open_issues = sum(issue.view.state == "open" for issue in repo.issues.values())
    web = f"{base}/{repo.full_name}"
    shape = minimal_repository(repo, base) | {
        "git_url": f"git://localhost/{repo.full_name}.git",
        "ssh_url": f"git@localhost:{repo.full_name}.git",
        "clone_url": f"{web}.git",
        "svn_url": web,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "size": 0,
        "default_branch": repo.default_branch,
        "open_issues_count": open_issues,
        "open_issues": open_issues,
        "topics": [],
        "visibility": "private" if repo.private else "public",
        "archived": False,
        "disabled": False,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "pushed_at": iso(repo.pushed_at),
        "created_at": iso(repo.created_at),
        "updated_at": iso(repo.pushed_at),
    }
    for feature in ("issues", "projects", "wiki", "pages", "discussions", "downloads"):
        shape[f"has_{feature}"] = feature == "issues"
    for count in ("forks", "forks_count", "stargazers_count", "watchers", "watchers_count"):
        shape[count] = 0
    shape["subscribers_count"] = shape["network_count"] = 0
    if role is not None:
        shape["permissions"] = permissions(role)
    return shape


def permissions(role: str) -> dict[str, bool]:
    """A role, as the booleans of older answers."""
    names = {"admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage"}
    return {name: at_least(role, least) for name, least in names.items()} | {
        "pull": at_least(role, "read")
    }


def label(item: Label, repo: Repository, base: str) -> Json:
    """``label``."""
    return {
        "id": item.id,
        "node_id": node_id("LA", item.id),
        "url": f"{base}/repos/{repo.full_name}/labels/{item.name}",
        "name": item.name,
        "color": item.color,
        "default": item.default,
        "description": item.description,
        "archived_at": None,
        "archived_by": None,
    }


def app(author: User) -> Json | None:
    """``integration``, for what the Actions bot did; ``None`` for people."""
    if author.login != BOT:
        return None
    return {
        "id": 15368,
        "node_id": node_id("A", 15368),
        "slug": "github-actions",
        "name": "GitHub Actions",
        "client_id": "Iv1.sandbox",
        "description": None,
        "external_url": "https://help.github.com/en/actions",
        "html_url": "https://github.com/apps/github-actions",
        "created_at": "2018-07-30T09:30:17Z",
        "updated_at": "2024-04-10T20:33:16Z",
        "owner": user(User(id=9919, login="github", kind="Organization"), "https://github.com"),
        "permissions": {"issues": "write", "actions": "write", "metadata": "read"},
        "events": [],
    }


def issue(item: Issue, view: IssueView, repo: Repository, base: str) -> Json:
    """``issue``, with ``pull_request`` set on a pull request."""
    url = f"{base}/repos/{repo.full_name}/issues/{item.number}"
    web = f"{base}/{repo.full_name}/{'pull' if item.pull else 'issues'}/{item.number}"
    people = [user(person, base) for person in view.assignees]
    shape: Json = {
        "url": url,
        "repository_url": f"{base}/repos/{repo.full_name}",
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": web,
        "id": item.id,
        "node_id": node_id("I", item.id),
        "number": item.number,
        "title": view.title,
        "user": user(item.author, base),
        "labels": [label(one, repo, base) for one in view.labels],
        "state": view.state,
        "state_reason": view.state_reason,
        "locked": view.locked,
        "active_lock_reason": view.lock_reason,
        "assignee": people[0] if people else None,
        "assignees": people,
        "milestone": None,
        "comments": view.comments + repo.hidden_comments,
        "created_at": iso(item.created_at),
        "updated_at": iso(view.updated_at),
        "closed_at": iso(view.closed_at) if view.closed_at else None,
        "author_association": item.association,
        "body": view.body,
        "closed_by": user(view.closed_by, base) if view.closed_by else None,
        "performed_via_github_app": app(item.author),
        "reactions": rollup(item.reactions, url),
    }
    if item.pull is not None:
        pull = f"{base}/repos/{repo.full_name}/pulls/{item.number}"
        shape["draft"] = False
        shape["pull_request"] = {
            "url": pull,
            "html_url": web,
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
            "merged_at": iso(item.pull.merged_at) if item.pull.merged_at else None,
        }
    return shape


def comment(item: Comment, repo: Repository, base: str) -> Json:
    """``issue-comment``."""
    url = f"{base}/repos/{repo.full_name}/issues/comments/{item.id}"
    return {
        "url": url,
        "html_url": f"{base}/{repo.full_name}/issues/{item.issue}#issuecomment-{item.id}",
        "issue_url": f"{base}/repos/{repo.full_name}/issues/{item.issue}",
        "id": item.id,
        "node_id": node_id("IC", item.id),
        "user": user(item.author, base),
        "created_at": iso(item.created_at),
        "updated_at": iso(item.updated_at),
        "author_association": "NONE",
        "body": item.body,
        "reactions": rollup(item.reactions, url),
        "performed_via_github_app": app(item.author),
    }


def event(item: IssueEvent, repo: Repository, base: str) -> Json:
    """``issue-event``."""
    shape: Json = {
        "id": item.id,
        "node_id": node_id("IE", item.id),
        "url": f"{base}/repos/{repo.full_name}/issues/events/{item.id}",
        "actor": user(item.actor, base),
        "event": item.event,
        "commit_id": None,
        "commit_url": None,
        "created_at": iso(item.created_at),
        "performed_via_github_app": app(item.actor),
    }
    for name, value in item.extra.items():
        named = isinstance(value, Label)
        shape[name] = {"name": value.name, "color": value.color} if named else value
    return shape


def reaction(item: Reaction, base: str) -> Json:
    """``reaction``."""
    return {
        "id": item.id,
        "node_id": node_id("RE", item.id),
        "user": user(item.user, base),
        "content": item.content,
        "created_at": iso(item.created_at),
    }


def rollup(items: list[Reaction], url: str) -> Json:
    """``reaction-rollup``."""
    counts = dict.fromkeys(
        ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket"), 0
    )
    for item in items:
        counts[item.content] += 1
    return {"url": f"{url}/reactions", "total_count": len(items), **counts}
