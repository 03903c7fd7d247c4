"""An issue's body and the job that it says: ``parse`` and ``render``.

The body is YAML front matter between two ``---`` lines, then the message. Reading is
strict: what is refused is refused with the field, its value and the fix, because the
person who can mend it sees nothing else. Text stays text; YAML guesses no types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import yaml

from scheduler import strict_yaml, when
from scheduler.errors import InvalidJob
from scheduler.fields import REPOSITORY, did_you_mean, refusal, text_of
from scheduler.model import Job
from scheduler.series_keys import READERS as SERIES
from scheduler.series_keys import agree

#: GitHub's limit for an issue's body, in characters (422 beyond it).
MAX_BODY = 65_536
#: https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
MAX_INPUTS = 25
MAX_INPUT_CHARS = 65_535
#: A ``client_payload`` has at most ten top-level keys; four are the scheduler's own.
#: https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event
MAX_EVENT_INPUTS = 6

#: A file's name has at most so many bytes, and a branch's is one.
LONGEST_NAME = 255
WORKFLOW_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,200}\.ya?ml")
INPUT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
#: What git's own check-ref-format refuses: https://git-scm.com/docs/git-check-ref-format
BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[/.-]|[/.]$|\.lock$|^@$")
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
#: Control characters but tab and line ends, and halves of surrogate pairs. What else can't
#: be printed (joiners, wide spaces, tags of flags) is part of languages and of emoji.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
FENCE = re.compile(r"---[ \t]*(?:\r?\n|\Z)")


def parse(body: str, *, timezone: str | None = None) -> Job:
    """The job that an issue's body asks for.

    ``timezone`` is the settings' zone, for a local time in a job that names none. CRLF
    line ends (GitHub's web editor sends them) and a byte order mark are accepted.
    Everything after the front matter is the message, character for character.

    Raises:
        InvalidJob: one line with the field, its value and the fix.
    """
    text = body.removeprefix("\ufeff")
    if len(text) > MAX_BODY:
        raise refusal("body", f"{len(text)} characters", "is too long", f"GitHub allows {MAX_BODY}")
    opening = FENCE.match(text)
    if not opening:
        raise refusal(
            "front matter",
            text.split("\n", 1)[0].strip(),
            "is not how a job begins",
            "begin the issue with a line of '---', then 'run-at: …'",
        )
    closing = re.compile(r"^" + FENCE.pattern, re.MULTILINE).search(text, opening.end())
    if not closing:
        raise refusal("front matter", "---", "has no end", "close it with a second line of '---'")
    values = _read(text[opening.end() : closing.start()])
    return replace(_job(values, timezone), message=text[closing.end() :])


def _read(text: str) -> dict[str, yaml.Node]:
    try:
        root = strict_yaml.load(text.replace("\r\n", "\n"), max_chars=MAX_BODY, max_depth=3)
    except strict_yaml.YamlProblem as problem:
        # The opening fence is the body's first line, so the body's lines are one further.
        raise InvalidJob(f"front matter: line {problem.line + 1} {problem.message}") from problem
    values: dict[str, yaml.Node] = {}
    for key, node in root.value:
        if key.value not in READERS:
            fix = did_you_mean(key.value, READERS, f"the keys are {', '.join(READERS)}")
            raise refusal("front matter", key.value, "is not a key of a job", fix)
        values[key.value] = node
    return values


def _job(values: Mapping[str, yaml.Node], timezone: str | None) -> Job:
    if "run-at" not in values:
        raise InvalidJob("run-at: is missing; write 'run-at: 2026-11-23T09:00:00Z'")
    if "workflow" in values and "event" in values:
        raise refusal(
            "event",
            text_of("event", values["event"]),
            "stands beside a workflow",
            "keep one of them",
        )
    zone = _zone("timezone", values["timezone"]) if "timezone" in values else timezone
    fields: dict[str, Any] = {}
    for key, node in values.items():
        read = READERS[key]
        name = key.replace("-", "_")
        fields[name] = read(key, node, zone) if key in IN_A_ZONE else read(key, node)
    job = Job(**fields)
    check_inputs(job)
    agree(job)
    return job


def workflow_name(field: str, text: str) -> str:
    """``text`` if it names a file in ``.github/workflows/``: never a path, an id or a URL."""
    if not WORKFLOW_NAME.fullmatch(text) or ".." in text:
        raise refusal(
            field,
            text,
            "is not the name of a workflow file",
            "write the file's name alone, such as 'agent-message.yml'",
        )
    return text


def repository(field: str, text: str) -> str:
    """``text`` if it has the form ``owner/name``."""
    if not REPOSITORY.fullmatch(text) or text.endswith(("/.", "/..")):
        raise refusal(field, text, "is not a repository", "write 'owner/name'")
    return text


def ref_name(field: str, text: str) -> str:
    """``text`` if it can name a branch or a tag."""
    if COMMIT.fullmatch(text):
        raise refusal(field, text, "is a commit", "write a branch or a tag; GitHub takes no commit")
    if BAD_REF.search(text):
        raise refusal(field, text, "can't name a branch or tag", "write one such as 'main'")
    return text


def _zone(field: str, node: yaml.Node) -> str:
    name = text_of(field, node)
    when.zone(name, field=field)
    return name


def _run_at(field: str, node: yaml.Node, zone: str | None) -> datetime:
    return when.instant(text_of(field, node), field=field, timezone=zone)


def _deadline(field: str, node: yaml.Node, zone: str | None) -> timedelta | datetime:
    return deadline(field, text_of(field, node), zone)


def deadline(field: str, text: str, zone: str | None) -> timedelta | datetime:
    """A duration after ``run-at`` (``6h``), or an instant."""
    if re.match(r"\d{4}-", text):
        return when.instant(text, field=field, timezone=zone)
    return when.duration(text, field=field, or_instant=True)


def max_attempts(field: str, text: str) -> int:
    """Read how often a dispatch is tried, from 1 to 99."""
    if not re.fullmatch(r"[1-9][0-9]?", text):
        raise refusal(field, text, "is not a number from 1 to 99", "write one such as 5")
    return int(text)


def _inputs(field: str, node: yaml.Node) -> Mapping[str, str]:
    if not isinstance(node, yaml.MappingNode):
        raise InvalidJob(f"{field}: is not a mapping; write '  name: value' on lines below it")
    found: dict[str, str] = {}
    for name, value in node.value:
        if not isinstance(value, yaml.ScalarNode):
            raise refusal(field, name.value, "has no text as its value", "quote it, or give it one")
        found[name.value] = value.value
    return MappingProxyType(found)


def check_inputs(job: Job) -> None:
    """Names, number, size and characters of a job's inputs, as GitHub limits them.

    Raises:
        InvalidJob: with the input's name.
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
        if bad := CONTROL.search(value):
            problem = f"holds the control character {bad[0]!r}"
            raise refusal(f"inputs.{name}", value, problem, "remove it")
    size = sum(len(name) + len(value) for name, value in job.inputs.items())
    if size > MAX_INPUT_CHARS:
        raise refusal("inputs", f"{size} characters", "are too many", f"keep {MAX_INPUT_CHARS}")


def _named(check: Callable[[str, str], str]) -> Callable[[str, yaml.Node], str]:
    return lambda field, node: check(field, text_of(field, node, LONGEST_NAME))


IN_A_ZONE = frozenset({"run-at", "deadline", "until"})

#: Every key of a job, in the order in which it is written, and how its value is read.
READERS: Mapping[str, Callable[..., Any]] = {
    "run-at": _run_at,
    "timezone": _zone,
    **SERIES,
    "workflow": _named(workflow_name),
    "event": lambda field, node: text_of(field, node, 100),
    "repo": _named(repository),
    "ref": _named(ref_name),
    "agent": lambda field, node: text_of(field, node, 100),
    "inputs": _inputs,
    "deadline": _deadline,
    "dedup-key": text_of,
    "request-id": text_of,
    "max-attempts": lambda field, node: max_attempts(field, text_of(field, node)),
    "parent": text_of,
    "signature": lambda field, node: text_of(field, node, 500),
}


class _Dumper(yaml.SafeDumper):
    """Writes text that every YAML reader reads as text, and instants without quotes."""

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
    """The issue body that says ``job``; ``parse`` of it is ``job`` again."""
    keys: dict[str, Any] = {}
    for key in READERS:
        value = getattr(job, key.replace("-", "_"))
        if value is None or (key == "inputs" and not value):
            continue
        keys[key] = written(value)
    head = yaml.dump(keys, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
    return f"---\n{head}---\n{job.message}"


def written(value: object) -> object:
    """A value as the front matter says it: text, or a mapping of texts."""
    if isinstance(value, datetime):
        return when.format_instant(value)
    if isinstance(value, timedelta):
        return when.format_duration(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
