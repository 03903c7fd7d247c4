"""Months of several profiles, side by side."""

from __future__ import annotations

import pytest

from scheduler.errors import UsageError
from scheduler.simulation.play import MOST_JOBS, play, profiles
from scheduler.simulation.scenario import NAMES, Scenario

DAY = Scenario(profile="cron", jobs_a_day=4, days=1)


def test_all_is_every_profile() -> None:
    assert list(profiles("all")) == list(NAMES)
    assert list(profiles("thrifty")) == ["thrifty"]


def test_each_profile_has_its_month_of_the_same_scenario() -> None:
    played = play(DAY, ("cron", "thrifty"))
    told = played.as_json()
    assert (told["jobs_a_day"], told["days"]) == (4, 1)
    assert [month["profile"] for month in told["profiles"]] == ["cron", "thrifty"]
    assert ["cron", "thrifty"] in [line.split()[-2:] for line in played.text().splitlines()]


def test_too_many_jobs_are_wrong_usage() -> None:
    many = Scenario(profile="cron", jobs_a_day=MOST_JOBS, days=2)
    with pytest.raises(UsageError, match=r"^--jobs-a-day: [^ ]+ for 2 days are more than 20,000"):
        play(many, ("cron",))
