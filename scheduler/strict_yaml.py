"""A small part of YAML, read strictly: mappings, lists and text, each with its line.

Nothing is guessed: ``no``, ``12:30`` and ``0123`` stay text. What people are surprised by,
or what makes a short text expand into a long one, is refused: anchors, aliases, tags, merge
keys, directives, several documents, a key given twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import yaml

#: Scalars, lists and mappings in one text, together. Far more than any honest file has, and
#: it keeps the slowest of hostile texts within milliseconds.
MAX_NODES = 2_000

# libyaml where PyYAML was built with it, as all its wheels are: the pure Python scanner takes
# up to a hundred times as long. Both refuse what this module refuses before they see it.
_LOADER: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_BYTE_ORDER_MARK = "\ufeff"

# What YAML 1.1 calls not printable, and the line breaks that no editor counts as lines.
_UNPRINTABLE = re.compile(
    "[^\\t\\n\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]"
)
# The same after escapes such as "\a" were resolved; here text may hold a byte order mark.
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")
_CONTROL_BUT_BREAKS = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")

# The parser's words for what people get wrong most often, in plainer ones.
_PLAINER = (
    ("mapping values are not allowed", "has a ':' where none can be; put the value in quotes"),
    ("sequence entries are not allowed", "has a '-' where none can be; begin a line with it"),
    ("cannot start any token", "has a tab, or a value that needs quotes; indent with spaces"),
    ("could not find expected ':'", "has a key without ':'; write 'key: value'"),
    ("expected <block end>", "has text that fits nowhere; check its indentation and quotes"),
    (
        "did not find expected key",
        "has text that fits nowhere; check its indentation and quotes",
    ),
    ("unexpected end of stream", "opens a quote that nothing closes; close it"),
    ("expected ',' or", "opens a bracket that nothing closes, or lacks a comma; add it"),
    ("expected the node content", "lacks a value, or a bracket; add it"),
    ("expected node content", "lacks a value, or a bracket; add it"),
    ("<document start>", "has text after the end of the document; remove it"),
    ("escape", "has an escape that is none; write the character itself"),
    ("undefined alias", "has an alias; write the value out"),
    ("undefined tag handle", "has a tag; write plain text"),
)
_UNREADABLE = "can't be read as YAML; write 'key: value' lines and put odd values in quotes"


class YamlProblem(Exception):
    """The text is not the YAML that is accepted.

    ``line`` counts from 1. ``message`` says what that line does wrong and, after a ``;``, the
    fix: ``has an anchor; write the value out``.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(line, message)
        self.line = line
        self.message = message

    def __str__(self) -> str:
        return f"line {self.line} {self.message}"


@dataclass(frozen=True)
class Scalar:
    """Text as it was written; ``quoted`` tells ``""`` from nothing at all."""

    text: str
    line: int
    quoted: bool = False


