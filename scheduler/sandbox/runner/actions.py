"""Workflows and runs: what starts a run, which runs wait for which, how a run ends.

The caller holds the state's lock.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from scheduler.sandbox.http.failure import ApiFailure, not_found
from scheduler.sandbox.hub.people import BOT, User
from scheduler.sandbox.hub.repository import Repository
from scheduler.sandbox.hub.state import State
from scheduler.sandbox.runner import concurrency, events, workflow_files
from scheduler.sandbox.runner.dispatching import check_inputs
from scheduler.sandbox.runner.expressions import CannotEvaluate, expand
from scheduler.sandbox.runner.runs import Run, RunJob, Workflow
from scheduler.sandbox.runner.workflow_files import WorkflowFile


class Executor(Protocol):
    """Who carries a run out. ``idle`` says why nobody does."""

    idle: str

    def submit(self, run: Run, repository: Repository, folder: Path) -> None:
        """Carry out a run whose turn it is."""

    def stop(self, run: Run, *, force: bool) -> bool:
        """Ask a run to end; whether it is being carried out at all."""


class Nobody:
    """The executor of a sandbox without ``act``: runs stay queued."""

    def __init__(self, idle: str) -> None:
        self.idle = idle

    def submit(self, run: Run, repository: Repository, folder: Path) -> None:
        """Note why the run stays queued."""
        run.note = run.note or self.idle

    def stop(self, run: Run, *, force: bool) -> bool:
        """Nothing is being carried out."""
        return False


class Actions:
    """The sandbox's GitHub Actions.

    events: whether webhook events (``on: issues`` …) start workflows.
    """

    def __init__(self, state: State, executor: Executor, *, events: bool = False) -> None:
        self.state = state
        self.executor = executor
        self.events = events
        state.listeners.append(self.heard)

    def workflows(self, repo: Repository) -> list[Workflow]:
        """The workflows of the default branch, those that it has lost included."""
        _, folder = self._default(repo)
        for path in workflow_files.paths(folder):
            self._workflow(repo, path)
        return sorted(repo.workflows.values(), key=lambda workflow: workflow.id)

    def workflow(self, repo: Repository, key: str) -> Workflow:
        """By id or by file name, on the default branch. Raises: 404."""
        if key.isdigit():
            for workflow in self.workflows(repo):
                if workflow.id == int(key):
                    return workflow
            raise not_found()
        path = f"{workflow_files.WORKFLOWS}/{key.removeprefix(workflow_files.WORKFLOWS + '/')}"
        if path not in repo.workflows and path not in workflow_files.paths(self._default(repo)[1]):
            raise not_found()
        return self._workflow(repo, path)

    def file(self, repo: Repository, workflow: Workflow) -> WorkflowFile | None:
        """The workflow's file on the default branch."""
        return workflow_files.read(self._default(repo)[1], workflow.path)

    def start(
        self, repo: Repository, file: WorkflowFile, *, event: str, actor: User, ref: str,
        payload: dict[str, Any], title: str | None = None,
    ) -> Run:  # fmt: skip
        """Make a run; it goes on as far as its concurrency groups let it."""
        now = self.state.clock()
        workflow = self._workflow(repo, file.path)
        workflow.last_run_number += 1
        run = Run(
            id=self.state.new_run_id(),
            repository=repo.full_name,
            workflow=workflow,
            name=file.name,
            display_title=title or file.name,
            number=workflow.last_run_number,
            event=event,
            actor=actor,
            ref=ref,
            sha=repo.sha(ref),
            created_at=now,
            updated_at=now,
            payload=payload,
            jobs=[],
        )
        for job in file.jobs:
            run.jobs.append(
                RunJob(id=self.state.new_id(), key=job.key, name=job.name, labels=job.runs_on)
            )
        repo.runs[run.id] = run
        if file.problem:
            run.note = f"invalid workflow file: {file.problem}"
            self.finish(run, "startup_failure")
            return run
        contexts = events.contexts(repo, run)
        if file.run_name:
            try:
                run.display_title = expand(file.run_name, contexts) or run.display_title
            except CannotEvaluate as exc:
                run.log.append(f"run-name was not evaluated: {exc}\n")
        concurrency.assign(run, file, contexts)
        self._admit(repo, run)
        return run

    def dispatch(
        self, repo: Repository, workflow: Workflow, ref: str, inputs: dict[str, Any], actor: User
    ) -> Run:
        """A ``workflow_dispatch``. Raises: 422 in GitHub's words."""
        found = repo.resolve(ref)
        if found is None or not ref.endswith(found[0]):  # a branch or tag, no commit
            raise ApiFailure(422, f"No ref found for: {ref}")
        name, folder = found
        if workflow.state != "active":
            raise ApiFailure(422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")
        file = workflow_files.read(folder, workflow.path)
        if file is not None and file.problem:
            raise ApiFailure(422, f"failed to parse workflow: {file.problem}")
        if file is None or "workflow_dispatch" not in file.triggers:
            raise ApiFailure(422, "Workflow does not have 'workflow_dispatch' trigger")
        payload = events.payload(repo, actor, {
            "inputs": check_inputs(file, inputs),
            "ref": events.full_ref(repo, name),
            "workflow": workflow.path,
        })  # fmt: skip
        return self.start(
            repo, file, event="workflow_dispatch", actor=actor, ref=name, payload=payload
        )

    def heard(
        self, repo: Repository, event: str, kind: str, actor: User, payload: dict[str, Any]
    ) -> None:
        """A webhook event; what ``GITHUB_TOKEN`` did starts nothing, a dispatch excepted.

        https://docs.github.com/actions/concepts/security/github_token
        """
        dispatch = event == "repository_dispatch"
        if not dispatch and (not self.events or actor.login == BOT):
            return
        name, folder = self._default(repo)
        for path in workflow_files.paths(folder):
            file = workflow_files.read(folder, path)
            if file is None or not file.listens(event, kind):
                continue
            if self._workflow(repo, path).state != "active":
                continue
            shaped = events.payload(repo, actor, payload)
            issue = shaped.get("issue")
            title = kind if dispatch else issue["title"] if isinstance(issue, dict) else None
            self.start(repo, file, event=event, actor=actor, ref=name, payload=shaped, title=title)

    def cron(self, repo: Repository, key: str) -> Run:
        """Start a workflow as its ``schedule`` does."""
        file = self.file(repo, self.workflow(repo, key))
        if file is None or "schedule" not in file.triggers:
            raise ValueError(f"{key}: no 'schedule' trigger")
        payload = events.payload(repo, repo.owner, {"schedule": "sandbox"})
        actor = self.state.users["owner"]
        return self.start(
            repo, file, event="schedule", actor=actor, ref=repo.default_branch, payload=payload
        )

    def run(self, repo: Repository, run_id: int) -> Run:
        """A run that reads show. Raises: 404."""
        run = repo.runs.get(run_id)
        if run is None or not self.state.visible(run.created_at, self.state.staleness.runs):
            raise not_found()
        return run

    def cancel(self, run: Run, *, force: bool = False) -> None:
        """End a run early. Raises: 409 for one that has ended."""
        if not run.active:
            raise ApiFailure(409, "Cannot cancel a workflow run that is completed.")
        run.cancelling = True
        if not self.executor.stop(run, force=force):
            self.finish(run, "cancelled")

    def begin(self, run: Run) -> None:
        """The runner has taken it up."""
        now = self.state.clock()
        run.status, run.started_at, run.updated_at = "in_progress", now, now
        for job in run.jobs:
            job.status, job.started_at = "in_progress", now

    def finish(self, run: Run, conclusion: str, jobs: dict[str, str] | None = None) -> None:
        """The run has ended; whoever waits for its groups goes on.

        jobs: conclusions of single jobs by their key; the run's own for the others.
        """
        if not run.active:
            return
        now = self.state.clock()
        run.status, run.conclusion, run.updated_at = "completed", conclusion, now
        for job in run.jobs:
            if job.status != "completed":
                job.status, job.completed_at = "completed", now
                job.conclusion = (jobs or {}).get(job.key, conclusion)
                job.started_at = job.started_at or now
        repo = self.state.repository(run.repository)
        for waiting in concurrency.free(run, repo.runs.values()):
            self._submit(repo, waiting)

    def _admit(self, repo: Repository, run: Run) -> None:
        evicted, ready = concurrency.admit(run, repo.runs.values())
        run.status = "queued" if ready else "pending"
        if ready:
            self._submit(repo, run)
        for other in evicted:
            if other.active:
                other.note = f"replaced by run {run.id} of the same concurrency group"
                self.cancel(other)

    def _submit(self, repo: Repository, run: Run) -> None:
        run.status = "queued"
        self.executor.submit(run, repo, repo.folders[run.ref])

    def _default(self, repo: Repository) -> tuple[str, Path]:
        return repo.default_branch, repo.folders[repo.default_branch]

    def _workflow(self, repo: Repository, path: str) -> Workflow:
        if path not in repo.workflows:
            now = self.state.clock()
            repo.workflows[path] = Workflow(
                id=self.state.new_id(), path=path, created_at=now, updated_at=now
            )
        return repo.workflows[path]
