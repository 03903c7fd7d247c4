"""Whether a job may run: asks each rule, the cheapest first, with the facts that it needs.

The rules themselves are pure: `scheduler.policy.trust` and `scheduler.policy.quotas`,
`scheduler.job.signing` and `scheduler.job.workflow_inputs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from scheduler.errors import InvalidJob, Rejected, Unavailable
from scheduler.job import signing
from scheduler.job.model import Job, first_try
from scheduler.job.states import State, state_label
from scheduler.job.workflow_file import Declared
from scheduler.job.workflow_inputs import check, in_issue
from scheduler.journal.slash import resolutions
from scheduler.policy import brakes, quotas, trust
from scheduler.policy.acts import Beginning, Kind, beginnings, labelled, last_by_others, overtaken
from scheduler.policy.job_text import readable
from scheduler.policy.quotas import Entered
from scheduler.policy.trust import Rights, sender_of
from scheduler.ports.values import Comments, Target, Ticket, User
from scheduler.tick.context import Context
from scheduler.tick.occurrence import Occurrence
from scheduler.times.instants import format_instant

#: How far back closed jobs count: the day of ``quotas.new-per-agent-per-day``.
COUNTED = quotas.DAY
#: How far the clock of this machine and GitHub's may be apart.
CLOCKS = timedelta(minutes=2)
#: In which state a job stays that somebody let go on who may not.
STAYS: Mapping[Kind, State] = {
    Kind.RESUMED: State.PAUSED,
    Kind.LET_GO: State.HELD,
    Kind.APPROVED: State.APPROVAL,
}
#: How whoever may has a job run all the same.
FIX: Mapping[Kind, str] = {
    Kind.REOPENED: "reopen it, if you may",
    Kind.LABELLED: "put it on, or reopen the issue, if you may",
    Kind.UNLOCKED: "reopen the issue, if you may",
    Kind.RESUMED: "take it off, or comment /resume, if you may",
    Kind.LET_GO: "take it off, if you may",
    Kind.APPROVED: "take it off, or comment /approve, if you may",
}


def enter(
    ctx: Context, known: Iterable[Occurrence], others: Iterable[Ticket], *, now: datetime
) -> None:
    """Count the jobs of this tick against the quotas, and look for what came twice.

    ``others`` are issues that have ended, or wait for a person: they count, too. Of one
    that is named twice the first counts.
    """
    entered = [Entered.of(each.ticket, each.raw) for each in known]
    here = {each.number for each in entered}
    apart = {each.number: each for each in reversed([*others]) if each.number not in here}
    read = ((ticket, job_in(ctx, ticket.body)) for ticket in apart.values())
    entered += [Entered.of(ticket, job) for ticket, job in read if job is not None]
    # What somebody else wrote in an agent's name uses up nothing of it, where a key can tell.
    signed = ctx.settings.signing != "off"
    own = [each for each in entered if not (signed and _unsigned(ctx, each.job, each.created_at))]
    ctx.refusals = quotas.refusals(own, quotas=ctx.settings.quotas, now=now)
    if signed:
        ctx.refusals |= _replayed(entered)


def job_in(ctx: Context, body: str) -> Job | None:
    """The job that a text says; None: it says none. Each text is read once."""
    asked = (body, ctx.settings.defaults.timezone)
    if asked not in ctx.texts:
        ctx.texts[asked] = readable(body, timezone=asked[1])
    return ctx.texts[asked]


def forbidden(ctx: Context, found: Occurrence) -> str | None:
    """Why the job may not run however its target and author are: asks for nothing."""
    limits = ctx.settings.quotas
    return (
        ctx.refusals.get(found.number)
        or quotas.too_deep(found.job, limits)
        or quotas.too_far(found.raw, found.ticket.created_at, limits)
        or rights(ctx).reply_refusal(found.raw)
        or brakes.unfollowed(found.raw, ctx.settings)
        or _unsigned(ctx, found.raw, found.ticket.created_at)
    )


def untrusted(ctx: Context, found: Occurrence) -> tuple[State, str] | None:
    """Why a job may not run whatever its target says, and the state to which that brings it.

    Raises:
        InvalidJob, Rejected: it can't be told.
    """
    reason = forbidden(ctx, found) or _author(ctx, found) or _used_before(ctx, found)
    return (State.REJECTED, reason) if reason else _begun(ctx, found)


def _unsigned(ctx: Context, job: Job, created_at: datetime) -> str | None:
    """Why a job's signature, or that it has none, keeps it from running."""
    return signing.refusal(
        job,
        ctx.keys,
        mode=ctx.settings.signing,
        repository=ctx.queue.repository,
        created_at=created_at,
    )


