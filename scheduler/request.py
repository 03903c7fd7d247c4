"""What was asked for, as text: from options or from JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from scheduler import fields, frontmatter
from scheduler.errors import InvalidJob, Refused, UsageError
from scheduler.series_keys import IN_ISSUE


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for, as text, before any default; ``at`` or ``delay`` is the time.

    ``words``: whether ``at`` may be a time as people say it.
    """

    at: str | None = None
    delay: str | None = None
    timezone: str | None = None
    message: str = ""
    workflow: str | None = None
    event: str | None = None
    repo: str | None = None
    ref: str | None = None
    agent: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    deadline: str | None = None
    dedup_key: str | None = None
    request_id: str | None = None
    max_attempts: int | None = None
    cron: str | None = None
    rrule: str | None = None
    every: str | None = None
    until: str | None = None
    count: str | None = None
    misfire: str | None = None
    overlap: str | None = None
    jitter: str | None = None
    unless: str | None = None
    when: str | None = None
    patience: str | None = None
    allow_past: bool = False
    on_duplicate: str = "return"
    nudge: bool = True
    words: bool = True
    #: What a mapping that asked for it calls the fields that it gave; the others are options.
    keys: Mapping[str, str] = field(default_factory=dict, compare=False)

    def called(self, message: str) -> str:
        """A refusal that names its field as it was written: ``--in``, or ``in`` in JSON."""
        told, colon, rest = message.partition(": ")
        name = _NAMES.get(told.removeprefix("--").replace("-", "_"))
        if name == "at":
            times = ("at", "delay", "cron", "rrule", "every")
            name = next((each for each in times if getattr(self, each) is not None), None)
        if name and name in self.keys:
            told = self.keys[name]
        elif name and getattr(self, name) not in (None, ""):
            told = f"--{'in' if name == 'delay' else name.replace('_', '-')}"
        return f"{told}{colon}{rest}"

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Have what is refused of this request name its fields as they were written."""
        try:
            yield
        except (UsageError, Refused) as problem:
            problem.args = (self.called(str(problem)),)
            raise


#: JSON key → the request's own name for it.
KEYS = {
    "run_at": "at",
    "in": "delay",
    "timezone": "timezone",
    "workflow": "workflow",
    "event": "event",
    "repo": "repo",
    "ref": "ref",
    "agent": "agent",
    "message": "message",
    "inputs": "inputs",
    "deadline": "deadline",
    "dedup_key": "dedup_key",
    "request_id": "request_id",
    "max_attempts": "max_attempts",
    **{key.name: key.name for key in IN_ISSUE.values() if key.series},
}
_NAMES = {"at": "at", **{key: name for key, name in KEYS.items() if name != "inputs"}}


def from_json(text: str, base: Request) -> Request:
    """``base`` with what the JSON object in ``text`` says.

    Raises:
        UsageError: there is no JSON object.
        InvalidJob: an unknown key, or a value of the wrong type.
    """
    fix = 'write {"run_at": "2026-11-23T09:00:00Z", "message": "…"}'
    if not text.strip():
        raise UsageError(f"request: standard input is empty; {fix}")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"request: is not JSON ({str(problem)[:80]}); {fix}") from problem
    return from_mapping(data, base)


def from_mapping(data: object, base: Request) -> Request:
    """The same of a value that was read already; a value of null counts as not given."""
    if not isinstance(data, Mapping):
        raise UsageError('request: is not a JSON object; write {"run_at": …, "message": …}')
    changes: dict[str, Any] = {}
    keys: dict[str, str] = {}
    for key, value in data.items():
        name = KEYS.get(str(key).replace("-", "_"))
        if name is None:
            fix = fields.did_you_mean(str(key), KEYS, f"the keys are {', '.join(KEYS)}")
            raise InvalidJob(f"request: {str(key)[:80]!r} is not a key of a request; {fix}")
        if value is not None and value != "":
            changes[name], keys[name] = _value(str(key), name, value), str(key)
    return replace(base, **changes, keys=keys)


def _value(key: str, name: str, value: object) -> object:
    if name == "inputs":
        if not isinstance(value, Mapping):
            raise InvalidJob(f'{key}: is not an object; write {{"name": "text"}}')
        return {_name(key, str(each)): _text(f"{key}.{each}", text) for each, text in value.items()}
    if name == "max_attempts":
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 99:
            raise InvalidJob(f"{key}: {repr(value)[:80]} is not a number from 1 to 99; write 5")
        return value
    if name == "count" and isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return _text(key, value)


def _name(key: str, name: str) -> str:
    if not frontmatter.INPUT_NAME.fullmatch(name):
        fix = "use letters, digits, '_' and '-'"
        raise fields.refusal(key, name, "is not the name of an input", fix)
    return name


def _text(key: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidJob(f"{key}: {str(value)[:80]!r} is not text; put it in quotes")
    return value
