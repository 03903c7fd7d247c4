"""The part of GraphQL that asks who one is, and who did what to an issue.

A hand-made selection over a few objects; what it does not know is answered with an error
as GitHub shapes it. https://docs.github.com/graphql
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from scheduler.sandbox.api.graphql_query import Field, QueryError, read
from scheduler.sandbox.api.shapes import node_id
from scheduler.sandbox.http.failure import ApiFailure, not_found
from scheduler.sandbox.http.routing import Answer, Call, Routes
from scheduler.sandbox.hub.clock import iso
from scheduler.sandbox.hub.people import User, at_least
from scheduler.sandbox.hub.records import BodyEdit, Comment, Issue, IssueEvent, Label
from scheduler.sandbox.hub.repository import Repository

routes = Routes()

#: What is on an issue's timeline here: REST's word for an event, and its type in GraphQL.
TIMELINE = {
    "labeled": "LabeledEvent",
    "unlabeled": "UnlabeledEvent",
    "renamed": "RenamedTitleEvent",
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
    "locked": "LockedEvent",
    "unlocked": "UnlockedEvent",
}
_HUMP = re.compile("(?<=[a-z])(?=[A-Z])")
#: So many items of one connection may be asked for.
MOST = 100

_Item = Issue | User | BodyEdit | IssueEvent | Comment | Label


@routes.add("POST", "/graphql")
def graphql(call: Call) -> Answer:
    """200 with ``data``, ``errors`` or both; 404 on a server without GraphQL."""
    if not call.state.graphql:
        raise not_found()
    _ = call.user
    query, variables = call.text("query", required=True) or "", call.given().get("variables")
    errors: list[dict[str, Any]] = []
    try:
        selection = read(query, variables or {})
        data = {one.alias: _root(call, one, errors) for one in selection}
    except QueryError as exc:
        return Answer({"errors": [{"message": str(exc)}]})
    return Answer({"data": data} | ({"errors": errors} if errors else {}))


def _root(call: Call, one: Field, errors: list[dict[str, Any]]) -> Any:
    if one.name == "viewer":
        known = _fields(call, call.user)[1] | {"login": call.user.login, "__typename": "User"}
        return {part.alias: _known(known, part, "User") for part in one.selection}
    if one.name == "repository":
        full_name = f"{one.arguments.get('owner')}/{one.arguments.get('name')}"
        repo = _visible(call, full_name)
        if repo is None:
            text = f"Could not resolve to a Repository with the name '{full_name}'."
            errors.append({"type": "NOT_FOUND", "path": [one.alias], "message": text})
            return None
        return _repository(call, repo, one, errors)
    if one.name in ("node", "nodes"):
        ids = one.arguments.get("ids") or [one.arguments.get("id")]
        found = [_node(call, str(text)) for text in ids]
        for text, issue in zip(ids, found, strict=True):
            if issue is None:
                message = f"Could not resolve to a node with the global id of '{text}'"
                errors.append({"type": "NOT_FOUND", "path": [one.alias], "message": message})
        shaped = [_select(call, issue, one) if issue else None for issue in found]
        return shaped if one.name == "nodes" else shaped[0]
    raise QueryError(f"Field '{one.name}' doesn't exist on type 'Query'")


def _visible(call: Call, full_name: str) -> Repository | None:
    try:
        repo = call.state.repository(full_name)
    except ApiFailure:
        return None
    only = call.token.repository if call.token else None
    elsewhere = (only or full_name).lower() != full_name.lower()
    if not at_least(repo.role(call.user), "read") or (elsewhere and repo.private):
        return None
    return repo


def _node(call: Call, text: str) -> Issue | None:
    try:
        kind, _, number = base64.urlsafe_b64decode(text + "==").decode().partition(":")
    except ValueError:
        return None
    for repo in call.state.repositories.values():
        for issue in repo.issues.values():
            if kind == "I" and str(issue.id) == number and _visible(call, repo.full_name):
                return issue
    return None


def _repository(
    call: Call, repo: Repository, one: Field, errors: list[dict[str, Any]]
) -> dict[str, Any]:
    shape: dict[str, Any] = {}
    for part in one.selection:
        if part.name in ("issue", "issueOrPullRequest"):
            number = part.arguments.get("number")
            issue = repo.issues.get(number) if isinstance(number, int) else None
            if issue is None:
                text = f"Could not resolve to an Issue with the number of {number}."
                path = [one.alias, part.alias]
                errors.append({"type": "NOT_FOUND", "path": path, "message": text})
            shape[part.alias] = _select(call, issue, part) if issue else None
        else:
            known = {
                "__typename": "Repository",
                "id": node_id("R", repo.id),
                "name": repo.name,
                "nameWithOwner": repo.full_name,
                "isPrivate": repo.private,
            }
            shape[part.alias] = _known(known, part, "Repository")
    return shape


def _select(call: Call, item: _Item, one: Field) -> dict[str, Any]:
    """The selected fields of an object; those of fragments on other types are left out."""
    kind, known = _fields(call, item)
    shape: dict[str, Any] = {}
    for part in one.selection:
        if part.on not in (None, kind, "Actor", "Node"):
            continue
        value = _known(known, part, kind)
        if isinstance(value, _Item):
            value = _select(call, value, part)
        elif isinstance(value, list):
            value = _connection(call, value, part)
        shape[part.alias] = value
    return shape


def _connection(call: Call, items: list[Any], one: Field) -> dict[str, Any]:
    """The first or the last items of a list, and how many there are in all."""
    first, last = one.arguments.get("first"), one.arguments.get("last")
    for name, count in (("first", first), ("last", last)):
        if count is not None and not (isinstance(count, int) and 1 <= count <= MOST):
            raise QueryError(
                f"Requesting {count} records on the `{one.name}` connection exceeds the `{name}` "
                f"limit of {MOST} records."
            )
    if first is None and last is None:
        raise QueryError(
            f"You must provide a `first` or `last` value to properly paginate the `{one.name}` "
            "connection."
        )
    known: dict[str, Any] = {"totalCount": len(items)}
    if one.name == "timelineItems":
        items = _of_types(items, one.arguments.get("itemTypes"))
        known["filteredCount"] = len(items)
    chosen = items[:first] if first is not None else items[-(last or 0) :]
    more = len(chosen) < len(items)
    ends = {"endCursor": None, "startCursor": None}
    known["pageInfo"] = {
        "hasNextPage": more and first is not None,
        "hasPreviousPage": more and first is None,
        **ends,
    }
    if one.name == "timelineItems":
        known["pageCount"] = len(chosen)
    known["nodes"] = chosen
    shape: dict[str, Any] = {}
    for part in one.selection:
        value = _known(known, part, "Connection")
        if part.name == "nodes":
            value = [_select(call, item, part) for item in chosen]
        elif part.name == "pageInfo":
            value = {each.alias: _known(value, each, "PageInfo") for each in part.selection}
        shape[part.alias] = value
    return shape


def _of_types(items: list[Any], wanted: object) -> list[Any]:
    """The items of a timeline whose types are asked for; None: of all."""
    if wanted is None:
        return items
    words = wanted if isinstance(wanted, list) else [wanted]
    for word in words:
        if word not in {*map(_word, TIMELINE), "ISSUE_COMMENT"}:
            raise QueryError(
                f"Argument 'itemTypes' on Field 'timelineItems' has an invalid value ({word}). "
                "Expected type '[IssueTimelineItemsItemType!]'."
            )
    return [
        item
        for item in items
        if ("ISSUE_COMMENT" if isinstance(item, Comment) else _word(item.event)) in words
    ]


def _word(event: str) -> str:
    # renamed → RENAMED_TITLE_EVENT, labeled → LABELED_EVENT
    spaced = _HUMP.sub("_", TIMELINE[event])
    return spaced.upper()


def _timeline(call: Call, issue: Issue) -> list[IssueEvent | Comment]:
    events = [each for each in issue.events if each.event in TIMELINE]
    late = call.state.staleness.comments
    comments = [each for each in issue.comments if call.state.visible(each.created_at, late)]
    return sorted([*events, *comments], key=lambda each: (each.created_at, each.id))


def _fields(call: Call, item: _Item) -> tuple[str, dict[str, Any]]:
    if isinstance(item, User):
        login = item.login.removesuffix("[bot]") if item.kind == "Bot" else item.login
        return item.kind, {
            "__typename": item.kind,
            "id": node_id("U", item.id),
            "databaseId": item.id,
            "login": login,
            "url": f"{call.base}/{item.login}",
        }
    if isinstance(item, BodyEdit):
        return "UserContentEdit", {
            "__typename": "UserContentEdit",
            "id": node_id("UCE", item.id),
            "editor": item.editor,
            "editedAt": iso(item.edited_at),
            "createdAt": iso(item.edited_at),
            "updatedAt": iso(item.edited_at),
            "deletedAt": None,
            "diff": item.diff,
        }
    if isinstance(item, Label):
        return "Label", {
            "__typename": "Label",
            "id": node_id("L", item.id),
            "name": item.name,
            "color": item.color,
            "description": item.description,
            "isDefault": item.default,
        }
    if isinstance(item, Comment):
        return "IssueComment", {
            "__typename": "IssueComment",
            "id": node_id("IC", item.id),
            **_database_id(item.id),
            "author": item.author,
            "body": item.body,
            "createdAt": iso(item.created_at),
            "updatedAt": iso(item.updated_at),
        }
    if isinstance(item, IssueEvent):
        return _event(item)
    view = call.state.seen(item) or item.view
    last = item.edits[-1] if item.edits else None
    return "Issue", {
        "__typename": "Issue",
        "id": node_id("I", item.id),
        **_database_id(item.id),
        "number": item.number,
        "title": view.title,
        "body": view.body or "",
        "state": view.state.upper(),
        "stateReason": (view.state_reason or "").upper() or None,
        "locked": view.locked,
        "author": item.author,
        "editor": last.editor if last else None,
        "lastEditedAt": iso(last.edited_at) if last else None,
        "includesCreatedEdit": bool(last),
        "createdAt": iso(item.created_at),
        "updatedAt": iso(view.updated_at),
        "closedAt": iso(view.closed_at) if view.closed_at else None,
        "url": f"{call.base}/issues/{item.number}",
        "userContentEdits": list(reversed(item.edits)),
        "timelineItems": _timeline(call, item),
    }


def _database_id(number: int) -> dict[str, Any]:
    # An Int has 32 bits: https://spec.graphql.org/October2021/#sec-Int
    return {"databaseId": number if number < 2**31 else None, "fullDatabaseId": str(number)}


def _event(item: IssueEvent) -> tuple[str, dict[str, Any]]:
    kind = TIMELINE[item.event]
    known: dict[str, Any] = {
        "__typename": kind,
        "id": node_id("EV", item.id),
        "actor": item.actor,
        "createdAt": iso(item.created_at),
    }
    if item.event in ("labeled", "unlabeled"):
        known["label"] = item.extra["label"]
    if item.event in ("closed", "reopened"):
        known["stateReason"] = (item.extra.get("state_reason") or "").upper() or None
    if item.event == "renamed":
        renamed = item.extra["rename"]
        known |= {"previousTitle": renamed["from"], "currentTitle": renamed["to"]}
    return kind, known


def _known(fields: Mapping[str, Any], one: Field, kind: str) -> Any:
    if one.name not in fields:
        raise QueryError(f"Field '{one.name}' doesn't exist on type '{kind}'")
    return fields[one.name]
