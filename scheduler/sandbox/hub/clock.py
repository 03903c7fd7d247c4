"""The time inside the sandbox, which a test may move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone


def _system() -> datetime:
    return datetime.now(timezone.utc)


class Clock:
    """``source`` shifted by ``offset``.

    source: an instant, UTC; the machine's own time by default.
    offset: how far the sandbox is ahead of it.
    """

    def __init__(self, source: Callable[[], datetime] | None = None) -> None:
        self.source = source or _system
        self.offset = timedelta(0)

    def __call__(self) -> datetime:
        """The time in the sandbox."""
        return self.source() + self.offset

    def advance(self, seconds: float) -> None:
        """Move the time by ``seconds``, which may be negative."""
        self.offset += timedelta(seconds=seconds)


def iso(instant: datetime) -> str:
    """GitHub's form of an instant: whole seconds, UTC."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str) -> datetime | None:
    """An instant as clients write it, or ``None``; without an offset it is UTC."""
    try:
        instant = datetime.fromisoformat(text.strip().replace(" ", "+").replace("Z", "+00:00"))
    except ValueError:
        return None
    if instant.tzinfo is None:
        return instant.replace(tzinfo=timezone.utc)
    return instant.astimezone(timezone.utc)
