"""Shows the next instants of a request; opens nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from scheduler.commands.answer import instant_words, local
from scheduler.commands.job_of import series_of, timed
from scheduler.commands.request import Request
from scheduler.errors import InvalidJob, SchedulerError
from scheduler.job.model import Job
from scheduler.policy import series
from scheduler.settings.model import Settings
from scheduler.times import instants, recurrence

#: How many instants are shown.
SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Explained:
    """The next instants of a request."""

    #: A job with the request's times, and nothing else of it.
    job: Job
    #: The instant from which distances are shown.
    now: datetime
    instants: tuple[datetime, ...]
    #: The zone in which they are shown beside UTC.
    zone: str | None
    #: Why such a job would be refused; the rules of the repository are not asked.
    refused: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The object that ``schedule create --explain --json`` prints."""
        found: dict[str, Any] = {"next": [instants.format_instant(each) for each in self.instants]}
        return found if self.refused is None else {**found, "refused": self.refused}

    def text(self) -> str:
        """One line an instant, then what is added to it, and where it ends."""
        lines = []
        for each in self.instants:
            job = self.job.at(each)
            lines.append(instant_words(job, self.now))
            lines += [f"  {line}" for line in local(job, self.zone)]
        if self.job.jitter:
            lines.append(
                f"each up to {instants.format_duration(self.job.jitter)} later, by its jitter"
            )
        if self.job.tolerance:
            lines.append(
                f"each still good {instants.format_duration(self.job.tolerance)} later, by its "
                "tolerance: nothing is spent on being sooner"
            )
        if self.refused:
            lines.append(f"as a job it is refused: {self.refused}")
        if self.job.recurring and len(self.instants) < SHOWN:
            lines.append("that is all: the series ends there")
        return "\n".join(lines)


def needs_zone(request: Request) -> bool:
    """Whether the settings' zone changes what a request means."""
    if request.get("timezone") is not None:
        return False
    return any(request.get(name) for name in ("cron", "rrule", "run-at", "until"))


def explained(request: Request, *, now: datetime, ask: Callable[[], Settings]) -> Explained:
    """The next instants of ``request``; ``ask`` asks for the settings, and may fail.

    Raises:
        UsageError, InvalidJob, Refused: as ``explain``.
    """
    settings = Settings()
    if needs_zone(request):
        # Nothing is opened, so nothing is needed: without settings a zone has to be named.
        with suppress(SchedulerError):
            settings = ask()
    with request.naming():
        return explain(request, now=now, settings=settings)


def explain(request: Request, *, now: datetime, settings: Settings) -> Explained:
    """The next instants of ``request``, and whether its rule comes too often.

    Raises:
        UsageError, InvalidJob, Refused: a value is wrong, or the time is past.
    """
    zone = settings.defaults.timezone
    request = timed(request, now=now, zone=zone)
    job = series_of(request, now=now, zone=zone)
    rule = series.written_rule(job)
    refused = None
    try:
        if rule is not None:
            recurrence.check(rule, shortest=settings.limits.shortest_interval)
    except InvalidJob as often:
        refused = request.called(str(often))
    following = iter([job.run_at]) if rule is None else rule.since(now)
    return Explained(
        job=job,
        now=now,
        instants=tuple(islice(following, SHOWN)),
        zone=job.timezone or request.get("timezone") or zone,
        refused=refused,
    )
