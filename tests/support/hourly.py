"""A series that comes every hour, and entries of its journal."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from scheduler.job.model import Job, occurrence_key
from scheduler.journal.journal import Entry

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(clock: str, day: int = 23) -> datetime:
    hour, minute, second = (int(part) for part in f"{clock}:00:00".split(":")[:3])
    return datetime(2026, 11, day, hour, minute, second, tzinfo=timezone.utc)


HOURLY = Job(run_at=at("09"), workflow="run.yml", every=HOUR)


def name(instant: datetime | int) -> str:
    return occurrence_key(42, instant)


def entry(
    key: datetime | int, outcome: str = "dispatched", *, until: datetime | None = None,
    seen: int | None = None, when: datetime | None = None,
) -> Entry:  # fmt: skip
    moment = key if isinstance(key, datetime) else at("09")
    return Entry(
        key=name(key), attempt=1, outcome=outcome, at=when or moment, until=until, seen=seen
    )
