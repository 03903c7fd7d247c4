"""What tests of series share: a series in a world, and the account of all its instants."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from scheduler.job import frontmatter
from scheduler.job.model import occurrence_instant
from scheduler.job.states import State
from scheduler.journal.journal import ENDS, Entry, Journal
from scheduler.policy.series import position, retitled, shown, written_rule
from scheduler.settings.model import Settings
from scheduler.times.instants import format_instant
from scheduler.times.recurrence import Recurrence
from tests.faults.world import World, body, world
from tests.support.fakes import BOT, NOON, MemoryHub

TEN = timedelta(minutes=10)
SECOND = timedelta(seconds=1)


def open_series(
    hub: MemoryHub, name: str = "s", *, rule: str = "every: 10m", more: str = "", **given: Any
) -> int:
    """A series from noon on, titled as `schedule create` does it."""
    author = given.pop("author", "agent")
    text = body(name, more=f"{rule}\n{more}", **given)
    number = hub.open(text, author=author)
    hub.change(number, title=title(given.get("run_at", NOON)))
    return number


def title(instant: datetime) -> str:
    return f"⏰ titled.yml at {format_instant(instant)}: hi"


def rule_of(hub: MemoryHub, number: int) -> Recurrence:
    found = written_rule(frontmatter.parse(hub.ticket(number).body))
    assert found is not None
    return found


def forward(world: World, to: datetime) -> None:
    """Let the time pass until ``to``."""
    world.clock.sleep((to - world.clock.true).total_seconds())


def next_instant(world: World, number: int) -> datetime:
    found = rule_of(world.hub, number).after(world.clock.true)
    assert found is not None
    return found


def occurrences(journal: Journal) -> list[Entry]:
    """The ends of the rule's own instants, in their order."""
    ended = [e for e in journal.entries if e.outcome in ENDS and occurrence_instant(e.key)]
    return sorted(ended, key=lambda entry: entry.key)


def account(world: World, number: int) -> Counter[str]:
    """What became of every instant until now: each has exactly one end.

    AssertionError: one is lost, doubled, or passed over in silence.
    """
    rule, told = rule_of(world.hub, number), world.story()
    due = list(rule.between(rule.start - SECOND, world.clock.true))
    left, found = list(due), Counter[str]()
    for entry in occurrences(world.history(number).journal):
        instant = occurrence_instant(entry.key)
        assert instant in left, f"{entry.key} twice, or none of its instants: {told}"
        before = left.index(instant)
        if "the journal was deleted" in entry.reason:
            left = left[before:]
            before = 0
        assert before == (entry.passed or 0), f"{before} in silence before {entry.key}: {told}"
        assert entry.outcome == State.DISPATCHED.value or entry.reason, told
        found[entry.outcome] += 1
        found["passed over"] += before
        left = left[before + 1 :]
    spread = frontmatter.parse(world.hub.ticket(number).body).jitter or timedelta()
    left = [instant for instant in left if instant + spread <= world.clock.true]
    assert not left, f"{left} lost: {told}"
    return found


def sound(world: World, number: int, name: str = "s") -> Counter[str]:
    """Account for a series that is quiet, and look at what people see of it."""
    hub, told = world.hub, world.story()
    ticket, history = hub.ticket(number), world.history(number)
    entries = history.journal.entries
    keys = Counter(sent.key for sent in hub.sent if sent.name == name)
    ran = {e.key: e for e in entries if e.outcome == State.DISPATCHED.value}
    assert max(keys.values(), default=1) == 1, f"doubled: {told}"
    assert set(keys) == set(ran), f"what ran is not what is told: {told}"
    for sent in hub.sent:
        if sent.name == name and sent.run is not None and ran[sent.key].run_id is not None:
            assert ran[sent.key].run_id == sent.run.id, f"another's run: {told}"
    found = account(world, number)
    if ticket.open and entries:
        news = {each.id for each in history.news}
        own = [c for c in hub.on(number) if c.author.login == BOT and c.id not in news]
        assert not history.claims, f"a claim is left behind: {told}"
        assert len(own) == 1, f"comments are left behind: {told}"
        reached = position(history.journal)
        comes = rule_of(hub, number).after(reached) if reached else None
        assert comes is not None, told
        comes = shown(comes, history.journal)
        assert ticket.title == retitled(ticket.title, comes), f"the title is old: {told}"
        assert f"\nNext: {format_instant(comes)}" in own[0].body, told
        assert "schedule:recurring" in ticket.labels, told
    return found


def m(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def series_world(
    rule: str = "every: 10m", more: str = "", *, settings: Settings | None = None
) -> World:
    made = world(settings=settings)
    open_series(made.hub, rule=rule, more=more)
    return made


def goes(made: World, minutes: float, *, step: float = 1) -> None:
    """Tick now and every minute or so until so many minutes after noon."""
    made.tick()
    while (left := (m(minutes) - made.clock.true).total_seconds()) > 0:
        made.clock.sleep(min(60 * step, left))
        made.tick()


def entries(made: World) -> list[Entry]:
    return list(made.history(1).journal.entries)


def told(made: World) -> list[tuple[str, int, str]]:
    """The minute of each occurrence, how many were passed over before it, and its end."""
    found = []
    for entry in entries(made):
        instant = occurrence_instant(entry.key)
        minute = str(int((instant - NOON).total_seconds() // 60)) if instant else "command"
        found.append((minute, entry.passed or 0, entry.outcome))
    return found


def set_status(made: World, index: int, status: str) -> None:
    """Set the status of the run that was started as the ``index``-th."""
    name, run = made.hub.runs[index]
    made.hub.runs[index] = (name, replace(run, status=status))
