"""Workflows and runs: what starts a run, which runs wait for which, how a run ends.

The caller holds the state's lock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from scheduler.sandbox.http.failure import ApiFailure, not_found
from scheduler.sandbox.hub.people import BOT, User
from scheduler.sandbox.hub.repository import Repository
from scheduler.sandbox.hub.state import State
from scheduler.sandbox.runner import concurrency, events, waiting, workflow_files
from scheduler.sandbox.runner.dispatching import check_inputs
from scheduler.sandbox.runner.expressions import CannotEvaluate, expand
from scheduler.sandbox.runner.fates import HANGS, QUEUED, STUCK, Fate, Fates
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
        #: Tell when a wait is over; None: it is found out with the next request.
        self.timers: waiting.Timers | None = None
        self._waiting: list[tuple[Repository, Run]] = []
        self._ending: list[Run] = []
        self.fates = Fates()
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
        run.fate = self.fates.of(
            workflow=run.workflow.path.rpartition("/")[2], actor=actor.login, event=event
        )
        if run.fate is not None and not run.fate.with_jobs:
            run.jobs.clear()
        if problem := workflow_files.unstartable(repo.folders[ref], file):
            run.note, run.fate = f"invalid workflow file: {problem}", None
            run.jobs.clear()
            self.finish(run, "startup_failure")
            return run
        contexts = events.contexts(repo, run)
        if file.run_name:
            try:
                run.display_title = expand(file.run_name, contexts) or run.display_title
            except CannotEvaluate as exc:
                run.log.append(f"run-name was not evaluated: {exc}\n")
        run.waits = list(waiting.gates(self.state, repo, run, file, contexts))
        concurrency.assign(run, file, contexts)
        if run.fate is not None and run.fate.at_once:
            run.acquired_at = now if run.groups else None
            self.finish(run, run.fate.outcome)
        else:
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
        if run.fate is not None and not force and self._lingers(run, run.fate):
            return
        if run.fate is not None or not self.executor.stop(run, force=force):
            self.finish(run, "cancelled")

    def _lingers(self, run: Run, fate: Fate) -> bool:
        """Whether a cancelled run goes on for now, or for ever."""
        if fate.outcome == STUCK:
            return True
        if fate.lingers and run.status == "in_progress":
            end = self.state.clock() + timedelta(seconds=fate.lingers)
            run.ends_at = min(run.ends_at or end, end)
            if not any(each is run for each in self._ending):
                self._ending.append(run)
        return bool(fate.lingers) and run.status == "in_progress"

    def look(self) -> None:
        """Let go on whatever has waited long enough by now, and end what was to end."""
        now = self.state.clock()
        ending, self._ending = self._ending, []
        for run in ending:
            if run.fate is None or run.ends_at is None:
                continue
            if run.ends_at <= now:
                conclusion = "cancelled" if run.cancelling else run.fate.outcome
                self.finish(run, conclusion, at=run.ends_at)
            elif run.active:
                self._ending.append(run)
        waiting_runs, self._waiting = self._waiting, []
        for repo, run in waiting_runs:
            if run.status == "waiting" and waiting.over(run, now):
                self._pass(repo, run)
            elif run.status == "waiting":
                self._waiting.append((repo, run))

    def approve(self, run: Run) -> None:
        """Let a waiting run go on at once, timer or not. Raises: 422."""
        self._need_waiting(run)
        self._pass(self.state.repository(run.repository), run)

    def reject(self, run: Run) -> None:
        """Fail the jobs of a waiting run that wait; those after them go by it. Raises: 422."""
        self._need_waiting(run)
        run.failed |= {gate.job: "the deployment was rejected" for gate in run.waits}
        self._pass(self.state.repository(run.repository), run)

    def _need_waiting(self, run: Run) -> None:
        if run.status != "waiting":
            raise ApiFailure(422, "The workflow run is not waiting for a deployment review")

    def _pass(self, repo: Repository, run: Run) -> None:
        """Go on with a run that has waited, as far as its other groups let it."""
        done, run.waits = {gate.job for gate in run.waits}, []
        if (file := workflow_files.read(repo.folders[run.ref], run.workflow.path)) is not None:
            concurrency.assign(run, file, events.contexts(repo, run), done=done)
        self._admit(repo, run)

    def begin(self, run: Run) -> None:
        """The runner has taken it up."""
        now = self.state.clock()
        run.status, run.started_at, run.updated_at = "in_progress", now, now
        for job in run.jobs:
            job.status, job.started_at = "in_progress", now

    def finish(
        self, run: Run, conclusion: str, jobs: dict[str, str] | None = None, *,
        at: datetime | None = None,
    ) -> None:  # fmt: skip
        """The run has ended; whoever waits for its groups goes on.

        jobs: conclusions of single jobs by their key; the run's own for the others.
        at: when; now by default.
        """
        if not run.active:
            return
        now = at or self.state.clock()
        run.status, run.conclusion, run.updated_at = "completed", conclusion, now
        for job in run.jobs:
            if job.status != "completed":
                job.status, job.completed_at = "completed", now
                job.conclusion = (jobs or {}).get(job.key, conclusion)
                if job.key in run.failed:
                    job.conclusion = "failure"
                job.started_at = job.started_at or now
        self._free(run)

    def delete(self, repo: Repository, run: Run) -> None:
        """Forget a run; what it held is free."""
        del repo.runs[run.id]
        run.fate = None
        self._free(run)

    def _free(self, run: Run) -> None:
        repo = self.state.repository(run.repository)
        for ready in concurrency.free(run, repo.runs.values()):
            self._submit(repo, ready)

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
        now = self.state.clock()
        run.acquired_at = now if run.groups else None
        if run.waits and not waiting.over(run, now):
            run.status = "waiting"
            self._waiting.append((repo, run))
            for job in run.jobs:
                job.status = "waiting" if job.key in {gate.job for gate in run.waits} else "queued"
            if self.timers is not None:
                left = max(gate.until for gate in run.waits) - now
                self.timers.call(left.total_seconds(), lambda: self._rung(repo, run))
            return
        run.status = "queued"
        for job in run.jobs:
            job.status = "queued"
        if run.fate is None:
            self.executor.submit(run, repo, repo.folders[run.ref])
        else:
            self._meet(run, run.fate)

    def _meet(self, run: Run, fate: Fate) -> None:
        if fate.outcome in (QUEUED, STUCK):
            run.note = "waiting for a runner to pick up this job"
        elif fate.outcome == HANGS or fate.after > 0:
            self.begin(run)
            if fate.outcome != HANGS:
                run.ends_at = run.created_at + timedelta(seconds=fate.after)
                self._ending.append(run)
        else:
            self.finish(run, fate.outcome)

    def _rung(self, repo: Repository, run: Run) -> None:
        """Time has passed: go on with the run, or wait on where the clock was moved meanwhile."""
        with self.state.lock:
            if run.status == "waiting" and not any(gate.unapproved for gate in run.waits):
                if waiting.over(run, self.state.clock()):
                    self._pass(repo, run)
                else:
                    self._submit(repo, run)

    def _default(self, repo: Repository) -> tuple[str, Path]:
        return repo.default_branch, repo.folders[repo.default_branch]

    def _workflow(self, repo: Repository, path: str) -> Workflow:
        if path not in repo.workflows:
            now = self.state.clock()
            repo.workflows[path] = Workflow(
                id=self.state.new_id(), path=path, created_at=now, updated_at=now
            )
        return repo.workflows[path]
