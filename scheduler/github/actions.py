"""What a repository runs: its files, its workflows, their runs, and the dispatch."""

from __future__ import annotations

import base64
import binascii
import re
import urllib.parse
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from scheduler.errors import NotPermitted, Rejected, SchedulerError, SettingsUnreadable
from scheduler.github.client import GitHub
from scheduler.github.objects import committed_at, ends_before, items, record, run_of, runs_of
from scheduler.github.transport import Answer
from scheduler.ports import Accepted, Dispatch, Run, Target, WorkflowFile
from scheduler.settings import file
from scheduler.times.instants import format_instant

#: What GitHub says of a dispatch that it refuses for what it asks.
_REASONS = re.compile(
    "No ref found|Unexpected inputs|Required input|'workflow_dispatch' trigger|disabled workflow"
)
#: The most pages that one look at all runs of a workflow reads.
RUN_PAGES = 10


class GitHubRepository:
    """The queue's repository, and those that its jobs run in."""

    def __init__(self, http: GitHub, *, repository: str) -> None:
        self.http = http
        self.repository = repository
        #: Whether the server takes the key that asks which run a dispatch starts; None: unknown.
        self._details: bool | None = None

    @property
    def requests(self) -> int:
        """How many requests were really sent."""
        return self.http.requests

    def settings_text(self) -> str | None:
        """The settings file on the default branch; None when GitHub answers 404."""
        found = self._file(self.repository, file.PATH, None)
        return found.text if found else None

    def prove_contents(self) -> None:
        """Ask for what every repository has: a 404 of the settings may be a missing right."""
        status = 404
        for path in ("contents", "contents/.github/workflows"):
            try:
                self.http.get(f"/repos/{self.repository}/{path}")
            except Rejected as refused:
                status = refused.status
                if status != 404:
                    break
            else:
                return
        raise SettingsUnreadable(
            f"token: may not read the contents of {self.repository} (GitHub answers {status}), "
            "so its settings are unknown; give it 'contents: read'"
        )

    # Workflows: https://docs.github.com/en/rest/actions/workflows

    def workflow_file(self, repo: str, workflow: str, ref: str | None) -> WorkflowFile | None:
        """The file at ``ref`` (None: the default branch); None when there is none."""
        return self._file(repo, f".github/workflows/{workflow}", ref)

    def _file(self, repo: str, path: str, ref: str | None) -> WorkflowFile | None:
        """See https://docs.github.com/en/rest/repos/contents#get-repository-content ."""
        params = {"ref": ref} if ref else {}
        try:
            data = self.http.get(f"/repos/{repo}/contents/{urllib.parse.quote(path)}", params).data
        except Rejected as refused:
            if refused.status == 404:
                return None
            if repo != self.repository:
                raise
            raise self.refused(refused, "contents: read") from refused
        if not isinstance(data, dict) or data.get("type", "file") != "file":
            return None
        try:
            text = base64.b64decode(data.get("content") or "").decode()
        except (binascii.Error, UnicodeDecodeError, ValueError, TypeError):
            text = "\ufffd"
        return WorkflowFile(text=text, ref=ref or _branch_in(data, path))

    def require_repository(self) -> None:
        """Raise ``NotPermitted`` unless the token can see the queue's repository."""
        try:
            self.http.get(f"/repos/{self.repository}")
        except Rejected as refused:
            raise self.refused(refused, "metadata: read") from refused

    def full_name(self, repo: str) -> str:
        """What GitHub calls a repository now, whatever it was called once."""
        return str(record(self.http.get(f"/repos/{repo}").data).get("full_name") or repo)

    def is_private(self, repo: str) -> bool:
        """Whether not everybody sees it; an internal repository counts as private."""
        return record(self.http.get(f"/repos/{repo}").data).get("private") is not False

    def last_commit(self, repo: str) -> datetime | None:
        """When the default branch got its newest commit; None: it has none.

        https://docs.github.com/en/rest/commits/commits#list-commits
        """
        try:
            data = self.http.get(f"/repos/{repo}/commits", {"per_page": 1}).data
        except Rejected as refused:
            if refused.status == 409:  # the repository is empty
                return None
            raise self.refused(refused, "contents: read") from refused
        return next((committed_at(commit) for commit in items(data)), None)

    def scheduled_runs(self, repo: str, workflow: str) -> Sequence[Run]:
        """The newest few runs that cron started, newest first."""
        name = urllib.parse.quote(workflow, safe="")
        path = f"/repos/{repo}/actions/workflows/{name}/runs"
        try:
            return runs_of(self.http.get(path, {"event": "schedule", "per_page": 5}).data)
        except Rejected as refused:
            raise self.refused(refused, "actions: read") from refused

    def enable_workflow(self, repo: str, workflow: str) -> None:
        """Enable a workflow, whether it is or not. Absolute.

        https://docs.github.com/en/rest/actions/workflows#enable-a-workflow
        """
        name = urllib.parse.quote(workflow, safe="")
        try:
            self.http.absolute("PUT", f"/repos/{repo}/actions/workflows/{name}/enable")
        except Rejected as refused:
            raise self.refused(refused, "actions: write") from refused

    def default_branch(self, repo: str) -> str:
        """See https://docs.github.com/en/rest/repos/repos#get-a-repository ."""
        data = record(self.http.get(f"/repos/{repo}").data)
        return str(data.get("default_branch") or "main")

    def newest_run(self, repo: str) -> int | None:
        """The highest run id; GitHub lists runs newest first."""
        data = self.http.get(f"/repos/{repo}/actions/runs", {"per_page": 1}).data
        return max((run.id for run in runs_of(data)), default=None)

    def runs(self, target: Target, since: datetime, *, filtered: bool = True) -> Sequence[Run]:
        """The target's ``workflow_dispatch`` runs; those of other events too if not ``filtered``.

        https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-workflow
        """
        name = urllib.parse.quote(target.workflow or "", safe="")
        path = f"/repos/{target.repo}/actions/workflows/{name}/runs"
        search = {"event": "workflow_dispatch", "created": f">={format_instant(since)}"}
        since = since.replace(microsecond=0)
        found: dict[int, Run] = {}
        for count, answer in enumerate(self.http.pages(path, search if filtered else {}), start=1):
            shown = runs_of(answer.data)
            dated = [run.created_at for run in shown if run.created_at is not None]
            found |= {
                run.id: run for run in shown if run.created_at is None or run.created_at >= since
            }
            # A server that knows no `created` shows all that ever ran.
            if ends_before(dated, since) or (count == RUN_PAGES and not filtered):
                break
        return list(found.values())

    def run(self, repo: str, run_id: int) -> Run | None:
        """One run; None when it was deleted."""
        try:
            return run_of(self.http.get(f"/repos/{repo}/actions/runs/{run_id}").data)
        except Rejected as refused:
            if refused.status == 404:
                return None
            raise

    def cancel_run(self, repo: str, run_id: int) -> bool:
        """Cancel a run; False when it has ended already. Absolute, though it is a POST.

        https://docs.github.com/en/rest/actions/workflow-runs#cancel-a-workflow-run
        """
        try:
            self.http.absolute("POST", f"/repos/{repo}/actions/runs/{run_id}/cancel")
        except Rejected as refused:
            if refused.status == 409:
                return False
            raise self.refused(refused, "actions: write") from refused
        return True

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
            return self.http.post(path, body, patient=False)
        except Rejected as refused:
            fix = _dispatch_fix(refused, target, right)
            raise Rejected(f"{target.name}: {refused}; {fix}", status=refused.status) from refused

    def refused(self, refused: Rejected, right: str, *, one: bool = False) -> SchedulerError:
        """A refusal in the queue's own repository, as the reaction that it asks for.

        ``one``: an issue or a comment was asked for, so a 404 is about that alone.
        """
        words = str(refused).lower()
        if refused.status == 403 and "locked" not in words and "disabled" not in words:
            return NotPermitted(
                f"token: lacks the permission {right!r} in {self.repository} ({refused})"
            )
        if refused.status == 404 and not one:
            return NotPermitted(
                f"repository: {self.repository!r} does not exist, or the token can't see it; "
                "check --queue or GITHUB_REPOSITORY, and the token's access"
            )
        return refused


