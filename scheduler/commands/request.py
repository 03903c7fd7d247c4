"""A request for a job, as text: from options, from JSON or from a form."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from scheduler.errors import InvalidJob, Refused, UsageError
from scheduler.job import frontmatter, strict_json
from scheduler.job.keys import IN_REQUEST, OTHERWISE, RULES, Key
from scheduler.job.workflow_inputs import SAID, by_option
from scheduler.text import did_you_mean, refusal


class Medium(Enum):
    """Where a request is written: what its author can be told to write is different in each."""

    OPTIONS = "the command line"
    JSON = "an object of JSON"
    FORM = "the form in the Actions tab, which has few of the keys"


@dataclass(frozen=True, kw_only=True)
class Request:
    """The keys of a job as their author wrote them, before any default."""

    #: The name of a key (`keys.IN_REQUEST`) → the text that was given for it.
    texts: Mapping[str, str] = field(default_factory=dict)
    #: The one key whose value is a mapping: the name of an input → its text.
    inputs: Mapping[str, str] = field(default_factory=dict)
    #: Whether its time may be past.
    allow_past: bool = False
    #: Whether its workflow may be one whose file can't be read.
    unchecked: bool = False
    #: What is done where such a job waits already: ``return`` it, or ``replace`` it by this one.
    on_duplicate: str = "return"
    #: Whether the scheduler is woken, where that helps.
    nudge: bool = True
    #: Whether its time may be in words, as people say it.
    words: bool = True
    #: Where it is written.
    medium: Medium = field(default=Medium.OPTIONS, compare=False)
    #: Whether an event carried it into a run: whoever wrote it is not there, and has no shell.
    carried: bool = False
    #: The name of a key → how a mapping that asked for it calls it; the others are options.
    names: Mapping[str, str] = field(default_factory=dict, compare=False)

    def get(self, key: str) -> str | None:
        """The text that was given for a key; None: none was."""
        return self.texts.get(key)

    def saying(self, **texts: str | None) -> Request:
        """The same request with other texts, by the names of the job's fields; None: without."""
        changed = {name.replace("_", "-"): text for name, text in texts.items()}
        merged = {**self.texts, **changed}
        return replace(self, texts={k: text for k, text in merged.items() if text is not None})

    def called(self, message: str) -> str:
        """A refusal that names its field as it was written: ``--in``, or ``in`` in JSON."""
        told, colon, rest = message.partition(": ")
        if self.medium is Medium.FORM:
            return f"{self._in_form(told)}{rest}" if colon else message
        key = _OPTIONS.get(told) or IN_REQUEST.get(told.replace("_", "-"))
        if key is not None and key.name == "run-at":
            times = ("run-at", "in", *RULES)
            key = next((IN_REQUEST[name] for name in times if name in self.texts), None)
        if key is not None and not key.many:
            if key.name in self.names:
                told = self.names[key.name]
            elif self.get(key.name):
                told = key.option
            elif self.medium is Medium.JSON:
                told = key.field
        return f"{told}{colon}{rest}"

    def _in_form(self, told: str) -> str:
        """The head of a refusal that names ``told``: the field of the form that it is about."""
        if told == "inputs":
            return "message: "  # they are too large together, and it is the longest
        inner = told.removeprefix("inputs.")
        if inner != told and inner not in SAID:
            return f"workflow: its input {inner!r} "
        key = _OPTIONS.get(told) or IN_REQUEST.get(inner)
        return f"{key.name if key else told}: "

    def way(self, name: str, value: str) -> str:
        """How the author of this request gives a key a value, in the words of a message.

        Of the form, which lacks most keys, only those are asked for that it has.
        """
        key = IN_REQUEST[name]
        if self.medium is Medium.OPTIONS:
            return f"{key.option} {value}"
        if self.medium is Medium.JSON:
            return f'"{key.field}": "{value}"'
        return f"{key.name} {value!r}"

    def missing(self, name: str) -> str:
        """How the author of this request gives an input of the workflow that is missing."""
        if self.medium is Medium.OPTIONS:
            return by_option(name)
        if self.medium is Medium.JSON:
            given = f'"{name}": "…"'
            given = given if name in SAID else f'"inputs": {{{given}}}'
            return f"give it a value ({given})"
        if name in SAID:
            return f"fill in {name!r}"
        return "the form has no field for it: open the job as an issue, which can have inputs"

    @contextmanager
    def naming(self) -> Iterator[None]:
        """Rewrite refusals that are raised in here, so that they name keys as they were written."""
        try:
            yield
        except (UsageError, Refused) as problem:
            problem.args = (self.called(str(problem)),)
            raise


