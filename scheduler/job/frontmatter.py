"""The job in an issue's body, read and written: ``parse`` and ``render``.

The body is YAML front matter between two ``---`` lines, then the message. Every refusal names
the field, its value and the fix: the author sees nothing else. Text stays text; no type is
guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import yaml

from scheduler.errors import InvalidJob
from scheduler.job import strict_yaml
from scheduler.job.keys import IN_ISSUE, OTHERWISE, RULES, Key, values_of, written
from scheduler.job.model import Job
from scheduler.text import did_you_mean, refusal, shown
from scheduler.times import instants

#: GitHub's limit for an issue's body, in characters (422 beyond it).
MAX_BODY = 65_536
#: https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
MAX_INPUTS = 25
#: The characters of a dispatch's inputs, or of an event's payload, as compact JSON: GitHub counts
#: the object, with its names, quotes and escapes, and a letter of any script as one.
#: https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
#: https://github.com/DataDog/integrations-core/pull/25096
MAX_INPUTS_SIZE = 65_535
#: The most top-level keys of a ``client_payload``, and those left to the job: four or five are
#: the scheduler's own.
#: https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event
MAX_PAYLOAD, MAX_EVENT_INPUTS = 10, 6
#: The inputs that only the scheduler gives. Names of inputs know no letter case:
#: https://docs.github.com/en/actions/reference/workflows-and-actions/contexts#inputs-context
OWN = ("schedule_id", "scheduled_for", "requested_by")

INPUT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
#: Control characters but tab and line ends, and halves of surrogate pairs. Other characters that
#: can't be printed (joiners, wide spaces, tags of flags) are part of languages and of emoji.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
BEGIN = "begin the issue with a line of '---', then 'run-at: …'"
PLAIN = "write three plain hyphens alone on their line, from its first column on"
#: The keys whose text may hold a ``#``.
TEXTS = (
    "workflow", "event", "ref", "agent", "dedup-key", "request-id", "when", "unless",
    "reply-to",
)  # fmt: skip
ALONE = "write '---' alone on its line, from its first column on"
#: A key and the text right behind its colon, where YAML needs a space.
GLUED = re.compile(r"^([A-Za-z-]{1,20}):([^ \t\n].{0,40})", re.MULTILINE)
#: Signs that look like a hyphen.
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"
FENCE = re.compile(r"---[ \t]*(?:\r?\n|\Z)")
CLOSING = re.compile(r"^---[ \t]*(?:\r?\n|\Z)", re.MULTILINE)


def parse(body: str, *, timezone: str | None = None) -> Job:
    """The job in an issue's ``body``.

    ``timezone`` is the settings' zone, for a local time in a job that names none. CRLF line ends,
    which GitHub's web editor sends, and a byte order mark are accepted. The message is everything
    after the front matter, character for character.

    Raises:
        InvalidJob: one line with the field, its value and the fix.
    """
    text = body.removeprefix("\ufeff")
    if len(text) > MAX_BODY:
        raise refusal("body", f"{len(text)} characters", "is too long", f"GitHub allows {MAX_BODY}")
    opening = FENCE.match(text)
    if not opening:
        first = text.split("\n", 1)[0].removesuffix("\r")
        fix = f"{_alone(first)}, then 'run-at: …'" if _fence_like(first) else BEGIN
        raise refusal("front matter", first, "is not how a job begins", fix)
    closing = CLOSING.search(text, opening.end())
    if not closing:
        for each in text[opening.end() :].splitlines():
            if _fence_like(each):
                raise refusal("front matter", each, "is not how it ends", _alone(each))
        raise refusal("front matter", "---", "has no end", "close it with a second line of '---'")
    values = _read(text[opening.end() : closing.start()])
    return replace(_job(values, timezone), message=text[closing.end() :])


def _read(text: str) -> dict[str, yaml.Node]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        root = strict_yaml.load(text, max_chars=MAX_BODY, max_depth=3)
    except strict_yaml.YamlProblem as problem:
        for key in GLUED.finditer(text):
            if key[1] in IN_ISSUE:
                fix = f"write '{key[1]}: …', with a plain space"
                raise refusal("front matter", key[0], "has no space after ':'", fix) from problem
        # The opening fence is the body's first line, so the body's lines are one further.
        raise InvalidJob(f"front matter: line {problem.line + 1} {problem.message}") from problem
    values: dict[str, yaml.Node] = {}
    for name, node in root.value:
        if name.value not in IN_ISSUE:
            meant = OTHERWISE.get(name.value.lower(), name.value)
            fix = did_you_mean(meant, IN_ISSUE, f"the keys are {', '.join(IN_ISSUE)}")
            raise refusal("front matter", name.value, "is not a key of a job", fix)
        values[name.value] = node
    _refuse_cut(text.split("\n"), root)
    return values


def _fence_like(text: str) -> bool:
    """Whether a line is ``---``, or looks so, with characters around it that can't be seen."""
    seen = "".join(c for c in text if c.isprintable()).strip()
    return len(seen) == len("---") and all(c in DASHES for c in seen)


