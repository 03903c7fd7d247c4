"""The quotas: how much one author may ask for in one agent's name; and duplicates.

An ``agent`` is only a claim, so it counts together with the account that opened the issue: what
a stranger opens in an agent's name uses up nothing of that agent's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.job.model import OCCURRENCE_KEY, Job
from scheduler.ports.values import Ticket
from scheduler.settings.model import Quotas
from scheduler.times.instants import format_instant

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Entered:
    """A job as the quotas count it."""

    #: The issue's number.
    number: int
    #: The login of who opened it.
    author: str
    #: The job as its text states it.
    job: Job
    #: When the issue was created, in UTC.
    created_at: datetime
    #: Whether the issue is open.
    open: bool
    #: Whether the author is an app's account.
    bot: bool = False

    @classmethod
    def of(cls, ticket: Ticket, job: Job) -> Entered:
        """The job in the issue ``ticket``."""
        return cls(
            number=ticket.number,
            author=ticket.author.login,
            job=job,
            created_at=ticket.created_at,
            open=ticket.open,
            bot=ticket.author.bot,
        )

    @property
    def limited(self) -> bool:
        """Whether quotas limit it: a bot's job or one in an agent's name, not a person's own."""
        return self.bot or self.job.agent is not None

    @property
    def owner(self) -> tuple[str, str]:
        """The account and the agent whose quota it uses."""
        return self.author.lower(), self.job.agent or ""


def refusals(entered: Iterable[Entered], *, quotas: Quotas, now: datetime) -> dict[int, str]:
    """The open jobs over a quota, and duplicates: issue number to reason.

    Jobs that were opened earlier come first; later ones are over.
    """
    by_owner: dict[tuple[str, str], list[Entered]] = defaultdict(list)
    for each in sorted(entered, key=lambda each: each.number):
        by_owner[each.owner].append(each)
    found: dict[int, str] = {}
    for jobs in by_owner.values():
        counted: list[Entered] = []
        for each in jobs:
            reason = duplicate(each, counted)
            if reason is None and each.limited:
                reason = over(each.job, counted, quotas, now=now)
            if reason is None or not each.open:
                counted.append(each)
            else:
                found[each.number] = reason
    return found


def duplicate(new: Entered, before: Sequence[Entered]) -> str | None:
    """Why ``new`` duplicates an open job in ``before`` with its dedup-key; None: it does not."""
    if new.job.dedup_key is None:
        return None
    for each in before:
        if each.open and each.job.dedup_key == new.job.dedup_key:
            return (
                f"dedup-key: {new.job.dedup_key!r} is that of #{each.number}, which is older and "
                "open; wait until that one has ended"
            )
    return None


def over(job: Job, before: Sequence[Entered], quotas: Quotas, *, now: datetime) -> str | None:
    """Why one more ``job`` of the same owner is over a quota; ``before`` are those that count."""
    who = f"agent {job.agent!r}" if job.agent else "this author"
    for name in ("open_per_agent", "new_per_agent_per_day"):
        if getattr(quotas, name) == 0:
            key = name.replace("_", "-")
            fix = "ask a maintainer to raise it in .github/scheduler.yml"
            return f"quotas.{key}: is 0, so {who} may open none; {fix}"
    if len(before) < min(quotas.open_per_agent, quotas.new_per_agent_per_day):
        return None
    waiting = [each for each in before if each.open]
    if len(waiting) >= quotas.open_per_agent:
        soonest = min(each.job.run_at for each in waiting)
        return (
            f"quotas.open-per-agent: {who} has {len(waiting)} open jobs of "
            f"{quotas.open_per_agent}; there is room again when one has ended, the next "
            f"at {format_instant(soonest)}"
        )
    recent = [each for each in before if now - each.created_at < DAY]
    if len(recent) >= quotas.new_per_agent_per_day:
        # There is room once enough jobs are older than a day.
        leaving = sorted(each.created_at for each in recent)
        at = leaving[len(recent) - quotas.new_per_agent_per_day] + DAY
        return (
            f"quotas.new-per-agent-per-day: {who} opened {len(recent)} jobs of "
            f"{quotas.new_per_agent_per_day} in 24 hours; there is room again at "
            f"{format_instant(at)}"
        )
    return None


def too_far(job: Job, since: datetime, quotas: Quotas) -> str | None:
    """Why ``job``, asked for at ``since``, is beyond the horizon; None: it is not."""
    latest = since + quotas.horizon
    if job.run_at <= latest:
        return None
    return (
        f"run-at: {format_instant(job.run_at)} is too far away; quotas.horizon allows until "
        f"{format_instant(latest.replace(microsecond=0))}"
    )


def depth(job: Job) -> int:
    """How many jobs led to this one, each opened by a run of the one before."""
    if job.parent is None:
        return 0
    head, _, number = job.parent.rpartition(" depth=")
    if number.isascii() and number.isdigit():
        return int(number)
    return 1 if OCCURRENCE_KEY.fullmatch(job.parent) or head else 0


def too_deep(job: Job, quotas: Quotas) -> str | None:
    """Why ``job`` is too long a chain of jobs, each of which schedules the next."""
    if depth(job) <= quotas.depth:
        return None
    return (
        f"parent: {job.parent!r} makes this job number {depth(job)} of a chain; quotas.depth "
        f"allows {quotas.depth}; let a person start the chain anew"
    )
