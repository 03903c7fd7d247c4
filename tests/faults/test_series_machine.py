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

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    MultipleResults,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from scheduler.job.model import occurrence_comment, occurrence_instant
from scheduler.job.states import State
from tests.faults.machine import PAUSED, Machine, offsets, run, targets
from tests.faults.series import account, open_series, sound
from tests.faults.world import body
from tests.support.fakes import BOT

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


class Series(Machine):
    """Jobs that come again, and what people say on them."""

    unreadable = "---\nrun-at: never\nevery: 10m\n---\n"

    def __init__(self) -> None:
        super().__init__()
        self.edited: set[int] = set()
        self.robbed: set[int] = set()
        self.strangers: set[int] = set()

    @initialize(target=Machine.jobs, first=targets, each=rules)
    def begin(self, first: str, each: str) -> MultipleResults[int]:
        return multiple(self.opened(0, first, each), self.opened(60, first, "every: 10m"))

    @precondition(lambda self: len(self.hub.views) < 6)
    @rule(target=Machine.jobs, offset=offsets, to=targets, each=rules)
    def create(self, offset: int, to: str, each: str) -> int:
        return self.opened(offset, to, each)

    def opened(self, offset: int, to: str, each: str) -> int:
        number, run_at = self.coming(), self.instant(offset)
        assert number == open_series(self.hub, str(number), rule=each, run_at=run_at, to=to)
        return number

    @rule(job=Machine.jobs, offset=offsets, to=targets, each=rules)
    def edit_rule(self, job: int, offset: int, to: str, each: str) -> None:
        if self.exists(job):
            text = body(str(job), run_at=self.instant(offset), to=to, more=f"{each}\n")
            self.hub.change(job, body=text)
            self.edited.add(job)

    @rule(job=Machine.jobs)
    def toggle_pause(self, job: int) -> None:
        self.toggle(job, PAUSED)

    @rule(
        job=Machine.jobs,
        word=words,
        by=st.sampled_from(("owner", "agent", "stranger", "some[bot]")),
    )
    def say(self, job: int, word: str, by: str) -> None:
        if self.exists(job) and not self.hub.ticket(job).locked:
            comment = self.hub.comment(job, word, by=by).id
            if by in self.hub.roles:
                self.asked[comment] = job
            else:
                self.strangers.add(comment)

    @rule(job=Machine.jobs)
    def settle(self, job: int) -> None:
        if self.exists(job) and not self.hub.ticket(job).locked:
            self.hub.comment(job, "/resolve dispatched 7", by="owner")

    @rule(job=Machine.jobs)
    def delete_the_journal(self, job: int) -> None:
        if self.exists(job) and "schedule:recurring" in self.hub.ticket(job).labels:
            journal = self.world.history(job).journal.id
            if journal:
                self.hub.delete_comment(journal)
                self.robbed.add(job)

    @invariant()
    def never_early(self) -> None:
        """I1, and I6."""
        for sent in self.hub.sent[self.seen :]:
            instant = occurrence_instant(sent.key)
            assert instant is None or sent.told >= instant, (sent, self.world.story())
            assert occurrence_comment(sent.key) not in self.strangers
        self.seen = len(self.hub.sent)

    def until_quiet(self) -> None:
        self.world.until_quiet(100, pause=47)
        self.world.clock.sleep(65)
        self.world.until_quiet(100, pause=47)

    def check_open(self, number: int) -> None:
        """I2, the live half; I4 and I5."""
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


def test_the_invariants_hold_for_series() -> None:
    run(Series, examples=20, steps=30, shrink=False)


@pytest.mark.slow
def test_the_invariants_hold_for_series_for_long() -> None:
    run(Series, examples=120, steps=50, shrink=False)


@pytest.mark.soak
def test_the_invariants_hold_for_series_for_ever() -> None:
    run(Series, examples=3000, steps=60, shrink=False, new=True)
