"""What an administrator sets up: new files, and whether Actions run at all.

https://docs.github.com/rest/repos/contents#create-or-update-file-contents
https://docs.github.com/rest/actions/permissions#get-github-actions-permissions-for-a-repository
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from scheduler.sandbox.api.routes_repository import commit, entry, within
from scheduler.sandbox.http.failure import ApiFailure, invalid_request, not_found
from scheduler.sandbox.http.routing import REPO, Answer, Call, Routes

routes = Routes()

WORKFLOWS = (".github", "workflows")


@routes.add("GET", REPO + "/actions/permissions", needs="administration:read")
def actions_permissions(call: Call) -> Answer:
    """``actions-repository-permissions``."""
    call.need_role("admin")
    enabled = call.repo.actions_enabled
    more = {"allowed_actions": "all"} if enabled else {}
    return Answer({"enabled": enabled, **more})


@routes.add("PUT", REPO + "/contents/<path:path>", needs="contents:write")
def put_contents(call: Call) -> Answer:
    """Make a new workflow file on a branch; other files of this machine are not written.

    Nor is such a one, which a run would carry out, before a control has switched that on.
    """
    if not call.state.file_writes:
        raise not_found()
    call.need_role("write")
    branch = call.text("branch") or call.repo.default_branch
    found = call.repo.resolve(branch)
    if found is None:
        raise ApiFailure(404, f"Branch {branch} not found")
    call.text("message", required=True)
    content = call.text("content", required=True) or ""
    parts = tuple(call.params["path"].split("/"))
    if parts[:-1] != WORKFLOWS or not parts[-1].endswith((".yml", ".yaml")):
        raise not_found()
    if call.token is not None and not call.token.may("workflows", "write"):
        raise ApiFailure(403, call.token.refusal())
    place = found[1].joinpath(*parts)
    if not within(found[1], place):
        raise not_found()
    if place.exists():
        raise invalid_request('"sha" wasn\'t supplied.')
    try:
        data = base64.b64decode(content, validate=False)
    except binascii.Error:
        raise ApiFailure(422, "content is not valid Base64") from None
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    made = commit(call, found[0])
    inside: dict[str, Any] = made["commit"]
    keys = ("sha", "node_id", "url", "html_url", "parents")
    named = ("author", "committer", "message", "tree", "verification")
    told = {key: made[key] for key in keys} | {key: inside[key] for key in named}
    return Answer({"content": entry(call, found[1], place, found[0]), "commit": told}, status=201)
