"""Tells what became of a job where the job has it told: in one comment, whoever dies meanwhile.

The comment holds a record that names the queue, the occurrence and the run. By it another tick
finds it, among what the scheduler's own login wrote there since, and writes no second one. What
keeps it from being written is said on the job, and its end stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from scheduler.errors import RateLimited, Rejected, Unavailable
from scheduler.job.model import Job, occurrence_key
from scheduler.job.states import State
from scheduler.journal.journal import Entry, Journal
from scheduler.journal.news import not_run_comment, ran_comment, told
from scheduler.journal.notes import Reply
from scheduler.policy import news, retries
from scheduler.policy.news import Place
from scheduler.policy.outcomes import Ended, end_of
from scheduler.policy.trust import reply_refusal
from scheduler.ports.values import Ticket
from scheduler.tick import decide, rules
from scheduler.tick.context import Context
from scheduler.tick.invalid import RECENT
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.rules import CLOCKS

#: So long after the end of a run it is tried to reach a place that gives no answer.
PATIENCE = timedelta(hours=1)
#: The same of an end without a run, in attempts.
ATTEMPTS = 3


def of_run(ctx: Context, ticket: Ticket, entry: Entry, ended: Ended) -> str:
    """Tell what the run of ``entry`` came to; why it could not be told, or nothing.

    Raises:
        RateLimited, NotPermitted: GitHub's answer, untold yet.
        Unavailable: the same, as long as it is tried again.
    """
    queue = ctx.queue.repository
    place = news.of_run(entry, failed=not ended.good, queue=queue)
    if place is None:
        return ""
    reply = Reply(queue=queue, key=ended.key, run_id=ended.run_id)
    body = ran_comment(
        reply,
        address=ticket.url,
        target=entry.target,
        run_url=ended.url,
        conclusion=ended.conclusion,
        good=ended.good if ended.good or ended.failed else None,
        took_s=ended.took_s,
        told=ended.told,
    )
    over = ended.ended_at or ctx.clock.now()
    patient = ctx.clock.now() - over < PATIENCE
    return _tell(ctx, place, reply, body, since=entry.at - CLOCKS, patient=patient)


def of_end(ctx: Context, found: Occurrence, state: State, *, attempt: int, journal: Journal) -> str:
    """Tell that a job came to ``state`` without a run; why it could not be told, or nothing.

    Nothing is told for a job that may not be run, whoever wrote it. Of one whose next try does not
    come it is told what the last one came to, as its ``journal`` has it.

    Raises:
        RateLimited, NotPermitted: GitHub's answer, untold yet.
        Unavailable: the same, as long as it is tried again.
    """
    if (last := retries.unfinished(journal, found.key)) is not None:
        return of_run(ctx, found.ticket, last, end_of(last))
    queue, job = ctx.queue.repository, found.job
    place = news.of_end(job, state, queue=queue)
    if place is None or (found.command is not None and state is not State.CANCELLED):
        return ""
    if rules.untrusted(ctx, found):
        return ""
    reply = Reply(queue=queue, key=found.key, state=state.value)
    body = not_run_comment(reply, address=found.ticket.url)
    since, patient = found.ticket.created_at, attempt < ATTEMPTS
    return _tell(ctx, place, reply, body, since=since, patient=patient)


def of_closed(ctx: Context, closed: Iterable[Ticket]) -> None:
    """Tell of the jobs that somebody closed within the last hour, before anything was sent.

    What can't be told is said in the report: such an issue has no journal.

    Raises:
        RateLimited, NotPermitted: GitHub's answer.
    """
    for ticket in closed:
        job = rules.job_in(ctx, ticket.body)
        place = news.of_end(job, State.CANCELLED, queue=ctx.queue.repository) if job else None
        if job is None or place is None or not _by_hand(ctx, ticket):
            continue
        try:
            why = _cancelled(ctx, ticket, job, place)
        except RateLimited:
            raise
        except (Rejected, Unavailable) as problem:
            why = str(problem)
        if why:
            ctx.notices.append(f"#{ticket.number} was closed, and {why}")


def _by_hand(ctx: Context, ticket: Ticket) -> bool:
    """Whether an issue was closed lately, and not as its journal says.

    Where nothing was written on it, nothing was recorded, whoever closed it: a command may have,
    under the scheduler's own login.
    """
    if (ticket.closed_at or ticket.updated_at) < ctx.began - RECENT:
        return False
    by, login = (ticket.closed_by or "").lower(), (ctx.facts.login() or "").lower()
    return not ticket.comments or (bool(by and login) and by != login)


def _cancelled(ctx: Context, ticket: Ticket, job: Job, place: Place) -> str:
    """Tell of one that was closed by hand; why that can't be, or nothing."""
    if rules.person_refusal(ctx, ticket.author):
        return ""
    key = occurrence_key(ticket.number, job.run_at)
    found = Occurrence(ticket=ticket, raw=job, asked=job, job=job, key=key, instant=job.run_at)
    if ticket.comments:
        history = decide.history(ctx, ctx.queue.comments(ticket.number))
        if history.journal.entries or history.claims:
            return ""  # of which its journal tells, or is to tell, another end
    if rules.untrusted(ctx, found):
        return ""
    reply = Reply(queue=ctx.queue.repository, key=key, state=State.CANCELLED.value)
    body = not_run_comment(reply, address=ticket.url)
    return _tell(ctx, place, reply, body, since=ticket.created_at, patient=False)


def _tell(
    ctx: Context, place: Place, reply: Reply, body: str, *, since: datetime, patient: bool
) -> str:
    """Write ``body`` at ``place`` unless it stands there; why that can't be, or nothing."""
    settings, queue = ctx.settings, ctx.queue
    if reason := reply_refusal(place.repo, queue=queue.repository, settings=settings):
        return reason
    login = ctx.facts.login()
    try:
        there = queue.replies(place.repo, place.number, since) if login else ()
        if known := told(there, reply, login=login or ""):
            _leave_first(ctx, place, known)
            return ""
        made = queue.reply(place.repo, place.number, body)
        there = queue.replies(place.repo, place.number, made.created_at - CLOCKS)
        _leave_first(ctx, place, told(there, reply, login=made.author.login))
    except RateLimited:
        raise
    except (Rejected, Unavailable) as problem:
        if patient and isinstance(problem, Unavailable):
            raise
        return f"reply-to: {place.ref} could not be told: {problem}"
    return ""


def _leave_first(ctx: Context, place: Place, known: Sequence[int]) -> None:
    """Leave the first of the comments that tell the same: another tick may have one, too."""
    for each in known[1:]:
        ctx.queue.take_back(place.repo, each)
