"""The questions that a job's conditions ask: of issues, pull requests, reviews and checks.

Each is one documented question, in the queue's repository or another. A no is ``Rejected``
with the way out, whatever its status: it concerns the job that asks, and no other.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence

from scheduler.errors import Rejected
from scheduler.github.client import Api
from scheduler.github.objects import (
    check_run_of,
    items,
    pull_request_of,
    record,
    review_of,
    status_of,
    ticket_of,
)
from scheduler.github.transport import Answer
from scheduler.ports.values import Check, PullRequest, Review, Ticket


class GitHubPulls:
    """Answers what conditions ask. A thing that has moved is looked at where it is now."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._http = api.http

    def issue(self, repo: str, number: int) -> Ticket:
        """An issue, or a pull request in its part as one.

        https://docs.github.com/en/rest/issues/issues#get-an-issue
        """
        path = f"/repos/{repo}/issues/{number}"
        return ticket_of(self._asked(path, "issues: read", repo=repo)[0].data)

    def pull_request(self, repo: str, number: int) -> PullRequest:
        """A pull request; GitHub answers 404 of an issue.

        https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
        """
        path = f"/repos/{repo}/pulls/{number}"
        return pull_request_of(self._asked(path, "pull-requests: read", repo=repo)[0].data)

    def reviews(self, repo: str, number: int) -> Sequence[Review]:
        """All reviews of a pull request, in the order in which they were made.

        https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request
        """
        path = f"/repos/{repo}/pulls/{number}/reviews"
        pages = self._asked(path, "pull-requests: read", repo=repo, all_pages=True)
        return [review_of(each) for page in pages for each in items(page.data)]

    def check_runs(self, repo: str, ref: str) -> Sequence[Check]:
        """The latest check runs of a commit, of every app.

        https://docs.github.com/en/rest/checks/runs#list-check-runs-for-a-git-reference
        """
        path = f"/repos/{repo}/commits/{urllib.parse.quote(ref, safe='')}/check-runs"
        pages = self._asked(path, "checks: read", repo=repo, all_pages=True)
        found = [record(page.data, "check_runs")["check_runs"] for page in pages]
        return [check_run_of(each) for runs in found for each in items(runs)]

    def statuses(self, repo: str, ref: str) -> Sequence[Check]:
        """The latest status of each context of a commit: what is no app says so.

        https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference
        """
        path = f"/repos/{repo}/commits/{urllib.parse.quote(ref, safe='')}/status"
        pages = self._asked(path, "statuses: read", repo=repo, all_pages=True)
        found = [record(page.data, "statuses")["statuses"] for page in pages]
        return [status_of(each) for statuses in found for each in items(statuses)]

    def _asked(
        self, path: str, right: str, *, repo: str, all_pages: bool = False
    ) -> Sequence[Answer]:
        try:
            return list(self._http.pages(path, {})) if all_pages else [self._http.get(path)]
        except Rejected as refused:
            fix = f"the scheduler's token needs {right!r} in {repo}"
            if refused.status in (404, 410):
                fix = f"check the number; if it is there, {fix}"
            raise Rejected(f"{refused}; {fix}", status=refused.status) from refused
