"""The decision about one occurrence: a pure function from what is known to what is to be done.

A tick performs decisions and makes none. Each is made twice: before a claim from what the list
showed, and under it from what was read again. Only if both agree is anything done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.job.model import Job
from scheduler.job.states import TERMINAL, State
from scheduler.journal.journal import NEVER_STARTED, Claim, Entry, History
from scheduler.journal.notes import Withdrawal
from scheduler.journal.slash import Command, Resolution
from scheduler.policy import outcomes

#: The longest pause between two attempts; doubling ends there.
LONGEST_BACKOFF = timedelta(hours=1)
#: How many claims in a row are withdrawn before the job is put on hold.
PATIENT = 3


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Nothing is to be done yet."""

    #: What it waits for, in words.
    reason: str
    #: The instant at which to decide again, in UTC; None: something else has to change first.
    until: datetime | None = None
    #: The state to show.
    state: State = State.PENDING


@dataclass(frozen=True, kw_only=True)
class Fire:
    """Claim the occurrence and dispatch it."""

    #: The number of the attempt, from 1.
    attempt: int
    #: The claim that started nothing, and that this attempt replaces.
    supersedes: Claim | None = None


@dataclass(frozen=True, kw_only=True)
class End:
    """Claim the occurrence and end it without a dispatch."""

    #: The state in which it ends.
    state: State
    #: Why, in one line.
    reason: str
    #: The number of the attempt, from 1.
    attempt: int
    #: The claim that this one replaces.
    supersedes: Claim | None = None


@dataclass(frozen=True, kw_only=True)
class Finish:
    """Close the issue: the journal records the end already."""

    #: The state in which it ended.
    state: State
    #: The entry that records it.
    entry: Entry


@dataclass(frozen=True, kw_only=True)
class Recover:
    """Ask GitHub what became of a claim that has stood for ``recover_after``."""

    #: The claim.
    claim: Claim


@dataclass(frozen=True, kw_only=True)
class PutOnHold:
    """Put the job on hold: what happened can't be told, or the record can't be believed."""

    #: Why, in one line.
    reason: str


@dataclass(frozen=True, kw_only=True)
class Resolve:
    """Record what a person says of a job on hold."""

    #: What that person wrote.
    resolution: Resolution


Decision = Wait | Fire | End | Finish | Recover | PutOnHold | Resolve


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The numbers that a decision depends on, from the settings and the job."""

    #: The age at which a claim counts as abandoned.
    recover_after: timedelta
    #: The pause after the first attempt that started nothing; it doubles.
    backoff: timedelta
    #: How many dispatches are attempted.
    max_attempts: int


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to happen to an occurrence instead of a plain dispatch."""

    #: Why it is skipped.
    skip: str | None = None
    #: The command of somebody who may schedule.
    command: Command | None = None
    #: Who did the contrary of the command since, in words.
    overtaken: str | None = None
    #: Whether the record of its series is gone for good.
    lost: bool = False
    #: Whether its job was given another instant since it was put on hold.
    moved: bool = False
    #: Whether its run may be under way, and decides what becomes of the job.
    running: bool = False
    #: What a ``/cancel`` leaves as it is, in words.
    left: str = ""


#: The state that each command which dispatches nothing leads to.
OBEYED = {
    "pause": State.PAUSED,
    "resume": State.PENDING,
    "approve": State.PENDING,
    "snooze": State.PENDING,
    "cancel": State.CANCELLED,
    "retry": State.PENDING,
}


def decide(
    job: Job,
    history: History,
    *,
    key: str,
    now: datetime,
    limits: Limits,
    reopened: bool = False,
    github_now: datetime | None = None,
    resolution: Resolution | None = None,
    forged: str | None = None,
    forbidden: str | None = None,
    wanted: Wanted | None = None,
) -> Decision:
    """What to do with the occurrence ``key`` of ``job`` at ``now``.

    Args:
        job: the job with its defaults.
        history: the records on its issue.
        key: the occurrence key.
        now: the tick's own time.
        limits: the numbers of the settings and the job.
        reopened: whether a person reopened the issue.
        github_now: GitHub's time, by which a claim's age is measured: the clocks of two machines
            may differ. None: ``now``.
        resolution: what a trusted person wrote of a job on hold.
        forged: whose record is not the scheduler's own, among those with write access, in words.
        forbidden: the rule that the job breaks, due or not, in words.
        wanted: what is to happen instead of a plain dispatch.
    """
    wanted = wanted or Wanted()
    if reason := forged or (None if wanted.lost else _unreadable(history, resolution)):
        return PutOnHold(reason=reason)
    entries = history.journal.of(key)
    last = entries[-1] if entries else None
    if ran := next((e for e in entries if e.outcome == State.DISPATCHED.value), None):
        return _after(ran, wanted, history)
    if last and last.outcome == State.HELD.value:
        if resolution is None:
            return Wait(reason=last.reason, state=State.HELD)
        if resolution.started or wanted.moved:
            return Resolve(resolution=resolution)
    if last and _is_state(last) and State(last.outcome) in TERMINAL and not reopened:
        return Finish(state=State(last.outcome), entry=last)
    if open_claim := _standing(history, key, github_now or now, limits):
        return open_claim
    if forbidden and not wanted.command:
        attempt = next_attempt(history, key)
        return End(state=State.REJECTED, reason=forbidden, attempt=attempt)
    if now < job.run_at:
        return Wait(reason="not yet due", until=job.run_at)
    late = _runs_late(history, key, reopened=reopened)
    return _attempt(job, history, key, now, limits, forgive_deadline=late, wanted=wanted)