def _alone(text: str) -> str:
    return ALONE if "---" in text else PLAIN


def _refuse_cut(lines: list[str], root: yaml.MappingNode, within: str = "") -> None:
    """Refuse a value whose end YAML takes for a comment, such as ``#5`` of ``check PR #5``."""
    for name, node in root.value:
        if isinstance(node, yaml.MappingNode):
            _refuse_cut(lines, node, f"{name.value}.")
        elif isinstance(node, yaml.ScalarNode) and not node.style and node.end_mark:
            end = node.end_mark
            rest = lines[end.line][end.column :] if end.line < len(lines) else ""
            cut = rest.lstrip(" \t")
            if cut != rest and cut.startswith("#") and cut[1:2].strip():
                whole = f"{node.value} {cut}".strip()
                fix = f"put all of it in quotes, as {yaml_quoted(whole)}, or a space after the '#'"
                if not within and name.value not in TEXTS:
                    fix = "put a space after the '#' of a comment"
                problem = f"is followed by {shown(cut)}, which YAML takes for a comment"
                raise refusal(f"{within}{name.value}", node.value, problem, fix)


def yaml_quoted(text: str) -> str:
    """``text`` in single quotes, as YAML reads it."""
    return "'" + (text if len(text) <= 80 else f"{text[:79]}…").replace("'", "''") + "'"


def _job(nodes: Mapping[str, yaml.Node], timezone: str | None) -> Job:
    if "run-at" not in nodes:
        raise InvalidJob("run-at: is missing; write 'run-at: 2026-11-23T09:00:00Z'")
    if "workflow" in nodes and "event" in nodes:
        event = _value(IN_ISSUE["event"], nodes["event"], None)
        raise refusal("event", event, "stands beside a workflow", "keep one of them")
    zone = timezone
    if "timezone" in nodes:
        zone = _value(IN_ISSUE["timezone"], nodes["timezone"], None)
    keys = ((IN_ISSUE[name], node) for name, node in nodes.items())
    job = Job(**{key.field: _value(key, node, zone) for key, node in keys})
    check_inputs(job)
    agree(job)
    return job


def _value(key: Key, node: yaml.Node, zone: str | None) -> Any:
    if key.many:
        return _mapping(key.name, node)
    if key.listed and isinstance(node, yaml.SequenceNode):
        if not all(isinstance(each, yaml.ScalarNode) for each in node.value):
            raise InvalidJob(f"{key.name}: has a list in its list; write '{key.name}: [a, b]'")
        text = ", ".join(each.value for each in node.value)
        return key.value(key.name, text, zone, empty="write a value or remove the line")
    if not isinstance(node, yaml.ScalarNode):
        raise InvalidJob(f"{key.name}: is not a single value; write '{key.name}: …' on one line")
    return key.value(key.name, node.value, zone, empty="write a value or remove the line")


def _mapping(name: str, node: yaml.Node) -> Mapping[str, str]:
    if not isinstance(node, yaml.MappingNode):
        raise InvalidJob(f"{name}: is not a mapping; write '  name: value' on lines below it")
    found: dict[str, str] = {}
    for inner, value in node.value:
        if not isinstance(value, yaml.ScalarNode):
            raise refusal(name, inner.value, "has no text as its value", "quote it, or give it one")
        found[inner.value] = value.value
    return MappingProxyType(found)


