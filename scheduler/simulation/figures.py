"""What came of a month: lateness, requests, minutes, dollars; as data and as a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from scheduler.settings.profiles import HOLD
from scheduler.simulation.actions import Job
from scheduler.simulation.meter import HOUR, Meter
from scheduler.simulation.scenario import DAY, FREE_MINUTES, RATES, Scenario
from scheduler.times.instants import format_duration

#: Jobs that are created less than a hold ahead, in seconds.
SOON = HOLD.total_seconds()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One job: its lead, and how late each of its dispatches was, all in seconds."""

    lead: float
    late: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """A month of one profile. Lateness is from ``run-at`` until GitHub took the dispatch."""

    scenario: Scenario
    outcomes: tuple[Outcome, ...]
    #: Requests by hour; those answered 304 apart.
    counted: tuple[int, ...]
    unchanged: tuple[int, ...]
    minutes: int
    #: How long runners slept, in seconds.
    asleep: float
    #: The runs that ticked, how many of them cron started, and the alarms that rang.
    runs: int
    cron_runs: int
    alarms: int
    killed: int
    limited: int
    problems: tuple[str, ...]

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        outcomes: Iterable[Outcome],
        *,
        meter: Meter,
        jobs: Sequence[Job],
        killed: int,
        problems: Sequence[str],
    ) -> Figures:
        """What is counted within the month; jobs that were due later have a lateness too."""
        end = scenario.days * DAY
        hours = range(math.ceil(end / HOUR))
        within = [job for job in jobs if job.began < end]
        return cls(
            scenario=scenario,
            outcomes=tuple(outcomes),
            counted=tuple(meter.counted.get(hour, 0) for hour in hours),
            unchanged=tuple(meter.unchanged.get(hour, 0) for hour in hours),
            minutes=sum(job.minutes for job in within),
            asleep=sum(job.asleep for job in within),
            runs=sum(1 for job in within if job.ticks),
            cron_runs=sum(1 for job in within if job.run.event == "schedule"),
            alarms=sum(1 for job in within if not job.ticks),
            killed=killed,
            limited=meter.limited,
            problems=tuple(problems),
        )

    @property
    def lateness(self) -> list[float]:
        """The first dispatch of each job, the soonest first."""
        return sorted(outcome.late[0] for outcome in self.outcomes if outcome.late)

    @property
    def lost(self) -> int:
        """Jobs that were never dispatched."""
        return sum(1 for outcome in self.outcomes if not outcome.late)

    @property
    def doubled(self) -> int:
        """Jobs that were dispatched more than once."""
        return sum(1 for outcome in self.outcomes if len(outcome.late) > 1)

    def late(self, share: float, *, lead_below: float = math.inf) -> float:
        """The lateness that ``share`` of the jobs did not exceed, by nearest rank; seconds."""
        found = sorted(o.late[0] for o in self.outcomes if o.late and o.lead < lead_below)
        return found[max(math.ceil(len(found) * share), 1) - 1] if found else 0.0

    @property
    def monthly_minutes(self) -> float:
        """Billed minutes in 30 days."""
        return self.minutes / self.scenario.days * 30

    @property
    def monthly_asleep(self) -> float:
        """Minutes in 30 days for which runners slept."""
        return self.asleep / 60 / self.scenario.days * 30

    def dollars(self, where: str, *, free: int = 0) -> float:
        """What 30 days cost, ``free`` minutes apart."""
        return max(self.monthly_minutes - free, 0.0) * RATES[where]

    def as_json(self) -> dict[str, Any]:
        """The object that ``schedule simulate --json`` prints."""
        hours = max(len(self.counted), 1)
        return {
            "profile": self.scenario.profile,
            "jobs": len(self.outcomes),
            "lost": self.lost,
            "doubled": self.doubled,
            "lateness_s": {
                "p50": round(self.late(0.5), 1),
                "p95": round(self.late(0.95), 1),
                "p99": round(self.late(0.99), 1),
                "worst": round(self.late(1.0), 1),
            },
            "lateness_soon_s": {
                "lead_below": SOON,
                "p50": round(self.late(0.5, lead_below=SOON), 1),
                "p95": round(self.late(0.95, lead_below=SOON), 1),
            },
            "requests_per_hour": {
                "mean": round(sum(self.counted) / hours, 1),
                "max": max(self.counted, default=0),
                "not_modified_mean": round(sum(self.unchanged) / hours, 1),
                "not_modified_max": max(self.unchanged, default=0),
            },
            "runs": self.runs,
            "alarms": self.alarms,
            "minutes_per_month": round(self.monthly_minutes),
            "asleep_minutes_per_month": round(self.monthly_asleep, 1),
            "dollars_per_month": {
                where: {
                    "beyond_free_plan": round(self.dollars(where, free=FREE_MINUTES), 2),
                    "all_paid": round(self.dollars(where), 2),
                }
                for where in RATES
            },
            "rate_limited": self.limited,
            "killed": self.killed,
        }


