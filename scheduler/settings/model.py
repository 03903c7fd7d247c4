"""The settings of a queue, as values; ``Settings()`` is what holds without a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase

#: For how long a dispatch may be sent under a claim; after it the tick withdraws the claim.
CLAIM_VALIDITY = timedelta(seconds=30)
#: How long a request may still be under way after it was sent in time.
IN_FLIGHT = timedelta(seconds=40)
#: GitHub's instants have whole seconds.
ROUNDING = timedelta(seconds=1)
#: The least age of a claim at which a missing run proves that none was started.
LEAST_RECOVERY = CLAIM_VALIDITY + IN_FLIGHT + ROUNDING

#: The roles that ``trust.role`` may name, from least to most. Not ``read``, which everybody has
#: of a public repository.
ROLES = ("triage", "write", "maintain", "admin")
SIGNING = ("off", "optional", "required")
PROFILES = ("auto", "alarm", "thrifty", "balanced", "punctual")
#: Whose jobs wait until somebody else has approved them.
APPROVE = ("none", "bots", "all")
#: What of a job may be news to people who are named in the settings.
NEWS = ("failed", "missed", "held", "discarded", "paused")


@dataclass(frozen=True, kw_only=True)
class Scheduler:
    """The scheduler's own identity."""

    #: The login that writes the journal; None: GitHub is asked.
    login: str | None = None
    #: The file name of the workflow that runs the tick; a target only if ``allow`` names it.
    workflow: str = "scheduler.yml"


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Who may schedule."""

    #: The least role of a person, one of ``ROLES``.
    role: str = "write"
    #: Logins of bots; a bot's role counts for nothing.
    bots: tuple[str, ...] = ()
    #: Whether a trusted person's label lets a stranger's job run.
    labelled: bool = False


@dataclass(frozen=True, kw_only=True)
class Allow:
    """What jobs may start, as globs in which ``*`` stops at a ``/``."""

    #: Workflow files; None: any of this repository for people, none for bots. Empty: none for
    #: anyone.
    workflows: tuple[str, ...] | None = None
    #: Types of ``repository_dispatch``; None: any for people, none for bots.
    events: tuple[str, ...] | None = None
    #: Repositories besides the queue's own, as ``owner/name``.
    repositories: tuple[str, ...] = ()
    #: Branches and tags that a job may name; None: any for people, none for bots. Everybody may
    #: name the default branch.
    refs: tuple[str, ...] | None = None

    def permits_workflow(self, name: str) -> bool:
        """Whether a person may start the file ``name``; a bot may only if ``workflows`` is set."""
        return self.workflows is None or _matches(name, self.workflows)

    def permits_event(self, event: str) -> bool:
        """Whether a person may send this type of event; a bot may only if ``events`` is set."""
        return self.events is None or _matches(event, self.events)

    def permits_ref(self, ref: str) -> bool:
        """Whether a person may name ``ref``, as it is written or in its short form."""
        short = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
        return self.refs is None or _matches(ref, self.refs) or _matches(short, self.refs)

    def permits_repository(self, repository: str) -> bool:
        """Whether ``owner/name`` may be a target, in any letter case, as for GitHub."""
        return _matches(repository.lower(), [glob.lower() for glob in self.repositories])


@dataclass(frozen=True, kw_only=True)
class Quotas:
    """How much one author may ask for in one agent's name."""

    #: Open jobs.
    open_per_agent: int = 50
    #: New jobs within 24 hours.
    new_per_agent_per_day: int = 100
    #: The longest chain of jobs, each opened by a run of the one before.
    depth: int = 10
    #: How far ahead ``run-at`` may be.
    horizon: timedelta = timedelta(days=400)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one tick does, and how soon it tries again."""

    #: The most dispatches of one tick.
    per_tick: int = 100
    #: The age at which an open claim counts as abandoned; 0 only where never two ticks run at a
    #: time.
    recover_after: timedelta = timedelta(seconds=120)
    #: The pause after the first attempt that started nothing; it doubles.
    backoff: timedelta = timedelta(seconds=30)
    #: The most runs of the scheduler that dispatches start within an hour.
    relays_per_hour: int = 12
    #: The most alarms that are armed within an hour. A chain of which each waits its two minutes
    #: arms no more than that: one that reaches it goes wrong.
    alarms_per_hour: int = 30
    #: The least time between two instants of a series.
    shortest_interval: timedelta = timedelta(minutes=5)
    #: The most runs under way at a time; None: any number.
    running: int | None = None
    #: The most of them in one agent's name.
    running_per_agent: int | None = None


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """The runs that wait in environments, and then tick."""

    #: The ``owner/name`` that lends them; None: the queue's own.
    repository: str | None = None
    #: What the queue is called there; None: its ``owner/name``.
    queue: str | None = None
    #: How many environments with timers there are: 2, 4, 8 … minutes, and the last a day.
    timers: int = 11


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What holds for a job that does not state it."""

    #: The file name of the workflow.
    workflow: str | None = None
    #: The IANA name of the zone.
    timezone: str | None = None
    #: The time after ``run-at`` at which it is missed; None: it runs however late.
    deadline: timedelta | None = None
    #: How many dispatches are attempted.
    max_attempts: int = 5
    #: How many runs of a series may fail in a row before it pauses itself; 0: any number.
    pause_after: int = 5
    #: For how long a run may be under way before it is cancelled; None: as long as GitHub lets it.
    max_runtime: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """Who is told of a job, in the comment that is written anyway."""

    #: Of what, of ``NEWS``.
    on: tuple[str, ...] = NEWS
    #: People and teams, ``@octocat`` and ``@org/team``.
    mention: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings; ``Settings()`` is what holds without a file."""

    #: The label of the issues that are jobs.
    label: str = "schedule"
    #: Who the scheduler is.
    scheduler: Scheduler = field(default_factory=Scheduler)
    #: Who may schedule.
    trust: Trust = field(default_factory=Trust)
    #: What jobs may start.
    allow: Allow = field(default_factory=Allow)
    #: How much one author may ask for.
    quotas: Quotas = field(default_factory=Quotas)
    #: How much one tick does.
    limits: Limits = field(default_factory=Limits)
    #: What holds for a job that does not state it.
    defaults: Defaults = field(default_factory=Defaults)
    #: For how long after a dispatch it is asked what became of the run; 0: not at all.
    follow: timedelta = timedelta(hours=6)
    #: Whose jobs wait for an approval, one of ``APPROVE``.
    approve: str = "none"
    #: Who is told of a job.
    alerts: Alerts = field(default_factory=Alerts)
    #: Whether signatures are looked at and needed, one of ``SIGNING``.
    signing: str = "off"
    #: How much runner time punctuality may cost, one of ``PROFILES``.
    profile: str = "auto"
    #: Where alarms wait.
    alarm: Alarm = field(default_factory=Alarm)
    #: Whether commands wake the scheduler: for a new job, and where one is overdue.
    nudge: bool = True
    #: Whether the scheduler's workflow is enabled anew before GitHub disables it; else a tick only
    #: warns.
    keep_alive: bool = False
    #: Whether the whole queue is paused.
    paused: bool = False


def _matches(name: str, globs: tuple[str, ...] | list[str]) -> bool:
    parts = name.split("/")
    return any(
        len(wanted) == len(parts) and all(map(fnmatchcase, parts, wanted))
        for wanted in (glob.split("/") for glob in globs)
    )
