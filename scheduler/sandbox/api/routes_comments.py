"""Comments on issues.

https://docs.github.com/rest/issues/comments
"""

from __future__ import annotations

from typing import Any

from scheduler.sandbox.api import shapes
from scheduler.sandbox.api.routes_issues import ISSUE, ISSUES, issue_of
from scheduler.sandbox.http.failure import not_found
from scheduler.sandbox.http.routing import Answer, Call, Routes
from scheduler.sandbox.hub.clock import iso, parse_iso
from scheduler.sandbox.hub.records import Comment

routes = Routes()
COMMENT = ISSUES + "/comments/<int:comment>"


def _shape(call: Call, comment: Comment) -> dict[str, Any]:
    shape = shapes.comment(comment, call.repo, call.base)
    role = call.repo.role(comment.author)
    shape["author_association"] = {"admin": "OWNER", "write": "COLLABORATOR"}.get(role, "NONE")
    return shape


def _visible(call: Call, comments: list[Comment]) -> list[Comment]:
    late = call.state.staleness.comments
    since = parse_iso(call.query["since"]) if call.query.get("since") else None
    return [
        comment
        for comment in comments
        if call.state.visible(comment.created_at, late)
        and (since is None or iso(comment.updated_at) >= iso(since))
    ]


def _comment(call: Call) -> Comment:
    comment = call.repo.comments.get(call.params["comment"])
    if comment is None:
        raise not_found()
    return comment


@routes.add("GET", ISSUE + "/comments", needs="issues:read")
def list_comments(call: Call) -> Answer:
    """The comments of an issue by ascending id; ``since`` looks at ``updated_at``."""
    comments = _visible(call, issue_of(call).comments)
    return call.page(comments, lambda comment: _shape(call, comment))


@routes.add("POST", ISSUE + "/comments", needs="issues:write", content=True)
def create_comment(call: Call) -> Answer:
    """201."""
    desk, issue = call.desk, issue_of(call)
    comment = desk.comment(issue, call.text("body", required=True) or "")
    shape = _shape(call, comment)
    return Answer(shape, 201, {"Location": shape["url"]})


@routes.add("GET", ISSUES + "/comments", needs="issues:read")
def list_repository_comments(call: Call) -> Answer:
    """The comments of all issues; without ``sort`` by ascending id."""
    comments = _visible(call, list(call.repo.comments.values()))
    sort = call.query.get("sort")
    if sort in ("created", "updated"):
        newest_first = call.query.get("direction", "desc") != "asc"
        attribute = f"{sort}_at"
        comments.sort(key=lambda one: (getattr(one, attribute), one.id), reverse=newest_first)
    return call.page(comments, lambda comment: _shape(call, comment))


@routes.add("GET", COMMENT, needs="issues:read")
def get_comment(call: Call) -> Answer:
    """200 or 404."""
    comment = _comment(call)
    if not call.state.visible(comment.created_at, call.state.staleness.comments):
        raise not_found()
    return Answer(_shape(call, comment))


@routes.add("PATCH", COMMENT, needs="issues:write")
def edit_comment(call: Call) -> Answer:
    """The last write wins."""
    comment = _comment(call)
    call.desk.edit_comment(comment, call.text("body", required=True) or "")
    return Answer(_shape(call, comment))


@routes.add("DELETE", COMMENT, needs="issues:write")
def delete_comment(call: Call) -> Answer:
    """204; 404 the second time."""
    call.desk.delete_comment(_comment(call))
    return Answer(status=204)


@routes.add("GET", COMMENT + "/reactions", needs="issues:read")
def list_reactions(call: Call) -> Answer:
    """Reactions to a comment."""
    return call.page(_comment(call).reactions, lambda one: shapes.reaction(one, call.base))


@routes.add("POST", COMMENT + "/reactions", needs="issues:write")
def react(call: Call) -> Answer:
    """201, or 200 where the user had reacted so before."""
    made, new = call.desk.react(_comment(call), call.text("content", required=True) or "")
    return Answer(shapes.reaction(made, call.base), 201 if new else 200)
