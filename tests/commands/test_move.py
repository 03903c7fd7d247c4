"""What a move needs to be told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.commands.move import need_time, of_series
from scheduler.commands.request import Request
from scheduler.errors import UsageError
from tests.support.fakes import NOON


@pytest.mark.parametrize("texts", [{"run-at": "noon"}, {"in": "2h"}, {"in": "2h", "run-at": "x"}])
def test_a_request_that_says_when_is_let_through(texts: dict[str, str]) -> None:
    request = Request(texts=texts)
    assert need_time(request) is request


@pytest.mark.parametrize("texts", [{}, {"timezone": "UTC"}, {"cron": "@daily"}])
def test_a_move_needs_a_time(texts: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"^time: say when, with --at .* or --in 2h"):
        need_time(Request(texts=texts))


def test_another_start_of_a_series_is_told_for_what_it_is() -> None:
    two = timedelta(hours=2)
    same, snooze = of_series(7, NOON + two, NOON + 3 * two, NOON + 3 * two, NOON)
    assert same == (
        "it is a series: its start is 2026-11-23T14:00:00Z now, and its next instant is as before"
    )
    assert snooze == "to put off its next run alone, say 'schedule snooze 7 --for 2h'"
    other, _ = of_series(7, NOON + two, NOON + timedelta(hours=1), NOON + two, NOON)
    assert other.endswith("its next instant was 2026-11-23T13:00:00Z before")
    _, snooze = of_series(7, NOON - two, NOON, NOON, NOON)
    assert snooze.endswith("--for 1m'")
