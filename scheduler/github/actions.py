"""A repository's workflows: their runs, and the dispatch that starts one.

https://docs.github.com/en/rest/actions/workflows
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from scheduler.errors import NotPermitted, Rejected
from scheduler.github.client import Api
from scheduler.github.objects import ends_before, job_count, run_of, runs_of
from scheduler.github.transport import PER_PAGE, Answer
from scheduler.ports.values import Accepted, Dispatch, Run, Target
from scheduler.times.instants import format_instant

#: What GitHub says of a dispatch that it refuses for what it asks.
_REASONS = re.compile(
    "No ref found|Unexpected inputs|Required input|'workflow_dispatch' trigger|disabled workflow"
)
#: The most pages that one look at a list of runs reads: a search of GitHub finds 1,000.
RUN_PAGES = 10


class GitHubActions:
    """The workflows of any repository, as far as the token may see and start them."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._http = api.http
        #: Whether the server takes the key that asks which run a dispatch starts; None: unknown.
        self._details: bool | None = None

    def newest_run(self, repo: str) -> int | None:
        """The highest run id; GitHub lists runs newest first."""
        data = self._http.get(f"/repos/{repo}/actions/runs", {"per_page": 1}).data
        return max((run.id for run in runs_of(data)), default=None)

    def runs(self, target: Target, since: datetime, *, filtered: bool = True) -> Sequence[Run]:
        """The target's ``workflow_dispatch`` runs; those of other events too if not ``filtered``.

        https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-workflow
        """
        name = urllib.parse.quote(target.workflow or "", safe="")
        path = f"/repos/{target.repo}/actions/workflows/{name}/runs"
        search = _created_since(since) if filtered else {}
        return self._listed(path, since, search, most=None if filtered else RUN_PAGES)

    def recent_runs(self, repo: str, since: datetime) -> Sequence[Run]:
        """The ``workflow_dispatch`` runs of all workflows, newest first.

        https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
        """
        with self._reading(repo):
            path = f"/repos/{repo}/actions/runs"
            listed = self._listed(path, since, _created_since(since), most=RUN_PAGES)
        # A server that knows no `event` shows what anything started.
        return [run for run in listed if run.event in ("", "workflow_dispatch")]

    def _listed(
        self, path: str, since: datetime, search: Mapping[str, str], *, most: int | None
    ) -> Sequence[Run]:
        since = since.replace(microsecond=0)
        found: dict[int, Run] = {}
        for count, answer in enumerate(self._http.pages(path, search), start=1):
            shown = runs_of(answer.data)
            dated = [run.created_at for run in shown if run.created_at is not None]
            found |= {
                run.id: run for run in shown if run.created_at is None or run.created_at >= since
            }
            # A server that knows no `created` shows all that ever ran.
            if ends_before(dated, since) or count == most:
                break
        return list(found.values())

    def waiting_runs(self, target: Target) -> Sequence[Run]:
        """The runs of the target's workflow that wait; a page of 100, newest first."""
        name = urllib.parse.quote(target.workflow or "", safe="")
        path = f"/repos/{target.repo}/actions/workflows/{name}/runs"
        found = runs_of(self._http.get(path, {"status": "waiting", "per_page": 100}).data)
        # A server that knows no such search shows all.
        return [run for run in found if run.status == "waiting"]

    def run(self, repo: str, run_id: int) -> Run | None:
        """One run; None when it was deleted."""
        try:
            return run_of(self._http.get(f"/repos/{repo}/actions/runs/{run_id}").data)
        except Rejected as refused:
            if refused.status == 404:
                return None
            raise

    def jobs_of_run(self, repo: str, run_id: int) -> int | None:
        """The jobs of all attempts of a run; None: there is no such list.

        https://docs.github.com/en/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run
        """
        path = f"/repos/{repo}/actions/runs/{run_id}/jobs"
        try:
            with self._reading(repo):
                answer = self._http.get(path, {"filter": "all", "per_page": 1})
        except Rejected as refused:
            if refused.status in (404, 410, 501):
                return None
            raise
        return job_count(answer.data)

    @contextmanager
    def _reading(self, repo: str) -> Iterator[None]:
        """Reads of a repository's runs: a refusal says which permission they need."""
        try:
            yield
        except Rejected as refused:
            if refused.status != 403:
                raise
            words = f"token: lacks the permission 'actions: read' in {repo} ({refused})"
            if repo.lower() == self._api.repository.lower():
                raise NotPermitted(words) from refused
            raise Rejected(words, status=refused.status) from refused

    def dispatch(self, request: Dispatch) -> Accepted:
        """Start it; sent once, but for the one key that an older server does not know."""
        target = request.target
        if target.event is not None:
            payload = {"event_type": target.event, "client_payload": dict(request.inputs)}
            path = f"/repos/{target.repo}/dispatches"
            self._dispatched(path, payload, target, "contents: write")
            return Accepted()
        name = urllib.parse.quote(target.workflow or "", safe="")
        path = f"/repos/{target.repo}/actions/workflows/{name}/dispatches"
        body: dict[str, Any] = {"ref": target.ref, "inputs": dict(request.inputs)}
        if self._details is not False:
            try:
                answer = self._dispatched(
                    path, {**body, "return_run_details": True}, target, "actions: write"
                )
            except Rejected as refused:
                # Refused, so nothing was started under it; not every server names the key.
                if (
                    self._details
                    or refused.status not in (400, 422)
                    or _REASONS.search(str(refused))
                ):
                    raise
            else:
                self._details = True
                return _accepted(answer)
        answer = self._dispatched(path, body, target, "actions: write")
        self._details = False
        return _accepted(answer)

    def _dispatched(self, path: str, body: Any, target: Target, right: str) -> Answer:
        try:
            return self._http.post(path, body, patient=False)
        except Rejected as refused:
            fix = _dispatch_fix(refused, target, right)
            raise Rejected(f"{target.name}: {refused}; {fix}", status=refused.status) from refused

    def cancel_run(self, repo: str, run_id: int) -> bool:
        """Cancel a run; False when it has ended already. Absolute, though it is a POST.

        https://docs.github.com/en/rest/actions/workflow-runs#cancel-a-workflow-run
        """
        try:
            self._http.absolute("POST", f"/repos/{repo}/actions/runs/{run_id}/cancel")
        except Rejected as refused:
            if refused.status == 409:
                return False
            raise self._api.refused(refused, "actions: write") from refused
        return True

    def scheduled_runs(self, repo: str, workflow: str) -> Sequence[Run]:
        """The newest few runs that cron started, newest first."""
        name = urllib.parse.quote(workflow, safe="")
        path = f"/repos/{repo}/actions/workflows/{name}/runs"
        with self._api.needs("actions: read"):
            return runs_of(self._http.get(path, {"event": "schedule", "per_page": 5}).data)

    def queued_runs(self, repo: str) -> Sequence[Run]:
        """The runs that wait for a runner, of whatever event, newest first."""
        with self._reading(repo):
            path = f"/repos/{repo}/actions/runs"
            shown = runs_of(self._http.get(path, {"status": "queued", "per_page": PER_PAGE}).data)
        # A server that knows no `status` shows the others as well.
        return [run for run in shown if run.status == "queued"]

    def newest_runs(self, repo: str, workflow: str) -> Sequence[Run]:
        """The newest few runs of a workflow, newest first, whatever started them."""
        name = urllib.parse.quote(workflow, safe="")
        path = f"/repos/{repo}/actions/workflows/{name}/runs"
        with self._reading(repo):
            return runs_of(self._http.get(path, {"per_page": 30}).data)

    def enable_workflow(self, repo: str, workflow: str) -> None:
        """Enable a workflow, whether it is or not. Absolute.

        https://docs.github.com/en/rest/actions/workflows#enable-a-workflow
        """
        name = urllib.parse.quote(workflow, safe="")
        with self._api.needs("actions: write"):
            self._http.absolute("PUT", f"/repos/{repo}/actions/workflows/{name}/enable")


def _created_since(since: datetime) -> Mapping[str, str]:
    return {"event": "workflow_dispatch", "created": f">={format_instant(since)}"}


def _dispatch_fix(refused: Rejected, target: Target, right: str) -> str:
    words = str(refused)
    if refused.status == 403:
        return f"give the scheduler's token {right!r} in {target.repo}"
    if refused.status == 404:
        return f"check that it is on the default branch of {target.repo} and the token may see it"
    if "disabled" in words:
        return "enable the workflow, then reopen the issue"
    if "failed to parse" in words:
        return "mend the workflow file, then reopen the issue"
    if "does not have" in words and "trigger" in words:
        return "add 'workflow_dispatch:' to the file's 'on:', then reopen the issue"
    if "No ref found" in words:
        return "write a branch or tag that exists in 'ref'"
    return "edit the issue, then reopen it"


def _accepted(answer: Answer) -> Accepted:
    data = answer.data if isinstance(answer.data, dict) else {}
    run_id = data.get("workflow_run_id")
    if not isinstance(run_id, int):
        return Accepted()
    return Accepted(run_id=run_id, run_url=str(data.get("html_url") or data.get("run_url") or ""))
