"""The queue's issues by HTTP: its lists, its numbers, and what is written to them."""

from __future__ import annotations

import responses

from scheduler.github.client import GitHub
from scheduler.github.queue import GitHubQueue

API = "https://api.github.com:443"
ISSUES = f"{API}/repos/o/r/issues"


def test_a_transferred_issue_is_gone_from_the_queue(
    server: responses.RequestsMock, http: GitHub
) -> None:
    there = "https://api.github.com/repos/o/elsewhere/issues/3"
    server.get(f"{ISSUES}/5", status=301, headers={"Location": there}, json={})
    server.get(f"{API}/repos/o/elsewhere/issues/3", json={"number": 3, "labels": []})
    assert GitHubQueue(http, repository="o/r", label="schedule").ticket(5) is None
