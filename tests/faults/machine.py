"""What the machines share: the rules that hold for any queue, and the helpers of the others."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scheduler.job.model import occurrence_comment
from scheduler.job.states import State
from scheduler.tick.report import TickReport
from tests.faults.world import FAULTS, Fault, World, faulty, interleave, world

PAUSED = "schedule:paused"

kinds = st.sampled_from((*FAULTS, "long-before", "long-after"))
faults = st.builds(Fault, st.integers(1, 30), kinds)
plans = st.lists(faults, max_size=2)
offsets = st.sampled_from((-3600, -30, 0, 5, 90, 3600))
targets = st.sampled_from(("workflow: titled.yml", "workflow: plain.yml", "event: wake"))


class Machine(RuleBasedStateMachine):
    """One repository through some of its life; what its jobs are like is a subclass's."""

    jobs = Bundle("jobs")
    #: For I5: it can never be read, and lies before everything else.
    unreadable = "---\nrun-at: never\n---\n"

    def __init__(self) -> None:
        super().__init__()
        self.world: World = world()
        self.hub = self.world.hub
        self.hub.open(self.unreadable)
        self.seen = 0
        #: The comments that are commands of people who may, and the jobs they stand on.
        self.asked: dict[int, int] = {}

    def exists(self, job: int) -> bool:
        return job in self.hub.views

    def coming(self) -> int:
        """The number that the next issue gets."""
        return len(self.hub.views) + len(self.hub.gone) + 1

    def instant(self, offset: int) -> datetime:
        """So many seconds from now."""
        return (self.world.clock.true + timedelta(seconds=offset)).replace(microsecond=0)

    def toggle(self, job: int, label: str) -> None:
        if self.exists(job):
            labels = set(self.hub.ticket(job).labels) ^ {label}
            self.hub.change(job, labels=tuple(sorted(labels)))

    @rule(job=jobs, reason=st.sampled_from(("completed", "not_planned")))
    def close(self, job: int, reason: str) -> None:
        if self.exists(job):
            self.hub.close(job, reason=reason)

    @rule(job=jobs)
    def reopen(self, job: int) -> None:
        if self.exists(job) and not self.hub.ticket(job).open:
            self.hub.reopen(job)

    @rule(job=jobs)
    def toggle_label(self, job: int) -> None:
        self.toggle(job, self.hub.label)

    @rule(job=jobs)
    @precondition(lambda self: len(self.hub.views) > 3)
    def delete(self, job: int) -> None:
        if self.exists(job):
            self.hub.delete(job)

    @rule(place=st.integers(0, 4), word=st.sampled_from(("success", "failure", "cancelled")))
    def a_run_ends(self, place: int, word: str) -> None:
        going = [run for _, run in self.hub.runs if run.conclusion is None]
        if going:
            self.hub.mark(going[place % len(going)].id, "completed", word)

    @rule(seconds=st.sampled_from((1, 20, 40, 130, 600, 4000)))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.sleep(seconds)

    @rule(seconds=st.sampled_from((-600, -45, -2, 2, 45, 600)))
    def clock_steps(self, seconds: int) -> None:
        self.world.clock.step(seconds)

    @rule(plan=plans)
    def tick(self, plan: list[Fault]) -> None:
        stopped, before = self.stopped(), len(self.hub.sent)
        report = self.world.tick(faulty(self.world.clock, *plan))
        self.check_stopped(stopped, before)
        if report is not None and not report.stopped:
            self.check_told(report)

    @rule(one=plans, other=plans, seed=st.integers(0, 2**20))
    def two_ticks_at_once(self, one: list[Fault], other: list[Fault], seed: int) -> None:
        chance = random.Random(seed)
        order = [chance.randint(0, 1) for _ in range(120)]
        stopped, before = self.stopped(), len(self.hub.sent)
        interleave(self.world, [one, other], iter(order))
        self.check_stopped(stopped, before)

    def stopped(self) -> dict[str, bool]:
        """The jobs that no tick may dispatch now, and whether by a command it may."""
        found = {str(number): False for number in self.hub.gone}
        for number, views in self.hub.views.items():
            ticket = views[-1][1]
            if not ticket.open or ticket.locked or self.hub.label not in ticket.labels:
                found[str(number)] = False
            elif PAUSED in ticket.labels:
                found[str(number)] = True
        return found

    def check_stopped(self, stopped: dict[str, bool], before: int) -> None:
        """I3."""
        resumed = {
            str(job) for comment, job in self.asked.items()
            if comment in self.hub.comments and self.hub.comments[comment].body == "/resume"
        }  # fmt: skip
        for sent in self.hub.sent[before:]:
            may = sent.name not in stopped or (
                stopped[sent.name] and (occurrence_comment(sent.key) or sent.name in resumed)
            )
            assert may, self.world.story()

    def check_told(self, report: TickReport) -> None:
        """What a tick that was not cut short has to tell of."""

    @invariant()
    def never_twice(self) -> None:
        """I2, the safe half."""
        keys = Counter(sent.key for sent in self.hub.sent)
        assert all(count == 1 for count in keys.values()), self.world.story()

    @invariant()
    def ends_stay(self) -> None:
        """What a run came to is recorded as it was, and once."""
        runs = {run.id: run.conclusion for _, run in self.hub.runs}
        for number in self.hub.views:
            for entry in self.world.history(number).journal.entries:
                if entry.conclusion and entry.conclusion != "unknown":
                    assert entry.conclusion == runs[entry.run_id or 0], self.world.story()

    def teardown(self) -> None:
        """I2, the live half, and I5."""
        self.world.clock.skew = timedelta(0)
        for views in list(self.hub.views.values()):
            if views[-1][1].locked:
                self.hub.change(views[-1][1].number, locked=False)
        self.world.clock.sleep(8000)
        self.until_quiet()
        keys = {sent.key for sent in self.hub.sent}
        for number, views in self.hub.views.items():
            ticket = views[-1][1]
            told = Counter((each.key, each.run_id) for each in self.world.history(number).news)
            assert all(count == 1 for count in told.values()), self.world.story()
            if number == 1:
                assert "schedule:invalid" in ticket.labels
            elif ticket.open and self.hub.label in ticket.labels:
                self.check_open(number)
            for entry in self.world.history(number).journal.entries:
                word = entry.matched.startswith("the word of")
                lost = entry.outcome == State.DISPATCHED.value and entry.key not in keys
                assert word or not lost, f"{entry.key} never ran: {self.world.story()}"

    def until_quiet(self) -> None:
        self.world.until_quiet()

    def check_open(self, number: int) -> None:
        """Whether a job may be open at the end."""
        raise NotImplementedError


def run(
    machine: type[Machine], *, examples: int, steps: int, shrink: bool = True, new: bool = False
) -> None:
    """The same cases each time; or, by the seed of the run, ``new`` ones."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=not new,
            database=None,
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
