"""Whether a run is tried again, and when: decided once, when its end is recorded.

A retry is an occurrence of its own, whose key names the first try: ``42@2026-11-23T09:00:00Z~2``.
That it comes, and when, stands in the journal beside the end of the run that failed, so every tick
finds the same, whatever the job's text says meanwhile. It belongs to its occurrence: of a series,
the instant that comes next goes first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.job.model import (
    Job,
    first_try,
    next_try,
    occurrence_comment,
    occurrence_key,
    which_try,
)
from scheduler.job.retrying import LONGEST_PAUSE, ON, PAUSE
from scheduler.job.states import State
from scheduler.journal.journal import Entry, Journal
from scheduler.policy.outcomes import FAILED, UNKNOWN
from scheduler.times.instants import format_instant

#: So often a pause is doubled at most, before it is cut: that is beyond any.
DOUBLED = 20


@dataclass(frozen=True, kw_only=True)
class Retry:
    """One further try of an occurrence."""

    #: Its key.
    key: str
    #: The earliest instant for it, UTC.
    at: datetime


@dataclass(frozen=True, kw_only=True)
class NoRetry:
    """Why a run that did not succeed is not tried again by itself."""

    #: In one line; empty of a job that asks for no retries.
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """The try that an occurrence is at, once it has had a first."""

    #: Its key.
    key: str
    #: From when on it may be sent, UTC; None: it was sent.
    due: datetime | None = None
    #: Whether its run may be under way, and decides what becomes of the job.
    running: bool = False
    #: Whether a person wants it, who is not bound by the job's deadline.
    wanted: bool = False


def stays_open(job: Job, *, follow: timedelta) -> bool:
    """Whether a job stays open after its dispatch, until its run has ended.

    The run of an event can't be followed, nor any where nothing is followed.
    """
    return bool(job.retries) and job.workflow is not None and follow > timedelta()


def after(
    job: Job,
    ended: Entry,
    *,
    expires: datetime | None = None,
    following: datetime | None = None,
) -> Retry | NoRetry:
    """Whether the dispatch ``ended``, whose end is known, is tried again.

    Args:
        job: the job with its defaults.
        ended: the journal's record of it, with its ``conclusion``.
        expires: the last instant at which the occurrence may still be dispatched.
        following: of a series: its next instant.
    """
    most, done = job.retries or 0, which_try(ended.key) - 1
    if not most or ended.conclusion not in (job.retry_on or ON):
        words = f"{ended.conclusion!r} is not among its retry-on"
        return NoRetry(reason=words if most and ended.conclusion in FAILED else "")
    if done >= most:
        return NoRetry(
            reason=f"all its {most} retries were made" if most > 1 else "its one retry was made"
        )
    # Whoever records the end finds the same instant, whenever that is.
    at = (ended.ended_at or ended.at) + pause(job, ended.key)
    if expires is not None and at > expires:
        words = f"its deadline passes at {format_instant(expires)}, before the next try"
        return NoRetry(reason=words)
    if following is not None and at >= following:
        words = f"its next instant, {format_instant(following)}, comes before the next try"
        return NoRetry(reason=words)
    return Retry(key=next_try(ended.key), at=at)


def pause(job: Job, key: str) -> timedelta:
    """How long after the end of the try ``key`` the next one comes; it doubles."""
    first = PAUSE if job.retry_after is None else job.retry_after
    doubled: timedelta = first * 2 ** min(which_try(key) - 1, DOUBLED)
    return min(doubled, LONGEST_PAUSE)


def planned(ended: Entry, retry: Retry) -> Entry:
    """The record of a dispatch that is tried again."""
    return replace(ended, again=retry.key, again_at=retry.at)


def ran(journal: Journal, first: str) -> Entry | None:
    """The dispatch of an occurrence's latest try; None: it had none.

    Two ticks may have recorded one dispatch as that of two attempts: what either knows counts.
    """
    sent = State.DISPATCHED.value
    ours = [e for e in journal.entries if e.outcome == sent and first_try(e.key) == first]
    return max(ours, key=_known, default=None)


def unfinished(journal: Journal, key: str) -> Entry | None:
    """The run that ``key`` was to try again, as far as its end is known; None: it is a first try.

    Of that end nobody was told as it was recorded.
    """
    last = ran(journal, first_try(key)) if which_try(key) > 1 else None
    return last if last is not None and last.conclusion else None


def last_run(job: Job, journal: Journal, number: int) -> Entry | None:
    """The dispatch that ``job``, of issue ``number``, would have tried again; None: it had none.

    Of a series, and of a job that was given another instant since, what ran then is not meant.
    """
    if job.recurring:
        last = journal.ran
    else:
        ours = (e for e in own(job, journal, number) if e.outcome == State.DISPATCHED.value)
        last = max(ours, key=lambda e: which_try(e.key), default=None)
    return ran(journal, first_try(last.key)) if last else None


def _known(entry: Entry) -> tuple[int, bool, bool]:
    """How much is known of a dispatch: first which try it was, then what came of it."""
    return which_try(entry.key), bool(entry.again), bool(entry.conclusion)


def wanted(job: Job, journal: Journal, number: int, at: datetime) -> Retry | None:
    """The try that a person wants ``at`` once of the job's last run; None: it had none."""
    last = last_run(job, journal, number)
    following = _following(last) if last else None
    return Retry(key=following, at=at) if following else None


