"""The values that everything else talks about: jobs, tickets, comments, runs.

All of them are frozen; a change is a new value. Every instant is an aware
``datetime`` whose ``tzinfo`` is exactly ``timezone.utc``: two aware values in other
zones can be unequal to themselves after a round trip (PEP 495), so none is let in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from types import MappingProxyType

NO_INPUTS: Mapping[str, str] = MappingProxyType({})

#: ``42@2026-11-23T09:00:00Z``, or ``42@comment-7`` of what a comment asked for, with
#: ``owner/name#`` before it for another repository.
OCCURRENCE_KEY = re.compile(
    r"(?:[\w.-]{1,40}/[\w.-]{1,100}#)?\d{1,18}@"
    r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|comment-\d{1,19})",
    re.ASCII,
)
COMMANDED = re.compile(r"@comment-(\d{1,19})\Z", re.ASCII)


def require_utc(value: datetime, name: str) -> None:
    """Refuse every ``tzinfo`` but ``timezone.utc``; a programming error, so ``ValueError``."""
    if value.tzinfo is not timezone.utc:
        raise ValueError(f"{name}: {value!r} is not in timezone.utc")


@dataclass(frozen=True, kw_only=True)
class Job:
    """One request to run something later, as its issue's front matter says it.

    ``run_at`` is the earliest instant at which it may be dispatched. Exactly one of
    ``workflow`` (a file name) and ``event`` (a ``repository_dispatch`` type) is set once
    the defaults are applied. ``deadline`` is how late is too late: a ``timedelta`` after
    ``run_at`` or an instant.

    A job with ``cron``, ``rrule`` or ``every`` is a series: ``run_at`` is its start, ``until``
    (inclusive) and ``count`` end it. ``unless`` and ``when`` are conditions as
    they were written, ``patience`` is how long ``when`` is waited for.
    """

    run_at: datetime
    workflow: str | None = None
    event: str | None = None
    timezone: str | None = None
    repo: str | None = None
    ref: str | None = None
    agent: str | None = None
    inputs: Mapping[str, str] = field(default_factory=lambda: NO_INPUTS)
    deadline: timedelta | datetime | None = None
    dedup_key: str | None = None
    request_id: str | None = None
    max_attempts: int | None = None
    parent: str | None = None
    signature: str | None = None
    cron: str | None = None
    rrule: str | None = None
    every: timedelta | None = None
    until: datetime | None = None
    count: int | None = None
    misfire: str | None = None
    overlap: str | None = None
    jitter: timedelta | None = None
    unless: str | None = None
    when: str | None = None
    patience: timedelta | None = None
    message: str = ""

    def __post_init__(self) -> None:
        require_utc(self.run_at, "run_at")
        if isinstance(self.deadline, datetime):
            require_utc(self.deadline, "deadline")
        if self.until is not None:
            require_utc(self.until, "until")

    def at(self, moment: datetime) -> Job:
        """The same job at another instant."""
        return replace(self, run_at=moment)

    @property
    def recurring(self) -> bool:
        """Whether it is a series: one issue, many occurrences."""
        return not (self.cron is None and self.rrule is None and self.every is None)

    @property
    def on_clocks(self) -> bool:
        """Whether its instants are times on the clocks of its zone."""
        return not (self.cron is None and self.rrule is None)

    @property
    def target(self) -> str:
        """What is dispatched, in words: the workflow's file name or the event's type."""
        return self.workflow or self.event or "(no workflow)"

    def expires_at(self) -> datetime | None:
        """The last instant at which the job may still be dispatched; None: no limit."""
        if isinstance(self.deadline, timedelta):
            return self.run_at + self.deadline
        return self.deadline


def occurrence_key(
    number: int, instant: datetime | int, *, queue: str = "", runs_in: str = ""
) -> str:
    """The name of one occurrence: the pair (issue, instant).

    Of what a slash command asked for, it is the pair (issue, comment id). Qualified by the
    queue's ``owner/name`` when the run is in another repository, where the number alone could
    be that of any other queue's issue.
    """
    where = f"{queue}#" if runs_in.lower() != queue.lower() else ""
    if isinstance(instant, int):
        return f"{where}{number}@comment-{instant}"
    require_utc(instant, "instant")
    return f"{where}{number}@{instant:%Y-%m-%dT%H:%M:%SZ}"


@lru_cache(maxsize=4096)
def occurrence_instant(key: str) -> datetime | None:
    """The instant of an occurrence key, in UTC; None of what a comment asked for, or no key."""
    text = key.rpartition("@")[2]
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def occurrence_comment(key: str) -> int:
    """The id of the comment that asked for an occurrence; 0: its instant is its name."""
    found = COMMANDED.search(key)
    return int(found[1]) if found else 0