def _dispatch_fix(refused: Rejected, target: Target, right: str) -> str:
    words = str(refused)
    if refused.status == 403:
        return f"give the scheduler's token {right!r} in {target.repo}"
    if refused.status == 404:
        return f"check that it is on the default branch of {target.repo} and the token may see it"
    if "disabled" in words:
        return "enable the workflow, then reopen the issue"
    if "No ref found" in words:
        return "write a branch or tag that exists in 'ref'"
    return "edit the issue, then reopen it"


def _accepted(answer: Answer) -> Accepted:
    data = answer.data if isinstance(answer.data, dict) else {}
    run_id = data.get("workflow_run_id")
    if not isinstance(run_id, int):
        return Accepted()
    return Accepted(run_id=run_id, run_url=str(data.get("html_url") or data.get("run_url") or ""))


def _branch_in(data: dict[str, Any], path: str) -> str | None:
    """The branch that a file's own addresses name; it saves asking for the repository."""
    asked = urllib.parse.urlsplit(str(data.get("url") or ""))
    if told := urllib.parse.parse_qs(asked.query).get("ref"):
        return told[0]
    shown = urllib.parse.unquote(urllib.parse.urlsplit(str(data.get("html_url") or "")).path)
    _, blob, place = shown.partition("/blob/")
    return place.removesuffix(f"/{path}") if blob and place.endswith(f"/{path}") else None
