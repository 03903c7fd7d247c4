"""Lives of a queue in which every job needs an approval.

What holds after each dispatch, beside what holds for every queue: somebody who may, and did not
write it, has approved the job since its text was last changed.
"""

from __future__ import annotations

import re
from datetime import datetime

import pytest

from scheduler.journal import comments, journal
from scheduler.ports.values import Edit
from scheduler.settings.model import Settings
from scheduler.simulation.records import user
from tests.faults.ending import end
from tests.faults.explorer import Explorer
from tests.faults.watched import Broken, Variant
from tests.support.fakes import BOT
from tests.support.seed import seed

LABEL = "schedule:approve"
#: What is written of an approval.
ASKED = re.compile("schedule:approval|stays waiting for approval")
VARIANTS = {"all there": Variant(), "no details": Variant(details=False)}
everywhere = pytest.mark.parametrize("name", VARIANTS)


class Braked(Explorer):
    """A queue in which every job needs an approval."""

    def __init__(self, number: int, variant: Variant) -> None:
        super().__init__(number, variant)
        self.world.settings = Settings(approve="all")
        self.hub.roles |= {"triage": "triage", "second": "write"}
        self.faults = [each for each in self.faults if each not in ("stall-before", "stall-after")]
        #: When each job was approved last by somebody who may.
        self.approved: dict[int, datetime] = {}
        owner, others = approves, approves_wrongly
        self.actions += [*[owner] * 6, *[others] * 2, *[Explorer.tick] * 6]

    def rewrite(self, job: int, text: str) -> None:
        super().rewrite(job, text)
        self.hub.edited[job] = Edit(at=self.hub.now(), editor=user("second"))

    def approve(self, job: int) -> None:
        """Somebody else approves it, a moment after its text was changed."""
        if not self.depth:
            self.world.clock.sleep(2)
        self.approved[job] = self.hub.now()
        if LABEL in self.hub.ticket(job).labels and self.chance.random() < 0.4:
            self.hub.take_off(job, LABEL, by="owner")
        else:
            self.hub.comment(job, "/approve", by="owner")

    def approve_wrongly(self, job: int) -> None:
        """Somebody who can't approves it: its author, its editor, triage, a stranger."""
        by = self.chance.choice(("agent", "second", "triage", "stranger"))
        if by == "second" and job not in self.edited:
            return
        if LABEL in self.hub.ticket(job).labels and self.chance.random() < 0.5:
            self.hub.take_off(job, LABEL, by=by)
        else:
            said = self.hub.comment(job, "/approve", by=by).id
            self.strangers |= {said} if by == "stranger" else set()

    def check_sent(self) -> None:
        for sent in self.hub.sent[self.seen :]:
            number = int(sent.name)
            given = self.approved.get(number)
            self.expect(given is not None, f"{sent.key} was never approved")
            edit = self.hub.edited.get(number)
            if given is not None and edit is not None and edit.at is not None:
                fresh = edit.at < given or edit.at >= (self.began or self.now)
                self.expect(fresh, f"{sent.key} was approved before it was changed")
        super().check_sent()

    def over(self) -> None:
        """Approve all that is left, as it stands, and see that every life comes to its end."""
        self.tell("the owner looks at all that is left, and needs no approval any more")
        self.world.settings = Settings()
        for number in self.changed:
            self.world.clock.sleep(1)
            self.hub.put_on(number, LABEL)
            self.hub.take_off(number, LABEL)
            for comment in self.hub.on(number):
                # The end counts what else is left behind.
                if comment.author.login == BOT and ASKED.search(comment.body):
                    self.hub.delete_comment(comment.id)
        self.check_sent = super().check_sent  # type: ignore[method-assign]
        end(self)


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal keeps all that is looked at."""
    for module in (journal, comments):
        monkeypatch.setattr(module, "WHOLE", 3000)
    monkeypatch.setattr(comments, "LONGEST_LINE", 10**8)


def approves(it: Explorer, job: int) -> None:
    assert isinstance(it, Braked)
    it.approve(job)


def approves_wrongly(it: Explorer, job: int) -> None:
    assert isinstance(it, Braked)
    it.approve_wrongly(job)


def explore(name: str, number: int, *, steps: int = 40) -> int:
    """One life; how many dispatches were approved."""
    it = Braked(number, VARIANTS[name])
    try:
        for _ in range(steps):
            it.act()
        sent = len(it.hub.sent)
        it.over()
    except (Broken, AssertionError) as failure:
        first = str(failure).partition("\n")[0]
        told = f"explore({name!r}, {number}, steps={steps}): {first}\n{it.story()}"
        raise AssertionError(told) from failure
    return sent


@everywhere
def test_nothing_runs_that_nobody_has_approved(name: str) -> None:
    assert sum(explore(name, number) for number in range(10)) > 0


@pytest.mark.soak
@everywhere
def test_nothing_ever_does(name: str) -> None:
    first = 10_000 * (2 + seed())
    for number in range(first, first + 1_000):
        explore(name, number)
