"""Concurrency groups of a repository's runs; a GitHub Enterprise Server does not tell them.

https://docs.github.com/en/rest/actions/concurrency-groups
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence

from scheduler.errors import Rejected
from scheduler.github.client import Api
from scheduler.github.objects import group_of, holders_of, items, record
from scheduler.ports.values import Group

#: The most pages of groups that are read, 100 groups each.
PAGES = 5


class GitHubGroups:
    """The concurrency groups of any repository."""

    def __init__(self, api: Api) -> None:
        self._http = api.http

    def concurrency_groups(self, repo: str) -> Sequence[Group] | None:
        """Those that somebody holds or waits for; None: the server has no such list."""
        found: list[Group] = []
        try:
            listed = self._http.pages(f"/repos/{repo}/actions/concurrency_groups", {})
            for count, answer in enumerate(listed, start=1):
                told = record(answer.data, "concurrency_groups")["concurrency_groups"]
                found += [group_of(each) for each in items(told)]
                if count == PAGES:
                    break
        except Rejected as refused:
            if refused.status in (404, 410, 501):
                return None
            raise
        return found

    def holders(self, repo: str, group: str) -> Sequence[int]:
        """The ids of the runs that hold a group; of one that is free, none."""
        name = urllib.parse.quote(group, safe="")
        try:
            answer = self._http.get(f"/repos/{repo}/actions/concurrency_groups/{name}")
        except Rejected as refused:
            if refused.status == 404:
                return []
            raise
        return holders_of(answer.data)
