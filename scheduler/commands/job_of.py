"""Reads a request into a job: its instant, its rule, and what the surrounding run fills in."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from scheduler import text
from scheduler.commands.request import Medium, Request
from scheduler.environment import Environment
from scheduler.errors import InvalidJob, Refused, UsageError
from scheduler.job import frontmatter
from scheduler.job.keys import IN_REQUEST, RULES
from scheduler.job.model import Job
from scheduler.policy import series
from scheduler.times import instants, phrases, recurrence, spans

#: What looks like an RFC 3339 instant is one, or wrong; it is never taken for words.
WRITTEN = re.compile("[0-9]{4}[0-9TtZzW:+. -]*")
#: A day alone is one of words: nine o'clock of it.
DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
#: The same, or a time on the clocks of a place that it does not name.
LOCAL = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?")
#: How a zone is given beside a time; None: not at all.
BESIDE = {Medium.OPTIONS: "--timezone", Medium.JSON: "timezone", Medium.FORM: None}
#: What is said where no time is.
WHEN = {
    Medium.OPTIONS: (
        "time: say when, with --at 2026-11-23T09:00:00Z, --in 2h, or again and again with --cron, "
        "--rrule or --every"
    ),
    Medium.JSON: (
        'time: say when, with "run_at": "2026-11-23T09:00:00Z", "in": "2h", or again and again '
        'with "cron", "rrule" or "every"'
    ),
    Medium.FORM: (
        "run-at: is empty; say when, such as 'in 2 hours' or 'tomorrow 9am Europe/Berlin'"
    ),
}
#: The keys that say when a job comes, beside its first instant, and those that say the rest.
SERIES = ("timezone", "tolerance", *(name for name, key in IN_REQUEST.items() if key.series))
OTHERS = tuple(
    name for name, key in IN_REQUEST.items() if key.in_issue and name not in ("run-at", *SERIES)
)


def timed(request: Request, *, now: datetime, zone: str | None = None) -> Request:
    """``request`` with a ``run-at`` in words replaced by its instant and its zone.

    ``zone`` is that of words which name none.

    Raises:
        InvalidJob: ``run-at`` is neither an instant nor words that are understood.
        Refused: its words name a time that is past.
    """
    _one_time(request)
    _read(request, ("timezone",))
    at, timezone = request.get("run-at"), request.get("timezone")
    if at is None or not request.words:
        return request
    try:
        instants.instant(at, field="--at", timezone=timezone or zone)
    except InvalidJob:
        # A form's author can write a zone only behind the time, as with words.
        spoken = LOCAL if request.medium is Medium.FORM else DAY
        if WRITTEN.fullmatch(spans.plain(at)) and not spoken.fullmatch(spans.plain(at)):
            raise
    else:
        return request
    said = phrases.read(
        at,
        field="--at",
        now=now,
        timezone=timezone,
        default=zone,
        allow_past=request.allow_past,
        beside=BESIDE[request.medium],
    )
    return request.saying(
        run_at=instants.format_instant(said.instant), timezone=timezone or said.zone
    )


def _one_time(request: Request) -> None:
    if "run-at" in request.texts and "in" in request.texts:
        at, soon = (
            key.option if request.medium is Medium.OPTIONS else key.field
            for key in (IN_REQUEST["run-at"], IN_REQUEST["in"])
        )
        raise UsageError(f"time: {at} stands beside {soon}; keep one of them")


def instant_of(request: Request, *, now: datetime, zone: str | None = None) -> datetime:
    """The instant of a request's ``run-at`` (in RFC 3339) or ``in``, in UTC.

    ``zone`` is that of a local time for which the request names none.

    Raises:
        UsageError: neither or both are given.
        InvalidJob: the one that is given is wrong.
        Refused: the time is past.
    """
    _one_time(request)
    if "run-at" not in request.texts and "in" not in request.texts:
        raise UsageError(WHEN[request.medium])
    said = _read(request, ("run-at", "in"), request.get("timezone") or zone)
    run_at: datetime = said.get("run_at") or _up(now, timedelta(seconds=1)) + said["in"]
    if run_at < now.replace(microsecond=0) and not request.allow_past:
        raise Refused(
            f"--at: {instants.format_instant(run_at)} was {instants.distance(run_at, now)}; "
            "write a time to come, or add --allow-past to run it at once"
        )
    return run_at


def start_of(request: Request, *, now: datetime, zone: str | None = None) -> datetime:
    """The first instant of a job: the one it names, else, of a series, now.

    A series of fixed steps begins with the first of them: whoever asks for it is running now.

    Raises:
        UsageError, InvalidJob, Refused: as ``instant_of``.
    """
    recurs = any(rule in request.texts for rule in RULES)
    if not recurs or "run-at" in request.texts or "in" in request.texts:
        return instant_of(request, now=now, zone=zone)
    if "every" not in request.texts:
        # On a whole minute: a rule that names no second takes its own from here.
        return _up(now, timedelta(minutes=1))
    every: timedelta = _read(request, ("every",))["every"]
    return _up(now, timedelta(seconds=1)) + every


def _up(moment: datetime, unit: timedelta) -> datetime:
    left = (moment - datetime.min.replace(tzinfo=moment.tzinfo)) % unit
    return moment + (unit - left) if left else moment


def series_of(request: Request, *, now: datetime, zone: str | None = None) -> Job:
    """A job with the times and the rule of a request, and nothing else of it.

    A series' ``run_at`` is its first instant, unless the request names a time that is past.
    The zone of a series on clocks is written into it, since the settings' may change.

    Raises:
        UsageError, InvalidJob, Refused: as ``instant_of``; or a rule that is wrong, or never
            fires.
    """
    zone = request.get("timezone") or zone
    values = _read(request, SERIES, zone)
    job = Job(run_at=start_of(request, now=now, zone=zone), **values)
    if job.on_clocks:
        job = replace(job, timezone=zone or "UTC")
    frontmatter.agree(job)
    rule = series.written_rule(job)
    if rule is None:
        return job
    recurrence.fires(rule)
    first = rule.first()
    return job if first is None or job.run_at < now else replace(job, run_at=first)


def job_of(
    request: Request,
    environment: Environment,
    *,
    now: datetime,
    queue: str,
    zone: str | None = None,
) -> Job:
    """The job that ``request`` asks for, with what the surrounding run fills in.

    ``queue`` is the repository where it runs if the request names none, ``zone`` that of a
    local time, or of clocks, for which the request names none.

    Raises:
        UsageError: it names no time, or two.
        InvalidJob: a value is wrong.
        Refused: the time is past.
    """
    request = timed(request, now=now, zone=zone)
    own = request.get("timezone")
    request = _filled(request, environment, timezone=own or zone, queue=queue)
    comes = series_of(request, now=now)
    job = replace(
        comes,
        **_read(request, OTHERS, request.get("timezone")),
        inputs=dict(request.inputs),
        parent=environment.parent,
        message=_encodable(request.get("message") or ""),
    )
    if job.workflow and job.event:
        raise InvalidJob(f"--event: {job.event!r} stands beside a workflow; keep one of them")
    expires = job.expires_at()
    if expires is not None and expires < job.run_at:
        raise InvalidJob(
            f"--deadline: {request.get('deadline')!r} is before the job's own time; write a later "
            "one"
        )
    frontmatter.check_inputs(job)
    frontmatter.agree(job)
    # A zone that is not its own is written down for clocks alone, whose hours it decides.
    return job if own or job.on_clocks else replace(job, timezone=None)


def _filled(
    request: Request, environment: Environment, *, timezone: str | None, queue: str
) -> Request:
    """The request with what the surrounding run and the settings say where it says nothing."""
    said = request.texts
    filled = {"timezone": timezone}
    here = (said.get("repo") or queue).lower() == environment.repository.lower()
    if "workflow" not in said and "event" not in said and here:
        filled["workflow"] = environment.workflow
    if "agent" not in said:
        filled["agent"] = environment.agent
    if "request-id" not in said:
        filled["request_id"] = str(uuid.uuid4())
    return request.saying(**filled)


def _read(request: Request, names: Iterable[str], zone: str | None = None) -> dict[str, Any]:
    """The values of the keys ``names`` that the request has, by the job's fields."""
    values = {}
    for key in (IN_REQUEST[name] for name in names if name in request.texts):
        what = "the option" if request.medium is Medium.OPTIONS else "it"
        fix = f"leave {what} out, or give it a value"
        values[key.field] = key.value(key.option, request.texts[key.name], zone, empty=fix)
    return values


def _encodable(message: str) -> str:
    try:
        message.encode()
    except UnicodeEncodeError as odd:
        part = message[odd.start : odd.end]
        raise text.refusal("--message", part, "is no UTF-8 text", "remove it") from odd
    return message
