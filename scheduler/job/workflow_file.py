"""The parts of a workflow file that the scheduler needs: its trigger, its inputs, its ``run-name``.

Compiled workflows have hundreds of kilobytes, and GitHub's own reader takes what YAML libraries
refuse. So only the needed parts are read, and the rest of a file is not looked at.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.constructor import BaseConstructor
from yaml.resolver import BaseResolver

from scheduler.text import visible

#: GitHub runs a workflow file of 510,313 bytes, and refuses one of 513,306.
#: https://github.com/jikig-ai/soleur/issues/8361
MAX_BYTES = 512_000
#: A file whose parts can't be told apart is read whole, if it is no longer than this.
MAX_WHOLE = 100_000
#: The most values in one part; more would keep other jobs waiting.
MAX_VALUES = 4_000

#: The occurrence key in a ``run-name``, as it is and under no condition.
SHOWN = re.compile(r"\$\{\{\s*(?:github\.event\.)?inputs\.schedule_id\s*\}\}")
#: The start of a line that does not belong to the value before it; an item, a closing bracket
#: and a comment do belong to it.
_TOP = re.compile(r"^(?![\s#\]}]|-(?:\s|$))", re.MULTILINE)
_KEY = re.compile(r"""^(?P<quote>["']?)(?:on|run-name)(?P=quote)[ \t]*:(?=\s|$)""", re.MULTILINE)
#: The begin or end of a document, or a directive.
_DOCUMENT = re.compile(r"^(?:---|\.\.\.|%)", re.MULTILINE)

NO_TRIGGER = "it has no 'on:'"

try:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]
except ImportError:  # pragma: no cover - all of PyYAML's wheels are built with libyaml
    _Base: Any = yaml.BaseLoader
else:

    class _Base(Composer, CParser, BaseConstructor, BaseResolver):  # type: ignore[no-redef]
        """libyaml's events, which take a tab where GitHub does, and PyYAML's own nodes."""

        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            Composer.__init__(self)
            BaseConstructor.__init__(self)
            BaseResolver.__init__(self)


class _Loader(_Base):  # type: ignore[misc]
    """Builds mappings, lists and text; the key ``on`` is not the boolean that YAML 1.1 sees."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._left = MAX_VALUES

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose one value; an anchor's name may be given again, as YAML 1.2 has it."""
        self._left -= 1
        if self._left < 0:
            raise yaml.YAMLError("too many values")
        event = self.peek_event()
        if not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(getattr(event, "anchor", None), None)
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


@dataclass(frozen=True, kw_only=True)
class Input:
    """One declared ``workflow_dispatch`` input."""

    #: GitHub's word for its type.
    type: str = "string"
    #: Whether a dispatch has to give it.
    required: bool = False
    #: Its value where a dispatch gives none.
    default: str | None = None
    #: The values that a ``choice`` may have.
    options: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What a workflow file declares."""

    #: Whether it has the ``workflow_dispatch`` trigger.
    dispatchable: bool = True
    #: The inputs of that trigger, by name.
    inputs: Mapping[str, Input] = field(default_factory=dict)
    #: Its ``run-name``.
    run_name: str = ""
    #: What is wrong with a file that can't be read, of which nothing is known; empty: it can.
    problem: str = ""

    @property
    def readable(self) -> bool:
        """Whether the file can be read; of another nothing is required, and nothing known."""
        return not self.problem

    @property
    def shows_key(self) -> bool:
        """Whether the title of each of its runs shows the occurrence key."""
        return "schedule_id" in self.inputs and SHOWN.search(self.run_name) is not None


def declared(text: str) -> Declared:
    """What the workflow file ``text`` declares; never raises, whatever the file holds."""
    if len(text) > MAX_BYTES or len(text.encode(errors="replace")) > MAX_BYTES:
        return Declared(problem=f"it has more than {MAX_BYTES} bytes, and GitHub runs none such")
    return _declared(text)


@functools.lru_cache(maxsize=16)  # a tick that stays reads the same files again and again
def _declared(text: str) -> Declared:
    if text == "\ufffd":
        return Declared(problem="GitHub gives no text of it in UTF-8")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    root: object = _parts(text)
    if root is None and len(text) > MAX_WHOLE:
        return Declared(problem="its 'on:' can't be told from the rest")
    if root is None:
        try:
            root = _load(text)
        except _NoYaml as problem:
            return Declared(problem=str(problem))
    return _said(root) if isinstance(root, dict) else Declared(problem=NO_TRIGGER)


def _parts(text: str) -> dict[str, object] | None:
    """The needed keys of a file's root and their values; None: they can't be cut out."""
    found: dict[str, object] = {}
    for part in _cut(text):
        try:
            read = _load(part)
        except _NoYaml:
            return None
        if not isinstance(read, dict) or found.keys() & read.keys():
            return None
        found |= read
    return found if "on" in found else None


def _cut(text: str) -> Iterator[str]:
    first = _TOP.search(text)
    for mark in _DOCUMENT.finditer(text):
        if mark[0] != "---" or first is None or mark.start() != first.start():
            yield ""  # directives, or more than one document: not to be read in parts
            return
    for key in _KEY.finditer(text):
        after = _TOP.search(text, key.end())
        part = text[key.start() : after.start() if after else len(text)]
        # GitHub ignores blanks and tabs at a line's end; to YAML a tab alone is an error.
        yield "\n".join(line.rstrip(" \t") for line in part.split("\n"))


class _NoYaml(ValueError):
    """A text that can't be loaded; the message says why, in one line."""


def _load(text: str) -> object:
    try:
        return _Loader(text).get_single_data()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        where = f"its line {mark.line + 1}" if mark else "it"
        raise _NoYaml(f"{where} is no YAML: {_one_line(problem.problem or '')}") from None
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as problem:
        raise _NoYaml(f"it can't be loaded: {_one_line(str(problem))}") from None


def _one_line(text: str) -> str:
    return visible(" ".join(text.split()))[:100]


def _said(root: dict[Any, Any]) -> Declared:
    on = root.get("on")
    run_name = root.get("run-name")
    name = run_name if isinstance(run_name, str) else ""
    if isinstance(on, str):
        return Declared(dispatchable=on == "workflow_dispatch", run_name=name)
    if isinstance(on, list):
        return Declared(dispatchable="workflow_dispatch" in on, run_name=name)
    if not isinstance(on, dict):
        return Declared(problem=NO_TRIGGER)
    if "workflow_dispatch" not in on:
        return Declared(dispatchable=False)
    form = on["workflow_dispatch"]
    inputs = form.get("inputs") if isinstance(form, dict) else None
    found = inputs if isinstance(inputs, dict) else {}
    return Declared(inputs={str(k): _input(v) for k, v in found.items()}, run_name=name)


def _input(node: object) -> Input:
    if not isinstance(node, dict):
        return Input()
    # A value that is not text is ignored: written out, one alias may become a million values.
    texts = {key: value for key, value in node.items() if isinstance(value, str)}
    options = node.get("options")
    listed = options if isinstance(options, list) else []
    return Input(
        type=texts.get("type") or "string",
        required=texts.get("required", "").lower() == "true",
        default=texts.get("default"),
        options=tuple(option for option in listed if isinstance(option, str)),
    )
