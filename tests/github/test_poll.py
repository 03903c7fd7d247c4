"""The queue's list asked for again: what has not changed costs nothing, and no page is missed."""

from __future__ import annotations

from typing import Any

import responses
from responses import matchers

from scheduler.github.client import GitHub
from scheduler.github.queue import GitHubQueue


def test_a_poll_goes_where_the_link_leads(server: responses.RequestsMock, http: GitHub) -> None:
    """It may be relative, or by the repository's id; and a 304 need not repeat it."""
    address = "https://api.github.com:443/repos/octo/queue/issues"
    second = "https://api.github.com:443/repositories/7/issues"
    shown = {
        "body": "", "user": {"login": "agent"}, "labels": ["schedule"], "state": "open",
        "created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:00:00Z",
    }  # fmt: skip
    queue = GitHubQueue(http, repository="octo/queue", label="schedule")
    link = {"Link": '</repositories/7/issues?after=xyz>; rel="next"', "ETag": '"a"'}
    server.get(address, json=[shown | {"number": 1}], headers=link)
    cursor = [matchers.query_param_matcher({"after": "xyz"})]
    server.get(second, json=[shown | {"number": 2}], headers={"ETag": '"b"'}, match=cursor)
    found = queue.poll_open()
    assert found is not None
    assert [ticket.number for ticket in found] == [1, 2]
    server.reset()
    server.get(address, status=304)
    server.get(second, status=304, match=cursor)
    assert queue.poll_open() is None
    asked = [call.request.headers.get("If-None-Match") for call in server.calls]
    assert asked == ['"a"', '"b"']


def test_a_poll_asks_for_the_page_after_a_full_one(
    server: responses.RequestsMock, http: GitHub
) -> None:
    """A full page stays as it is when a job is opened that comes after it."""
    address = "https://api.github.com:443/repos/octo/queue/issues"
    shown = {
        "body": "", "user": {"login": "agent"}, "labels": ["schedule"],
        "state": "open", "html_url": "",
        "created_at": "2026-11-23T09:00:00Z", "updated_at": "2026-11-23T09:00:00Z",
    }  # fmt: skip

    def page(number: int, **given: Any) -> None:
        # The first is asked for by no number, and one after it, which no link names, has to be.
        named = {} if number == 1 else {"page": str(number)}
        query = {"state": "open", "labels": "schedule", "sort": "created", "direction": "asc"}
        asked = matchers.query_param_matcher({**query, "per_page": "100", **named})
        server.add("GET", address, match=[asked], **given)

    queue = GitHubQueue(http, repository="octo/queue", label="schedule")
    page(1, json=[shown | {"number": n} for n in range(1, 101)], headers={"ETag": '"a"'})
    page(2, json=[], headers={"ETag": '"b"'})
    assert len(queue.poll_open() or ()) == 100
    server.reset()
    page(1, status=304)
    page(2, status=304)
    assert queue.poll_open() is None
    server.reset()
    page(1, status=304)
    page(2, json=[shown | {"number": 101}], headers={"ETag": '"c"'})
    found = queue.poll_open()
    assert found is not None
    assert [ticket.number for ticket in found][-2:] == [100, 101]
    assert [call.request.headers.get("If-None-Match") for call in server.calls] == ['"a"', '"b"']
