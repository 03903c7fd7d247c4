"""Concurrency groups: those that are active, and who holds or waits for each.

https://docs.github.com/rest/actions/concurrency-groups
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from scheduler.sandbox.http.failure import not_found
from scheduler.sandbox.http.routing import REPO, Answer, Call, Routes
from scheduler.sandbox.hub.clock import iso
from scheduler.sandbox.runner.runs import Run

routes = Routes()

GROUPS = REPO + "/actions/concurrency_groups"


def _members(call: Call) -> dict[str, list[Run]]:
    """The active groups: whoever holds one comes first. Raises: 404 where there is no such API."""
    if not call.state.concurrency_groups:
        raise not_found()
    found: dict[str, list[Run]] = {}
    for run in call.repo.runs.values():
        for group in run.groups if run.holds else run.gates if run.status == "pending" else ():
            found.setdefault(group, []).append(run)
    return {name: sorted(runs, key=lambda run: not run.holds) for name, runs in found.items()}


def _group(call: Call, name: str) -> dict[str, Any]:
    root = f"{call.base}/repos/{call.repo.full_name}/actions/concurrency_groups"
    return {"group_name": name, "group_url": f"{root}/{quote(name, safe='')}"}


@routes.add("GET", GROUPS, needs="actions:read")
def list_groups(call: Call) -> Answer:
    """The active groups of the repository."""
    groups = list(_members(call).items())

    def shape(item: tuple[str, list[Run]]) -> dict[str, Any]:
        name, runs = item
        acquired = max((run.acquired_at for run in runs if run.acquired_at), default=None)
        return _group(call, name) | {"last_acquired_at": iso(acquired) if acquired else None}

    places = {name: place for place, (name, _) in enumerate(groups)}
    return call.page(groups, shape, key="concurrency_groups", cursor=lambda item: places[item[0]])


@routes.add("GET", GROUPS + "/<path:group>", needs="actions:read")
def get_group(call: Call) -> Answer:
    """One group; 404 where nobody holds it or waits for it."""
    name = call.params["group"].lower()
    members = _members(call).get(name)
    if members is None:
        raise not_found()
    return Answer(
        _group(call, name)
        | {
            "total_count": len(members),
            "group_members": [
                {
                    "run_id": run.id,
                    "run_name": run.name,
                    "run_url": f"{call.base}/repos/{run.repository}/actions/runs/{run.id}",
                    "run_html_url": f"{call.base}/{run.repository}/actions/runs/{run.id}",
                    "status": "in_progress" if run.holds else "pending",
                }
                for run in members
            ],
        }
    )
