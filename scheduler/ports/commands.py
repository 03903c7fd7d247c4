"""What a command needs of GitHub beside what a tick needs: `CommandQueue`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from scheduler.ports.hold import HeldQueue
from scheduler.ports.values import Group, Recent, Run, Ticket


class Environments(Protocol):
    """Environments as an administrator makes and removes them."""

    def make_environment(self, repo: str, name: str, minutes: int) -> None:
        """Make it with this wait timer and no other rule. Absolute.

        Raises ``Rejected`` (422) where the plan has no wait timers for the repository.
        """

    def remove_environment(self, repo: str, name: str) -> bool:
        """Remove it; false when it was not there. Absolute."""

    def actions_enabled(self, repo: str) -> bool | None:
        """Whether Actions are switched on there; None: only an administrator is told."""

    def add_file(self, repo: str, path: str, text: str, *, message: str) -> None:
        """Commit a new file to the default branch. Raises ``Rejected``: 422 where there is one."""


class Upkeep(Protocol):
    """What the keep-alive asks of the repository whose cron starts the scheduler."""

    @property
    def repository(self) -> str:
        """The queue's own ``owner/name``."""

    def is_private(self, repo: str) -> bool:
        """Whether not everybody sees it; an internal repository counts as private."""

    def last_commit(self, repo: str) -> datetime | None:
        """When the default branch got its newest commit; None: it has none."""

    def scheduled_runs(self, repo: str, workflow: str) -> Sequence[Run]:
        """The newest few runs that cron started, newest first."""

    def enable_workflow(self, repo: str, workflow: str) -> None:
        """Enable a workflow, whether it is enabled or not. Absolute."""


class Monitoring(Protocol):
    """What a check for monitors asks of the runs of a repository.

    Each method raises ``Rejected`` or ``NotPermitted`` where the token may not see them.
    """

    def queued_runs(self, repo: str) -> Sequence[Run]:
        """The runs that wait for a runner, newest first: the newest 100."""

    def newest_runs(self, repo: str, workflow: str) -> Sequence[Run]:
        """The newest few runs of a workflow, newest first, whatever started them.

        Raises ``Rejected`` (404) of a workflow that is not there.
        """

    def concurrency_groups(self, repo: str) -> Sequence[Group] | None:
        """The groups that somebody holds or waits for; None: the server does not tell them."""

    def holders(self, repo: str, group: str) -> Sequence[int]:
        """The ids of the runs that hold a group; of one that is free, none."""


class CommandQueue(HeldQueue, Upkeep, Environments, Monitoring, Protocol):
    """What a command needs: it opens and edits jobs, and looks at more than what is due."""

    def newest_tickets(self, count: int = 100, *, label: str | None = None) -> Sequence[Ticket]:
        """The queue's newest issues, open or closed, newest first; at most ``count``, up to 100.

        ``label``: those alone that have this label too.
        """

    def count_tickets(self) -> int | None:
        """How many issues carry the queue's label, open and closed; None: the server can't tell."""

    def workflow_names(self, repo: str, ref: str | None) -> Sequence[str]:
        """The names of a repository's workflow files at ``ref`` (None: the default branch)."""

    def create(self, title: str, body: str) -> Ticket:
        """Open an issue with the queue's label. Not repeatable. Raises ``Rejected``."""

    def edit(self, number: int, **changes: Any) -> Ticket:
        """Set an issue's ``title``, ``body`` or ``state``, as GitHub names them. Absolute.

        Returns the issue as it is then. Raises ``Rejected`` when GitHub refuses it.
        """

    def changed_comments(self, since: datetime, *, pages: int) -> Recent | None:
        """All comments changed since, at most so many ``pages`` of 100; None: no such list.

        Where there are more, the newest of them, and its ``since`` says from when on.
        """

    def own_login(self) -> str | None:
        """The token's login, also where there is no GraphQL; None: it can't be told."""

    def own_role(self) -> str | None:
        """What the token's account may in the queue's repository, as ``role``; None: not told."""

    def settings_text(self) -> str | None:
        """The settings file on the default branch; None: there is none, or it is not shown."""

    def require_repository(self) -> None:
        """Raise ``NotPermitted`` unless the token can see the queue's repository."""