#: How a request that an event carried is repeated: its ``request-id`` is the run's.
AGAIN = "run this run again: that opens no second job"
#: The key of a request that is no key of a job: as the option of that name.
UNCHECKED = "unchecked"
#: What is written for a time or a duration, by their word in the help: a number in quotes is none.
_EXAMPLES = {
    "TIME": '"2026-11-23T09:00:00Z"', "INSTANT": '"2026-11-23T09:00:00Z"', "DURATION": '"2h"',
}  # fmt: skip
_OPTIONS = {key.option: key for key in IN_REQUEST.values()}


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
        data = strict_json.load(text.removeprefix("\ufeff"))  # PowerShell's pipes begin with it
    except (ValueError, RecursionError) as problem:
        raise UsageError(f"request: is not JSON ({str(problem)[:80]}); {fix}") from problem
    return from_mapping(data, base)


def from_mapping(data: object, base: Request) -> Request:
    """``base`` with what the object ``data`` says; null and empty text count as not given.

    Its keys are the names of the job's fields; ``-`` is as good as ``_`` in them.
    """
    if not isinstance(data, Mapping):
        raise UsageError('request: is not a JSON object; write {"run_at": …, "message": …}')
    _refuse_twice("request", data)
    texts, inputs, names = dict(base.texts), base.inputs, {}
    unchecked = base.unchecked
    for each, value in data.items():
        name = str(each)
        if name == UNCHECKED:
            unchecked = _whether(name, value, otherwise=unchecked)
            continue
        key = IN_REQUEST.get(name.replace("_", "-"))
        if key is None:
            known = [*(one.field for one in IN_REQUEST.values()), UNCHECKED]
            meant = OTHERWISE.get(name.lower(), name)
            fix = did_you_mean(meant, known, f"the keys are {', '.join(known)}")
            raise InvalidJob(f"request: {name[:80]!r} is not a key of a request; {fix}")
        if value is None or value == "":
            continue
        if key.name in names:
            raise refusal("request", name, "is given twice", "keep one of them")
        names[key.name] = name
        if key.many:
            inputs = _inputs(name, value)
        else:
            texts[key.name] = _text(name, value, key)
    medium = Medium.FORM if base.medium is Medium.FORM else Medium.JSON
    return replace(
        base, texts=texts, inputs=inputs, names=names, unchecked=unchecked, medium=medium
    )


def _whether(name: str, value: object, *, otherwise: bool) -> bool:
    """What a key that is true or false says; ``otherwise`` where it says nothing."""
    if value is None or value == "":
        return otherwise
    if not isinstance(value, bool):
        fix = "write true or false, without quotes"
        raise refusal(name, _written(value), "is not true or false", fix)
    return value


def _refuse_twice(name: str, data: Mapping[Any, object]) -> None:
    """Refuse an object that gives a name twice: a program and its reader would choose differently.

    Raises:
        InvalidJob: it does.
    """
    twice = data.twice if isinstance(data, strict_json.Object) else None
    if twice is not None:
        raise refusal(name, twice, "is given twice", "keep one of them")


def _inputs(name: str, value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise InvalidJob(f'{name}: is not an object; write {{"name": "text"}}')
    _refuse_twice(name, value)
    found = {}
    for each, given in value.items():
        if not frontmatter.INPUT_NAME.fullmatch(str(each)):
            fix = "use letters, digits, '_' and '-'"
            raise refusal(name, each, "is not the name of an input", fix)
        found[str(each)] = _input(f"{name}.{each}", given)
    return found


def _input(name: str, value: object) -> str:
    """The text of an input: a number and a boolean as JSON writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, strict_json.Number)):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return json.dumps(value)
    fix = "write a text in quotes, a number, true or false, or leave the name out"
    raise refusal(name, _written(value), "is no value of an input", fix)


def _written(value: object) -> object:
    """A value as JSON writes it, as far as it can; a text as it is."""
    if isinstance(value, (str, strict_json.Number)):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return value


def _text(name: str, value: object, key: Key) -> str:
    # To Python, true and false are numbers too.
    if not isinstance(value, key.types) or isinstance(value, bool):
        if int in key.types:
            fix = "write it without quotes, such as 5"
            raise refusal(name, _written(value), "is not a number", fix)
        example = _EXAMPLES.get(key.metavar)
        fix = f"write {example}" if example else "put it in quotes"
        raise refusal(name, _written(value), "is not text", fix)
    if isinstance(value, list):
        if not all(isinstance(each, str) for each in value):
            fix = "put each of its words in quotes"
            raise refusal(name, _written(value), "is not a list of texts", fix)
        return ", ".join(value)
    return str(value)
