"""What a tick leaves for the next one in the description of the queue's label."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from scheduler.hold.memory import MOST, Memory, read, written
from tests.support.fakes import NOON

TODAY = Memory("alarm", NOON.date())
NOTE = "[clock alarm, asked 2026-11-23]"


@pytest.mark.parametrize("words", ["", "Jobs for later", "x" * (MOST - len(NOTE) - 4), "[clock]"])
def test_what_is_written_is_read_and_people_s_own_words_stay(words: str) -> None:
    text = written(words, TODAY)
    assert text == f"{words} {NOTE}".strip()
    assert read(text) == TODAY
    assert written(text, TODAY) == text
    other = Memory("balanced", date(2026, 12, 1))
    assert read(written(text, other)) == other
    assert written(text, None) == words


def test_where_there_is_no_room_nothing_is_written() -> None:
    assert written("x" * (MOST - len(NOTE)), TODAY) is None


@pytest.mark.parametrize(
    "text", [None, "", "Jobs", "[clock ALARM, asked 2026-11-23]", "[clock alarm, asked 2026-02-30]"]
)
def test_what_is_no_note_is_none(text: str | None) -> None:
    assert read(text) is None


@pytest.mark.parametrize(("hours", "holds"), [(0, True), (11, True), (12, False), (-13, False)])
def test_it_holds_for_its_day(hours: int, holds: bool) -> None:
    assert TODAY.holds(NOON + timedelta(hours=hours)) is holds
