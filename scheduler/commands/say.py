"""Says a command in a comment, and takes it back where no tick would hear it."""

from __future__ import annotations

import contextlib

from scheduler.connection import Connection
from scheduler.errors import NotPermitted, Refused, Rejected, SchedulerError, Unavailable
from scheduler.job.model import Job
from scheduler.policy.trust import at_least, author_refusal, command_refusal, named_bot, target_of
from scheduler.ports import Comment, User


def say(connection: Connection, number: int, job: Job | None, words: str) -> Comment:
    """Comment ``words``, a command about ``job``, under the caller's own login.

    Whose login that is, GitHub tells with the comment. ``job`` is None where it can't be read.

    Raises:
        Refused: that account may not say what becomes of the job; the comment is taken back.
    """
    said = connection.queue.add_comment(number, words)
    if reason := _refusal(connection, said.author, job, resolves=words.startswith("/resolve")):
        with contextlib.suppress(SchedulerError):
            connection.queue.delete_comment(said.id)
        raise Refused(f"{reason}; no tick would hear its {words.partition(' ')[0]}")
    return said


def _refusal(
    connection: Connection, author: User, job: Job | None, *, resolves: bool
) -> str | None:
    queue, settings = connection.queue, connection.settings
    if resolves and author.bot:
        return f"author: {author.login!r} is a bot, and only a person says what became of a job"
    role = None
    if not (author.bot or named_bot(author, settings)):
        try:
            role = queue.role(author.login)
        except NotPermitted as problem:
            # GitHub's own words to an account that is below write, even about itself.
            if "push access" in str(problem) and at_least(settings.trust.role, "write"):
                return f"author: {author.login!r} has no push access to {queue.repository}"
            return None  # the tick asks with its own token
        except (Rejected, Unavailable):
            return None
    if job is None:
        return author_refusal(author, role, settings)
    target = target_of(job, queue=queue.repository, settings=settings)
    return command_refusal(author, role, target, queue=queue.repository, settings=settings)
