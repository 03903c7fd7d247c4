"""One-offs, series, people, holders, and ticks within ticks: a seed is a whole life of a queue.

Where hypothesis chooses among rules between two ticks, here people and other ticks act within a
tick too: before or after any of its requests, and while a holder sleeps. Everything that happens
follows from the seed, and is told in ``story``.

What holds after each dispatch stands in `tests.faults.watched`; what holds at the end, once ticks
ran until quiet on a server without faults, in `tests.faults.ending`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from scheduler.errors import RateLimited, SchedulerError
from scheduler.job import frontmatter
from scheduler.policy.series import retitled
from scheduler.tick.report import TickReport
from tests.faults.series import title
from tests.faults.watched import Variant, Watched
from tests.faults.world import FAULTS, body, strike
from tests.support.fakes import NOON, Crash, Through

SERIES = (
    "every: 10m",
    "every: 1h\nmisfire: all",
    "cron: '*/15 * * * *'\nmisfire: skip",
    "every: 10m\njitter: 3m",
    "every: 10m\ncount: 4",
    "every: 7m\ndeadline: 5m",
    "every: 20m\nmisfire: all\noverlap: allow\ndeadline: 45m",
    "every: 10m\nwhen: merged(#900)\npatience: 4m",
    "every: 15m\nwhen: merged(#900)\nmisfire: all",
    "every: 10m\nunless: merged(#900)\njitter: 2m",
    "every: 10m\noverlap: skip\nmisfire: skip",
    "every: 12m\nmisfire: all\noverlap: skip\njitter: 5m",
    "rrule: FREQ=MINUTELY;INTERVAL=15;COUNT=5",
)
ONE_OFFS = (
    "",
    "jitter: 5m",
    "deadline: 15m",
    "unless: merged(#900)",
    "when: merged(#900)\npatience: 20m",
    "when: merged(#900)\ndeadline: 30m",
)
TARGETS = (*["workflow: titled.yml"] * 3, "workflow: plain.yml", "event: wake")
WORDS = (
    *["/run"] * 2, "/pause", *["/resume"] * 2, "/snooze 20m", "/snooze 1m", *["/cancel"] * 2,
    "/snooze x", "/resolve again", "/resolve dispatched 7",
)  # fmt: skip
PAUSED = "schedule:paused"
#: Ticks within ticks, and the requests of one process: what goes on longer never ends.
DEEPEST, MOST_REQUESTS = 3, 3000


class Explorer(Watched):
    """A queue, and one small method for each thing that can happen to it."""

    def __init__(self, seed: int, variant: Variant) -> None:
        super().__init__(seed, variant)
        # Each life has a few kinds of jobs, words and faults, so that these meet more often.
        some = self.chance.sample
        self.most = self.chance.choice((1, 1, 2, 4))
        self.rules = some((*SERIES, *ONE_OFFS), 4) + some(ONE_OFFS, self.chance.choice((0, 2, 4)))
        self.targets = some(TARGETS, 2)
        self.words = some(WORDS, 4)
        self.faults = some(FAULTS, 3)
        left_out = {each for each in RARE if self.chance.random() < 0.4}
        self.actions = [each for each in ACTIONS if each not in left_out]

    def act(self) -> None:
        """Let one thing happen."""
        action = self.chance.choice(self.actions)
        jobs = [number for number in self.changed if number in self.hub.views]
        job = self.chance.choice(jobs) if jobs else 0
        if not jobs or (action is Explorer.create and len(self.changed) < self.most):
            self.create(0)
        elif action is not Explorer.create:
            self.tell(f"{action.__name__} #{job}")
            action(self, job)

    # What people do.

    def create(self, _: int) -> None:
        number = len(self.hub.views) + 1
        text, run_at = self.text(number)
        self.tell(f"create #{number} {text!r}")
        assert self.hub.open(text) == number
        self.hub.change(number, title=title(run_at))
        self.changed[number] = self.now

    def text(self, number: int) -> tuple[str, datetime]:
        """A job's text, and its instant."""
        offset = self.chance.choice((-3600, -600, -30, 0, 60, 300, 1200, 3600))
        run_at = (self.now + timedelta(seconds=offset)).replace(microsecond=0)
        more = self.chance.choice(self.rules)
        to = self.chance.choice(self.targets)
        return body(str(number), run_at=run_at, to=to, more=more and f"{more}\n"), run_at

    def edit(self, job: int) -> None:
        self.rewrite(job, self.text(job)[0])

    def reschedule(self, job: int) -> None:
        ticket, seconds = self.hub.ticket(job), self.chance.choice((300, 900, 2400))
        run_at = (self.now + timedelta(seconds=seconds)).replace(microsecond=0)
        moved = replace(frontmatter.parse(ticket.body), run_at=run_at)
        self.hub.change(job, title=retitled(ticket.title, run_at))
        self.rewrite(job, frontmatter.render(moved))
        self.reopen(job)

    def rewrite(self, job: int, text: str) -> None:
        self.tell(f"  {text!r}")
        self.hub.change(job, body=text)
        self.changed[job] = self.now
        self.edited.add(job)
        (self.hurried.discard if self.began is None else self.hurried.add)(job)

    def close(self, job: int) -> None:
        self.hub.close(job)

    def reopen(self, job: int) -> None:
        if self.hub.ticket(job).open:
            return
        if self.refusals[job] and self.world.history(job).claims:
            # No tick told yet of one that died at closing it: the same words close it once more.
            self.refusals[job] -= 1
        self.hub.reopen(job)

    def toggle_pause(self, job: int) -> None:
        self.label(job, {PAUSED} ^ set(self.hub.ticket(job).labels))

    def toggle_label(self, job: int) -> None:
        self.label(job, {"schedule"} ^ set(self.hub.ticket(job).labels))

    def take_off_held(self, job: int) -> None:
        self.label(job, set(self.hub.ticket(job).labels) - {"schedule:held"})

    def label(self, job: int, labels: set[str]) -> None:
        self.hub.change(job, labels=tuple(sorted(labels)))

    def say(self, job: int) -> None:
        word = self.chance.choice(self.words)
        by = self.chance.choice(("owner", "owner", "owner", "agent", "stranger"))
        self.tell(f"  {word} by {by}")
        said = self.hub.comment(job, word, by=by).id
        if by == "stranger":
            self.strangers.add(said)
        elif word.startswith("/resolve"):
            self.resolved.add(job)
        elif not word.endswith(" x"):
            self.asked[said] = (job, word)

    def delete_the_journal(self, job: int) -> None:
        journal = self.world.history(job).journal.id
        if journal and "schedule:recurring" in self.hub.ticket(job).labels:
            self.hub.delete_comment(journal)
            self.robbed.add(job)

    # What the world does.

    def merge_or_not(self, _: int) -> None:
        pull = self.hub.pulls[900]
        pull.merged = not pull.merged

    def runs_end(self, _: int = 0) -> None:
        for run in [each for _workflow, each in self.hub.runs]:
            if run.conclusion is None:
                # By its id, so that what follows by chance stays as it is.
                word = ("success", "failure", "success")[run.id % 3]
                self.hub.mark(run.id, "completed", word)

    def toggle_workflow(self, _: int) -> None:
        self.hub.disabled ^= {self.chance.choice(("titled.yml", "plain.yml"))}

    def time_passes(self, _: int) -> None:
        if not self.depth:
            self.world.clock.sleep(self.chance.choice((1, 20, 40, 130, 600, 600, 1800, 4000)))

    def clock_steps(self, _: int) -> None:
        self.world.clock.step(self.chance.choice((-600, -45, -2, 2, 45, 600)))

    # What the scheduler does.

    def tick(self, _: int) -> None:
        if self.depth < DEEPEST:
            self.process(lambda: self.world.tick(self.through()))

    def hold(self, _: int) -> None:
        if self.depth:
            return
        self.world.hold = self.chance.choice((120, 900, 2400))
        for _each in range(self.chance.randint(0, 4)):
            seconds = self.chance.random() * self.world.hold
            self.world.lively.at((self.now - NOON).total_seconds() + seconds, self.within)
        self.process(lambda: self.world.stays(self.through()))
        self.world.lively.plan.clear()

    def process(self, run: Callable[[], TickReport | None]) -> None:
        outer, self.began = self.began, self.began or self.now
        self.depth += 1
        try:
            self.sane(run())
        except (Crash, SchedulerError) as died:
            self.tell(f"gives up: {died!r}")
        finally:
            self.depth -= 1
            self.began = outer

    def within(self) -> None:
        """Something that happens while a process is at work."""
        self.depth += 1
        self.act()
        self.depth -= 1

    def through(self) -> Through:
        """What carries out a process's requests: others act in between, and some fail."""
        chance = self.chance
        busy = chance.choice((0, 0, 0.04, 0.1)) if self.depth < DEEPEST else 0
        bad = chance.choice((0, 0, 0.02, 0.06))
        planned = chance.choice((0, 0, chance.randint(1, 25)))

        def go(index: int, name: str, act: Callable[[], object]) -> object:
            self.expect(index < MOST_REQUESTS, f"{name} again and again: it never ends")
            if name != "dispatch" and chance.random() < busy:
                self.within()
            fault = chance.choice(self.faults) if index == planned or chance.random() < bad else ""
            kind, _, when = fault.partition("-")
            if kind:
                self.tell(f"{fault} at {name}")
            if kind in ("429", "secondary"):
                wait = timedelta(seconds=2 if kind == "429" else 60)
                raise RateLimited(kind, retry_at=self.world.clock.now() + wait)
            if when == "before":
                strike(self.world.clock, kind, name)
            answer = act()
            if when == "after":
                strike(self.world.clock, kind, "")
            if chance.random() < busy:
                self.within()
            return answer

        return go


#: As often as each happens.
ACTIONS: tuple[Callable[[Explorer, int], None], ...] = (
    *[Explorer.create] * 2, *[Explorer.reopen] * 2, *[Explorer.say] * 4,
    *[Explorer.tick] * 4, *[Explorer.time_passes] * 3,
    Explorer.edit, Explorer.reschedule, Explorer.close, Explorer.toggle_pause,
    Explorer.toggle_label, Explorer.take_off_held, Explorer.delete_the_journal,
    Explorer.merge_or_not, Explorer.runs_end, Explorer.toggle_workflow, Explorer.clock_steps,
    Explorer.hold,
)  # fmt: skip
RARE = (
    Explorer.edit, Explorer.reschedule, Explorer.close, Explorer.toggle_pause,
    Explorer.toggle_label, Explorer.take_off_held, Explorer.delete_the_journal,
    Explorer.toggle_workflow, Explorer.clock_steps, Explorer.hold,
)  # fmt: skip
