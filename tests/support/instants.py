"""Rules of jobs, and the instants that they name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from scheduler.job.model import Job
from scheduler.policy.series import written_rule
from scheduler.times import instants
from scheduler.times.recurrence import END, Recurrence

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JOB = Job(run_at=datetime(2026, 11, 23, 12, tzinfo=timezone.utc), workflow="run.yml")


def utc(text: str) -> datetime:
    return instants.instant(text, field="run-at", timezone="UTC")


def rule_of(job: Job) -> Recurrence:
    found = written_rule(job)
    assert found is not None
    return found


def all_of(rule: Recurrence) -> Iterator[datetime]:
    return rule.between(rule.start - SECOND, END)
