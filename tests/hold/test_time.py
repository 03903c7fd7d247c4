"""Holding in virtual time: every instant is exact, and hours take no time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scheduler.errors import RateLimited, SettingsError
from scheduler.hold.agenda import GRACE, OVERTIME
from scheduler.settings.model import Allow, Settings
from scheduler.settings.profiles import Stay
from tests.support.hold_world import NOON, body, hold_world


def reasons(notes: Any) -> str:
    return "; ".join(f"#{note.id} {note.reason}" for note in notes)


def test_each_job_is_dispatched_on_its_instant_and_recorded_afterwards() -> None:
    world = hold_world(latency=0.1)
    due = {"a": 100, "b": 107, "c": 107, "d": 108, "e": 300}
    numbers = {name: world.open(name, at) for name, at in due.items()}
    report = world.stays()
    for name, at in due.items():
        (sent,) = world.sent_at(name)
        assert 0 <= sent - at <= 0.25, (name, sent)
        world.audit(numbers[name], name)
    assert report.next_due is None
    assert {fired.id for fired in report.dispatched} == set(numbers.values())
    assert all(0 <= fired.lateness_s <= 0.2 for fired in report.dispatched)
    work = [name for _, name in world.named("dispatch", "edit_comment") if name]
    between = work[1:4]
    assert between in (["edit_comment", "dispatch", "dispatch"], ["dispatch"] * 3), work
    assert world.named("add_comment")[0][0] >= 100 - 10


def test_what_is_created_while_it_sleeps_is_noticed_by_the_next_poll() -> None:
    world = hold_world()
    world.lively.at(105, lambda: world.open("late", 130))
    world.lively.at(150, lambda: world.open("due at once", 100))
    world.stays()
    assert world.sent_at("late") == [130]
    (sent,) = world.sent_at("due at once")
    assert 150 < sent <= 150 + 20


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ("close", []), ("unlabel", []), ("delete", []), ("lock", []), ("earlier", [160.0]),
        ("later", [400.0]), ("past the hold", []),
    ],
)  # fmt: skip
def test_what_is_changed_while_it_sleeps_is_noticed_by_the_next_poll(
    change: str, wanted: list[float]
) -> None:
    world = hold_world()
    number = world.open("job", 300)
    moved = {"earlier": 160, "later": 400, "past the hold": 700}.get(change, 0)
    hub = world.hub
    acts = {
        "close": lambda: hub.close(number),
        "unlabel": lambda: hub.change(number, labels=()),
        "delete": lambda: hub.delete(number),
        "lock": lambda: hub.change(number, locked=True),
    }
    edit = body("job", run_at=NOON + timedelta(seconds=moved))
    world.lively.at(125, acts.get(change, lambda: hub.change(number, body=edit)))
    report = world.stays()
    assert world.sent_at("job") == wanted
    assert world.named("add_comment") == [] or wanted
    if change == "past the hold":
        assert report.next_due == NOON + timedelta(seconds=700)


@pytest.mark.parametrize("change", ["close", "unlabel", "edit", "lock"])
def test_a_claim_is_taken_back_when_its_job_is_stopped_before_it_fires(change: str) -> None:
    world = hold_world(poll=2)
    number, hub = world.open("job", 100), world.hub
    later = body("job", run_at=NOON + timedelta(seconds=200))
    acts = {
        "close": lambda: hub.close(number),
        "unlabel": lambda: hub.change(number, labels=()),
        "lock": lambda: hub.change(number, locked=True),
        "edit": lambda: hub.change(number, body=later),
    }
    world.lively.at(95, acts[change])
    report = world.stays()
    assert world.named("add_comment")[0][0] < 95, "it was claimed by then"
    assert world.sent_at("job") == ([200] if change == "edit" else [])
    if change != "edit":
        assert hub.on(number) == []
    assert f"#{number}" in reasons(report.withdrawn)


def test_what_a_holder_tells_is_told_once_and_only_while_it_is_true() -> None:
    world = hold_world()
    broken = world.hub.open("---\nrun-at: soon\n---\nhi\n")
    world.lively.at(100, lambda: world.hub.change(broken, body=body("mended", run_at=NOON)))
    still = world.hub.open("---\nrun-at: soon\n---\nhi\n")
    report = world.stays()
    assert [note.id for note in report.invalid] == [still]
    assert len(world.sent_at("mended")) == 1


def test_what_can_not_be_read_is_explained_while_it_sleeps() -> None:
    world = hold_world(latency=0.3)
    world.open("job", 101)
    opened: list[int] = []
    for moment in (30, 90):
        world.lively.at(
            moment, lambda: opened.append(world.hub.open("---\nrun-at: soon\n---\nhi\n"))
        )
    world.lively.at(60, lambda: world.hub.change(opened[0], body="---\nrun-at: later\n---\n"))
    world.stays()
    assert [len(world.hub.on(number)) for number in opened] == [2, 1]
    assert all("schedule:invalid" in world.hub.ticket(number).labels for number in opened)
    (sent,) = world.sent_at("job")
    assert 101 <= sent <= 101.35


def test_an_explanation_under_a_rate_limit_waits_for_its_end() -> None:
    world = hold_world(hold=100)
    numbers = [world.hub.open("no job") for _ in range(5)]
    refused: list[float] = []

    def limited(index: int, name: str, act: Callable[[], object]) -> object:
        if name == "add_comment" and world.seconds < 50:
            refused.append(world.seconds)
            raise RateLimited("limit", retry_at=NOON + timedelta(seconds=50))
        return act()

    world.stays(limited)
    assert len(refused) == 2  # by the pass, and by the hold
    assert [len(world.hub.on(number)) for number in numbers] == [1] * 5


def test_what_is_on_hold_costs_nothing_and_keeps_nobody() -> None:
    """Else a punctual chain would go on for a job that only a person can move."""
    world = hold_world(stay=Stay.PENDING)
    number = world.open("locked", 30)
    world.hub.change(number, locked=True)
    report = world.stays()
    assert world.seconds < 90
    assert report.next_due is None
    assert [note.id for note in report.held] == [number]
    assert world.named("comments", "add_comment") == []


def test_a_label_that_keeps_a_job_is_respected_before_its_instant_too() -> None:
    world = hold_world()
    number = world.open("kept", 100)
    world.hub.change(number, labels=("schedule", "schedule:held"))
    report = world.stays()
    assert world.sent_at("kept") == []
    assert [note.id for note in report.held] == [number]


KEY = "agent: probe-1\ndedup-key: k\n"
TWICE = {"soon": 60, "later": 200}


def test_what_was_opened_twice_while_it_sleeps_runs_once() -> None:
    world = hold_world()
    world.lively.at(30, lambda: [world.open(name, at, more=KEY) for name, at in TWICE.items()])
    report = world.stays()
    assert (world.sent_at("soon"), world.sent_at("later")) == ([60.0], [])
    assert reasons(report.rejected).startswith("#2 dedup-key: 'k' is that of #1")
    assert not world.hub.ticket(2).open


@pytest.mark.parametrize("label", ["schedule:paused", "schedule:held"])
def test_a_job_that_waits_for_a_person_is_open_all_the_same(label: str) -> None:
    world = hold_world()
    older = world.open("older", 30, more=KEY)
    world.hub.change(older, labels=("schedule", label))
    world.clock.sleep(2 * 86400)
    first = world.open("in its pass", 0, more=KEY)
    world.lively.at(2 * 86400 + 30, lambda: world.open("while it holds", 30, more=KEY))
    report = world.stays()
    assert [note.id for note in report.rejected] == [first, first + 1]
    assert f"#{older}" in report.rejected[1].reason
    assert world.hub.sent == []


# Settings.


def test_settings_are_at_most_a_minute_old() -> None:
    world = hold_world()
    for name, at in (("before", 300), ("after", 361)):
        world.open(name, at)
    strict = replace(world.settings, allow=Allow(workflows=("other.yml",)))
    changed: list[Settings] = [world.settings]
    world.read_settings = lambda: changed[0]
    world.lively.at(300.5, lambda: changed.insert(0, strict))
    report = world.stays()
    assert world.sent_at("before") == [300]
    assert world.sent_at("after") == []
    assert "allow.workflows" in reasons(report.rejected)


def test_settings_that_break_stop_everything_and_say_so() -> None:
    world = hold_world()
    world.open("first", 30)
    world.open("second", 300)

    def broken() -> Settings:
        raise SettingsError("label: 5 is no text")

    world.read_settings = broken
    report = world.stays()
    assert len(world.sent_at("first")) == 1
    assert world.sent_at("second") == []
    assert isinstance(report.error, SettingsError)
    assert "label: 5" in report.stopped
    assert [fired.id for fired in report.dispatched] == [1], "what was done is told all the same"
    assert world.hub.on(2) == [], "no claim is left behind"


def test_a_new_label_ends_the_hold_without_an_error() -> None:
    world = hold_world()
    world.open("job", 300)
    world.read_settings = lambda: replace(world.settings, label="later")
    report = world.stays()
    assert report.error is None
    assert "another label" in report.stopped
    assert world.sent_at("job") == []


# For what it stays, and how long.


@pytest.mark.parametrize(
    ("stay", "due", "left"),
    [
        (Stay.HOLD, None, 600), (Stay.HOLD, 30, 600), (Stay.DUE, None, 0), (Stay.DUE, 601, 0),
        (Stay.DUE, 300, 300), (Stay.PENDING, None, 0), (Stay.PENDING, 300, 300),
        (Stay.PENDING, 5000, 600), (Stay.HOLD, 600 + GRACE.total_seconds(), 645),
    ],
)  # fmt: skip
def test_when_it_leaves(stay: Stay, due: float | None, left: float) -> None:
    world = hold_world(stay=stay)
    if due:
        world.open("job", due)
    world.stays()
    assert left <= world.seconds <= left + 1
    assert len(world.sent_at("job")) == (due is not None and due <= world.seconds)


def test_an_unbroken_row_of_jobs_does_not_keep_it() -> None:
    world = hold_world(hold=60, latency=0.05)
    for index in range(60):
        world.open(str(index), index * 4)
    world.stays()
    end = 60 + OVERTIME.total_seconds()
    assert world.seconds <= end + 10
    assert not any(c.body.startswith("<!-- schedule:claim") for c in world.hub.comments.values())
    for index in range(25):
        (sent,) = world.sent_at(str(index))
        assert 0 <= sent - index * 4 <= 1
