"""One job on its way: carries out what ``policy`` decides, with nothing decided here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.job.states import State, state_label
from scheduler.journal.comments import holds_comment, told_in
from scheduler.journal.journal import NEVER_STARTED, Claim, History, highest_attempt, never_started
from scheduler.journal.news import mentioning
from scheduler.journal.slash import Resolution
from scheduler.policy.decide import (
    OBEYED,
    PATIENT,
    Decision,
    End,
    Finish,
    Fire,
    PutOnHold,
    Recover,
    Resolve,
    Wait,
    after_withdrawals,
    given_up,
)
from scheduler.policy.news import whom
from scheduler.policy.recovery import Found, Unclear
from scheduler.ports.values import Comments
from scheduler.tick import (
    approval,
    closing,
    decide,
    dispatch,
    issues,
    news,
    record,
    rules,
    running,
    settlement,
)
from scheduler.tick.claims import changed
from scheduler.tick.conclude import tell_late
from scheduler.tick.context import HELD_FOR, Context
from scheduler.tick.discussions import is_long
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.outcome import Heading, Progress, Withdrawn, tries
from scheduler.tick.report import LOCKED, unread

#: Of a job that its label keeps on hold, whatever its comments let it do.
KEPT = Wait(reason="on hold; its comments say why", state=State.HELD)
#: What is said of a hold of which only the label is known.
UNRECORDED = (
    "only the label {label!r} says so: a person put it on, or GitHub refused the comment in which "
    "a dispatch begins, as it does on a locked issue; take the label off to have the job run"
)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A job as its issue shows it now."""

    found: Occurrence
    comments: Comments
    #: What the comments record.
    history: History


def process(ctx: Context, done: Progress, found: Occurrence) -> None:
    """Do the one thing that is to be done with a due job now; ``done`` says what that was.

    Raises:
        Withdrawn: a claim was given up; the next tick looks again.
        RateLimited, Unavailable, Rejected, NotPermitted: GitHub's answer, untold yet.
        OtherScheduler: as ``decide.require_own_records``.
    """
    if found.ticket.locked:
        done.note(Heading.HELD, LOCKED)
        return
    comments: Comments | None = Comments(items=())
    held = state_label(ctx.settings.label, State.HELD) in found.ticket.labels
    if held and _left_alone(ctx, found):
        _wait(ctx, done, found, replace(KEPT, reason=unread(found.number)))
        return
    if found.ticket.comments or held:
        comments = ctx.discussions.read(found.ticket)
        if ctx.facts.login() is None:
            comments = _introduced(ctx, done, found, comments)
    if comments is None:
        return
    looked = _looked(ctx, found, comments)
    found, comments = rules.still_meant(ctx, looked.found, comments)
    looked = replace(looked, found=found, comments=comments)
    if found.rests(ctx.clock.now()):
        _rests(ctx, done, found)
        return
    if found.over:
        record.tidy(ctx, looked.history)
        closing.close(ctx, found, State.DISPATCHED)
        done.note(Heading.RECOVERED, "its series is over; closed")
        return
    looked, decision = _decided(ctx, looked)
    if isinstance(decision, Recover) and not comments.whole:
        # A claim that was known from before may have been taken back since.
        looked = _looked(ctx, looked.found, ctx.discussions.whole(found.ticket))
        looked, decision = _decided(ctx, looked)
    _carry_out(ctx, done, looked, decision)


def _rests(ctx: Context, done: Progress, found: Occurrence) -> None:
    """Say for whom a job waits, or for what: there is nothing to be done about it."""
    if found.paused:
        done.note(Heading.PAUSED, "paused; `schedule resume` or `/resume` lets it go on")
    elif found.running:
        done.note(*tries(found))
        done.wait(found, found.job.run_at)
    else:
        done.note(Heading.WAITING, approval.waits_for(ctx))


def _looked(ctx: Context, found: Occurrence, comments: Comments) -> Looked:
    """The job at the occurrence to which its comments lead."""
    history = decide.history(ctx, comments)
    decide.require_own_records(ctx, found.number, comments.items, history)
    found = decide.locate(ctx, found, comments.items, history)
    return Looked(found=found, comments=comments, history=history)


def _left_alone(ctx: Context, found: Occurrence) -> bool:
    """Whether no comment of the last day, in a held job's long discussion, could let it go on.

    Only that day is read, so that many comments cost a tick no more than a few.
    """
    if not is_long(found.ticket) or ctx.facts.login() is None:
        return False
    since = ctx.clock.now() - HELD_FOR
    comments = ctx.queue.comments(found.number, since=since)
    history = decide.history(ctx, comments)
    said = decide.unanswered(ctx, found, comments, history)
    return not (said or history.withdrawals)


