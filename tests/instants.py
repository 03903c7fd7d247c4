"""Rules of jobs, and the instants that they name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from scheduler import when
from scheduler.model import Job
from scheduler.recurrence import END, Recurrence, of

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JOB = Job(run_at=datetime(2026, 11, 23, 12, tzinfo=timezone.utc), workflow="run.yml")


def utc(text: str) -> datetime:
    return when.instant(text, field="run-at", timezone="UTC")


def rule_of(job: Job) -> Recurrence:
    found = of(job)
    assert found is not None
    return found


def all_of(rule: Recurrence) -> Iterator[datetime]:
    return rule.between(rule.start - SECOND, END)
