"""What a repository decides about its queue; ``Settings()`` is what holds without a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase

#: A claim is good for this long; past it the claimant withdraws instead of sending.
CLAIM_VALIDITY = timedelta(seconds=30)
#: How long a request may still be under way after it was sent in time.
IN_FLIGHT = timedelta(seconds=40)
#: GitHub's instants have whole seconds.
ROUNDING = timedelta(seconds=1)
#: So old a claim has to be before anything follows from there being no run of it.
SETTLED = CLAIM_VALIDITY + IN_FLIGHT + ROUNDING

#: The roles that can be asked for, from least to most. ``read`` is none of them: of a public
#: repository everyone has it.
ROLES = ("triage", "write", "maintain", "admin")
SIGNING = ("off", "optional", "required")
PROFILES = ("thrifty", "balanced", "punctual")


@dataclass(frozen=True, kw_only=True)
class Scheduler:
    """Who the scheduler itself is."""

    #: The login that writes the journal; None until GitHub was asked.
    login: str | None = None
    #: The workflow that runs the tick; no job's target unless ``allow`` names it.
    workflow: str = "scheduler.yml"


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whose jobs are run."""

    #: The least role of a person, one of `ROLES`.
    role: str = "write"
    #: Logins of bots; no bot is trusted for a role.
    bots: tuple[str, ...] = ()
    #: Whether a trusted person's label vouches for a stranger's job.
    labelled: bool = False


@dataclass(frozen=True, kw_only=True)
class Allow:
    """What jobs may start, as globs; ``*`` stops at a ``/``."""

    #: None, which only silence says, is any workflow of this repository for people and nothing
    #: for bots; an empty list is nothing for anyone.
    workflows: tuple[str, ...] | None = None
    #: Types of `repository_dispatch`; None means the same as for workflows.
    events: tuple[str, ...] | None = None
    #: Repositories besides the queue's own, as ``owner/name``.
    repositories: tuple[str, ...] = ()
    #: Branches and tags that a job may name; None is any for people, and for bots none but the
    #: default branch, which everybody may name.
    refs: tuple[str, ...] | None = None

    def permits_workflow(self, name: str) -> bool:
        """Whether a person may start the file ``name``; a bot needs ``workflows`` to be set."""
        return self.workflows is None or _matches(name, self.workflows)

    def permits_event(self, event: str) -> bool:
        """Whether a person may have an event of this type sent; a bot needs ``events`` set."""
        return self.events is None or _matches(event, self.events)

    def permits_ref(self, ref: str) -> bool:
        """Whether a person may name ``ref``, as it is written or in its short form."""
        short = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
        return self.refs is None or _matches(ref, self.refs) or _matches(short, self.refs)

    def permits_repository(self, repository: str) -> bool:
        """Whether ``owner/name`` may be a target; GitHub ignores its case, so this does too."""
        return _matches(repository.lower(), [glob.lower() for glob in self.repositories])


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """How much one author or agent may ask for."""

    open_per_agent: int = 50
    new_per_agent_per_day: int = 100
    #: Longest chain of jobs that were opened by a run of the one before.
    depth: int = 10
    #: How far ahead ``run-at`` may be.
    horizon: timedelta = timedelta(days=400)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one tick does, and how soon it tries again."""

    #: Dispatches in one tick.
    per_tick: int = 100
    #: Age at which an open claim counts as abandoned; 0s for tests only.
    recover_after: timedelta = timedelta(seconds=120)
    #: First pause after a dispatch that GitHub could not take.
    backoff: timedelta = timedelta(seconds=30)
    relays_per_hour: int = 12
    #: Least time between two occurrences of a series.
    shortest_interval: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What a job means where it says nothing."""

    workflow: str | None = None
    #: IANA name.
    timezone: str | None = None
    #: Time after ``run-at``; None runs however late.
    deadline: timedelta | None = None
    max_attempts: int = 5


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All of the file; `Settings()` is what holds without one."""

    #: The label of the issues that are jobs.
    label: str = "schedule"
    scheduler: Scheduler = field(default_factory=Scheduler)
    trust: Trust = field(default_factory=Trust)
    allow: Allow = field(default_factory=Allow)
    quotas: Quotas = field(default_factory=Quotas)
    limits: Limits = field(default_factory=Limits)
    defaults: Defaults = field(default_factory=Defaults)
    signing: str = "off"
    profile: str = "balanced"
    nudge: bool = True
    #: Whether a workflow that GitHub is about to disable is enabled anew, or only spoken of.
    keep_alive: bool = False
    paused: bool = False


def _matches(name: str, globs: tuple[str, ...] | list[str]) -> bool:
    parts = name.split("/")
    return any(
        len(wanted) == len(parts) and all(map(fnmatchcase, parts, wanted))
        for wanted in (glob.split("/") for glob in globs)
    )
