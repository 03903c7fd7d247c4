from __future__ import annotations

import pytest
from githubkit_schemas.v2026_03_10 import models

from scheduler.sandbox import Sandbox
from tests.sandbox.conftest import As, Client


def test_an_issue_is_opened_edited_closed_and_reopened(agent: Client) -> None:
    made = agent("POST", "/issues", {"title": "t", "body": "b", "labels": ["schedule", "x"]})
    assert made.status_code == 201
    assert made.headers["Location"] == made.json()["url"]
    assert [label["name"] for label in made.json()["labels"]] == ["schedule", "x"]
    closed = agent("PATCH", "/issues/1", {"state": "closed", "state_reason": "not_planned"}).json()
    assert (closed["state"], closed["state_reason"]) == ("closed", "not_planned")
    assert closed["closed_by"]["login"] == "agent"
    assert closed["closed_at"]
    opened = agent("PATCH", "/issues/1", {"state": "open"}).json()
    assert (opened["state"], opened["state_reason"]) == ("open", "reopened")
    assert opened["closed_by"] is None
    events = [event["event"] for event in agent("GET", "/issues/1/events").json()]
    assert events == ["labeled", "labeled", "closed", "reopened"]


@pytest.mark.parametrize(("anew", "reason"), [(False, "completed"), (True, "not_planned")])
def test_a_closed_issue_takes_another_reason_only_where_the_server_is_one_that_does(
    agent: Client, sandbox: Sandbox, anew: bool, reason: str
) -> None:
    sandbox.configure(closed_anew=anew)
    agent("POST", "/issues", {"title": "t", "labels": ["schedule"]})
    agent("PATCH", "/issues/1", {"state": "closed"})
    shown = agent("PATCH", "/issues/1", {"state": "closed", "state_reason": "not_planned"}).json()
    assert (shown["state"], shown["state_reason"]) == ("closed", reason)
    events = [event["event"] for event in agent("GET", "/issues/1/events").json()]
    assert events.count("closed") == (2 if anew else 1)


def test_a_stranger_opens_issues_but_labels_are_dropped_in_silence(as_user: As) -> None:
    stranger = as_user("stranger")
    made = stranger("POST", "/issues", {"title": "t", "labels": ["schedule"], "assignees": ["a"]})
    assert made.status_code == 201
    assert made.json()["labels"] == []
    assert made.json()["assignees"] == []
    assert stranger("GET", "/labels/schedule").status_code == 404
    assert stranger("POST", "/issues/1/labels", {"labels": ["schedule"]}).status_code == 403
    kept = stranger("PATCH", "/issues/1", {"title": "mine", "labels": ["schedule"]}).json()
    assert kept["title"] == "mine"
    assert kept["labels"] == []


def test_triage_labels_and_closes_but_its_own_labels_are_dropped(as_user: As) -> None:
    triage, stranger = as_user("triage"), as_user("stranger")
    assert triage("POST", "/issues", {"title": "t", "labels": ["a"]}).json()["labels"] == []
    stranger("POST", "/issues", {"title": "t"})
    assert triage("POST", "/issues/2/labels", {"labels": ["a"]}).status_code == 200
    assert triage("PATCH", "/issues/2", {"state": "closed"}).json()["state"] == "closed"
    assert triage("POST", "/labels", {"name": "b"}).status_code == 403


def test_a_stranger_edits_only_their_own(as_user: As, agent: Client) -> None:
    agent("POST", "/issues", {"title": "t"})
    assert as_user("stranger")("PATCH", "/issues/1", {"body": "mine"}).status_code == 403


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        ({"body": "b"}, 422, "wasn't supplied"),
        ({"title": "  "}, 422, "missing_field"),
        ({"title": "t" * 257}, 422, "title is too long (maximum is 256 characters)"),
        (
            {"title": "t", "body": "b" * 65537},
            422,
            "body is too long (maximum is 65536 characters)",
        ),
        ({"title": "t", "labels": "x"}, 422, "is not an array"),
        ({"title": "t", "body": 3}, 422, "is not a string"),
        (["t"], 422, "is not an object"),
    ],
)
def test_what_is_refused(agent: Client, body: object, status: int, text: str) -> None:
    answer = agent("POST", "/issues", body)
    assert answer.status_code == status
    assert text in answer.text
    assert agent("GET", "/issues").json() == []