def judge(ctx: Context, found: Occurrence) -> tuple[Target, Declared, tuple[State, str] | None]:
    """The target, what it declares, and the rule or fact that forbids the dispatch.

    Of a job that somebody resumed who may not, the state is the one that it stays in.
    """
    job = found.job
    target = rights(ctx).target(job)
    declared = Declared()
    try:
        problem = untrusted(ctx, found)
        if problem is None:
            target, file = ctx.facts.target(target)
            where = f"{target.repo} at {target.ref}"
            who = requested_by(found)
            workflow = target.workflow
            check(job, file, workflow=workflow, where=where, requested_by=who, fix=in_issue)
            declared = file or declared
    except InvalidJob as wrong:
        # Of a series only this instant ends: the target may take the next one.
        end = State.DISCARDED if found.asked.recurring else State.REJECTED
        problem = (end, str(wrong))
    except Rejected as refused:
        problem = (State.DISCARDED, str(refused))
    # A no by settings that are not the repository's is as wrong as a yes by them.
    ctx.facts.prove_settings()
    return target, declared, problem


def verified(ctx: Context, found: Occurrence) -> bool:
    """Whether the job's signature shows that it is its agent's."""
    mode = ctx.settings.signing != "off" and found.raw.signature is not None
    return mode and _unsigned(ctx, found.raw, found.ticket.created_at) is None


def rights(ctx: Context) -> Rights:
    """Who may schedule, by what the tick has asked already."""
    return Rights(
        queue=ctx.queue.repository,
        settings=ctx.settings,
        role=ctx.facts.role,
        branch=ctx.facts.branch,
    )


def account_refusal(ctx: Context, user: User, job: Job) -> str | None:
    """Why an account may not have ``job`` run; None: it may."""
    known = rights(ctx)
    return known.refusal(user, known.target(job))


def person_refusal(ctx: Context, user: User) -> str | None:
    """Why an account may neither have jobs run nor steer them; None: it may."""
    return rights(ctx).person_refusal(user)


def insider(ctx: Context, user: User) -> bool:
    """Whether an account is the scheduler's own, an app's, or may write; no app is asked about."""
    facts = ctx.facts

    def writes(login: str) -> bool:
        return login.lower() == (facts.login() or "").lower() or facts.may_write(login)

    return trust.insider(user, writes)


def _author(ctx: Context, found: Occurrence) -> str | None:
    """Why its author, or who vouches for a stranger, may not have the job run as it is."""
    job, author = found.job, found.ticket.author
    if reason := person_refusal(ctx, author):
        return _vouched(ctx, found, reason) if ctx.settings.trust.labelled else reason
    if reason := account_refusal(ctx, author, job):
        return reason
    if (sender := sender_of(job)) and (refused := account_refusal(ctx, sender, job)):
        return f"parent: the event is by somebody who may not schedule this: {refused}"
    edit = ctx.facts.acts(found.ticket).edit
    if edit is None or edit.at is None:
        return None
    if edit.editor is None:
        return "body: was changed by an account that is gone; open the job anew"
    refused = account_refusal(ctx, edit.editor, job)
    return f"body: was last changed by somebody else: {refused}" if refused else None


def may_command(ctx: Context, user: User, job: Job) -> bool:
    """Whether what an account says of ``job`` in a comment is a command.

    Raises:
        RateLimited, Unavailable, NotPermitted, Rejected: GitHub did not say.
    """
    known, enough = rights(ctx), ctx.settings.trust.role
    # It is asked of whoever writes a comment: a role that is not enough is asked for once.
    known = replace(known, role=lambda login: ctx.facts.lasting_role(login, enough=enough))
    return known.command_refusal(user, known.target(job)) is None


def _vouched(ctx: Context, found: Occurrence, reason: str) -> str | None:
    """A stranger's job runs as a trusted person saw it when they labelled it."""
    acts = ctx.facts.acts(found.ticket)
    if acts.edit is None or acts.events is None:
        return f"{reason}; and this server can't show whether it was changed since its label"
    label = labelled(acts.events, label=ctx.settings.label)
    if label is None or label.actor is None:
        return f"{reason}; nobody is known to have labelled it"
    if (login := ctx.facts.login()) is None:
        words = "label: whether the scheduler itself put it on can't be told"
        raise Unavailable(f"{words}; name scheduler.login in .github/scheduler.yml")
    if label.actor.login.lower() == login.lower():
        return f"{reason}; it was labelled by the scheduler's own account, which is no person"
    if refused := account_refusal(ctx, label.actor, found.job):
        return f"{reason}; who labelled it may not either: {refused}"
    if acts.edit.at is not None and acts.edit.at >= label.at:
        return f"{reason}; it was changed after {label.actor.login!r} labelled it"
    return None


def _begun(ctx: Context, found: Occurrence) -> tuple[State, str] | None:
    """What becomes of a job that runs by the act of somebody who may not have it run."""
    label = ctx.settings.label
    for act in beginnings(ctx.facts.acts(found.ticket).events or (), label=label):
        stays, actor = STAYS.get(act.kind), act.event.actor
        word = stays or act.kind is Kind.REOPENED
        if word and ((stays and found.command) or _at_a_word(ctx, act, found)):
            continue
        gone = "its account is gone"
        if refused := gone if actor is None else account_refusal(ctx, actor, found.job):
            return stays or State.REJECTED, f"{_did(act, label)}: {refused}; {FIX[act.kind]}"
    return None