def _after(ran: Entry, wanted: Wanted, history: History) -> Wait | Finish:
    """What is to be done once it ran: to wait for what that comes to, where that decides.

    A run of which people were told has failed, though no journal says so yet.
    """
    if wanted.running:
        return Wait(reason="its run is under way", state=State.RUNNING)
    said = any(
        each.key == ran.key and not each.state and ran.run_id in (None, each.run_id)
        for each in history.news
    )
    failed = ran.conclusion in outcomes.FAILED or (said and not ran.conclusion)
    state = State.FAILED if failed else State.DISPATCHED
    return Finish(state=state, entry=ran)


def _standing(history: History, key: str, now: datetime, limits: Limits) -> Decision | None:
    standing = [claim for claim in history.standing if claim.key == key] or history.standing
    if not standing:
        return None
    youngest = max(claim.created_at or claim.made_at for claim in standing)
    if now - youngest < limits.recover_after:
        return Wait(reason="a tick has claimed it", state=State.DISPATCHING)
    return Recover(claim=standing[0])


def _runs_late(history: History, key: str, *, reopened: bool) -> bool:
    """Whether a person reopened a missed job: then no deadline applies."""
    # Also if somebody without the right reopened it before, and it was rejected for that.
    missed = any(each.outcome == State.MISSED.value for each in history.journal.of(key))
    return missed and reopened


def _unreadable(history: History, resolution: Resolution | None) -> str | None:
    said = resolution.comment_id if resolution else 0
    unreadable = [number for number in history.lost if number > said]
    if not unreadable:
        return None
    ids = ", ".join(str(number) for number in unreadable)
    return (
        f"a record of the scheduler's own can't be read (comment {ids}): it was "
        "edited, or written by a newer version"
    )


def _is_state(entry: Entry) -> bool:
    return entry.outcome != NEVER_STARTED


def _attempt(
    job: Job,
    history: History,
    key: str,
    now: datetime,
    limits: Limits,
    *,
    forgive_deadline: bool = False,
    supersedes: Claim | None = None,
    wanted: Wanted,
) -> Decision:
    attempt = next_attempt(history, key)
    if end := _instead(wanted, history, key):
        return End(state=end[0], reason=end[1], attempt=attempt, supersedes=supersedes)
    if used(history, key) >= limits.max_attempts:
        reason = f"all {limits.max_attempts} attempts were made and no run was started"
        return End(state=State.DISCARDED, reason=reason, attempt=attempt, supersedes=supersedes)
    expires = job.expires_at()
    if expires is not None and now > expires and not forgive_deadline:
        late = str(now - job.run_at).split(".")[0]
        reason = f"its deadline passed at {expires:%Y-%m-%d %H:%M:%S} UTC; it would be {late} late"
        return End(state=State.MISSED, reason=reason, attempt=attempt, supersedes=supersedes)
    return Fire(attempt=attempt, supersedes=supersedes)


def _instead(wanted: Wanted, history: History, key: str) -> tuple[State, str] | None:
    """The state and the reason by which it ends without a dispatch; None: dispatch it."""
    command = wanted.command
    if command is None:
        return (State.SKIPPED, wanted.skip) if wanted.skip else None
    words = f"{f'/{command.name}' if command.name else 'a comment'} by {command.by!r}"
    if command.problem:
        return State.REJECTED, command.problem
    if history.journal.held not in (None, key) and command.name != "cancel":
        return State.REJECTED, f"{words}: the job is on hold; say /resolve first"
    if wanted.overtaken:
        return State.REJECTED, f"{words}: {wanted.overtaken}; say it again if it is still meant"
    state = OBEYED.get(command.name)
    if state is State.CANCELLED and wanted.left:
        words = f"{words}: {wanted.left}"
    return (state, words) if state else None


