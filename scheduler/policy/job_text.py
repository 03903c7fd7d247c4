"""The job in an issue's text, read so that no text does harm.

The tick, the rules and all commands read issues through this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from scheduler.errors import InvalidJob
from scheduler.job import conditions, frontmatter
from scheduler.job.model import Job
from scheduler.policy import series
from scheduler.policy.trust import target_of
from scheduler.ports.values import Ticket
from scheduler.settings.model import Settings
from scheduler.text import blamed
from scheduler.times import recurrence


def job_of(body: str, *, timezone: str | None) -> Job:
    """The job in ``body``; ``timezone`` is the settings'.

    Raises:
        InvalidJob: it is no job, or reading it raised something else.
    """
    with its_own_fault(body):
        return frontmatter.parse(body, timezone=timezone)


def readable(body: str, *, timezone: str | None) -> Job | None:
    """The job in ``body``; None: it is no job."""
    try:
        return job_of(body, timezone=timezone)
    except InvalidJob:
        return None


def with_defaults(job: Job, settings: Settings, *, queue: str) -> Job:
    """``job`` with the settings' defaults where its text states nothing.

    ``queue`` is the repository it runs in if its text names none.

    Raises:
        InvalidJob: nothing names what it runs, or it comes too often.
    """
    defaults, target = settings.defaults, target_of(job, queue=queue, settings=settings)
    if not target.name:
        raise InvalidJob(
            "workflow: is missing and the settings have no default; write "
            "'workflow: FILE.yml' or 'event: TYPE'"
        )
    job = replace(job, timezone=job.timezone or defaults.timezone)
    if (rule := series.written_rule(job)) is not None:
        recurrence.check(rule, shortest=settings.limits.shortest_interval)
    return replace(
        job,
        workflow=target.workflow,
        deadline=job.deadline if job.deadline is not None else defaults.deadline,
        max_attempts=job.max_attempts or defaults.max_attempts,
    )


def require_of_queue(job: Job, *, queue: str, number: int = 0) -> None:
    """Make sure that the conditions of ``job``, which is ``number``, are on jobs of this queue.

    Raises:
        InvalidJob: one is on a job of another queue, or on the job itself.
    """
    for field, text in (("unless", job.unless), ("when", job.when)):
        if text is not None:
            conditions.require_of_queue(field, text, queue=queue, number=number)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The job in an issue's text."""

    #: The job as its text states it.
    said: Job
    #: The same with the settings' defaults: what is run.
    job: Job


def reading(ticket: Ticket, settings: Settings, *, queue: str) -> Reading:
    """The job of the issue ``ticket`` of the repository ``queue``.

    Raises:
        InvalidJob: as ``job_of``; of an open issue also as ``with_defaults`` and
            ``require_of_queue``.
    """
    said = job_of(ticket.body, timezone=settings.defaults.timezone)
    with its_own_fault(ticket.body):
        try:
            require_of_queue(said, queue=queue, number=ticket.number)
            return Reading(said=said, job=with_defaults(said, settings, queue=queue))
        except InvalidJob:
            if ticket.open:
                raise
            # It ran, or did not, by the settings of its own time.
            return Reading(said=said, job=said)


def waiting(ticket: Ticket, settings: Settings, *, queue: str) -> tuple[Reading, datetime]:
    """The job of an open issue, and the instant it waits for as far as the issue shows it.

    Raises:
        InvalidJob: as ``reading``, or no such instant can be worked out.
    """
    read = reading(ticket, settings, queue=queue)
    with its_own_fault(ticket.body):
        return read, series.expected(read.job, title=ticket.title, touched=ticket.updated_at)


@contextmanager
def its_own_fault(body: str) -> Iterator[None]:
    """Turn whatever is raised in here into ``InvalidJob`` of the text ``body``.

    Raises:
        InvalidJob: something was raised.
    """
    lines = body.removeprefix("\ufeff").removeprefix("---").split("\n---", 1)[0].split()
    with blamed("front matter", " ".join(lines[:20])):
        yield
