"""Reads a GraphQL query: one operation, its fields, their arguments and fragments.

https://spec.graphql.org/October2021/#sec-Document-Syntax
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*(?:"|\Z)|\.\.\.|[A-Za-z_]\w*|\$\w+|-?\d+|[{}()\[\]:=!@|]')
_REMARK = re.compile(r"#[^\n]*")
_WORD = re.compile(r"\w+")
_ESCAPE = re.compile(r"\\(.)")
_INTEGER = re.compile(r"-?\d+")

#: Stands before a fragment, named or inline.
SPREAD = "..."


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


def read(text: str, variables: Mapping[str, Any]) -> list[Field]:
    """The fields that a query selects at its root. Raises ``QueryError``."""
    return _Query(text, variables).read()


class _Query:
    """Reads a document of one ``query`` and the fragments that it uses."""

    def __init__(self, text: str, variables: Mapping[str, Any]) -> None:
        self.tokens = _TOKEN.findall(_REMARK.sub("", text).replace(",", " "))
        self.variables = variables
        self.fragments: dict[str, list[Field]] = {}

    def take(self) -> str:
        if not self.tokens:
            raise QueryError("Parse error: unexpected end of the query")
        return str(self.tokens.pop(0))

    def peek(self) -> str:
        return str(self.tokens[0]) if self.tokens else ""

    def read(self) -> list[Field]:
        operation: list[Field] | None = None
        while operation is None or self.peek():
            word = self.peek()
            if word in ("mutation", "subscription"):
                raise QueryError(f"{word}: this sandbox answers queries only")
            if word == "fragment":
                _, name, _, on = (self.take() for _ in range(4))
                self.fragments[name] = self.selection(on)
                continue
            while self.peek() and self.peek() != "{":
                self.take()
            if operation is not None:
                raise QueryError("An operation name is required")
            operation = self.selection()
        return self.whole(operation, ())

    def whole(self, fields: list[Field], within: tuple[str, ...]) -> list[Field]:
        """The fields with each fragment that is spread among them in its place."""
        found: list[Field] = []
        for one in fields:
            if one.name != SPREAD:
                one.selection = self.whole(one.selection, within)
                found.append(one)
                continue
            if one.alias not in self.fragments or one.alias in within:
                raise QueryError(f"Fragment {one.alias} was used, but not defined")
            found += self.whole(deepcopy(self.fragments[one.alias]), (*within, one.alias))
        return found

    def selection(self, on: str | None = None) -> list[Field]:
        if self.take() != "{":
            raise QueryError("Parse error: a selection begins with {")
        fields: list[Field] = []
        while self.peek() != "}":
            name = self.take()
            if name == SPREAD:
                name = self.take()
                fields += self.selection(self.take()) if name == "on" else [Field(SPREAD, name)]
                continue
            if not _WORD.fullmatch(name):
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
            return _ESCAPE.sub(r"\1", word[1:-1])
        if _INTEGER.fullmatch(word):
            return int(word)
        return {"true": True, "false": False, "null": None}.get(word, word)
