"""GitHub's JSON as values: what is missing is tolerated, what is something else is no answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.errors import Unavailable
from scheduler.github import objects
from scheduler.ports.values import UNCOUNTED, Check, Event, User
from scheduler.times.bounds import EARLIEST

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
AT = "2026-11-23T12:00:00Z"


def test_an_issue_of_which_next_to_nothing_is_told() -> None:
    ticket = objects.ticket_of({"number": 7})
    assert (ticket.number, ticket.title, ticket.body, ticket.labels) == (7, "", "", ())
    assert (ticket.author, ticket.open, ticket.locked) == (User(login="ghost"), True, False)
    assert (ticket.comments, ticket.association) == (UNCOUNTED, "")
    assert (ticket.created_at, ticket.closed_at, ticket.closed_by) == (EARLIEST, None, None)


def test_an_issue_of_which_all_is_told() -> None:
    ticket = objects.ticket_of(
        {
            "number": 7, "title": "t", "body": None, "user": {"login": "app", "type": "Bot"},
            "state": "closed", "state_reason": "not_planned", "locked": True, "comments": 3,
            "labels": [{"name": "a"}, "b", {"name": None}], "html_url": "https://github.com/7",
            "created_at": AT, "updated_at": None, "closed_at": AT, "closed_by": {"login": "x"},
            "author_association": "OWNER",
        }
    )  # fmt: skip
    assert (ticket.title, ticket.body, ticket.labels) == ("t", "", ("a", "b"))
    assert (ticket.author, ticket.url) == (User(login="app", bot=True), "https://github.com/7")
    assert (ticket.open, ticket.state_reason, ticket.locked) == (False, "not_planned", True)
    assert (ticket.comments, ticket.association, ticket.closed_by) == (3, "OWNER", "x")
    assert ticket.created_at == ticket.updated_at == ticket.closed_at == NOON


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        (AT, 0.0),
        ("2026-11-23T12:00:00.250Z", 0.25),
        ("2026-11-23T12:00:00.123456789Z", 0.123456),
        ("2026-11-23T13:00:00+01:00", 0.0),
        ("2026-11-23T12:00:00", 0.0),
    ],
)
def test_an_instant_however_a_server_writes_it(text: str, offset: float) -> None:
    made = objects.run_of({"id": 1, "created_at": text})
    assert made.created_at == NOON + timedelta(seconds=offset)


@pytest.mark.parametrize(
    ("make", "data"),
    [
        (objects.ticket_of, None),
        (objects.ticket_of, []),
        (objects.ticket_of, {"number": None}),
        (objects.ticket_of, {"number": "x"}),
        (objects.ticket_of, {"number": 1, "user": "x"}),
        (objects.ticket_of, {"number": 1, "labels": 7}),
        (objects.ticket_of, {"number": 1, "created_at": "noon"}),
        (objects.run_of, {}),
        (objects.runs_of, {"workflow_runs": {}}),
        (objects.runs_of, {}),
        (objects.event_of, None),
        (objects.pull_request_of, {"head": {}}),
        (objects.pull_request_of, {"head": "c0ffee"}),
        (objects.review_of, {"user": 7}),
        (objects.check_run_of, None),
        (objects.items, {}),
        (objects.items, [1]),
        (objects.record, []),
    ],
)
def test_what_is_something_else_is_no_answer(make: Callable[[Any], object], data: Any) -> None:
    with pytest.raises(Unavailable, match="GITHUB_API_URL"):
        make(data)


def test_an_empty_list_of_runs_may_be_written_as_null() -> None:
    assert objects.runs_of({"workflow_runs": None}) == []


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"event": "labeled", "created_at": AT, "label": {"name": "x"}}, ("labeled", None, "x")),
        ({"event": "closed", "created_at": AT, "actor": {"login": "y"}}, ("closed", "y", "")),
    ],
)
def test_an_event(data: dict[str, Any], told: tuple[str, str | None, str]) -> None:
    event, actor, label = told
    made = Event(event=event, at=NOON, actor=User(login=actor) if actor else None, label=label)
    assert objects.event_of(data) == made


@pytest.mark.parametrize(
    ("status", "conclusion", "state"),
    [
        ("completed", "success", "passed"),
        ("completed", "neutral", "passed"),
        ("completed", "skipped", "passed"),
        ("completed", "failure", "failed"),
        ("completed", "action_required", "failed"),
        ("completed", None, "pending"),
        ("in_progress", None, "pending"),
        ("queued", "success", "pending"),
    ],
)
def test_a_check_has_passed_when_github_lets_it(
    status: str, conclusion: str | None, state: str
) -> None:
    data = {"name": "test", "status": status, "conclusion": conclusion}
    assert objects.check_run_of(data) == Check(name="test", state=state)


@pytest.mark.parametrize(
    ("said", "state"),
    [("success", "passed"), ("pending", "pending"), ("failure", "failed"), ("error", "failed")],
)
def test_a_status(said: str, state: str) -> None:
    made = objects.status_of({"context": "deploy", "state": said})
    assert made == Check(name="deploy", state=state)


@pytest.mark.parametrize(
    ("data", "repository"),
    [
        ({"repository_url": "https://api.github.com/repos/o/r"}, "o/r"),
        ({"url": "https://ghe.example/api/v3/repos/o/r/issues/7"}, "o/r"),
        ({"url": "https://api.github.com/repositories/7/issues/7"}, None),
        ({"repository_url": 7, "url": None}, None),
        ({}, None),
    ],
)
def test_where_an_issue_stands(data: dict[str, Any], repository: str | None) -> None:
    assert objects.repository_in(data) == repository


@pytest.mark.parametrize(
    ("address", "number"),
    [("https://api.github.com/repos/o/r/issues/7", 7), ("", 0), (None, 0), ("x/y", 0)],
)
def test_on_which_issue_a_comment_stands(address: str | None, number: int) -> None:
    assert objects.issue_of({"issue_url": address}) == number


@pytest.mark.parametrize(
    ("moments", "since", "over"),
    [
        ([], 0, False),
        ([5, 3], 4, True),
        ([5, 4], 4, False),
        ([3, 5], 6, False),  # the page runs the other way
        ([3], 4, True),
    ],
)
def test_a_page_ends_a_list_that_is_newest_first(
    moments: list[int], since: int, over: bool
) -> None:
    at = [NOON + timedelta(seconds=each) for each in moments]
    assert objects.ends_before(at, NOON + timedelta(seconds=since)) == over


def test_an_error_is_told_on_one_line_with_its_details() -> None:
    data = {
        "message": "Validation\nFailed",
        "errors": [
            {"resource": "Label", "field": "name", "code": "invalid"},
            {"field": "title", "message": "is too long"},
            "plain",
        ],
    }
    told = objects.error_message(data)
    assert told == "Validation Failed; label: invalid; title: is too long; plain"
    assert objects.error_message([]) == "no message"
    assert len(objects.error_message({"message": "x" * 9999})) == 500
