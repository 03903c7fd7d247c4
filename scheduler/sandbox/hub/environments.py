"""Environments: what a job that names one waits for before it gets a runner.

https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from scheduler.sandbox.http.failure import ApiFailure, invalid_request, validation_failed
from scheduler.sandbox.hub.people import User
from scheduler.sandbox.hub.records import Environment
from scheduler.sandbox.hub.repository import Repository
from scheduler.sandbox.hub.state import State

LONGEST = 43_200
"""Minutes that a wait timer has at most: thirty days."""

MOST_REVIEWERS = 6
"""People who may be asked to approve."""

NO_TIMER = (
    "Failed to create the environment protection rule. "
    "Please ensure the billing plan supports the {} protection rule."
)
"""What GitHub says where the plan has no such rule for this repository."""

KEYS = {"wait_timer", "prevent_self_review", "reviewers", "deployment_branch_policy"}
POLICY = ("protected_branches", "custom_branch_policies")


def guarded(state: State, repo: Repository) -> bool:
    """Whether the plan has protection rules for this repository: else all rules are ignored."""
    return not repo.private or state.private_rules


def find(repo: Repository, name: str) -> Environment | None:
    """By its name, in whatever case."""
    return repo.environments.get(name.lower())


def named(state: State, repo: Repository, name: str) -> Environment:
    """The environment of that name; GitHub makes one without rules for a job that names it."""
    return find(repo, name) or _keep(state, repo, name, {})


def put(state: State, repo: Repository, name: str, given: Mapping[str, Any]) -> Environment:
    """Make or replace one: what the request does not name is none. Raises: 422."""
    for key in given:
        if key not in KEYS:
            raise invalid_request(f'"{key}" is not a permitted key.')
    timer = given.get("wait_timer") or 0
    if not isinstance(timer, int) or isinstance(timer, bool) or not 0 <= timer <= LONGEST:
        raise validation_failed("EnvironmentProtectionRule", "invalid", "wait_timer")
    reviewers = tuple(_reviewer(state, each) for each in given.get("reviewers") or [])
    if len(reviewers) > MOST_REVIEWERS:
        raise validation_failed("EnvironmentProtectionRule", "custom", "reviewers")
    for rule, wanted in (("wait timer", timer), ("required reviewers", reviewers)):
        if wanted and not guarded(state, repo):
            raise ApiFailure(422, NO_TIMER.format(rule))
    policy = given.get("deployment_branch_policy")
    if policy is not None:
        flags = [policy.get(key) for key in POLICY] if isinstance(policy, dict) else []
        if sorted(map(str, flags)) != ["False", "True"]:
            raise validation_failed("Environment", "invalid", "deployment_branch_policy")
    return _keep(
        state, repo, name,
        {
            "wait_timer": timer,
            "reviewers": reviewers,
            "prevent_self_review": bool(given.get("prevent_self_review")),
            "policy": policy,
        },
    )  # fmt: skip


def delete(repo: Repository, name: str) -> None:
    """Raises: 404."""
    if repo.environments.pop(name.lower(), None) is None:
        raise ApiFailure(404, "Not Found")


def refusal(state: State, repo: Repository, environment: Environment, ref: str) -> str | None:
    """Why a job of this ref may not use it; no branch of a sandbox is a protected one."""
    if environment.policy is None or not guarded(state, repo):
        return None
    return (
        f'Branch "{ref}" is not allowed to deploy to {environment.name} due to environment '
        "protection rules."
    )


def passes_at(state: State, environment: Environment, triggered: datetime) -> datetime:
    """When its wait timer lets a job through that was triggered at that instant."""
    return triggered + timedelta(seconds=environment.wait_timer * state.minute)


def _reviewer(state: State, given: Any) -> User:
    wanted = given.get("id") if isinstance(given, dict) else None
    for user in state.users.values():
        if user.id == wanted:
            return user
    raise validation_failed("EnvironmentProtectionRule", "invalid", "reviewers")


def _keep(state: State, repo: Repository, name: str, rules: dict[str, Any]) -> Environment:
    now, before = state.clock(), find(repo, name)
    made = Environment(
        id=before.id if before else state.new_id(),
        name=before.name if before else name,
        created_at=before.created_at if before else now,
        updated_at=now,
        **rules,
    )
    repo.environments[name.lower()] = made
    return made
