"""What is to be done about one job: gathers what ``policy`` must know, and asks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile

from scheduler.errors import NotPermitted, OtherScheduler, RateLimited, Rejected, Unavailable
from scheduler.job.model import Job, occurrence_instant, occurrence_key, which_try
from scheduler.job.states import LABELLED, TERMINAL, State, begun_label, state_label
from scheduler.journal.journal import Claim, History, read
from scheduler.journal.record import RECORD
from scheduler.journal.slash import Command, Resolution, heard, resolutions
from scheduler.policy import decide, retries, series
from scheduler.policy.decide import Decision
from scheduler.policy.trust import may_be_another_s, recorder
from scheduler.ports.values import Comment, Comments, Ticket, User
from scheduler.tick import approval, rules
from scheduler.tick.context import Context
from scheduler.tick.issues import MOST_LABELS, full
from scheduler.tick.occurrence import Occurrence

#: Why a command in a comment that was changed is none.
CHANGED = "the comment was changed since, as anybody with write access can; say it in a new one"


def history(ctx: Context, comments: Comments) -> History:
    """What the comments record, as far as the scheduler's own login is known."""
    if not comments.items:
        return History()
    return read(comments.items, login=ctx.facts.login() or "")


def require_own_records(
    ctx: Context, number: int, comments: Iterable[Comment], history: History
) -> None:
    """Make sure, in a tick by hand, that the token's account is the one that keeps the records.

    An app's token is not asked about: nobody ticks with one by mistake. Beside own records those
    of another person may be forged; those of an app are not.

    Raises:
        OtherScheduler: the records on the issue ``number`` are another's.
    """
    own = ctx.facts.login() if ctx.own_records_only and history.foreign else None
    if own is None or own.endswith("[bot]") or ctx.settings.scheduler.login:
        return
    mine = any(RECORD.match(c.body) and c.author.login.lower() == own.lower() for c in comments)
    for login, _ in history.foreign:
        if login.endswith("[bot]") or (not mine and ctx.facts.may_write(login)):
            raise OtherScheduler(
                f"token: writes as {own!r}, and {login!r} keeps the records of #{number}; a tick "
                "of another account than the scheduler's puts jobs on hold: use that account's "
                f"token, start {ctx.settings.scheduler.workflow} instead, or insist with "
                "--as-scheduler"
            )


def presumed(ctx: Context, comments: Comments) -> History:
    """What the comments record by an account that may write, while the own login is unknown.

    Only for telling what waits: before anything is sent they are read again, and only the own
    login is believed.
    """
    login = recorder(comments.items, ctx.facts.may_write)
    return History() if login is None else read(comments.items, login=login)


def locate(
    ctx: Context,
    found: Occurrence,
    comments: Iterable[Comment],
    history: History,
    *,
    left: Iterable[Command] = (),
) -> Occurrence:
    """The job at the occurrence that is to be looked at now, by what is recorded.

    ``left`` are commands that were found in comments before.
    """
    label, ticket = ctx.settings.label, found.ticket
    queue, runs_in = ctx.queue.repository, found.asked.repo or ctx.queue.repository
    handled = history.journal.handled or 0
    every = (
        *(each for each in left if each.comment_id > handled),
        *heard(comments, after=handled),
    )
    people = dict.fromkeys(each.author for each in every)
    may = {user: may_command(ctx, user, found.asked) for user in people}
    # A journal says how far words were dealt with, and no more: what comes after somebody's
    # whose right can't be told now waits with theirs, or theirs would never be heard.
    told = tuple(takewhile(lambda each: may[each.author] is not None, every))
    said = tuple(each for each in told if may[each.author])
    place = series.locate(
        found.asked,
        history,
        name=lambda each: occurrence_key(found.number, each, queue=queue, runs_in=runs_in),
        now=as_of(ctx, found.job),
        begun=begun_label(label) in ticket.labels,
        commands=said,
        stays=retries.stays_open(found.asked, follow=ctx.settings.follow),
        reopened=ticket.open,
    )
    job = replace(found.asked, run_at=place.due)
    if which_try(place.key) > 1:
        job = replace(job, deadline=place.expires)
    return replace(
        found,
        job=job,
        key=place.key,
        instant=place.instant,
        skip=place.skip,
        command=place.command,
        said=said,
        passed_by=tuple(each.comment_id for each in told if may[each.author] is False),
        over=place.over,
        lost=place.lost,
        running=place.running,
        paused=state_label(label, State.PAUSED) in ticket.labels,
        unapproved=state_label(label, State.APPROVAL) in ticket.labels,
        history=history,
    )


def _wanted(ctx: Context, found: Occurrence) -> decide.Wanted:
    """What is wanted of an occurrence other than that it runs."""
    instant = None if found.asked.recurring else occurrence_instant(found.key)
    return decide.Wanted(
        skip=found.skip,
        command=_possible(ctx, found),
        overtaken=found.overtaken,
        lost=found.lost,
        running=found.running,
        left=retries.left(found.asked, found.history.journal, found.number),
        moved=instant not in (None, found.asked.run_at),
    )


def _no_use(found: Occurrence, said: Command) -> str | None:
    """Why a job has nothing to try again, or has run as it is asked to; None: neither."""
    last = retries.last_run(found.asked, found.history.journal, found.number)
    if said.name == "retry":
        return retries.problem(last)
    if said.name == "run" and not found.asked.recurring and last is not None:
        return "it has run already; /retry has it tried again once its run has failed"
    return None


