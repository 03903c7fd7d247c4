"""Which clock is at work: the profile of the settings, and of `auto` what a tick has noted."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from scheduler.errors import InvalidJob, SchedulerError
from scheduler.hold import memory
from scheduler.hold.alarm import Waiting
from scheduler.hold.arming import HOUR, NOT_BEGUN, Arming
from scheduler.policy.job_text import waiting
from scheduler.ports.clock import Clock
from scheduler.ports.hold import Alarms, HeldQueue
from scheduler.ports.values import Run, Ticket
from scheduler.settings.model import Settings
from scheduler.settings.profiles import PROFILES, Profile

#: What is to be expected where alarms are the clock, and none ends in time.
NO_ALARM = "no alarm waits; the next event begins the chain again, such as a new job"


def clock_at_work(queue: Alarms, settings: Settings) -> str:
    """The name of the profile that is at work; ``auto`` where no tick has noted any yet.

    It sends nothing: the note stands in the label of the issues that were read.
    """
    if settings.profile != "auto":
        return settings.profile
    known = memory.read(queue.noted())
    return known.clock if known and known.clock in PROFILES else settings.profile


def profile_at_work(queue: Alarms, settings: Settings) -> Profile:
    """The same as what it does."""
    return PROFILES[clock_at_work(queue, settings)]


def nobody_wakes(
    queue: HeldQueue,
    clock: Clock,
    settings: Settings,
    tickets: Iterable[Ticket],
    lender: HeldQueue | None = None,
) -> bool:
    """Whether alarms are the clock at work and a job waits, but no alarm ends in time for it.

    False where a tick is there, which arms one, where what is due next is late already, and where
    that can't be told. At most two requests, and none where nothing waits.
    """
    waits = waiting_for_instants(tickets, settings)
    if not waits or clock_at_work(queue, settings) != "alarm":
        return False
    place = Arming(queue, clock, settings, branch=lambda _: "", lender=lender).place
    now, due = clock.now(), late_from(waits, settings, queue=queue.repository)
    try:
        alarms = place.waiting((lender or queue).waiting_runs(place.target))
        if in_time(alarms, due, now):
            return False
        runs = (lender or queue).runs(place.target, now - HOUR, filtered=False)
    except SchedulerError:
        return False
    return not under_way(runs, alarms)


def waiting_for_instants(tickets: Iterable[Ticket], settings: Settings) -> list[Ticket]:
    """Those of them that wait for nobody and nothing else."""
    states = f"{settings.label}:"
    return [t for t in tickets if t.open and not any(name.startswith(states) for name in t.labels)]


def in_time(alarms: Iterable[Waiting], due: datetime | None, now: datetime) -> bool:
    """Whether one of them ends before ``due``; any does where that is not known, or is past."""
    return any(due is None or due <= now or now < each.ends <= due for each in alarms)


def under_way(runs: Iterable[Run], alarms: Iterable[Waiting]) -> bool:
    """Whether a tick is there, or is about to be, beside the alarms that wait."""
    wait, there = {each.run_id for each in alarms}, (*NOT_BEGUN, "in_progress")
    return any(run.status in there and run.id not in wait for run in runs)


def late_from(tickets: Iterable[Ticket], settings: Settings, *, queue: str) -> datetime | None:
    """From when on the first of these jobs is late; None: no text of them can be read."""
    found = []
    for ticket in tickets:
        with suppress(InvalidJob):
            read, run_at = waiting(ticket, settings, queue=queue)
            found.append(read.job.at(run_at).late_from())
    return min(found, default=None)
