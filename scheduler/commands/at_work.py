"""Which clock is at work: the profile of the settings, and of `auto` what a tick has noted."""

from __future__ import annotations

from collections.abc import Iterable

from scheduler.errors import SchedulerError
from scheduler.hold import memory
from scheduler.hold.arming import HOUR, NOT_BEGUN, Arming
from scheduler.ports import Alarms, Clock, HeldQueue, Ticket
from scheduler.settings.model import Settings
from scheduler.settings.profiles import PROFILES, Profile


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
    """Whether alarms are the clock at work and a job waits, but no alarm and no tick is there.

    At most two requests, and none where nothing waits; false where that can't be told.
    """
    states = f"{settings.label}:"
    waits = any(not any(name.startswith(states) for name in t.labels) for t in tickets if t.open)
    if not waits or clock_at_work(queue, settings) != "alarm":
        return False
    place = Arming(queue, clock, settings, branch=lambda _: "", lender=lender).place
    try:
        if place.waiting((lender or queue).waiting_runs(place.target)):
            return False
        runs = (lender or queue).runs(place.target, clock.now() - HOUR, filtered=False)
    except SchedulerError:
        return False
    return not any(run.status in (*NOT_BEGUN, "in_progress") for run in runs)
