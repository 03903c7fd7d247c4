"""What became of a claim whose tick recorded nothing: found, never started, or unclear.

GitHub has no idempotency key, so a run is the only proof. A run that shows the occurrence key
in its title proves it. Any other run does only if it is the only one that the claim can have
started, and no other claim can have started it. The run's actor proves nothing: a server may
name another login than the token's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from scheduler.job.model import OCCURRENCE_KEY
from scheduler.journal.journal import Claim
from scheduler.ports.values import Run
from scheduler.settings.model import CLAIM_VALIDITY, IN_FLIGHT, ROUNDING


@dataclass(frozen=True, kw_only=True)
class Found:
    """The run that the claim started."""

    #: The run.
    run: Run
    #: By what it was recognised, in words.
    matched: str


@dataclass(frozen=True, kw_only=True)
class NeverStarted:
    """No run can be the claim's."""


@dataclass(frozen=True, kw_only=True)
class Unclear:
    """More than one run, or none for certain, can be the claim's."""

    #: Which, in words.
    reason: str


Outcome = Found | NeverStarted | Unclear


def window(claim: Claim) -> tuple[datetime, datetime]:
    """The earliest and the latest creation of a run that the claim started, by GitHub's clock."""
    start = claim.created_at or claim.made_at
    return start - ROUNDING, start + CLAIM_VALIDITY + IN_FLIGHT


def listed(target: str) -> str:
    """The part of a claim's target by which its runs are listed: repository and file, no branch."""
    return target.partition("@")[0]


def overlap(one: Claim, other: Claim) -> bool:
    """Whether one run could be that of either claim."""
    (from_a, to_a), (from_b, to_b) = window(one), window(other)
    meet = listed(one.target) == listed(other.target) and from_a <= to_b and from_b <= to_a
    return meet and not (one.ends or other.ends)


def named(run: Run, key: str) -> bool:
    """Whether the run's title shows ``key``, perhaps among others."""
    return key in OCCURRENCE_KEY.findall(run.title)


def match(
    claim: Claim,
    runs: Iterable[Run],
    *,
    login: str,
    taken: Iterable[int] = (),
    rivals: Iterable[str] = (),
) -> Outcome:
    """What became of ``claim``, by the ``runs`` of its target.

    Args:
        claim: the claim that nobody recorded.
        runs: the target's runs since the claim.
        login: the scheduler's own.
        taken: the ids of the runs that a journal records.
        rivals: in words, whatever else may have started a run in the claim's window without
            naming it: open claims, and dispatches whose run was never identified.
    """
    earliest, latest = window(claim)
    recorded = set(taken)
    free = [
        run
        for run in runs
        if run.id not in recorded
        and run.event in ("workflow_dispatch", "")
        and (run.created_at is None or run.created_at >= earliest)
    ]
    titled = [run for run in free if named(run, claim.key)]
    if len(titled) == 1 and set(OCCURRENCE_KEY.findall(titled[0].title)) == {claim.key}:
        return Found(run=titled[0], matched="the occurrence key in its title")
    if len(titled) == 1:
        return Unclear(reason=f"{_ids(titled)} shows other occurrence keys beside its own")
    if titled:
        return Unclear(reason=f"{_ids(titled)} all show its occurrence key")
    possible = [
        run
        for run in free
        if not OCCURRENCE_KEY.search(run.title)
        and (run.created_at is None or run.created_at <= latest)
        and run.id > (claim.newest_run or 0)
    ]
    foreign = [run for run in possible if run.actor.lower() not in ("", login.lower())]
    possible = [run for run in possible if run not in foreign]
    if not possible and foreign and not claim.title:
        actors = " and ".join(dict.fromkeys(repr(run.actor) for run in foreign))
        return Unclear(reason=f"{_ids(foreign)} may be its run, though started by {actors}")
    if not possible:
        return NeverStarted()
    if len(possible) > 1:
        return Unclear(reason=f"{_ids(possible)} may each be its run")
    if others := list(rivals):
        return Unclear(reason=f"{_ids(possible)} may be its run or that of {', '.join(others)}")
    return Found(run=possible[0], matched="the only run that it can have started")


def _ids(runs: list[Run]) -> str:
    return " and ".join(f"run {run.id}" for run in runs)
