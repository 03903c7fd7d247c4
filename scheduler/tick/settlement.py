"""Asks GitHub what became of a claim, and gathers what the pure answer needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.job.states import State
from scheduler.journal.journal import Claim, Entry, History, read
from scheduler.policy.recovery import (
    Found,
    NeverStarted,
    Outcome,
    Unclear,
    listed,
    match,
    named,
    overlap,
    window,
)
from scheduler.ports.values import Comment, Run, Target
from scheduler.settings.model import LEAST_RECOVERY
from scheduler.tick.context import Context

#: How often, and with which pause in seconds, a run is looked for right after its dispatch.
LOOKS, PAUSE = 2, 1.5
#: Stands for rivals that were not looked for yet: beside one, only a run's title is proof.
SOMEBODY = "a run that is still to come"


def ask(ctx: Context, claim: Claim, number: int) -> Outcome:
    """What became of ``claim`` on issue ``number``, once its window has passed."""
    if claim.ends:
        return NeverStarted()
    target = Target.of(claim.target)
    if target.workflow is None:
        return Unclear(
            reason=f"the answer to the event {target.event!r} was lost, and GitHub shows no "
            "run that could prove it"
        )
    login = ctx.facts.login() or ""
    try:
        runs = ctx.queue.runs(target, window(claim)[0])
        outcome = match(claim, runs, login=login, rivals=[SOMEBODY])
        if isinstance(outcome, NeverStarted):
            # GitHub says nothing of how late its search is: the whole list may show it.
            runs = ctx.queue.runs(target, window(claim)[0], filtered=False)
            outcome = match(claim, runs, login=login, rivals=[SOMEBODY])
    except (Rejected, NotPermitted) as problem:
        return Unclear(reason=f"the runs of {target.workflow} can't be read: {problem}")
    if isinstance(outcome, NeverStarted):
        # No run can be meant: nobody else has to be asked.
        return outcome
    return beside_others(ctx, claim, number, runs)


def beside_others(ctx: Context, claim: Claim, number: int, runs: Sequence[Run]) -> Outcome:
    """What became of ``claim`` by ``runs``, as far as they can't be those of other jobs."""
    taken, rivals = _others(ctx, claim, number)
    outcome = match(claim, runs, login=ctx.facts.login() or "", taken=taken, rivals=rivals)
    if isinstance(outcome, Found) and rivals and not claim.title and named(outcome.run, claim.key):
        # Its workflow shows what it was told by others: any job's run can have this title.
        words = f"run {outcome.run.id} may be its run or that of {', '.join(rivals)}"
        return Unclear(reason=words)
    return outcome


def by_title(ctx: Context, claim: Claim, number: int = 0) -> Found | None:
    """The run that shows the claim's key in its title, if there is one yet."""
    target = Target.of(claim.target)
    if target.workflow is None:
        return None
    try:
        runs = ctx.queue.runs(target, window(claim)[0])
        outcome = match(claim, runs, login="", rivals=[SOMEBODY])
        if isinstance(outcome, Found):
            outcome = beside_others(ctx, claim, number, [outcome.run])
    except (Rejected, NotPermitted, Unavailable):
        return None
    return outcome if isinstance(outcome, Found) else None


def identify(ctx: Context, entry: Entry, claim: Claim, number: int) -> Entry:
    """``entry`` of an accepted dispatch with its run, where the answer named none."""
    for look in range(LOOKS):
        if look:
            ctx.clock.sleep(PAUSE)
        try:
            ctx.facts.forget_comments()
            outcome = ask(ctx, claim, number)
        except (Rejected, NotPermitted, Unavailable):
            # It was accepted: that is to be recorded, named or not.
            break
        if isinstance(outcome, Found):
            run = outcome.run
            return replace(entry, run_id=run.id, run_url=run.url, matched=outcome.matched)
        if not isinstance(outcome, NeverStarted):
            break
    return entry


def _others(ctx: Context, claim: Claim, number: int) -> tuple[set[int], list[str]]:
    """The runs that other journals hold, and who else may have started one unseen."""
    taken = {run for run, key in ctx.facts.started.items() if key != claim.key}
    rivals: list[str] = []
    # A claim that was made earlier can still meet this one's window.
    since = window(claim)[0] - LEAST_RECOVERY
    for issue, comments in _by_issue(ctx, since):
        history = read(comments, login=ctx.facts.login() or "")
        taken |= {e.run_id for e in history.journal.entries if e.run_id is not None}
        if issue == number:
            continue
        rivals += [f"#{issue}" for other in _unsettled(history) if overlap(claim, other)]
        rivals += [f"#{issue}" for entry in history.journal.entries if _unnamed_rival(entry, claim)]
    return taken, list(dict.fromkeys(rivals))


def _by_issue(ctx: Context, since: datetime) -> Iterator[tuple[int, list[Comment]]]:
    """The repository's comments since, by issue."""
    comments = ctx.facts.recent_comments(since)
    if comments is None:
        comments = _read_each(ctx, since)
    by_issue: dict[int, list[Comment]] = {}
    for comment in comments:
        by_issue.setdefault(comment.issue, []).append(comment)
    yield from by_issue.items()


def _read_each(ctx: Context, since: datetime) -> list[Comment]:
    """The comments since of each issue that has changed since."""
    # A server without the repository-wide list: one question for each changed issue.
    tickets = [*ctx.queue.open_tickets(), *ctx.queue.closed_tickets(since)]
    found: list[Comment] = []
    for ticket in tickets:
        if ticket.comments and ticket.updated_at >= since:
            found += ctx.queue.comments(ticket.number, since=since).items
    return found


def _unsettled(history: History) -> list[Claim]:
    """The claims that may have started a run which no journal names."""
    held = {(e.key, e.attempt) for e in history.journal.entries if e.outcome == State.HELD.value}
    kept = [claim for claim in history.claims if (claim.key, claim.attempt) in held]
    return [*history.standing, *kept]


def _unnamed_rival(entry: Entry, claim: Claim) -> bool:
    """Whether an entry tells of a dispatch whose run nobody named, and which may be the claim's."""
    earliest, latest = window(claim)
    return (
        entry.outcome == State.DISPATCHED.value
        and entry.run_id is None
        and listed(entry.target) == listed(claim.target)
        and earliest <= entry.at <= latest
    )