def span(seconds: float) -> str:
    """A length of time for people: ``0.2 s``, ``48 s``, ``12 min``, ``3.2 h``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"


HEADS = (
    "profile",
    "p50",
    "p95",
    "p99",
    "worst",
    "soon",
    "lost",
    "requests/h",
    "most",
    "304s/h",
    "minutes",
    "asleep",
    "free",
    "slim",
    "  all paid",
    "2-core",
    "  all paid",
)


LEGEND = f"""\
p50 to worst: lateness, from run-at until GitHub took the dispatch; soon: p50 of
the jobs that are created less than {SOON / 60:.0f} minutes ahead. lost: those that had not
run a week after the last was due: nothing woke the scheduler. requests/h, most:
the mean and the busiest hour, with those that create jobs; GITHUB_TOKEN has
1,000. 304s/h: conditional requests with nothing new, which count for nothing.
minutes: billed in 30 days; asleep: in which runners only waited. free: public
repositories and self-hosted runners. slim, 2-core: a private repository's,
beyond the {FREE_MINUTES:,} minutes of the plan Free, and with none of those left."""


def cells(figures: Figures) -> tuple[str, ...]:
    """One column of the table."""
    data = figures.as_json()
    late = data["lateness_s"]
    asked = data["requests_per_hour"]

    def prices(where: str) -> tuple[str, str]:
        paid, all_paid = figures.dollars(where, free=FREE_MINUTES), figures.dollars(where)
        return f"${paid:.2f}", f"${all_paid:.2f}"

    return (
        str(data["profile"]),
        *(span(late[name]) for name in ("p50", "p95", "p99", "worst")),
        span(data["lateness_soon_s"]["p50"]),
        str(data["lost"]),
        f"{asked['mean']:.0f}",
        str(asked["max"]),
        f"{asked['not_modified_mean']:.0f}",
        f"{data['minutes_per_month']:,}",
        f"{figures.monthly_asleep:,.0f}",
        "$0",
        *prices("private ubuntu-slim"),
        *prices("private 2-core"),
    )


def table(months: Sequence[Figures]) -> str:
    """All of them side by side, for a terminal of 80 columns, and what the lines are."""
    columns = [HEADS, *(cells(figures) for figures in months)]
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  ".join(
            c.rjust(w) if i else c.ljust(w)
            for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in zip(*columns, strict=True)
    ]
    scenario, jobs = months[0].scenario, len(months[0].outcomes)
    lead = (scenario.lead.shortest, scenario.lead.longest)
    first, last = (format_duration(timedelta(seconds=each)) for each in lead)
    head = (
        f"{jobs} jobs in {scenario.days:g} {'day' if scenario.days == 1 else 'days'}, created "
        f"{first} to {last} ahead; cron keeps {scenario.cron.kept:.1%} of its slots; "
        f"seed {scenario.seed}"
    )
    where = f"where: {scenario.where}" + (", with a lent alarm" if scenario.lent else "")
    if scenario.clock:
        where += f"; an outside clock pings every {format_duration(timedelta(0, scenario.clock))}"
    if scenario.rides:
        where += f"; {scenario.rides:g} other events a day wake it"
    return "\n".join([head, where, "", *lines, "", LEGEND])
