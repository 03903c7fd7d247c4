"""The job that a request means: its instant, its rule, and what the surrounding run fills in."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from scheduler import fields, frontmatter, recurrence, when, words
from scheduler.environment import Environment
from scheduler.errors import InvalidJob, Refused, UsageError
from scheduler.model import Job
from scheduler.request import Request
from scheduler.series_keys import IN_ISSUE

#: What looks like an RFC 3339 instant is one, or wrong; it is never taken for words.
WRITTEN = re.compile("[0-9]{4}[0-9TtZzW:+. -]*")


def timed(request: Request, *, now: datetime, zone: str | None = None) -> Request:
    """``request`` with the instant that its ``at`` means in words, if it is in words.

    It also takes over the zone that they name. ``zone`` is that of words which name none.

    Raises:
        InvalidJob: neither a strict form nor such words, or no zone.
        Refused: past.
    """
    _one_time(request)
    _read("timezone", request.timezone)
    at = request.at
    if at is None or not request.words:
        return request
    try:
        when.instant(at, field="--at", timezone=request.timezone or zone)
    except InvalidJob:
        if WRITTEN.fullmatch(at):
            raise
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


def _one_time(request: Request) -> None:
    if request.at is not None and request.delay is not None:
        raise UsageError("time: --at stands beside --in; keep one of them")


def instant_of(request: Request, *, now: datetime, zone: str | None = None) -> datetime:
    """The instant that a request's ``at`` (in a strict form) or ``delay`` means, in UTC.

    ``zone`` is that of a local time for which the request names none.

    Raises:
        UsageError: neither or both are given.
        InvalidJob: the one that is given is wrong.
        Refused: the time is past.
    """
    _one_time(request)
    if request.at is None and request.delay is None:
        raise UsageError(
            "time: say when, with --at 2026-11-23T09:00:00Z, --in 2h, or again and again with "
            "--cron, --rrule or --every"
        )
    if request.at is not None:
        run_at = when.instant(request.at, field="--at", timezone=request.timezone or zone)
    else:
        delay = when.duration(request.delay or "", field="--in")
        run_at = _up(now, timedelta(seconds=1)) + delay
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
    if request.every is None:
        # On a whole minute: a rule that names no second takes its own from here.
        return _up(now, timedelta(minutes=1))
    return _up(now, timedelta(seconds=1)) + when.duration(request.every, field="--every")


def _up(moment: datetime, unit: timedelta) -> datetime:
    left = (moment - datetime.min.replace(tzinfo=moment.tzinfo)) % unit
    return moment + (unit - left) if left else moment


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
        name: _read(name, getattr(request, name), zone)
        for name, key in IN_ISSUE.items()
        if key.series
    }
    named = _read("timezone", request.timezone)
    job = Job(run_at=start_of(request, now=now, zone=zone), timezone=named, **values)
    if job.on_clocks:
        job = replace(job, timezone=zone or "UTC")
    frontmatter.agree(job)
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
    agent = environment.agent if request.agent is None else request.agent
    job = replace(
        comes,
        workflow=_read("workflow", workflow),
        event=_read("event", request.event),
        repo=_read("repo", request.repo),
        ref=_read("ref", request.ref),
        agent=_read("agent", agent),
        inputs=dict(request.inputs),
        deadline=_read("deadline", request.deadline, request.timezone),
        dedup_key=_read("dedup-key", request.dedup_key),
        request_id=_read("request-id", request.request_id) or str(uuid.uuid4()),
        max_attempts=request.max_attempts,
        parent=environment.parent,
        message=_encodable(request.message),
    )
    if job.workflow and job.event:
        raise InvalidJob(f"--event: {job.event!r} stands beside a workflow; keep one of them")
    expires = job.expires_at()
    if expires is not None and expires < run_at:
        raise InvalidJob(
            f"--deadline: {request.deadline!r} is before the job's own time; write a later one"
        )
    frontmatter.check_inputs(job)
    return job


def _read(name: str, text: str | None, zone: str | None = None) -> Any:
    if text is None:
        return None
    key = IN_ISSUE[name]
    return key.value(key.option, text, zone, empty="leave the option out, or give it a value")


def _encodable(message: str) -> str:
    try:
        message.encode()
    except UnicodeEncodeError as odd:
        part = message[odd.start : odd.end]
        raise fields.refusal("--message", part, "is no UTF-8 text", "remove it") from odd
    return message
