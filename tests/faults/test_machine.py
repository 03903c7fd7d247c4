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
more and longer ones, and ``soak`` others each time.
"""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import MultipleResults, initialize, invariant, multiple, rule

from scheduler.job.model import occurrence_instant
from scheduler.job.states import State
from scheduler.tick.report import TickReport
from tests.faults.machine import Machine, offsets, plans, run, targets
from tests.faults.world import Fault, body
from tests.support.fakes import BOT, NOON


class Queue(Machine):
    """Jobs that come once."""

    @initialize(target=Machine.jobs, first=targets, second=targets)
    def begin(self, first: str, second: str) -> MultipleResults[int]:
        return multiple(self.opened(0, first), self.opened(60, second))

    @rule(target=Machine.jobs, to=targets, plan=plans, seed=st.integers(0, 2**20))
    def create_and_race(self, to: str, plan: list[Fault], seed: int) -> int:
        made = self.opened(0, to)
        self.two_ticks_at_once([], plan, seed)
        return made

    @rule(target=Machine.jobs, offset=offsets, to=targets)
    def create(self, offset: int, to: str) -> int:
        return self.opened(offset, to)

    def opened(self, offset: int, to: str) -> int:
        """Open a job that is due so many seconds from now."""
        number = self.coming()
        assert number == self.hub.open(body(str(number), run_at=self.instant(offset), to=to))
        return number

    @rule(job=Machine.jobs, word=st.text("abc", max_size=3))
    def edit_message(self, job: int, word: str) -> None:
        if self.exists(job):
            self.hub.change(job, body=self.hub.ticket(job).body + word)

    @rule(job=Machine.jobs, offset=offsets, to=targets)
    def edit_run_at(self, job: int, offset: int, to: str) -> None:
        if self.exists(job):
            self.hub.change(job, body=body(str(job), run_at=self.instant(offset), to=to))

    @rule(job=Machine.jobs)
    def toggle_lock(self, job: int) -> None:
        if self.exists(job):
            self.hub.change(job, locked=not self.hub.ticket(job).locked)

    def check_told(self, report: TickReport) -> None:
        """I4."""
        lists = report.as_json().values()
        kept = (notes for notes in lists if isinstance(notes, list))
        told = {note["id"] for notes in kept for note in notes if isinstance(note, dict)}
        stopped = self.stopped()
        for number, views in self.hub.views.items():
            if str(number) not in stopped and number != 1:
                key = views[-1][1].body.split("run-at: ")[1].split("\n")[0]
                at = occurrence_instant(f"x@{key}")
                if at is not None and at <= report.now:
                    assert number in told, self.world.story()

    @invariant()
    def never_early(self) -> None:
        """I1."""
        for sent in self.hub.sent[self.seen :]:
            at = occurrence_instant(sent.key)
            assert at is not None
            assert sent.told >= at, (sent, self.world.story())
        self.seen = len(self.hub.sent)

    def teardown(self) -> None:
        super().teardown()
        assert all(c.author.login == BOT for c in self.hub.comments.values())
        assert self.world.clock.true >= NOON

    def check_open(self, number: int) -> None:
        """I2, the live half; I4 and I5 of what is then left."""
        assert "schedule:held" in self.hub.ticket(number).labels, self.world.story()
        # Moved to another time meanwhile, another occurrence of it may have run since.
        entries = self.world.history(number).journal.entries
        reasons = [e.reason for e in entries if e.outcome == State.HELD.value]
        assert reasons, self.world.story()
        assert all(reasons)


def test_the_invariants_hold() -> None:
    run(Queue, examples=20, steps=25)


@pytest.mark.slow
def test_the_invariants_hold_for_long() -> None:
    run(Queue, examples=120, steps=50)


@pytest.mark.soak
def test_the_invariants_hold_for_ever() -> None:
    run(Queue, examples=5000, steps=60, new=True)
