"""Reads the comments of issues: a long discussion whole once, and then only what has changed.

An issue can have 2,500 comments, 25 pages, and a series writes on it for years. Whatever was said
there, and however fast, reading it again is a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.journal.record import BEGIN
from scheduler.journal.slash import Command, said_in
from scheduler.ports.queue import Queue
from scheduler.ports.values import Comment, Comments, Ticket

#: What has fewer comments is one page, and read whole each time.
LONG = 100
#: Of so many comments that changed lately the list would be more than a page.
CROWDED = 90
#: So many comments may have been deleted since an issue was shown, and its last page is still
#: the one that is asked for.
ROOM = 10
#: So much later than it was written a comment may be shown, where one is shown late.
LATE = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True)
class Again:
    """An issue's comments, read again."""

    #: All that tell something.
    comments: Comments
    #: What was listed to know that.
    listed: tuple[Comment, ...]
    #: Whether all comments were listed, and not only those that are new or were changed.
    whole: bool


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What was read of a long discussion."""

    #: The comments that tell something.
    items: tuple[Comment, ...] = ()
    #: Until when it was read, by GitHub's clock.
    as_of: datetime
    #: When each comment was written that would be listed again.
    lately: tuple[datetime, ...] = ()
    #: The highest id of all.
    last: int = 0
    #: How many more comments the issue counts than are listed.
    unshown: int = 0


class Discussions:
    """What one tick, or one holder, has read of its issues' comments.

    ``login`` is the scheduler's own, None as long as it is not known.
    """

    def __init__(self, queue: Queue, *, login: Callable[[], str | None]) -> None:
        self._queue = queue
        self._login = login
        self._known: dict[int, _Known] = {}

    def read(self, ticket: Ticket) -> Comments:
        """All comments of an issue; of a long one, those that tell something."""
        again = self.again(ticket)
        self._remember(ticket, again)
        return again.comments

    def whole(self, ticket: Ticket) -> Comments:
        """All comments of an issue, read anew whatever is known of them."""
        self.forget(ticket.number)
        return self.read(ticket)

    def forget(self, number: int) -> None:
        """Read an issue's comments whole when they are next needed: what was known was wrong."""
        self._known.pop(number, None)

    def read_ahead(self, ticket: Ticket) -> None:
        """Read a long discussion if it was not read yet: under a claim there is no time for it."""
        if is_long(ticket) and ticket.number not in self._known:
            self.read(ticket)

    def skip_until(self, ticket: Ticket, until: datetime | None) -> None:
        """Read of a long discussion only what came after ``until``: its journal holds the rest."""
        if until is not None and is_long(ticket):
            self._known.setdefault(ticket.number, _Known(as_of=until))

    def again(self, ticket: Ticket, *, asked: Command | None = None, whole: bool = False) -> Again:
        """The comments of an issue as they are now.

        What changed since ``ticket`` was shown is among those listed; ``asked`` is among those
        that tell something if it is still there. What was known stays known: a claim that stands
        for a moment is nothing to remember.
        """
        known = self._known.get(ticket.number)
        if whole or known is None or not is_long(ticket):
            comments = self._all(ticket)
            return Again(comments=comments, listed=comments.items, whole=True)
        since = min(filter(None, (known.as_of - LATE, ticket.updated_at)))
        if asked is not None:
            since = min(since, asked.said_at)
        crowded = sum(at >= since for at in known.lately) > CROWDED
        if crowded and (again := self._end(ticket, known, asked)):
            return again
        changed = self._queue.comments(ticket.number, since=since)
        kept = (each for each in known.items if each.created_at < since)
        return _merged(kept, changed)

    def delete(self, comment_id: int) -> None:
        """Delete a comment, and forget it."""
        self._queue.delete_comment(comment_id)
        for number, known in self._known.items():
            if any(each.id == comment_id for each in known.items):
                left = tuple(each for each in known.items if each.id != comment_id)
                self._known[number] = replace(known, items=left)

    def _end(self, ticket: Ticket, known: _Known, asked: Command | None) -> Again | None:
        """By the end of the list, and by each of the scheduler's own comments before it.

        None: it can't be told that nothing lies between what was known and this end.
        """
        login = (self._login() or "").lower()
        skip = max(ticket.comments - known.unshown - ROOM, 0)
        end = self._queue.comments(ticket.number, skip=skip)
        first = min((each.id for each in end.items), default=known.last + 1)
        if not login or first > known.last:
            return None
        kept = []
        for each in known.items:
            mine = each.author.login.lower() == login or (asked and each.id == asked.comment_id)
            now = self._queue.comment(each.id) if mine and each.id < first else each
            kept += [now] if now is not None else []
        return _merged((each for each in kept if each.id < first), end)

    def _all(self, ticket: Ticket) -> Comments:
        """Every comment. What is deleted between two pages moves another out of both."""
        comments = self._queue.comments(ticket.number)
        if LONG <= len(comments.items) < ticket.comments:
            items = {each.id: each for each in comments.items}
            items |= {each.id: each for each in self._queue.comments(ticket.number).items}
            merged = tuple(sorted(items.values(), key=lambda each: each.id))
            comments = replace(comments, items=merged)
        return comments

    def _remember(self, ticket: Ticket, again: Again) -> None:
        """Remember what was read of a long discussion."""
        before, as_of = self._known.pop(ticket.number, None), again.comments.as_of
        if not is_long(ticket) or as_of is None:
            return
        known = before if before is not None and not again.whole else _Known(as_of=as_of)
        listed = again.listed
        times = [*known.lately, *(each.created_at for each in listed)]
        if again.whole:
            known = replace(known, unshown=max(ticket.comments - len(listed), 0))
        self._known[ticket.number] = replace(
            known,
            items=tuple(telling(again.comments.items)),
            as_of=as_of,
            lately=tuple(at for at in times if at >= min(as_of - LATE, ticket.updated_at)),
            last=max([known.last, *(each.id for each in listed)]),
        )


def _merged(kept: Iterable[Comment], listed: Comments) -> Again:
    """What was kept and what was listed, as one discussion in its order."""
    items = {each.id: each for each in (*kept, *telling(listed.items))}
    merged = tuple(sorted(items.values(), key=lambda each: each.id))
    comments = Comments(items=merged, as_of=listed.as_of, whole=False)
    return Again(comments=comments, listed=listed.items, whole=False)


def is_long(ticket: Ticket) -> bool:
    """Whether an issue has more comments than are read whole each time."""
    return ticket.comments >= LONG


def telling(comments: Iterable[Comment]) -> Iterable[Comment]:
    """The comments that may be a record, or a command: of that the first line alone."""
    for each in comments:
        if each.body.startswith(BEGIN):
            yield each
        elif said := said_in(each.body):
            yield replace(each, body=" ".join(said).strip())
