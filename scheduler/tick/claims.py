"""Writes a claim, reads the issue again under it, and sends the dispatch, in this order.

A tick that dies after its claim leaves a comment, by which the next tick finds out what became of
it. Nothing is sent by what was read before the claim.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.errors import NotPermitted, RateLimited, SchedulerError, Unavailable
from scheduler.job.states import State, state_label
from scheduler.journal.comments import claim_comment, withdrawn_comment
from scheduler.journal.journal import Claim, read
from scheduler.journal.notes import Withdrawal
from scheduler.journal.slash import Command
from scheduler.policy.decide import PATIENT, End, Fire, given_up
from scheduler.policy.rereading import HIDDEN, UNSHOWN, too_old
from scheduler.ports.values import Accepted, Comment, Dispatch, Ticket
from scheduler.settings.model import CLAIM_VALIDITY
from scheduler.tick.context import Context
from scheduler.tick.discussions import Again
from scheduler.tick.outcome import Withdrawn

#: How often what was read is read again when it is older than what was written.
READS = 3
#: The longest wait for GitHub's rate limit within a tick.
PATIENCE = timedelta(seconds=15)
#: The labels by which a person keeps a job from running, and what is said of each.
STOPS = {
    State.PAUSED: "paused",
    State.HELD: "put on hold",
    State.APPROVAL: "made to wait for an approval",
}


@dataclass(frozen=True, kw_only=True)
class Work:
    """One occurrence that is to be dispatched, with everything that the dispatch needs."""

    ticket: Ticket
    key: str
    dispatch: Dispatch
    #: The key, where the target shows it in the titles of its runs.
    title: str = ""
    #: The job's own instant, where a comment has it run at another.
    instead_of: datetime | None = None
    #: Which of the job's own words its run is not told, and why; empty: it is told all.
    left_out: str = ""
    #: The comment that asks for it; None: its own time does.
    asked: Command | None = None

    @property
    def target(self) -> str:
        """The target in one word, as a claim names it."""
        return self.dispatch.target.word


@dataclass(frozen=True, kw_only=True)
class OwnClaim:
    """A claim of this tick's own that stands."""

    claim: Claim
    #: When it was begun: UTC, and by the steady clock in its seconds.
    began: datetime
    began_monotonic: float
    #: Who wrote it, by what GitHub shows.
    login: str


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """What was read after the claim stood."""

    ticket: Ticket
    comments: tuple[Comment, ...]
    #: GitHub's own time then, if it told it.
    as_of: datetime | None


class GivenUp(Withdrawn):
    """A claim that was withdrawn since what was read stayed older; the ``times``-th in a row."""

    def __init__(self, message: str, *, times: int) -> None:
        super().__init__(message)
        self.times = times


class AnswerLost(SchedulerError):
    """The dispatch may or may not have been made; its claim stands for recovery."""


def claim(
    ctx: Context, work: Work, decision: Fire | End, newest_run: int | None
) -> tuple[OwnClaim, Fresh]:
    """Write a claim and read the issue again, until what is read holds the claim.

    Raises:
        GivenUp: what was read stayed older than the claim.
        Withdrawn: what was read forbids a dispatch.
        Rejected: GitHub takes no comment on this issue.
    """
    began, began_monotonic = ctx.clock.now(), ctx.clock.monotonic()
    claim = Claim(
        key=work.key,
        attempt=decision.attempt,
        nonce=ctx.nonce(),
        target=work.target,
        made_at=began,
        expires_at=began + CLAIM_VALIDITY,
        newest_run=newest_run,
        supersedes=decision.supersedes.id if decision.supersedes else None,
        ends=decision.state.value if isinstance(decision, End) else "",
        title=work.title,
        instead_of=work.instead_of,
        left_out="" if isinstance(decision, End) else work.left_out,
    )
    written: Comment | None = None
    try:
        written = ctx.queue.add_comment(work.ticket.number, claim_comment(claim))
    except Unavailable as lost:
        if not lost.sent:
            raise
    fresh, mine = _read_again(ctx, work, claim, written)
    own = OwnClaim(
        claim=replace(claim, id=mine.id, created_at=mine.created_at),
        began=began,
        began_monotonic=began_monotonic,
        login=mine.author.login,
    )
    if reason := changed(work.ticket, fresh.ticket, ctx.settings.label):
        withdraw(ctx, own)
        raise Withdrawn(reason)
    return own, fresh


def _read_again(
    ctx: Context, work: Work, claim: Claim, written: Comment | None
) -> tuple[Fresh, Comment]:
    """What is read once the claim stands, and the claim as it is shown there.

    Raises:
        GivenUp: that stayed older than the claim, or did not show it.
        Withdrawn: the issue is gone.
        SchedulerError: GitHub's answer; the claim is deleted, if it is known.
    """
    tried = 0
    while True:
        tried += 1
        try:
            again = _again(ctx, work, whole=tried == READS)
            ticket = ctx.queue.ticket(work.ticket.number)
            reason = _older(work, ticket, again, claim)
            if reason == HIDDEN:
                # Perhaps only of what was written between the two readings.
                again = _again(ctx, work, whole=again.whole)
                reason = _older(work, ticket, again, claim)
        except SchedulerError:
            _delete(ctx, written.id if written else None)
            raise
        if ticket is None:
            raise Withdrawn("the issue was deleted or transferred")
        mine = _own(again, claim)
        if mine and not reason:
            comments = again.comments
            return Fresh(ticket=ticket, comments=comments.items, as_of=comments.as_of), mine
        written = written or mine
        if tried == READS:
            raise _given_up(ctx, work, written, again, reason)
        ctx.clock.sleep(1.0)


