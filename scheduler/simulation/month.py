"""Plays a month: jobs are created, the scheduler runs, GitHub does what it does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from scheduler.commands.nudge import nudge, wake
from scheduler.commands.revive import neglected
from scheduler.errors import RateLimited, SchedulerError
from scheduler.hold.alarm import MINUTE, TIMERS, environment
from scheduler.hold.arming import LENT, RUN_NAME, Arming
from scheduler.hold.holder import Holder
from scheduler.hold.plan import Plan, Surroundings
from scheduler.hold.relay import GOES_ON, Relay
from scheduler.job import frontmatter
from scheduler.job.model import Job, occurrence_key
from scheduler.ports.values import Environment, Run, Ticket
from scheduler.settings.model import Alarm, Allow, Settings, Trust
from scheduler.settings.profiles import POLL, PROFILES
from scheduler.simulation.actions import Actions, RunnerClock
from scheduler.simulation.figures import Figures, Outcome
from scheduler.simulation.hub import BOT
from scheduler.simulation.meter import PERSON, TARGET, MeteredHub, MeteredQueue, latency
from scheduler.simulation.queue import PAGE
from scheduler.simulation.scenario import CRON, DAY, Arrival, Scenario
from scheduler.simulation.timeline import BEGIN, Timeline
from scheduler.tick.context import Context, new_context
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.report import TickReport
from scheduler.tick.tick import Tick

#: What is still open so long after the last job was due is lost.
PATIENCE = 7 * DAY
#: What the keep-alive asks in a run that cron started, and in the first of a day besides.
KEEP_ALIVE, KEEP_ALIVE_DAILY = 1, 2
#: What ``schedule create`` asks on its way, and the issue itself.
CREATION = 4
#: So many agents share the jobs, which keeps each of them within its quotas.
AGENTS = 100
#: The public repository that lends alarms.
LENDER = "octo/clock"
#: What a report would have a person look at.
TROUBLE = ("missed", "rejected", "retrying", "discarded", "invalid", "held", "withdrawn")


@dataclass(kw_only=True)
class Texts:
    """What was read already, by any tick of the month."""

    known: dict[str, Occurrence] = field(default_factory=dict)
    closed: dict[tuple[str, str | None], Job | None] = field(default_factory=dict)


class _Tick(Tick):
    """The product's tick; a text that was read once is not read again, which only saves time."""

    def __init__(self, ctx: Context, *, texts: Texts) -> None:
        super().__init__(ctx)
        self._known = texts.known
        ctx.texts = texts.closed

    def read(self, ticket: Ticket, *, now: datetime) -> Occurrence | None:
        """The job of an issue."""
        known = self._known.get(ticket.url)
        if known and ticket is known.ticket:
            return known
        if known and (ticket.body, ticket.labels) == (known.ticket.body, known.ticket.labels):
            return replace(known, ticket=ticket)
        found = super().read(ticket, now=now)
        if found:
            self._known[ticket.url] = found
        return found


