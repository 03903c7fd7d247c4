"""The hidden line at the head of the scheduler's own comments: one JSON object."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import datetime
from functools import cache
from typing import Any

from scheduler.times.bounds import bounded

VERSION = 1
#: How each record begins.
BEGIN = "<!-- schedule:"
RECORD = re.compile(
    rf"\A{BEGIN}(claim|journal|invalid|withdrawn|outcome|approval) (\{{[^\r\n]*\}}) -->"
)
#: The highest number in a record; GitHub's ids are below it.
MOST = 2**63 - 1
KINDS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "str": (str,),
    "float": (int, float),
    "bool": (bool,),
}


def hidden(kind: str, record: Any, *, begin: str = BEGIN) -> str:
    """The line that holds ``record``, a dataclass.

    It is an HTML comment, which GitHub does not show.
    """
    data = {"v": VERSION, **_plain(record)}
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    # No '>' can end the HTML comment early, whatever a reason quotes.
    text = text.replace("<", "\\u003c").replace(">", "\\u003e")
    return f"{begin}{kind} {text} -->"


def shown(body: str, pattern: re.Pattern[str] = RECORD) -> tuple[str, dict[str, Any]] | None:
    """The kind and the values of the record in a comment's ``body``; None: there is no record.

    ``pattern`` has two groups: the kind, and the values.

    Raises:
        ValueError, TypeError, KeyError: it is damaged, or of another version.
    """
    match = pattern.match(body)
    if not match:
        return None
    data = json.loads(match[2])
    if data.pop("v") != VERSION:
        raise ValueError("a record of another version")
    return match[1], data


def _plain(record: Any) -> dict[str, Any]:
    # GitHub tells a comment's id and time, so they are not written.
    kind: Any = type(record)
    names = [name for name in _types(kind) if name not in ("id", "created_at")]
    data = {name: getattr(record, name) for name in names}
    return {key: _encode(value) for key, value in data.items() if value not in (None, "")}


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, (list, tuple)):
        return [
            {key: _encode(part) for key, part in vars(item).items() if part not in (None, "")}
            for item in value
        ]
    return value


def typed(kind: type, data: dict[str, Any]) -> dict[str, Any]:
    """``data`` as the values of the dataclass ``kind``: instants read, every type checked.

    Raises:
        ValueError, TypeError, KeyError: a value is not of its field's type.
    """
    types = _types(kind)
    return {name: _value(types[name], value) for name, value in data.items()}


@cache
def _types(kind: Any) -> dict[str, str]:
    return {spec.name: str(spec.type).partition(" ")[0] for spec in fields(kind)}


def _value(kind: str, value: Any) -> Any:
    if kind == "datetime":
        instant = datetime.fromisoformat(value.replace("Z", "+00:00"))
        if instant.tzinfo is None:
            raise ValueError("the instant has no UTC offset")
        found = bounded(instant)
        if found != instant:
            raise ValueError("no scheduler has written that instant")
        return found
    if isinstance(value, bool) != (kind == "bool") or not isinstance(value, KINDS[kind]):
        raise TypeError(f"{value!r} is not {kind}")
    if isinstance(value, int) and not 0 <= value <= MOST:
        raise ValueError("the number is beyond all that are counted here")
    return value