def _again(ctx: Context, work: Work, *, whole: bool) -> Again:
    """The comments of an issue as they are now."""
    return ctx.discussions.again(work.ticket, asked=work.asked, whole=whole)


def _given_up(
    ctx: Context, work: Work, written: Comment | None, again: Again, reason: str
) -> GivenUp:
    """Take the claim back, and say so on the issue where the ticks to come find it."""
    words = f"GitHub showed the issue older than the claim: {reason}"
    if written is None:
        return GivenUp(words, times=0)
    known = read(again.comments.items, login=written.author.login).withdrawals
    times = given_up(known) + 1
    if reason == UNSHOWN:
        # What earlier ticks said of it may be hidden as well.
        hidden = work.ticket.comments - len(again.listed) if again.whole else 0
        times = max(times, min(hidden + 1, PATIENT))
    withdrawal = Withdrawal(times=times, at=ctx.clock.now(), reason=reason)
    held = state_label(ctx.settings.label, State.HELD) if times >= PATIENT else ""
    try:
        ctx.queue.edit_comment(written.id, withdrawn_comment(withdrawal, held=held))
        for each in known:
            ctx.discussions.delete(each.id)
    except SchedulerError:
        _delete(ctx, written.id)
    return GivenUp(words, times=times)


def _delete(ctx: Context, comment_id: int | None) -> None:
    """Delete a claim under which nothing was sent, if that goes."""
    if comment_id is None:
        return
    try:
        ctx.discussions.delete(comment_id)
    except SchedulerError:
        # It stands then, nothing was sent under it, and recovery will find that.
        return


def withdraw(ctx: Context, own: OwnClaim) -> None:
    """Delete a claim under which nothing was sent."""
    _delete(ctx, own.claim.id)


def expired(ctx: Context, own: OwnClaim) -> bool:
    """Whether the claim is too old to send under, by either clock.

    A monotonic clock stands still while a machine is suspended, a wall clock can be
    set back: the larger difference counts.
    """
    elapsed = timedelta(seconds=ctx.clock.monotonic() - own.began_monotonic)
    return max(elapsed, ctx.clock.now() - own.began) >= CLAIM_VALIDITY


def send(ctx: Context, work: Work, own: OwnClaim) -> tuple[Accepted, datetime]:
    """Dispatch under a claim, once; also the instant at which it was sent.

    Raises:
        Withdrawn: the claim is too old.
        RateLimited: GitHub wants a longer wait than a claim is good for.
        AnswerLost: whether it took effect can't be told from the answer.
        Rejected: GitHub refused it for good.
    """
    while True:
        if expired(ctx, own):
            withdraw(ctx, own)
            raise Withdrawn("its claim had grown old before the dispatch; the next tick")
        sent_at = ctx.clock.now()
        try:
            return ctx.queue.dispatch(work.dispatch), sent_at
        except RateLimited as limited:
            wait = limited.retry_at - ctx.clock.now()
            if wait > PATIENCE:
                withdraw(ctx, own)
                raise
            ctx.clock.sleep(max(wait.total_seconds(), 0.5))
        except NotPermitted:
            withdraw(ctx, own)
            raise
        except Unavailable as lost:
            if lost.sent:
                raise AnswerLost(str(lost)) from lost
            withdraw(ctx, own)
            raise


def _own(again: Again, claim: Claim) -> Comment | None:
    """The own claim among the comments that were listed, by its nonce."""
    return next((each for each in again.listed if claim.nonce in each.body), None)


def _older(work: Work, ticket: Ticket | None, again: Again, claim: Claim) -> str:
    """Why what was read may be older than the claim; nothing, if it is not."""
    if ticket is None:
        return ""
    mine = _own(again, claim)
    own = mine.id if mine else None
    return too_old(work.ticket, ticket, again.listed, own, whole=again.whole) or ""


def changed(before: Ticket, now: Ticket, label: str) -> str | None:
    """What a person did to the issue that forbids what was decided before; None: nothing."""
    if now.url != before.url:
        return "the issue was transferred"
    if not now.open:
        return "the issue was closed"
    if label.lower() not in {name.lower() for name in now.labels}:
        return f"the label {label!r} was taken off"
    if now.locked:
        return "the issue was locked"
    if now.state_reason != before.state_reason:
        return "the issue was reopened"
    for state, words in STOPS.items():
        stop = state_label(label, state)
        if (stop in now.labels) != (stop in before.labels):
            return f"the job was {words}" if stop in now.labels else f"it is no longer {words}"
    if now.body != before.body:
        return "its text was changed; the next tick reads it"
    return None