def test_lists_filter_sort_and_paginate(agent: Client, as_user: As, sandbox: Sandbox) -> None:
    for number in range(1, 8):
        agent(
            "POST", "/issues", {"title": f"{number}", "labels": ["a"] if number % 2 else ["a", "b"]}
        )
        sandbox.clock.advance(10)
    as_user("stranger")("POST", "/issues", {"title": "8"})
    agent("PATCH", "/issues/1", {"state": "closed"})

    def numbers(query: str) -> list[int]:
        return [issue["number"] for issue in agent("GET", f"/issues?{query}").json()]

    assert numbers("") == [8, 7, 6, 5, 4, 3, 2]
    assert numbers("state=all&direction=asc") == [1, 2, 3, 4, 5, 6, 7, 8]
    assert numbers("state=closed") == [1]
    assert numbers("labels=a,B") == [6, 4, 2]
    assert numbers("creator=stranger") == [8]
    assert numbers("sort=updated&state=all")[0] == 8 or numbers("sort=updated&state=all")[0] == 1
    since = agent("GET", "/issues/5").json()["updated_at"]
    assert numbers(f"since={since}&state=all") == [8, 7, 6, 5, 1]
    first = agent("GET", "/issues?per_page=3&state=all")
    assert list(first.links) == ["next", "last"]
    last = agent.session.get(first.links["last"]["url"])
    assert [issue["number"] for issue in last.json()] == [2, 1]
    assert set(last.links) == {"prev", "first"}
    assert numbers("page=9") == []


def test_labels(agent: Client) -> None:
    assert agent("POST", "/labels", {"name": "A", "color": "ff0000"}).status_code == 201
    again = agent("POST", "/labels", {"name": "a"})
    assert again.status_code == 422
    assert again.json()["errors"][0]["code"] == "already_exists"
    assert agent("GET", "/labels/a").json()["color"] == "ff0000"
    agent("POST", "/issues", {"title": "t"})
    assert agent("POST", "/issues/1/labels", {"labels": ["new one"]}).status_code == 200
    assert agent("DELETE", "/issues/1/labels/new%20one").json() == []
    assert agent("DELETE", "/issues/1/labels/new%20one").status_code == 404
    assert [label["name"] for label in agent("GET", "/labels").json()] == ["A", "new one"]


def test_a_locked_issue_takes_no_comment_of_a_stranger(agent: Client, as_user: As) -> None:
    agent("POST", "/issues", {"title": "t"})
    assert agent("PUT", "/issues/1/lock").status_code == 204
    assert as_user("stranger")("POST", "/issues/1/comments", {"body": "b"}).status_code == 403
    assert agent("POST", "/issues/1/comments", {"body": "b"}).status_code == 201
    assert agent("DELETE", "/issues/1/lock").status_code == 204
    assert agent("GET", "/issues/1").json()["locked"] is False


def test_deleted_and_transferred_issues(agent: Client, sandbox: Sandbox, folder: object) -> None:
    sandbox.add_repository("octo/other", str(folder))
    agent("POST", "/issues", {"title": "one"})
    agent("POST", "/issues", {"title": "two"})
    agent("POST", "/issues/2/comments", {"body": "b"})
    sandbox.delete_issue(1)
    assert sandbox.transfer_issue(2, "octo/other") == 1
    assert agent("GET", "/issues/1").status_code == 410
    assert agent("GET", "/issues/2").status_code == 301
    moved = agent("GET", "/issues/2").headers["Location"]
    assert moved == f"{sandbox.url}/repositories/{sandbox.repository('octo/other').id}/issues/1"
    assert agent.session.get(moved).json()["title"] == "two"
    there = agent("GET", "/issues/2/comments").headers["Location"]
    assert there == f"{moved}/comments"
    assert [each["body"] for each in agent.session.get(there).json()] == ["b"]
    assert agent("GET", "/issues/3").status_code == 404


