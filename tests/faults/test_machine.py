"""People, ticks, faults and clocks in every order that hypothesis can think of.

The invariants of the design, as they are read here; each is checked after every step:

I1  No dispatch is made while the clock of the process that makes it shows an instant
    before the job's ``run-at``. (That clock may be wrong: nothing else is there to go by.)
I2  Of each occurrence at most one dispatch takes effect, unless a person with the right to
    said "again" of a job that was on hold (no rule here says so). At the end, ticks run
    until quiet on a server without faults: what is open and labelled has then been
    dispatched, or is held or invalid with a reason; and what the journal calls dispatched
    was.
I3  What was closed, unlabelled, locked or deleted before a tick begins is not dispatched
    by that tick. (Changes within a tick are `test_holes`' subject.)
I4  An open, labelled, due job that a finished tick did not dispatch stands in its report.
I5  An unreadable issue that lies in the queue from the start never keeps another job from
    being dispatched: at the end every other job is in its state.

The runs are derandomized, so that the same code always meets the same cases; ``slow`` runs
more and longer ones.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from scheduler.model import occurrence_instant
from scheduler.states import State
from tests.fakes import BOT, NOON
from tests.faults.world import FAULTS, Fault, World, body, faulty, interleave, world

kinds = st.sampled_from((*FAULTS, "long-before", "long-after"))
faults = st.builds(Fault, st.integers(1, 26), kinds)
plans = st.lists(faults, max_size=2)
offsets = st.sampled_from((-3600, -30, 0, 5, 90, 3600))
targets = st.sampled_from(("workflow: titled.yml", "workflow: plain.yml", "event: wake"))
SECOND = timedelta(seconds=1)


class Queue(RuleBasedStateMachine):
    """One repository through some days of its life."""

    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.world: World = world()
        self.hub = self.world.hub
        # For I5: it can never be read, and lies before everything else.
        self.hub.open("---\nrun-at: never\n---\n")
        self.seen = 0

    @initialize(target=jobs, first=targets, second=targets)
    def begin(self, first: str, second: str) -> MultipleResults[int]:
        return multiple(self.opened(0, first), self.opened(60, second))

    @rule(target=jobs, to=targets, plan=plans, seed=st.integers(0, 2**20))
    def create_and_race(self, to: str, plan: list[Fault], seed: int) -> int:
        made = self.opened(0, to)
        self.two_ticks_at_once([], plan, seed)
        return made

    @rule(target=jobs, offset=offsets, to=targets)
    def create(self, offset: int, to: str) -> int:
        return self.opened(offset, to)

    def opened(self, offset: int, to: str) -> int:
        """Open a job that is due so many seconds from now."""
        number = len(self.hub.views) + len(self.hub.gone) + 1
        run_at = (self.world.clock.true + timedelta(seconds=offset)).replace(microsecond=0)
        made = self.hub.open(body(str(number), run_at=run_at, to=to))
        assert made == number
        return made

    def exists(self, job: int) -> bool:
        return job in self.hub.views

    @rule(job=jobs, word=st.text("abc", max_size=3))
    def edit_message(self, job: int, word: str) -> None:
        if self.exists(job):
            self.hub.change(job, body=self.hub.ticket(job).body + word)

    @rule(job=jobs, offset=offsets, to=targets)
    def edit_run_at(self, job: int, offset: int, to: str) -> None:
        if self.exists(job):
            run_at = (self.world.clock.true + timedelta(seconds=offset)).replace(microsecond=0)
            self.hub.change(job, body=body(str(job), run_at=run_at, to=to))

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
        if self.exists(job):
            labels = set(self.hub.ticket(job).labels) ^ {self.hub.label}
            self.hub.change(job, labels=tuple(sorted(labels)))

    @rule(job=jobs)
    def toggle_lock(self, job: int) -> None:
        if self.exists(job):
            self.hub.change(job, locked=not self.hub.ticket(job).locked)

    @rule(job=jobs)
    @precondition(lambda self: len(self.hub.views) > 3)
    def delete(self, job: int) -> None:
        if self.exists(job):
            self.hub.delete(job)

    @rule(seconds=st.sampled_from((1, 20, 40, 130, 4000)))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.sleep(seconds)

    @rule(seconds=st.sampled_from((-600, -45, -2, 2, 45, 600)))
    def clock_steps(self, seconds: int) -> None:
        self.world.clock.step(seconds)

    @rule(plan=plans)
    def tick(self, plan: list[Fault]) -> None:
        stopped = self.stopped()
        before = len(self.hub.sent)
        report = self.world.tick(faulty(self.world.clock, *plan))
        self.check_stopped(stopped, before)
        if report is not None and not report.stopped:
            self.check_told(report.as_json())

    @rule(one=plans, other=plans, seed=st.integers(0, 2**20))
    def two_ticks_at_once(self, one: list[Fault], other: list[Fault], seed: int) -> None:
        chance = random.Random(seed)
        order = [chance.randint(0, 1) for _ in range(100)]
        stopped = self.stopped()
        before = len(self.hub.sent)
        interleave(self.world, [one, other], iter(order))
        self.check_stopped(stopped, before)

    def stopped(self) -> set[str]:
        """The jobs that no tick may dispatch now."""
        return {
            str(number)
            for number, views in self.hub.views.items()
            for ticket in [views[-1][1]]
            if not ticket.open or ticket.locked or self.hub.label not in ticket.labels
        } | {str(number) for number in self.hub.gone}

    def check_stopped(self, stopped: set[str], before: int) -> None:
        """I3."""
        assert not stopped & {sent.name for sent in self.hub.sent[before:]}, self.world.story()

    def check_told(self, report: dict[str, object]) -> None:
        """I4."""
        told = {
            note["id"] for notes in report.values() if isinstance(notes, list) for note in notes
        }
        stopped = self.stopped()
        for number, views in self.hub.views.items():
            if str(number) not in stopped and number != 1:
                key = views[-1][1].body.split("run-at: ")[1].split("\n")[0]
                at = occurrence_instant(f"x@{key}")
                if at is not None and at <= self.world.reports[-1].now:
                    assert number in told, self.world.story()

    @invariant()
    def never_early(self) -> None:
        """I1."""
        for sent in self.hub.sent[self.seen :]:
            at = occurrence_instant(sent.key)
            assert at is not None
            assert sent.told >= at, (sent, self.world.story())
        self.seen = len(self.hub.sent)

    @invariant()
    def never_twice(self) -> None:
        """I2, the safe half."""
        keys = Counter(sent.key for sent in self.hub.sent)
        assert all(count == 1 for count in keys.values()), self.world.story()

    def teardown(self) -> None:
        """I2, the live half; I4 and I5 of what is then left."""
        self.world.clock.skew = timedelta(0)
        for views in list(self.hub.views.values()):
            if views[-1][1].locked:
                self.hub.change(views[-1][1].number, locked=False)
        self.world.clock.sleep(8000)
        self.world.until_quiet()
        for number, views in self.hub.views.items():
            ticket = views[-1][1]
            if number == 1:
                assert "schedule:invalid" in ticket.labels
            elif ticket.open and self.hub.label in ticket.labels:
                assert "schedule:held" in ticket.labels, self.world.story()
                # Moved to another time meanwhile, another occurrence of it may have run since.
                entries = self.world.history(number).journal.entries
                reasons = [e.reason for e in entries if e.outcome == State.HELD.value]
                assert reasons, self.world.story()
                assert all(reasons)
            for entry in self.world.history(number).journal.entries:
                if entry.outcome == State.DISPATCHED.value:
                    keys = {sent.key for sent in self.hub.sent}
                    assert entry.key in keys, f"{number} is lost: {self.world.story()}"
        assert all(c.author.login == BOT for c in self.hub.comments.values())
        assert self.world.clock.true >= NOON


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Queue,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_invariants_hold() -> None:
    run(examples=80, steps=25)


@pytest.mark.slow
def test_the_invariants_hold_for_long() -> None:
    run(examples=1500, steps=60)
