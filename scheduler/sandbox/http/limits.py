"""The limits of each account: requests in an hour, and content in a minute and in an hour.

https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.sandbox.hub.people import Token
from scheduler.sandbox.hub.state import State

WINDOW = timedelta(hours=1)
SPANS = {"content-minute": timedelta(minutes=1), "content-hour": WINDOW}
"""By what is configured of them: how far back content is counted."""


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
        self._content: dict[str, list[datetime]] = {}

    def _account(self, token: Token | None) -> tuple[str, str]:
        """Who a request counts for, and of what kind that is."""
        if token is None:
            return "anonymous", "anonymous"
        if token.integration:
            return f"bot {token.repository}", "bot"
        return token.user.login, "user"

    def blocked(self, token: Token | None) -> int:
        """For how many seconds the account may create no more content; 0: it may."""
        now, waits = self.state.clock(), [0.0]
        made = self._content.setdefault(self._account(token)[0], [])
        made[:] = [at for at in made if now - WINDOW < at <= now]
        for name, span in SPANS.items():
            within = [at for at in made if at > now - span]
            if (most := self.state.limits[name]) and len(within) >= most:
                waits.append((within[-most] + span - now).total_seconds())
        return math.ceil(max(waits))

    def created(self, token: Token | None) -> None:
        """Count one issue or comment."""
        self._content.setdefault(self._account(token)[0], []).append(self.state.clock())

    def window(self, token: Token | None) -> Window:
        """The hour that a request with this token falls into."""
        key, kind = self._account(token)
        now = self.state.clock()
        window = self._windows.get(key)
        if window is None or window.reset <= now:
            window = self._windows[key] = Window(limit=0, reset=now + WINDOW)
        window.limit = self.state.limits[kind]
        return window

    def clear(self) -> None:
        """Begin a new hour for everybody."""
        self._windows.clear()
        self._content.clear()
