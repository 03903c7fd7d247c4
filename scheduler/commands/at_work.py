"""Which clock is at work: the profile of the settings, and of `auto` what a tick has noted."""

from __future__ import annotations

from scheduler.hold import memory
from scheduler.ports import Alarms
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
