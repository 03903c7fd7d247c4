"""The queue's issues: listed, opened, edited and closed.

https://docs.github.com/en/rest/issues/issues
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from scheduler.errors import Rejected
from scheduler.github.client import Api, is_deleted
from scheduler.github.labels import GitHubLabels
from scheduler.github.objects import ends_before, items, record, repository_in, ticket_of
from scheduler.github.poll import Poll
from scheduler.github.transport import Answer
from scheduler.ports.values import Ticket
from scheduler.times.instants import format_instant

#: The most pages of closed issues that one look reads.
CLOSED_PAGES = 3


class GitHubIssues:
    """The issues with the queue's label, whether the server knows the filters or not."""

    def __init__(self, api: Api, labels: GitHubLabels) -> None:
        self._api = api
        self._http = api.http
        self._labels = labels
        #: What the repository is called: as it was given, and as GitHub calls it.
        self._names = [api.repository.lower()]
        self._poll = Poll(api.http, lambda answer: self._mine(self._parsed(answer), "open"))

    def open_tickets(self) -> Iterator[Ticket]:
        """The queue, oldest first, page by page."""
        for page in self._tickets(self._open):
            yield from self._mine(page, "open")

    def poll_open(self) -> Sequence[Ticket] | None:
        """The queue anew, page by page with its ETag; None where every page is as it was."""
        path = f"{self._api.here}/issues"
        with self._api.needs("issues: read"):
            return self._poll.look(path, self._open)

    @property
    def _open(self) -> dict[str, str]:
        return {"state": "open", "labels": self._api.label, "sort": "created", "direction": "asc"}

    def closed_tickets(self, since: datetime, *, changed: bool = False) -> Sequence[Ticket]:
        """The closed issues with the label that changed since, newest first; a few pages.

        Without ``changed`` only those that were closed since.
        """
        params = {
            "state": "closed",
            "labels": self._api.label,
            "since": format_instant(since),
            "sort": "updated",
            "direction": "desc",
        }
        found: list[Ticket] = []
        for page in itertools.islice(self._tickets(params), CLOSED_PAGES):
            found += self._mine(page, "closed")
            if ends_before([ticket.updated_at for ticket, _ in page], since):
                break
        if changed:
            return [ticket for ticket in found if ticket.updated_at >= since]
        return [ticket for ticket in found if (ticket.closed_at or ticket.updated_at) >= since]

    def created_since(self, since: datetime) -> Sequence[Ticket]:
        """The issues with the label, open or closed, created since; newest first."""
        params = {"state": "all", "labels": self._api.label, "sort": "created", "direction": "desc"}
        found: list[Ticket] = []
        for page in self._tickets(params):
            found += self._mine(page, "all")
            if ends_before([ticket.created_at for ticket, _ in page], since):
                break
        return [ticket for ticket in found if ticket.created_at >= since]

    def newest_tickets(self, count: int = 100, *, label: str | None = None) -> list[Ticket]:
        """The newest issues with the label, at most ``count`` (up to 100), newest first.

        With ``label``: those that have this one, too.
        """
        labels = f"{self._api.label},{label}" if label else self._api.label
        params = {"state": "all", "labels": labels, "sort": "created", "direction": "desc"}
        path = f"{self._api.here}/issues"
        with self._api.needs("issues: read"):
            answer = self._http.get(path, {**params, "per_page": min(count, 100)})
        found = self._mine(self._parsed(answer), "all")
        return [each for each in found if label is None or label in each.labels]

    def count_tickets(self) -> int | None:
        """How many issues have the label, open or closed; None where the server does not tell.

        Of a list with one item a page, the last page's number is the number of items. A pull
        request with the label counts too.
        """
        params = {"state": "all", "labels": self._api.label}
        with self._api.needs("issues: read"):
            answer = self._http.get(f"{self._api.here}/issues", {**params, "per_page": 1})
        return answer.last_page

    def _tickets(self, params: dict[str, str]) -> Iterator[list[tuple[Ticket, bool]]]:
        pages = self._http.pages(f"{self._api.here}/issues", params)
        while True:
            with self._api.needs("issues: read"):
                answer = next(pages, None)
            if answer is None:
                return
            yield self._parsed(answer)

    def _ticket(self, data: Any) -> Ticket:
        ticket = ticket_of(data)
        self._labels.see(data.get("labels"))
        return replace(ticket, labels=self._labels.as_ours(ticket.labels))

    def _parsed(self, answer: Answer) -> list[tuple[Ticket, bool]]:
        # Each with whether it is an issue: a pull request is listed as one, too.
        return [(self._ticket(item), "pull_request" not in item) for item in items(answer.data)]

    def _mine(self, page: list[tuple[Ticket, bool]], state: str) -> list[Ticket]:
        return [
            ticket
            for ticket, issue in page
            if issue
            and self._api.label.lower() in {label.lower() for label in ticket.labels}
            and state in ("all", "open" if ticket.open else "closed")
        ]

    def ticket(self, number: int) -> Ticket | None:
        """The issue now; None when it was deleted or transferred, or is a pull request.

        A transferred one is answered from where it is now, maybe under the same number.
        """
        try:
            answer = self._http.get(f"{self._api.here}/issues/{number}")
        except Rejected as refused:
            if is_deleted(refused):
                return None
            raise self._api.refused(refused, "issues: read") from refused
        data = answer.data if isinstance(answer.data, dict) else {}
        if "pull_request" in data or data.get("number") != number or not self._here(data):
            return None
        return self._ticket(data)

    def _here(self, data: Mapping[str, Any]) -> bool:
        """Whether an issue stands in the queue's repository, as far as it says."""
        told = repository_in(data)
        if told is None or told.lower() in self._names:
            return True
        # By another name: the issue has moved, or the whole repository has, which is asked once.
        if len(self._names) == 1:
            self._names.append(self._full_name().lower())
        return told.lower() in self._names

    def _full_name(self) -> str:
        """What GitHub calls the queue's repository now, whatever it was called once."""
        told = record(self._http.get(self._api.here).data)
        return str(told.get("full_name") or self._api.repository)

    def create(self, title: str, body: str) -> Ticket:
        """Open an issue with the queue's label; GitHub makes a label that is missing."""
        issue = {"title": title, "body": body, "labels": [self._api.label]}
        path = f"{self._api.here}/issues"
        with self._api.needs("issues: write"):
            answer = self._labels.with_labels(
                [self._api.label], lambda: self._http.post(path, issue, paced=True)
            )
        return self._ticket(answer.data)

    def edit(self, number: int, **changes: Any) -> Ticket:
        """Set an issue's title, body or state. Absolute; its labels are no part of it."""
        path = f"{self._api.here}/issues/{number}"
        with self._api.needs("issues: write", one=True):
            return self._ticket(self._http.absolute("PATCH", path, changes).data)

    def set_state(self, number: int, *, reason: str | None, title: str | None = None) -> Ticket:
        """Close the issue for ``reason``, or open it, (None: neither), and give it ``title``."""
        changes: dict[str, Any] = {} if title is None else {"title": title}
        if reason is not None:
            state = "open" if reason == "reopened" else "closed"
            changes |= {"state": state, "state_reason": reason}
        return self.edit(number, **changes)
