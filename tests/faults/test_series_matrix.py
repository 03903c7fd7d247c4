"""The fault matrix for series: every fault at every request, pairs of faults, two ticks at once.

Whatever fails, each instant runs exactly once, or stands in the journal with a reason, or among
the number that was passed over; and nothing but the journal is left behind.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.faults.series import forward, next_instant, open_series, sound
from tests.faults.world import FAULTS, Fault, World, faulty, interleave, world
from tests.support.fakes import NOON, MemoryQueue
from tests.support.seed import seed

LONG = ("long-before", "long-after")
CASES: Counter[str] = Counter()
SOAK = pytest.mark.soak


@dataclass(frozen=True)
class Setting:
    """A kind of series and of server."""

    more: str = ""
    to: str = "workflow: titled.yml"
    details: bool = True
    graphql: bool = True
    #: Instants that are over before the tick that is looked at.
    missed: int = 0
    #: Whether the series has run before that.
    begun: bool = True

    def build(self) -> World:
        """A world with a series of which an occurrence is due."""
        made = world(details=self.details, graphql=self.graphql)
        open_series(made.hub, more=self.more, to=self.to)
        if self.begun:
            made.clock.sleep(120)
            made.tick()
            assert made.count("s") == 1
            forward(made, next_instant(made, 1) + timedelta(seconds=125))
        made.clock.sleep(600 * self.missed)
        return made


SETTINGS = {
    "its first": Setting(begun=False),
    "its second": Setting(),
    "latest of three": Setting(missed=2),
    "skip three": Setting(more="misfire: skip\n", missed=2),
    "all of three": Setting(more="misfire: all\n", missed=2),
    "all, deadline": Setting(more="misfire: all\ndeadline: 15m\n", missed=2),
    "jitter": Setting(more="jitter: 2m\n", missed=1),
    "plain": Setting(to="workflow: plain.yml"),
    "plain, no details": Setting(to="workflow: plain.yml", details=False),
    "no viewer": Setting(graphql=False),
    "its first, no viewer": Setting(graphql=False, begun=False),
}
everywhere = pytest.mark.parametrize("setting", SETTINGS.values(), ids=list(SETTINGS))


def requests_of(setting: Setting) -> int:
    """How many requests a tick makes."""
    built = setting.build()
    queue = MemoryQueue(built.hub)
    built.tick(queue=queue)
    return queue.requests


def go_on(built: World, *, more: int = 2) -> Counter[str]:
    """Tick until quiet, then at the next instants, and account for all of them."""
    settle(built)
    sound(built, 1)
    for _ in range(more):
        forward(built, next_instant(built, 1) + timedelta(seconds=125))
        built.tick()
        settle(built)
    return sound(built, 1)


def settle(built: World) -> None:
    """Tick until quiet, at a moment when no instant is still to come for its jitter."""
    built.until_quiet()
    if next_instant(built, 1) - built.clock.true > timedelta(minutes=10, seconds=-125):
        built.clock.sleep(125)
        built.until_quiet()


def prove(setting: Setting, *ticks: tuple[Fault, ...], gap: float = 150) -> None:
    """Run a tick with each of ``ticks``' faults, and see the series go on."""
    built = setting.build()
    for faults in ticks:
        built.tick(faulty(built.clock, *faults))
        built.clock.sleep(gap)
    try:
        CASES.update(go_on(built))
    except AssertionError as failure:
        raise AssertionError(f"{setting}, {ticks}, gap {gap}") from failure
    CASES["cases"] += 1


@everywhere
@pytest.mark.parametrize("share", [pytest.param(2, marks=pytest.mark.slow),
                                   pytest.param(1, marks=SOAK)])  # fmt: skip
def test_each_fault_at_each_request(setting: Setting, share: int) -> None:
    single(setting, (*FAULTS, *LONG), share=share)


def test_answers_lost_at_each_request() -> None:
    single(SETTINGS["its second"], ("crash-before", "crash-after", "drop-after", "long-after"))


def single(setting: Setting, kinds: Sequence[str], *, share: int = 1) -> None:
    """A tick for each fault at each of its requests, or for one of ``share`` such pairs.

    Each fault is among these, and each request; of so many settings in a row each has others.
    """
    requests = requests_of(setting)
    assert requests >= 6
    first = list(SETTINGS.values()).index(setting)
    for index, (place, kind) in itertools.product(range(1, requests + 1), enumerate(kinds)):
        if (index + place + first) % share == 0:
            prove(setting, (Fault(index, kind),))


@everywhere
@pytest.mark.parametrize(
    "count", [4, pytest.param(60, marks=pytest.mark.slow), pytest.param(2000, marks=SOAK)]
)
def test_pairs_of_faults_in_two_ticks(setting: Setting, count: int) -> None:
    pairs(setting, count, f"{count} pairs of a series {seed()}")


def pairs(setting: Setting, count: int, which: str) -> None:
    """A fault at any request of one tick with one at any request of the next, so many times."""
    chance = random.Random(which)
    requests = requests_of(setting)
    for _ in range(count):
        one, two = (
            Fault(chance.randint(1, requests + more), chance.choice((*FAULTS, *LONG)))
            for more in (0, 6)
        )
        prove(setting, (one,), (two,), gap=chance.choice([1.0, 40.0, 150.0, 700.0]))


def side_by_side(setting: Setting, which: str) -> None:
    """Two ticks at once in a seeded order, each perhaps with a fault, and what comes of it."""
    chance = random.Random(which)
    built = setting.build()
    plans = [
        [Fault(chance.randint(1, 24), chance.choice((*FAULTS, *LONG)))] * chance.randint(0, 1)
        for _ in range(2)
    ]
    # In turns of some length, so that one can overtake the other by far.
    turns = [[chance.randint(0, 1)] * chance.choice([1, 1, 2, 5, 12]) for _ in range(80)]
    interleave(built, plans, itertools.chain.from_iterable(turns))
    try:
        CASES.update(go_on(built, more=1))
    except AssertionError as failure:
        raise AssertionError(f"{setting}, {which}, {plans}") from failure
    CASES["cases"] += 1


@everywhere
@pytest.mark.parametrize(
    "count", [5, pytest.param(60, marks=pytest.mark.slow), pytest.param(2000, marks=SOAK)]
)
def test_two_ticks_at_once_with_faults(setting: Setting, count: int) -> None:
    for number in range(count):
        side_by_side(setting, f"{number} of {seed()}")


@everywhere
def test_two_ticks_at_once_move_a_series_on_once(setting: Setting) -> None:
    for turns in range(3, 32, 8):
        built = setting.build()
        before = built.count("s")
        order = [turns >> bit & 1 for bit in range(5) for _ in range(1 + turns % 7)]
        interleave(built, [[], []], iter(order))
        assert built.count("s") - before <= (3 if "misfire: all" in setting.more else 1)
        go_on(built, more=0)


def test_zz_the_count_of_cases(capsys: pytest.CaptureFixture[str]) -> None:
    if not CASES:
        pytest.skip("the matrix was not run")
    with capsys.disabled():
        sys.stdout.write(f"\nfault matrix of series: {dict(CASES)}\n")
    assert CASES["cases"] > 150


def test_a_series_that_nothing_befalls() -> None:
    quiet = SETTINGS["its first"].build()
    assert go_on(quiet, more=5)["dispatched"] == 6 + 0
    assert quiet.hub.sent[0].key == f"1@{NOON:%Y-%m-%dT%H:%M:%SZ}"
