"""Reads what the journals of a queue record of a period, in as few requests as possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.commands.look import scheduler_login
from scheduler.connection import Connection
from scheduler.journal import journal, record
from scheduler.journal.journal import Entry
from scheduler.ports.values import Comment, Ticket

#: The most pages of the repository's comments that are read, 100 each.
PAGES = 50
#: The most jobs whose comments are read one by one, where there is no list of all comments.
JOBS = 200
#: Of so many writers it is asked whether they may be the scheduler.
WRITERS = 10
#: GitHub's times have whole seconds: others may have changed in the last one that is read.
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Past:
    """Entries of journals."""

    entries: tuple[Entry, ...]
    #: All entries since this instant are among them.
    since: datetime


def past(connection: Connection, since: datetime, open_tickets: Sequence[Ticket]) -> Past:
    """What the scheduler recorded since, at most ``PAGES`` pages or ``JOBS`` jobs back.

    Recording edits a journal's comment, so the comments that changed since hold it all.
    ``open_tickets`` are the queue, as it was just listed. The login whose records count is
    that of ``look.scheduler_login``.
    """
    found: Iterable[Comment]
    if (recent := connection.queue.changed_comments(since, pages=PAGES)) is not None:
        found, since = recent.items, recent.since
    else:
        found, since = _by_job(connection, since, open_tickets)
    first: dict[str, Comment] = {}
    by_issue: dict[int, list[Comment]] = {}
    for comment in sorted(found, key=lambda comment: comment.id):
        by_issue.setdefault(comment.issue, []).append(comment)
        if record.RECORD.match(comment.body):
            first.setdefault(comment.author.login.lower(), comment)
    login = scheduler_login(connection, list(first.values())[:WRITERS])
    # Each issue has a journal of its own; taken for one, a long one would outdate the others.
    read = (journal.read(comments, login=login or "") for comments in by_issue.values())
    entries = tuple(entry for history in read for entry in history.journal.entries)
    return Past(entries=entries, since=since)


def _by_job(
    connection: Connection, since: datetime, open_tickets: Sequence[Ticket]
) -> tuple[list[Comment], datetime]:
    queue = connection.queue
    tickets = [*queue.closed_tickets(since), *open_tickets]
    changed = [ticket for ticket in tickets if ticket.comments and ticket.updated_at >= since]
    changed.sort(key=lambda ticket: ticket.updated_at, reverse=True)
    if len(changed) > JOBS:
        since = changed[JOBS].updated_at + SECOND
    found = [comment for job in changed[:JOBS] for comment in queue.comments(job.number).items]
    return found, since
