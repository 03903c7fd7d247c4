from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scheduler.connection import connect
from scheduler.environment import Environment
from scheduler.sandbox import Sandbox
from scheduler.sandbox.api.graphql import TIMELINE
from tests.sandbox.conftest import As, Client

SCHEMA = Path(__file__).with_name("github.graphql")


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


EVENT = "id actor { ...who } createdAt"
WHOLE = f"""
fragment who on Actor {{ __typename login url ... on User {{ id databaseId }} }}
fragment issue on Issue {{
  __typename id fullDatabaseId number title body state stateReason locked author {{ ...who }}
  editor {{ ...who }} lastEditedAt includesCreatedEdit createdAt updatedAt closedAt url
  userContentEdits(first: 9) {{
    totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
    nodes {{ __typename id editor {{ ...who }} editedAt createdAt updatedAt deletedAt diff }}
  }}
  timelineItems(last: 100) {{
    totalCount filteredCount pageCount
    pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
    nodes {{
      __typename
      ... on LabeledEvent {{ {EVENT} label {{ id name color description isDefault }} }}
      ... on UnlabeledEvent {{ {EVENT} label {{ name }} }}
      ... on ClosedEvent {{ {EVENT} stateReason }}
      ... on ReopenedEvent {{ {EVENT} stateReason }}
      ... on LockedEvent {{ {EVENT} }}
      ... on UnlockedEvent {{ {EVENT} }}
      ... on RenamedTitleEvent {{ {EVENT} previousTitle currentTitle }}
      ... on IssueComment {{ id fullDatabaseId author {{ ...who }} body createdAt updatedAt }}
    }}
  }}
}}
query($o: String!, $n: String!) {{
  viewer {{ __typename id databaseId login url }}
  repository(owner: $o, name: $n) {{
    __typename id name nameWithOwner isPrivate
    first: issue(number: 1) {{ ...issue }}
    second: issueOrPullRequest(number: 2) {{ ...issue }}
  }}
}}
"""


def eventful(agent: Client, owner: Client) -> None:
    """An issue to which everything was done that there is an event of."""
    agent("POST", "/issues", {"title": "t", "body": "a", "labels": ["Schedule"]})
    agent("POST", "/issues/1/comments", {"body": "c"})
    owner("PATCH", "/issues/1", {"title": "u", "body": "b", "labels": []})
    owner("PATCH", "/issues/1", {"state": "closed", "state_reason": "not_planned"})
    agent("PATCH", "/issues/1", {"state": "open"})
    owner("PUT", "/issues/1/lock", {})
    owner("DELETE", "/issues/1/lock")
    agent("POST", "/issues", {"title": "t"})


def conforms(query: str, variables: Any, data: Any) -> None:
    """Hold a query, and the answer to it, to GitHub's schema."""
    graphql = pytest.importorskip("graphql")
    schema = graphql.build_schema(SCHEMA.read_text(encoding="utf-8"))
    document = graphql.parse(query)
    assert graphql.validate(schema, document) == []
    # Carried out over the answer itself, every value is checked against its type.
    again = graphql.execute_sync(
        schema, document, data, variable_values=variables,
        field_resolver=lambda source, info, **_: source[info.path.key],
        type_resolver=lambda value, *_: value["__typename"],
    )  # fmt: skip
    assert (again.errors, again.data) == (None, data)


def test_queries_and_answers_are_as_github_s_schema_has_them(agent: Client, as_user: As) -> None:
    eventful(agent, as_user("owner"))
    variables = {"o": "octo", "n": "queue"}
    data = ask(agent, WHOLE, **variables)["data"]
    shown = {node["__typename"] for node in data["repository"]["first"]["timelineItems"]["nodes"]}
    assert shown == {*TIMELINE.values(), "IssueComment"}
    conforms(WHOLE, variables, data)


def test_what_a_tick_asks_is_in_github_s_schema(agent: Client, as_user: As) -> None:
    eventful(agent, as_user("owner"))
    asked: list[tuple[dict[str, Any], Any]] = []
    connection = connect(Environment.read(agent.sandbox.environ("bot")))
    queue, send = connection.queue, connection.http.post

    def post(url: str, body: Any, **more: Any) -> Any:
        asked.append((body, send(url, body, **more)))
        return asked[-1][1]

    connection.http.post = post  # type: ignore[assignment,method-assign]
    acts = queue.acts([1, 2])
    assert acts is not None
    assert [event.event for event in acts[1].events or ()] == [
        "labeled", "unlabeled", "closed", "reopened", "locked", "unlocked"
    ]  # fmt: skip
    assert queue.viewer() == "github-actions[bot]"
    connection.close()
    assert len(asked) == 2
    for body, answer in asked:
        conforms(body["query"], body.get("variables"), answer.data["data"])


def test_the_timeline_by_type_and_from_its_end(agent: Client, as_user: As) -> None:
    eventful(agent, as_user("owner"))

    def kinds(arguments: str) -> Any:
        inner = "totalCount filteredCount pageInfo { hasPreviousPage } nodes { __typename }"
        query = f"issue(number: 1) {{ timelineItems({arguments}) {{ {inner} }} }}"
        answer = ask(agent, f'{{ repository(owner: "octo", name: "queue") {{ {query} }} }}')
        if "errors" in answer:
            return answer["errors"][0]["message"]
        found = answer["data"]["repository"]["issue"]["timelineItems"]
        nodes = [node["__typename"] for node in found["nodes"]]
        return nodes, found["filteredCount"], found["pageInfo"]["hasPreviousPage"]

    both = ["LabeledEvent", "UnlabeledEvent"]
    assert kinds("last: 9, itemTypes: [LABELED_EVENT, UNLABELED_EVENT]") == (both, 2, False)
    assert kinds("last: 1, itemTypes: [LABELED_EVENT, UNLABELED_EVENT]") == (both[1:], 2, True)
    assert kinds("first: 1, itemTypes: [RENAMED_TITLE_EVENT]") == (["RenamedTitleEvent"], 1, False)
    assert kinds("last: 1") == (["UnlockedEvent"], 8, True)
    assert "first` or `last`" in kinds("itemTypes: [CLOSED_EVENT]")
    assert "limit of 100" in kinds("last: 101")
    assert "itemTypes" in kinds("last: 9, itemTypes: [LABELLED_EVENT]")


UNKNOWN = [
    "{ viewer { shoe } }", "{", "mutation { x }", "{ planet { name } }",
    "{ viewer { ...who } }", "{ viewer { ...a } } fragment a on User { ...a }",
    "{ viewer { login } } { viewer { id } }",
]  # fmt: skip


@pytest.mark.parametrize("query", UNKNOWN)
def test_what_it_does_not_know_is_an_error(agent: Client, query: str) -> None:
    assert "errors" in ask(agent, query)
