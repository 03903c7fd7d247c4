from __future__ import annotations

from typing import Any

from scheduler.sandbox import Sandbox
from tests.sandbox.conftest import As, Client


def ask(client: Client, query: str, **variables: Any) -> Any:
    answer = client("POST", "//graphql", {"query": query, "variables": variables})
    assert answer.status_code == 200
    return answer.json()


def test_the_viewer(as_user: As) -> None:
    query = "query { viewer { login } }"
    assert ask(as_user("agent"), query) == {"data": {"viewer": {"login": "agent"}}}
    assert ask(as_user("bot"), query)["data"]["viewer"]["login"] == "github-actions[bot]"
    assert as_user(None)("POST", "//graphql", {"query": query}).status_code == 401


def test_a_server_without_graphql(agent: Client, sandbox: Sandbox) -> None:
    sandbox.configure(graphql=False)
    assert agent("POST", "//graphql", {"query": "{ viewer { login } }"}).status_code == 404


def test_the_edits_of_many_issues(agent: Client, as_user: As) -> None:
    as_user("stranger")("POST", "/issues", {"title": "t", "body": "a"})
    as_user("bot")("POST", "/issues", {"title": "t", "body": "a"})
    agent("PATCH", "/issues/1", {"body": "b"})
    answer = ask(
        agent,
        """
        query($owner: String!, $name: String!) {
          repository(owner: $owner, name: $name) {
            i1: issue(number: 1) { ...on Issue { lastEditedAt editor { login __typename } }
              author { login }
              userContentEdits(first: 9) { totalCount nodes { editor { login } } } }
            i2: issue(number: 2) { lastEditedAt editor { login } author { login __typename } }
            i3: issue(number: 3) { lastEditedAt }
          }
        }""",
        owner="octo",
        name="queue",
    )
    one, two = answer["data"]["repository"]["i1"], answer["data"]["repository"]["i2"]
    assert one["editor"] == {"login": "agent", "__typename": "User"}
    assert one["lastEditedAt"]
    assert one["author"]["login"] == "stranger"
    assert [node["editor"]["login"] for node in one["userContentEdits"]["nodes"]] == [
        "agent", "stranger"
    ]  # fmt: skip
    assert two == {
        "lastEditedAt": None,
        "editor": None,
        "author": {"login": "github-actions", "__typename": "Bot"},
    }
    assert answer["data"]["repository"]["i3"] is None
    assert answer["errors"][0]["type"] == "NOT_FOUND"


def test_nodes(agent: Client) -> None:
    node = agent("POST", "/issues", {"title": "t"}).json()["node_id"]
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Issue { number } } }"
    answer = ask(agent, query, ids=[node, "nope"])
    assert answer["data"]["nodes"] == [{"__typename": "Issue", "number": 1}, None]


def test_what_it_does_not_know_is_an_error(agent: Client) -> None:
    for query in ("{ viewer { shoe } }", "{", "mutation { x }", "{ planet { name } }"):
        assert "errors" in ask(agent, query)
