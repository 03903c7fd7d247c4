"""Plays a month: jobs are created, the scheduler runs, GitHub does what it does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from scheduler import frontmatter
from scheduler.engine import Tick
from scheduler.errors import SchedulerError
from scheduler.holding import Holder
from scheduler.model import Job, Run
from scheduler.nudge import nudge
from scheduler.profiles import PROFILES
from scheduler.relay import Relay
from scheduler.settings import Allow, Settings, Trust
from scheduler.simulation.actions import Actions, RunnerClock
from scheduler.simulation.figures import Dispatched, Figures
from scheduler.simulation.hub import BOT, PERSON, TARGET, Hub
from scheduler.simulation.queue import SimulatedQueue, latency
from scheduler.simulation.scenario import CRON, DAY, Arrival, Scenario
from scheduler.simulation.timeline import BEGIN, Timeline
from scheduler.ticking import POLL

#: What is still open so long after the month is lost.
DRAIN = 10 * DAY
#: What the keep-alive asks in a run that cron started, and in the first of a day besides.
KEEP_ALIVE, KEEP_ALIVE_DAILY = 1, 2
#: What ``schedule create`` asks on its way, and the issue itself.
CREATION = 4


class Month:
    """One scenario, played once."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        plain = scenario.profile == CRON
        self.profile = PROFILES["thrifty" if plain else scenario.profile]
        self.settings = Settings(
            profile="thrifty" if plain else scenario.profile,
            nudge=not plain,
            trust=Trust(bots=(BOT.login,)),
            allow=Allow(workflows=("agent-*.yml",)),
        )
        self.timeline = Timeline()
        self.hub = Hub(self.timeline, self.settings, scenario.platform)
        self.actions = Actions(
            self.hub, scenario.platform, scenario.chance("runners"), self._tick
        )
        self._latency = latency(scenario.platform.latency, scenario.chance("latency"))
        self._nonces = 0
        self._kept_alive = -1
        self._left = 0
        self.problems: list[str] = []

    def play(self) -> Figures:
        """The whole month, and the days after it in which what is left becomes due."""
        end = self.scenario.days * DAY
        created: list[tuple[Arrival, str]] = []
        for arrival in self.scenario.arrivals():
            self._left += 1
            self.timeline.after(arrival.created, lambda a=arrival: created.append(self._create(a)))
        fires = self.scenario.cron.fires(end + DRAIN, self.scenario.chance("cron"))
        for fire in fires:
            self.timeline.after(fire, lambda: self.actions.start("schedule"))
        self.timeline.after(end + DRAIN, lambda: None)

        def over() -> bool:
            now = self.timeline.seconds
            return now >= end + DRAIN or (now >= end and not self.hub.open and not self._left)

        self.timeline.run(over)
        sent = [
            Dispatched(
                lead=arrival.due - arrival.created,
                late=tuple((at - BEGIN).total_seconds() - arrival.due for at in self.hub.sent.get(key, ())),
            )
            for arrival, key in created
        ]
        return Figures.of(self.scenario, sent, self.actions, self.hub, cron_runs=fires, problems=self.problems)
