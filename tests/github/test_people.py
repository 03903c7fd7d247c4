"""People by HTTP: what is asked about many at once, and what a server does not tell."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses

from scheduler.errors import NotPermitted, Rejected
from scheduler.github.client import Api
from scheduler.github.people import NO_GRAPHQL, GitHubPeople
from scheduler.ports.values import Acts, Edit
from tests.support.answers import API, HERE

GRAPHQL = f"{API}/graphql"
VIEWER = {"data": {"viewer": {"login": "me"}}}
NEVER: dict[str, Any] = {"lastEditedAt": None, "editor": None, "timelineItems": {"nodes": []}}


@pytest.fixture
def people(api: Api) -> GitHubPeople:
    return GitHubPeople(api)


def test_all_issues_are_asked_about_in_one_request(
    server: responses.RequestsMock, people: GitHubPeople
) -> None:
    server.post(GRAPHQL, json={"data": {"repository": {"i7": NEVER, "i8": None, "i9": NEVER}}})
    nothing = Acts(edit=Edit(), events=())
    assert people.acts([7, 8, 9]) == {7: nothing, 9: nothing}
    (call,) = server.calls
    asked = json.loads(call.request.body or "")
    assert asked["variables"] == {"o": "o", "n": "r"}
    assert all(f"i{n}: issue(number: {n})" in asked["query"] for n in (7, 8, 9))


@pytest.mark.parametrize(
    ("told", "role"),
    [
        ({"permissions": {"admin": True, "push": True, "pull": True}}, "admin"),
        ({"permissions": {"admin": False, "push": True, "pull": True}}, "write"),
        ({"permissions": {"triage": True, "pull": True}}, "triage"),
        ({"permissions": {"push": "yes", "pull": True}}, "read"),
        ({"permissions": {}}, "none"),
        ({"permissions": None}, None),
        ({}, None),
    ],
)
def test_the_role_of_the_token_s_own_account(
    server: responses.RequestsMock, people: GitHubPeople, told: Any, role: str | None
) -> None:
    server.get(HERE, json=told)
    assert people.own_role() == role


def test_a_repository_that_is_not_shown_tells_no_role(
    server: responses.RequestsMock, people: GitHubPeople
) -> None:
    server.get(HERE, status=404, json={"message": "Not Found"})
    assert people.own_role() is None


@pytest.mark.parametrize("status", sorted(NO_GRAPHQL))
def test_a_server_without_graphql_tells_nothing(
    server: responses.RequestsMock, people: GitHubPeople, status: int
) -> None:
    server.post(GRAPHQL, status=status, json={"message": "Not Found"})
    assert people.acts([7]) is None
    assert people.viewer() is None


@pytest.mark.parametrize("status", [404, 405, 410, 501])
def test_a_server_without_events_tells_none(
    server: responses.RequestsMock, people: GitHubPeople, status: int
) -> None:
    server.get(f"{HERE}/issues/7/events", status=status, json={"message": "Not Found"})
    assert people.events(7) is None


def test_who_this_is_is_asked_by_graphql_first(
    server: responses.RequestsMock, people: GitHubPeople
) -> None:
    server.post(GRAPHQL, json=VIEWER)
    assert people.own_login() == people.viewer() == "me"
    assert [call.request.url for call in server.calls] == [GRAPHQL, GRAPHQL]


@pytest.mark.parametrize(
    ("status", "data", "login"),
    [(200, {"login": "me"}, "me"), (403, {}, None), (404, {}, None), (401, {}, None)],
)
def test_without_it_the_account_itself_is_asked_for(
    server: responses.RequestsMock,
    people: GitHubPeople,
    status: int,
    data: Any,
    login: str | None,
) -> None:
    server.post(GRAPHQL, json={"data": None})
    server.get(f"{API}/user", status=status, json=data)
    assert people.own_login() == login


@pytest.mark.parametrize("login", ["a b", "octo[bot]", "a/b"])
def test_a_login_is_one_part_of_the_address(
    server: responses.RequestsMock, people: GitHubPeople, login: str
) -> None:
    quoted = {"a b": "a%20b", "octo[bot]": "octo%5Bbot%5D", "a/b": "a%2Fb"}[login]
    server.get(f"{HERE}/collaborators/{quoted}/permission", json={"role_name": "write"})
    assert people.role(login) == "write"


def test_who_may_write_elsewhere_is_told_to_writers_there_alone(
    server: responses.RequestsMock, people: GitHubPeople
) -> None:
    here, there = (f"{API}/repos/o/{name}/collaborators/x/permission" for name in ("r", "other"))
    for address in (here, there):
        server.get(address, status=403, json={"message": "Must have push access"})
    with pytest.raises(Rejected, match="only a token that may write to o/other is told"):
        people.role("x", "o/other")
    with pytest.raises(NotPermitted, match="metadata: read"):
        people.role("x")
