"""The primary rate limit: requests an hour for each account.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.sandbox.people import Token
from scheduler.sandbox.state import State

WINDOW = timedelta(hours=1)


@dataclass
class Window:
    """One account's hour. used: requests in it, those that a 304 answered excepted."""

    limit: int
    reset: datetime
    used: int = 0

    @property
    def remaining(self) -> int:
        """Requests left in the hour."""
        return max(self.limit - self.used, 0)

    def headers(self) -> dict[str, str]:
        """``X-RateLimit-*``; the reset is in epoch seconds."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(int(self.reset.timestamp())),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Resource": "core",
        }

    def shape(self) -> dict[str, int]:
        """As ``GET /rate_limit`` has it."""
        reset = int(self.reset.timestamp())
        return {
            "limit": self.limit, "remaining": self.remaining, "reset": reset, "used": self.used
        }  # fmt: skip


class RateLimits:
    """The hour of each account; a ``GITHUB_TOKEN`` counts for its repository."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._windows: dict[str, Window] = {}

    def window(self, token: Token | None) -> Window:
        """The hour that a request with this token falls into."""
        if token is None:
            key, kind = "anonymous", "anonymous"
        elif token.integration:
            key, kind = f"bot {token.repository}", "bot"
        else:
            key, kind = token.user.login, "user"
        now = self.state.clock()
        window = self._windows.get(key)
        if window is None or window.reset <= now:
            window = self._windows[key] = Window(limit=0, reset=now + WINDOW)
        window.limit = self.state.limits[kind]
        return window

    def clear(self) -> None:
        """Begin a new hour for everybody."""
        self._windows.clear()
