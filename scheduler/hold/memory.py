"""What one tick leaves for the next: which clock there is, in the queue label's description.

Every list of the queue shows that description, so reading it costs nothing, and it is written
once a day at most. What people wrote there stays before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

#: GitHub's limit for a label's description, in characters.
MOST = 100

_NOTE = re.compile(r" ?\[clock ([a-z]{1,20}), asked (\d{4}-\d{2}-\d{2})\]")


@dataclass(frozen=True)
class Memory:
    """The clock that was found, the name of a profile, and the day in UTC on which."""

    clock: str
    asked: date

    def holds(self, now: datetime) -> bool:
        """Whether it was asked today, so is not to be asked again."""
        return self.asked == now.date()


def read(description: str | None) -> Memory | None:
    """What a description remembers; None: nothing, or nothing that can be read."""
    found = _NOTE.search(description or "")
    if found is None:
        return None
    try:
        return Memory(found[1], date.fromisoformat(found[2]))
    except ValueError:
        return None


def written(description: str | None, memory: Memory | None) -> str | None:
    """The description with this memory behind people's own words; None: there is no room.

    ``memory`` None: with nothing remembered, so that the next tick asks anew.
    """
    words = _NOTE.sub("", description or "").rstrip()
    if memory is None:
        return words
    text = f"{words} [clock {memory.clock}, asked {memory.asked.isoformat()}]".strip()
    return text if len(text) <= MOST else None
