"""The comments of issues, and the reactions to them.

https://docs.github.com/en/rest/issues/comments
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from scheduler.errors import Rejected
from scheduler.github.client import Api, is_deleted
from scheduler.github.objects import changed_at, comment_of, ends_before, issue_of, items, record
from scheduler.github.transport import PER_PAGE
from scheduler.github.written import Written
from scheduler.ports.values import Comment, Comments, Recent
from scheduler.times.instants import format_instant

#: The most comment pages that one look at a busy repository's last hour reads.
RECENT_PAGES = 10


class GitHubComments:
    """The comments of the queue's issues, and how many more GitHub takes."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._http = api.http
        self._written = Written(api.http, repository=api.repository)

    def room(self, writes: int = 1) -> float:
        """Seconds until GitHub takes so many comments more of this account; 0: at once."""
        return self._written.room(writes)

    def comments(self, number: int, *, since: datetime | None = None, skip: int = 0) -> Comments:
        """The comments of an issue, oldest first: all, or those written or edited since.

        Pages before that which holds the first after ``skip`` are left out.
        """
        found: list[Comment] = []
        as_of = None
        path = f"{self._api.here}/issues/{number}/comments"
        params: dict[str, Any] = {} if since is None else {"since": format_instant(since)}
        if skip >= PER_PAGE:
            params["page"] = skip // PER_PAGE + 1
        try:
            for answer in self._http.pages(path, params):
                as_of = as_of or answer.date
                found += [comment_of(item, number) for item in items(answer.data)]
        except Rejected as refused:
            if is_deleted(refused):
                return Comments(items=(), as_of=as_of)
            raise self._api.refused(refused, "issues: read") from refused
        return Comments(items=tuple(found), as_of=as_of)

    def comment(self, comment_id: int) -> Comment | None:
        """One comment; None when it was deleted."""
        try:
            path = f"{self._api.here}/issues/comments/{comment_id}"
            data = record(self._http.get(path).data)
        except Rejected as refused:
            if is_deleted(refused):
                return None
            raise self._api.refused(refused, "issues: read") from refused
        return comment_of(data, issue_of(data))

    def recent_comments(self, since: datetime) -> Recent | None:
        """The repository's comments changed since, at most so many; None: no such list."""
        params = {"since": format_instant(since), "sort": "updated", "direction": "desc"}
        found: list[Comment] = []
        as_of, told = None, since
        try:
            pages = self._http.pages(f"{self._api.here}/issues/comments", params)
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
            raise self._api.refused(refused, "issues: read") from refused
        return Recent(items=tuple(found), since=told, as_of=as_of)

    def changed_comments(self, since: datetime, *, pages: int) -> Recent | None:
        """All comments changed since, at most so many ``pages``; None: the server has no such list.

        https://docs.github.com/en/rest/issues/comments#list-issue-comments-for-a-repository
        """
        params = {"since": format_instant(since), "sort": "updated", "direction": "desc"}
        found: list[Comment] = []
        try:
            listed = self._http.pages(f"{self._api.here}/issues/comments", params)
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
            raise self._api.refused(refused, "issues: read") from refused
        return Recent(items=tuple(found), since=since, as_of=None)

    def add_comment(self, number: int, body: str) -> Comment:
        """Write a comment; sent once."""
        path = f"{self._api.here}/issues/{number}/comments"
        with self._api.needs("issues: write", one=True):
            answer = self._http.post(path, {"body": body}, paced=True)
        made = comment_of(answer.data, number)
        self._written.wrote(made)
        return made

    def edit_comment(self, comment_id: int, body: str) -> None:
        """Replace a comment's text."""
        path = f"{self._api.here}/issues/comments/{comment_id}"
        with self._api.needs("issues: write", one=True):
            self._http.absolute("PATCH", path, {"body": body})

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment, if it is still there."""
        try:
            self._http.absolute("DELETE", f"{self._api.here}/issues/comments/{comment_id}")
        except Rejected as refused:
            if refused.status not in (404, 410):
                raise self._api.refused(refused, "issues: write", one=True) from refused

    def react(self, comment_id: int, content: str) -> None:
        """Answer a comment in one sign, such as ``+1``, ``-1``, ``eyes`` or ``confused``.

        Absolute, though it is a POST: GitHub answers 200 where the same account has reacted
        so before. A comment that is gone, and a server without reactions, are no error.
        https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment

        Raises:
            Rejected: any other no, a missing right too: an answer stops nothing. On a locked
                issue nobody may react (https://github.com/GitHawkApp/GitHawk/issues/2297).
        """
        path = f"{self._api.here}/issues/comments/{comment_id}/reactions"
        try:
            self._http.absolute("POST", path, {"content": content})
        except Rejected as refused:
            if refused.status not in (404, 405, 410, 501):
                raise
