"""What becomes of a run that nothing carries out: planned by a test, or forced by a policy.

GitHub accepts a dispatch and may still start nothing: a run can end in the second in which it
was created, without a job, or stay for hours.
https://github.com/MUBA-M1KU/Cekgu/issues/261
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

CONCLUSIONS = (
    "success", "failure", "cancelled", "timed_out", "startup_failure", "action_required",
    "neutral", "skipped", "stale",
)  # fmt: skip
"""How a run ends: https://docs.github.com/rest/actions/workflow-runs#list-workflow-runs-for-a-repository"""

QUEUED = "queued"
"""No runner ever takes it up; a cancel ends it."""

HANGS = "hangs"
"""It is under way until it is cancelled."""

STUCK = "stuck"
"""It stays queued without a job, and only a forced cancel ends it.

https://github.com/elizaOS/eliza/issues/16705
"""

JOBLESS = ("startup_failure", "action_required", STUCK)
"""The outcomes that come before any job."""


@dataclass(kw_only=True)
class Fate:
    """What becomes of runs, instead of what they would do.

    outcome: one of `CONCLUSIONS`, `QUEUED`, `HANGS` or `STUCK`.
    workflow, actor, event: which runs match: a file name, a login, an event, or ``*``.
    count: of how many it decides; 0: of all.
    after: seconds on the sandbox's clock that it is under way before it ends.
    lingers: seconds that a cancel takes, as steps that always run make it; a forced one takes none.
    jobs: whether it has any; ``None``: as GitHub has it for that outcome.
    wedges: whether its concurrency groups are held on when it has ended.
    decided: of how many runs it was decided so far.
    """

    outcome: str
    workflow: str = "*"
    actor: str = "*"
    event: str = "*"
    count: int = 1
    after: float = 0
    lingers: float = 0
    jobs: bool | None = None
    wedges: bool = False
    decided: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        outcomes = (*CONCLUSIONS, QUEUED, HANGS, STUCK)
        if self.outcome not in outcomes:
            raise ValueError(f"outcome {self.outcome!r}: one of {', '.join(outcomes)}")

    @property
    def with_jobs(self) -> bool:
        """Whether the run has jobs."""
        return self.outcome not in JOBLESS if self.jobs is None else self.jobs

    @property
    def at_once(self) -> bool:
        """Whether the run ends as it is created, without waiting for anything."""
        return self.outcome in CONCLUSIONS and not self.with_jobs

    def meets(self, **run: str) -> bool:
        """Whether it decides of a run with this workflow, actor and event."""
        if self.count and self.decided >= self.count:
            return False
        return all(getattr(self, name) in ("*", value) for name, value in run.items())

    def shape(self) -> dict[str, Any]:
        """As JSON."""
        return dict(vars(self))


class Fates:
    """The fates that are planned, and the accounts whose runs a policy ends.

    https://docs.github.com/organizations/managing-organization-settings/disabling-or-limiting-github-actions-for-your-organization
    """

    def __init__(self) -> None:
        self.planned: list[Fate] = []
        self.blocked: set[str] = set()

    def block(self, logins: Iterable[str]) -> None:
        """End the runs of these accounts, and of no others, as they are created."""
        self.blocked = {login.lower() for login in logins}

    def of(self, *, workflow: str, actor: str, event: str) -> Fate | None:
        """What becomes of a new run; the oldest that matches counts. None: what it does."""
        if actor.lower() in self.blocked:
            return Fate(outcome="failure", jobs=False)
        for fate in self.planned:
            if fate.meets(workflow=workflow, actor=actor, event=event):
                fate.decided += 1
                return fate
        return None
