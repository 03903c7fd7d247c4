"""The comments of issues by HTTP: so many pages and no more, and each write sent once."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import responses
from responses import matchers

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.github.client import Api
from scheduler.github.comments import RECENT_PAGES, GitHubComments
from tests.support.answers import HERE, LOST

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
ALL = f"{HERE}/issues/comments"
ONE = f"{HERE}/issues/7/comments"


def comment(number: int, at: datetime = NOON, **more: Any) -> dict[str, Any]:
    when = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    address = f"https://api.github.com/repos/o/r/issues/{number}"
    return {
        "id": number, "body": f"{number}", "user": {"login": "x"}, "issue_url": address,
        "created_at": when, "updated_at": when, **more,
    }  # fmt: skip


@pytest.fixture
def comments(api: Api) -> GitHubComments:
    return GitHubComments(api)


@pytest.mark.parametrize(("skip", "page"), [(0, None), (99, None), (100, "2"), (250, "3")])
def test_pages_that_are_known_are_not_asked_for(
    server: responses.RequestsMock, comments: GitHubComments, skip: int, page: str | None
) -> None:
    asked = {"per_page": "100", **({"page": page} if page else {})}
    server.get(ONE, json=[comment(1)], match=[matchers.query_param_matcher(asked)])
    assert [each.id for each in comments.comments(7, skip=skip).items] == [1]
    assert len(server.calls) == 1


def pages(server: responses.RequestsMock, count: int) -> None:
    """So many pages of two, newest change first, each of which names a next one."""
    for number in range(1, count + 1):
        at = NOON - timedelta(minutes=number)
        link = {"Link": f'<{ALL}?page={number + 1}&per_page=100>; rel="next"'}
        shown = [comment(2 * number, at), comment(2 * number + 1, at - timedelta(seconds=9))]
        search = {"page": str(number)} if number > 1 else {"sort": "updated"}
        match = [matchers.query_param_matcher(search, strict_match=False)]
        server.get(ALL, json=shown, headers=link, match=match)


def test_a_look_at_a_busy_hour_ends_and_says_from_when_on_it_is_whole(
    server: responses.RequestsMock, comments: GitHubComments
) -> None:
    pages(server, RECENT_PAGES)
    found = comments.recent_comments(NOON - timedelta(days=1))
    assert found is not None
    assert len(found.items) == 2 * RECENT_PAGES
    # Of the second that the last page may have cut in two, nothing is told.
    assert found.since == NOON - timedelta(minutes=RECENT_PAGES, seconds=9 - 1)


def test_a_look_ends_where_the_list_is_older_than_what_is_asked(
    server: responses.RequestsMock, comments: GitHubComments
) -> None:
    pages(server, 2)
    since = NOON - timedelta(minutes=2)
    found = comments.recent_comments(since)
    assert found is not None
    assert (len(server.calls), found.since) == (2, since)


def test_so_many_pages_of_changed_comments_and_no_more(
    server: responses.RequestsMock, comments: GitHubComments
) -> None:
    pages(server, 3)
    found = comments.changed_comments(NOON - timedelta(days=1), pages=3)
    assert found is not None
    assert len(found.items) == 6
    assert found.since == NOON - timedelta(minutes=3, seconds=9 - 1)


def test_a_list_that_does_not_say_where_its_comments_stand_is_none(
    server: responses.RequestsMock, comments: GitHubComments
) -> None:
    server.get(ALL, json=[comment(1, issue_url=None)])
    assert comments.recent_comments(NOON) is None


@pytest.mark.parametrize("status", [404, 405, 410])
def test_a_server_without_the_list_tells_none(
    server: responses.RequestsMock, comments: GitHubComments, status: int
) -> None:
    server.get(ALL, status=status, json={"message": "Not Found"})
    assert comments.recent_comments(NOON) is None
    assert comments.changed_comments(NOON, pages=1) is None


@pytest.mark.parametrize("lost", LOST)
def test_a_comment_whose_answer_is_lost_is_not_written_again(
    server: responses.RequestsMock, comments: GitHubComments, lost: dict[str, Any]
) -> None:
    server.post(ONE, **lost)
    with pytest.raises(Unavailable) as told:
        comments.add_comment(7, "hello")
    assert told.value.sent
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("status", "words", "error"),
    [
        (403, "Resource not accessible", NotPermitted),
        (403, "This issue is locked", Rejected),
        (403, "Commenting is disabled on issues with more than 2500 comments", Rejected),
        (404, "Not Found", Rejected),
        (422, "Body is too long", Rejected),
    ],
)
def test_a_refusal_of_a_comment_is_of_the_token_or_of_the_issue(
    server: responses.RequestsMock,
    comments: GitHubComments,
    status: int,
    words: str,
    error: type[Exception],
) -> None:
    server.post(ONE, status=status, json={"message": words})
    with pytest.raises(error) as told:
        comments.add_comment(7, "hello")
    assert type(told.value) is error


def test_issues_that_are_switched_off_are_not_without_comments(
    server: responses.RequestsMock, comments: GitHubComments
) -> None:
    off = {"message": "Issues are disabled for this repo"}
    server.get(ONE, status=410, json=off)
    server.get(f"{ALL}/1", status=410, json=off)
    with pytest.raises(Rejected):
        comments.comments(7)
    with pytest.raises(Rejected):
        comments.comment(1)


@pytest.mark.parametrize("status", [404, 405, 410, 501])
def test_a_server_without_reactions_is_no_error(
    server: responses.RequestsMock, comments: GitHubComments, status: int
) -> None:
    server.post(f"{ALL}/1/reactions", status=status, json={"message": "Not Found"})
    comments.react(1, "+1")


def test_a_reaction_that_is_not_allowed_is_refused_for_good(
    server: responses.RequestsMock, comments: GitHubComments
) -> None:
    server.post(f"{ALL}/1/reactions", status=403, json={"message": "no"})
    with pytest.raises(Rejected):
        comments.react(1, "+1")
