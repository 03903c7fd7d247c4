"""Series through people, ticks, faults and clocks in every order that hypothesis can think of.

The invariants of the design, as they are read here; each is checked after every step:

I1  No occurrence is dispatched while the clock of the process that does it shows an instant
    before that of the rule.
I2  Of each occurrence, and of each command, at most one dispatch takes effect. At the end, ticks
    run until quiet: each instant of a series that is open, labelled, not paused and not held was
    dispatched, or stands in the journal with a reason, or is among those passed over.
I3  What was closed, unlabelled, locked, deleted or paused before a tick begins is not dispatched
    by that tick; but ``/run`` runs what is paused.
I4  What a person asked for in a comment stands in the journal at the end.
I5  An unreadable issue, and one that strangers write commands on, keep no other from running.
I6  No word of a stranger's is obeyed.

A journal is deleted by a person only where its label shows that there was one: a tick that dies
between the journal's first line and the label leaves a moment in which that can't be noticed.
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

from scheduler.model import occurrence_comment, occurrence_instant
from scheduler.states import State
from tests.fakes import BOT
from tests.faults.series import account, open_series, sound
from tests.faults.world import FAULTS, Fault, World, body, faulty, interleave, world

kinds = st.sampled_from((*FAULTS, "long-before", "long-after"))
faults = st.builds(Fault, st.integers(1, 30), kinds)
plans = st.lists(faults, max_size=2)
offsets = st.sampled_from((-3600, -30, 0, 90, 3600))
targets = st.sampled_from(("workflow: titled.yml", "workflow: plain.yml", "event: wake"))
rules = st.sampled_from(
    (
        "every: 10m",
        "every: 1h\nmisfire: all",
        "cron: '*/15 * * * *'\nmisfire: skip",
        "every: 10m\njitter: 1m",
        "every: 10m\ncount: 4",
        "every: 7m\ndeadline: 5m",
    )
)
words = st.sampled_from(
    ("/run", "/run", "/pause", "/resume", "/snooze 20m", "/cancel", "/snooze x")
)
PAUSED = "schedule:paused"


class Series(RuleBasedStateMachine):
    """One repository with series through some hours of its life."""

    jobs = Bundle("jobs")

    def __init__(self) -> None:
        super().__init__()
        self.world: World = world()
        self.hub = self.world.hub
        # For I5: it can never be read, and lies before everything else.
        self.hub.open("---\nrun-at: never\nevery: 10m\n---\n")
        self.seen = 0
        self.edited: set[int] = set()
        self.robbed: set[int] = set()
        self.asked: dict[int, int] = {}
        self.strangers: set[int] = set()

    @initialize(target=jobs, first=targets, each=rules)
    def begin(self, first: str, each: str) -> MultipleResults[int]:
        return multiple(self.opened(0, first, each), self.opened(60, first, "every: 10m"))

    @precondition(lambda self: len(self.hub.views) < 6)
    @rule(target=jobs, offset=offsets, to=targets, each=rules)
    def create(self, offset: int, to: str, each: str) -> int:
        return self.opened(offset, to, each)

    def opened(self, offset: int, to: str, each: str) -> int:
        number = len(self.hub.views) + len(self.hub.gone) + 1
        run_at = (self.world.clock.true + timedelta(seconds=offset)).replace(microsecond=0)
        assert number == open_series(self.hub, str(number), rule=each, run_at=run_at, to=to)
        return number

    def exists(self, job: int) -> bool:
        return job in self.hub.views

    @rule(job=jobs, offset=offsets, to=targets, each=rules)
    def edit_rule(self, job: int, offset: int, to: str, each: str) -> None:
        if self.exists(job):
            run_at = (self.world.clock.true + timedelta(seconds=offset)).replace(microsecond=0)
            text = body(str(job), run_at=run_at, to=to, more=f"{each}\n")
            self.hub.change(job, body=text)
            self.edited.add(job)

    @rule(job=jobs)
    def close(self, job: int) -> None:
        if self.exists(job):
            self.hub.close(job)

    @rule(job=jobs)
    def reopen(self, job: int) -> None:
        if self.exists(job) and not self.hub.ticket(job).open:
            self.hub.reopen(job)

    @rule(job=jobs, label=st.sampled_from(("schedule", PAUSED)))
    def toggle_label(self, job: int, label: str) -> None:
        if self.exists(job):
            labels = set(self.hub.ticket(job).labels) ^ {label}
            self.hub.change(job, labels=tuple(sorted(labels)))

    @rule(job=jobs, word=words, by=st.sampled_from(("owner", "agent", "stranger", "some[bot]")))
    def say(self, job: int, word: str, by: str) -> None:
        if self.exists(job) and not self.hub.ticket(job).locked:
            comment = self.hub.comment(job, word, by=by).id
            if by in self.hub.roles:
                self.asked[comment] = job
            else:
                self.strangers.add(comment)

    @rule(job=jobs)
    def settle(self, job: int) -> None:
        if self.exists(job) and not self.hub.ticket(job).locked:
            self.hub.comment(job, "/resolve dispatched 7", by="owner")

    @rule(job=jobs)
    def delete_the_journal(self, job: int) -> None:
        if self.exists(job) and "schedule:recurring" in self.hub.ticket(job).labels:
            journal = self.world.history(job).journal.id
            if journal:
                self.hub.delete_comment(journal)
                self.robbed.add(job)

    @rule(job=jobs)
    def delete(self, job: int) -> None:
        if self.exists(job) and len(self.hub.views) > 3:
            self.hub.delete(job)

    @rule(seconds=st.sampled_from((1, 20, 40, 130, 600, 4000)))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.sleep(seconds)

    @rule(seconds=st.sampled_from((-600, -45, -2, 2, 45, 600)))
    def clock_steps(self, seconds: int) -> None:
        self.world.clock.step(seconds)

    @rule(plan=plans)
    def tick(self, plan: list[Fault]) -> None:
        stopped, before = self.stopped(), len(self.hub.sent)
        self.world.tick(faulty(self.world.clock, *plan))
        self.check_stopped(stopped, before)

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

    @invariant()
    def never_early(self) -> None:
        """I1, and I6."""
        for sent in self.hub.sent[self.seen :]:
            instant = occurrence_instant(sent.key)
            assert instant is None or sent.told >= instant, (sent, self.world.story())
            assert occurrence_comment(sent.key) not in self.strangers
        self.seen = len(self.hub.sent)

    @invariant()
    def never_twice(self) -> None:
        """I2, the safe half."""
        keys = Counter(sent.key for sent in self.hub.sent)
        assert all(count == 1 for count in keys.values()), self.world.story()

    def teardown(self) -> None:
        """I2, the live half; I4 and I5."""
        self.world.clock.skew = timedelta(0)
        for views in list(self.hub.views.values()):
            if views[-1][1].locked:
                self.hub.change(views[-1][1].number, locked=False)
        self.world.clock.sleep(8000)
        self.world.until_quiet(100, pause=47)
        self.world.clock.sleep(65)
        self.world.until_quiet(100, pause=47)
        for number, views in self.hub.views.items():
            ticket = views[-1][1]
            if number == 1:
                assert "schedule:invalid" in ticket.labels
            elif ticket.open and self.hub.label in ticket.labels:
                self.check_open(number)
            keys = {sent.key for sent in self.hub.sent}
            for entry in self.world.history(number).journal.entries:
                told = f"{entry.key} never ran: {self.world.story()}"
                word = entry.matched.startswith("the word of")
                assert entry.outcome != State.DISPATCHED.value or word or entry.key in keys, told

    def check_open(self, number: int) -> None:
        labels, journal = self.hub.ticket(number).labels, self.world.history(number).journal
        if "schedule:held" in labels:
            # Whoever deletes the record keeps the label, until somebody takes that off too.
            held = [e.reason for e in journal.entries if e.outcome == State.HELD.value]
            assert held or number in self.robbed, self.world.story()
            return
        told = {occurrence_comment(entry.key) for entry in journal.entries}
        if number not in self.robbed:
            missing = {c for c, job in self.asked.items() if job == number} - told
            assert not missing, f"{missing} unheard: {self.world.story()}"
        if PAUSED in labels:
            return
        resolved = any(e.matched.startswith("the word of") for e in journal.entries)
        if number not in self.edited | self.robbed and not resolved:
            sound(self.world, number, str(number))
        elif number not in self.edited:
            account(self.world, number)
        assert all(
            comment.author.login == BOT or "/" in comment.body for comment in self.hub.on(number)
        )


def run(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Series,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_invariants_hold_for_series() -> None:
    run(examples=120, steps=30)


@pytest.mark.slow
def test_the_invariants_hold_for_series_for_long() -> None:
    run(examples=500, steps=50)