def _possible(ctx: Context, found: Occurrence) -> Command | None:
    """What a comment asks for; a pause that no label can show is none, as some approvals are."""
    said, ticket = found.command, found.ticket
    if (
        said is not None
        and not said.problem
        and said.edited
        and may_be_another_s(said.name, ctx.settings)
    ):
        return replace(said, problem=f"/{said.name} by {said.by!r}: {CHANGED}")
    if said is not None and not said.problem and (why := _no_use(found, said)):
        return replace(said, problem=f"/{said.name}: {why}")
    if said is not None and said.name == "approve" and not said.problem:
        return replace(said, problem=approval.against(ctx, found, said) or "")
    label = state_label(ctx.settings.label, State.PAUSED)
    shown = label in ticket.labels or len(ticket.labels) < MOST_LABELS
    if said is None or said.name != "pause" or shown:
        return said
    return replace(said, problem=full(ticket, label))


def unanswered(ctx: Context, found: Occurrence, comments: Comments, history: History) -> bool:
    """Whether a comment of somebody who may give commands was not dealt with yet.

    A ``/resolve`` is dealt with on a job that is on hold alone: on any other it waits for nothing.
    """
    handled = history.journal.handled or 0
    said = {each.author for each in heard(comments.items, after=handled)}
    if history.journal.held or state_label(ctx.settings.label, State.HELD) in found.ticket.labels:
        said |= {User(login=each.by) for each in resolutions(comments.items, after=handled)}
    people = sorted(said, key=lambda user: user.login)
    return any(may_command(ctx, user, found.asked) is not False for user in people)


def may_command(ctx: Context, user: User, job: Job) -> bool | None:
    """Whether somebody's words are commands; None: GitHub does not say now.

    Whoever that is keeps no job waiting: what they said is listened to later.
    """
    if user.login in ctx.unheard:
        return None
    try:
        return rules.may_command(ctx, user, job)
    except RateLimited:
        raise
    except (Rejected, Unavailable, NotPermitted) as problem:
        ctx.unheard.add(user.login)
        words = f"comment: whether {user.login!r} may say what becomes of jobs can't be told"
        ctx.notices.append(f"{words} now, for their role: {problem}")
        return None


def limits(ctx: Context, job: Job) -> decide.Limits:
    """The numbers that a decision about ``job`` depends on."""
    limits = ctx.settings.limits
    return decide.Limits(
        recover_after=limits.recover_after,
        backoff=limits.backoff,
        max_attempts=job.max_attempts or ctx.settings.defaults.max_attempts,
    )


def decision(ctx: Context, found: Occurrence, comments: Comments, history: History) -> Decision:
    """What is to be done with a job now, by what its comments record."""
    return decide.decide(
        found.job,
        history,
        key=found.key,
        now=as_of(ctx, found.job),
        limits=limits(ctx, found.job),
        reopened=reopened(ctx, found.ticket),
        github_now=comments.as_of,
        resolution=resolution(ctx, found, comments, history),
        forged=forged(ctx, history),
        forbidden=rules.forbidden(ctx, found),
        wanted=_wanted(ctx, found),
    )


def reopened(ctx: Context, ticket: Ticket) -> bool:
    """Whether a person reopened the issue.

    The label of an end is put on after the closing, so on an open issue it tells the same.
    """
    ends = {state_label(ctx.settings.label, state) for state in TERMINAL & LABELLED}
    return ticket.state_reason == "reopened" or bool(ends & set(ticket.labels))


def as_of(ctx: Context, job: Job) -> datetime:
    """The instant to decide for: a job that is claimed early is decided for its own."""
    now = ctx.clock.now()
    return job.run_at if timedelta(0) < job.run_at - now <= ctx.early else now


def after_recovery(
    ctx: Context, found: Occurrence, comments: Comments, history: History, claim: Claim
) -> Decision:
    """What is to be done once it is known that ``claim`` started nothing."""
    return decide.after_recovery(
        found.job,
        history,
        claim,
        key=found.key,
        now=as_of(ctx, found.job),
        limits=limits(ctx, found.job),
        reopened=reopened(ctx, found.ticket),
        github_now=comments.as_of,
        wanted=_wanted(ctx, found),
    )


def resolution(
    ctx: Context, found: Occurrence, comments: Comments, history: History
) -> Resolution | None:
    """The word of a trusted person on a job that is held."""
    entries = history.journal.of(found.key)
    given_up = [each.id for each in history.withdrawals]
    if entries and entries[-1].outcome == State.HELD.value:
        after = entries[-1].seen or 0
    elif given_up:
        after = max(given_up)
    else:
        return None
    for said in resolutions(comments.items, after=after):
        if said.edited and may_be_another_s("resolve", ctx.settings):
            continue
        if may_command(ctx, User(login=said.by), found.asked):
            return said
    return None


def forged(ctx: Context, history: History) -> str | None:
    """Why a record by another login keeps a job from running; None: there is none."""
    for login, comment_id in history.foreign:
        # An app writes issues only where it was given the right to.
        if login.endswith("[bot]") or ctx.facts.may_write(login):
            return (
                f"comment {comment_id}: {login!r} wrote a record of the scheduler's and is "
                f"not the scheduler ({ctx.facts.login()}); delete that comment once it is "
                "clear what ran"
            )
    return None
