"""Comments on issues and pull requests of any repository: what a job's outcome is told by.

A no is ``Rejected`` with the way out, whatever its status: it concerns the job that is told of,
and no other.

https://docs.github.com/en/rest/issues/comments
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from scheduler.errors import Rejected
from scheduler.github.client import Api
from scheduler.github.objects import comment_of, items
from scheduler.ports.values import Comment
from scheduler.times.instants import format_instant


class GitHubReplies:
    """Reads and writes where a job has its outcome told. A pull request is an issue, too."""

    def __init__(self, api: Api) -> None:
        self._http = api.http

    def replies(self, repo: str, number: int, since: datetime) -> Sequence[Comment]:
        """The comments that were written or edited since, oldest first."""
        path = f"/repos/{repo}/issues/{number}/comments"
        with _refused("issues: read", repo):
            pages = list(self._http.pages(path, {"since": format_instant(since)}))
        return [comment_of(each, number) for page in pages for each in items(page.data)]

    def reply(self, repo: str, number: int, body: str) -> Comment:
        """Write a comment; sent once, and nowhere else: what has moved is refused."""
        path = f"/repos/{repo}/issues/{number}/comments"
        with _refused("issues: write", repo):
            answer = self._http.post(path, {"body": body}, paced=True)
        return comment_of(answer.data, number)

    def take_back(self, repo: str, comment_id: int) -> None:
        """Delete a comment, if it is still there."""
        try:
            with _refused("issues: write", repo):
                self._http.absolute("DELETE", f"/repos/{repo}/issues/comments/{comment_id}")
        except Rejected as refused:
            if refused.status not in (404, 410):
                raise


@contextmanager
def _refused(right: str, repo: str) -> Iterator[None]:
    """A no to what needs ``right`` in ``repo``, with the way out where its words show none."""
    try:
        yield
    except Rejected as refused:
        status, words = refused.status, str(refused)
        if status < 400 or "locked" in words.lower():
            raise
        fix = f"the scheduler's token needs {right!r} in {repo}"
        if status in (404, 410):
            fix = f"check the number; if it is there, {fix}"
        raise Rejected(f"{words}; {fix}", status=status) from refused
