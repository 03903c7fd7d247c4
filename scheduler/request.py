"""What was asked for, as text: from options or from JSON, and the job that it means."""

from __future__ import annotations

import difflib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from scheduler import fields, frontmatter, recurrence, when
from scheduler.environment import Environment
from scheduler.errors import InvalidJob, Refused, UsageError
from scheduler.model import Job
from scheduler.series_keys import READERS as SERIES
from scheduler.series_keys import agree, read


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


#: What looks like an RFC 3339 instant is one, or wrong; it is never taken for words.
WRITTEN = re.compile("[0-9]{4}[0-9TtZzW:+. -]*")
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
    **{key: key for key in SERIES},
}


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
    for key, value in data.items():
        name = KEYS.get(str(key).replace("-", "_"))
        if name is None:
            near = difflib.get_close_matches(str(key), KEYS, n=1)
            fix = f"did you mean {near[0]!r}?" if near else "the keys are " + ", ".join(KEYS)
            raise InvalidJob(f"request: {str(key)[:80]!r} is not a key of a request; {fix}")
        if value is not None and value != "":
            changes[name] = _value(str(key), name, value)
    return replace(base, **changes)


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


def timed(request: Request, *, now: datetime, zone: str | None = None) -> Request:
    """``request`` with the instant that its ``at`` means in words, if it is in words.

    It also takes over the zone that they name. ``zone`` is that of words which name none.

    Raises:
        InvalidJob: neither a strict form nor such words.
        Refused: past.
    """
    at = request.at
    if at is None or not request.words:
        return request
    try:
        when.instant(at, field="--at", timezone=request.timezone or zone)
    except InvalidJob:
        if WRITTEN.fullmatch(at):
            raise
        from scheduler import words  # noqa: PLC0415  (only when the strict form has failed)
    else:
        return request
    said = words.read(
        at,
        field="--at",
        now=now,
        timezone=request.timezone,
        default=zone,
        allow_past=request.allow_past,
    )
    named = request.timezone or said.zone
    return replace(request, at=when.format_instant(said.instant), timezone=named)


def instant_of(request: Request, *, now: datetime, zone: str | None = None) -> datetime:
    """The instant that a request's ``at`` (in a strict form) or ``delay`` means, in UTC.

    ``zone`` is that of a local time for which the request names none.

    Raises:
        UsageError: neither or both are given.
        InvalidJob: the one that is given is wrong.
        Refused: the time is past.
    """
    if (request.at is None) == (request.delay is None):
        raise UsageError("time: say when, with either --at 2026-11-23T09:00:00Z or --in 2h")
    if request.at is not None:
        run_at = when.instant(request.at, field="--at", timezone=request.timezone or zone)
    else:
        run_at = now.replace(microsecond=0) + when.duration(request.delay or "", field="--in")
        if now.microsecond:
            run_at += when.duration("1s", field="--in")
    if run_at < now.replace(microsecond=0) and not request.allow_past:
        raise Refused(
            f"--at: {when.format_instant(run_at)} was {when.distance(run_at, now)}; "
            "write a time to come, or add --allow-past to run it at once"
        )
    return run_at


def start_of(request: Request, *, now: datetime, zone: str | None = None) -> datetime:
    """The instant at which a job begins: the one that is asked for, or of a series now.

    A series of fixed steps begins with the first of them: whoever asks for it is running now.

    Raises:
        UsageError, InvalidJob, Refused: as ``instant_of``.
    """
    recurs = request.cron or request.rrule or request.every
    if not recurs or request.at is not None or request.delay is not None:
        return instant_of(request, now=now, zone=zone)
    step = request.every or "0s"
    length = when.duration(step, field="--every", allow_zero=request.every is None)
    begin = now + length
    return begin.replace(microsecond=0) + timedelta(seconds=1 if begin.microsecond else 0)


def series_of(request: Request, *, now: datetime, zone: str | None = None) -> Job:
    """When a request's job comes, and comes again, and nothing else of it.

    A series' ``run_at`` is its first instant, unless the request names a time that is past.
    One on clocks has its zone written down: settings change, and it is to mean the same.

    Raises:
        UsageError, InvalidJob, Refused: as ``instant_of``; or a rule that is wrong, or never
            fires.
    """
    zone = request.timezone or zone
    values = {
        key: read(key, f"--{key}", text, zone)
        for key in SERIES
        if (text := getattr(request, key)) is not None
    }
    named = _checked("--timezone", request.timezone, _zone)
    job = Job(run_at=start_of(request, now=now, zone=zone), timezone=named, **values)
    if job.on_clocks:
        job = replace(job, timezone=zone or "UTC")
    agree(job)
    rule = recurrence.of(job)
    if rule is None:
        return job
    recurrence.fires(rule)
    first = rule.first()
    return job if first is None or job.run_at < now else replace(job, run_at=first)


def job_of(request: Request, environment: Environment, *, now: datetime, queue: str) -> Job:
    """The job that ``request`` asks for, with what the surrounding run fills in.

    ``queue`` is the repository where it runs if the request names none.

    Raises:
        InvalidJob: a value is wrong.
        Refused: the time is past.
    """
    comes = series_of(request, now=now)
    run_at = comes.run_at
    workflow = request.workflow
    here = (request.repo or queue).lower() == environment.repository.lower()
    if workflow is None and request.event is None and here:
        workflow = environment.workflow
    deadline = request.deadline
    job = replace(
        comes,
        workflow=_checked("--workflow", workflow, frontmatter.workflow_name),
        event=_checked("--event", request.event, _short),
        repo=_checked("--repo", request.repo, frontmatter.repository),
        ref=_checked("--ref", request.ref, frontmatter.ref_name),
        agent=_checked("--agent", request.agent or environment.agent, _short),
        inputs=dict(request.inputs),
        deadline=(
            frontmatter.deadline("--deadline", deadline, request.timezone) if deadline else None
        ),
        dedup_key=_checked("--dedup-key", request.dedup_key, fields.line),
        request_id=_checked("--request-id", request.request_id, fields.line) or str(uuid.uuid4()),
        max_attempts=request.max_attempts,
        parent=environment.parent,
        message=_encodable(request.message),
    )
    if job.workflow and job.event:
        raise InvalidJob(f"--event: {job.event!r} stands beside --workflow; keep one of them")
    expires = job.expires_at()
    if expires is not None and expires < run_at:
        raise InvalidJob(
            f"--deadline: {deadline!r} is before the job's own time; write a later one"
        )
    frontmatter.check_inputs(job)
    return job


def _checked(option: str, text: str | None, check: Callable[[str, str], str]) -> str | None:
    if text is None:
        return None
    if not text.strip():
        fix = "leave the option out, or give it a value"
        raise fields.refusal(option, text, "is empty", fix)
    return check(option, text)


def _zone(option: str, text: str) -> str:
    return when.zone(text, field=option).key


def _short(option: str, text: str) -> str:
    return fields.line(option, text, 100)


def _encodable(message: str) -> str:
    try:
        message.encode()
    except UnicodeEncodeError as odd:
        part = message[odd.start : odd.end]
        raise fields.refusal("--message", part, "is no UTF-8 text", "remove it") from odd
    return message
