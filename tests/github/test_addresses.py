"""Where requests go: redirects, Enterprise Servers, and addresses that are none."""

from __future__ import annotations

import pytest
import responses
from responses import matchers

from scheduler.errors import Rejected, UsageError
from scheduler.github.client import GitHub
from scheduler.github.queue import GitHubQueue
from tests.conftest import Reach

API = "https://api.github.com:443"
ISSUES = f"{API}/repos/o/r/issues"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_read_follows_a_redirect_with_its_query(
    server: responses.RequestsMock, http: GitHub, status: int
) -> None:
    there = "https://api.github.com/repositories/9/issues"
    asked = {"labels": "schedule", "per_page": "100"}
    server.get(ISSUES, status=status, headers={"Location": there}, json={"message": "Moved"})
    server.get(f"{API}/repositories/9/issues", json=[1],
               match=[matchers.query_param_matcher(asked)])  # fmt: skip
    answers = list(http.pages("/repos/o/r/issues", {"labels": "schedule"}))
    assert [answer.data for answer in answers] == [[1]]
    assert http.requests == len(server.calls) == 2


@pytest.mark.parametrize("verb", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [301, 307])
def test_a_write_follows_no_redirect(
    server: responses.RequestsMock, http: GitHub, verb: str, status: int
) -> None:
    there = "https://api.github.com/repos/o/elsewhere/issues/3"
    server.add(verb, ISSUES, status=status, headers={"Location": there}, json={"message": "Moved"})
    with pytest.raises(Rejected, match="has moved") as told:
        http.post("/repos/o/r/issues", {}) if verb == "POST" else http.absolute(
            verb, "/repos/o/r/issues", {}
        )
    assert told.value.status in (307, 308)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "there", ["https://elsewhere.example/repos/o/r", "http://api.github.com/x", ""]
)
def test_no_redirect_takes_the_token_elsewhere(
    server: responses.RequestsMock, http: GitHub, there: str
) -> None:
    server.get(ISSUES, status=301, headers={"Location": there}, json={"message": "Moved"})
    with pytest.raises(Rejected, match="has moved"):
        http.get("/repos/o/r/issues")
    assert len(server.calls) == 1


def test_a_circle_of_redirects_ends(server: responses.RequestsMock, http: GitHub) -> None:
    server.get(ISSUES, status=302, headers={"Location": ISSUES}, json={})
    with pytest.raises(Rejected, match="has moved"):
        http.get("/repos/o/r/issues")
    assert len(server.calls) <= 4


GHES = "https://ghe.example:443/api/v3"


@pytest.mark.parametrize("base", ["https://ghe.example/api/v3", "https://ghe.example/api/v3/"])
def test_an_enterprise_server_has_its_own_addresses(
    server: responses.RequestsMock, reach: Reach, base: str
) -> None:
    http = reach(base)
    queue = GitHubQueue(http, repository="o/r", label="schedule")
    following = '<https://ghe.example/api/v3/repositories/1/issues?page=2>; rel="next"'
    server.get(f"{GHES}/repos/o/r/issues", json=[], headers={"Link": following})
    server.get(f"{GHES}/repositories/1/issues", json=[])
    assert list(queue.open_tickets()) == []
    login = {"data": {"viewer": {"login": "me"}}}
    server.post("https://ghe.example:443/api/graphql", json=login)
    assert queue.viewer() == "me"
    assert http.requests == 3


@pytest.mark.parametrize("base", ["ghe.example", "ftp://ghe.example", "https://", "https://x:y"])
def test_an_address_that_is_none_is_refused(reach: Reach, base: str) -> None:
    with pytest.raises(UsageError, match=r"GITHUB_API_URL: .* is not an address; write https://"):
        reach(base)
