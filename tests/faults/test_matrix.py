"""Every single fault at every request of a tick, and pairs of faults in two ticks.

Over ``MemoryQueue``, where a read that fails has failed for good (over HTTP it would have
been repeated). Every job is dispatched exactly once, or is held and says why.
"""

from __future__ import annotations

import itertools
import random
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from scheduler.settings.model import Settings
from tests.faults.world import FAULTS, Fault, World, body, faulty, interleave, world
from tests.support.fakes import MemoryQueue
from tests.support.seed import seed

#: Stalls that outlast ``recover-after`` as well as the claim.
LONG = ("long-before", "long-after")
CASES: Counter[str] = Counter()
SOAK = pytest.mark.soak
SOAKED = pytest.param(1, marks=SOAK)


@dataclass(frozen=True)
class Setting:
    """A kind of target and of server; ``may_hold``: where a lost answer leaves no proof."""

    to: str
    details: bool = True
    graphql: bool = True
    may_hold: bool = False

    def build(self, jobs: int) -> World:
        """A world with so many due jobs."""
        made = world(details=self.details, graphql=self.graphql)
        for number in range(1, jobs + 1):
            made.hub.open(body(str(number), to=self.to))
        return made

    def holds(self, jobs: int) -> bool:
        """Whether a job may end on hold: never where each run says whose it is."""
        return self.may_hold or (jobs > 1 and "plain" in self.to)


SETTINGS = {
    "titled": Setting("workflow: titled.yml"),
    "titled, no details": Setting("workflow: titled.yml", details=False),
    "titled, no viewer": Setting("workflow: titled.yml", graphql=False),
    "plain": Setting("workflow: plain.yml"),
    "plain, no details": Setting("workflow: plain.yml", details=False),
    "event": Setting("event: wake", may_hold=True),
}
everywhere = pytest.mark.parametrize("setting", SETTINGS.values(), ids=list(SETTINGS))


def requests_of(setting: Setting, jobs: int, before: Iterable[Fault] = ()) -> int:
    """How many requests a tick makes, alone or after one that met ``before``."""
    built = setting.build(jobs)
    if faults := list(before):
        built.tick(faulty(built.clock, *faults))
        built.clock.sleep(150)
    queue = MemoryQueue(built.hub)
    built.tick(queue=queue)
    return queue.requests


def prove(setting: Setting, jobs: int, *ticks: tuple[Fault, ...], gap: float = 150) -> None:
    """Run a tick with each of ``ticks``' faults, then until quiet, and audit every job."""
    built = setting.build(jobs)
    for faults in ticks:
        built.tick(faulty(built.clock, *faults))
        built.clock.sleep(gap)
    built.until_quiet()
    for number in range(1, jobs + 1):
        try:
            outcome = built.audit(number, str(number), may_hold=setting.holds(jobs))
        except AssertionError as failure:
            raise AssertionError(f"{setting} {jobs} jobs, {ticks}, gap {gap}") from failure
        CASES[outcome] += 1
    CASES["cases"] += 1


@everywhere
@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_each_fault_at_each_request(setting: Setting, jobs: int) -> None:
    single(setting, jobs)


@everywhere
@pytest.mark.parametrize("share", [pytest.param(3, marks=pytest.mark.slow), SOAKED])
def test_each_fault_at_each_request_of_five_jobs(setting: Setting, share: int) -> None:
    single(setting, 5, share=share)


@pytest.mark.parametrize("name", ["titled", "plain, no details"])
@pytest.mark.parametrize("jobs", [2, pytest.param(5, marks=pytest.mark.slow)])
def test_answers_lost_at_each_request_of_several_jobs(name: str, jobs: int) -> None:
    single(SETTINGS[name], jobs, ("crash-after", "drop-after", "long-after"))


