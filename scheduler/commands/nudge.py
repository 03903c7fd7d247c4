"""Wakes the scheduler for a job that would otherwise wait for GitHub's cron.

Issues that a ``GITHUB_TOKEN`` opens start no workflow; a dispatch does. Whether a nudge
helps depends on what the woken scheduler then does: the setting ``profile``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scheduler.errors import NotPermitted, RateLimited, Rejected, SchedulerError
from scheduler.job.model import Job
from scheduler.ports import Dispatch, Queue, Target
from scheduler.settings.model import Settings
from scheduler.settings.profiles import PROFILES

#: What cron alone does, as measured by others: a ``*/5`` cron had a median gap of 65 minutes.
#: https://github.com/Illospace/illospace/issues/512
CRON_ALONE = "expect GitHub's cron, minutes to hours late"


@dataclass(frozen=True, kw_only=True)
class Nudged:
    """Whether the scheduler was woken."""

    #: Whether the dispatch of its workflow was accepted.
    sent: bool
    #: Why not, and which lateness is to be expected.
    reason: str


def helps(job: Job, settings: Settings, now: datetime) -> bool:
    """Whether a scheduler that is woken now would still be there when the job is due."""
    hold = PROFILES[settings.profile].nudged_for
    return hold is None or job.run_at - now <= hold


def nudge(
    queue: Queue, job: Job, settings: Settings, *, branch: Callable[[str], str], now: datetime
) -> Nudged:
    """Dispatch the scheduler's own workflow, once, if that helps; never raises.

    ``branch`` tells a repository's default branch.
    """
    if settings.nudge and not helps(job, settings, now):
        return Nudged(sent=False, reason=f"no tick is started now; {CRON_ALONE}")
    return wake(queue, settings, branch=branch)


def wake(queue: Queue, settings: Settings, *, branch: Callable[[str], str]) -> Nudged:
    """Dispatch the scheduler's own workflow, once, unless the settings say not to."""
    if not settings.nudge:
        return Nudged(sent=False, reason=f"nudge is off; {CRON_ALONE}")
    workflow = settings.scheduler.workflow
    try:
        repo = queue.repository
        queue.dispatch(Dispatch(target=Target(repo=repo, ref=branch(repo), workflow=workflow)))
    except (Rejected, RateLimited, NotPermitted) as refused:
        return Nudged(sent=False, reason=f"{_why(refused, workflow)}; {CRON_ALONE}")
    except SchedulerError as problem:
        return Nudged(sent=False, reason=f"the nudge got no answer ({problem}); {CRON_ALONE}")
    return Nudged(sent=True, reason=PROFILES[settings.profile].expectation)


def _why(refused: SchedulerError, workflow: str) -> str:
    status = getattr(refused, "status", None)
    if status == 404:
        return f"{workflow} is not in this repository, or the token may not start it"
    if status == 403:
        return f"the token may not start {workflow}; give it 'actions: write'"
    if "disabled" in str(refused):
        return f"{workflow} is disabled; enable it with 'gh workflow enable {workflow}'"
    return f"{workflow} could not be started: {refused}"
