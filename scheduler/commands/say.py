"""Writes a command as a comment, and deletes it again if no tick would carry it out."""

from __future__ import annotations

import contextlib

from scheduler.commands.rights import rights_of
from scheduler.connection import Connection
from scheduler.errors import NotPermitted, Refused, Rejected, SchedulerError, Unavailable
from scheduler.job.model import Job
from scheduler.policy.trust import Rights, at_least
from scheduler.ports.values import Comment, User


def say(connection: Connection, number: int, job: Job | None, words: str) -> Comment:
    """Write ``words``, a command on ``job``, as a comment under the caller's own login.

    GitHub's answer names that login. ``job`` is None where its text can't be read.

    Raises:
        Refused: that account may not steer the job; the comment is deleted again.
    """
    said = connection.queue.add_comment(number, words)
    rights = rights_of(connection)
    if reason := _refusal(rights, said.author, job, resolves=words.startswith("/resolve")):
        with contextlib.suppress(SchedulerError):
            connection.queue.delete_comment(said.id)
        raise Refused(f"{reason}; no tick would hear its {words.partition(' ')[0]}")
    return said


def _refusal(rights: Rights, author: User, job: Job | None, *, resolves: bool) -> str | None:
    if resolves and author.bot:
        return f"author: {author.login!r} is a bot, and only a person says what became of a job"
    try:
        if job is None:
            return rights.person_refusal(author)
        return rights.command_refusal(author, rights.target(job))
    except NotPermitted as problem:
        # GitHub's own words to an account that is below write, even about itself.
        if "push access" in str(problem) and at_least(rights.settings.trust.role, "write"):
            return f"author: {author.login!r} has no push access to {rights.queue}"
        return None  # the tick asks with its own token
    except (Rejected, Unavailable):
        return None
