"""The job, and the keys by which its occurrences are known.

Values are frozen; a change is a new value. Every instant is an aware ``datetime`` whose
``tzinfo`` is exactly ``timezone.utc``: two aware values in other zones can be unequal to
themselves after a round trip (PEP 495), so no other zone is accepted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from types import MappingProxyType

from scheduler.job.conditions import PATIENCE

NO_INPUTS: Mapping[str, str] = MappingProxyType({})

#: An occurrence key: ``42@2026-11-23T09:00:00Z``, or ``42@comment-7`` of a slash command, with
#: ``owner/name#`` before it where the run is in another repository, and ``~2`` behind it of the
#: second try. What has no such number behind its ``~`` is no key at all, nor is its beginning one.
OCCURRENCE_KEY = re.compile(
    r"(?:[\w.-]{1,40}/[\w.-]{1,100}#)?\d{1,18}@"
    r"(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|comment-\d{1,19}(?!\d))"
    r"(?:~(?:[2-9]|[1-9]\d{1,2})(?!\d))?(?!~\d)",
    re.ASCII,
)
COMMANDED = re.compile(r"@comment-(\d{1,19})\Z", re.ASCII)
#: What tells the tries of one occurrence apart, and the number of the last that can be named.
TRY, LAST_TRY = "~", 999


def require_utc(value: datetime, name: str) -> None:
    """Check that an instant is in UTC.

    Raises:
        ValueError: its ``tzinfo`` is another than ``timezone.utc``. The caller has a bug.
    """
    if value.tzinfo is not timezone.utc:
        raise ValueError(f"{name}: {value!r} is not in timezone.utc")


@dataclass(frozen=True, kw_only=True)
class Job:
    """One request to run something later, as its issue's front matter states it.

    None means that the front matter does not state it. A job with ``cron``, ``rrule`` or ``every``
    is a series; it has one of them. Once defaults are applied, ``workflow`` or ``event`` is set.
    """

    #: The earliest instant at which it may be dispatched; of a series the start. UTC.
    run_at: datetime
    #: The workflow's file name in ``.github/workflows/``.
    workflow: str | None = None
    #: The type of the ``repository_dispatch`` event, instead of a workflow.
    event: str | None = None
    #: The IANA name of the zone of its local times.
    timezone: str | None = None
    #: The repository it runs in, ``owner/name``; None: the queue's.
    repo: str | None = None
    #: The branch or tag it runs on; None: the repository's default branch.
    ref: str | None = None
    #: The name in which it is asked for; nobody has verified it.
    agent: str | None = None
    #: The workflow's inputs, or the event's payload: name to text.
    inputs: Mapping[str, str] = field(default_factory=lambda: NO_INPUTS)
    #: How late is too late: a duration after ``run_at``, or an instant in UTC.
    deadline: timedelta | datetime | None = None
    #: How late is still good for it: nothing is spent on its punctuality before that.
    tolerance: timedelta | None = None
    #: No second job of the same author, agent and key is opened while one is open.
    dedup_key: str | None = None
    #: What makes its creation repeatable: a second request with it opens no second job.
    request_id: str | None = None
    #: How many dispatches are attempted before it is discarded.
    max_attempts: int | None = None
    #: Where it comes from: an occurrence key or ``run:ID``, and who sent the event.
    parent: str | None = None
    #: The agent's signature, as `scheduler.job.signing` writes it.
    signature: str | None = None
    #: Five fields, in canonical text; times on the clocks of ``timezone``.
    cron: str | None = None
    #: A rule of RFC 5545, in canonical text; times on the clocks of ``timezone``.
    rrule: str | None = None
    #: The time between two occurrences, counted from ``run_at``.
    every: timedelta | None = None
    #: The last instant that a series may have, inclusive. UTC.
    until: datetime | None = None
    #: How many occurrences a series has.
    count: int | None = None
    #: Which of the instants that passed unused run: ``skip``, ``latest`` or ``all``.
    misfire: str | None = None
    #: Whether it starts while its last run goes on: ``allow`` or ``skip``.
    overlap: str | None = None
    #: Jobs of one instant are spread over this long.
    jitter: timedelta | None = None
    #: How many of its runs may fail in a row before it pauses itself; 0: any number.
    pause_after: int | None = None
    #: The condition under which it is skipped, as it was written.
    unless: str | None = None
    #: The condition that it waits for once it is due, as it was written.
    when: str | None = None
    #: How long it waits for ``when``.
    patience: timedelta | None = None
    #: How often a run of it that failed is tried again.
    retries: int | None = None
    #: After which outcomes it is.
    retry_on: tuple[str, ...] | None = None
    #: How long after; it doubles.
    retry_after: timedelta | None = None
    #: For how long a run of it may be under way before it is cancelled.
    max_runtime: timedelta | None = None
    #: The issue or pull request that is told what became of its run, ``#123``.
    reply_to: str | None = None
    #: After which runs it is told: ``failure`` or ``always``.
    reply: str | None = None
    #: The text below the front matter, character for character.
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
        """Whether its instants are times on the clocks of its zone, not counted seconds."""
        return not (self.cron is None and self.rrule is None)

    @property
    def target(self) -> str:
        """The workflow's file name or the event's type, for people."""
        return self.workflow or self.event or "(no workflow)"

    def expires_at(self) -> datetime | None:
        """The last instant at which the job may still be dispatched; None: no limit."""
        if isinstance(self.deadline, timedelta):
            return self.run_at + self.deadline
        return self.deadline

    def late_from(self) -> datetime:
        """The instant after which it is late: when its tolerance is used up.

        Neither a deadline nor the end of the patience for its ``when`` waits for that.
        """
        ends, expires = [self.run_at + (self.tolerance or timedelta())], self.expires_at()
        if expires is not None:
            ends.append(expires)
        if self.when is not None and (self.patience is not None or expires is None):
            ends.append(self.run_at + (self.patience or PATIENCE))
        return max(min(ends), self.run_at)


def occurrence_key(
    number: int, instant: datetime | int, *, queue: str = "", runs_in: str = ""
) -> str:
    """The key of one occurrence: issue and instant, ``42@2026-11-23T09:00:00Z``.

    Of a slash command it is issue and comment id, ``42@comment-7``. Where the run is in another
    repository than the queue, the queue's ``owner/name#`` stands before it: there the number alone
    could be that of an issue of any queue.
    """
    where = f"{queue}#" if runs_in.lower() != queue.lower() else ""
    if isinstance(instant, int):
        return f"{where}{number}@comment-{instant}"
    require_utc(instant, "instant")
    return f"{where}{number}@{instant:%Y-%m-%dT%H:%M:%SZ}"


@lru_cache(maxsize=4096)
def occurrence_instant(key: str) -> datetime | None:
    """The instant in an occurrence key, in UTC; None: it is of a command, or no key.

    Every try of an occurrence has the instant of the first.
    """
    text = first_try(key).rpartition("@")[2]
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return None


def occurrence_comment(key: str) -> int:
    """The comment id in a command's occurrence key; 0: the key has an instant."""
    found = COMMANDED.search(first_try(key))
    return int(found[1]) if found else 0


def first_try(key: str) -> str:
    """The key of an occurrence's first try, ``42@2026-11-23T09:00:00Z``, by that of any."""
    return key.partition(TRY)[0]


def which_try(key: str) -> int:
    """Which try of its occurrence a key names, from 1."""
    number = key.partition(TRY)[2]
    return int(number) if number.isascii() and number.isdigit() else 1


def next_try(key: str) -> str:
    """The key of the try after that of ``key``: ``42@2026-11-23T09:00:00Z~2``.

    Raises:
        ValueError: it would be the thousandth.
    """
    number = which_try(key) + 1
    if number > LAST_TRY:
        raise ValueError(f"{key}: no further try can be named")
    return f"{first_try(key)}{TRY}{number}"
