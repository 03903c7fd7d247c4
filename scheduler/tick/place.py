"""Finds, with as few requests as possible, which occurrence each open job is at.

A one-off's place stands in its issue. A series' follows from its journal, and a slash command
stands in a comment: one list of the repository's latest comments shows both, of all jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduler.job.states import State, state_label
from scheduler.policy.series import written_rule
from scheduler.ports import UNCOUNTED, Comment, Comments, Recent
from scheduler.tick.context import Desk
from scheduler.tick.discussions import is_long
from scheduler.tick.occurrence import Known

#: How far back the repository's comments are listed: a command that is older is heard when its
#: job is due.
LOOKED_BACK = timedelta(days=1)
#: The same for a series whose last instant is further back than that; once more, for all such.
#: What stands still further back is read of each series alone.
FURTHER_BACK = timedelta(days=8)


class Placer:
    """Places the jobs of one listing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def place(self, found: Known) -> Known:
        """The job at the occurrence that its comments, as far as they are needed, lead to.

        Raises:
            RateLimited, Unavailable, NotPermitted: its comments can't be read.
        """
        now, ticket = self._desk.clock.now(), found.ticket
        since = now - LOOKED_BACK
        latest = self._latest(found, now)
        further = latest is not None and latest < since
        if found.asked.run_at <= now and self._paused(found):
            further = True  # whenever it was said that it goes on, it is heard
        quiet = not ticket.comments or not (latest or further or ticket.updated_at >= since)
        # Of an issue whose comments nobody counted, or that has many, they are read once it is due.
        unread = ticket.comments == UNCOUNTED or is_long(ticket)
        once = not (found.asked.recurring or self._paused(found))
        if quiet or (unread and once and found.asked.run_at <= now):
            return self._located(found, ())
        newest = self._listed(now, latest) if further else self._desk.facts.newest_comments(since)
        if newest is None:
            return self._alone(found)
        placed = self._located(found, [c for c in newest.items if c.issue == found.number])
        if self._desk.facts.known_login is not None:
            self._desk.discussions.told(ticket, placed.history.journal.read_at)
        if placed.lost and placed.job.run_at > now:
            return self._alone(found)  # its journal is older than the list
        return placed

    def _listed(self, now: datetime, latest: datetime | None) -> Recent | None:
        far = now - FURTHER_BACK
        return None if latest and latest < far else self._desk.facts.older_comments(far)

    def _alone(self, found: Known) -> Known:
        return self._located(found, self._desk.discussions.read(found.ticket).items)

    def _paused(self, found: Known) -> bool:
        return state_label(self._desk.settings.label, State.PAUSED) in found.ticket.labels

    def _latest(self, found: Known, now: datetime) -> datetime | None:
        """The last instant of a series that has begun; None of what has not, or comes once."""
        rule = written_rule(found.asked)
        # How many there were is counted by its journal, once that is read.
        return rule.endless.latest(now) if rule is not None and found.asked.run_at <= now else None

    def _located(self, found: Known, items: Sequence[Comment]) -> Known:
        desk, comments = self._desk, Comments(items=tuple(items))
        if items and desk.facts.login() is None:
            history = desk.presumed(comments)
            placed = desk.locate(found, items, history)
            title = found.ticket.title
            done = not history.claims and desk.title(placed, title) == title
            if done or placed.command is not None:
                return placed
            # Something was left undone; doing it tells whose records are to be believed.
        placed = desk.locate(found, items, desk.history(comments))
        desk.show(placed)
        return placed
