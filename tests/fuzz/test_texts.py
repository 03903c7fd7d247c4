"""Whole front matters, down to the instants that they name: nothing but a refusal escapes."""

from __future__ import annotations

import random
from datetime import datetime, timezone

import pytest

from scheduler.errors import InvalidJob
from scheduler.policy import series
from tests.fuzz import texts
from tests.fuzz.targets import LONGEST
from tests.support.seed import seed


@pytest.mark.parametrize(
    "count",
    [
        200,
        pytest.param(1_500, marks=pytest.mark.slow),
        pytest.param(100_000, marks=pytest.mark.soak),
    ],
)
def test_texts_are_read_down_to_their_instants_in_no_time(count: int) -> None:
    found, good = texts.slowest(count, 1 + seed())
    assert good > count / 4
    slow = [each.body for each in found if texts.least(each.body, LONGEST / 2) >= LONGEST]
    assert slow == []


@pytest.mark.parametrize("rule", texts.KNOWN)
@pytest.mark.parametrize("start", texts.STARTS)
def test_what_was_slow_or_broke_is_read_in_no_time(rule: str, start: str) -> None:
    body = f"---\nrun-at: {start}\nworkflow: a.yml\nrrule: {rule}\n---\nx"
    assert texts.least(body, LONGEST / 2) < LONGEST


def test_the_command_prints_what_took_longest(capsys: pytest.CaptureFixture[str]) -> None:
    _, good = texts.slowest(50, 1)
    assert 10 < good < 50
    texts.main(["50"])
    assert capsys.readouterr().out.startswith(f"50 texts of seed 1, of which {good} are jobs; ")


def test_the_same_seed_makes_the_same_texts() -> None:
    one, two = random.Random(7), random.Random(7)
    assert [texts.text(one) for _ in range(50)] == [texts.text(two) for _ in range(50)]


def test_what_is_raised_on_a_text_is_not_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise IndexError("made up")

    monkeypatch.setattr(series, "expected", broken)
    with pytest.raises(IndexError):
        texts.slowest(50, 1)
    monkeypatch.undo()
    monkeypatch.setattr(texts, "refused", broken)
    with pytest.raises(IndexError):
        texts.slowest(50, 1)
    with pytest.raises(InvalidJob):
        texts.read("x", datetime(2026, 1, 1, tzinfo=timezone.utc))
