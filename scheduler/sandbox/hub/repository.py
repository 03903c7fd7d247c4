"""One repository: its folders, labels, issues and people."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from scheduler.sandbox.hub.people import BOT, User
from scheduler.sandbox.hub.records import CheckRun, Comment, Environment, Issue, Label, Status
from scheduler.sandbox.runner.runs import Run, Workflow


@dataclass(kw_only=True)
class Repository:
    """A repository whose branches and tags are folders of the machine.

    folders: branch or tag → work tree, read anew by every request.
    gone: number → ``deleted``, or the ``id#number``, of a repository, that it was transferred to.
    checks, statuses: commit → name → the latest check run or status of that name.
    """

    id: int
    owner: User
    name: str
    created_at: datetime
    folders: dict[str, Path]
    private: bool = False
    default_branch: str = "main"
    pushed_at: datetime
    tags: set[str] = field(default_factory=set)
    roles: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    gone: dict[int, str] = field(default_factory=dict)
    checks: dict[str, dict[str, CheckRun]] = field(default_factory=dict)
    statuses: dict[str, dict[str, Status]] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    actions_enabled: bool = True
    webhook_shape: dict[str, Any] = field(default_factory=dict)
    last_number: int = 0
    #: So many comments each issue counts that no list shows.
    hidden_comments: int = 0

    @property
    def full_name(self) -> str:
        """``owner/name``."""
        return f"{self.owner.login}/{self.name}"

    def role(self, user: User | None) -> str:
        """A user's role here; everybody reads a public repository."""
        lowest = "none" if self.private else "read"
        if user is None:
            return lowest
        if user.login == BOT:
            return "write"
        if user.id == self.owner.id:
            return "admin"
        return self.roles.get(user.login, lowest)

    def resolve(self, ref: str | None) -> tuple[str, Path] | None:
        """The branch or tag that a ref names, with its folder.

        ref: a name, ``refs/heads/…``, ``refs/tags/…`` or a commit; the default
        branch if ``None``.
        """
        name = ref or self.default_branch
        for prefix in ("refs/heads/", "refs/tags/"):
            name = name.removeprefix(prefix)
        if name in self.folders:
            return name, self.folders[name]
        for candidate, folder in self.folders.items():
            if self.sha(candidate) == name:
                return candidate, folder
        return None

    def sha(self, name: str) -> str:
        """The commit that a branch or tag stands on; one for each push."""
        text = f"{self.full_name}\0{name}\0{self.pushed_at.isoformat()}"
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def commit(self, ref: str) -> str | None:
        """The commit that a ref names: as `resolve`, or the head of a pull request."""
        if found := self.resolve(ref):
            return self.sha(found[0])
        for number, issue in self.issues.items():
            if issue.pull is None:
                continue
            if ref in issue.pull.heads:
                return ref
            if ref.removeprefix("refs/") == f"pull/{number}/head":
                return issue.pull.head
        return None
