"""GitHub's issues as the engine's queue: translates, and decides nothing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from scheduler.errors import Rejected
from scheduler.github.client import GitHub
from scheduler.github.content import Content
from scheduler.github.objects import (
    changed_at,
    comment_of,
    ends_before,
    issue_of,
    items,
    record,
    repository_in,
    ticket_of,
)
from scheduler.github.poll import Poll
from scheduler.github.pulls import GitHubConditions
from scheduler.github.transport import PER_PAGE, Answer
from scheduler.ports import Comment, Comments, Recent, Ticket
from scheduler.times.instants import format_instant

#: The most comment pages that one look at a busy repository's last hour reads.
RECENT_PAGES = 10

#: The most pages of closed issues that one look reads.
CLOSED_PAGES = 3


class GitHubQueue(GitHubConditions):
    """The issues with one label of one repository, and the workflows that they start."""

    def __init__(self, http: GitHub, *, repository: str, label: str) -> None:
        super().__init__(http, repository=repository, label=label)
        self._content = Content(http, repository=repository)
        #: What the repository is called: as it was given, and as GitHub calls it.
        self._names = [repository.lower()]
        self._poll = Poll(http, lambda answer: self._mine(self._parsed(answer), "open"))

    def room(self, writes: int = 1) -> float:
        """Seconds until GitHub takes so many comments more of this account; 0: at once."""
        return self._content.room(writes)

    # Issues: https://docs.github.com/en/rest/issues/issues

    def open_tickets(self) -> Iterator[Ticket]:
        """The queue, oldest first, page by page."""
        for page in self._tickets(self._open):
            yield from self._mine(page, "open")

    def poll_open(self) -> Sequence[Ticket] | None:
        """The queue anew, page by page with its ETag; None where every page is as it was."""
        path = f"/repos/{self.repository}/issues"
        try:
            return self._poll.look(path, self._open)
        except Rejected as refused:
            raise self.refused(refused, "issues: read") from refused

    @property
    def _open(self) -> dict[str, str]:
        return {"state": "open", "labels": self.label, "sort": "created", "direction": "asc"}

    def closed_tickets(self, since: datetime) -> Sequence[Ticket]:
        """The closed issues with the label that changed since, newest first; a few pages."""
        params = {
            "state": "closed",
            "labels": self.label,
            "since": format_instant(since),
            "sort": "updated",
            "direction": "desc",
        }
        found: list[Ticket] = []
        for page in itertools.islice(self._tickets(params), CLOSED_PAGES):
            found += self._mine(page, "closed")
            if ends_before([ticket.updated_at for ticket, _ in page], since):
                break
        return [ticket for ticket in found if (ticket.closed_at or ticket.updated_at) >= since]

    def newest_tickets(self, count: int = 100, *, state: str = "all") -> list[Ticket]:
        """The newest issues with the label, at most ``count`` (up to 100), newest first."""
        params = {"state": state, "labels": self.label, "sort": "created", "direction": "desc"}
        path = f"/repos/{self.repository}/issues"
        try:
            answer = self.http.get(path, {**params, "per_page": min(count, 100)})
        except Rejected as refused:
            raise self.refused(refused, "issues: read") from refused
        return self._mine(self._parsed(answer), state)

    def _tickets(self, params: dict[str, str]) -> Iterator[list[tuple[Ticket, bool]]]:
        pages = self.http.pages(f"/repos/{self.repository}/issues", params)
        while True:
            try:
                answer = next(pages)
            except StopIteration:
                return
            except Rejected as refused:
                raise self.refused(refused, "issues: read") from refused
            yield self._parsed(answer)

    def _ticket(self, data: Any) -> Ticket:
        ticket = ticket_of(data)
        return replace(ticket, labels=self.as_ours(ticket.labels))

    def _parsed(self, answer: Answer) -> list[tuple[Ticket, bool]]:
        # Each with whether it is an issue: a pull request is listed as one, too.
        return [(self._ticket(item), "pull_request" not in item) for item in items(answer.data)]

    def _mine(self, page: list[tuple[Ticket, bool]], state: str) -> list[Ticket]:
        # Whether the server knows the filters or not.
        return [
            ticket
            for ticket, issue in page
            if issue
            and self.label.lower() in {label.lower() for label in ticket.labels}
            and state in ("all", "open" if ticket.open else "closed")
        ]

    def ticket(self, number: int) -> Ticket | None:
        """The issue now; None when it was deleted or transferred, or is a pull request.

        A transferred one is answered from where it is now, maybe under the same number.
        """
        try:
            answer = self.http.get(f"/repos/{self.repository}/issues/{number}")
        except Rejected as refused:
            if _deleted(refused):
                return None
            raise self.refused(refused, "issues: read") from refused
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
            self._names.append(self.full_name(self.repository).lower())
        return told.lower() in self._names

    def create(self, title: str, body: str) -> Ticket:
        """Open an issue with the queue's label; GitHub makes a label that is missing."""
        issue = {"title": title, "body": body, "labels": [self.label]}
        path = f"/repos/{self.repository}/issues"
        try:
            answer = self.with_labels([self.label], lambda: self.http.post(path, issue, paced=True))
        except Rejected as refused:
            raise self.refused(refused, "issues: write") from refused
        return self._ticket(answer.data)

    def edit(self, number: int, **changes: Any) -> Ticket:
        """Set an issue's title, body or state. Absolute; its labels are no part of it."""
        path = f"/repos/{self.repository}/issues/{number}"
        try:
            return self._ticket(self.http.absolute("PATCH", path, changes).data)
        except Rejected as refused:
            raise self.refused(refused, "issues: write", one=True) from refused

    def set_state(self, number: int, *, reason: str | None, title: str | None = None) -> Ticket:
        """Close the issue for ``reason`` (None: leave it open), and give it ``title``."""
        changes: dict[str, Any] = {} if title is None else {"title": title}
        if reason is not None:
            changes |= {"state": "closed", "state_reason": reason}
        return self.edit(number, **changes)

    # Comments: https://docs.github.com/en/rest/issues/comments

    def comments(self, number: int, *, since: datetime | None = None, skip: int = 0) -> Comments:
        """The comments of an issue, oldest first: all, or those written or edited since.

        Pages before that which holds the first after ``skip`` are left out.
        """
        found: list[Comment] = []
        as_of = None
        path = f"/repos/{self.repository}/issues/{number}/comments"
        params: dict[str, Any] = {} if since is None else {"since": format_instant(since)}
        if skip >= PER_PAGE:
            params["page"] = skip // PER_PAGE + 1
        try:
            for answer in self.http.pages(path, params):
                as_of = as_of or answer.date
                found += [comment_of(item, number) for item in items(answer.data)]
        except Rejected as refused:
            if _deleted(refused):
                return Comments(items=(), as_of=as_of)
            raise self.refused(refused, "issues: read") from refused
        return Comments(items=tuple(found), as_of=as_of)

    def comment(self, comment_id: int) -> Comment | None:
        """One comment; None when it was deleted."""
        try:
            path = f"/repos/{self.repository}/issues/comments/{comment_id}"
            data = record(self.http.get(path).data)
        except Rejected as refused:
            if _deleted(refused):
                return None
            raise self.refused(refused, "issues: read") from refused
        return comment_of(data, issue_of(data))

    def recent_comments(self, since: datetime) -> Recent | None:
        """The repository's comments changed since, at most so many; None: no such list."""
        params = {"since": format_instant(since), "sort": "updated", "direction": "desc"}
        found: list[Comment] = []
        as_of, told = None, since
        try:
            pages = self.http.pages(f"/repos/{self.repository}/issues/comments", params)
            for count, answer in enumerate(pages, start=1):
                as_of = as_of or answer.date
                shown = [comment_of(item, issue_of(item)) for item in items(answer.data)]
                if not all(comment.issue for comment in shown):
                    return None
                found += shown
                changed = [changed_at(item) for item in answer.data]
                if ends_before(changed, since):
                    break
                if count >= RECENT_PAGES and (answer.next_page or answer.may_have_more):
                    # Of the last of these there may be more in the same second.
                    told = min(changed) + timedelta(seconds=1)
                    break
        except Rejected as refused:
            if refused.status in (404, 405, 410, 501):
                return None
            raise self.refused(refused, "issues: read") from refused
        return Recent(items=tuple(found), since=told, as_of=as_of)

    def changed_comments(self, since: datetime, *, pages: int) -> Recent | None:
        """All comments changed since, at most so many ``pages``; None: the server has no such list.

        https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository
        """
        params = {"since": format_instant(since), "sort": "updated", "direction": "desc"}
        found: list[Comment] = []
        try:
            listed = self.http.pages(f"/repos/{self.repository}/issues/comments", params)
            for count, answer in enumerate(listed, start=1):
                page = items(answer.data)
                found += [comment_of(item, issue_of(item)) for item in page]
                if count == pages and answer.next_page and page:
                    # GitHub's times have whole seconds: one may be cut in two by a page's end.
                    since = changed_at(page[-1]) + timedelta(seconds=1)
                    break
        except Rejected as refused:
            if refused.status in (404, 405, 410):
                return None
            raise self.refused(refused, "issues: read") from refused
        return Recent(items=tuple(found), since=since, as_of=None)

    def add_comment(self, number: int, body: str) -> Comment:
        """Write a comment; sent once."""
        path = f"/repos/{self.repository}/issues/{number}/comments"
        try:
            answer = self.http.post(path, {"body": body}, paced=True)
        except Rejected as refused:
            raise self.refused(refused, "issues: write", one=True) from refused
        made = comment_of(answer.data, number)
        self._content.wrote(made)
        return made

    def edit_comment(self, comment_id: int, body: str) -> None:
        """Replace a comment's text."""
        path = f"/repos/{self.repository}/issues/comments/{comment_id}"
        try:
            self.http.absolute("PATCH", path, {"body": body})
        except Rejected as refused:
            raise self.refused(refused, "issues: write", one=True) from refused

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment, if it is still there."""
        try:
            self.http.absolute("DELETE", f"/repos/{self.repository}/issues/comments/{comment_id}")
        except Rejected as refused:
            if refused.status not in (404, 410):
                raise self.refused(refused, "issues: write", one=True) from refused

    def created_since(self, since: datetime) -> Sequence[Ticket]:
        """The issues with the label, open or closed, created since; newest first."""
        params = {"state": "all", "labels": self.label, "sort": "created", "direction": "desc"}
        found: list[Ticket] = []
        for page in self._tickets(params):
            found += self._mine(page, "all")
            if ends_before([ticket.created_at for ticket, _ in page], since):
                break
        return [ticket for ticket in found if ticket.created_at >= since]


def _deleted(refused: Rejected) -> bool:
    """Whether an issue is not there; those of a repository that has issues switched off are."""
    off = "disabled" in str(refused).lower()
    return refused.status == HTTPStatus.NOT_FOUND or (refused.status == HTTPStatus.GONE and not off)
