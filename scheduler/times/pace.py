"""The pace of comments and issues: GitHub limits how many an account may create.

The limit counts content that notifies people: issues and comments, not labels, reactions, edits,
closings or dispatches.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
https://docs.github.com/en/rest/issues/comments#create-an-issue-comment
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from datetime import datetime

from scheduler.errors import Paced

#: The most that one account may create.
PER_MINUTE, PER_HOUR = 80, 500
#: Seconds.
MINUTE, HOUR = 60.0, 3600.0
#: How much nearer two requests may arrive than they were sent, in seconds.
SLACK = 2.0
#: The longest wait, in seconds, that a tick waits out: that for a minute's end.
WAITED_OUT = MINUTE + SLACK


class Pace:
    """The writes of the last hour, and when there is room for more; a limit of 0 is none."""

    def __init__(self, *, per_minute: int = PER_MINUTE, per_hour: int = PER_HOUR) -> None:
        self._limits = [(n, span) for n, span in ((per_minute, MINUTE), (per_hour, HOUR)) if n]
        self._sent: list[float] = []

    @classmethod
    def of(cls, per_second: float | None) -> Pace:
        """The pace of a server that takes ``per_second`` writes; None: GitHub's; 0: no limit."""
        if per_second is None:
            return cls()
        if not per_second:
            return cls(per_minute=0, per_hour=0)
        return cls(
            per_minute=max(round(per_second * MINUTE), 1),
            per_hour=max(round(per_second * HOUR), 1),
        )

    def room(self, now: float, writes: int = 1) -> float:
        """The seconds from ``now`` until the last of ``writes`` more may be sent."""
        at, sent = now, list(self._sent)
        for _ in range(writes):
            for most, span in self._limits:
                if len(sent) >= most:
                    at = max(at, sent[-most] + span + SLACK)
            sent.append(at)
        return at - now

    def take(self, now: float) -> None:
        """Count one write that is sent at ``now``, in monotonic seconds."""
        self._sent.append(max([now, *self._sent[-1:]]))
        del self._sent[: -max([most for most, _ in self._limits], default=1)]

    def seen(self, instants: Iterable[float]) -> None:
        """Count what the same account wrote elsewhere at these past ``instants``."""
        for instant in instants:
            insort(self._sent, instant)


def paced(at: datetime) -> Paced:
    """The error raised instead of a write that may only be sent at ``at``."""
    return Paced(
        "rate limit: so many comments and issues were written that GitHub would take no more; the "
        f"next one may come at {at:%Y-%m-%dT%H:%M:%SZ}",
        retry_at=at,
    )
