"""Servers that answer otherwise: nothing is taken for granted where they don't tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest
import responses

from scheduler.errors import NotPermitted, SettingsUnreadable, Unavailable
from scheduler.facts import Facts
from scheduler.gateway import Edit
from scheduler.github_queue import GitHubQueue
from scheduler.model import Ticket, User
from scheduler.settings import Settings
from tests.conftest import Reach, StillClock

EDITED = {"lastEditedAt": "2026-11-23T09:00:00Z", "editor": {"__typename": "User", "login": "x"}}
AT = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
ISSUE = Ticket(number=7, author=User(login="x"), created_at=AT, updated_at=AT)


def answer(**issues: Any) -> dict[str, Any]:
    return {"data": {"repository": issues}}


@pytest.mark.parametrize(
    ("base", "asked"),
    [
        ("https://api.github.com", "https://api.github.com:443/graphql"),
        ("https://ghe.example/api/v3", "https://ghe.example:443/api/graphql"),
    ],
)
def test_edits_are_asked_for_where_the_server_has_its_graphql(
    server: responses.RequestsMock, reach: Reach, base: str, asked: str
) -> None:
    server.post(asked, json=answer(i7=EDITED, i8={"lastEditedAt": None, "editor": None}))
    queue = GitHubQueue(reach(base), repository="o/r", label="schedule")
    assert queue.edits([7, 8]) == {7: Edit(at=AT, editor=User(login="x")), 8: Edit()}


@pytest.mark.parametrize(
    ("editor", "user"),
    [
        ({"__typename": "Bot", "login": "my-app"}, User(login="my-app[bot]", bot=True)),
        ({"__typename": "Mannequin", "login": "m"}, User(login="m")),
        ({"__typename": "User", "login": ""}, None),
        (None, None),
    ],
)
def test_whoever_edited_is_named_as_everywhere_else(
    server: responses.RequestsMock, reach: Reach, editor: Any, user: User | None
) -> None:
    server.post("https://api.github.com:443/graphql", json=answer(i7={**EDITED, "editor": editor}))
    queue = GitHubQueue(reach(), repository="o/r", label="schedule")
    assert queue.edits([7]) == {7: Edit(at=AT, editor=user)}


@pytest.mark.parametrize(
    ("status", "data"),
    [
        (200, {"data": None, "errors": [{"type": "RATE_LIMITED", "message": "limit"}]}),
        (200, {"errors": [{"message": "Something went wrong"}]}),
        (200, answer()),
        (200, answer(i7=None)),
        (200, []),
        (502, {"message": "Bad Gateway"}),
        (403, {"message": "Resource not accessible by integration"}),
        (401, {"message": "Bad credentials"}),
    ],
)
def test_an_answer_that_does_not_tell_is_no_answer(
    server: responses.RequestsMock, reach: Reach, clock: StillClock, status: int, data: Any
) -> None:
    server.post("https://api.github.com:443/graphql", status=status, json=data)
    queue = GitHubQueue(reach(), repository="o/r", label="schedule")
    facts = Facts(queue, Settings(), clock=clock)
    with pytest.raises((Unavailable, NotPermitted)):
        facts.edit(ISSUE)
    assert not facts.edits_unknown


def test_rights_and_edits_are_at_most_a_minute_old_when_a_job_fires(
    server: responses.RequestsMock, reach: Reach, clock: StillClock
) -> None:
    server.post("https://api.github.com:443/graphql", json=answer(i7=EDITED))
    path = "https://api.github.com:443/repos/o/r/collaborators/x/permission"
    server.get(path, json={"permission": "write", "role_name": "write"})
    facts = Facts(GitHubQueue(reach(), repository="o/r", label="l"), Settings(), clock=clock)
    for seconds, asked in ((0, 2), (50, 2), (1, 4)):
        clock.sleep(seconds)
        facts.edit(ISSUE)
        assert facts.role("x") == "write"
        assert len(server.calls) == asked


def test_what_was_told_of_a_text_is_not_taken_for_another(
    server: responses.RequestsMock, reach: Reach, clock: StillClock
) -> None:
    server.post("https://api.github.com:443/graphql", json=answer(i7=EDITED))
    facts = Facts(GitHubQueue(reach(), repository="o/r", label="l"), Settings(), clock=clock)
    for body, asked in (("a", 1), ("a", 1), ("b", 2), ("a", 3)):
        facts.edit(replace(ISSUE, body=body))
        assert len(server.calls) == asked


@pytest.mark.parametrize(
    ("told", "role"),
    [
        ({"role_name": "triage", "permission": "read"}, "triage"),
        ({"role_name": "security engineer", "permission": "read"}, "read"),
        ({"role_name": "release crew", "permission": "write"}, "write"),
        ({"role_name": "release crew"}, "none"),
        ({}, "none"),
    ],
)
def test_a_role_of_an_organisation_is_what_it_amounts_to(
    server: responses.RequestsMock, reach: Reach, told: dict[str, str], role: str
) -> None:
    server.get("https://api.github.com:443/repos/o/r/collaborators/x/permission", json=told)
    assert GitHubQueue(reach(), repository="o/r", label="l").role("x") == role


@pytest.mark.parametrize("status", [404, 403])
def test_settings_that_a_token_can_not_see_are_not_settings_that_are_not_there(
    server: responses.RequestsMock, reach: Reach, clock: StillClock, status: int
) -> None:
    contents = "https://api.github.com:443/repos/o/r/contents"
    server.get(contents, status=status, json={})
    if status == 404:
        server.get(f"{contents}/.github/workflows", status=status, json={})
    queue = GitHubQueue(reach(), repository="o/r", label="schedule")
    facts = Facts(queue, Settings(), clock=clock, settings_found=False)
    with pytest.raises(SettingsUnreadable, match="give it 'contents: read'"):
        facts.prove_settings()
    Facts(queue, Settings(), clock=clock, settings_found=True).prove_settings()