@dataclass(frozen=True)
class Sequence:
    """A list, in the order of the text."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True)
class Mapping:
    """Keys with their values, in the order of the text; no key is there twice."""

    pairs: tuple[tuple[Scalar, Node], ...]
    line: int

    def get(self, key: str) -> Node | None:
        """The value of a key, or None where it was not given."""
        return next((value for name, value in self.pairs if name.text == key), None)


Node: TypeAlias = Scalar | Sequence | Mapping


def load(
    text: str,
    *,
    max_chars: int,
    max_depth: int,
    max_nodes: int = MAX_NODES,
    allow_newlines: bool = True,
) -> Mapping:
    """Read a text whose root is a mapping; an empty one, or only comments, is an empty mapping.

    ``max_depth`` counts the root as 1. With ``allow_newlines`` a value, never a key, may hold
    line breaks and tabs. CRLF, CR and one leading byte order mark are accepted.

    Raises:
        YamlProblem: with the line and what is wrong there.

    """
    if len(text) > max_chars:
        raise YamlProblem(1, f"begins a text of {len(text)} characters; write at most {max_chars}")
    text = text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n").replace("\r", "\n")
    _refuse_raw(text)
    reader = _Reader(
        _events(text), max_depth=max_depth, max_nodes=max_nodes, values_may_break=allow_newlines
    )
    try:
        return reader.root()
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        last = text.rstrip().count("\n") + 1  # where what was never closed is missed
        raise YamlProblem(min(mark.line + 1, last) if mark else 1, _plainer(exc)) from exc
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as exc:
        # The pure Python scanner says so of "\\UFFFFFFFF", which names no character.
        raise YamlProblem(1, _UNREADABLE) from exc


def _refuse_raw(text: str) -> None:
    found = _UNPRINTABLE.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise YamlProblem(line, f"has the control character U+{ord(found[0]):04X}; remove it")
    directive = re.search("^%", text, re.MULTILINE)
    if directive:
        line = text.count("\n", 0, directive.start()) + 1
        raise YamlProblem(line, "begins with '%'; remove the line")


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _LOADER(text)
    try:
        while loader.check_event():
            yield loader.get_event()  # type: ignore[no-untyped-call]
    finally:
        loader.dispose()


def _plainer(exc: yaml.MarkedYAMLError) -> str:
    problem = str(exc.problem or exc.context)
    return next((plain for words, plain in _PLAINER if words in problem), _UNREADABLE)


class _Reader:
    """Builds nodes from events and stops at the first event that is not accepted."""

    def __init__(
        self,
        events: Iterator[yaml.Event],
        *,
        max_depth: int,
        max_nodes: int,
        values_may_break: bool,
    ) -> None:
        self._events = events
        self._max_depth = max_depth
        self._max_nodes = max_nodes
        self._nodes_left = max_nodes + 1  # the root is no key and no value
        self._values_may_break = values_may_break

    def root(self) -> Mapping:
        root: Mapping | None = None
        for event in self._events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue  # begin and end of the stream, end of the document
            if root is not None:
                raise YamlProblem(_line(event), "begins a second document; only one is accepted")
            node = self._node(next(self._events), depth=1)
            # A document that is there and says nothing ("---") is as empty as no document.
            if node == Scalar("", node.line):
                node = Mapping((), node.line)
            if not isinstance(node, Mapping):
                raise YamlProblem(node.line, "is not a mapping; write 'key: value' lines")
            root = node
        return Mapping((), 1) if root is None else root

    def _node(self, event: yaml.Event, *, depth: int) -> Node:
        self._count(event)
        line = _line(event)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event, is_key=False)
        if depth > self._max_depth:
            raise YamlProblem(line, f"is nested over {self._max_depth} levels deep; flatten it")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(line, depth)
        return self._mapping(line, depth)

    def _key(self, event: yaml.Event) -> Scalar:
        self._count(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise YamlProblem(_line(event), "has a list or a mapping as a key; write text")
        key = self._scalar(event, is_key=True)
        if key.text == "<<" and not key.quoted:
            raise YamlProblem(key.line, "has a merge key; write the keys out")
        return key

    def _count(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise YamlProblem(_line(event), "has an alias; write the value out")
        if getattr(event, "anchor", None) is not None:
            raise YamlProblem(_line(event), "has an anchor; write the value out")
        if getattr(event, "tag", None) is not None:
            raise YamlProblem(_line(event), "has a tag; write plain text")
        self._nodes_left -= 1
        if self._nodes_left < 0:
            raise YamlProblem(
                _line(event), f"is beyond {self._max_nodes} keys and values; write fewer"
            )

    def _scalar(self, event: yaml.ScalarEvent, *, is_key: bool) -> Scalar:
        text: str = event.value
        may_break = self._values_may_break and not is_key
        found = (_CONTROL_BUT_BREAKS if may_break else _CONTROL).search(text)
        if found:
            kind = "key" if is_key else "value"
            name = {"\n": "a line break", "\t": "a tab"}.get(
                found[0], f"the control character U+{ord(found[0]):04X}"
            )
            raise YamlProblem(_line(event), f"has {name} in a {kind}; remove it")
        return Scalar(text, _line(event), bool(event.style))

    def _sequence(self, line: int, depth: int) -> Sequence:
        items: list[Node] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append(self._node(event, depth=depth + 1))
        return Sequence(tuple(items), line)

    def _mapping(self, line: int, depth: int) -> Mapping:
        pairs: list[tuple[Scalar, Node]] = []
        seen: set[str] = set()
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event)
            if key.text in seen:
                raise YamlProblem(key.line, f"gives {key.text!r} a second time; remove one")
            seen.add(key.text)
            pairs.append((key, self._node(next(self._events), depth=depth + 1)))
        return Mapping(tuple(pairs), line)


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return mark.line + 1 if mark else 1
