"""Warns before cron ends: GitHub disables it in a public repository that nobody commits to.

After 60 days without activity, which users find to mean commits, the whole workflow is
disabled. Enabling it anew by the API is what others do against that. GitHub does not promise
that it counts, and took a project that did it for everybody for a breach of its terms, so it
is done only where the settings ask for it.
https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
https://github.com/zauguin/install-texlive/issues/86
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from scheduler.environment import Environment
from scheduler.errors import SchedulerError
from scheduler.ports.commands import Upkeep
from scheduler.settings.model import Settings

#: After so much time without a commit GitHub may disable the workflow.
IDLE = timedelta(days=60)
#: From so much on it is said every day: early enough for a fortnight in which nobody looks.
NEAR = timedelta(days=45)
DAY = timedelta(days=1)
#: By what GitHub judges what its Actions are used for.
TERMS = (
    "https://docs.github.com/en/site-policy/github-terms/"
    "github-terms-for-additional-products-and-features#actions"
)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the date of the last commit means."""

    #: Whole days without a commit.
    idle_days: int
    #: Whole days until GitHub may disable the workflow.
    days_left: int
    #: Whether people are to be warned.
    near: bool


def decide(last_commit: datetime, now: datetime) -> Decision:
    """The decision by the date of the last commit; one in the future counts as now."""
    idle = max(now - last_commit, timedelta())
    return Decision(
        idle_days=idle // DAY,
        days_left=max(IDLE - idle, timedelta()) // DAY,
        near=idle >= NEAR,
    )


def first_of_its_day(own: datetime, before: datetime | None) -> bool:
    """Whether a run that began at ``own`` is the first that cron started on its day (UTC)."""
    if before is None:
        return True
    return before.astimezone(timezone.utc).date() < own.astimezone(timezone.utc).date()


def keep_alive(
    queue: Upkeep, settings: Settings, environment: Environment, now: datetime
) -> str | None:
    """Say when the scheduler's workflow is about to be disabled; a line for people, or None.

    With the setting ``keep-alive`` it is enabled anew, too.

    Only a run that cron started asks, and of these only the first of each day (UTC), which
    GitHub's own list of runs tells: nothing is remembered. That costs such a run one request,
    the first of a day two more, and enabling it another from day 45 on. In a private repository
    GitHub disables nothing, so nothing is asked. What GitHub refuses is said, never raised.
    """
    if environment.event_name != "schedule" or _private(environment):
        return None
    repo = queue.repository
    workflow = environment.workflow or settings.scheduler.workflow
    try:
        if not _first_today(queue, workflow, environment.run_id, now) or queue.is_private(repo):
            return None
        last = queue.last_commit(repo)
    except SchedulerError as problem:
        return f"keep-alive: it can't be told whether {workflow} is about to be disabled: {problem}"
    if last is None:
        return None
    decision = decide(last, now)
    if not decision.near:
        return None
    idle = f"keep-alive: {decision.idle_days} days without a commit"
    left = f"in {decision.days_left} days" if decision.days_left else "any day now"
    ends = f"GitHub disables {workflow} after {IDLE.days}, {left}"
    if not settings.keep_alive:
        return (
            f"{idle}, and {ends}; push a commit to the default branch ('keep-alive: true' in the "
            f"settings has it enabled anew instead; by GitHub's terms that is yours to answer "
            f"for: {TERMS})"
        )
    try:
        queue.enable_workflow(repo, workflow)
    except SchedulerError as problem:
        return (
            f"{idle}, and {ends}; enabling it anew failed ({problem}): push a commit to the "
            "default branch"
        )
    return (
        f"{idle}, and {ends}. {workflow} was enabled anew, as 'keep-alive: true' asks; that it "
        "helps is not promised, a commit on the default branch is sure to. Whether you may is "
        f"for you to judge by GitHub's terms: {TERMS}"
    )


def _private(environment: Environment) -> bool:
    """Whether the run's own event says so; some events describe no repository."""
    repository = environment.event.get("repository")
    return isinstance(repository, dict) and repository.get("private") is True


def _first_today(queue: Upkeep, workflow: str, run_id: str | None, now: datetime) -> bool:
    runs = queue.scheduled_runs(queue.repository, workflow)
    own = next((run for run in runs if str(run.id) == run_id), None)
    earlier = [run.created_at for run in runs if own is None or run.id < own.id]
    # A run that the list does not show yet is newer than all that it shows.
    began = own.created_at if own and own.created_at else now
    before = max((instant for instant in earlier if instant), default=None)
    return first_of_its_day(began, before)
