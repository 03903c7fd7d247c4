"""What was asked of the sandbox: one entry for each request, the control routes excepted."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """One request. status: 0 for a connection that was closed without an answer.

    query: as sent. fault: the kind of the fault that hit it. version: of the API, as named.
    """

    method: str
    path: str
    status: int
    user: str | None
    query: str = ""
    fault: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        where = f"{self.path}?{self.query}" if self.query else self.path
        fault = f" [{self.fault}]" if self.fault else ""
        return f"{self.method} {where} {self.status or 'dropped'} {self.user or '-'}{fault}"


class RequestLog:
    """The entries, oldest first; iterate, index, count or clear them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[Request] = []

    def append(self, entry: Request) -> None:
        """One more."""
        with self._lock:
            self._entries.append(entry)

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self._entries.clear()

    def __iter__(self) -> Iterator[Request]:
        with self._lock:
            return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Request:
        return self._entries[index]

    def matching(
        self, method: str | None = None, path: str = "", *, status: int | None = None,
        user: str | None = None,
    ) -> list[Request]:  # fmt: skip
        """The entries with this method, status and user whose path the expression finds."""
        return [
            entry
            for entry in self
            if (method is None or entry.method == method)
            and (status is None or entry.status == status)
            and (user is None or entry.user == user)
            and re.search(path, entry.path)
        ]

    def count(
        self, method: str | None = None, path: str = "", *, status: int | None = None,
        user: str | None = None,
    ) -> int:  # fmt: skip
        """How many entries match."""
        return len(self.matching(method, path, status=status, user=user))
