"""Workflows and their runs, as records."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scheduler.sandbox.hub.people import User
from scheduler.sandbox.hub.records import Environment
from scheduler.sandbox.runner.fates import Fate

ACTIVE = ("queued", "pending", "in_progress", "waiting", "requested")
"""The states of a run that has not ended."""


@dataclass(kw_only=True)
class Workflow:
    """A file in ``.github/workflows/`` with the state that GitHub keeps beside it."""

    id: int
    path: str
    created_at: datetime
    updated_at: datetime
    state: str = "active"
    last_run_number: int = 0


@dataclass(kw_only=True)
class RunJob:
    """One job of a run."""

    id: int
    key: str
    name: str
    labels: list[str]
    status: str = "queued"
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(kw_only=True)
class Gate:
    """An environment in which a job of a run waits, with the rules that it had then.

    job: its key. until: when the timer is over. unapproved: whether a reviewer is waited for.
    """

    job: str
    environment: Environment
    until: datetime
    unapproved: bool = False


@dataclass(kw_only=True)
class Run:
    """One run of a workflow.

    payload: the event, as ``github.event`` shows it.
    groups: the concurrency groups that it holds while it goes on, in lower case.
    gates: those of them that it waits for.
    waits: what it waits for before anything of it starts.
    failed: its jobs that an environment did not let in, by their key, and why.
    acquired_at: since when it holds them.
    note: why it has not started, or why its groups are not known.
    fate: what becomes of it where nothing carries it out.
    ends_at: when it ends by that.
    log: everything that its steps and its runner have printed.
    """

    id: int
    repository: str
    workflow: Workflow
    name: str
    display_title: str
    number: int
    event: str
    actor: User
    ref: str
    sha: str
    created_at: datetime
    updated_at: datetime
    payload: dict[str, Any]
    jobs: list[RunJob]
    status: str = "queued"
    conclusion: str | None = None
    started_at: datetime | None = None
    groups: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    cancel_in_progress: bool = False
    queue_max: bool = False
    waits: list[Gate] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    note: str = ""
    fate: Fate | None = None
    ends_at: datetime | None = None
    acquired_at: datetime | None = None
    log: list[str] = field(default_factory=list)
    cancelling: bool = False

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.status in ACTIVE

    @property
    def holds(self) -> bool:
        """Whether its concurrency groups are not free: it goes on, or they are wedged."""
        if self.acquired_at is not None and self.fate is not None and self.fate.wedges:
            return True
        return self.active and self.status != "pending"

    @property
    def inputs(self) -> dict[str, Any]:
        """The inputs of its dispatch; empty for any other event."""
        inputs = self.payload.get("inputs")
        return dict(inputs) if isinstance(inputs, dict) else {}