def agree(job: Job) -> None:
    """Check that the keys of a job fit together.

    Raises:
        InvalidJob: two rules, a key of a series on a one-off, or one without that which it is of,
            such as ``patience`` without ``when``.
    """
    rules = [name for name in RULES if getattr(job, name) is not None]
    if len(rules) > 1:
        fix = "keep one of cron, rrule and every"
        raise _against(job, rules[1], f"stands beside {rules[0]}", fix)
    if not rules:
        for name in ("until", "count", "misfire", "overlap", "pause-after"):
            if getattr(job, IN_ISSUE[name].field) is not None:
                fix = "add cron, rrule or every, or remove it"
                raise _against(job, name, "is for a job that comes again", fix)
    if job.until is not None and job.until < job.run_at:
        problem = f"is before run-at, {instants.format_instant(job.run_at)}"
        raise _against(job, "until", problem, "write a later one")
    if job.patience is not None and job.when is None:
        fix = "say what for with 'when', or remove it"
        raise _against(job, "patience", "waits for nothing", fix)
    _agree_on_its_end(job)


def _agree_on_its_end(job: Job) -> None:
    """Check what a job says of its run's end: no key without that which it is of."""
    for name in ("retry-on", "retry-after"):
        if job.retries is None and getattr(job, IN_ISSUE[name].field) is not None:
            fix = "say how often with 'retries', or remove it"
            raise _against(job, name, "tries nothing again", fix)
    if job.reply is not None and job.reply_to is None:
        raise _against(job, "reply", "goes nowhere", "say where with 'reply-to', or remove it")
    if job.event is not None:
        for name in ("retries", "max-runtime"):
            if getattr(job, IN_ISSUE[name].field):
                fix = "name a workflow instead, or remove it"
                raise _against(job, name, "is for a run, and an event's can't be followed", fix)


def _against(job: Job, name: str, problem: str, fix: str) -> InvalidJob:
    return refusal(name, written(getattr(job, IN_ISSUE[name].field)), problem, fix)


def check_inputs(job: Job) -> None:
    """Check names, number, size and characters of a job's inputs against GitHub's limits.

    Raises:
        InvalidJob: one is exceeded; the message names the input.
    """
    limit, of = (MAX_EVENT_INPUTS, "an event") if job.event else (MAX_INPUTS, "a workflow")
    if len(job.inputs) > limit:
        raise refusal(
            "inputs", f"{len(job.inputs)} inputs", f"are too many for {of}", f"keep {limit}"
        )
    for name, value in job.inputs.items():
        if not INPUT_NAME.fullmatch(name):
            fix = "use letters, digits, '_' and '-'"
            raise refusal("inputs", name, "is not the name of an input", fix)
        if name.lower() in OWN:
            fix = "leave it out; a workflow that declares it is told it"
            raise refusal("inputs", name, "is the scheduler's own word", fix)
        if bad := CONTROL.search(value):
            problem = f"holds the control character {bad[0]!r}"
            raise refusal(f"inputs.{name}", value, problem, "remove it")
    check_size(job.inputs)


def check_size(told: Mapping[str, str]) -> None:
    """Check that GitHub takes ``told``, the inputs or the payload of a dispatch, for its size.

    Raises:
        InvalidJob: it is too large; the message has the size and the limit.
    """
    size = len(json.dumps(dict(told), ensure_ascii=False, separators=(",", ":")))
    if size > MAX_INPUTS_SIZE:
        longest = max(told, key=lambda name: len(told[name]))
        fix = f"keep {MAX_INPUTS_SIZE}: shorten {longest!r}, which is the longest"
        raise refusal("inputs", f"{size} characters of JSON", "are too many", fix)


class _Dumper(yaml.SafeDumper):
    """Writes text so that every YAML reader reads it as text, and instants without quotes."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML declares it so
        first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:timestamp"]
        for first, rules in yaml.SafeDumper.yaml_implicit_resolvers.items()
    }


def _represent(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # Only double quotes keep line ends on one line: a value can't close the front matter.
    plain = text.isprintable() and text == text.strip() and text != ""
    style = None if plain else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent)


def render(job: Job) -> str:
    """The issue body of ``job``; ``parse`` reads it back as the same job."""
    keys = {key.name: written(value) for key, value in values_of(job)}
    head = yaml.dump(keys, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
    return f"---\n{head}---\n{job.message}"
