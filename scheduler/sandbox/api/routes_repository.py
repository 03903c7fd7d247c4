"""The repository itself: its description, files, branches; users and rate limits.

https://docs.github.com/rest/repos
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from scheduler.sandbox.api import shapes
from scheduler.sandbox.http.failure import ApiFailure, not_found
from scheduler.sandbox.http.routing import REPO, Answer, Call, Routes
from scheduler.sandbox.hub.clock import iso
from scheduler.sandbox.hub.people import User

routes = Routes()


@routes.add("GET", REPO, needs="metadata:read")
def repository(call: Call) -> Answer:
    """``full-repository``."""
    role = call.repo.role(call.token.user) if call.token else None
    return Answer(shapes.full_repository(call.repo, call.base, role))


@routes.add("GET", "/user")
def viewer(call: Call) -> Answer:
    """The caller; a ``GITHUB_TOKEN`` has no user to show."""
    user = call.user
    if call.token is not None and call.token.integration:
        raise ApiFailure(403, call.token.refusal())
    return Answer(_profile(user, call) | {
        "private_gists": 0, "total_private_repos": 0, "owned_private_repos": 0, "disk_usage": 0,
        "collaborators": 0, "two_factor_authentication": True,
    })  # fmt: skip


@routes.add("GET", "/users/<login>")
def public_user(call: Call) -> Answer:
    """``public-user``."""
    user = call.state.users.get(call.params["login"].lower())
    if user is None:
        raise not_found()
    return Answer(_profile(user, call))


def _profile(user: User, call: Call) -> dict[str, Any]:
    shape = shapes.user(user, call.base)
    for name in ("company", "blog", "location", "email", "hireable", "bio"):
        shape[name] = None
    for name in ("public_repos", "public_gists", "followers", "following"):
        shape[name] = 0
    born = "2020-01-01T00:00:00Z"
    return shape | {"name": user.login, "created_at": born, "updated_at": born}


@routes.add("GET", REPO + "/contents", needs="contents:read")
@routes.add("GET", REPO + "/contents/", needs="contents:read")
@routes.add("GET", REPO + "/contents/<path:path>", needs="contents:read")
def contents(call: Call) -> Answer:
    """A file (base64, or its bytes for ``application/vnd.github.raw+json``) or a directory.

    Only for callers with a token: it is a folder of this machine, where others may be too.
    """
    _ = call.user
    ref = call.query.get("ref") or None
    found = call.repo.resolve(ref)
    if found is None:
        raise ApiFailure(404, f"No commit found for the ref {ref}")
    path = call.params.get("path", "").strip("/")
    parts = path.split("/") if path else []
    if any(part in ("", ".", "..", ".git") for part in parts):
        raise not_found()
    place = found[1].joinpath(*parts)
    if not within(found[1], place):
        raise not_found()
    if place.is_dir():
        entries = sorted(
            each for each in place.iterdir() if each.name != ".git" and within(found[1], each)
        )
        return Answer([entry(call, found[1], each, found[0]) for each in entries])
    try:
        data = place.read_bytes()
    except OSError:
        raise not_found() from None
    if ".raw" in call.headers.get("Accept", ""):
        return Answer(raw=data, headers={"Content-Type": "application/vnd.github.raw+json"})
    shape = entry(call, found[1], place, found[0])
    text = base64.encodebytes(data).decode()
    return Answer(shape | {"content": text, "encoding": "base64"})


def within(folder: Path, place: Path) -> bool:
    """Whether a file is one of the folder's, wherever links lead."""
    return place.resolve().is_relative_to(folder.resolve())


