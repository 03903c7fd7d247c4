"""Issues and pull requests of a hub that are no jobs, in its own repository and in others."""

from __future__ import annotations

from datetime import datetime

from scheduler.ports.values import Comment
from scheduler.simulation.hub import Hub, refusal
from scheduler.simulation.records import Thread, user


def listed(hub: Hub, repo: str, number: int, since: datetime) -> list[Comment]:
    """The comments there that changed since, oldest first. Raises ``Rejected`` (404)."""
    found = hub.on(number) if _job(hub, repo, number) else _thread(hub, repo, number).comments
    return [each for each in found if hub.updated.get(each.id, each.created_at) >= since]


def written(hub: Hub, repo: str, number: int, body: str, *, by: str) -> Comment:
    """Write a comment there. Raises ``Rejected`` as GitHub refuses one."""
    if _job(hub, repo, number):
        return hub.comment(number, body, by=by)
    thread = _thread(hub, repo, number)
    if thread.locked:
        raise refusal(403, "Unable to create comment because issue is locked.")
    made = Comment(id=next(hub.ids), issue=number, body=body, author=user(by), created_at=hub.now())
    thread.comments.append(made)
    return made


def taken_back(hub: Hub, comment_id: int) -> None:
    """Delete a comment that may be gone."""
    for thread in hub.threads.values():
        thread.comments = [each for each in thread.comments if each.id != comment_id]
    hub.delete_comment(comment_id)


def _job(hub: Hub, repo: str, number: int) -> bool:
    return repo == hub.repository and hub.has(number)


def _thread(hub: Hub, repo: str, number: int) -> Thread:
    hub.reachable(repo)
    if repo == hub.repository and number in hub.pulls:
        hub.threads.setdefault((repo, number), Thread())
    if (repo, number) not in hub.threads:
        raise refusal(404, "Not Found")
    return hub.threads[repo, number]
