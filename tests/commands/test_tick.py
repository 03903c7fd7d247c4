"""How long a tick stays, as a command, an action's input or a profile says it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.commands.tick import hold_for, hold_of
from scheduler.errors import UsageError
from scheduler.settings.profiles import POLL, PROFILES

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "length"),
    [("10m", 10 * MINUTE), ("PT10M", 10 * MINUTE), ("6h", 360 * MINUTE), ("0", 0 * MINUTE),
     ("0s", 0 * MINUTE)],
)  # fmt: skip
def test_a_hold_is_a_duration(text: str, length: timedelta) -> None:
    found = hold_of(text, "20s")
    assert (found.length, found.poll) == (length, timedelta(seconds=20))


@pytest.mark.parametrize(
    ("hold", "poll", "field"),
    [
        ("soon", "20s", "--hold: 'soon'"), ("6h1s", "20s", "--hold: '6h1s' is longer"),
        ("-1m", "20s", "--hold: "), ("1m", "0s", "--poll: '0s'"), ("1m", "x", "--poll: 'x'"),
    ],
)  # fmt: skip
def test_what_is_no_hold_is_wrong_usage_by_its_option(hold: str, poll: str, field: str) -> None:
    with pytest.raises(UsageError) as wrong:
        hold_of(hold, poll, option="--")
    assert str(wrong.value).startswith(field)


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_holds_as_it_says_unless_told_otherwise(name: str) -> None:
    profile = PROFILES[name]
    found = hold_for(None, None, profile=name)
    assert (found.length, found.poll) == (profile.hold or timedelta(0), POLL)
    assert (found.relay, found.stay) == (profile.relay, profile.stay)
    told = hold_for("1m", "5s", profile=name)
    assert (told.length, told.poll, told.stay) == (MINUTE, MINUTE / 12, profile.stay)