def _at_a_word(ctx: Context, act: Beginning, found: Occurrence) -> bool:
    """Whether the scheduler itself let a job go on, at the word of somebody who may.

    Whatever else is done under its login has to be answered for as any account's acts: it
    labels no job, and reopens none but at such a word.
    """
    login, actor, journal = ctx.facts.login(), act.event.actor, found.history.journal
    if actor is None or actor.login.lower() != (login or actor.login).lower():
        return False
    if act.kind is Kind.LET_GO:
        # Of what is still on hold the journal says so, and that goes first.
        return login is not None or any(e.outcome == State.HELD.value for e in journal.entries)
    if act.kind is Kind.REOPENED:
        # It was opened for what somebody said, and that was recorded then.
        said = journal.retried
        same = said is not None and first_try(said.again) == first_try(found.key)
        return same and said is not None and said.at >= act.event.at - CLOCKS
    said = journal.approved if act.kind is Kind.APPROVED else journal.resumed
    return said is not None and (act.since is None or said.at >= act.since.at - CLOCKS)


def still_meant(ctx: Context, found: Occurrence, comments: Comments) -> tuple[Occurrence, Comments]:
    """The job with what somebody did to the contrary of its command since that was given.

    And the comments without each `/resolve` since which somebody put the job on hold anew.
    Whose acts are the scheduler's own has to be known for either.
    """
    said, held = found.command, state_label(ctx.settings.label, State.HELD)
    words = {each.comment_id for each in resolutions(comments.items)}
    words = words if held in found.ticket.labels else set()
    if not (said or words) or (login := ctx.facts.login()) is None:
        return found, comments
    events, label = ctx.facts.acts(found.ticket).events or (), ctx.settings.label
    if said is not None:
        contrary = overtaken(said, events, found.ticket, label=label, login=login)
        found = replace(found, overtaken=contrary)
    if words and (act := last_by_others(events, "labeled", held, login=login)):
        stand = (c for c in comments.items if c.id not in words or c.created_at >= act.at)
        comments = replace(comments, items=tuple(stand))
    return found, comments


def _used_before(ctx: Context, found: Occurrence) -> str | None:
    """Why a signature is no longer good: a job that has it was opened before, or ran."""
    if ctx.settings.signing == "off" or found.raw.signature is None:
        return None
    signature = signing.Signature.read(found.raw.signature)
    if signature is None:
        return None
    since = signature.issued_at - signing.SKEW
    for ticket in ctx.facts.created_since(since, beside=found.ticket):
        ran = ticket.state_reason == "completed" and ticket.number != found.number
        # A stranger can copy a signature into an older issue; that uses up nothing.
        if (
            (ticket.number < found.number or ran)
            and _nonce(ctx, ticket) == signature.nonce
            and person_refusal(ctx, ticket.author) is None
        ):
            return _replay(ticket.number)
    return None


def _nonce(ctx: Context, ticket: Ticket) -> str | None:
    """The nonce of the signature in an issue's text; None: it has none."""
    job = readable(ticket.body, timezone=ctx.settings.defaults.timezone)
    return signing.nonce_of(job) if job else None


def requested_by(found: Occurrence) -> str:
    """Who asks for a job: the agent in whose name it is, else whoever opened its issue."""
    return found.job.agent or found.ticket.author.login


def _did(act: Beginning, label: str) -> str:
    """An act in words."""
    what = {
        Kind.REOPENED: "state: was reopened",
        Kind.LABELLED: f"label: {label!r} was put on",
        Kind.UNLOCKED: "state: was unlocked",
        Kind.RESUMED: f"label: {state_label(label, State.PAUSED)!r} was taken off",
        Kind.LET_GO: f"label: {state_label(label, State.HELD)!r} was taken off",
        Kind.APPROVED: f"label: {state_label(label, State.APPROVAL)!r} was taken off",
    }[act.kind]
    return f"{what} at {format_instant(act.event.at)} by somebody else"


def _replayed(entered: list[Entered]) -> dict[int, str]:
    """What one account opened twice; of several accounts, who they are has to be asked."""
    first: dict[tuple[str, str], int] = {}
    found: dict[int, str] = {}
    for each in sorted(entered, key=lambda each: each.number):
        nonce = signing.nonce_of(each.job)
        if nonce is None:
            continue
        older = first.setdefault((each.author.lower(), nonce), each.number)
        if older != each.number:
            found[each.number] = _replay(older)
    return found


def _replay(number: int) -> str:
    """What is said of a signature that was used before."""
    return f"signature: was used before, by #{number}; each job needs one of its own"
