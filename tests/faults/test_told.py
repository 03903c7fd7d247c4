"""Lives of a queue whose jobs have it told elsewhere what became of them, and call people."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

import pytest

from scheduler.journal.news import told
from scheduler.journal.notes import Reply
from scheduler.settings.model import Alerts, Settings
from tests.faults.ending import mend
from tests.faults.explorer import Explorer
from tests.faults.watched import Variant
from tests.support.fakes import BOT
from tests.support.seed import seed

CONCLUSIONS = ("success", "failure", "cancelled", "startup_failure")
PLACE = ("octo/queue", 900)
REPLY = Reply(queue="octo/queue", key="")


class Talkative(Explorer):
    """Each job names the pull request #900, and its runs end in some way."""

    def __init__(self, seed: int, variant: Variant) -> None:
        super().__init__(seed, variant)
        self.world.settings = Settings(alerts=Alerts(mention=("@org/oncall",)))

    def text(self, number: int) -> tuple[str, datetime]:
        said, run_at = super().text(number)
        more = "reply-to: '#900'\n"
        if "event: " not in said and self.chance.random() < 0.4:
            more += "retries: 1\nretry-after: 30s\n"
        return said.replace("---\n", f"---\n{more}", 1), run_at

    def runs_end(self, _: int = 0) -> None:
        self.hub.runs = [
            (name, run if run.conclusion else replace(
                run, status="completed", conclusion=self.chance.choice(CONCLUSIONS)
            ))
            for name, run in self.hub.runs
        ]  # fmt: skip

    def said(self) -> Counter[str]:
        """How often each thing was told, here and there, by its record."""
        thread = self.hub.threads.get(PLACE)
        there = [*(thread.comments if thread else ())]
        here = [each for number in self.hub.views for each in self.hub.on(number)]
        own = (each.body.partition("\n")[0] for each in (*there, *here) if each.author.login == BOT)
        kinds = ("<!-- schedule-reply", "<!-- schedule:outcome")
        return Counter(head for head in own if head.startswith(kinds))

    def lost(self) -> list[str]:
        """The runs of which the journals say what they came to, and which were told nowhere."""
        thread = self.hub.threads.get(PLACE)
        there = thread.comments if thread else ()
        return [
            f"{entry.key} {entry.conclusion}"
            for number in self.hub.views
            for entry in self.world.history(number).journal.entries
            if entry.conclusion and entry.reply_to and not entry.again
            and not told(there, replace(REPLY, key=entry.key, run_id=entry.run_id), login=BOT)
        ]  # fmt: skip


def live(number: int, *, steps: int = 30) -> Counter[str]:
    """One life; what was told in it. AssertionError: something twice."""
    it = Talkative(number, Variant())
    for _ in range(steps):
        it.act()
    mend(it)
    for _ in range(2):
        it.world.clock.sleep(8000)
        it.runs_end()
        it.world.until_quiet(150, pause=47)
    for report in it.world.reports:
        it.sane(report)
    found = it.said()
    # Of an event's runs only the key tells, and whoever deletes the journal has it sent once more.
    sent = Counter(each.key for each in it.hub.sent)
    twice = {
        head: count
        for head, count in found.items()
        if count > max([1, *(n for key, n in sent.items() if "run_id" not in head and key in head)])
    }
    assert not twice, f"live({number}): {twice}\n{it.story()}"
    assert (lost := it.lost()) == [], f"live({number}): {lost}\n{it.story()}"
    return found


@pytest.mark.parametrize("first", [0, 5])
def test_nothing_is_told_twice_and_nothing_is_lost(first: int) -> None:
    assert sum(len(live(each)) for each in range(first, first + 5)) > 5


@pytest.mark.slow
def test_the_same_for_long() -> None:
    assert sum(len(live(each, steps=40)) for each in range(100, 140)) > 100


@pytest.mark.soak
def test_the_same_for_ever() -> None:
    first = 10_000 * (2 + seed())
    for number in range(first, first + 2_000):
        live(number, steps=40)
