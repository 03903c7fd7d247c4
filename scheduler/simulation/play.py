"""Plays a month of one profile, or of all, and answers with their figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from scheduler.errors import UsageError
from scheduler.simulation.figures import Figures, table
from scheduler.simulation.month import Month
from scheduler.simulation.scenario import DAY, NAMES, Scenario

#: More jobs take long, and tell nothing more; and so does more that wakes the scheduler.
MOST_JOBS, MOST_SIGNS = 20_000, 50_000


@dataclass(frozen=True, kw_only=True)
class Played:
    """The months of some profiles."""

    #: What they have in common.
    scenario: Scenario
    #: A month of each profile.
    months: Sequence[Figures]

    def as_json(self) -> dict[str, Any]:
        """The object that ``schedule simulate --json`` prints."""
        profiles = [month.as_json() for month in self.months]
        return {**self.scenario.as_json(), "profiles": profiles}

    def text(self) -> str:
        """The same for a person."""
        return table(self.months)


def profiles(name: str) -> Sequence[str]:
    """The profiles that a word names: all of them, or the one."""
    return NAMES if name == "all" else (name,)


def play(
    scenario: Scenario,
    names: Sequence[str],
    *,
    tell: Callable[[str, float], None] = lambda *_: None,
) -> Played:
    """Play the scenario once for each of these profiles.

    ``tell`` is told which is played, and how much of it has been.

    Raises:
        UsageError: it has too many jobs, or there is no such profile.
    """
    if scenario.jobs_a_day * scenario.days > MOST_JOBS:
        raise UsageError(
            f"--jobs-a-day: {scenario.jobs_a_day:g} for {scenario.days:g} days are more than "
            f"{MOST_JOBS:,} jobs; take fewer, or --days 7"
        )
    signs = (DAY / scenario.clock if scenario.clock else 0.0) + scenario.rides
    if signs * scenario.days > MOST_SIGNS:
        raise UsageError(
            f"--clock, --rides: {signs:g} a day for {scenario.days:g} days wake the scheduler "
            f"more than {MOST_SIGNS:,} times; take fewer, or --days 7"
        )
    months = [
        Month(replace(scenario, profile=name)).play(tell=partial(tell, name)) for name in names
    ]
    return Played(scenario=scenario, months=months)
