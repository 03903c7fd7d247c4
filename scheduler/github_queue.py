"""GitHub's issues as the engine's queue: translates, and decides nothing."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.gateway import Comments, Edit, Labelled
from scheduler.github_http import MAX_PAGES, PER_PAGE, GitHub
from scheduler.github_objects import (
    comment_of,
    edit_of,
    issue_of,
    items,
    labelled_of,
    record,
    ticket_of,
    user_of,
)
from scheduler.github_repository import GitHubRepository
from scheduler.model import Comment, Ticket
from scheduler.when import format_instant

#: The most comment pages that one look at a busy repository's last hour reads.
RECENT_PAGES = 10


class GitHubQueue(GitHubRepository):
    """The issues with one label of one repository, and the workflows that they start."""

    def __init__(self, http: GitHub, *, repository: str, label: str) -> None:
        super().__init__(http, repository=repository)
        self.label = label
        #: Of each page its ETag, its jobs, and whether it was full.
        self._pages: list[tuple[str, list[Ticket], bool]] = []

    # Issues: https://docs.github.com/en/rest/issues/issues

    def open_tickets(self) -> Iterator[Ticket]:
        """The queue, oldest first, page by page."""
        params = {"state": "open", "labels": self.label, "sort": "created", "direction": "asc"}
        return self._tickets(params)

    def poll_open(self) -> Sequence[Ticket] | None:
        """The queue anew, page by page with its ETag; None where every page is as it was.

        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests
        """
        path = f"/repos/{self.repository}/issues"
        params = {"state": "open", "labels": self.label, "sort": "created", "direction": "asc"}
        pages: list[tuple[str, list[Ticket], bool]] = []
        changed, more = False, True
        while more and len(pages) < MAX_PAGES:
            number = len(pages)
            known = self._pages[number] if number < len(self._pages) else None
            headers = {"If-None-Match": known[0]} if known and known[0] else {}
            try:
                asked = {**params, "per_page": PER_PAGE, "page": number + 1}
                answer = self.http.get(path, asked, **headers)
            except Rejected as refused:
                raise self.refused(refused, "issues: read") from refused
            if answer.status == HTTPStatus.NOT_MODIFIED and known:
                pages.append(known)
            else:
                changed = True
                shown = items(answer.data)
                found = [ticket_of(each) for each in shown if "pull_request" not in each]
                full = len(shown) >= PER_PAGE or answer.next_page is not None
                pages.append((answer.headers.get("etag", ""), found, full))
            # A full page may stay as it is while another one begins after it.
            more = pages[-1][2]
        changed = changed or len(pages) != len(self._pages)
        self._pages = pages
        return [ticket for _, found, _ in pages for ticket in found] if changed else None

    def closed_tickets(self, since: datetime) -> Sequence[Ticket]:
        """The closed issues with the label that changed since; one page, newest first."""
        params = {
            "state": "closed",
            "labels": self.label,
            "since": format_instant(since),
            "sort": "updated",
            "direction": "desc",
        }
        return [t for t in self._tickets(params) if t.closed_at is None or t.closed_at >= since]

    def newest_tickets(self, count: int = 100, *, state: str = "all") -> list[Ticket]:
        """The newest issues with the label, at most ``count`` (up to 100), newest first."""
        params = {"state": state, "labels": self.label, "sort": "created", "direction": "desc"}
        path = f"/repos/{self.repository}/issues"
        try:
            answer = self.http.get(path, {**params, "per_page": min(count, 100)})
        except Rejected as refused:
            raise self.refused(refused, "issues: read") from refused
        return [ticket_of(item) for item in items(answer.data) if "pull_request" not in item]

    def _tickets(self, params: dict[str, str]) -> Iterator[Ticket]:
        pages = self.http.pages(f"/repos/{self.repository}/issues", params)
        while True:
            try:
                answer = next(pages)
            except StopIteration:
                return
            except Rejected as refused:
                raise self.refused(refused, "issues: read") from refused
            for item in items(answer.data):
                if "pull_request" not in item:
                    yield ticket_of(item)

    def ticket(self, number: int) -> Ticket | None:
        """The issue now; None when it was deleted (404, 410) or is a pull request."""
        try:
            answer = self.http.get(f"/repos/{self.repository}/issues/{number}")
        except Rejected as refused:
            if refused.status in (404, 410):
                return None
            raise self.refused(refused, "issues: read") from refused
        data = answer.data if isinstance(answer.data, dict) else {}
        if "pull_request" in data or data.get("number") != number:
            return None
        return ticket_of(data)

    def create(self, title: str, body: str) -> Ticket:
        """Open an issue with the queue's label; GitHub makes a label that is missing."""
        issue = {"title": title, "body": body, "labels": [self.label]}
        try:
            answer = self.http.post(f"/repos/{self.repository}/issues", issue, paced=True)
        except Rejected as refused:
            raise self.refused(refused, "issues: write") from refused
        return ticket_of(answer.data)

    def edit(self, number: int, **changes: Any) -> Ticket:
        """Set an issue's body, state or labels. Absolute."""
        path = f"/repos/{self.repository}/issues/{number}"
        try:
            return ticket_of(self.http.absolute("PATCH", path, changes).data)
        except Rejected as refused:
            raise self.refused(refused, "issues: write") from refused

    def set_state(
        self, number: int, *, reason: str | None, labels: Sequence[str] | None = None
    ) -> None:
        """Close the issue for ``reason`` (None: leave it open), and set its labels."""
        changes: dict[str, Any] = {} if labels is None else {"labels": list(labels)}
        if reason is not None:
            changes |= {"state": "closed", "state_reason": reason}
        self.edit(number, **changes)

    # Comments: https://docs.github.com/en/rest/issues/comments

    def comments(self, number: int) -> Comments:
        """All comments of an issue, oldest first."""
        found: list[Comment] = []
        as_of = None
        try:
            for answer in self.http.pages(f"/repos/{self.repository}/issues/{number}/comments", {}):
                as_of = answer.date
                found += [comment_of(item, number) for item in items(answer.data)]
        except Rejected as refused:
            if refused.status in (404, 410):
                return Comments(items=(), as_of=as_of)
            raise self.refused(refused, "issues: read") from refused
        return Comments(items=tuple(found), as_of=as_of)

    def recent_comments(self, since: datetime) -> Sequence[Comment] | None:
        """The repository's comments changed since; None: no such list, or it is too long."""
        params = {"since": format_instant(since), "sort": "updated", "direction": "desc"}
        found: list[Comment] = []
        try:
            pages = self.http.pages(f"/repos/{self.repository}/issues/comments", params)
            for count, answer in enumerate(pages, start=1):
                found += [comment_of(item, issue_of(item)) for item in items(answer.data)]
                if count == RECENT_PAGES and answer.next_page:
                    return None
        except Rejected as refused:
            if refused.status in (404, 405, 410):
                return None
            raise self.refused(refused, "issues: read") from refused
        return found

    def add_comment(self, number: int, body: str) -> Comment:
        """Write a comment; sent once."""
        path = f"/repos/{self.repository}/issues/{number}/comments"
        try:
            answer = self.http.post(path, {"body": body}, paced=True)
        except Rejected as refused:
            raise self.refused(refused, "issues: write") from refused
        return comment_of(answer.data, number)

    def edit_comment(self, comment_id: int, body: str) -> None:
        """Replace a comment's text."""
        path = f"/repos/{self.repository}/issues/comments/{comment_id}"
        try:
            self.http.absolute("PATCH", path, {"body": body})
        except Rejected as refused:
            raise self.refused(refused, "issues: write") from refused

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment, if it is still there."""
        try:
            self.http.absolute("DELETE", f"/repos/{self.repository}/issues/comments/{comment_id}")
        except Rejected as refused:
            if refused.status not in (404, 410):
                raise self.refused(refused, "issues: write") from refused

    # Who, and with which settings.

    def role(self, login: str) -> str:
        """The exact role; ``permission`` calls triage read and maintain write.

        https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        """
        user = urllib.parse.quote(login, safe="")
        try:
            path = f"/repos/{self.repository}/collaborators/{user}/permission"
            data = record(self.http.get(path).data)
        except Rejected as refused:
            if refused.status == 404:
                return "none"
            raise self.refused(refused, "metadata: read") from refused
        return str(data.get("role_name") or data.get("permission") or "none")

    def edits(self, numbers: Sequence[int]) -> Mapping[int, Edit] | None:
        """The last changes of the issues' bodies, by one GraphQL query.

        https://docs.github.com/en/graphql/reference/objects#issue
        """
        owner, _, name = self.repository.partition("/")
        fields = "lastEditedAt editor { __typename login }"
        asked = " ".join(f"i{n}: issue(number: {n}) {{ {fields} }}" for n in numbers)
        query = (
            f"query($o: String!, $n: String!) {{ repository(owner: $o, name: $n) {{ {asked} }} }}"
        )
        body = {"query": query, "variables": {"o": owner, "n": name}}
        try:
            data = self.http.post(self.http.graphql_url, body).data
        except Rejected as refused:
            if refused.status in (404, 405, 501):
                return None
            raise self.refused(refused, "issues: read") from refused
        found = ((data or {}).get("data") or {}).get("repository") or {}
        return {n: edit_of(found[f"i{n}"]) for n in numbers if found.get(f"i{n}")}

    def labelled(self, number: int) -> Labelled | None:
        """Who last put the queue's label on the issue.

        https://docs.github.com/en/rest/issues/events#list-issue-events
        """
        found = None
        try:
            for answer in self.http.pages(f"/repos/{self.repository}/issues/{number}/events", {}):
                for event in items(answer.data):
                    name = str((event.get("label") or {}).get("name") or "")
                    if event.get("event") == "labeled" and name.lower() == self.label.lower():
                        found = labelled_of(event)
        except Rejected as refused:
            if refused.status in (404, 410):
                return None
            raise self.refused(refused, "issues: read") from refused
        return found

    def created_since(self, since: datetime) -> Sequence[Ticket]:
        """The issues with the label, open or closed, created since; newest first."""
        params = {"state": "all", "labels": self.label, "sort": "created", "direction": "desc"}
        found = []
        for ticket in self._tickets(params):
            if ticket.created_at < since:
                break
            found.append(ticket)
        return found

    def own_login(self) -> str | None:
        """The token's login, also where there is no GraphQL; None: it can't be told.

        ``GET /user`` is not for a ``GITHUB_TOKEN``, whose jobs the tick looks after.
        """
        if login := self.viewer():
            return login
        try:
            return user_of(self.http.get("/user").data).login
        except (Rejected, NotPermitted, Unavailable):
            return None

    def viewer(self) -> str | None:
        """The token's login by GraphQL, which a ``GITHUB_TOKEN`` may ask."""
        query = {"query": "query { viewer { login } }"}
        try:
            data = self.http.post(self.http.graphql_url, query).data
            return str(data["data"]["viewer"]["login"])
        except (Rejected, Unavailable, NotPermitted, KeyError, TypeError):
            return None
