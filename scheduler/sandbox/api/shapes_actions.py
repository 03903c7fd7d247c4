"""The JSON of workflows, runs and jobs."""

from __future__ import annotations

from typing import Any

from scheduler.sandbox.api import shapes
from scheduler.sandbox.hub.clock import iso
from scheduler.sandbox.hub.repository import Repository
from scheduler.sandbox.runner.runs import Run, RunJob, Workflow

Json = dict[str, Any]


def workflow(item: Workflow, name: str, repo: Repository, base: str) -> Json:
    """``workflow``."""
    file = item.path.rsplit("/", 1)[-1]
    web = f"{base}/{repo.full_name}"
    return {
        "id": item.id,
        "node_id": shapes.node_id("W", item.id),
        "name": name,
        "path": item.path,
        "state": item.state,
        "created_at": iso(item.created_at),
        "updated_at": iso(item.updated_at),
        "url": f"{base}/repos/{repo.full_name}/actions/workflows/{item.id}",
        "html_url": f"{web}/blob/{repo.default_branch}/{item.path}",
        "badge_url": f"{web}/workflows/{file}/badge.svg",
    }


def run_urls(item: Run, base: str) -> Json:
    """What a dispatch with ``return_run_details`` answers."""
    return {
        "workflow_run_id": item.id,
        "run_url": f"{base}/repos/{item.repository}/actions/runs/{item.id}",
        "html_url": f"{base}/{item.repository}/actions/runs/{item.id}",
    }


def run(item: Run, repo: Repository, base: str) -> Json:
    """``workflow-run``."""
    root = f"{base}/repos/{repo.full_name}"
    url = f"{root}/actions/runs/{item.id}"
    actor = shapes.user(item.actor, base)
    minimal = shapes.minimal_repository(repo, base)
    someone = {"name": "owner", "email": "owner@localhost"}
    return {
        "id": item.id,
        "name": item.name,
        "node_id": shapes.node_id("WFR", item.id),
        "head_branch": item.ref,
        "head_sha": item.sha,
        "path": item.workflow.path,
        "display_title": item.display_title,
        "run_number": item.number,
        "run_attempt": 1,
        "event": item.event,
        "status": item.status,
        "conclusion": item.conclusion,
        "workflow_id": item.workflow.id,
        "check_suite_id": item.id + 1,
        "check_suite_node_id": shapes.node_id("CS", item.id + 1),
        "url": url,
        "html_url": f"{base}/{repo.full_name}/actions/runs/{item.id}",
        "pull_requests": [],
        "created_at": iso(item.created_at),
        "updated_at": iso(item.updated_at),
        "run_started_at": iso(item.started_at or item.created_at),
        "actor": actor,
        "triggering_actor": actor,
        "referenced_workflows": [],
        "previous_attempt_url": None,
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{root}/check-suites/{item.id + 1}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "workflow_url": f"{root}/actions/workflows/{item.workflow.id}",
        "head_commit": {
            "id": item.sha,
            "tree_id": item.sha,
            "message": "The work tree as it is",
            "timestamp": iso(repo.pushed_at),
            "author": someone,
            "committer": someone,
        },
        "repository": minimal,
        "head_repository": minimal,
    }


def job(item: RunJob, of: Run, base: str) -> Json:
    """``job``; why a run has not started stands in its one step."""
    url = f"{base}/repos/{of.repository}/actions/jobs/{item.id}"
    web = f"{base}/{of.repository}/actions/runs/{of.id}/job/{item.id}"
    started = iso(item.started_at or of.created_at)
    note = of.note if item.status != "completed" else ""
    step = {"name": note, "status": "queued", "conclusion": None, "number": 1,
            "started_at": None, "completed_at": None}  # fmt: skip
    return {
        "id": item.id,
        "run_id": of.id,
        "workflow_name": of.name,
        "head_branch": of.ref,
        "run_url": f"{base}/repos/{of.repository}/actions/runs/{of.id}",
        "run_attempt": 1,
        "node_id": shapes.node_id("CR", item.id),
        "head_sha": of.sha,
        "url": url,
        "html_url": web,
        "status": item.status,
        "conclusion": item.conclusion,
        "created_at": iso(of.created_at),
        "started_at": started,
        "completed_at": iso(item.completed_at) if item.completed_at else None,
        "name": item.name,
        "steps": [step] if note else [],
        "check_run_url": f"{base}/repos/{of.repository}/check-runs/{item.id}",
        "labels": item.labels,
        "runner_id": None,
        "runner_name": None,
        "runner_group_id": None,
        "runner_group_name": None,
    }
