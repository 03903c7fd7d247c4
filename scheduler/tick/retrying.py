"""What follows for a job whose run may be tried again, and for one on which somebody wants that.

Whether the end of a run is tried again is decided when it is recorded, and stands in the journal
beside it. A closed job whose run failed is opened where somebody who may says ``/retry``; what is
said there is then heard as on any open job. Whoever dies after the opening leaves the words to the
next tick, and what they ask for is recorded once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.job.model import first_try
from scheduler.job.states import State, state_label
from scheduler.journal.journal import Entry, History
from scheduler.journal.slash import Command, heard
from scheduler.policy import retries
from scheduler.policy.outcomes import FAILED
from scheduler.policy.retries import NoRetry
from scheduler.ports.values import Comment, Comments, Ticket
from scheduler.tick import closing, decide, record, rules
from scheduler.tick.context import Context
from scheduler.tick.followed import Followed
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.outcome import Progress, Tally, note_of

#: How far back words on closed issues are listened to, by the last change of an issue.
HEARD_FOR = timedelta(hours=7)
#: What is said is listed from so long before the change of its issue on.
BEFORE = timedelta(minutes=10)


def end(ctx: Context, followed: Followed, history: History, entry: Entry) -> Entry:
    """The record of a run's end, with the try that follows, if one does.

    Of a closed issue none does: who closed it wanted that, or it asked for none.
    """
    found = followed.found
    if found is None or not _last(found, history, entry):
        return entry
    journal, comes = history.journal, decide.locate(ctx, found, (), history)
    ahead = found.asked.recurring and not (comes.over or comes.running or comes.command)
    next_one = retries.after(
        found.asked,
        entry,
        expires=retries.expires(found.asked, journal, first_try(entry.key)),
        following=comes.job.run_at if ahead else None,
    )
    if isinstance(next_one, NoRetry):
        why = f"not tried again: {next_one.reason}" if next_one.reason else ""
        return replace(entry, told="; ".join(filter(None, (entry.told, why))))
    return retries.planned(entry, next_one)


def decides(followed: Followed, history: History, entry: Entry) -> bool:
    """Whether a run decides what becomes of an open job that comes once."""
    found = followed.found
    return found is not None and not found.asked.recurring and _last(found, history, entry)


def _last(found: Occurrence, history: History, entry: Entry) -> bool:
    """Whether a dispatch is the job's last one: no newer one goes on, and it was not moved."""
    last = retries.last_run(found.asked, history.journal, found.number)
    return last is not None and last.key == entry.key


def go_on(ctx: Context, done: Progress, followed: Followed, history: History, entry: Entry) -> None:
    """Do to the issue of an open job what follows from the recorded end of its run."""
    found = followed.found
    if found is None or not _last(found, history, entry):
        return
    if entry.again:
        comes = record.go_on(ctx, decide.locate(ctx, found, (), history))
        done.wait(comes, comes.job.run_at)
        done.look_again(comes.job.run_at)
    elif not found.asked.recurring and entry.conclusion not in FAILED:
        closing.close(ctx, found, State.DISPATCHED)


def reopen(ctx: Context, tally: Tally, closed: Iterable[Ticket]) -> Sequence[Ticket]:
    """Open those of the ``closed`` issues on which somebody who may says ``/retry``.

    Asks for nothing where no failed job has changed lately.

    Raises:
        RateLimited: GitHub wants to be left alone.
    """
    failed = [ticket for ticket in closed if _may_be_meant(ctx, ticket)]
    if not failed:
        return ()
    since = min(ticket.updated_at for ticket in failed) - BEFORE
    recent = ctx.facts.newest_comments(since)
    opened = []
    for ticket in failed:
        here = [each for each in (recent.items if recent else ()) if each.issue == ticket.number]
        if not _said(here):
            continue
        try:
            if _wanted(ctx, ticket, here):
                opened.append(ctx.queue.set_state(ticket.number, reason="reopened"))
        except (Rejected, Unavailable, NotPermitted) as problem:
            tally.note(ticket.number, *note_of(problem), again=ctx.began)
    if opened:
        ctx.facts.forget_comments()
    return opened


def _may_be_meant(ctx: Context, ticket: Ticket) -> bool:
    """Whether a run of the issue's job failed, and the issue has changed lately."""
    failed = state_label(ctx.settings.label, State.FAILED) in ticket.labels
    young = ticket.updated_at >= ctx.began - HEARD_FOR
    return failed and young and bool(ticket.comments) and not (ticket.open or ticket.locked)


def _said(comments: Iterable[Comment]) -> list[Command]:
    return [each for each in heard(comments) if each.name == "retry"]


def _wanted(ctx: Context, ticket: Ticket, lately: Iterable[Comment]) -> bool:
    """Whether somebody who may has its run tried again, and was not heard yet.

    While the scheduler's login is unknown the records of an insider tell as much: once the issue is
    open, all is decided anew by its own.
    """
    job = rules.job_in(ctx, ticket.body)
    if job is None or not any(decide.may_command(ctx, e.author, job) for e in _said(lately)):
        return False
    comments: Comments = ctx.discussions.read(ticket)
    known = decide.presumed if ctx.facts.login() is None else decide.history
    journal = known(ctx, comments).journal
    left = [each for each in _said(comments.items) if each.comment_id > (journal.handled or 0)]
    possible = retries.problem(retries.last_run(job, journal, ticket.number)) is None
    return possible and any(decide.may_command(ctx, each.author, job) for each in left)
