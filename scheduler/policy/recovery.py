"""What became of a claim whose tick never said: found, never started, or unclear.

GitHub offers no idempotency key, so the only proof is a run. A run that shows the
occurrence key in its title is proof enough; else it must be the only run that can be
meant, and no other claim may have a right to it. That somebody else is shown as its actor
proves nothing: a server may name another than the token's own login.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from scheduler.job.model import OCCURRENCE_KEY
from scheduler.journal.journal import Claim
from scheduler.ports import Run
from scheduler.settings.model import CLAIM_VALIDITY, IN_FLIGHT, ROUNDING


@dataclass(frozen=True, kw_only=True)
class Found:
    """The run that the claim started, and how it was recognised."""

    run: Run
    matched: str


@dataclass(frozen=True, kw_only=True)
class NeverStarted:
    """No run can be the claim's."""


@dataclass(frozen=True, kw_only=True)
class Unclear:
    """More than one answer is possible; ``reason`` says which."""

    reason: str


Outcome = Found | NeverStarted | Unclear


def window(claim: Claim) -> tuple[datetime, datetime]:
    """When a run that the claim started can have been created, by GitHub's clock."""
    start = claim.created_at or claim.made_at
    return start - ROUNDING, start + CLAIM_VALIDITY + IN_FLIGHT


def listed(target: str) -> str:
    """What a target's runs are listed by: its repository and file, whatever its branch."""
    return target.partition("@")[0]


def overlap(one: Claim, other: Claim) -> bool:
    """Whether two claims on the same workflow could each have started the same run."""
    (from_a, to_a), (from_b, to_b) = window(one), window(other)
    meet = listed(one.target) == listed(other.target) and from_a <= to_b and from_b <= to_a
    return meet and not (one.ends or other.ends)


def named(run: Run, key: str) -> bool:
    """Whether the run's title shows this occurrence key, perhaps among others."""
    return key in OCCURRENCE_KEY.findall(run.title)


def match(
    claim: Claim,
    runs: Iterable[Run],
    *,
    login: str,
    taken: Iterable[int] = (),
    rivals: Iterable[str] = (),
) -> Outcome:
    """Settle ``claim`` by the target's ``runs``.

    ``login`` is the scheduler's own, ``taken`` the run ids that stand in a journal,
    ``rivals`` words for whatever else may have started a run in the claim's window
    without saying which: open claims, and dispatches whose run was never identified.
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
