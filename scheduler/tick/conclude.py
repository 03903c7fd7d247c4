"""What follows from the end of a run: who is told, what its issue shows, and the record of it.

The order is the promise. The journal's conclusion comes last: whoever dies before it leaves
everything to the next tick, which finds the comment by its record and writes no second one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from scheduler.errors import Rejected
from scheduler.job.model import first_try, which_try
from scheduler.job.states import State, state_label
from scheduler.journal.comments import head, journal_comment, series_comment
from scheduler.journal.ends import failed_comment
from scheduler.journal.journal import Entry, History, Journal
from scheduler.journal.news import mentioning
from scheduler.journal.notes import News
from scheduler.policy import outcomes, retries
from scheduler.policy.news import whom
from scheduler.policy.outcomes import Ended
from scheduler.ports.values import Comments, Ticket
from scheduler.tick import brakes, decide, issues, record, reply, retrying
from scheduler.tick.context import Context
from scheduler.tick.followed import BEFORE, NEAR, Followed
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.outcome import Progress

#: So long after it was written a comment is answered, but for one that has to wait.
ANSWERED = timedelta(minutes=5)
#: Written, and deleted at once, where nothing but a write of its own shows the login.
PROBE = "Looking into what became of the run above."


def conclude(ctx: Context, done: Progress, followed: Followed, ended: Ended) -> bool:
    """Do what follows from the end of a run; false: not now, somebody else may be at its issue.

    Raises:
        RateLimited, Unavailable, Rejected, NotPermitted: GitHub's answer; nothing is recorded.
    """
    number = followed.number
    history = ctx.following.fresh(number, ctx.clock.monotonic())
    # An open issue is read right before: what somebody asked for there may be recorded meanwhile.
    if history is None or ended.failed or followed.found is not None:
        if ctx.facts.login() is None:
            introduce(ctx, number)
        comments = _comments(ctx, followed)
        history = decide.history(ctx, comments)
        if _waits(ctx, followed, comments, history):
            return False
    entry = _unknown(history.journal, followed.entry)
    if entry is None or not history.journal.id:
        return True  # another tick has recorded it, or its journal is gone
    if not _alone(ctx, followed, history):
        return False
    end = retrying.end(ctx, followed, history, outcomes.with_end(entry, ended))
    ended = replace(ended, told=end.told)
    if ended.failed and not end.again:
        told = _failed(ctx, done, followed, history, (entry, end))
        if told is None:
            return False
        history = told
    # After that: a place that gives no answer keeps the issue from nothing.
    if not end.again and (why := reply.of_run(ctx, followed.ticket, entry, ended)):
        ended = replace(ended, told="; ".join(filter(None, (ended.told, why))))
    history = _record(ctx, followed, history, replace(end, told=ended.told))
    done.followed.append(ended)
    retrying.go_on(ctx, done, followed, history, end)
    return True


def _failed(
    ctx: Context,
    done: Progress,
    followed: Followed,
    history: History,
    record_of: tuple[Entry, Entry],
) -> History | None:
    """Tell people of a run that failed, and show it; None: another tick is at just that.

    ``record_of`` is what is recorded of its dispatch, without its end and with it.
    """
    entry, end = record_of
    ended = outcomes.end_of(end)
    pauses = brakes.pauses(ctx, followed, history.journal.with_ends([end]))
    if pauses or _is_news(followed, history.journal, entry):
        history = _tell(ctx, followed, history, ended, pauses)
    if not _show(ctx, followed, decides=retrying.decides(followed, history, entry)):
        return None
    if pauses:
        brakes.pause(ctx, done, followed, pauses)
    return history


def _lately(ctx: Context, followed: Followed) -> Comments:
    """The comments of an issue that were changed since the dispatch; its journal is among them."""
    return ctx.queue.comments(followed.number, since=followed.entry.at - BEFORE)


def _comments(ctx: Context, followed: Followed) -> Comments:
    """The same, or all that stand there, where the journal may not be among them as a whole.

    The record of a further try stands apart from it, and a clock may be ahead of GitHub's.
    """
    if followed.found is not None and which_try(followed.entry.key) > 1:
        return ctx.discussions.again(followed.ticket).comments
    comments = _lately(ctx, followed)
    if decide.history(ctx, comments).journal.id:
        return comments
    return ctx.queue.comments(followed.number)


def introduce(ctx: Context, number: int) -> None:
    """Learn the scheduler's own login by a write; what others wrote is believed by none."""
    written = ctx.queue.add_comment(number, PROBE)
    ctx.facts.learn_login(written.author.login)
    ctx.queue.delete_comment(written.id)


def _unknown(journal: Journal, entry: Entry) -> Entry | None:
    """The same dispatch as a journal has it, if that says nothing of its run's end yet."""
    same = (e for e in journal.unknown if (e.key, e.attempt) == (entry.key, entry.attempt))
    return next(same, None)


def _waits(ctx: Context, followed: Followed, comments: Comments, history: History) -> bool:
    """Whether a comment on an open issue waits for an answer, which another tick may be giving.

    What has waited for long waits for something else, such as for this very run to end.
    """
    found, since = followed.found, ctx.clock.now() - ANSWERED
    lately = tuple(each for each in comments.items if each.created_at > since)
    said = replace(comments, items=lately)
    return found is not None and decide.unanswered(ctx, found, said, history)