def _decided(ctx: Context, looked: Looked) -> tuple[Looked, Decision]:
    """What is to be done with a job; the label of its hold comes off by a person's word.

    And where it is tried again of which no more is known than that GitHub's answers were old.
    """
    found, history = looked.found, looked.history
    decision = decide.decision(ctx, found, looked.comments, history)
    said = decide.resolution(ctx, found, looked.comments, history)
    if said is None and (kept := _kept(ctx, found, history, decision)):
        return looked, _explained(ctx, found, looked.comments, history, kept)
    released = said is not None or given_up(history.withdrawals) >= PATIENT
    if released and not isinstance(decision, (PutOnHold, Wait)):
        # Before it is carried out: whoever dies in between finds the same again.
        ticket = issues.unmark(ctx, found.ticket, {State.HELD})
        return replace(looked, found=replace(found, ticket=ticket)), decision
    return looked, decision


def _introduced(
    ctx: Context, done: Progress, found: Occurrence, comments: Comments
) -> Comments | None:
    """The comments, once the scheduler's login is known; None: the job was dealt with meanwhile.

    Where neither the settings nor GitHub name it, the author of the first own claim is it.
    """
    presumed, decision = _presumed(ctx, found, comments)
    said = decide.resolution(ctx, presumed, comments, presumed.history)
    if said is None and (kept := _kept(ctx, presumed, presumed.history, decision)):
        _wait(ctx, done, presumed, _explained(ctx, presumed, comments, presumed.history, kept))
        return None
    try:
        dispatch.claimed(ctx, done, presumed, decision)
    except Withdrawn:
        if ctx.facts.login() is None:
            raise
        return ctx.discussions.read(found.ticket)
    return None


def _presumed(ctx: Context, found: Occurrence, comments: Comments) -> tuple[Occurrence, Fire | End]:
    """The claim to make while the scheduler's login is unknown; under it all is decided again.

    A command that sends nothing is claimed as an end: recovery then knows that a claim which was
    left behind sent nothing.
    """
    history = decide.presumed(ctx, comments)
    placed = decide.locate(ctx, found, comments.items, history)
    if placed.command is not None:
        decision = decide.decision(ctx, placed, comments, history)
        if isinstance(decision, End) and decision.state in OBEYED.values():
            attempt = highest_attempt(comments.items, placed.key) + 1
            return placed, replace(decision, attempt=attempt, supersedes=None)
    attempt = highest_attempt(comments.items, found.key) + 1
    return replace(found, history=history), Fire(attempt=attempt)


def _kept(ctx: Context, found: Occurrence, history: History, decision: Decision) -> Wait | None:
    """The wait of a job that the label keeps on hold, though its records let it go on."""
    if found.command is not None and history.journal.held:
        return None
    labelled = state_label(ctx.settings.label, State.HELD) in found.ticket.labels
    if not labelled or not isinstance(decision, (Fire, End, Recover)):
        return None
    base = ctx.settings.limits.backoff
    wait = after_withdrawals(history.withdrawals, key=found.key, base=base)
    if wait is None or wait.until is None:
        return KEPT
    return wait if ctx.clock.now() < wait.until else None


def _explained(
    ctx: Context, found: Occurrence, comments: Comments, history: History, kept: Wait
) -> Wait:
    """The wait of a job on hold, of which its issue says why: else that is written now.

    A claim that GitHub refused has left the label alone, since no comment could be written.
    """
    own = {each.id for each in history.explanations}
    told = [told_in(each.body) for each in comments.items if each.id in own]
    said = any(each is not None and not each.waits for each in told)
    if kept is not KEPT or history.journal.held or history.withdrawals or said:
        return kept
    if history.foreign or not comments.whole or len(comments.items) < found.ticket.comments:
        return replace(kept, reason=unread(found.number))  # what says why may not be shown
    reason = UNRECORDED.format(label=state_label(ctx.settings.label, State.HELD))
    try:
        who = whom(ctx.settings.alerts, State.HELD)
        ctx.queue.add_comment(found.number, mentioning(holds_comment(reason), who))
    except (Rejected, Unavailable, NotPermitted) as refused:
        # Whoever asks finds the same in the report, in the list and in `schedule show`.
        words = f"on hold; why could not be written on the issue: {refused}"
        return replace(kept, reason=words)
    ctx.discussions.forget(found.number)
    return kept


def _carry_out(ctx: Context, done: Progress, looked: Looked, decision: Decision) -> None:
    """Do what was decided about a job.

    Raises:
        Withdrawn: somebody else was at it.
        RateLimited, Unavailable, Rejected, NotPermitted: GitHub's answer, untold yet.
    """
    found, history = looked.found, looked.history
    if isinstance(decision, Wait):
        if decision.state is State.DISPATCHING:
            running.sent(ctx, found, found.key)  # or it is about to be, by another tick
        _wait(ctx, done, found, decision)
    elif isinstance(decision, Finish):
        if decision.state is State.DISPATCHED and not decision.entry.conclusion:
            running.sent(ctx, found, found.key)
        _still_open(ctx, found, decision.state)
        tell_late(ctx, found, history.journal, decision.state)
        closing.after(ctx, done, found, history.journal, decision.state)
        done.note(Heading.RECOVERED, f"was {decision.state.value} already; closed")
    elif isinstance(decision, PutOnHold):
        if found.command is not None:
            # It is the job that is held; the command is then answered as one on such a job.
            looked = replace(looked, found=decide.locate(ctx, found, (), history))
        _hold(ctx, done, looked, decision.reason)
    elif isinstance(decision, Resolve):
        _resolve(ctx, done, looked, decision.resolution)
    elif isinstance(decision, Recover):
        _recover(ctx, done, looked, decision.claim)
    else:
        dispatch.claimed(ctx, done, found, decision)


