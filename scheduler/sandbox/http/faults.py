"""Faults on request: what goes wrong, at which request, before or after it took effect."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Any

KINDS = {
    "drop-before": "the connection closes without an answer; nothing took effect",
    "drop-after": "the connection closes without an answer; it took effect",
    "502-before": "502, nothing took effect",
    "502-after": "502, it took effect",
    "429": "429 with retry-after; nothing took effect",
    "secondary": "403 secondary rate limit with retry-after; nothing took effect",
    "primary": "403 with x-ratelimit-remaining: 0; nothing took effect",
    "stall": "the request is held back for `seconds` before it takes effect",
    "delay": "the answer is held back for `seconds` after it took effect",
}
"""Each kind of fault and what it does."""


@dataclass(kw_only=True)
class Fault:
    """Something that goes wrong.

    method, path, user: which requests match: a method or ``*``, a regular expression
        that is searched in the path, a login or ``*``.
    nth: the first matching request (from 1) that it hits, counted from its making.
    count: how many matching requests in a row it hits.
    seconds: of ``stall`` and ``delay``. retry_after: seconds, of ``429`` and ``secondary``.
    matched: how many requests have matched. hits: how many of them it has hit.
    """

    kind: str
    method: str = "*"
    path: str = ""
    user: str = "*"
    nth: int = 1
    count: int = 1
    seconds: float = 1.0
    retry_after: int = 1
    matched: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"fault {self.kind!r}: one of {', '.join(KINDS)}")
        re.compile(self.path)

    def strikes(self, method: str, path: str, user: str | None) -> bool:
        """Count a request, and say whether it is hit."""
        if self.method not in ("*", method) or self.user not in ("*", user):
            return False
        if not re.search(self.path, path):
            return False
        self.matched += 1
        hit = self.nth <= self.matched < self.nth + self.count
        self.hits += hit
        return hit

    def shape(self) -> dict[str, Any]:
        """As JSON."""
        return dict(vars(self))


class Faults:
    """The faults that are planned; of several that hit one request the oldest counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.planned: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Plan one more."""
        with self._lock:
            self.planned.append(fault)
        return fault

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self.planned.clear()

    def strike(self, method: str, path: str, user: str | None) -> Fault | None:
        """What hits this request; every planned fault counts it."""
        if not self.planned:
            return None
        with self._lock:
            hitting = [one for one in self.planned if one.strikes(method, path, user)]
        return hitting[0] if hitting else None
