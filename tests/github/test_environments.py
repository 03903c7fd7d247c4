"""Environments by HTTP: their timers and other rules, made and removed by an administrator."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from responses import matchers

from scheduler.errors import Rejected, Unavailable
from scheduler.github.client import Api
from scheduler.github.environments import GitHubEnvironments
from scheduler.ports.values import Environment
from tests.support.answers import HERE

PLACE = f"{HERE}/environments"
RULES: list[dict[str, Any]] = [
    {"id": 1, "type": "wait_timer", "wait_timer": 30},
    {"id": 2, "type": "required_reviewers", "reviewers": []},
    {"id": 3, "type": "branch_policy"},
]


@pytest.fixture
def environments(api: Api) -> GitHubEnvironments:
    return GitHubEnvironments(api)


def test_an_environment_is_its_timer_and_the_names_of_its_other_rules(
    server: responses.RequestsMock, environments: GitHubEnvironments
) -> None:
    found = [{"id": 1, "name": "a", "protection_rules": RULES}, {"id": 2, "name": "b"}]
    server.get(PLACE, json={"total_count": 2, "environments": found})
    assert environments.environments("o/r") == [
        Environment(name="a", minutes=30, rules=("required_reviewers", "branch_policy")),
        Environment(name="b"),
    ]


@pytest.mark.parametrize("answer", [[], {}, {"environments": [{}]}, {"environments": {}}], ids=str)
def test_an_answer_of_another_shape(
    server: responses.RequestsMock, environments: GitHubEnvironments, answer: Any
) -> None:
    server.get(PLACE, json=answer)
    with pytest.raises(Unavailable):
        environments.environments("o/r")


def test_one_is_made_whole(
    server: responses.RequestsMock, environments: GitHubEnvironments
) -> None:
    sent = {"wait_timer": 2, "reviewers": None, "deployment_branch_policy": None}
    server.put(f"{PLACE}/a%2Fb", json={"id": 1}, match=[matchers.json_params_matcher(sent)])
    environments.make_environment("o/r", "a/b", 2)


def test_a_plan_without_timers_refuses(
    server: responses.RequestsMock, environments: GitHubEnvironments
) -> None:
    server.put(f"{PLACE}/a", json={"message": "billing plan"}, status=422)
    with pytest.raises(Rejected, match="billing plan") as refused:
        environments.make_environment("o/r", "a", 2)
    assert refused.value.status == 422


@pytest.mark.parametrize(("status", "there"), [(204, True), (404, False)])
def test_one_is_removed_that_may_be_gone(
    server: responses.RequestsMock, environments: GitHubEnvironments, status: int, there: bool
) -> None:
    server.delete(f"{PLACE}/a", status=status, body='{"message": "Not Found"}' * (not there))
    assert environments.remove_environment("o/r", "a") is there


def test_a_token_that_may_not_remove_one(
    server: responses.RequestsMock, environments: GitHubEnvironments
) -> None:
    server.delete(f"{PLACE}/a", status=403, json={"message": "Must have admin rights"})
    with pytest.raises(Rejected, match="admin rights"):
        environments.remove_environment("o/r", "a")
