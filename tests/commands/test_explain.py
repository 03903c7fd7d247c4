"""What a request's times come to, without a server."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone

import pytest

from scheduler.commands.explain import SHOWN, explain, explained, needs_zone
from scheduler.commands.request import Request
from scheduler.errors import InvalidJob, Refused, UsageError
from scheduler.settings.model import Defaults, Limits, Settings

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
BERLIN = Settings(defaults=Defaults(timezone="Europe/Berlin"))


def asked(**texts: str) -> Request:
    return Request(texts={name.replace("_", "-"): text for name, text in texts.items()})


def test_one_time_is_one_instant() -> None:
    found = explain(asked(**{"in": "1h"}), now=NOON, settings=Settings())
    assert found.as_json() == {"next": ["2026-11-23T13:00:00Z"]}
    assert found.text() == "2026-11-23T13:00:00Z (Monday, in 1h)"


def test_a_series_is_its_next_five_at_the_clocks_of_its_zone() -> None:
    found = explain(asked(cron="30 9 * * *"), now=NOON, settings=BERLIN)
    days = [f"2026-11-{day}T08:30:00Z" for day in range(24, 24 + SHOWN)]
    assert found.as_json() == {"next": days}
    assert (
        found.text().splitlines()[1] == "  that is Tuesday 2026-11-24 09:30 Europe/Berlin (+01:00)"
    )


def test_a_series_that_ends_says_so_and_its_jitter_too() -> None:
    found = explain(asked(every="1h", count="2", jitter="10m"), now=NOON, settings=Settings())
    assert found.text().splitlines()[-2:] == [
        "each up to 10m later, by its jitter",
        "that is all: the series ends there",
    ]


def test_a_tolerance_is_told_of_a_series_and_of_what_comes_once() -> None:
    words = "each still good 2h later, by its tolerance: nothing is spent on being sooner"
    for given in ({"in": "1h"}, {"every": "1d"}):
        found = explain(asked(**given, tolerance="2h"), now=NOON, settings=Settings())
        assert words in found.text().splitlines()
    found = explain(asked(every="1h", tolerance="0s"), now=NOON, settings=Settings())
    assert "tolerance" not in found.text()


def test_what_comes_too_often_is_shown_and_refused() -> None:
    often = Settings(limits=Limits(shortest_interval=timedelta(hours=2)))
    found = explain(asked(every="1h"), now=NOON, settings=often)
    assert len(found.instants) == SHOWN
    assert found.as_json()["refused"].startswith("--every: ")
    assert "as a job it is refused: --every: " in found.text()


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        ({}, UsageError), ({"in": "1h", "run_at": "noon"}, UsageError), ({"in": "x"}, InvalidJob),
        ({"run_at": "2026-11-23T11:00Z"}, Refused), ({"cron": "x"}, InvalidJob),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(texts: dict[str, str], kind: type[Exception]) -> None:
    with pytest.raises(kind):
        explain(asked(**texts), now=NOON, settings=Settings())


@pytest.mark.parametrize(
    ("texts", "needs"),
    [
        ({"in": "1h"}, False), ({"every": "1h"}, False), ({"cron": "@daily"}, True),
        ({"rrule": "FREQ=DAILY"}, True), ({"run_at": "noon"}, True),
        ({"cron": "@daily", "timezone": "UTC"}, False), ({"every": "1h", "until": "x"}, True),
    ],
)  # fmt: skip
def test_the_settings_are_asked_for_their_zone_alone(texts: dict[str, str], needs: bool) -> None:
    questions = []

    def ask() -> Settings:
        questions.append("settings")
        raise UsageError("repository: is missing")

    request = asked(**texts)
    assert needs_zone(request) is needs
    with suppress(InvalidJob):  # without settings a zone has to be named
        explained(request, now=NOON, ask=ask)
    assert bool(questions) is needs