def next_attempt(history: History, key: str) -> int:
    """A number that no attempt at this occurrence has had yet."""
    seen = [c.attempt for c in history.claims if c.key == key]
    seen += [entry.attempt for entry in history.journal.of(key)]
    return max(seen, default=0) + 1


def used(history: History, key: str) -> int:
    """How many dispatches were attempted since the occurrence last ended and was reopened."""
    entries = list(history.journal.of(key))
    ends = [i for i, e in enumerate(entries) if _is_state(e) and State(e.outcome) in TERMINAL]
    since = entries[ends[-1] + 1 :] if ends else entries
    recorded = {entry.claim for entry in entries}
    open_claims = {c.attempt for c in history.claims if c.key == key and c.id not in recorded}
    return len({entry.attempt for entry in since} | open_claims)


def after_recovery(
    job: Job,
    history: History,
    claim: Claim,
    *,
    key: str,
    now: datetime,
    limits: Limits,
    reopened: bool = False,
    github_now: datetime | None = None,
    wanted: Wanted | None = None,
) -> Decision:
    """What to do once recovery has shown that ``claim`` started nothing.

    The arguments are those of ``decide``.
    """
    delay = backoff(limits.backoff, key=claim.key, attempt=claim.attempt)
    again = (claim.created_at or claim.made_at) + delay
    if (github_now or now) < again and now < again:
        return Wait(reason=f"attempt {claim.attempt} did not start it", until=again)
    late = _runs_late(history, key, reopened=reopened)
    wanted = wanted or Wanted()
    return _attempt(
        job, history, key, now, limits, forgive_deadline=late, supersedes=claim, wanted=wanted
    )


def confirms(decision: Fire | End, own: Claim, history: History, fresh: Decision) -> bool:
    """Whether ``fresh`` agrees with ``decision``, which may then be performed under ``own``.

    ``fresh`` is the decision made anew from ``before(history, own)``. Of the claims to one attempt
    the lowest comment id wins, and so does one that was created earlier: nobody promises that ids
    rise as comments are written. A claim to a higher attempt wins over both.
    """
    for claim in history.claims:
        if claim.key == own.key and (claim.attempt > own.attempt or _is_rival(claim, own)):
            return False
    if not isinstance(fresh, (Fire, End)) or fresh.attempt != decision.attempt:
        return False
    if isinstance(fresh, End):
        return isinstance(decision, End) and decision.state is fresh.state
    # A rule or the target may end a job that is otherwise ready to be dispatched.
    return isinstance(decision, Fire) or decision.state is not State.MISSED


def _is_rival(claim: Claim, own: Claim) -> bool:
    earlier = bool(claim.created_at and own.created_at and claim.created_at < own.created_at)
    return claim.attempt == own.attempt and (claim.id < own.id or earlier)


def given_up(withdrawals: Iterable[Withdrawal]) -> int:
    """How many claims in a row were withdrawn, as far as the comments show."""
    return sum(each.times for each in withdrawals)


def after_withdrawals(
    withdrawals: Collection[Withdrawal], *, key: str, base: timedelta
) -> Wait | None:
    """The pause of a job of which ``PATIENT`` claims in a row were withdrawn; None: go on.

    Nothing was started, so it is tried again, after longer and longer pauses.
    """
    times = given_up(withdrawals)
    if times < PATIENT:
        return None
    last = max(withdrawals, key=lambda each: each.at)
    pause = backoff(base, key=key, attempt=times - PATIENT + 1)
    return Wait(reason=last.reason, until=last.at + pause, state=State.HELD)


def before(history: History, own: Claim) -> History:
    """``history`` without the claim ``own`` and all others to its attempt."""
    kept = (c for c in history.claims if (c.key, c.attempt) != (own.key, own.attempt))
    return replace(history, claims=tuple(kept))


def backoff(base: timedelta, *, key: str, attempt: int) -> timedelta:
    """The pause after an attempt: it doubles, with jitter of a quarter either way.

    The jitter follows from the occurrence key, so two ticks compute the same instant.
    """
    seed = hashlib.sha256(f"{key}/{attempt}".encode()).digest()[0] / 255
    doubled: timedelta = min(base * 2 ** min(attempt - 1, 12), LONGEST_BACKOFF)
    return doubled * (0.75 + seed / 2)