def test_pull_requests_stand_in_lists_of_issues(agent: Client, sandbox: Sandbox) -> None:
    assert sandbox.open_pull("change") == 1
    assert "pull_request" in agent("GET", "/issues").json()[0]


def test_comments(agent: Client, as_user: As, sandbox: Sandbox) -> None:
    agent("POST", "/issues", {"title": "t"})
    ids = [agent("POST", "/issues/1/comments", {"body": f"{n}"}).json()["id"] for n in range(3)]
    assert ids == sorted(ids)
    assert agent("GET", "/issues/1").json()["comments"] == 3
    sandbox.clock.advance(60)
    edited = agent("PATCH", f"/issues/comments/{ids[0]}", {"body": "new"}).json()
    listed = agent("GET", f"/issues/1/comments?since={edited['updated_at']}").json()
    assert [comment["body"] for comment in listed] == ["new"]
    assert (
        as_user("stranger")("PATCH", f"/issues/comments/{ids[0]}", {"body": "x"}).status_code == 403
    )
    newest = agent("GET", "/issues/comments?sort=created&direction=desc&per_page=2").json()
    assert [comment["id"] for comment in newest] == [ids[2], ids[1]]
    assert agent("DELETE", f"/issues/comments/{ids[1]}").status_code == 204
    assert agent("DELETE", f"/issues/comments/{ids[1]}").status_code == 404
    assert agent("GET", "/issues/1").json()["comments"] == 2
    assert agent("POST", "/issues/1/comments", {"body": "b" * 65537}).status_code == 422
    assert agent("POST", "/issues/1/comments", {"body": " "}).status_code == 422
    eyes = f"/issues/comments/{ids[0]}/reactions"
    assert agent("POST", eyes, {"content": "eyes"}).status_code == 201
    assert agent("POST", eyes, {"content": "eyes"}).status_code == 200
    assert [one["content"] for one in agent("GET", eyes).json()] == ["eyes"]


def test_an_issue_takes_2500_comments(agent: Client, sandbox: Sandbox) -> None:
    agent("POST", "/issues", {"title": "t"})
    for _ in range(2500):
        sandbox.call("agent", "POST", "/repos/octo/queue/issues/1/comments", {"body": "b"})
    refused = agent("POST", "/issues/1/comments", {"body": "b"})
    assert refused.status_code == 403
    assert "2500 comments" in refused.text
    assert len(agent("GET", "/issues/1/comments?per_page=100&page=25").json()) == 100


@pytest.mark.parametrize(
    ("login", "permission", "role"),
    [
        ("owner", "admin", "admin"),
        ("agent", "write", "write"),
        ("triage", "read", "triage"),
        ("stranger", "read", "read"),
    ],
)
def test_permissions(as_user: As, login: str, permission: str, role: str) -> None:
    answer = as_user("bot")("GET", f"/collaborators/{login}/permission").json()
    assert (answer["permission"], answer["role_name"]) == (permission, role)
    assert answer["user"]["login"] == login


def test_permissions_of_nobody_and_for_strangers(as_user: As) -> None:
    assert as_user("agent")("GET", "/collaborators/nobody/permission").status_code == 404
    assert as_user("stranger")("GET", "/collaborators/agent/permission").status_code == 403


def test_a_label_described_anew_is_shown_by_the_issues_that_carry_it(agent: Client) -> None:
    agent("POST", "/issues", {"title": "t", "labels": ["Queue", "other"]})
    before = agent("GET", "/issues/1").json()
    made = agent("PATCH", "/labels/queue", {"description": "Jobs"})
    models.Label.model_validate(made.json())
    after = agent("GET", "/issues").json()[0]
    told = {label["name"]: label["description"] for label in after["labels"]}
    assert told == {"Queue": "Jobs", "other": None}
    assert after["updated_at"] == before["updated_at"]
    assert agent("PATCH", "/labels/none", {"description": "d"}).status_code == 404
    assert agent("PATCH", "/labels/queue", {"description": "d" * 101}).status_code == 422
