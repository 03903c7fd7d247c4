"""What a month is like: how many jobs, how far ahead, what GitHub does with them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from scheduler.errors import UsageError, options
from scheduler.settings.profiles import PROFILES
from scheduler.times import instants

DAY = 86_400.0
#: A tick of profile ``thrifty`` that nobody wakes: what waiting for cron alone is like.
CRON = "cron"
NAMES = (CRON, *(name for name in PROFILES if name not in ("auto", "alarm")), "auto")
#: The same and what only its name plays: `alarm` is what `auto` is where it finds alarms.
EACH = (*NAMES, *(name for name in PROFILES if name not in NAMES))
#: Where the queue is, which decides what a minute costs and which clocks there are: wait timers
#: are public repositories' alone with the plan Free, and a machine of one's own waits for nothing.
#: https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments
WHERE = ("public", "private", "self-hosted")
#: The least seconds between two pings of a clock outside of GitHub.
SHORTEST_CLOCK = 60.0
#: Seconds between two slots of the workflow's ``7,22,37,52 * * * *``, and the first of them.
SLOT, FIRST_SLOT = 900.0, 420.0


@dataclass(frozen=True, kw_only=True)
class Cron:
    """GitHub's cron: keeps ``kept`` of its slots, each on its own, and delays those.

    The delay is log-normal, in seconds, as it was measured on a daily cron that lost no slot
    (25 days: least 44 min, median 4 h 46, most 12 h 12). Of a */5 cron that keeps 5 % the
    median gap is then the 65 minutes that were measured.
    """

    kept: float = 0.08
    every: float = SLOT
    first: float = FIRST_SLOT
    delay_median: float = 286 * 60.0
    delay_sigma: float = 0.7
    delay_longest: float = 732 * 60.0

    def fires(self, until: float, chance: random.Random) -> list[float]:
        """The seconds at which it creates runs; those of slots before the begin, too."""
        earliest = -math.ceil(self.delay_longest / self.every)
        found = []
        for slot in range(earliest, math.ceil((until - self.first) / self.every)):
            kept, delay = chance.random() < self.kept, self._delay(chance)
            if kept:
                found.append(self.first + slot * self.every + delay)
        return sorted(at for at in found if at >= 0)

    def _delay(self, chance: random.Random) -> float:
        delay = chance.lognormvariate(math.log(self.delay_median), self.delay_sigma)
        return min(delay, self.delay_longest)


@dataclass(frozen=True, kw_only=True)
class Lead:
    """How far ahead jobs are created: log-uniform between two ends, in seconds."""

    shortest: float
    longest: float

    @classmethod
    def read(cls, text: str) -> Lead:
        """``30m..3d``, or ``2h`` for always the same.

        Raises:
            UsageError: it is neither.
        """
        first, dots, last = text.partition("..")
        with options():
            low = instants.duration(first, field="--lead").total_seconds()
            high = instants.duration(last, field="--lead").total_seconds() if dots else low
        if high < low:
            raise UsageError(f"--lead: {text!r} ends before it begins; write 30m..3d")
        return cls(shortest=low, longest=high)

    def draw(self, chance: random.Random) -> float:
        """One lead: each factor of time is as likely as any other."""
        low, high = math.log(self.shortest), math.log(self.longest)
        return math.exp(low + (high - low) * chance.random())


def every(text: str) -> float:
    """How often a clock pings, in seconds.

    Raises:
        UsageError: it is no duration, or one of less than a minute.
    """
    with options():
        seconds = instants.duration(text, field="--clock").total_seconds()
    if seconds < SHORTEST_CLOCK:
        raise UsageError(f"--clock: {text!r} is more often than services ping; write 1m or more")
    return seconds


#: Minutes to days.
LEAD = Lead(shortest=120.0, longest=3 * DAY)


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What GitHub takes its time for, in seconds, and where it stops."""

    #: From a run that may start to the first line of the tick.
    start: tuple[float, float] = (5.0, 40.0)
    #: The part of that which is billed: checkout, installing.
    installing: float = 5.0
    #: How long an alarm's own job runs once its timer has ended and a runner has taken it.
    ringing: float = 3.0
    #: Each request, there and back.
    latency: tuple[float, float] = (0.08, 0.4)
    #: ``timeout-minutes: 14``, and how long after it the runner kills.
    job_limit: float = 14 * 60.0
    kill_after: float = 7.5
    requests_per_hour: int = 1000
    content_per_minute: int = 80
    content_per_hour: int = 500


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A month, whole; ``profile`` is one of `NAMES`.

    ``people`` is the share of jobs that a person or an app opens, whose issues start a run;
    the rest is opened with a ``GITHUB_TOKEN``, whose issues start none, but may dispatch.
    """

    profile: str
    jobs_a_day: float = 33.0
    days: float = 30.0
    lead: Lead = LEAD
    seed: int = 1
    people: float = 0.0
    #: Where it is, one of `WHERE`.
    where: str = "public"
    #: Whether a public repository of the same owner lends it alarms.
    lent: bool = False
    #: Seconds between two pings of a clock outside of GitHub; 0: there is none.
    clock: float = 0.0
    #: Pushes and runs of other workflows that wake the scheduler, a day, at any time of it.
    rides: float = 0.0
    cron: Cron = field(default_factory=Cron)
    platform: Platform = field(default_factory=Platform)

    def __post_init__(self) -> None:
        if self.profile not in EACH:
            raise UsageError(f"--profile: {self.profile!r} is none of {', '.join(EACH)}; or all")
        if self.where not in WHERE:
            raise UsageError(f"--where: {self.where!r} is none of {', '.join(WHERE)}")
        if self.lent and self.where == "public":
            raise UsageError("--lent: a public repository has alarms of its own; see --where")

    def as_json(self) -> dict[str, float | str]:
        """What was assumed, apart from the profile."""
        return {
            "jobs_a_day": self.jobs_a_day,
            "days": self.days,
            "lead_min_s": self.lead.shortest,
            "lead_max_s": self.lead.longest,
            "cron_kept": self.cron.kept,
            "people": self.people,
            "where": self.where,
            "lent": self.lent,
            "clock_s": self.clock,
            "rides_a_day": self.rides,
            "seed": self.seed,
        }

    def chance(self, name: str) -> random.Random:
        """A source of chance of its own for ``name``: who else draws changes nothing."""
        return random.Random(f"{self.seed} {name}")  # noqa: S311 - repeatable, no secret

    def signs(self, until: float) -> Iterator[tuple[float, str]]:
        """What else wakes the scheduler until then: when, in seconds, and by which event."""
        if self.clock:
            for number in range(1, math.ceil(until / self.clock)):
                yield number * self.clock, "repository_dispatch"
        chance = self.chance("rides")
        for _ in range(round(self.rides * until / DAY)):
            yield chance.random() * until, "push"

    def arrivals(self) -> Iterator[Arrival]:
        """The jobs, in the order of their creation; the same for every profile."""
        chance = self.chance("jobs")
        count = round(self.jobs_a_day * self.days)
        for created in sorted(chance.random() * self.days * DAY for _ in range(count)):
            lead = self.lead.draw(chance)
            by_person = chance.random() < self.people
            yield Arrival(created=created, due=math.ceil(created + lead), by_person=by_person)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One job: when it is created and due, in seconds; due is a whole second."""

    created: float
    due: int
    by_person: bool = False


#: Dollars a minute. ``linux_slim`` and Linux 2-core:
#: https://docs.github.com/en/billing/reference/actions-runner-pricing
RATES: Mapping[str, float] = MappingProxyType(
    {"public": 0.0, "private ubuntu-slim": 0.002, "private 2-core": 0.006, "self-hosted": 0.0}
)
#: Minutes a month that the plan Free includes for private repositories.
FREE_MINUTES = 2000
