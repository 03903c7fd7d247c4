"""Comments in any repository by HTTP: each sent once, and a no with the way out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
import responses

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.github.client import Api
from scheduler.github.replies import GitHubReplies
from tests.support.answers import API, LOST

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
OTHER = "o/other"
THERE = f"{API}/repos/{OTHER}/issues/3/comments"
ONE = f"{API}/repos/{OTHER}/issues/comments/7"
MADE = {
    "id": 7, "body": "done", "user": {"login": "bot"}, "created_at": "2026-11-23T12:00:00Z",
}  # fmt: skip
ASKS: dict[str, tuple[str, Callable[[GitHubReplies], object]]] = {
    "issues: read": ("GET", lambda ask: ask.replies(OTHER, 3, NOON)),
    "issues: write": ("POST", lambda ask: ask.reply(OTHER, 3, "done")),
}


@pytest.fixture
def replies(api: Api) -> GitHubReplies:
    return GitHubReplies(api)


@pytest.mark.parametrize("right", ASKS)
@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_no_names_the_right_and_is_of_the_job_that_is_told_of(
    server: responses.RequestsMock, replies: GitHubReplies, right: str, status: int
) -> None:
    method, ask = ASKS[right]
    server.add(method, THERE, status=status, json={"message": "Not Found"})
    with pytest.raises(Rejected, match=f"the scheduler's token needs '{right}' in o/other") as told:
        ask(replies)
    assert told.value.status == status
    assert ("check the number" in str(told.value)) == (status != 403)
    assert len(server.calls) == 1


def test_a_lock_is_no_missing_right(server: responses.RequestsMock, replies: GitHubReplies) -> None:
    locked = {"message": "Unable to create comment because issue is locked."}
    server.post(THERE, status=403, json=locked)
    with pytest.raises(Rejected, match=r"issue is locked\.$"):
        replies.reply(OTHER, 3, "done")


@pytest.mark.parametrize("status", [301, 307, 308])
def test_a_comment_goes_nowhere_else_than_it_was_meant_for(
    server: responses.RequestsMock, replies: GitHubReplies, status: int
) -> None:
    moved = {"Location": f"{API}/repositories/5/issues/9/comments"}
    server.post(THERE, status=status, headers=moved, json={"message": "Moved Permanently"})
    with pytest.raises(Rejected, match="GitHub answers that it has moved; use its new name"):
        replies.reply(OTHER, 3, "done")
    assert len(server.calls) == 1


@pytest.mark.parametrize("answer", LOST)
def test_a_comment_is_sent_once(
    server: responses.RequestsMock, replies: GitHubReplies, answer: dict[str, Any]
) -> None:
    server.post(THERE, **answer)
    with pytest.raises(Unavailable):
        replies.reply(OTHER, 3, "done")
    assert len(server.calls) == 1


@pytest.mark.parametrize("status", [204, 404, 410])
def test_what_is_gone_is_taken_back(
    server: responses.RequestsMock, replies: GitHubReplies, status: int
) -> None:
    server.delete(ONE, status=status, json=None if status == 204 else {"message": "Not Found"})
    replies.take_back(OTHER, 7)


def test_what_may_not_be_taken_back_is_said(
    server: responses.RequestsMock, replies: GitHubReplies
) -> None:
    server.delete(ONE, status=403, json={"message": "Resource not accessible by integration"})
    with pytest.raises(Rejected, match="needs 'issues: write' in o/other"):
        replies.take_back(OTHER, 7)


def test_a_token_that_is_no_good_is_no_fault_of_the_place(
    server: responses.RequestsMock, replies: GitHubReplies
) -> None:
    server.post(THERE, json=MADE)
    assert replies.reply(OTHER, 3, "done").id == 7
    server.get(THERE, status=401, json={"message": "Bad credentials"})
    with pytest.raises(NotPermitted, match="401"):
        replies.replies(OTHER, 3, NOON)
