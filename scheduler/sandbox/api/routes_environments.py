"""Environments, and what a run waits for.

https://docs.github.com/rest/deployments/environments
"""

from __future__ import annotations

import urllib.parse
from typing import Any

from scheduler.sandbox.api import shapes
from scheduler.sandbox.http.failure import ApiFailure, not_found
from scheduler.sandbox.http.routing import REPO, Answer, Call, Routes
from scheduler.sandbox.hub import environments
from scheduler.sandbox.hub.clock import iso
from scheduler.sandbox.hub.records import Environment

routes = Routes()

ENVIRONMENTS = REPO + "/environments"
ENVIRONMENT = ENVIRONMENTS + "/<path:environment>"


@routes.add("GET", ENVIRONMENTS, needs="actions:read")
def list_environments(call: Call) -> Answer:
    """All of them, by name."""
    found = [call.repo.environments[name] for name in sorted(call.repo.environments)]
    return call.page(found, lambda each: _shape(call, each), key="environments")


@routes.add("GET", ENVIRONMENT, needs="actions:read")
def get_environment(call: Call) -> Answer:
    """``environment``."""
    found = environments.find(call.repo, call.params["environment"])
    if found is None:
        raise not_found()
    return Answer(_shape(call, found))


@routes.add("PUT", ENVIRONMENT, needs="administration:write")
def put_environment(call: Call) -> Answer:
    """Made or replaced, for an administrator."""
    _administrator(call)
    made = environments.put(call.state, call.repo, call.params["environment"], call.given())
    return Answer(_shape(call, made))


@routes.add("DELETE", ENVIRONMENT, needs="administration:write")
def delete_environment(call: Call) -> Answer:
    """204; a job that waits for it already goes on waiting."""
    _administrator(call)
    environments.delete(call.repo, call.params["environment"])
    return Answer(status=204)


@routes.add("GET", REPO + "/actions/runs/<int:run>/pending_deployments", needs="actions:read")
def pending_deployments(call: Call) -> Answer:
    """What a waiting run waits for; nothing of a run that does not."""
    run = call.actions.run(call.repo, call.params["run"])
    found = [gate.environment for gate in run.waits if run.status == "waiting"]
    return Answer([_pending(call, each, iso(run.created_at)) for each in found])


def _administrator(call: Call) -> None:
    # A GITHUB_TOKEN has no such permission to be given.
    if call.token is not None and call.token.integration and call.token.permissions is None:
        raise ApiFailure(403, call.token.refusal())
    call.need_role("admin")


def _pending(call: Call, item: Environment, since: str) -> dict[str, Any]:
    shape = _shape(call, item)
    named = {key: shape[key] for key in ("id", "node_id", "name", "url", "html_url")}
    return {
        "environment": named,
        "wait_timer": item.wait_timer,
        "wait_timer_started_at": since,
        "current_user_can_approve": call.user in item.reviewers,
        "reviewers": _reviewers(call, item),
    }


def _reviewers(call: Call, item: Environment) -> list[dict[str, Any]]:
    return [{"type": "User", "reviewer": shapes.user(each, call.base)} for each in item.reviewers]


def _shape(call: Call, item: Environment) -> dict[str, Any]:
    """``environment``; rules that the plan does not have are not shown."""
    path = urllib.parse.quote(item.name, safe="")
    full = call.repo.full_name
    rules: list[dict[str, Any]] = []
    if environments.guarded(call.state, call.repo):
        if item.wait_timer:
            rules.append({"type": "wait_timer", "wait_timer": item.wait_timer})
        if item.reviewers:
            asked = {"prevent_self_review": item.prevent_self_review}
            rules.append(
                {"type": "required_reviewers", **asked, "reviewers": _reviewers(call, item)}
            )
        if item.policy is not None:
            rules.append({"type": "branch_policy"})
    for place, rule in enumerate(rules, start=1):
        number = item.id * 10 + place
        rule |= {"id": number, "node_id": shapes.node_id("GA", number)}
    return {
        "id": item.id,
        "node_id": shapes.node_id("EN", item.id),
        "name": item.name,
        "url": f"{call.base}/repos/{full}/environments/{path}",
        "html_url": f"{call.base}/{full}/deployments/activity_log?environments_filter={path}",
        "created_at": iso(item.created_at),
        "updated_at": iso(item.updated_at),
        "protection_rules": rules,
        "deployment_branch_policy": dict(item.policy) if item.policy is not None else None,
    }
