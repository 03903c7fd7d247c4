"""How fast content may be created: GitHub counts it, and blocks who is too fast.

Content is what notifies people: an issue, a comment. GitHub says of the requests that make
one, and of no label, reaction, edit, closing or dispatch, that they may meet this limit.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
https://docs.github.com/en/rest/issues/comments#create-an-issue-comment
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from datetime import datetime

from scheduler.errors import Paced

#: So many such requests GitHub takes of one account.
PER_MINUTE, PER_HOUR = 80, 500
#: Seconds.
MINUTE, HOUR = 60.0, 3600.0
#: Requests take their time: what is sent a minute apart may arrive nearer. In seconds.
SLACK = 2.0
#: The longest wait, in seconds, for which it is worth standing still: that for a minute's end.
PATIENCE = MINUTE + SLACK


class Pace:
    """The writes of the last hour, and when there is room for more; 0 sets no limit."""

    def __init__(self, *, per_minute: int = PER_MINUTE, per_hour: int = PER_HOUR) -> None:
        self._limits = [(n, span) for n, span in ((per_minute, MINUTE), (per_hour, HOUR)) if n]
        self._sent: list[float] = []

    @classmethod
    def of(cls, per_second: float | None) -> Pace:
        """The pace of a server that takes so many a second; None: GitHub's own."""
        if per_second is None:
            return cls()
        if not per_second:
            return cls(per_minute=0, per_hour=0)
        return cls(
            per_minute=max(round(per_second * MINUTE), 1),
            per_hour=max(round(per_second * HOUR), 1),
        )

    def room(self, now: float, writes: int = 1) -> float:
        """How many seconds after ``now`` the last of so many writes more may be sent."""
        at, sent = now, list(self._sent)
        for _ in range(writes):
            for most, span in self._limits:
                if len(sent) >= most:
                    at = max(at, sent[-most] + span + SLACK)
            sent.append(at)
        return at - now

    def take(self, now: float) -> None:
        """One write is sent at ``now`` (monotonic seconds)."""
        self._sent.append(max([now, *self._sent[-1:]]))
        del self._sent[: -max([most for most, _ in self._limits], default=1)]

    def seen(self, instants: Iterable[float]) -> None:
        """Count what the same account has written elsewhere, at these instants of the past."""
        for instant in instants:
            insort(self._sent, instant)


def paced(at: datetime) -> Paced:
    """What is raised in the place of a write that would come too soon; ``at``: when it may."""
    return Paced(
        "rate limit: so many comments and issues were written that GitHub would take no more; the "
        f"next one may come at {at:%Y-%m-%dT%H:%M:%SZ}",
        retry_at=at,
    )
