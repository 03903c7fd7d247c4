"""What a tick that stays, or leaves an alarm behind, needs of GitHub: `HeldQueue`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from scheduler.ports.queue import Queue
from scheduler.ports.values import Environment, Run, Target, Ticket


class Alarms(Protocol):
    """What it takes to be woken by a run that waits, and to remember which clock there is."""

    def environments(self, repo: str) -> Sequence[Environment]:
        """The environments of a repository. Raises ``Rejected`` where that is not told."""

    def waiting_runs(self, target: Target) -> Sequence[Run]:
        """The runs of the target's workflow that wait for an environment, newest first.

        Raises ``Rejected`` (404) of a workflow that is not there.
        """

    def noted(self) -> str | None:
        """What stands in the description of the queue's label; sends nothing.

        As the newest issue told it that was read with the label; None: none did.
        """

    def note(self, text: str) -> None:
        """Set that description, of at most 100 characters. Absolute. Raises ``Rejected``."""


class HeldQueue(Queue, Alarms, Protocol):
    """What a tick that stays needs: it polls."""

    def poll_open(self) -> Sequence[Ticket] | None:
        """The open issues; None: nothing has changed since it was last asked.

        An answer of 304 costs nothing of the rate limit.
        """
