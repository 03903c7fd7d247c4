"""Finds, with as few requests as possible, which occurrence each open job is at.

A one-off's place stands in its issue. A series' follows from its journal, and a slash command
stands in a comment: one list of the repository's latest comments shows both, of all jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduler.desk import Desk
from scheduler.gateway import Comments
from scheduler.journal import History
from scheduler.known import Known
from scheduler.model import UNCOUNTED, Comment
from scheduler.recurrence import of
from scheduler.series import titled
from scheduler.states import State, state_label

#: How far back the repository's comments are listed. What stands further back is read of each
#: series alone; a command is seen when its job is due, at the latest.
LOOKED_BACK = timedelta(hours=6)


class Placer:
    """Places the jobs of one listing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def place(self, found: Known) -> Known:
        """The job at the occurrence that its comments, as far as they are needed, lead to.

        Raises:
            RateLimited, Unavailable, NotPermitted: its comments can't be read.
        """
        now = self._desk.clock.now()
        since = now - LOOKED_BACK
        if found.ticket.comments and found.asked.run_at <= now and self._paused(found):
            # Whenever it was said that it goes on, it is heard.
            return self._located(found, self._desk.queue.comments(found.number).items)
        latest = self._latest(found, now)
        commented = found.ticket.comments and found.ticket.updated_at >= since
        quiet = not found.ticket.comments or (latest is None and not commented)
        # Of an issue whose comments nobody counted they are read once it is due.
        uncounted = found.ticket.comments == UNCOUNTED and not found.asked.recurring
        if quiet or (uncounted and found.asked.run_at <= now):
            return self._located(found, ())
        if latest is not None and latest < since and not commented and self._told(found, latest):
            return self._desk.locate(found, (), History(), reached=latest)
        comments = self._desk.facts.recent_comments(since)
        if comments is None or (latest is not None and latest < since):
            return self._located(found, self._desk.queue.comments(found.number).items)
        here = [comment for comment in comments if comment.issue == found.number]
        return self._located(found, here)

    def _paused(self, found: Known) -> bool:
        return state_label(self._desk.settings.label, State.PAUSED) in found.ticket.labels

    def _told(self, found: Known, latest: datetime) -> bool:
        """Whether a series' title says that ``latest`` was dealt with.

        It names the next instant, which the scheduler puts there after that. So a series that
        is quiet costs nothing, and one with a title of its own its list of comments. Should a
        person write that very instant, the journal tells of what it passed over at the next.
        """
        rule = of(found.asked)
        following = rule.after(latest) if rule is not None else None
        return following is not None and titled(found.ticket.title) == following

    def _latest(self, found: Known, now: datetime) -> datetime | None:
        """The last instant of a series that has begun; None of what has not, or comes once."""
        rule = of(found.asked)
        return rule.latest(now) if rule is not None and found.asked.run_at <= now else None

    def _located(self, found: Known, comments: Sequence[Comment]) -> Known:
        history = self._desk.history(Comments(items=tuple(comments)))
        placed = self._desk.locate(found, comments, history)
        self._desk.show(placed)
        return placed
