"""Asks GitHub for the runs that are followed: one list for each repository, 100 runs a request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from scheduler.errors import NotPermitted, RateLimited, Rejected, Unavailable
from scheduler.journal.journal import Claim, Entry
from scheduler.policy.outcomes import MAY_HIDE_NO_JOB
from scheduler.policy.recovery import Found, match
from scheduler.ports.values import Run, Target
from scheduler.settings.model import CLAIM_VALIDITY
from scheduler.tick import settlement
from scheduler.tick.context import Context
from scheduler.tick.followed import Followed, in_turn

#: So many runs are asked for alone in one look, where the list does not have them.
ALONE = 20
#: How much earlier than it was recorded a dispatch may have been made.
EARLIER = timedelta(minutes=5)


class NotAsked(Exception):
    """The run was not asked for now; the message is for people, and may be empty."""


@dataclass(kw_only=True)
class Runs:
    """The runs of one repository, as far as its list shows them."""

    ctx: Context
    repo: str
    listed: dict[int, Run] = field(default_factory=dict)
    #: Why the runs can't be read; empty: they can.
    problem: str = ""
    #: How many more may be asked for alone, and whose turn comes at another look.
    alone: int = ALONE
    left: frozenset[int] = frozenset()

    @classmethod
    def of(cls, ctx: Context, repo: str, followed: Iterable[Followed]) -> Runs:
        """The runs of ``repo`` since the first of ``followed``; asks once, by list.

        Raises:
            RateLimited: GitHub wants to be left alone.
        """
        runs, followed = cls(ctx=ctx, repo=repo), list(followed)
        since = min(each.entry.at for each in followed) - EARLIER
        try:
            runs.listed = {run.id: run for run in ctx.queue.recent_runs(repo, since)}
        except RateLimited:
            raise
        except (Rejected, NotPermitted, Unavailable) as problem:
            runs.problem = f"the runs of {repo} can't be read: {problem}"
        named = [each.entry.run_id for each in followed if each.entry.run_id is not None]
        rest = [run_id for run_id in named if run_id not in runs.listed]
        runs.left = frozenset(rest).difference(in_turn(rest, ALONE, ctx.clock.now()))
        return runs

    def run(self, followed: Followed, target: Target) -> Run | None:
        """The run of a dispatch as it is now; None: there is none.

        Raises:
            NotAsked: so much was asked already, or GitHub does not say.
            RateLimited: GitHub wants to be left alone.
        """
        entry = followed.entry
        if entry.run_id is None:
            return self._unnamed(followed, target)
        if (run := self.listed.get(entry.run_id)) is not None:
            return run
        if not self.alone or entry.run_id in self.left:
            raise NotAsked("")
        self.alone -= 1
        try:
            return self.ctx.queue.run(self.repo, entry.run_id)
        except RateLimited:
            raise
        except (Rejected, NotPermitted, Unavailable) as problem:
            words = f"run {entry.run_id} of {self.repo} can't be read: {problem}"
            raise NotAsked(self.problem or words) from problem

    def candidate(self, followed: Followed, target: Target) -> bool:
        """Whether a run that has ended may be the one of a dispatch that nobody named."""
        if followed.entry.run_id is not None:
            return False
        claim = claimed(followed.entry)
        return any(
            run.conclusion and isinstance(match(claim, [run], login=run.actor), Found)
            for run in self.listed.values()
            if run.workflow in ("", target.workflow)
        )

    def jobs(self, run: Run | None) -> int | None:
        """How many jobs a run had, if that says more than its own word; None: not told.

        Raises:
            NotAsked: GitHub does not say now.
            RateLimited: GitHub wants to be left alone.
        """
        if run is None or run.conclusion not in MAY_HIDE_NO_JOB:
            return None
        try:
            return self.ctx.queue.jobs_of_run(self.repo, run.id)
        except RateLimited:
            raise
        except (Rejected, NotPermitted):
            return None
        except Unavailable as problem:
            raise NotAsked(f"the jobs of run {run.id} can't be read: {problem}") from problem

    def _unnamed(self, followed: Followed, target: Target) -> Run | None:
        """The run of a dispatch that nobody named, by the rules of recovery.

        Raises:
            NotAsked: the list can't be read.
        """
        if self.problem:
            raise NotAsked(self.problem)
        claim, login = claimed(followed.entry), self.ctx.facts.login() or ""
        # Whoever may start the same workflow can have its run show any key.
        runs = [
            run
            for run in self.listed.values()
            if run.workflow in ("", target.workflow) and run.actor.lower() in ("", login.lower())
        ]
        if not isinstance(match(claim, runs, login=login), Found):
            return None
        outcome = settlement.beside_others(self.ctx, claim, followed.number, runs)
        return outcome.run if isinstance(outcome, Found) else None


def claimed(entry: Entry) -> Claim:
    """The claim under which a recorded dispatch was made, as far as its entry tells."""
    return Claim(
        id=entry.claim or 0,
        created_at=entry.at,
        key=entry.key,
        attempt=entry.attempt,
        nonce="",
        target=entry.target,
        made_at=entry.at,
        expires_at=entry.at + CLAIM_VALIDITY,
    )
