"""The brakes of a queue's owner: pauses after failures, the longest run, runs at a time. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from scheduler.job.model import Job
from scheduler.journal.journal import Journal
from scheduler.policy.outcomes import FAILED, GOOD
from scheduler.ports.values import Run
from scheduler.settings.model import Limits, Settings
from scheduler.times.instants import format_duration


def failures(journal: Journal) -> int:
    """How many of the last runs failed in a row, since somebody said ``/resume``.

    What did not run counts for nothing, nor does a run that is tried again, or of which nobody
    knows how it ended.
    """
    number = 0
    for entry in reversed(journal.entries):
        if entry is journal.resumed or entry.conclusion in GOOD:
            break
        number += entry.conclusion in FAILED and not entry.again
    return number


def most_failures(job: Job, settings: Settings) -> int:
    """How many runs of a series may fail in a row before it pauses itself; 0: any number."""
    return settings.defaults.pause_after if job.pause_after is None else job.pause_after


def pauses(journal: Journal, job: Job, settings: Settings) -> int:
    """How many failures in a row pause a series now; 0: it goes on.

    ``journal`` says what the last run came to. Who takes the label off again lets as many more
    fail: that stands in no journal.
    """
    most = most_failures(job, settings)
    number = failures(journal) if job.recurring and most else 0
    return number if number and number % most == 0 else 0


def paused_itself(number: int) -> str:
    """What is said of a series that has paused itself after so many failures."""
    runs = "its last run" if number == 1 else f"its last {number} runs"
    return f"{runs} failed, so the series paused itself"


def longest_run(job: Job | None, settings: Settings) -> timedelta | None:
    """For how long a run may be under way; None: for as long as GitHub lets it."""
    stated = job.max_runtime if job is not None else None
    return stated if stated is not None else settings.defaults.max_runtime


def unfollowed(job: Job, settings: Settings) -> str | None:
    """Why a job can't ask for its ``max-runtime``; None: it asks for none, or can."""
    longest, follow = job.max_runtime, settings.follow
    if longest is None or longest <= follow:
        return None
    said = f"max-runtime: '{format_duration(longest)}' is longer than runs are followed"
    return f"{said}, {format_duration(follow)}; write less, or ask a maintainer to raise follow"


def too_long(run: Run, longest: timedelta | None, now: datetime) -> bool:
    """Whether a run that has not ended is under way for longer than it may be."""
    began = run.started_at or run.created_at
    return not (longest is None or run.conclusion or began is None) and now - began > longest


def cancelled_for(conclusion: str, took_s: float | None, longest: timedelta | None) -> str:
    """Why a run was cancelled, if it was for its length; empty: it was not."""
    if conclusion != "cancelled" or longest is None or took_s is None:
        return ""
    if took_s < longest.total_seconds():
        return ""
    return f"it was under way for longer than its max-runtime, {format_duration(longest)}"


def full(agent: str, running: Collection[str], limits: Limits) -> str | None:
    """Why one more run in the name of ``agent`` has to wait; None: it has not.

    ``running`` has a name for each run that is under way: in whose it was asked for.
    """
    if limits.running is not None and len(running) >= limits.running:
        return f"{_runs(len(running))} under way, and limits.running is {limits.running}"
    most = limits.running_per_agent
    same = sum(each.lower() == agent.lower() for each in running)
    if most is not None and same >= most:
        words = f"{_runs(same)} under way for {agent!r}"
        return f"{words}, and limits.running-per-agent is {most}"
    return None


def _runs(number: int) -> str:
    return "1 run is" if number == 1 else f"{number} runs are"