def left(job: Job, journal: Journal, number: int) -> str:
    """What somebody who cancels a job that comes once leaves as it is, in words: its run."""
    last = None if job.recurring else last_run(job, journal, number)
    if last is None:
        return ""
    run = f"run {last.run_id}" if last.run_id else "its run"
    if last.conclusion:
        return f"{run} ended as {last.conclusion!r}, and is not tried again"
    return f"{run} goes on, and is not tried again"


def own(job: Job, journal: Journal, number: int) -> tuple[Entry, ...]:
    """What is recorded of a job that comes once at its own instant, all its tries among it."""
    key = occurrence_key(number, job.run_at)
    instead = {e.key for e in journal.entries if e.instead_of == job.run_at}
    firsts = ((first_try(e.key), e) for e in journal.entries)
    return tuple(e for k, e in firsts if k.rpartition("#")[2] == key or k in instead)


def step(journal: Journal, first: str, *, stays: bool, reopened: bool = False) -> Step | None:
    """The try that the occurrence ``first`` is at; None: it had no run yet.

    Args:
        journal: what is recorded of the job.
        first: the key of the occurrence's first try.
        stays: whether the job stays open until its run has ended.
        reopened: whether its issue is open. The end of a run that is not tried again is recorded
            after the issue was closed, so a person has opened it again, to have it tried again.
    """
    last = ran(journal, first)
    if last is None:
        return None
    following = _following(last)
    if following is None:
        return Step(key=last.key)
    said, at = asked(journal, following), last.ended_at or last.at
    if said is not None:
        return Step(key=following, due=said.again_at or said.at, wanted=True)
    if last.again == following:
        return Step(key=following, due=last.again_at or at)
    if journal.of(following) or (reopened and last.conclusion in FAILED):
        return Step(key=following, due=at, wanted=True)
    return Step(key=last.key, running=stays and not last.conclusion)


def expires(job: Job, journal: Journal, first: str) -> datetime | None:
    """The last instant at which the occurrence ``first`` may still be dispatched; None: no limit.

    Its deadline is counted from when its first try was due, not from a retry's instant.
    """
    if not isinstance(job.deadline, timedelta):
        return job.deadline
    sent = next((e for e in journal.of(first) if e.outcome == State.DISPATCHED.value), None)
    if sent is None:
        return job.expires_at()
    return sent.at - timedelta(seconds=max(sent.lateness_s or 0.0, 0.0)) + job.deadline


def _following(last: Entry) -> str | None:
    try:
        return next_try(last.key)
    except ValueError:
        return None


def asked(journal: Journal, key: str) -> Entry | None:
    """The command by which somebody has the try ``key`` made; None: there is none."""
    said = (e for e in reversed(journal.entries) if e.again == key and by_command(e))
    return next(said, None)


def by_command(entry: Entry) -> bool:
    """Whether an entry is the record of a ``/retry``."""
    own = bool(occurrence_comment(entry.key)) and first_try(entry.again) != first_try(entry.key)
    return bool(entry.again) and own


def told(job: Job, journal: Journal, key: str, *, due: datetime) -> str:
    """What is said of an occurrence whose run may be tried again: is under way, or failed.

    ``key`` is the try that it is at, and ``due`` when that may be sent.
    """
    most, number = (job.retries or 0) + 1, which_try(key)
    which = f"try {number} of {most}" if number <= most else f"try {number}"
    last = ran(journal, first_try(key))
    run = f"run {last.run_id}" if last and last.run_id else "its run"
    if last is not None and last.key == key:
        return f"{run}, {which}, is under way, as far as is known"
    ended = f"{run} ended as {last.conclusion!r}" if last else "its run failed"
    return f"{ended}; {which} comes at {format_instant(due)}"


def problem(last: Entry | None) -> str | None:
    """Why a person can't have the dispatch ``last`` tried again; None: they can."""
    if last is None:
        return "nothing has run yet; /run has it run now"
    if _following(last) is None:
        return "it was tried as often as can be counted; open a job anew"
    run = f"run {last.run_id}" if last.run_id else "its run"
    if last.conclusion in FAILED or last.conclusion == UNKNOWN:
        return None
    if last.conclusion:
        return f"{run} ended as {last.conclusion!r}, so there is nothing to try again"
    return f"{run} is still under way, or was not looked at yet; say it again once it has failed"
