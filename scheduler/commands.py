"""What people tell the scheduler in comments: slash commands, one a comment.

A command is a comment whose first line is the command alone; in a quotation or a code
block it is only text. Who may give one is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from scheduler.model import Comment

RESOLVE = re.compile(
    r"/resolve[ \t]+(?:(dispatched)[ \t]+([1-9][0-9]{0,17})|(again))[ \t]*(?:\r?\n|\Z)"
)


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """A person's word on a held job: it ran, as ``run_id``, or it is to run again."""

    comment_id: int
    by: str
    run_id: int | None = None

    @property
    def started(self) -> bool:
        """Whether the person says that the run was started."""
        return self.run_id is not None


def resolutions(comments: Iterable[Comment], *, after: int = 0) -> list[Resolution]:
    """The ``/resolve`` commands in comments with an id above ``after``, newest first."""
    found = []
    for comment in comments:
        match = RESOLVE.match(comment.body)
        if match and comment.id > after and not comment.author.bot:
            run_id = int(match[2]) if match[1] else None
            found.append(Resolution(comment_id=comment.id, by=comment.author.login, run_id=run_id))
    return sorted(found, key=lambda resolution: -resolution.comment_id)
