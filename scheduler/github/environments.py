"""Environments: what a job that names one waits for before it gets a runner.

https://docs.github.com/en/rest/deployments/environments
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence

from scheduler.errors import Rejected
from scheduler.github.client import Api
from scheduler.github.objects import environments_of
from scheduler.ports.values import Environment


class GitHubEnvironments:
    """The environments of any repository, as far as the token may see and make them."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._http = api.http

    def environments(self, repo: str) -> Sequence[Environment]:
        """All of them; whoever may read Actions sees them, and of a public repository everybody."""
        pages = self._http.pages(f"/repos/{repo}/environments", {})
        return [each for answer in pages for each in environments_of(answer.data)]

    def make_environment(self, repo: str, name: str, minutes: int) -> None:
        """Make it, or set it: a timer, no reviewers, any branch. Needs 'administration: write'."""
        rules = {"wait_timer": minutes, "reviewers": None, "deployment_branch_policy": None}
        self._http.absolute("PUT", _path(repo, name), rules)

    def remove_environment(self, repo: str, name: str) -> bool:
        """Remove it; false when it was not there. Needs 'administration: write'."""
        try:
            self._http.absolute("DELETE", _path(repo, name))
        except Rejected as refused:
            if refused.status == 404:
                return False
            raise
        return True


def _path(repo: str, name: str) -> str:
    return f"/repos/{repo}/environments/{urllib.parse.quote(name, safe='')}"
