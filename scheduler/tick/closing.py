"""What becomes of an issue once the result of an occurrence stands in its journal.

A one-off's issue is closed. A series' stays open and shows what comes next, until nothing does.
A slash command is answered, and its label set.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scheduler.errors import SchedulerError
from scheduler.job.model import first_try, which_try
from scheduler.job.states import CARRIED_OUT, State
from scheduler.journal.comments import moved_comment
from scheduler.journal.journal import Journal
from scheduler.journal.slash import Command
from scheduler.policy import retries, series
from scheduler.policy.outcomes import FAILED
from scheduler.tick import decide, issues, record, rules
from scheduler.tick.context import Context
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.outcome import Progress

#: GitHub's words for the reactions to a comment.
#: https://docs.github.com/en/rest/reactions/reactions#about-reactions
DONE, REFUSED, UNCLEAR = "+1", "-1", "confused"


def obey(ctx: Context, found: Occurrence, state: State) -> Occurrence:
    """Do what a command asks of the issue itself, before it is recorded.

    After a crash in between the next tick does it once more, which changes nothing.
    """
    said = found.command
    if said is None or state is State.REJECTED:
        return found
    if state is State.CANCELLED:
        issues.close(ctx, found.ticket, _cancelled(found))
    elif said.name in ("pause", "resume"):
        paused = said.name == "pause"
        ticket = issues.pause(ctx, found.ticket, paused=paused)
        return replace(found, paused=paused, ticket=ticket)
    elif said.name == "approve":
        ticket = issues.unmark(ctx, found.ticket, {State.APPROVAL})
        return replace(found, unapproved=False, ticket=ticket)
    return found


def after(ctx: Context, done: Progress, found: Occurrence, journal: Journal, state: State) -> None:
    """Do to the issue of ``found`` what follows from its occurrence being ``state``."""
    said = found.command
    if said is not None:
        _answer(ctx, said, DONE if state in CARRIED_OUT else REFUSED)
        if state is State.CANCELLED:
            return
    runs_on = found.asked.recurring and state is not State.REJECTED
    if state is State.DISPATCHED and found.asked.retries and not ctx.settings.follow:
        words = "retries: the settings follow no run, so none is tried again by itself"
        ctx.notices.append(f"#{found.number}: {words}")
    if state is State.DISPATCHED and not found.asked.recurring and _stays(ctx, found, journal):
        issues.show(ctx, found.ticket, State.PENDING)
        runs_on = True
    if runs_on or (said is not None and state is not State.DISPATCHED):
        _go_on(ctx, done, found, journal)
    else:
        close(ctx, found, _ends_as(found, journal, state))


def _ends_as(found: Occurrence, journal: Journal, state: State) -> State:
    """What a job ends as: one whose retry does not come has failed, as its last run did."""
    last = retries.ran(journal, first_try(found.key)) if which_try(found.key) > 1 else None
    tried = last is not None and last.conclusion in FAILED
    return State.FAILED if tried and state is not State.DISPATCHED else state


def close(ctx: Context, found: Occurrence, state: State) -> None:
    """Close the issue of ``found``, and say so where it was moved in that very moment."""
    closed = issues.close(ctx, found.ticket, state)
    job = rules.job_in(ctx, closed.body) if closed.body != found.ticket.body else None
    if job is not None and (job.recurring or job.run_at != found.asked.run_at):
        # Moved after the last look at it; nothing shows whether it was closed then, too.
        ctx.queue.add_comment(found.number, moved_comment(job.run_at))


def _cancelled(found: Occurrence) -> State:
    """What a job that is cancelled is closed as: by its run, where that was started."""
    last = None
    if not found.asked.recurring:
        last = retries.last_run(found.asked, found.history.journal, found.number)
    if last is None:
        return State.CANCELLED
    return State.FAILED if last.conclusion in FAILED else State.DISPATCHED


def _stays(ctx: Context, found: Occurrence, journal: Journal) -> bool:
    """Whether a job that was dispatched stays open.

    Its run decides what becomes of it; or it was given another instant before its journal said
    what became of this one.
    """
    comes = _comes(ctx, found, journal)
    return comes.running or comes.key != found.key


def _comes(
    ctx: Context, found: Occurrence, journal: Journal, left: Iterable[Command] = ()
) -> Occurrence:
    """The job at its next occurrence, by a journal that says what became of this one."""
    history = replace(found.history, journal=journal, claims=())
    return decide.locate(ctx, found, (), history, left=left)


def _go_on(ctx: Context, done: Progress, found: Occurrence, journal: Journal) -> None:
    """Leave an issue open and show what comes next; close it where nothing does."""
    # Beside one command there may stand another.
    comes = _comes(ctx, found, journal, left=found.said)
    comes = replace(comes, paused=found.paused, unapproved=found.unapproved)
    if comes.over:
        close(ctx, found, State.DISPATCHED)
        return
    if found.asked.recurring or comes.tried_again(ctx.clock.now()):
        comes = record.go_on(ctx, comes)
    elif found.command is not None and found.command.length is not None:
        due = _comes(ctx, found, journal).job.run_at
        issues.retitle(ctx, found.ticket, lambda title: series.retitled(title, due))
    again = comes.job.run_at if found.command is None else ctx.clock.now()
    done.wait(comes, again)
    if not comes.waits and comes.job.run_at > ctx.clock.now():
        done.look_again(comes.job.run_at)


def _answer(ctx: Context, said: Command, content: str) -> None:
    """React to the comment that gave the command; that it fails stops nothing."""
    reaction = UNCLEAR if said.problem and content == REFUSED else content
    try:
        ctx.queue.react(said.comment_id, reaction)
    except SchedulerError:
        # Only a courtesy: the journal says what was done.
        return
