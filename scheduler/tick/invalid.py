"""Tells an author, once for each text, why an issue is no job."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from scheduler.job.states import State, state_label
from scheduler.journal.comments import invalid_comment
from scheduler.journal.journal import Explanation
from scheduler.ports import Comment, Queue, Ticket, User
from scheduler.tick.facts import Facts
from scheduler.tick.issues import Issues

#: How far back changes are looked at, so that what only waits costs nothing.
RECENT = timedelta(hours=1)


class Explainer:
    """Writes explanations, and knows without a request of its own which are written."""

    def __init__(self, queue: Queue, facts: Facts, issues: Issues) -> None:
        self._queue = queue
        self._facts = facts
        self._issues = issues

    def explain(self, ticket: Ticket, problem: str, *, now: datetime) -> bool:
        """Say ``problem`` on the issue; False: this very text was explained before ``now``."""
        text_hash = hashlib.sha256(ticket.body.encode("utf-8", "replace")).hexdigest()[:16]
        explanation = Explanation(text_hash=text_hash)
        new = not self._explained(ticket, text_hash, now)
        if new:
            self._queue.add_comment(ticket.number, invalid_comment(explanation, problem))
        self._issues.show(ticket, State.INVALID)
        return new

    def _explained(self, ticket: Ticket, text_hash: str, now: datetime) -> bool:
        if not ticket.comments:
            return False
        labelled = state_label(self._issues.label, State.INVALID) in ticket.labels
        if labelled and now - ticket.updated_at > RECENT:
            return True
        recent = self._facts.recent_comments(now - RECENT)
        here = [comment for comment in recent or () if comment.issue == ticket.number]
        return self._says(text_hash, here) or self._says(
            text_hash, self._queue.comments(ticket.number).items
        )

    def _says(self, text_hash: str, comments: Iterable[Comment]) -> bool:
        return any(text_hash in each.body and self._insider(each.author) for each in comments)

    def _insider(self, user: User) -> bool:
        # A stranger who quotes the hash must not keep the author from being told.
        # Asked in the order of cost: an app's account is told by its name alone.
        return (
            user.bot
            or user.login.lower() == (self._facts.login() or "").lower()
            or self._facts.may_write(user.login)
        )
