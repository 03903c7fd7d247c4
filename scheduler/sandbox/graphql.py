"""The part of GraphQL that asks who one is, and who last edited an issue.

A hand-made selection over a few objects; what it does not know is answered with an error
as GitHub shapes it. https://docs.github.com/graphql
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from scheduler.sandbox.clock import iso
from scheduler.sandbox.failure import ApiFailure, not_found
from scheduler.sandbox.people import User, at_least
from scheduler.sandbox.records import BodyEdit, Issue
from scheduler.sandbox.repository import Repository
from scheduler.sandbox.routing import Answer, Call, Routes
from scheduler.sandbox.shapes import node_id

routes = Routes()

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\.\.\.|[A-Za-z_]\w*|\$\w+|-?\d+|[{}()\[\]:=!@|]')


class QueryError(ValueError):
    """The query is broken, or asks for what this sandbox does not have."""


@dataclass
class Field:
    """One selected field, under its alias. on: the type of the fragment it stands in."""

    name: str
    alias: str
    arguments: dict[str, Any] = field(default_factory=dict)
    selection: list[Field] = field(default_factory=list)
    on: str | None = None


@routes.add("POST", "/graphql")
def graphql(call: Call) -> Answer:
    """200 with ``data``, ``errors`` or both; 404 on a server without GraphQL."""
    if not call.state.graphql:
        raise not_found()
    _ = call.user
    query, variables = call.text("query", required=True) or "", call.given().get("variables")
    errors: list[dict[str, Any]] = []
    try:
        selection = _Query(query, variables or {}).read()
        data = {one.alias: _root(call, one, errors) for one in selection}
    except QueryError as exc:
        return Answer({"errors": [{"message": str(exc)}]})
    return Answer({"data": data} | ({"errors": errors} if errors else {}))


class _Query:
    """Reads one ``query`` operation without fragments of its own."""

    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self.tokens = _TOKEN.findall(re.sub(r"#[^\n]*", "", text).replace(",", " "))
        self.variables = variables

    def take(self) -> str:
        if not self.tokens:
            raise QueryError("Parse error: unexpected end of the query")
        return str(self.tokens.pop(0))

    def peek(self) -> str:
        return str(self.tokens[0]) if self.tokens else ""

    def read(self) -> list[Field]:
        if self.peek() in ("mutation", "subscription", "fragment"):
            raise QueryError(f"{self.peek()}: this sandbox answers queries only")
        while self.peek() and self.peek() != "{":
            self.take()
        return self.selection()

    def selection(self, on: str | None = None) -> list[Field]:
        if self.take() != "{":
            raise QueryError("Parse error: a selection begins with {")
        fields: list[Field] = []
        while self.peek() != "}":
            name = self.take()
            if name == "...":
                if self.take() != "on":
                    raise QueryError("Parse error: only inline fragments are known")
                fields += self.selection(self.take())
                continue
            if not re.fullmatch(r"\w+", name):
                raise QueryError(f"Parse error on {name!r}")
            alias = name
            if self.peek() == ":":
                self.take()
                name = self.take()
            one = Field(name, alias, on=on)
            if self.peek() == "(":
                one.arguments = self.arguments()
            if self.peek() == "{":
                one.selection = self.selection()
            fields.append(one)
        self.take()
        return fields

    def arguments(self) -> dict[str, Any]:
        self.take()
        arguments: dict[str, Any] = {}
        while self.peek() != ")":
            name = self.take()
            if self.take() != ":":
                raise QueryError(f"Parse error: {name} has no value")
            arguments[name] = self.value()
        self.take()
        return arguments

    def value(self) -> Any:
        word = self.take()
        if word == "[":
            items = []
            while self.peek() != "]":
                items.append(self.value())
            self.take()
            return items
        if word.startswith("$"):
            return self.variables.get(word[1:])
        if word.startswith('"'):
            return re.sub(r"\\(.)", r"\1", word[1:-1])
        if re.fullmatch(r"-?\d+", word):
            return int(word)
        return {"true": True, "false": False, "null": None}.get(word, word)


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


def _select(call: Call, item: Issue | User | BodyEdit, one: Field) -> dict[str, Any]:
    """The selected fields of an object; those of fragments on other types are left out."""
    kind, known = _fields(call, item)
    shape: dict[str, Any] = {}
    for part in one.selection:
        if part.on not in (None, kind, "Actor", "Node"):
            continue
        value = _known(known, part, kind)
        if isinstance(value, (Issue, User, BodyEdit)):
            value = _select(call, value, part)
        elif isinstance(value, list):
            value = _connection(call, value, part)
        shape[part.alias] = value
    return shape


def _connection(call: Call, items: list[Any], one: Field) -> dict[str, Any]:
    """``totalCount``, ``pageInfo`` and ``nodes``; the first 100 at most."""
    last = one.arguments.get("last")
    first = one.arguments.get("first", 100)
    chosen = items[-last:] if isinstance(last, int) else items[:first]
    shape: dict[str, Any] = {}
    for part in one.selection:
        known = {
            "totalCount": len(items),
            "pageInfo": {"hasNextPage": len(chosen) < len(items), "endCursor": None},
            "nodes": chosen,
        }
        value = _known(known, part, "Connection")
        if part.name == "nodes":
            value = [_select(call, item, part) for item in chosen]
        shape[part.alias] = value
    return shape


def _fields(call: Call, item: Issue | User | BodyEdit) -> tuple[str, dict[str, Any]]:
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
    view = call.state.seen(item) or item.view
    last = item.edits[-1] if item.edits else None
    return "Issue", {
        "__typename": "Issue",
        "id": node_id("I", item.id),
        "databaseId": item.id,
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
    }


def _known(fields: Mapping[str, Any], one: Field, kind: str) -> Any:
    if one.name not in fields:
        raise QueryError(f"Field '{one.name}' doesn't exist on type '{kind}'")
    return fields[one.name]
