"""Many seeds of `tests.faults.explorer` on each kind of server."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from scheduler.journal import comments, journal
from tests.faults.ending import end
from tests.faults.explorer import Explorer
from tests.faults.watched import Broken, Variant
from tests.support.seed import seed

VARIANTS = {
    "all there": Variant(),
    "small journal": Variant(small=True),
    "no graphql": Variant(graphql=False),
    "no list": Variant(comment_list=False),
    "no details": Variant(details=False),
    "nothing": Variant(graphql=False, comment_list=False, details=False),
}
CASES: Counter[str] = Counter()
everywhere = pytest.mark.parametrize("name", VARIANTS)


def explore(name: str, number: int, *, steps: int = 25) -> None:
    """One life. AssertionError: what is wrong with it, and its story."""
    it = Explorer(number, VARIANTS[name])
    try:
        for _ in range(steps):
            it.act()
        end(it)
    except (Broken, AssertionError) as failure:
        first = str(failure).partition("\n")[0]
        told = f"explore({name!r}, {number}, steps={steps}): {first}\n{it.story()}"
        raise AssertionError(told) from failure
    CASES["seeds"] += 1
    CASES["dispatches"] += len(it.hub.sent)


@pytest.fixture(autouse=True)
def _kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many entries a journal keeps: all that are looked at, or next to none."""
    small = "small journal" in request.node.name
    for module in (journal, comments):
        monkeypatch.setattr(module, "WHOLE", 2 if small else 3000)
        monkeypatch.setattr(module, "OLDER", 4 if small else 150)
    monkeypatch.setattr(comments, "LONGEST_LINE", 10**8)


@everywhere
def test_the_invariants_hold(name: str) -> None:
    for number in range(10):
        explore(name, number)


#: Lives in which a word was lost once: its author's right could not be told, a later word's could.
LOST = {
    "all there": 21_167,
    "no graphql": 20_893,
    "no list": 20_654,
    "no details": 20_252,
    "nothing": 20_193,
}


@pytest.mark.parametrize("name", LOST)
def test_they_hold_where_a_word_was_lost_once(name: str) -> None:
    explore(name, LOST[name], steps=40)


@pytest.mark.slow
@everywhere
def test_the_invariants_hold_for_long(name: str) -> None:
    for number in range(10_000, 10_060):
        explore(name, number, steps=40)


@pytest.mark.soak
@everywhere
def test_the_invariants_hold_for_ever(name: str) -> None:
    first = 10_000 * (2 + seed())
    for number in range(first, first + 3_000):
        explore(name, number, steps=40)


def test_zz_the_count_of_cases(capsys: pytest.CaptureFixture[str]) -> None:
    if not CASES:
        pytest.skip("nothing was explored")
    with capsys.disabled():
        sys.stdout.write(f"\nexplorer: {dict(CASES)}\n")
    assert CASES["dispatches"] > CASES["seeds"]
