"""How the period of ``schedule stats`` is written."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from scheduler.commands.lateness import allowed, begin
from scheduler.commands.stats import Waiting
from scheduler.commands.watchdog import Overdue
from scheduler.errors import UsageError

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("since", "began"),
    [("7d", timedelta(days=7)), ("PT2H", timedelta(hours=2)), ("2026-11-23T12:00Z", NOON)],
)
def test_from_when_on(since: str, began: datetime | timedelta) -> None:
    assert begin(since) == began


@pytest.mark.parametrize("since", ["", "yesterday", "2026-11-23", "2026-13-01T00:00Z", "-1d", "0s"])
def test_what_is_no_period_is_wrong_usage(since: str) -> None:
    with pytest.raises(UsageError, match=r"^--since: "):
        begin(since)


def test_how_late_is_not_overdue() -> None:
    assert (allowed("0s"), allowed("5m")) == (timedelta(0), timedelta(minutes=5))
    with pytest.raises(UsageError, match=r"^--grace: "):
        allowed("soon")


def test_a_monitor_hears_which_jobs_are_overdue_and_what_to_do() -> None:
    late = [
        Overdue(
            number=n, url=f"U{n}", run_at=NOON, since=NOON, untouched=NOON, target="run.yml"
        )
        for n in (3, 5)
    ]  # fmt: skip
    now = NOON + timedelta(hours=1)
    assert Waiting(now=now, overdue=(), fix="f").problem() is None
    assert Waiting(now=now, overdue=(), fix="f").text() == "nothing is overdue"
    found = Waiting(now=now, overdue=tuple(late), fix="f")
    assert found.problem() == "#3, #5 are overdue; f"
    assert found.text().splitlines()[0] == "#3 run.yml could have run 1h ago: U3"
    assert [each["overdue_s"] for each in found.as_json()["overdue"]] == [3600.0, 3600.0]
