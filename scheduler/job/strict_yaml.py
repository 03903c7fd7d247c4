"""A part of YAML, read strictly into PyYAML's own nodes: mappings, lists and text.

No type is guessed: ``no``, ``12:30`` and ``0123`` stay text. Refused is what surprises people
or makes a short text expand into a long one: anchors, aliases, tags, merge keys, directives,
several documents, a key given twice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import yaml
from yaml.composer import Composer
from yaml.resolver import BaseResolver

#: The most scalars, lists and mappings in one text together: more than any honest file has, and
#: few enough to read a hostile one in milliseconds.
MAX_NODES = 2_000

# libyaml where PyYAML was built with it, as all its wheels are: the pure Python scanner takes
# up to a hundred times as long. Both refuse what this module refuses before they see it.
_LOADER: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

_BYTE_ORDER_MARK = "\ufeff"

_DIRECTIVE = re.compile("^%", re.MULTILINE)

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
    (
        "cannot start any token",
        "has a tab, or a value that needs quotes; indent with spaces, or add the quotes",
    ),
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
    ("found another document", "begins a second document; only one is accepted"),
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


def load(
    text: str,
    *,
    max_chars: int,
    max_depth: int,
    max_nodes: int = MAX_NODES,
    allow_newlines: bool = True,
) -> yaml.MappingNode:
    """Read a text whose root is a mapping; an empty one, or only comments, is an empty mapping.

    ``max_depth`` counts the root as 1. With ``allow_newlines`` a value, never a key, may hold
    line breaks and tabs. CRLF, CR and one leading byte order mark are accepted. A scalar's
    ``style`` is a quote or a block's sign; that of plain text is empty. Keys are scalars, none
    twice.

    Raises:
        YamlProblem: with the line and what is wrong there.

    """
    if len(text) > max_chars:
        raise YamlProblem(1, f"begins a text of {len(text)} characters; write at most {max_chars}")
    text = text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n").replace("\r", "\n")
    _refuse_raw(text)
    events = yaml.parse(text, _LOADER)
    composer = _Composer(
        events, max_depth=max_depth, max_nodes=max_nodes, values_may_break=allow_newlines
    )
    try:
        root = composer.get_single_node()
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        last = text.rstrip().count("\n") + 1  # where what was never closed is missed
        raise YamlProblem(min(mark.line + 1, last) if mark else 1, _plainer(exc)) from exc
    except (yaml.YAMLError, ValueError, OverflowError) as exc:
        # The pure Python scanner says so of "\\UFFFFFFFF", which names no character.
        raise YamlProblem(1, _UNREADABLE) from exc
    return root if isinstance(root, yaml.MappingNode) else _nothing(None)


def line(found: yaml.Node | yaml.Event) -> int:
    """The line on which a node begins, from 1 on."""
    mark = found.start_mark
    return mark.line + 1 if mark else 1


def _refuse_raw(text: str) -> None:
    found = _UNPRINTABLE.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise YamlProblem(line, f"has the control character U+{ord(found[0]):04X}; remove it")
    directive = _DIRECTIVE.search(text)
    if directive:
        line = text.count("\n", 0, directive.start()) + 1
        raise YamlProblem(line, "begins with '%'; remove the line")


def _nothing(mark: yaml.Mark | None) -> yaml.MappingNode:
    return yaml.MappingNode(BaseResolver.DEFAULT_MAPPING_TAG, [], mark)


def _plainer(exc: yaml.MarkedYAMLError) -> str:
    problem = str(exc.problem or exc.context)
    return next((plain for words, plain in _PLAINER if words in problem), _UNREADABLE)


class _Composer(Composer, BaseResolver):
    """PyYAML's composer of nodes, which stops at the first event that is not accepted."""

    def __init__(
        self,
        events: Iterator[yaml.Event],
        *,
        max_depth: int,
        max_nodes: int,
        values_may_break: bool,
    ) -> None:
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._events = events
        self._next: yaml.Event | None = None
        self._max_depth = max_depth
        self._depth = 0
        self._max_nodes = max_nodes
        self._nodes_left = max_nodes + 1  # the root is no key and no value
        self._values_may_break = values_may_break
        self._keys: defaultdict[int, set[str]] = defaultdict(set)

    def peek_event(self) -> yaml.Event:
        if self._next is None:
            self._next = next(self._events)
            self._check(self._next)
        return self._next

    def get_event(self) -> yaml.Event:
        event = self.peek_event()
        self._next = None
        return event

    def check_event(self, *kinds: type[yaml.Event]) -> bool:
        return isinstance(self.peek_event(), kinds)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        # PyYAML asks for a key by the mapping alone, for its value by the mapping and the key.
        is_key = isinstance(parent, yaml.MappingNode) and index is None
        if is_key and self.check_event(yaml.CollectionStartEvent):
            raise YamlProblem(
                line(self.peek_event()), "has a list or a mapping as a key; write text"
            )
        node = super().compose_node(parent, index)
        if isinstance(node, yaml.ScalarNode):
            self._check_text(node, is_key=is_key)
            if is_key:
                self._check_key(node, self._keys[id(parent)])
        return self._root(node) if parent is None else node

    def _root(self, node: yaml.Node | None) -> yaml.Node | None:
        # A document that is there and says nothing ("---") is as empty as no document.
        if isinstance(node, yaml.ScalarNode) and not (node.value or node.style):
            return _nothing(node.start_mark)
        if node is not None and not isinstance(node, yaml.MappingNode):
            raise YamlProblem(line(node), "is not a mapping; write 'key: value' lines")
        return node

    def _check(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.CollectionEndEvent):
            self._depth -= 1
        if not isinstance(event, yaml.NodeEvent):
            return
        if isinstance(event, yaml.AliasEvent):
            raise YamlProblem(line(event), "has an alias; write the value out")
        if event.anchor is not None:
            raise YamlProblem(line(event), "has an anchor; write the value out")
        if getattr(event, "tag", None) is not None:
            raise YamlProblem(line(event), "has a tag; write plain text")
        self._nodes_left -= 1
        if self._nodes_left < 0:
            most = self._max_nodes
            raise YamlProblem(line(event), f"is beyond {most} keys and values; write fewer")
        if isinstance(event, yaml.CollectionStartEvent):
            self._depth += 1
            if self._depth > self._max_depth:
                most = self._max_depth
                raise YamlProblem(line(event), f"is nested over {most} levels deep; flatten it")

    def _check_text(self, node: yaml.ScalarNode, *, is_key: bool) -> None:
        may_break = self._values_may_break and not is_key
        found = (_CONTROL_BUT_BREAKS if may_break else _CONTROL).search(node.value)
        if found:
            kind = "key" if is_key else "value"
            name = {"\n": "a line break", "\t": "a tab"}.get(
                found[0], f"the control character U+{ord(found[0]):04X}"
            )
            raise YamlProblem(line(node), f"has {name} in a {kind}; remove it")

    def _check_key(self, key: yaml.ScalarNode, given: set[str]) -> None:
        if key.value == "<<" and not key.style:
            raise YamlProblem(line(key), "has a merge key; write the keys out")
        if key.value in given:
            raise YamlProblem(line(key), f"gives {key.value!r} a second time; remove one")
        given.add(key.value)
