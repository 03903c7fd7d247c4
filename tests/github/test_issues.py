"""The queue's issues by HTTP: its lists, its numbers, and what is written to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import responses
from responses import matchers

from scheduler.errors import NotPermitted, Rejected
from scheduler.github.client import Api, GitHub
from scheduler.github.issues import CLOSED_PAGES, GitHubIssues
from scheduler.github.labels import GitHubLabels
from scheduler.github.queue import GitHubQueue
from scheduler.ports.values import Ticket
from tests.support.answers import API

ISSUES = f"{API}/repos/o/r/issues"
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)


def test_a_transferred_issue_is_gone_from_the_queue(
    server: responses.RequestsMock, http: GitHub
) -> None:
    there = "https://api.github.com/repos/o/elsewhere/issues/3"
    server.get(f"{ISSUES}/5", status=301, headers={"Location": there}, json={})
    server.get(f"{API}/repos/o/elsewhere/issues/3", json={"number": 3, "labels": []})
    assert GitHubQueue(http, repository="o/r", label="schedule").ticket(5) is None


def issue(number: int, **more: Any) -> dict[str, Any]:
    """An issue of the queue, opened at noon and as many seconds."""
    when = f"2026-11-23T12:00:{number:02}Z"
    return {
        "number": number, "title": "t", "body": "b", "user": {"login": "x"}, "state": "open",
        "labels": [{"name": "schedule"}], "created_at": when, "updated_at": when, **more,
    }  # fmt: skip


def closed(number: int, **more: Any) -> dict[str, Any]:
    return issue(number, state="closed", closed_at=f"2026-11-23T12:00:{number:02}Z", **more)


@pytest.fixture
def issues(api: Api) -> GitHubIssues:
    return GitHubIssues(api, GitHubLabels(api))


def numbers(tickets: Iterable[Ticket]) -> list[int]:
    return [ticket.number for ticket in tickets]


#: What a server shows that knows none of the filters.
EVERYTHING = [
    issue(1),
    issue(2, pull_request={}),
    issue(3, labels=[]),
    closed(4),
    issue(5, labels=["Schedule"]),
]


def test_a_server_that_knows_no_filters_does_not_make_the_queue_longer(
    server: responses.RequestsMock, issues: GitHubIssues
) -> None:
    for _ in range(4):
        server.get(ISSUES, json=EVERYTHING)
    assert numbers(issues.open_tickets()) == [1, 5]
    assert numbers(issues.closed_tickets(NOON)) == [4]
    assert numbers(issues.created_since(NOON + 4 * SECOND)) == [4, 5]
    assert numbers(issues.newest_tickets()) == [1, 4, 5]


def test_the_newest_with_a_further_label_are_those_that_have_it(
    server: responses.RequestsMock, issues: GitHubIssues
) -> None:
    failed = closed(6, labels=[{"name": "schedule"}, {"name": "schedule:failed"}])
    server.get(
        ISSUES,
        json=[*EVERYTHING, failed],
        match=[
            responses.matchers.query_param_matcher(
                {"labels": "schedule,schedule:failed", "state": "all"}, strict_match=False
            )
        ],
    )
    assert numbers(issues.newest_tickets(label="schedule:failed")) == [6]


def test_no_more_is_asked_for_than_is_the_queue(
    server: responses.RequestsMock, issues: GitHubIssues
) -> None:
    """What only waits costs a page for each hundred jobs, whatever else the repository has."""
    ours = {"labels": "schedule", "per_page": "100"}
    up, down = {"sort": "created", "direction": "asc"}, {"direction": "desc"}
    closed_since = {"sort": "updated", "since": "2026-11-23T12:00:00Z", "state": "closed"}
    for query in (
        {**ours, **up, "state": "open"},
        {**ours, **down, **closed_since},
        {**ours, **down, "sort": "created", "state": "all"},
    ):
        server.get(ISSUES, json=[], match=[matchers.query_param_matcher(query)])
    assert list(issues.open_tickets()) == []
    assert issues.closed_tickets(NOON) == issues.created_since(NOON) == []


def test_the_queue_s_label_is_shown_as_its_settings_write_it(
    server: responses.RequestsMock, issues: GitHubIssues
) -> None:
    server.get(f"{ISSUES}/5", json=issue(5, labels=["SCHEDULE", "Schedule:Held", "Schedules"]))
    shown = issues.ticket(5)
    assert shown is not None
    assert shown.labels == ("schedule", "schedule:held", "Schedules")


def test_the_closed_are_looked_at_so_far_and_no_further(
    server: responses.RequestsMock, issues: GitHubIssues
) -> None:
    for page in range(1, CLOSED_PAGES + 1):
        link = {"Link": f'<{ISSUES}?page={page + 1}>; rel="next"'}
        server.get(ISSUES, json=[closed(60 - page)], headers=link)
    assert len(issues.closed_tickets(NOON)) == len(server.calls) == CLOSED_PAGES


def test_a_list_ends_where_it_is_older_than_what_is_asked(
    server: responses.RequestsMock, issues: GitHubIssues
) -> None:
    link = {"Link": f'<{ISSUES}?page=2>; rel="next"'}
    server.get(ISSUES, json=[issue(9), issue(3)], headers=link)
    assert numbers(issues.created_since(NOON + 5 * SECOND)) == [9]
    assert len(server.calls) == 1


@pytest.mark.parametrize(("asked", "sent"), [(20, "20"), (100, "100"), (1000, "100")])
def test_the_newest_come_in_one_request(
    server: responses.RequestsMock, issues: GitHubIssues, asked: int, sent: str
) -> None:
    query = {
        "state": "all", "labels": "schedule", "sort": "created", "direction": "desc",
        "per_page": sent,
    }  # fmt: skip
    server.get(ISSUES, json=[issue(2), issue(1)], match=[matchers.query_param_matcher(query)])
    assert numbers(issues.newest_tickets(asked)) == [2, 1]


@pytest.mark.parametrize(
    ("links", "count"),
    [
        ('<{0}?page=2&per_page=1>; rel="next", <{0}?page=311&per_page=1>; rel="last"', 311),
        ('<{0}?per_page=1&page=7>; rel="last"', 7),
        ('<{0}?after=x>; rel="next"', None),
        ('<{0}?page=x>; rel="last"', None),
        ('<{0}>; rel="last"', None),
        ("", None),
    ],
)
def test_they_are_counted_by_the_last_page_of_one_item_each(
    server: responses.RequestsMock, issues: GitHubIssues, links: str, count: int | None
) -> None:
    query = {"state": "all", "labels": "schedule", "per_page": "1"}
    headers = {"Link": links.format(ISSUES)} if links else {}
    match = [matchers.query_param_matcher(query)]
    server.get(ISSUES, json=[issue(2)], headers=headers, match=match)
    assert issues.count_tickets() == count


@pytest.mark.parametrize(
    ("status", "words", "error"),
    [
        (404, "Not Found", NotPermitted),
        (403, "Resource not accessible", NotPermitted),
        (410, "Issues are disabled for this repo", Rejected),
    ],
)
def test_a_list_that_is_refused_tells_why(
    server: responses.RequestsMock,
    issues: GitHubIssues,
    status: int,
    words: str,
    error: type[Exception],
) -> None:
    server.get(ISSUES, status=status, json={"message": words})
    asks: list[Callable[[], object]] = [
        lambda: list(issues.open_tickets()),
        issues.poll_open,
        issues.newest_tickets,
        lambda: issues.closed_tickets(NOON),
    ]
    for ask in asks:
        with pytest.raises(error) as told:
            ask()
        assert type(told.value) is error


@pytest.mark.parametrize("other", [issue(6), issue(5, pull_request={}), {"message": "?"}])
def test_what_is_another_thing_than_was_asked_for_is_not_there(
    server: responses.RequestsMock, issues: GitHubIssues, other: dict[str, Any]
) -> None:
    server.get(f"{ISSUES}/5", json=other)
    assert issues.ticket(5) is None


def test_issues_that_are_switched_off_are_not_deleted(
    server: responses.RequestsMock, issues: GitHubIssues
) -> None:
    server.get(f"{ISSUES}/5", status=410, json={"message": "Issues are disabled for this repo"})
    with pytest.raises(Rejected):
        issues.ticket(5)


def test_a_job_is_opened_with_the_queue_s_label(
    server: responses.RequestsMock, issues: GitHubIssues
) -> None:
    sent = {"title": "t", "body": "b", "labels": ["schedule"]}
    server.post(ISSUES, status=201, json=issue(7), match=[matchers.json_params_matcher(sent)])
    assert issues.create("t", "b").number == 7


@pytest.mark.parametrize(
    ("reason", "title", "sent"),
    [
        ("completed", None, {"state": "closed", "state_reason": "completed"}),
        ("not_planned", "x", {"title": "x", "state": "closed", "state_reason": "not_planned"}),
        (None, "x", {"title": "x"}),
    ],
)
def test_no_more_is_written_than_is_to_change(
    server: responses.RequestsMock,
    issues: GitHubIssues,
    reason: str | None,
    title: str | None,
    sent: dict[str, str],
) -> None:
    server.patch(f"{ISSUES}/7", json=issue(7), match=[matchers.json_params_matcher(sent)])
    assert issues.set_state(7, reason=reason, title=title).number == 7


def test_an_edit_of_an_issue_that_is_gone_is_no_matter_of_the_token(
    server: responses.RequestsMock, issues: GitHubIssues
) -> None:
    server.patch(f"{ISSUES}/7", status=404, json={"message": "Not Found"})
    with pytest.raises(Rejected) as told:
        issues.edit(7, state="open")
    assert told.value.status == 404
