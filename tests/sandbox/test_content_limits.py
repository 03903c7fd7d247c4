"""Content is limited as GitHub limits it: 80 a minute and 500 an hour, for each account."""

from __future__ import annotations

import pytest

from scheduler.sandbox import Sandbox
from tests.sandbox.conftest import As, Client

TITLE, BODY = {"title": "t"}, {"body": "b"}


def test_a_minute_s_content(agent: Client, sandbox: Sandbox) -> None:
    assert agent("POST", "/issues", TITLE).status_code == 201
    sandbox.set_clock(advance=10)
    for _ in range(79):
        assert agent("POST", "/issues/1/comments", BODY).status_code == 201
    refused = agent("POST", "/issues/1/comments", BODY)
    assert refused.status_code == 403
    assert "secondary rate limit" in refused.json()["message"]
    assert "content creation" in refused.json()["message"]
    assert 45 <= int(refused.headers["Retry-After"]) <= 50
    assert agent("POST", "/issues", TITLE).status_code == 403
    assert sandbox.repository().issues[1].view.comments == 79
    sandbox.set_clock(advance=51)  # the first is a minute old, and no other
    assert agent("POST", "/issues", TITLE).status_code == 201
    assert agent("POST", "/issues", TITLE).status_code == 403


def test_an_hour_s_content(agent: Client, sandbox: Sandbox) -> None:
    sandbox.configure(limits={"content-minute": 2, "content-hour": 5})
    for _ in range(2):
        assert [agent("POST", "/issues", TITLE).status_code for _ in range(3)] == [201, 201, 403]
        sandbox.set_clock(advance=100)
    assert [agent("POST", "/issues", TITLE).status_code for _ in range(2)] == [201, 403]
    assert int(agent("POST", "/issues", TITLE).headers["Retry-After"]) > 3000
    sandbox.set_clock(advance=3500)
    assert agent("POST", "/issues", TITLE).status_code == 201


def test_it_counts_for_whoever_creates_and_only_what_was_created(
    agent: Client, as_user: As, sandbox: Sandbox
) -> None:
    sandbox.configure(limits={"content-minute": 2})
    assert agent("POST", "/issues", {}).status_code == 422
    assert agent("POST", "/issues/9/comments", BODY).status_code == 404
    assert agent("POST", "/issues", TITLE).status_code == 201
    assert as_user("owner")("POST", "/issues", TITLE).status_code == 201
    assert agent("POST", "/issues", TITLE).status_code == 201
    assert agent("POST", "/issues", TITLE).status_code == 403
    assert as_user("owner")("POST", "/issues/1/comments", BODY).status_code == 201
    assert as_user("bot")("POST", "/issues/1/comments", BODY).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/issues/1", {"title": "u"}),
        ("PATCH", "/issues/1", {"state": "closed"}),
        ("POST", "/issues/1/labels", {"labels": ["a"]}),
        ("POST", "/issues/comments/{id}/reactions", {"content": "+1"}),
        ("PATCH", "/issues/comments/{id}", {"body": "c"}),
        ("POST", "/actions/workflows/message.yml/dispatches",
         {"ref": "main", "inputs": {"message": "m"}}),
    ],
)  # fmt: skip
def test_what_notifies_nobody_is_no_content(
    agent: Client, sandbox: Sandbox, method: str, path: str, body: dict[str, object]
) -> None:
    agent("POST", "/issues", TITLE)
    comment = agent("POST", "/issues/1/comments", BODY).json()["id"]
    sandbox.configure(limits={"content-minute": 1, "content-hour": 1})
    assert agent(method, path.format(id=comment), body).status_code in (200, 201, 204)


def test_a_server_may_have_no_such_limits(agent: Client, sandbox: Sandbox) -> None:
    sandbox.configure(limits={"content-minute": 0, "content-hour": 0})
    assert {agent("POST", "/issues", TITLE).status_code for _ in range(100)} == {201}
