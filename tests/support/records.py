"""A job, and what may be recorded of its occurrence: for the tests of decisions."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from scheduler.job.model import Job
from scheduler.journal.journal import Claim, Entry, History, Journal
from scheduler.journal.slash import Resolution
from scheduler.policy.decide import Limits

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
KEY = "42@2026-11-23T12:00:00Z"
OTHER = "42@2026-11-24T12:00:00Z"
SECOND = timedelta(seconds=1)
LIMITS = Limits(recover_after=120 * SECOND, backoff=30 * SECOND, max_attempts=3)
JOB = Job(run_at=NOON, workflow="run.yml")
AGAIN = Resolution(comment_id=50, by="owner")
RAN = Resolution(comment_id=50, by="owner", run_id=7)


def claim(id: int = 1, attempt: int = 1, *, age: float = 0, key: str = KEY) -> Claim:  # noqa: A002
    made = NOON - timedelta(seconds=age)
    return Claim(
        id=id, created_at=made, key=key, attempt=attempt, nonce=f"n{id}", target="run.yml",
        made_at=made, expires_at=made + 30 * SECOND,
    )  # fmt: skip


def entry(outcome: str, attempt: int = 1, *, of: int | None = None, key: str = KEY) -> Entry:
    reason = f"was {outcome}"
    return Entry(key=key, attempt=attempt, outcome=outcome, at=NOON, claim=of, reason=reason)


def history(*records: Claim | Entry, unreadable: tuple[int, ...] = ()) -> History:
    return History(
        claims=tuple(each for each in records if isinstance(each, Claim)),
        journal=Journal(id=9, entries=tuple(each for each in records if isinstance(each, Entry))),
        unreadable=unreadable,
    )
