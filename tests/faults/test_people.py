"""What a person does between any two requests of a tick is not undone by it.

A tick reads an issue once and writes to it later. Whatever a person put on it, took off it or
wrote meanwhile is newer than what the tick knows, and stays.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from scheduler.hold.agenda import LEAD
from scheduler.job.model import occurrence_key
from scheduler.ports.values import Ticket
from scheduler.settings.model import Settings
from scheduler.simulation.records import user
from tests.faults.series import open_series
from tests.faults.test_holes import at
from tests.faults.world import World, body, world
from tests.support.fakes import BOT, NOON, Crash, MemoryHub, MemoryQueue, Through
from tests.support.hold_world import HoldWorld, hold_world
from tests.support.sampled import one_in

PAUSED, HELD, OTHER = "schedule:paused", "schedule:held", "bug"
APPROVE = "schedule:approve"


@dataclass(frozen=True)
class Act:
    """What a person does to issue 1, whether it still stands, and whether it stops the job."""

    do: Callable[[MemoryHub], object]
    stands: Callable[[Ticket], bool]
    stops: bool = False


def on(label: str, *, stops: bool = False) -> Act:
    return Act(lambda hub: hub.put_on(1, label), lambda it: label in it.labels, stops)


def off(label: str, *, stops: bool = False) -> Act:
    return Act(lambda hub: hub.take_off(1, label), lambda it: label not in it.labels, stops)


ACTS = {
    "pauses it": on(PAUSED, stops=True),
    "resumes it": off(PAUSED),
    "puts it on hold": on(HELD, stops=True),
    "takes it out of the queue": off("schedule", stops=True),
    "puts another label on": on("wip"),
    "asks for an approval": on(APPROVE, stops=True),
    "takes another label off": off(OTHER),
}
#: When a job that is moved is to run, and its text: later than all that happens here otherwise.
FAR = NOON + timedelta(hours=9)


def one(more: str = "", *, to: str = "workflow: titled.yml", offset: float = 0) -> World:
    made = world()
    made.hub.open(body("1", to=to, more=more, run_at=NOON + timedelta(seconds=offset)))
    return made


def missed() -> World:
    return one("deadline: 1s\n")


def rejected() -> World:
    made = one()
    made.settings = replace(made.settings, allow=replace(made.settings.allow, workflows=("x.yml",)))
    return made


def discarded() -> World:
    made = one()
    made.hub.disabled.add("titled.yml")
    return made


def skipped() -> World:
    made = one("unless: closed(#2)\n")
    made.hub.open(body("2"))
    made.hub.close(2)
    return made


def invalid() -> World:
    made = world()
    made.hub.open("---\nrun-at: never\n---\n")
    return made


def corrected() -> World:
    made = invalid()
    made.tick()
    made.hub.change(1, body=body("1"))
    return made


def died(at_call: str, made: World, *, before: bool = True) -> World:
    """The same after a tick that died at a request."""
    made.tick(at(at_call, _die, before=before))
    made.clock.sleep(150)
    return made


def _die() -> None:
    raise Crash


def held() -> World:
    return died("dispatch", one(to="event: wake"))


def resolved(words: str) -> World:
    made = held()
    made.tick()
    return said(f"/resolve {words}", made)


def reopened(end: Callable[[], World]) -> World:
    made = end()
    made.tick()
    assert not made.hub.ticket(1).open
    made.hub.reopen(1)
    return made


def moved() -> World:
    made = reopened(missed)
    made.hub.change(1, body=body("1", run_at=NOON + timedelta(hours=1)))
    return made


def series(*, ran: bool = False) -> World:
    made = world()
    open_series(made.hub)
    if ran:
        made.tick()
        made.clock.sleep(600)
    return made


def last() -> World:
    made = world()
    open_series(made.hub, rule="every: 10m\ncount: 1")
    return made


def said(words: str, made: World) -> World:
    """The same once a person has said that, some seconds ago."""
    made.hub.comment(1, words, by="owner")
    made.clock.sleep(5)
    return made


def later() -> World:
    return one(offset=3600)


def paused() -> World:
    made = later()
    made.hub.put_on(1, PAUSED)
    made.clock.sleep(5)
    return made


def unapproved() -> World:
    made = later()
    made.settings = replace(made.settings, approve="all")
    made.tick()
    made.clock.sleep(5)
    return made


def failing() -> World:
    """A series whose only run has failed: it is to pause itself."""
    made = world()
    open_series(made.hub, more="pause-after: 1\n")
    made.tick()
    made.hub.mark(made.hub.runs[-1][1].id, "completed", "failure")
    made.clock.sleep(200)
    return made


def crowded() -> World:
    """A job that is due while as many runs are under way as there may be."""
    made = world()
    made.settings = replace(made.settings, limits=replace(made.settings.limits, running=1))
    made.hub.begins = "in_progress"
    made.hub.open(body("1", run_at=NOON + timedelta(minutes=1)))
    made.hub.open(body("2"))
    made.tick()
    made.clock.sleep(100)
    return made


SITUATIONS: dict[str, Callable[[], World]] = {
    "due": one,
    "missed": missed,
    "rejected": rejected,
    "discarded": discarded,
    "skipped": skipped,
    "invalid": invalid,
    "corrected": corrected,
    "lost": held,
    "resolved as run": lambda: resolved("dispatched 7"),
    "resolved as not run": lambda: resolved("again"),
    "missed, then reopened": lambda: reopened(missed),
    "missed, then moved": moved,
    "recorded and left open": lambda: died("set_state", one()),
    "missed and left open": lambda: died("set_state", missed()),
    "missed and left without its label": lambda: died("add_label", missed()),
    "a series": series,
    "a series that has begun": lambda: series(ran=True),
    "a series that ends": last,
    "a series that is over and left open": lambda: died("set_state", last()),
    "/run": lambda: said("/run", later()),
    "/pause": lambda: said("/pause", later()),
    "/resume": lambda: said("/resume", later()),
    "/pause of what is paused": lambda: said("/pause", paused()),
    "/resume of what is paused": lambda: said("/resume", paused()),
    "/run of what is paused": lambda: said("/run", paused()),
    "/snooze": lambda: said("/snooze 2h", later()),
    "/cancel": lambda: said("/cancel", later()),
    "/run of a series": lambda: said("/run", series(ran=True)),
    "/snooze of a series": lambda: said("/snooze 2h", series(ran=True)),
    "a slip": lambda: said("/snoze 2h", later()),
    "not approved yet": unapproved,
    "/approve": lambda: said("/approve", unapproved()),
    "a series that fails": failing,
    "waits for a run to end": crowded,
}


#: One in six in the quick run: each situation with one act, and each act in as many situations.
CASES = [
    pytest.param(
        situation,
        act,
        graphql,
        marks=[] if (row + column) % 6 == 0 and graphql else pytest.mark.slow,
    )
    for (row, situation), (column, act), graphql in itertools.product(
        enumerate(SITUATIONS), enumerate(ACTS), (True, False)
    )
]


def built(situation: str, *, graphql: bool = True) -> World:
    made = SITUATIONS[situation]()
    made.hub.graphql = graphql
    made.hub.put_on(1, OTHER)
    return made


def moments(situation: str, *, graphql: bool = True) -> Iterator[tuple[int, str]]:
    """Each request of a tick: its number, from 1, and its name."""
    queue = MemoryQueue((made := built(situation, graphql=graphql)).hub)
    made.tick(queue=queue)
    assert queue.calls
    yield from enumerate(queue.calls, 1)


def when(index: int, do: Callable[[], object]) -> Through:
    """Have somebody ``do`` something right before a request."""

    def through(number: int, _: str, act: Callable[[], object]) -> object:
        if number == index:
            do()
        return act()

    return through


@pytest.mark.parametrize(("situation", "name", "graphql"), CASES)
def test_no_act_of_a_person_is_undone(situation: str, name: str, *, graphql: bool) -> None:
    act = ACTS[name]
    for index, call in moments(situation, graphql=graphql):
        made = built(situation, graphql=graphql)
        acted: list[bool] = []

        def does(made: World = made, acted: list[bool] = acted) -> None:
            acted.append(not act.stands(made.hub.ticket(1)))
            act.do(made.hub)

        made.tick(when(index, does))
        assert acted, (index, call)
        if not acted[0]:
            continue  # it was so already
        assert act.stands(made.hub.ticket(1)), (index, call, made.story())
        sent = len(made.hub.sent)
        for _ in range(3):
            made.clock.sleep(700)
            made.tick()
        assert act.stands(made.hub.ticket(1)), (index, call, made.story())
        if act.stops:
            assert len(made.hub.sent) == sent, (index, call, made.story())


def ran_at(made: World, instant: datetime) -> bool:
    return any(sent.key == occurrence_key(1, instant) for sent in made.hub.sent)


#: What comes once, and no word ends in place of its own time.
ONCE = [s for s in SITUATIONS if "series" not in s and s not in ("/run", "/cancel")]


@pytest.mark.parametrize("situation", one_in(4, ONCE))
def test_a_job_that_is_moved_meanwhile_runs_then_or_says_what_to_do(situation: str) -> None:
    """What is moved between the last look at it and its closing stays closed, and is told so."""
    calls = dict(moments(situation))
    looked = max((index for index, call in calls.items() if call == "ticket"), default=0)
    closing = max((index for index, call in calls.items() if call == "set_state"), default=0)
    for index, call in calls.items():
        if closing and index > closing:
            continue  # it is closed, as whoever moves it then can see
        made = built(situation)

        def move(made: World = made) -> None:
            made.hub.change(1, body=body("1", run_at=FAR))

        made.tick(when(index, move))
        made.settings = Settings()
        made.hub.disabled.clear()
        for then in (made.clock.true + timedelta(hours=1), FAR + timedelta(seconds=1)):
            made.clock.sleep((then - made.clock.true).total_seconds())
            made.until_quiet()
        ticket, story = made.hub.ticket(1), (index, call, made.story())
        if ran_at(made, FAR) or {PAUSED, HELD, APPROVE} & set(ticket.labels):
            continue
        assert index > looked, story
        assert not ticket.open, story
        assert any("eopen the issue" in each.body for each in made.hub.on(1)), story
        made.hub.reopen(1)
        made.until_quiet()
        assert ran_at(made, FAR), story


@pytest.mark.parametrize("reason", ["reopened", None])
def test_what_is_reopened_meanwhile_is_not_closed_by_what_was_read_before(
    reason: str | None,
) -> None:
    """But between the last look and the closing, which is one request."""
    for index, call in moments("missed and left open"):
        made = built("missed and left open")

        def reopen(made: World = made) -> None:
            made.hub.close(1)
            made.hub.put_on(1, "schedule:missed")
            made.hub.reopen(1)
            made.hub.change(1, state_reason=reason)

        made.tick(when(index, reopen))
        if call != "set_state":
            made.until_quiet()
            assert made.count("1") == 1, (index, call, made.story())


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_tick_never_writes_the_queue_s_label(situation: str) -> None:
    made = built(situation)
    for _ in range(3):
        made.tick()
        made.clock.sleep(700)
    told = [each for events in made.hub.events.values() for each in events]
    assert not [each for each in told if each.actor == user(BOT) and each.label == "schedule"]


def held_series(made: HoldWorld) -> None:
    made.open("1", 30, more="every: 5m\n")
    made.hub.change(1, title="⏰ titled.yml at 2026-11-23T12:00:30Z: hi")


def said_before(words: str) -> Callable[[HoldWorld], None]:
    def build(made: HoldWorld) -> None:
        made.open("1", 3600)
        said(words, made)

    return build


def found_in_vain(made: HoldWorld) -> None:
    made.open("1", 30)
    made.hub.disabled.add("titled.yml")


#: What a holder of six minutes finds, or is told.
HOLDS: dict[str, Callable[[HoldWorld], object]] = {
    "a job": lambda made: made.open("1", 30),
    "a series": held_series,
    "a job that GitHub refuses": found_in_vain,
    "no job": lambda made: made.hub.open("---\nrun-at: never\n---\n"),
    "/pause": said_before("/pause"),
    "/resume": said_before("/resume"),
    "/run": said_before("/run"),
}


def hold(situation: str) -> HoldWorld:
    made = hold_world(hold=360)
    HOLDS[situation](made)
    made.hub.put_on(1, OTHER)
    return made


@pytest.mark.parametrize(
    ("situation", "name"),
    [
        # One in six in the quick run, each situation with an act.
        pytest.param(situation, act, marks=[] if (row + column) % 6 == 0 else pytest.mark.slow)
        for (row, situation), (column, act) in itertools.product(enumerate(HOLDS), enumerate(ACTS))
    ],
)
def test_no_act_of_a_person_is_undone_by_a_holder(situation: str, name: str) -> None:
    """A stop that comes after the claim was read again may not be seen before the dispatch."""
    act = ACTS[name]
    undisturbed = hold(situation)
    undisturbed.stays()
    for index, (_, call) in enumerate(undisturbed.done, 1):
        made = hold(situation)
        acted: list[datetime] = []

        def does(made: HoldWorld = made, acted: list[datetime] = acted) -> None:
            if not act.stands(made.hub.ticket(1)):
                act.do(made.hub)
                acted.append(made.clock.true)

        made.stays(when(index, does))
        assert act.stands(made.hub.ticket(1)) or not acted, (index, call, made.story())
        for instant in acted if act.stops else ():
            late = [sent for sent in made.hub.sent if sent.at > instant + LEAD]
            assert not late, (index, call, made.story())


@pytest.mark.parametrize(
    "situation", ["a series", "a series that has begun", "/snooze of a series"]
)
def test_a_title_that_a_person_gives_meanwhile_is_theirs(situation: str) -> None:
    """But between the last look and the writing of the title, which is one request."""
    for index, call in moments(situation):
        made = built(situation)

        def rename(made: World = made) -> None:
            made.hub.change(1, title="mine")

        made.tick(when(index, rename))
        if call != "set_state":
            assert made.hub.ticket(1).title == "mine", (index, call, made.story())
