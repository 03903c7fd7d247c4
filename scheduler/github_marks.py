"""What is put on an issue or a comment beside its text: labels, and reactions."""

from __future__ import annotations

import urllib.parse
from typing import Any

from scheduler.errors import Rejected
from scheduler.github_objects import items, record
from scheduler.github_people import GitHubPeople


class GitHubMarks(GitHubPeople):
    """Labels and reactions, each put on or taken off alone: what others did meanwhile stays."""

    # Labels: https://docs.github.com/en/rest/issues/labels

    def add_label(self, number: int, label: str) -> list[str]:
        """Put one label on an issue; the labels that it has then, by name. Absolute.

        GitHub makes a label that the repository lacks, if the token may write there.

        Raises:
            NotPermitted: the token may not label issues.
            Rejected: GitHub refuses it for another reason, such as a locked issue.
        """
        path = f"/repos/{self.repository}/issues/{number}/labels"
        try:
            return _names(self.http.absolute("POST", path, {"labels": [label]}).data)
        except Rejected as refused:
            raise self.refused(refused, "issues: write", one=True) from refused

    def remove_label(self, number: int, label: str) -> list[str] | None:
        """Take one label off an issue; those that are left, None: it was gone. Absolute.

        Raises:
            NotPermitted: the token may not label issues.
            Rejected: GitHub refuses it for another reason.
        """
        name = urllib.parse.quote(label, safe="")
        path = f"/repos/{self.repository}/issues/{number}/labels/{name}"
        try:
            return _names(self.http.absolute("DELETE", path).data)
        except Rejected as refused:
            if refused.status == 404 and "label" in str(refused).lower():
                return None
            raise self.refused(refused, "issues: write", one=True) from refused

    # Reactions: https://docs.github.com/en/rest/reactions/reactions

    def react(self, comment_id: int, content: str) -> None:
        """Answer a comment in one sign, such as ``+1``, ``-1``, ``eyes`` or ``confused``.

        Absolute, though it is a POST: GitHub answers 200 where the same account has reacted
        so before. A comment that is gone, and a server without reactions, are no error.
        https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment

        Raises:
            Rejected: any other no, a missing right too: an answer stops nothing. On a locked
                issue nobody may react (https://github.com/GitHawkApp/GitHawk/issues/2297).
        """
        path = f"/repos/{self.repository}/issues/comments/{comment_id}/reactions"
        try:
            self.http.absolute("POST", path, {"content": content})
        except Rejected as refused:
            if refused.status not in (404, 405, 410, 501):
                raise


def _names(data: Any) -> list[str]:
    return [str(record(label).get("name") or "") for label in items(data)]