def entry(call: Call, folder: Path, place: Path, ref: str) -> dict[str, Any]:
    """A file or a directory without its content."""
    path = place.relative_to(folder).as_posix()
    is_file = place.is_file()
    data = place.read_bytes() if is_file else path.encode()
    blob = b"%s %d\0" % (b"blob" if is_file else b"tree", len(data)) + data
    sha = hashlib.sha1(blob, usedforsecurity=False).hexdigest()
    root = f"{call.base}/repos/{call.repo.full_name}"
    url = f"{root}/contents/{path}?ref={ref}"
    git = f"{root}/git/{'blobs' if is_file else 'trees'}/{sha}"
    web = f"{call.base}/{call.repo.full_name}/{'blob' if is_file else 'tree'}/{ref}/{path}"
    return {
        "name": place.name,
        "path": path,
        "sha": sha,
        "size": len(data) if is_file else 0,
        "url": url,
        "html_url": web,
        "git_url": git,
        "download_url": f"{call.base}/{call.repo.full_name}/raw/{ref}/{path}" if is_file else None,
        "type": "file" if is_file else "dir",
        "_links": {"self": url, "git": git, "html": web},
    }


def commit(call: Call, name: str) -> dict[str, Any]:
    """``commit``: the one commit that a branch of a sandbox has."""
    repo = call.repo
    sha = repo.sha(name)
    url = f"{call.base}/repos/{repo.full_name}/commits/{sha}"
    by = {"name": "owner", "email": "owner@localhost", "date": iso(repo.pushed_at)}
    tree = {"sha": sha, "url": f"{call.base}/repos/{repo.full_name}/git/trees/{sha}"}
    author = shapes.user(call.state.users["owner"], call.base)
    unsigned = {"verified": False, "reason": "unsigned", "signature": None, "payload": None,
                "verified_at": None}  # fmt: skip
    return {
        "sha": sha,
        "node_id": shapes.node_id("C", repo.id),
        "url": url,
        "html_url": f"{call.base}/{repo.full_name}/commit/{sha}",
        "comments_url": f"{url}/comments",
        "commit": {
            "author": by,
            "committer": by,
            "message": "The work tree as it is",
            "tree": tree,
            "url": f"{call.base}/repos/{repo.full_name}/git/commits/{sha}",
            "comment_count": 0,
            "verification": unsigned,
        },
        "author": author,
        "committer": author,
        "parents": [],
    }


@routes.add("GET", REPO + "/commits", needs="contents:read")
def commits(call: Call) -> Answer:
    """One commit: the last push. `Repository.pushed_at` moves it."""
    found = call.repo.resolve(call.query.get("sha"))
    if found is None:
        raise not_found()
    return call.page([found[0]], lambda name: commit(call, name))


@routes.add("GET", REPO + "/commits/<path:ref>", needs="contents:read")
def get_commit(call: Call) -> Answer:
    """The commit that a ref stands on."""
    found = call.repo.resolve(call.params["ref"])
    if found is None:
        raise ApiFailure(422, f"No commit found for SHA: {call.params['ref']}")
    return Answer(commit(call, found[0]) | {"stats": {}, "files": []})


@routes.add("GET", REPO + "/branches", needs="contents:read")
def branches(call: Call) -> Answer:
    """``short-branch``."""
    names = sorted(set(call.repo.folders) - call.repo.tags)
    root = f"{call.base}/repos/{call.repo.full_name}/commits"

    def shape(name: str) -> dict[str, Any]:
        sha = call.repo.sha(name)
        return {"name": name, "commit": {"sha": sha, "url": f"{root}/{sha}"}, "protected": False}

    return call.page(names, shape)


@routes.add("GET", REPO + "/branches/<path:branch>", needs="contents:read")
def branch(call: Call) -> Answer:
    """``branch-with-protection``."""
    name = call.params["branch"]
    if name not in call.repo.folders or name in call.repo.tags:
        raise ApiFailure(404, "Branch not found")
    url = f"{call.base}/repos/{call.repo.full_name}/branches/{name}"
    checks = {"enforcement_level": "off", "contexts": [], "checks": []}
    return Answer({
        "name": name,
        "commit": commit(call, name),
        "_links": {"self": url, "html": f"{call.base}/{call.repo.full_name}/tree/{name}"},
        "protected": False,
        "protection": {"enabled": False, "required_status_checks": checks},
        "protection_url": f"{url}/protection",
    })  # fmt: skip
