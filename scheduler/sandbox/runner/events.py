"""What a workflow sees of the event that started it: ``github.event`` and its context."""

from __future__ import annotations

from typing import Any

from scheduler.sandbox.api import shapes
from scheduler.sandbox.hub.people import User
from scheduler.sandbox.hub.records import Comment, Issue, Label
from scheduler.sandbox.hub.repository import Repository
from scheduler.sandbox.runner.runs import Run

WEB = "http://localhost"
"""Links in payloads begin with it; no client of the sandbox is meant to follow them."""


def full_ref(repo: Repository, name: str) -> str:
    """``refs/heads/…`` or ``refs/tags/…``."""
    return f"refs/{'tags' if name in repo.tags else 'heads'}/{name}"


def payload(repo: Repository, actor: User, given: dict[str, Any]) -> dict[str, Any]:
    """A webhook payload. All payloads of a repository share its description.

    https://docs.github.com/webhooks/webhook-events-and-payloads
    """
    shaped = {name: _shape(repo, value) for name, value in given.items()}
    if not repo.webhook_shape:
        repo.webhook_shape.update(shapes.full_repository(repo, WEB, None))
    shaped["repository"] = repo.webhook_shape
    shaped["sender"] = shapes.user(actor, WEB)
    return shaped


def _shape(repo: Repository, value: Any) -> Any:
    if isinstance(value, Issue):
        return shapes.issue(value, value.view, repo, WEB)
    if isinstance(value, Comment):
        return shapes.comment(value, repo, WEB)
    if isinstance(value, Label):
        return shapes.label(value, repo, WEB)
    return value


def contexts(repo: Repository, run: Run) -> dict[str, Any]:
    """``github`` and ``inputs``, as far as they are known before the run."""
    ref = full_ref(repo, run.ref)
    github = {
        "event_name": run.event,
        "event": run.payload,
        "run_id": str(run.id),
        "run_number": str(run.number),
        "run_attempt": "1",
        "repository": repo.full_name,
        "repository_owner": repo.owner.login,
        "actor": run.actor.login,
        "triggering_actor": run.actor.login,
        "ref": ref,
        "ref_name": run.ref,
        "ref_type": "tag" if run.ref in repo.tags else "branch",
        "sha": run.sha,
        "workflow": run.name,
        "workflow_ref": f"{repo.full_name}/{run.workflow.path}@{ref}",
        "server_url": WEB,
        "head_ref": "",
        "base_ref": "",
    }
    return {"github": github, "inputs": run.inputs, "vars": {}}
