"""Wakes the scheduler for a job that would otherwise wait for GitHub's cron.

Issues that a ``GITHUB_TOKEN`` opens start no workflow; a dispatch does. Whether a nudge
helps depends on what the woken scheduler then does: the setting ``profile``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.commands.at_work import clock_at_work, profile_at_work
from scheduler.errors import NotPermitted, RateLimited, Rejected, SchedulerError
from scheduler.job.model import Job
from scheduler.ports.hold import HeldQueue
from scheduler.ports.queue import Queue
from scheduler.ports.values import Dispatch, Target
from scheduler.settings.model import Settings
from scheduler.settings.profiles import PROFILES, Profile
from scheduler.times.instants import format_duration

#: What cron alone does, as measured by others: a ``*/5`` cron had a median gap of 65 minutes.
#: https://github.com/Illospace/illospace/issues/512
CRON_ALONE = "expect GitHub's cron, minutes to hours late or never"
#: What is said of a disabled workflow: nothing starts it, GitHub's clock neither.
DISABLED = (
    "{workflow} is disabled, so GitHub's cron, minutes to hours late or never there, does not "
    "come either; enable it with 'gh workflow enable {workflow}'"
)
#: What is said where a tick comes anyway and finds out which clock there is.
LOOKS = "the new issue starts a tick, which takes the best clock it finds"
BALANCED = PROFILES["balanced"]
#: How far back the runs are looked at that others' nudges started.
LATELY = timedelta(days=1)
#: GitHub's words for a run that did not do what it is for.
FAILED = frozenset({"failure", "startup_failure", "timed_out"})


@dataclass(frozen=True, kw_only=True)
class Nudged:
    """Whether the scheduler was woken."""

    #: Whether the dispatch of its workflow was accepted.
    sent: bool
    #: Why not, and which lateness is to be expected.
    reason: str
    #: The profile that is at work.
    clock: str = ""
    #: The run that it started, where the server names it.
    run_id: int | None = None
    #: Whether the workflow is disabled, which somebody has to mend.
    disabled: bool = False


def helps(job: Job, profile: Profile, now: datetime) -> bool:
    """Whether a scheduler that is woken now would still be there when the job is due."""
    hold = profile.nudged_for
    return hold is None or job.late_from() - now <= hold


def nudge(
    queue: HeldQueue,
    job: Job,
    settings: Settings,
    *,
    branch: Callable[[str], str],
    now: datetime,
    alone: bool = True,
) -> Nudged:
    """Dispatch the scheduler's own workflow, once, if that helps; never raises.

    ``branch`` tells a repository's default branch, ``alone`` whether the issue that was opened
    wakes nobody by itself: it does not where a workflow's own token has opened it.
    """
    clock, profile = clock_at_work(queue, settings), profile_at_work(queue, settings)
    if settings.nudge and clock == "auto" and not alone and not helps(job, BALANCED, now):
        return Nudged(sent=False, reason=f"clock auto: {LOOKS}", clock=clock)
    if settings.nudge and not helps(job, profile, now):
        reason = f"clock {clock}: no tick is started now; {CRON_ALONE}"
        return Nudged(sent=False, reason=reason, clock=clock)
    return _tolerated(wake(queue, settings, branch=branch), job)


def _tolerated(nudged: Nudged, job: Job) -> Nudged:
    """The same with how much later a job may come that tolerates that."""
    later = job.late_from() - job.run_at
    if not nudged.sent or not later:
        return nudged
    words = f"{nudged.reason}, and up to {format_duration(later)} more, which it tolerates"
    return replace(nudged, reason=words)


def wake(queue: HeldQueue, settings: Settings, *, branch: Callable[[str], str]) -> Nudged:
    """Dispatch the scheduler's own workflow, once, unless the settings say not to.

    The reason names the clock that is at work, whatever becomes of it.
    """
    clock = clock_at_work(queue, settings)
    woken = _woken(queue, settings, branch=branch, expected=PROFILES[clock].expectation)
    return replace(woken, reason=f"clock {clock}: {woken.reason}", clock=clock)


def _woken(
    queue: HeldQueue, settings: Settings, *, branch: Callable[[str], str], expected: str
) -> Nudged:
    if not settings.nudge:
        return Nudged(sent=False, reason=f"nudge is off; {CRON_ALONE}")
    workflow = settings.scheduler.workflow
    try:
        repo = queue.repository
        target = Target(repo=repo, ref=branch(repo), workflow=workflow)
        started = queue.dispatch(Dispatch(target=target))
    except (Rejected, RateLimited, NotPermitted) as refused:
        if _is_disabled(refused):
            return Nudged(sent=False, reason=DISABLED.format(workflow=workflow), disabled=True)
        return Nudged(sent=False, reason=f"{_why(refused, workflow)}; {CRON_ALONE}")
    except SchedulerError as problem:
        return Nudged(sent=False, reason=f"the nudge got no answer ({problem}); {CRON_ALONE}")
    return Nudged(sent=True, reason=expected, run_id=started.run_id)


def doubted(queue: Queue, settings: Settings, nudged: Nudged, *, now: datetime) -> Nudged:
    """The same, or that the last run of the scheduler which was woken before has failed.

    One request, for where nothing has shown yet that the scheduler works; never raises.
    """
    if not nudged.sent:
        return nudged
    target = Target(repo=queue.repository, ref="", workflow=settings.scheduler.workflow)
    try:
        runs = queue.runs(target, now - LATELY)
    except SchedulerError:
        return nudged  # only a courtesy
    ended = [run for run in runs if run.conclusion and run.id != nudged.run_id]
    last = max(ended, key=lambda run: run.id, default=None)
    if last is None or last.conclusion not in FAILED:
        return nudged
    reason = (
        f"the scheduler's last run failed ({last.url or last.id}), and until that is mended "
        "nothing is run; its log says why, such as an OWNER/NAME that was left in its workflow"
    )
    return replace(nudged, reason=reason)


def _is_disabled(refused: SchedulerError) -> bool:
    return getattr(refused, "status", None) not in (403, 404) and "disabled" in str(refused)


def _why(refused: SchedulerError, workflow: str) -> str:
    status = getattr(refused, "status", None)
    if status == 404:
        return f"{workflow} is not in this repository, or the token may not start it"
    if status == 403:
        return f"the token may not start {workflow}; give it 'actions: write'"
    return f"{workflow} could not be started: {refused}"