class Month:
    """One scenario, played once."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        plain = scenario.profile == CRON
        self.profile = PROFILES["thrifty" if plain else scenario.profile]
        self.settings = Settings(
            profile="thrifty" if plain else scenario.profile,
            nudge=not plain,
            trust=Trust(bots=(BOT,)),
            allow=Allow(workflows=("agent-*.yml",)),
            alarm=Alarm(repository=LENDER if scenario.lent else None),
        )
        self.timeline = Timeline()
        self.hub = MeteredHub(self.timeline, self.settings, scenario.platform)
        if scenario.lent:
            self.hub.workflows[LENT] = "on: workflow_dispatch\n"
        if scenario.lent or scenario.where == "public":
            self.hub.environments = [
                Environment(name=environment(timer), minutes=timer // MINUTE) for timer in TIMERS
            ]
        self.actions = Actions(self.hub, scenario.platform, scenario.chance("runners"), self._tick)
        self._latency = latency(scenario.platform.latency, scenario.chance("latency"))
        self._nonces = 0
        self._texts = Texts()
        self._kept_alive = -1
        self._left = 0
        self._due: dict[int, datetime] = {}
        self._created: list[tuple[Arrival, str]] = []
        self.problems: list[str] = []

    def play(self, *, tell: Callable[[float], None] = lambda _: None) -> Figures:
        """The whole month, and the days after it in which what is left becomes due.

        ``tell`` is told from time to time how much of the month is over, 0 to 1.
        """
        end = self.scenario.days * DAY
        last = end + self.scenario.lead.longest + PATIENCE
        for arrival in self.scenario.arrivals():
            self._left += 1
            self.timeline.after(arrival.created, partial(self._create, arrival))
        for fire in self.scenario.cron.fires(last, self.scenario.chance("cron")):
            self.timeline.after(fire, partial(self._start, "schedule"))
        for at, event in self.scenario.signs(end + self.scenario.lead.longest):
            self.timeline.after(at, partial(self._start, event))
        self.timeline.after(last, lambda: None)

        def over() -> bool:
            now = self.timeline.seconds
            tell(min(now / end, 1.0))
            return now >= last or (now >= end and not self.hub.any_open() and not self._left)

        self.timeline.run(over)
        took: dict[str, list[float]] = {}
        for sent in self.hub.sent:
            took.setdefault(sent.key, []).append((sent.at - BEGIN).total_seconds())
        return Figures.of(
            self.scenario,
            [_outcome(arrival, took.get(key, [])) for arrival, key in self._created],
            meter=self.hub.meter,
            jobs=self.actions.jobs,
            killed=self.actions.killed,
            problems=self.problems,
        )

    def _start(self, event: str) -> None:
        self.actions.start(event)

    def _create(self, arrival: Arrival) -> None:
        self._left -= 1
        due = BEGIN + timedelta(seconds=arrival.due)
        agent = f"agent-{self._left % AGENTS}"
        job = Job(run_at=due, workflow=TARGET, agent=agent, message="Check it")
        author = PERSON if arrival.by_person else BOT
        number = self.hub.open(frontmatter.render(job), author=author)
        queue = self._connection(lambda _: None)
        self._count(CREATION)
        woken = nudge(queue, job, self.settings, branch=_branch, now=self.timeline.now())
        self._due[number] = due
        if not woken.sent and self.settings.nudge:
            self._revive(queue)
        if arrival.by_person:
            # Opened, and labelled: GitHub tells both.
            self.actions.start("issues")
            self.actions.start("issues")
        self._created.append((arrival, occurrence_key(number, due)))

    def _revive(self, queue: MeteredQueue) -> None:
        """Wake the scheduler if the newest jobs, which a creation has listed, show it to be away.

        As ``commands.revive`` does.
        """
        now = self.timeline.now()
        newest_jobs = [self.hub.ticket(number) for number in [*self._due][-PAGE:]]
        # What is not past its instant need not be read again to know that.
        seen = [each for each in newest_jobs if each.open and self._due[each.number] < now]
        newest = partial(queue.newest_runs, self.settings.scheduler.workflow)
        if neglected(seen, self.settings, now, repository=queue.repository, newest=newest):
            wake(queue, self.settings, branch=_branch)

    def _count(self, requests: int) -> None:
        with contextlib.suppress(RateLimited):
            self.hub.meter.charge(requests)

    def _connection(self, wait: Callable[[float], None]) -> MeteredQueue:
        return MeteredQueue(self.hub, wait=wait, latency=self._latency)

    def _tick(self, clock: RunnerClock, run: Run) -> None:
        """What the action does in one run: ``commands.tick.tick_and_hold`` over this queue."""
        queue = self._connection(clock.request)
        try:
            settings = queue.settings()
            if run.event == "schedule":
                self._keep_alive()
            ctx = new_context(queue, clock=clock, settings=settings, nonce=self._nonce)
            tick = _Tick(ctx, texts=self._texts)
            if self.profile.hold is None:
                report = tick.run()
            else:
                report = self._hold(clock, queue, tick, self.profile.hold, run)
        except SchedulerError as problem:
            self.problems.append(f"{clock.now()}: {problem}")
            return
        lists = report.notes
        notes = [n for name in TROUBLE for n in lists[name]]
        found = [
            *report.notices,
            *([report.stopped] if report.stopped else []),
            *(f"{n.id}: {n.reason}" for n in notes),
        ]
        self.problems += [f"{clock.now()}: {each}" for each in found if each != GOES_ON]

    def _hold(
        self, clock: RunnerClock, queue: MeteredQueue, tick: Tick, length: timedelta, run: Run
    ) -> TickReport:
        relay = Relay(queue, clock, tick.ctx.settings)
        plan = self._plan(clock, queue, tick.ctx.settings, run) if self.profile.alarm else None

        def begin() -> None:
            if plan.relays if plan else self.profile.relay:
                relay.begin()

        holder = Holder(
            tick,
            queue,
            hold=length,
            poll=POLL,
            stay=self.profile.stay,
            stopped=lambda: clock.stopped,
            settings=queue.settings,
            begin=begin,
            plan=plan,
        )
        report = holder.run()
        report.notices += relay.finish(report)
        if plan:
            if report.error is None:
                plan.leave(report.needed)
            report.notices += plan.said()
        return report

    def _plan(self, clock: RunnerClock, queue: MeteredQueue, settings: Settings, run: Run) -> Plan:
        """Which clock wakes the next tick, as ``commands.tick`` has it decided."""
        waited = RUN_NAME.fullmatch(run.title)
        return Plan(
            queue,
            clock,
            Arming(queue, clock, settings, branch=_branch),
            profile=settings.profile,
            around=Surroundings(
                self_hosted=self.scenario.where == "self-hosted",
                private=self.scenario.where == "private",
                alarm=waited[1] if waited else "",
                run=lambda: queue.run(queue.repository, run.id),
            ),
        )

    def _keep_alive(self) -> None:
        day = int(self.timeline.seconds // DAY)
        self._count(KEEP_ALIVE + (KEEP_ALIVE_DAILY if day != self._kept_alive else 0))
        self._kept_alive = day

    def _nonce(self) -> str:
        self._nonces += 1
        return f"{self._nonces:024x}"


def _branch(_: str) -> str:
    """The default branch of any repository, which a run knows without asking."""
    return "main"


def _outcome(arrival: Arrival, took: list[float]) -> Outcome:
    """What came of a job of which dispatches were taken at these seconds."""
    return Outcome(lead=arrival.due - arrival.created, late=tuple(at - arrival.due for at in took))
