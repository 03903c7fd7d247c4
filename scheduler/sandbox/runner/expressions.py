"""The part of GitHub's expressions that names, titles and groups are made of.

Literals, ``github`` and ``inputs``, the operators, and the functions that need no run:
https://docs.github.com/actions/reference/workflows-and-actions/expressions
What is outside of that raises `CannotEvaluate`; nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(
    r"(?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?))|'(?P<text>(?:[^']|'')*)'?"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<sign>&&|\|\||[=!<>]=|[!<>()\[\].,*])|(?P<blank>\s+)"
)
_BRACES = re.compile(r"(\{\{|\}\}|\{\d+\})")
_PLACE = re.compile(r"\{\d+\}")
_EXPRESSION = re.compile(r"\$\{\{((?:(?!\}\}|\$\{\{).)*)\}\}", re.DOTALL)


class CannotEvaluate(ValueError):
    """The expression is broken, or uses what is only known inside a run."""


def expand(text: str, contexts: Mapping[str, Any]) -> str:
    """``text`` with each ``${{ … }}`` replaced by its value."""
    return _EXPRESSION.sub(lambda match: as_text(evaluate(match[1], contexts)), text)


def evaluate(expression: str, contexts: Mapping[str, Any]) -> Any:
    """The value of one expression, without its braces."""
    parser = _Parser(expression, contexts)
    value = parser.either()
    if parser.tokens:
        raise CannotEvaluate(f"unexpected {parser.tokens[0][1]!r} in {expression.strip()!r}")
    return value


def as_text(value: Any) -> str:
    """A value as GitHub prints it into a string."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (dict, list)):
        return "Object" if isinstance(value, dict) else "Array"
    return str(value)


class _Each(list[Any]):
    """What ``.*`` leaves: the next name is looked up in each item."""


class _Parser:
    """Recursive descent, weakest operator first; evaluates while it reads."""

    def __init__(self, expression: str, contexts: Mapping[str, Any]) -> None:
        self.contexts = contexts
        self.tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(expression):
            match = _TOKEN.match(expression, position)
            if match is None or match[0] == f"'{match['text']}":
                raise CannotEvaluate(f"can't read {expression[position:].strip()!r}")
            if not match["blank"]:
                self.tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            position = match.end()

    def take(self, *signs: str) -> str | None:
        if self.tokens and self.tokens[0][0] == "sign" and self.tokens[0][1] in signs:
            return self.tokens.pop(0)[1]
        return None

    def expect(self, sign: str) -> None:
        if self.take(sign) is None:
            raise CannotEvaluate(f"{sign!r} is missing")

    def either(self) -> Any:
        value = self.both()
        while self.take("||"):
            other = self.both()
            value = value if truthy(value) else other
        return value

    def both(self) -> Any:
        value = self.comparison()
        while self.take("&&"):
            other = self.comparison()
            value = other if truthy(value) else value
        return value

    def comparison(self) -> Any:
        value = self.unary()
        while sign := self.take("==", "!=", "<", "<=", ">", ">="):
            value = _compare(sign, value, self.unary())
        return value

    def unary(self) -> Any:
        if self.take("!"):
            return not truthy(self.unary())
        return self.member(self.primary())

    def member(self, value: Any) -> Any:
        while sign := self.take(".", "["):
            if sign == "[":
                key = self.either()
                self.expect("]")
            elif self.take("*"):
                value = _Each(value.values() if isinstance(value, Mapping) else value or ())
                continue
            else:
                kind, key = self.tokens.pop(0) if self.tokens else ("", "")
                if kind != "name":
                    raise CannotEvaluate(f"{key or 'nothing'!r} after '.'")
            if isinstance(value, _Each):
                found = [_lookup(item, key) for item in value]
                value = _Each(item for item in found if item is not None)
            else:
                value = _lookup(value, key)
        return value

    def primary(self) -> Any:
        if self.take("("):
            value = self.either()
            self.expect(")")
            return value
        kind, word = self.tokens.pop(0) if self.tokens else ("", "")
        if kind == "number":
            return float(int(word, 16)) if "0x" in word else float(word)
        if kind == "text":
            return word.replace("''", "'")
        if kind != "name":
            raise CannotEvaluate(f"a value is missing before {word!r}")
        if self.take("("):
            return self.call(word)
        if word in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[word]
        if word.lower() not in self.contexts:
            raise CannotEvaluate(f"the context {word!r} is not known before the run")
        return self.contexts[word.lower()]

    def call(self, name: str) -> Any:
        arguments: list[Any] = []
        while not self.take(")"):
            if arguments:
                self.expect(",")
            arguments.append(self.either())
        function = _FUNCTIONS.get(name.lower())
        if function is None:
            raise CannotEvaluate(f"the function {name!r} is not known before the run")
        try:
            return function(*arguments)
        except (TypeError, IndexError, json.JSONDecodeError) as exc:
            raise CannotEvaluate(f"{name}: {exc}") from exc


def truthy(value: Any) -> bool:
    """False, zero, the empty string and null count as false."""
    return not (value is None or value is False or value in (0, ""))


def _lookup(value: Any, key: Any) -> Any:
    if isinstance(value, Mapping):
        for name, found in value.items():
            if name.lower() == as_text(key).lower():
                return found
    if isinstance(value, list) and isinstance(key, float) and 0 <= key < len(value):
        return value[int(key)]
    return None


def _number(value: Any) -> float:
    if value is None or value == "":
        return 0.0
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _compare(sign: str, left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        left, right = left.lower(), right.lower()
    elif type(left) is not type(right):
        left, right = _number(left), _number(right)
    if sign in ("==", "!="):
        return bool(left == right) is (sign == "==")
    low, high = (left, right) if sign[0] == "<" else (right, left)
    return bool(low <= high if sign.endswith("=") else low < high)


def _contains(where: Any, what: Any) -> bool:
    if isinstance(where, list):
        return any(_compare("==", item, what) for item in where)
    return as_text(what).lower() in as_text(where).lower()


def _format(pattern: Any, *values: Any) -> str:
    parts = _BRACES.split(as_text(pattern))
    double = {"{{": "{", "}}": "}"}
    return "".join(
        as_text(values[int(part[1:-1])]) if _PLACE.fullmatch(part) else double.get(part, part)
        for part in parts
    )


def _join(items: Any, separator: Any = ",") -> str:
    return as_text(separator).join(map(as_text, items if isinstance(items, list) else [items]))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": _contains,
    "startswith": lambda text, start: as_text(text).lower().startswith(as_text(start).lower()),
    "endswith": lambda text, end: as_text(text).lower().endswith(as_text(end).lower()),
    "format": _format,
    "join": _join,
    "tojson": lambda value: json.dumps(value, indent=2),
    "fromjson": lambda text: json.loads(as_text(text)),
}
