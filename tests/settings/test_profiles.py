"""The profiles: what each spends, and that the numbers fit together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.hold.alarm import held
from scheduler.settings import model
from scheduler.settings.profiles import ALARM_HOLD, HOLD, MINUTE, POLL, PROFILES, Stay

#: A job on ``ubuntu-slim`` is ended after so long.
RUNNER = timedelta(minutes=15)


def test_they_are_those_that_the_settings_name() -> None:
    assert tuple(PROFILES) == model.PROFILES
    assert model.Settings().profile in PROFILES


@pytest.mark.parametrize(
    ("name", "hold", "stay", "relay", "nudged_for"),
    [
        ("auto", HOLD, Stay.DUE, False, None),
        ("alarm", ALARM_HOLD, Stay.DUE, False, None),
        ("thrifty", MINUTE, Stay.DUE, False, MINUTE),
        ("balanced", HOLD, Stay.DUE, False, HOLD),
        ("punctual", HOLD, Stay.PENDING, True, None),
    ],
)
def test_what_each_does(
    name: str, hold: timedelta, stay: Stay, relay: bool, nudged_for: timedelta | None
) -> None:
    profile = PROFILES[name]
    assert (profile.hold, profile.stay) == (hold, stay)
    assert (profile.relay, profile.nudged_for) == (relay, nudged_for)


def test_a_hold_ends_before_its_runner_does() -> None:
    assert HOLD + 2 * MINUTE < RUNNER
    assert POLL < MINUTE


def test_what_no_alarm_is_short_enough_for_is_held() -> None:
    assert held() == ALARM_HOLD


def test_only_who_waits_for_anything_hands_over() -> None:
    assert all(each.relay is (each.stay is Stay.PENDING) for each in PROFILES.values())
