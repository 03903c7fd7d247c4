"""Calls people to a job: one comment for each thing that it comes to, as the settings ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scheduler.errors import Rejected
from scheduler.job.states import State
from scheduler.journal.journal import read
from scheduler.journal.news import alert_comment
from scheduler.journal.notes import News
from scheduler.policy.news import whom
from scheduler.ports.values import Comment
from scheduler.tick.context import Context
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.rules import CLOCKS


def call(
    ctx: Context,
    found: Occurrence,
    state: State,
    reason: str,
    *,
    known: Iterable[News] | None = None,
) -> None:
    """Call those of the settings to a job that comes to ``state``, before its journal says so.

    So whoever dies in between finds the comment, and writes no second one. ``known`` is what the
    issue's comments tell; None: they are to be read. What a person asked for in a comment calls
    nobody: they are there. Nor does a comment that GitHub refuses stop anything.

    Raises:
        RateLimited, Unavailable, NotPermitted: GitHub's answer, untold yet.
    """
    who = whom(ctx.settings.alerts, state)
    if not who or found.command is not None:
        return
    news = News(key=found.key, state=state.value)
    login = ctx.facts.login() or ""
    if known is None:
        known = read(ctx.queue.comments(found.number).items, login=login).news
    if _alike(known, news):
        return
    try:
        made = ctx.queue.add_comment(found.number, alert_comment(news, reason, who))
    except Rejected:
        return
    ctx.facts.forget_comments()
    _once(ctx, news, made)


def _once(ctx: Context, news: News, made: Comment) -> None:
    """Leave the first of the comments that tell ``news``: another tick may have one, too."""
    shown = ctx.queue.comments(made.issue, since=made.created_at - CLOCKS)
    for each in _alike(read(shown.items, login=made.author.login).news, news)[1:]:
        ctx.discussions.delete(each)


def _alike(known: Iterable[News], news: News) -> Sequence[int]:
    """The comments that tell the same, the oldest first."""
    return sorted(
        each.id
        for each in known
        if (each.key, each.run_id, each.state) == (news.key, news.run_id, news.state)
    )
