"""What the scheduler notes in comments beside claims and the journal, so as to say it once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime


def digest(text: str) -> str:
    """The digest by which a text is known."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A comment that explains why a text is no job, or what a due job waits for."""

    #: The comment's id; 0 before it is written.
    id: int = 0
    #: The digest of what it explains: no second one is written for the same.
    text_hash: str

    @classmethod
    def of(cls, text: str) -> Explanation:
        """The explanation of ``text``."""
        return cls(text_hash=digest(text))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A comment that asks for somebody's approval of a job, as its text was then."""

    #: The comment's id; 0 before it is written.
    id: int = 0
    #: When the comment was created, by GitHub's clock.
    created_at: datetime | None = None
    #: The digest of the issue's text.
    text_hash: str


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """A comment that counts the claims on an issue that were withdrawn one after another."""

    #: The comment's id; 0 before it is written.
    id: int = 0
    #: How many claims in a row.
    times: int
    #: When the last of them was withdrawn, in UTC.
    at: datetime
    #: Why that one was.
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class News:
    """A comment that tells people what a run or a job came to; of each there is one."""

    #: The comment's id; 0 before it is written.
    id: int = 0
    #: The occurrence key.
    key: str
    #: None: its run was never known, or there was none.
    run_id: int | None = None
    #: To what state the job came; empty: what its run came to.
    state: str = ""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A comment that tells what became of a job at the place that it names; of each there is one.

    It stands on any issue, in any repository, so it names the queue, too.
    """

    #: The comment's id; 0 where it is of no account.
    id: int = 0
    #: The queue's ``owner/name``.
    queue: str
    #: The occurrence key.
    key: str
    #: None: its run was never known, or there was none.
    run_id: int | None = None
    #: To what state the job came without a run; empty: what its run came to.
    state: str = ""
