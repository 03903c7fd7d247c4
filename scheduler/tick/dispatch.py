"""Claim, read again, then dispatch or end: the only way to either."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.job.model import occurrence_comment, occurrence_instant, which_try
from scheduler.job.states import CARRIED_OUT, State
from scheduler.job.workflow_file import Declared
from scheduler.job.workflow_inputs import inputs_for, not_handed_over
from scheduler.journal.comments import stays_comment
from scheduler.journal.journal import Claim, Entry, History, Journal
from scheduler.journal.news import mentioning
from scheduler.journal.notes import Explanation
from scheduler.policy import outcomes, retries
from scheduler.policy.acts import reopened_at
from scheduler.policy.decide import PATIENT, End, Fire, Recover, before, confirms
from scheduler.policy.news import whom
from scheduler.policy.recovery import Found, listed
from scheduler.ports.values import Comments, Dispatch, Target
from scheduler.tick import (
    approval,
    claims,
    closing,
    conditions,
    decide,
    issues,
    news,
    pacing,
    record,
    reply,
    rules,
    running,
    settlement,
)
from scheduler.tick.claims import AnswerLost, Fresh, GivenUp, OwnClaim, Work
from scheduler.tick.conclude import tell_late
from scheduler.tick.conditions import NotNow
from scheduler.tick.context import Context
from scheduler.tick.followed import Followed
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.outcome import Fired, Heading, Progress, Withdrawn
from scheduler.tick.rules import requested_by


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A claim that won, and everything that is known under it."""

    found: Occurrence
    work: Work
    own: OwnClaim
    history: History


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A dispatch that GitHub accepted, and the entry that is to say so."""

    standing: Standing
    entry: Entry


def fired(sent: Sent) -> Fired:
    """A dispatch as the report tells it."""
    entry, number = sent.entry, sent.standing.found.number
    late = entry.lateness_s or 0.0
    return Fired(
        id=number,
        run_id=entry.run_id,
        run_url=entry.run_url,
        lateness_s=late,
        reason=entry.reason,
    )


def claimed(ctx: Context, done: Progress, found: Occurrence, decision: Fire | End) -> None:
    """Claim ``found``, read it again, then dispatch or end it, and record that.

    Raises:
        Withdrawn: the claim was given up, and nothing was sent.
        RateLimited, Unavailable, Rejected, NotPermitted: GitHub's answer, untold yet.
    """
    standing = begin(ctx, done, found, decision)
    sent = fire(ctx, done, standing) if standing else None
    if sent:
        conclude(ctx, done, sent)


def begin(ctx: Context, done: Progress, found: Occurrence, decision: Fire | End) -> Standing | None:
    """Claim ``found`` and read it again; the claim under which it may now be sent.

    None: there is nothing to be sent, and what was to be done instead is done.

    Raises:
        Paced: GitHub takes no comment for too long.
        Withdrawn: the claim was given up.
        NotPermitted: the token writes under another login than the settings name.
    """
    if isinstance(decision, Fire):
        if full := running.against(ctx, found):
            running.wait(ctx, done, found, full)
            return None
        found = running.go_on(ctx, found)
    return _begin(ctx, done, found, decision)


def _begin(
    ctx: Context, done: Progress, found: Occurrence, decision: Fire | End
) -> Standing | None:
    """The same, of a dispatch that need not wait for a run to end."""
    pacing.make_room(ctx)
    target, declared, problem = rules.judge(ctx, found)
    if problem is None and isinstance(decision, Fire):
        problem = approval.missing(ctx, found)
    judged = _judged(ctx, done, found, decision, problem)
    if judged is None:
        return None
    work = _work(found, target, declared)
    firing = isinstance(judged, Fire)
    if firing and listed(work.target) in ctx.unsettled:
        done.note(Heading.RETRYING, "waits: an answer about the same target was lost")
        done.look_again(ctx.began)
        return None
    ctx.discussions.read_ahead(found.ticket)
    newest = ctx.facts.newest_run(target.repo) if firing else None
    blind = bool(found.ticket.comments) and ctx.facts.login() is None
    try:
        own, fresh = claims.claim(ctx, work, judged, newest)
    except Rejected as refused:
        # Without a claim nothing may be sent; the label is all that can still be said.
        done.note(Heading.HELD, f"no claim can be written: {refused}")
        issues.show(ctx, found.ticket, State.HELD)
        return None
    except GivenUp as given_up:
        if given_up.times < PATIENT:
            raise
        news.call(ctx, found, State.HELD, str(given_up))
        done.note(Heading.HELD, str(given_up))
        issues.show(ctx, found.ticket, State.HELD)
        return None
    _same_login(ctx, own)
    found, history = _confirmed(ctx, found, judged, own, fresh, blind=blind)
    if blind and firing and approval.missing(ctx, found):
        claims.withdraw(ctx, own)
        raise Withdrawn("who approved it is told by the scheduler's own records alone")
    standing = Standing(found=found, work=work, own=own, history=history)
    if isinstance(judged, End):
        _end(ctx, done, standing, judged.state, judged.reason)
        return None
    return standing


def _judged(
    ctx: Context,
    done: Progress,
    found: Occurrence,
    decision: Fire | End,
    problem: tuple[State, str] | None,
) -> Fire | End | None:
    """The decision, or the end to which a rule's ``problem`` or a condition turns a dispatch.

    None: it is neither sent nor ended now, and that is said.
    """
    if isinstance(decision, End):
        return decision
    if problem is None:
        against = conditions.against(ctx, found)
        if isinstance(against, NotNow):
            done.note(Heading.WAITING, against.reason)
            done.wait(against.found or found, against.until)
            done.look_again(against.until)
            return None
        problem = (State.SKIPPED, against) if against else None
    if problem is None:
        return decision
    state, reason = problem
    if state is State.APPROVAL:
        approval.wait(ctx, done, found, reason)
        return None
    if state in (State.PAUSED, State.HELD):
        _stays(ctx, done, found, state, reason)
        return None
    return End(state=state, reason=reason, attempt=decision.attempt, supersedes=decision.supersedes)


def _work(found: Occurrence, target: Target, declared: Declared) -> Work:
    """What is to be sent to ``target``, with the inputs that it declares."""
    # What the job's own rule says, whatever was added to spread or delay it.
    said = replace(found.job, run_at=found.instant)
    file = declared if target.workflow else None
    inputs = inputs_for(said, file, key=found.key, requested_by=requested_by(found))
    once = bool(occurrence_comment(found.key)) and not found.asked.recurring
    return Work(
        ticket=found.ticket,
        key=found.key,
        dispatch=Dispatch(target=target, inputs=inputs),
        title=found.key if declared.shows_key else "",
        instead_of=found.asked.run_at if once else None,
        left_out=not_handed_over(said, file),
        asked=found.command,
    )


def _stays(ctx: Context, done: Progress, found: Occurrence, state: State, reason: str) -> None:
    """Show that a job stays paused or on hold, whoever took its label off, and say why once."""
    ticket = found.ticket
    done.note(Heading(state.value), reason)
    told = Explanation.of(reason)
    if all(each.text_hash != told.text_hash for each in found.history.explanations):
        # Only a courtesy: the label and the tick's report say it as well.
        with contextlib.suppress(Rejected, Unavailable, NotPermitted):
            who = whom(ctx.settings.alerts, state)
            text = mentioning(stays_comment(told, state, reason), who)
            ctx.queue.add_comment(ticket.number, text)
    if state is State.PAUSED:
        issues.pause(ctx, ticket, paused=True)
    else:
        issues.show(ctx, ticket, state)


def _same_login(ctx: Context, own: OwnClaim) -> None:
    """Make sure that the claim was written by the login whose records are believed.

    Two ticks that believe different logins do not see each other's claims.
    """
    named = ctx.settings.scheduler.login
    if named is not None and named.lower() != own.login.lower():
        claims.withdraw(ctx, own)
        raise NotPermitted(
            f"token: writes as {own.login!r}, and the settings name {named!r} as the "
            "scheduler; use that account's token, or change scheduler.login in "
            ".github/scheduler.yml"
        )
    ctx.facts.learn_login(own.login)


def _confirmed(
    ctx: Context,
    found: Occurrence,
    decision: Fire | End,
    own: OwnClaim,
    fresh: Fresh,
    *,
    blind: bool,
) -> tuple[Occurrence, History]:
    """The job as it is read again, and the history under which the decision still holds.

    ``blind``: only this claim has shown whose acts are the scheduler's own.
    """
    comments = Comments(items=fresh.comments, as_of=fresh.as_of)
    history = decide.history(ctx, comments)
    earlier = before(history, own.claim)
    now_found = decide.locate(ctx, replace(found, ticket=fresh.ticket), fresh.comments, earlier)
    if blind:
        now_found, comments = rules.still_meant(ctx, now_found, comments)
    again = decide.decision(ctx, now_found, comments, earlier)
    if isinstance(again, Recover) and again.claim == decision.supersedes:
        again = decide.after_recovery(ctx, now_found, comments, earlier, again.claim)
    if now_found.key != found.key or not confirms(decision, own.claim, history, again):
        claims.withdraw(ctx, own)
        ctx.discussions.forget(found.number)
        raise Withdrawn("another tick is at it, or its history is not what it seemed")
    return now_found, history


def _end(ctx: Context, done: Progress, standing: Standing, state: State, reason: str) -> None:
    """End a job without a dispatch, under a claim: do what was asked for, record it, close."""
    found = standing.found
    done.ended = True
    found = closing.obey(ctx, found, state)
    history = standing.history
    if retries.unfinished(history.journal, found.key) is None:  # else `tell_late` calls them
        news.call(ctx, found, state, reason, known=history.news)
    attempt = standing.own.claim.attempt
    told = reply.of_end(ctx, found, state, attempt=attempt, journal=history.journal)
    entry = record.entry(ctx, found, state, history, standing.own.claim, reason=reason)
    entry = replace(entry, told=told)
    obeyed = found.command is not None and state in CARRIED_OUT
    done.note(Heading.OBEYED if obeyed else Heading(state.value), reason)
    found, journal = record.write(ctx, found, history, entry, own=standing.own.claim)
    tell_late(ctx, found, journal, state)
    closing.after(ctx, done, found, journal, state)


def fire(ctx: Context, done: Progress, standing: Standing) -> Sent | None:
    """Dispatch under a claim; what is then to be recorded.

    None: it was not accepted, or that can't be told, and what follows is done.
    """
    found, claim = standing.found, standing.own.claim
    done.sent += 1
    # A claim may be early, a dispatch never.
    while (early := found.job.run_at - ctx.clock.now()) > timedelta(0):
        ctx.clock.sleep(early.total_seconds())
    if full := running.against(ctx, found):
        # Of several that were claimed ahead, another was sent.
        claims.withdraw(ctx, standing.own)
        raise Withdrawn(f"it waits {full}")
    ready = _ready(ctx, found)
    try:
        accepted, sent_at = claims.send(ctx, standing.work, standing.own)
    except AnswerLost as lost:
        running.sent(ctx, found, claim.key)
        _lost(ctx, done, standing, lost)
        return None
    except Rejected as refused:
        _end(ctx, done, standing, State.DISCARDED, str(refused))
        return None
    if accepted.run_id:
        ctx.facts.saw_run(standing.work.dispatch.target.repo, accepted.run_id, claim.key)
    running.sent(ctx, found, claim.key)
    late = round((sent_at - ready).total_seconds(), 3)
    entry = replace(
        record.entry(ctx, found, State.DISPATCHED, standing.history, claim),
        at=sent_at,
        lateness_s=late,
        run_id=accepted.run_id,
        run_url=accepted.run_url,
    )
    return Sent(standing=standing, entry=entry)


def _ready(ctx: Context, found: Occurrence) -> datetime:
    """From when on a job could be sent, UTC; its lateness is counted from there.

    Whoever had to approve it was late, or to open it so that it is tried again, or the run that
    had to end, and no clock.
    """
    opened = None
    if which_try(found.key) > 1:
        opened = reopened_at(ctx.facts.acts(found.ticket).events or ())
    waited = (running.free_since(ctx, found), approval.given_at(ctx, found), opened)
    return max(found.job.run_at, *filter(None, waited))


def conclude(ctx: Context, done: Progress, sent: Sent) -> None:
    """Record a dispatch that GitHub accepted, and close its issue."""
    standing, entry = sent.standing, sent.entry
    found, claim = standing.found, standing.own.claim
    if entry.run_id is None and found.job.workflow:
        entry = settlement.identify(ctx, entry, claim, found.number)
        if entry.run_id:
            ctx.facts.saw_run(standing.work.dispatch.target.repo, entry.run_id, entry.key)
    # Of one that is to be told elsewhere it is recorded once that was done.
    if ctx.settings.follow and found.job.event and not entry.reply_to:
        entry = outcomes.with_end(entry, outcomes.not_known(entry, outcomes.EVENT))
    done.fired = fired(replace(sent, entry=entry))
    found, journal = record.write(ctx, found, standing.history, entry, own=claim)
    closing.after(ctx, done, found, journal, State.DISPATCHED)
    _follow(ctx, done, found, journal, entry)
    running.recorded(ctx, entry.key)


def _follow(
    ctx: Context, done: Progress, found: Occurrence, journal: Journal, entry: Entry
) -> None:
    """Have a tick that stays look soon what became of the run of a recorded dispatch."""
    if entry.conclusion or not ctx.settings.follow:
        return
    waits = done.waiting.found if done.waiting else None
    followed = Followed(ticket=found.ticket, entry=entry, job=found.asked, found=waits)
    history = History(journal=journal)
    now, steady = ctx.clock.now(), ctx.clock.monotonic()
    ctx.following.begin(followed, history, now=now, steady=steady)


def _lost(ctx: Context, done: Progress, standing: Standing, lost: AnswerLost) -> None:
    """Look at once for the run of a dispatch whose answer was lost; else leave it to recovery."""
    found, claim = standing.found, standing.own.claim
    # The claim's window is still open: only a run that names the occurrence is proof.
    outcome = settlement.by_title(ctx, claim, found.number)
    if outcome is not None:
        recovered(ctx, done, found, standing.history, claim, outcome=outcome, own=claim)
        return
    if not standing.work.title:
        ctx.unsettled.add(listed(standing.work.target))
    done.note(Heading.RETRYING, f"{lost}; whether it ran is looked up later")
    done.look_again(ctx.clock.now() + ctx.settings.limits.recover_after)


def recovered(
    ctx: Context,
    done: Progress,
    found: Occurrence,
    history: History,
    claim: Claim,
    *,
    outcome: Found,
    own: Claim | None = None,
) -> None:
    """Record the run that was found to be a claim's, and close if that was the job's."""
    ctx.facts.started[outcome.run.id] = claim.key
    running.sent(ctx, found, claim.key)
    entry = record.entry(ctx, found, State.DISPATCHED, history, claim)
    reason = f"run {outcome.run.id}, found by {outcome.matched}"
    done.note(Heading.RECOVERED, reason)
    found, journal = record.write(ctx, found, history, started(entry, outcome), own=own)
    if claim.key == found.key:
        closing.after(ctx, done, found, journal, State.DISPATCHED)
    else:
        # What it is at meanwhile is due as well.
        done.look_again(ctx.began)


def started(entry: Entry, outcome: Found) -> Entry:
    """``entry`` with the run that recovery found."""
    run = outcome.run
    at = run.created_at or entry.at
    instant = occurrence_instant(entry.key)
    late = (at - instant).total_seconds() if instant else 0.0
    return replace(
        entry,
        at=at,
        run_id=run.id,
        run_url=run.url,
        matched=outcome.matched,
        lateness_s=max(late, 0.0),
    )
