"""Keeps cron alive: GitHub disables it in a public repository that nobody commits to.

After 60 days without activity, which users find to mean commits, the whole workflow is
disabled. Enabling it anew by the API is what others do against that; GitHub does not promise
that it counts, so it is said as well as done.
https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows#schedule
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from scheduler.environment import Environment
from scheduler.errors import SchedulerError
from scheduler.github_repository import GitHubRepository
from scheduler.settings import Settings

#: After so much time without a commit GitHub may disable the workflow.
IDLE = timedelta(days=60)
#: From so much on it is enabled anew every day: early enough that a fortnight of failing
#: to do so is still in time.
ACT = timedelta(days=45)
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """How many whole days nobody committed, how many are left, and whether to act."""

    idle_days: int
    days_left: int
    enable: bool


def decide(last_commit: datetime, now: datetime) -> Decision:
    """What the date of the last commit means; one in the future counts as now."""
    idle = max(now - last_commit, timedelta())
    return Decision(
        idle_days=idle // DAY,
        days_left=max(IDLE - idle, timedelta()) // DAY,
        enable=idle >= ACT,
    )


def first_of_its_day(own: datetime, before: datetime | None) -> bool:
    """Whether a run that began at ``own`` is the first that cron started on its day (UTC)."""
    if before is None:
        return True
    return before.astimezone(timezone.utc).date() < own.astimezone(timezone.utc).date()


def keep_alive(
    queue: GitHubRepository, settings: Settings, environment: Environment, now: datetime
) -> str | None:
    """Enable the scheduler's workflow when it is time to; a line for people, or None.

    Only a run that cron started asks, and of these only the first of each day (UTC), which
    GitHub's own list of runs tells: nothing is remembered. That costs such a run one request,
    the first of a day two more, and one more again from day 45 on. In a private repository
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
    if not decision.enable:
        return None
    idle = f"keep-alive: {decision.idle_days} days without a commit"
    left = f"in {decision.days_left} days" if decision.days_left else "any day now"
    try:
        queue.enable_workflow(repo, workflow)
    except SchedulerError as problem:
        return (
            f"{idle}, and GitHub disables {workflow} after {IDLE.days}, {left}; enabling it anew "
            f"failed ({problem}): push a commit to the default branch"
        )
    return (
        f"{idle}; GitHub disables cron after {IDLE.days}. {workflow} was enabled anew, which "
        f"helped others but is not promised; if it does not, it ends {left}: a commit on the "
        "default branch is sure to help"
    )


def _private(environment: Environment) -> bool:
    """Whether the run's own event says so; some events describe no repository."""
    repository = environment.event.get("repository")
    return isinstance(repository, dict) and repository.get("private") is True


def _first_today(queue: GitHubRepository, workflow: str, run_id: str | None, now: datetime) -> bool:
    runs = queue.scheduled_runs(queue.repository, workflow)
    own = next((run for run in runs if str(run.id) == run_id), None)
    earlier = [run.created_at for run in runs if own is None or run.id < own.id]
    # A run that the list does not show yet is newer than all that it shows.
    began = own.created_at if own and own.created_at else now
    before = max((instant for instant in earlier if instant), default=None)
    return first_of_its_day(began, before)