def _alone(ctx: Context, followed: Followed, history: History) -> bool:
    """Whether no other tick can be writing the same journal: it would lose what that records.

    On a closed issue, and on an open one whose next instant is not near, none is without a claim.
    """
    if history.standing:
        return False
    if followed.found is None:
        return True
    comes = decide.locate(ctx, followed.found, (), history)
    ahead = comes.job.run_at - ctx.clock.now()
    return comes.over or comes.waits or ahead > NEAR or -ahead > NEAR


def _is_news(followed: Followed, journal: Journal, entry: Entry) -> bool:
    """Whether people are told of a failure: of a series, only of the first in a row."""
    if followed.job is None or not followed.job.recurring:
        return True
    place = journal.entries.index(entry)
    # Of a run that was tried again nobody was told.
    before = [e.conclusion for e in journal.entries[:place] if e.conclusion and not e.again]
    return not (before and before[-1] in outcomes.FAILED)


def _tell(ctx: Context, followed: Followed, history: History, ended: Ended, pauses: str) -> History:
    """Tell people of a run that failed, in one comment, whoever else does so beside this tick."""
    number, news = followed.number, News(key=ended.key, run_id=ended.run_id)
    if not _told(history, news):
        try:
            ctx.queue.add_comment(number, _words(ctx, followed, news, ended, pauses))
        except Rejected as refused:
            # Such as on a locked issue: label and journal say it all the same.
            ctx.notices.append(f"follow: #{number} takes no comment on its run's end: {refused}")
            return history
        history = decide.history(ctx, _lately(ctx, followed))
    for comment_id in _told(history, news)[1:]:
        ctx.queue.delete_comment(comment_id)
    ctx.discussions.forget(number)
    return history


def tell_late(ctx: Context, found: Occurrence, journal: Journal, state: State) -> None:
    """Tell people that a run failed whose next try was to come, and does not: it ended ``state``.

    Of a run that is tried again nobody is told.
    """
    last = retries.ran(journal, first_try(found.key)) if which_try(found.key) > 1 else None
    if last is None or state is State.DISPATCHED or last.conclusion not in outcomes.FAILED:
        return
    entries = journal.of(found.key)
    why = f"not tried again: {entries[-1].reason}" if entries else last.told
    followed = Followed(ticket=found.ticket, entry=last, job=found.asked, found=found)
    history = decide.history(ctx, ctx.queue.comments(found.number))
    _tell(ctx, followed, history, outcomes.end_of(replace(last, told=why)), "")


def _told(history: History, news: News) -> list[int]:
    """The comments that tell the same, the oldest first."""
    return sorted(each.id for each in history.news if replace(each, id=0) == news)


def _words(ctx: Context, followed: Followed, news: News, ended: Ended, pauses: str) -> str:
    """The comment that tells of a run that failed."""
    run = f"run {ended.run_id}" if ended.run_id else "its run"
    text = failed_comment(
        head(news),
        number=followed.number,
        run=f"[{run}]({ended.url})" if ended.url else run,
        target=followed.target(ctx.queue.repository).word,
        conclusion=ended.conclusion,
        took_s=ended.took_s,
        told=ended.told,
        reasons=outcomes.REASONS.get(ended.conclusion, ()),
        series=followed.job is not None and followed.job.recurring,
        pauses=pauses,
    )
    states = (State.FAILED, State.PAUSED) if pauses else (State.FAILED,)
    return mentioning(text, whom(ctx.settings.alerts, *states))


def _show(ctx: Context, followed: Followed, *, decides: bool) -> bool:
    """Show on the issue of a one-off that its run failed; false: another tick is at just that.

    What a person did meanwhile stays: one that was reopened, or is no job any more, is left alone;
    but for one that stayed open because its run ``decides`` what becomes of it. One that is open
    with the label of a failure may be open only until it is closed for that: what the journal says
    of its end comes later, or it would be taken for a person's wish to have it tried again.
    """
    if followed.job is not None and followed.job.recurring:
        return True
    now = ctx.queue.ticket(followed.number)
    if now is None or not _ours(ctx, now):
        return True
    if now.open:
        if decides:
            # The label goes first: by it the next tick finds what died before the record.
            issues.mark(ctx, now, State.FAILED)
            issues.close(ctx, now, State.FAILED)
            return True
        return state_label(ctx.settings.label, State.FAILED) not in now.labels
    issues.mark(ctx, now, State.FAILED)
    if now.state_reason in ("completed", None):
        issues.close_anew(ctx, now)
    return True


def _ours(ctx: Context, ticket: Ticket) -> bool:
    return ctx.settings.label in ticket.labels


def _record(ctx: Context, followed: Followed, history: History, entry: Entry) -> History:
    """Write how the run ended into the journal; what is known of other comments is then old."""
    journal = history.journal.with_ends([entry])
    found, job = followed.found, followed.job
    if found is not None and found.asked.recurring:
        foot = record.next_instant(ctx, found, replace(history, journal=journal, claims=()))
        body = series_comment(journal, next_instant=foot, asked=found.asked)
    elif job is not None and job.recurring:
        body = series_comment(journal, next_instant=None, asked=job)
    else:
        body = journal_comment(journal)
    try:
        ctx.queue.edit_comment(journal.id, body)
    except Rejected as gone:
        if gone.status not in (404, 410):
            raise
    ctx.facts.forget_comments()
    ctx.discussions.forget(followed.number)
    history = replace(history, journal=journal)
    ctx.following.histories[followed.number] = (history, ctx.clock.monotonic())
    return history
