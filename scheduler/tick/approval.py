"""Has a job wait until somebody else than its author has approved it, and asks for that once.

Who may is decided in `scheduler.policy.approval`. The label is put on before the comment: on an
issue without comments the label alone was left by a tick that died in between.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import datetime

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.job.states import State, state_label
from scheduler.journal.comments import approval_comment, stays_comment
from scheduler.journal.notes import Asked, Explanation, digest
from scheduler.journal.slash import Command
from scheduler.policy import approval
from scheduler.policy.acts import taken_off
from scheduler.ports.values import Edit, Event, User
from scheduler.tick import issues, rules
from scheduler.tick.context import Context
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.outcome import Heading, Progress

#: What a job waits for, in one line.
WAITS = "for an approval: {who} comments /approve or takes {label!r} off"


def label_of(ctx: Context) -> str:
    """The label of a job that waits for an approval."""
    return state_label(ctx.settings.label, State.APPROVAL)


def waits_for(ctx: Context) -> str:
    """What such a job waits for, in one line."""
    asked = ctx.settings.approve != "none"
    who = "a person who did not write it" if asked else "whoever may schedule jobs"
    return WAITS.format(who=who, label=label_of(ctx))


def missing(ctx: Context, found: Occurrence) -> tuple[State, str] | None:
    """Why the job may not run for want of an approval; None: it has one, or needs none.

    A command that would run it is refused; else the job waits.

    Raises:
        RateLimited, Unavailable, NotPermitted, Rejected: GitHub did not say.
    """
    if found.unapproved:
        return _wanting(found, waits_for(ctx))  # whoever put the label on, and whatever is said
    if ctx.settings.approve == "none":
        return None
    acts = ctx.facts.acts(found.ticket)
    if not approval.needed(found.ticket, acts.edit, ctx.settings):
        return None
    if approval.given(found.history, found.ticket.body) is not None:
        return None
    act = _taken_off(ctx, found)
    if act is not None and (act.actor is None or not _own(ctx, act.actor)):
        refused = _refused(ctx, found, act.actor, act.at, acts.edit)
        if refused is None:
            return None
        who = repr(act.actor.login) if act.actor else "somebody"
        reason = f"{who} took {label_of(ctx)!r} off at {act.at:%Y-%m-%d %H:%M:%S} UTC: {refused}"
    else:
        reason = waits_for(ctx)
    return _wanting(found, reason)


def _wanting(found: Occurrence, reason: str) -> tuple[State, str]:
    """What becomes of a job that wants an approval, or of the command that would run it."""
    if found.command is not None:
        return State.REJECTED, f"/{found.command.name} by {found.command.by!r}: it waits {reason}"
    return State.APPROVAL, reason


def given_at(ctx: Context, found: Occurrence) -> datetime | None:
    """When the job was approved, as far as it needed that."""
    if ctx.settings.approve == "none":
        return None
    acts = ctx.facts.acts(found.ticket)
    if not approval.needed(found.ticket, acts.edit, ctx.settings):
        return None
    at, act = approval.given(found.history, found.ticket.body), _taken_off(ctx, found)
    return at or (act.at if act is not None else None)


def against(ctx: Context, found: Occurrence, said: Command) -> str | None:
    """Why an ``/approve`` is refused, in one line; None: it counts."""
    words = f"/approve by {said.by!r}"
    acts = ctx.facts.acts(found.ticket)
    if not approval.needed(found.ticket, acts.edit, ctx.settings):
        # A person may have asked for it by the label alone.
        return None if found.unapproved else f"{words}: the job waits for no approval"
    refused = _refused(ctx, found, said.author, said.said_at, acts.edit)
    return f"{words}: {refused}" if refused else None


def ask(ctx: Context, found: Occurrence) -> Occurrence:
    """Ask for an approval on the issue, once for each text; the job as it waits then.

    Raises:
        RateLimited, Unavailable, NotPermitted, Rejected: GitHub's answer.
    """
    ticket = issues.ask(ctx, found.ticket)
    asked = Asked(text_hash=digest(ticket.body))
    known = approval.asked_for(found.history.asked, ticket.body)
    if known is None and ctx.settings.approve != "none":
        role, label = ctx.settings.trust.role, label_of(ctx)
        said = ctx.queue.add_comment(ticket.number, approval_comment(asked, role=role, label=label))
        ctx.discussions.forget(ticket.number)
        ticket = replace(ticket, comments=max(ticket.comments, 0) + 1, updated_at=said.created_at)
    return replace(found, ticket=ticket, unapproved=True)


def early(ctx: Context, found: Occurrence) -> bool:
    """Whether a job's approval is to be asked for before it is due."""
    if found.command is not None or found.over or found.paused or found.ticket.locked:
        return False
    ticket = found.ticket
    if not approval.needed(ticket, None, ctx.settings):
        return False
    if not approval.to_ask(ticket, found.history):
        return False
    # What a stranger wrote costs no comment.
    return rules.account_refusal(ctx, ticket.author, found.asked) is None


def wait(ctx: Context, done: Progress, found: Occurrence, reason: str) -> None:
    """Leave a due job until it is approved; somebody's approval that does not count is answered."""
    done.note(Heading.WAITING, reason)
    told = Explanation.of(reason)
    new = all(each.text_hash != told.text_hash for each in found.history.explanations)
    if reason != waits_for(ctx) and new:
        # Only a courtesy: the label and the tick's report say it as well.
        with contextlib.suppress(Rejected, Unavailable, NotPermitted):
            ctx.queue.add_comment(found.number, stays_comment(told, State.APPROVAL, reason))
    found = ask(ctx, found)
    done.wait(found, found.job.run_at)


def _taken_off(ctx: Context, found: Occurrence) -> Event | None:
    """The event by which the label came off that asks for an approval, as far as that is told."""
    if label_of(ctx) in found.ticket.labels:
        return None
    return taken_off(ctx.facts.acts(found.ticket).events or (), label_of(ctx))


def _own(ctx: Context, user: User) -> bool:
    """Whether an account is the scheduler's own: it takes the label off at somebody's word."""
    return user.login.lower() == (ctx.facts.login() or "").lower()


def _refused(
    ctx: Context, found: Occurrence, user: User | None, at: datetime, edit: Edit | None
) -> str | None:
    """Why an approval does not count; None: it does."""
    if user is None:
        return "its account is gone; somebody else has to approve it"
    ticket = found.ticket
    asked = approval.asked_for(found.history.asked, ticket.body)
    return (
        approval.no_person(user, ctx.settings)
        or approval.own(user, ticket, found.raw, edit)
        or rules.account_refusal(ctx, user, found.job)
        or approval.outdated(at, edit, asked)
    )
