"""How fast content may be created: GitHub counts it, and blocks who is too fast."""

from __future__ import annotations

#: GitHub allows 80 content-creating requests a minute, and asks for a second between
#: writes where there are many.
#: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
BURST = 60
PER_SECOND = 1.0


class Pace:
    """A bucket of ``burst`` writes that refills by ``per_second``; 0 sets no limit."""

    def __init__(self, *, burst: int = BURST, per_second: float = PER_SECOND) -> None:
        self._burst = float(burst)
        self._rate = per_second
        self._left = float(burst)
        self._at: float | None = None

    def wait(self, now: float) -> float:
        """Take one write at ``now`` (monotonic seconds); how long to wait before sending it."""
        if not self._rate:
            return 0.0
        if self._at is not None:
            self._left = min(self._burst, self._left + max(now - self._at, 0.0) * self._rate)
        self._at = now
        self._left -= 1
        return max(-self._left, 0.0) / self._rate
