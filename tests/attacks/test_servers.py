"""Servers that answer otherwise: nothing is taken for granted where they don't tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import responses

from scheduler.errors import NotPermitted, SettingsUnreadable, Unavailable
from scheduler.github.people import NEWEST
from scheduler.github.queue import GitHubQueue
from scheduler.ports.values import Acts, Edit, Event, Ticket, User
from scheduler.tick.facts import Facts
from tests.conftest import Reach, StillClock

EDITED = {"lastEditedAt": "2026-11-23T09:00:00Z", "editor": {"__typename": "User", "login": "x"}}
AT = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
ISSUE = Ticket(number=7, author=User(login="x"), created_at=AT, updated_at=AT)
X = User(login="x")


def timeline(*nodes: Any) -> dict[str, Any]:
    return {"timelineItems": {"nodes": list(nodes)}}


def node(kind: str, login: str | None = "x", **more: Any) -> dict[str, Any]:
    actor = {"__typename": "User", "login": login} if login else None
    return {"__typename": kind, "createdAt": "2026-11-23T09:00:00Z", "actor": actor, **more}


def answer(**issues: Any) -> dict[str, Any]:
    return {"data": {"repository": {name: issue and {**timeline(), **issue}
                                    for name, issue in issues.items()}}}  # fmt: skip


def queue(reach: Reach, base: str = "https://api.github.com") -> GitHubQueue:
    return GitHubQueue(reach(base), repository="o/r", label="schedule")


@pytest.mark.parametrize(
    ("base", "asked"),
    [
        ("https://api.github.com", "https://api.github.com:443/graphql"),
        ("https://ghe.example/api/v3", "https://ghe.example:443/api/graphql"),
    ],
)
def test_acts_are_asked_for_where_the_server_has_its_graphql(
    server: responses.RequestsMock, reach: Reach, base: str, asked: str
) -> None:
    never = {"lastEditedAt": None, "editor": None}
    events = (
        node("LabeledEvent", label={"name": "Schedule"}), node("ClosedEvent"),
        node("ReopenedEvent", None), None, node("UnlockedEvent", ""),
    )  # fmt: skip
    server.post(asked, json=answer(i7=EDITED, i8={**never, **timeline(*events)}))
    assert queue(reach, base).acts([7, 8]) == {
        7: Acts(edit=Edit(at=AT, editor=X), events=()),
        8: Acts(
            edit=Edit(),
            events=(
                Event(event="labeled", at=AT, actor=X, label="Schedule"),
                Event(event="closed", at=AT, actor=X),
                Event(event="reopened", at=AT),
                Event(event="unlocked", at=AT),
            ),
        ),
    }


@pytest.mark.parametrize(
    ("editor", "user"),
    [
        ({"__typename": "Bot", "login": "my-app"}, User(login="my-app[bot]", bot=True)),
        ({"__typename": "Mannequin", "login": "m"}, User(login="m")),
        ({"__typename": "User", "login": ""}, None),
        (None, None),
    ],
)
def test_whoever_acted_is_named_as_everywhere_else(
    server: responses.RequestsMock, reach: Reach, editor: Any, user: User | None
) -> None:
    reopened = timeline({**node("ReopenedEvent"), "actor": editor})
    told = answer(i7={**EDITED, "editor": editor, **reopened})
    server.post("https://api.github.com:443/graphql", json=told)
    assert queue(reach).acts([7]) == {
        7: Acts(edit=Edit(at=AT, editor=user), events=(Event(event="reopened", at=AT, actor=user),))
    }


NO_FIELD = {"message": "Field 'x' doesn't exist", "extensions": {"code": "undefinedField"}}
EVENTS = "https://api.github.com:443/repos/o/r/issues/7/events"


def rest(event: str, **more: Any) -> dict[str, Any]:
    return {"event": event, "created_at": "2026-11-23T09:00:00Z", "actor": {"login": "x"}, **more}


@pytest.mark.parametrize("told", [{"errors": [NO_FIELD]}, {"errors": [NO_FIELD], "data": None}])
def test_a_graphql_that_lacks_the_question_is_none(
    server: responses.RequestsMock, reach: Reach, clock: StillClock, told: Any
) -> None:
    server.post("https://api.github.com:443/graphql", json=told)
    server.get(EVENTS, json=[rest("labeled", label={"name": "schedule"}), rest("x", actor=None)])
    facts = Facts(queue(reach), clock=clock)
    labeled = Event(event="labeled", at=AT, actor=X, label="schedule")
    assert facts.acts(ISSUE) == Acts(events=(labeled, Event(event="x", at=AT)))
    assert (facts.edits_unknown, facts.events_unknown) == (True, False)


def test_a_timeline_that_is_not_whole_is_read_from_its_beginning(
    server: responses.RequestsMock, reach: Reach, clock: StillClock
) -> None:
    many = timeline(*[node("LabeledEvent", label={"name": "noise"})] * NEWEST)
    server.post("https://api.github.com:443/graphql", json=answer(i7={**EDITED, **many}))
    server.get(EVENTS, json=[rest("reopened")])
    facts = Facts(queue(reach), clock=clock)
    acts = facts.acts(ISSUE)
    assert acts == Acts(edit=Edit(at=AT, editor=X),
                        events=(Event(event="reopened", at=AT, actor=X),))  # fmt: skip
    assert facts.acts(ISSUE) is acts
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("status", "data"),
    [
        (200, {"data": None, "errors": [{"type": "RATE_LIMITED", "message": "limit"}]}),
        (200, {"errors": [{"message": "Something went wrong"}]}),
        (200, answer()),
        (200, answer(i7=None)),
        (200, answer(i7={"timelineItems": None})),
        (200, answer(i7=timeline({"__typename": "LabeledEvent", "createdAt": "noon"}))),
        (200, answer(i7=timeline({"__typename": "Whatever"}))),
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
    facts = Facts(queue(reach), clock=clock)
    with pytest.raises((Unavailable, NotPermitted)):
        facts.acts(ISSUE)
    assert (facts.edits_unknown, facts.events_unknown) == (False, False)


@pytest.mark.parametrize("status", [404, 410, 501])
def test_a_server_that_tells_no_events_is_asked_once(
    server: responses.RequestsMock, reach: Reach, clock: StillClock, status: int
) -> None:
    server.post("https://api.github.com:443/graphql", status=404, json={})
    server.get(EVENTS, status=status, json={"message": "Not Found"})
    facts = Facts(queue(reach), clock=clock)
    for number in (7, 8, 9):
        assert facts.acts(replace(ISSUE, number=number)) == Acts()
    assert facts.events_unknown
    assert len(server.calls) == 2


def test_rights_and_acts_are_at_most_a_minute_old_when_a_job_fires(
    server: responses.RequestsMock, reach: Reach, clock: StillClock
) -> None:
    server.post("https://api.github.com:443/graphql", json=answer(i7=EDITED))
    path = "https://api.github.com:443/repos/o/r/collaborators/x/permission"
    server.get(path, json={"permission": "write", "role_name": "write"})
    facts = Facts(queue(reach), clock=clock)
    for seconds, asked in ((0, 2), (50, 2), (1, 4)):
        clock.sleep(seconds)
        facts.acts(ISSUE)
        assert facts.role("x") == "write"
        assert len(server.calls) == asked


def test_what_was_told_of_another_state_of_an_issue_is_not_taken_for_this(
    server: responses.RequestsMock, reach: Reach, clock: StillClock
) -> None:
    server.post("https://api.github.com:443/graphql", json=answer(i7=EDITED))
    facts = Facts(queue(reach), clock=clock)
    paused = replace(ISSUE, labels=("schedule:paused",))
    later = replace(ISSUE, updated_at=AT + timedelta(seconds=1))
    edited = replace(ISSUE, body="b")
    for asked, ticket in enumerate((ISSUE, edited, ISSUE, paused, ISSUE, later), start=1):
        facts.acts(ticket)
        facts.acts(ticket)
        # What anybody writes in a comment changes nothing, and costs nothing.
        facts.acts(replace(ticket, updated_at=AT + timedelta(seconds=9), comments=1))
        assert len(server.calls) == asked
    facts.forget_acts(ISSUE.number)
    facts.acts(later)
    assert len(server.calls) == 7


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
    facts = Facts(queue, clock=clock, settings_found=False)
    with pytest.raises(SettingsUnreadable, match="give it 'contents: read'"):
        facts.prove_settings()
    Facts(queue, clock=clock, settings_found=True).prove_settings()