def _still_open(ctx: Context, found: Occurrence, state: State) -> None:
    """Make sure that what is only to be closed was not reopened, or moved, since it was read.

    Raises:
        Withdrawn: it was, or somebody else closed it.
    """
    if state in (State.DISPATCHED, State.FAILED):
        return  # which no reopening repeats
    now = ctx.queue.ticket(found.number)
    label = ctx.settings.label
    reason = changed(found.ticket, now, label) if now else "the issue was deleted"
    if now and not reason and decide.reopened(ctx, now) != decide.reopened(ctx, found.ticket):
        reason = "the issue was reopened"
    if reason:
        raise Withdrawn(reason)


def _wait(ctx: Context, done: Progress, found: Occurrence, decision: Wait) -> None:
    """Leave a job as it is until later, and say why, on its issue if it is on hold."""
    if decision.state is State.HELD:
        done.note(Heading.HELD, decision.reason)
        issues.show(ctx, found.ticket, State.HELD)
        if decision.until is not None:
            done.wait(found, decision.until)
            done.look_again(decision.until)
        return
    if decision.until == found.job.run_at:
        # It is not yet its time: its series has moved on, or a person put it off.
        record.show(ctx, found)
        done.wait(found, found.job.run_at)
        if found.tried_again(ctx.clock.now()):
            done.note(*tries(found))
    else:
        done.note(Heading.RETRYING, decision.reason)
    done.look_again(decision.until or ctx.began)


def _hold(
    ctx: Context, done: Progress, looked: Looked, reason: str, *, claim: Claim | None = None
) -> None:
    """Put a job on hold for a person to decide, under ``claim`` if that is what is unclear."""
    found, history = looked.found, looked.history
    done.note(Heading.HELD, reason)
    entries = history.journal.of(found.key)
    if claim or not entries or entries[-1].outcome != State.HELD.value:
        seen = max((comment.id for comment in looked.comments.items), default=0)
        entry = record.entry(ctx, found, State.HELD, history, claim, reason=reason)
        who: tuple[str, ...] = ()
        if history.journal.id:  # of which an edit notifies nobody
            news.call(ctx, found, State.HELD, reason, known=history.news)
        else:
            who = whom(ctx.settings.alerts, State.HELD)
        record.write(ctx, found, history, replace(entry, seen=seen), who=who)
    issues.show(ctx, found.ticket, State.HELD)


def _resolve(ctx: Context, done: Progress, looked: Looked, said: Resolution) -> None:
    """Take a person's word for what became of a job that was on hold."""
    found, history = looked.found, looked.history
    entry = record.entry(ctx, found, State.DISPATCHED, history, None)
    if not said.started:
        words = f"none, by the word of {said.by}"
        record.write(ctx, found, history, replace(entry, outcome=NEVER_STARTED, reason=words))
        issues.show(ctx, found.ticket, State.PENDING)
        done.note(Heading.RECOVERED, f"no run of {found.key}, by the word of {said.by}")
        done.look_again(ctx.began)
        return
    held = history.journal.of(found.key)[-1]
    target = held.target if "/" in held.target.partition(" ")[0] else entry.target
    kept = next((claim for claim in history.claims if claim.key == found.key), None)
    queue = ctx.queue.repository
    server = found.ticket.url.partition(f"/{queue}/issues/")[0]
    entry = replace(
        entry,
        target=target,
        run_id=said.run_id,
        run_url=f"{server}/{target.partition(' ')[0]}/actions/runs/{said.run_id}",
        matched=f"the word of {said.by}",
        instead_of=kept.instead_of if kept else None,
        reason=kept.left_out if kept else "",
    )
    found, journal = record.write(ctx, found, history, entry)
    closing.after(ctx, done, found, journal, State.DISPATCHED)
    done.note(Heading.RECOVERED, f"run {said.run_id}, by the word of {said.by}")


def _recover(ctx: Context, done: Progress, looked: Looked, claim: Claim) -> None:
    """Find out what became of a claim that was left standing, and do what follows from it."""
    found, history = looked.found, looked.history
    outcome = settlement.ask(ctx, claim, found.number)
    if isinstance(outcome, Unclear):
        _hold(ctx, done, looked, outcome.reason, claim=claim)
    elif isinstance(outcome, Found):
        dispatch.recovered(ctx, done, found, history, claim, outcome=outcome)
    elif claim.key != found.key or len(history.standing) > 1:
        # The instant was changed while a claim stood, or another claim stands beside it:
        # that one is to be asked about before anything is sent.
        record.write(ctx, found, history, never_started(claim, ctx.clock.now()))
        done.note(Heading.RECOVERED, f"attempt {claim.attempt} at {claim.key} never started")
        done.look_again(ctx.began)
    else:
        decision = decide.after_recovery(ctx, found, looked.comments, history, claim)
        _carry_out(ctx, done, looked, decision)
