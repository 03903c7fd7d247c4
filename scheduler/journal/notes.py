"""What the scheduler notes in comments beside claims and the journal, so as to say it once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime


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
        return cls(text_hash=hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16])


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
    """A comment that tells people what a run came to; of one run there is one."""

    #: The comment's id; 0 before it is written.
    id: int = 0
    #: The occurrence key.
    key: str
    #: None: its run was never known.
    run_id: int | None = None
