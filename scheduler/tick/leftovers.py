"""Closed issues on which a claim still stands: their journal says what became of it.

Nothing is dispatched here; a claim that is still young is left to the next tick.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from scheduler.errors import Rejected, Unavailable
from scheduler.job.states import LABELLED, TERMINAL, State, state_label
from scheduler.journal.journal import Claim, claim_of, never_started, read
from scheduler.policy.recovery import Found, Unclear
from scheduler.ports.values import Comment, Comments, Ticket
from scheduler.tick import decide, issues, record, rules, settlement
from scheduler.tick.context import Context
from scheduler.tick.dispatch import started
from scheduler.tick.invalid import RECENT
from scheduler.tick.outcome import Heading, Progress, Tally, attempt, note_of

#: No job is claimed so long before its instant.
EARLY = timedelta(minutes=1)
#: Written, and deleted at once, where nothing but a write of its own shows the login.
PROBE = "Looking into what became of the attempt above."


def settle(ctx: Context, closed: Iterable[Ticket], tally: Tally) -> None:
    """Settle the claims that stand on the issues closed within the last hour.

    What came of each is counted in ``tally``; one of which something is said there already is
    left alone.

    Raises:
        RateLimited, NotPermitted: GitHub's answer.
    """
    since = ctx.began - RECENT
    states = {state_label(ctx.settings.label, state) for state in LABELLED}
    named = tally.named()
    for ticket in closed:
        told = ticket.number in named or bool(states & set(ticket.labels))
        # Only beside due jobs, of which each request is counted: a tick with nothing due looks.
        told = told or (bool(tally.due) and _ended(ctx, ticket))
        if not ticket.comments or told or (ticket.closed_at or ticket.updated_at) < since:
            continue
        recent = ctx.facts.recent_comments(since, earlier=True)
        if recent is None and _over(ctx, ticket):
            continue  # of too many comments to look through, those of what is over tell nothing
        here = None if recent is None else [each for each in recent if each.issue == ticket.number]
        look = partial(_look, ctx, ticket=ticket, here=here)
        problem = attempt(ticket.number, look, tally).problem
        if isinstance(problem, (Rejected, Unavailable)):
            tally.note(ticket.number, *note_of(problem), again=ctx.began)
        elif problem is not None:
            raise problem


def _look(ctx: Context, done: Progress, *, ticket: Ticket, here: Sequence[Comment] | None) -> None:
    """Settle one issue, or put its label on; ``here`` are its recent comments, if known."""
    if here is None or any(_claimed(ctx, comment) for comment in here):
        _settle(ctx, done, ticket)
    else:
        _mark(ctx, ticket, here)


def _ended(ctx: Context, ticket: Ticket) -> bool:
    """Whether the issue itself shows that nothing is to be settled yet; asks for nothing."""
    closed_at = ticket.closed_at or ticket.updated_at
    young = ctx.began - closed_at < ctx.settings.limits.recover_after
    # A claim on what was just closed would be left alone for as long, whoever closed it.
    return young or _early(ctx, ticket)


def _early(ctx: Context, ticket: Ticket) -> bool:
    """Whether it was closed before its time: then it was claimed only if it was moved."""
    job, closed_at = rules.job_in(ctx, ticket.body), ticket.closed_at or ticket.updated_at
    return job is not None and closed_at + EARLY < job.run_at


def _over(ctx: Context, ticket: Ticket) -> bool:
    """Whether an issue whose comments can only be read alone is not worth that request.

    The scheduler closes as completed only what its journal says was dispatched; who else
    does under its account, of that a claim is left standing there.
    """
    login, by = ctx.facts.login() or "", ticket.closed_by or ""
    done = ticket.state_reason == "completed" and by and by.lower() == login.lower()
    return bool(login) and (bool(done) or _early(ctx, ticket))


def _claimed(ctx: Context, comment: Comment) -> bool:
    """Whether a comment is a claim that may be the scheduler's own: anybody can write one."""
    if claim_of(comment) is None:
        return False
    login = ctx.facts.login()
    if login is None:
        return rules.insider(ctx, comment.author)
    return comment.author.login.lower() == login.lower()


def _mark(ctx: Context, ticket: Ticket, here: Iterable[Comment]) -> None:
    """Put on the label of a job's end where a tick died between the closing and that.

    The records of whoever closed it say which; that this was the scheduler is asked only
    where there is a label to put on.
    """
    by = ticket.closed_by
    entries = read(here, login=by).journal.entries if by else ()
    job = rules.job_in(ctx, ticket.body)
    if not entries or job is None or ticket.state_reason == "completed":
        return
    ends = {State.REJECTED} if job.recurring else TERMINAL & LABELLED
    state = next((each for each in ends if each.value == entries[-1].outcome), None)
    if state and by and by.lower() == (ctx.facts.login() or "").lower():
        issues.mark(ctx, ticket, state)


def _settle(ctx: Context, done: Progress, ticket: Ticket) -> None:
    """Record what became of each claim on a closed issue that is old enough to be told of."""
    comments = ctx.queue.comments(ticket.number)
    if not _introduced(ctx, ticket, comments):
        return
    history = decide.history(ctx, comments)
    record.tidy(ctx, history)
    for claim in history.standing:
        if _young(ctx, claim, comments):
            continue
        outcome = settlement.ask(ctx, claim, ticket.number)
        entry = never_started(claim, ctx.clock.now())
        if isinstance(outcome, Found):
            ctx.facts.started[outcome.run.id] = claim.key
            entry = started(
                replace(entry, outcome=State.DISPATCHED.value, reason=claim.left_out), outcome
            )
            entry = replace(entry, instead_of=claim.instead_of)
            reason = f"was closed, but had started run {outcome.run.id}"
        elif isinstance(outcome, Unclear):
            seen = max(comment.id for comment in comments.items)
            entry = replace(entry, outcome=State.HELD.value, reason=outcome.reason, seen=seen)
            reason = f"was closed; whether it had started can't be told: {outcome.reason}"
        else:
            reason = "was closed before it started"
            if claim.ends == State.CANCELLED.value:
                # Reopened, it is not closed again by the same words.
                entry = replace(entry, outcome=claim.ends, reason="the issue was closed")
        ctx.facts.forget_comments()
        journal, _ = record.write_journal(ctx, ticket.number, history, entry)
        history = replace(history, journal=journal)
        done.note(Heading.RECOVERED, reason)


def _young(ctx: Context, claim: Claim, comments: Comments) -> bool:
    """Whether a claim is too young for its run to be shown, if it has one."""
    age = (comments.as_of or ctx.clock.now()) - (claim.created_at or claim.made_at)
    return age < ctx.settings.limits.recover_after


def _introduced(ctx: Context, ticket: Ticket, comments: Comments) -> bool:
    """Whether the scheduler's own login is known; where nothing tells it, a write does.

    Nobody is believed on their own word: the claims of whoever may have written them for
    the scheduler are only a reason to write and see.
    """
    facts = ctx.facts
    if facts.login() is not None:
        return True
    claims = ((each.author, claim_of(each)) for each in comments.items)
    old = {author for author, claim in claims if claim and not _young(ctx, claim, comments)}
    if not any(rules.insider(ctx, author) for author in old):
        return False
    written = ctx.queue.add_comment(ticket.number, PROBE)
    facts.learn_login(written.author.login)
    ctx.queue.delete_comment(written.id)
    return True
