"""Concurrency groups by HTTP: told where the server has them, and left out where it has not."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
import responses

from scheduler.errors import Rejected, Unavailable
from scheduler.github.client import Api
from scheduler.github.groups import GitHubGroups
from scheduler.ports.values import Group
from tests.support.answers import HERE

GROUPS = f"{HERE}/actions/concurrency_groups"
NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


@pytest.fixture
def groups(api: Api) -> GitHubGroups:
    return GitHubGroups(api)


def test_all_pages_of_groups_are_told(server: responses.RequestsMock, groups: GitHubGroups) -> None:
    one = {"group_name": "a/b", "group_url": "u", "last_acquired_at": "2026-11-23T12:00:00Z"}
    two = {"group_name": "c", "group_url": "u", "last_acquired_at": None}
    link = {"Link": f'<{GROUPS}?after=x&per_page=100>; rel="next"'}
    server.get(GROUPS, json={"total_count": 2, "concurrency_groups": [one]}, headers=link)
    server.get(GROUPS, json={"total_count": 2, "concurrency_groups": [two]})
    assert groups.concurrency_groups("o/r") == [
        Group(name="a/b", acquired_at=NOON),
        Group(name="c"),
    ]


def test_groups_are_looked_at_so_far_and_no_further(
    server: responses.RequestsMock, groups: GitHubGroups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.github.groups.PAGES", 2)
    for page in (1, 2):
        link = {"Link": f'<{GROUPS}?after={page}>; rel="next"'}
        listed = [{"group_name": str(page)}]
        server.get(GROUPS, json={"concurrency_groups": listed}, headers=link)
    assert [each.name for each in groups.concurrency_groups("o/r") or ()] == ["1", "2"]


@pytest.mark.parametrize("status", [404, 410, 501])
def test_a_server_without_groups_tells_none(
    server: responses.RequestsMock, groups: GitHubGroups, status: int
) -> None:
    server.get(GROUPS, status=status, json={})
    assert groups.concurrency_groups("o/r") is None


def test_what_is_refused_or_no_list_of_groups_is_an_error(
    server: responses.RequestsMock, groups: GitHubGroups
) -> None:
    server.get(GROUPS, status=403, json={"message": "no"})
    with pytest.raises(Rejected):
        groups.concurrency_groups("o/r")
    server.get(GROUPS, json=[])
    with pytest.raises(Unavailable):
        groups.concurrency_groups("o/r")


@pytest.mark.parametrize(
    ("answer", "held"),
    [
        ({"status": 404, "json": {}}, []),
        ({"json": {"group_members": []}}, []),
        (
            {
                "json": {
                    "group_members": [
                        {"run_id": 7, "job_id": 1, "status": "in_progress"},
                        {"run_id": 7, "job_id": 2, "status": "in_progress"},
                        {"run_id": 8, "status": "pending"},
                    ]
                }
            },
            [7],
        ),
    ],
)
def test_a_group_is_held_by_runs(
    server: responses.RequestsMock, groups: GitHubGroups, answer: dict[str, Any], held: list[int]
) -> None:
    server.get(f"{GROUPS}/a%2Fb", **answer)
    assert groups.holders("o/r", "a/b") == held


def test_a_group_that_is_refused_is_an_error(
    server: responses.RequestsMock, groups: GitHubGroups
) -> None:
    server.get(f"{GROUPS}/g", status=403, json={"message": "no"})
    with pytest.raises(Rejected):
        groups.holders("o/r", "g")