def single(
    setting: Setting, jobs: int, kinds: tuple[str, ...] = (*FAULTS, *LONG), *, share: int = 1
) -> None:
    """A tick for each fault at each of its requests, or for one of ``share`` such pairs.

    Each fault is among these, and each request; of so many settings in a row each has others.
    """
    requests = requests_of(setting, jobs)
    assert requests >= 6 * jobs
    first = list(SETTINGS.values()).index(setting)
    for index, (place, kind) in itertools.product(range(1, requests + 1), enumerate(kinds)):
        if (index + place + first) % share == 0:
            prove(setting, jobs, (Fault(index, kind),))


def pairs(setting: Setting, jobs: int) -> list[tuple[Fault, Fault]]:
    """A fault at each request of one tick with one at each request of the next."""
    firsts = range(1, requests_of(setting, jobs) + 1)
    found = []
    for index, kind in itertools.product(firsts, FAULTS):
        first = Fault(index, kind)
        seconds = range(1, requests_of(setting, jobs, [first]) + 1)
        found += [(first, Fault(*each)) for each in itertools.product(seconds, FAULTS)]
    return found


def some_pairs(setting: Setting, jobs: int, count: int, chance: random.Random) -> None:
    """So many such pairs, with short and long pauses between the ticks."""
    requests = requests_of(setting, jobs)
    for _ in range(count):
        first = Fault(chance.randint(1, requests), chance.choice(FAULTS))
        second = chance.randint(1, requests_of(setting, jobs, [first]))
        gap = chance.choice([1.0, 40.0, 150.0])
        prove(setting, jobs, (first,), (Fault(second, chance.choice(FAULTS)),), gap=gap)


@everywhere
@pytest.mark.parametrize(
    "count", [12, pytest.param(100, marks=pytest.mark.slow), pytest.param(4000, marks=SOAK)]
)
def test_pairs_of_faults_in_two_ticks_sampled(setting: Setting, count: int) -> None:
    for jobs in (1, 2):
        some_pairs(setting, jobs, count, random.Random(f"{count} pairs {seed()}"))


@pytest.mark.soak
@everywhere
def test_all_pairs_of_faults_in_two_ticks(setting: Setting) -> None:
    for first, second in pairs(setting, 1):
        prove(setting, 1, (first,), (second,))


def side_by_side(setting: Setting, jobs: int, which: str | int) -> None:
    """Two ticks at once in a seeded order, each perhaps with a fault, and what comes of it."""
    chance = random.Random(which)
    built = setting.build(jobs)
    requests = 14 * jobs
    plans = [
        [Fault(chance.randint(1, requests), chance.choice((*FAULTS, *LONG)))] * chance.randint(0, 1)
        for _ in range(2)
    ]
    # In turns of some length, so that one can overtake the other by far.
    turns = iter([turn for _ in range(80) for turn in [chance.randint(0, 1)] * chance.choice(
        [1, 1, 2, 5, 12]
    )])  # fmt: skip
    interleave(built, plans, turns)
    built.until_quiet()
    for number in range(1, jobs + 1):
        CASES[built.audit(number, str(number), may_hold=setting.holds(2))] += 1
    CASES["cases"] += 1


@everywhere
@pytest.mark.parametrize(
    "count", [15, pytest.param(150, marks=pytest.mark.slow), pytest.param(5000, marks=SOAK)]
)
def test_two_ticks_at_once_with_faults(setting: Setting, count: int) -> None:
    for number in range(count):
        side_by_side(setting, 1 + number % 3, f"{number} of {seed()}")


def test_zz_the_count_of_cases(capsys: pytest.CaptureFixture[str]) -> None:
    if not CASES:
        pytest.skip("the matrix was not run")
    with capsys.disabled():
        sys.stdout.write(f"\nfault matrix: {dict(CASES)}\n")
    assert CASES["cases"] > 1000


def test_settings_of_the_matrix_are_the_defaults() -> None:
    assert SETTINGS["titled"].build(1).settings == Settings()
