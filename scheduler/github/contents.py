"""A repository's files, and what it is: its branch, its newest commit, who sees it."""

from __future__ import annotations

import base64
import binascii
import urllib.parse
from contextlib import suppress
from datetime import datetime
from typing import Any

from scheduler.errors import Rejected, SettingsUnreadable
from scheduler.github.client import Api
from scheduler.github.objects import committed_at, items, record
from scheduler.ports.values import WorkflowFile
from scheduler.settings import file

#: Where GitHub looks for a repository's workflows.
WORKFLOWS = ".github/workflows"


class GitHubContents:
    """The contents of the queue's repository, and of those that its jobs run in."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._http = api.http

    def settings_text(self) -> str | None:
        """The settings file on the default branch; None when GitHub answers 404."""
        found = self._file(self._api.repository, file.PATH, None)
        return found.text if found else None

    def prove_contents(self) -> None:
        """Ask for what every repository has: a 404 of the settings may be a missing right."""
        status = 404
        for path in ("contents", "contents/.github/workflows"):
            try:
                self._http.get(f"{self._api.here}/{path}")
            except Rejected as refused:
                status = refused.status
                if status != 404:
                    break
            else:
                return
        raise SettingsUnreadable(
            f"token: may not read the contents of {self._api.repository} (GitHub answers "
            f"{status}), so its settings are unknown; give it 'contents: read'"
        )

    def workflow_file(self, repo: str, workflow: str, ref: str | None) -> WorkflowFile | None:
        """The file at ``ref`` (None: the default branch); None when there is none."""
        return self._file(repo, f"{WORKFLOWS}/{workflow}", ref)

    def workflow_names(self, repo: str, ref: str | None) -> list[str]:
        """The names of the workflow files at ``ref`` (None: the default branch); none of a 404."""
        params = {"ref": ref} if ref else {}
        try:
            data = self._http.get(f"/repos/{repo}/contents/{WORKFLOWS}", params).data
        except Rejected as refused:
            if refused.status == 404:
                return []
            raise self._api.refused(refused, "contents: read") from refused
        names = (str(each.get("name") or "") for each in items(data))
        return sorted(name for name in names if name.endswith((".yml", ".yaml")))

    def _file(self, repo: str, path: str, ref: str | None) -> WorkflowFile | None:
        """See https://docs.github.com/en/rest/repos/contents#get-repository-content ."""
        params = {"ref": ref} if ref else {}
        try:
            data = self._http.get(f"/repos/{repo}/contents/{urllib.parse.quote(path)}", params).data
        except Rejected as refused:
            if refused.status == 404:
                return None
            if repo != self._api.repository:
                raise
            raise self._api.refused(refused, "contents: read") from refused
        if not isinstance(data, dict) or data.get("type", "file") != "file":
            return None
        text = "\ufffd"
        # Of more than a megabyte there is no content, and no encoding.
        if data.get("encoding") != "none":
            with suppress(binascii.Error, UnicodeDecodeError, ValueError, TypeError):
                text = base64.b64decode(data.get("content") or "").decode()
        return WorkflowFile(text=text, ref=ref or _branch_in(data, path))

    def require_repository(self) -> None:
        """Raise ``NotPermitted`` unless the token can see the queue's repository."""
        with self._api.needs("metadata: read"):
            self._http.get(self._api.here)

    def is_private(self, repo: str) -> bool:
        """Whether not everybody sees it; an internal repository counts as private."""
        return record(self._http.get(f"/repos/{repo}").data).get("private") is not False

    def last_commit(self, repo: str) -> datetime | None:
        """When the default branch got its newest commit; None: it has none.

        https://docs.github.com/en/rest/commits/commits#list-commits
        """
        try:
            data = self._http.get(f"/repos/{repo}/commits", {"per_page": 1}).data
        except Rejected as refused:
            if refused.status == 409:  # the repository is empty
                return None
            raise self._api.refused(refused, "contents: read") from refused
        return next((committed_at(commit) for commit in items(data)), None)

    def actions_enabled(self, repo: str) -> bool | None:
        """Whether Actions are switched on; None: the token is not told.

        https://docs.github.com/en/rest/actions/permissions
        """
        try:
            told = record(self._http.get(f"/repos/{repo}/actions/permissions").data)
        except Rejected as refused:
            if refused.status in (403, 404):
                return None
            raise
        return told.get("enabled") is not False

    def add_file(self, repo: str, path: str, text: str, *, message: str) -> None:
        """Commit a new file to the default branch.

        Sent again where no answer came, it is refused if it was there already. A workflow needs
        the permission `workflows: write` beside `contents: write`.
        https://docs.github.com/en/rest/repos/contents#create-or-update-file-contents
        """
        content = base64.b64encode(text.encode()).decode()
        place = f"/repos/{repo}/contents/{urllib.parse.quote(path)}"
        self._http.absolute("PUT", place, {"message": message, "content": content})

    def default_branch(self, repo: str) -> str:
        """See https://docs.github.com/en/rest/repos/repos#get-a-repository ."""
        data = record(self._http.get(f"/repos/{repo}").data)
        return str(data.get("default_branch") or "main")


def _branch_in(data: dict[str, Any], path: str) -> str | None:
    """The branch that a file's own addresses name; it saves asking for the repository."""
    asked = urllib.parse.urlsplit(str(data.get("url") or ""))
    if told := urllib.parse.parse_qs(asked.query).get("ref"):
        return told[0]
    shown = urllib.parse.unquote(urllib.parse.urlsplit(str(data.get("html_url") or "")).path)
    _, blob, place = shown.partition("/blob/")
    return place.removesuffix(f"/{path}") if blob and place.endswith(f"/{path}") else None
