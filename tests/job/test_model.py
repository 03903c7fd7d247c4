from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.job.model import (
    OCCURRENCE_KEY,
    Job,
    first_try,
    next_try,
    occurrence_comment,
    occurrence_instant,
    occurrence_key,
    which_try,
)
from scheduler.ports.values import Comment, Dispatch, Run, Target, Ticket, User

HOUR = timedelta(hours=1)

NINE = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
OTHER_ZONES = [
    None, ZoneInfo("UTC"), ZoneInfo("Europe/Berlin"), timezone(timedelta(hours=1)),
    timezone(timedelta(0), "UTC"),
]  # fmt: skip


@pytest.mark.parametrize("zone", OTHER_ZONES)
def test_no_instant_but_in_utc(zone: tzinfo | None) -> None:
    moment = NINE.replace(tzinfo=zone)
    with pytest.raises(ValueError, match=r"^run_at: .* is not in timezone\.utc$"):
        Job(run_at=moment)
    with pytest.raises(ValueError, match=r"^deadline: "):
        Job(run_at=NINE, deadline=moment)
    with pytest.raises(ValueError, match=r"^instant: "):
        occurrence_key(1, moment)


@pytest.mark.parametrize("value", [Job, User, Ticket, Comment, Run, Target, Dispatch])
def test_values_are_frozen_and_named(value: type) -> None:
    params = value.__dataclass_params__  # type: ignore[attr-defined]
    assert params.frozen
    assert all(spec.kw_only for spec in dataclasses.fields(value))


@pytest.mark.parametrize(
    ("deadline", "expires"),
    [
        (None, None),
        (timedelta(hours=1), NINE + timedelta(hours=1)),
        (NINE + timedelta(days=1), NINE + timedelta(days=1)),
        (NINE - timedelta(days=1), NINE - timedelta(days=1)),
    ],
)
def test_when_a_job_expires(
    deadline: timedelta | datetime | None, expires: datetime | None
) -> None:
    assert Job(run_at=NINE, deadline=deadline).expires_at() == expires


@pytest.mark.parametrize(
    ("given", "hours"),
    [
        ({}, 0),
        ({"tolerance": timedelta(0)}, 0),
        ({"tolerance": 2 * HOUR}, 2),
        ({"tolerance": 2 * HOUR, "deadline": 3 * HOUR}, 2),
        ({"tolerance": 2 * HOUR, "deadline": HOUR}, 1),
        ({"tolerance": 2 * HOUR, "deadline": NINE + HOUR}, 1),
        ({"tolerance": 2 * HOUR, "deadline": NINE - HOUR}, 0),
        ({"deadline": 3 * HOUR}, 0),
        ({"tolerance": 30 * HOUR, "when": "closed(#1)"}, 24),
        ({"tolerance": 30 * HOUR, "when": "closed(#1)", "deadline": 28 * HOUR}, 28),
        ({"tolerance": 2 * HOUR, "when": "closed(#1)", "patience": HOUR}, 1),
        ({"tolerance": 2 * HOUR, "patience": HOUR}, 2),
    ],
)
def test_from_when_on_a_job_is_late(given: dict[str, Any], hours: float) -> None:
    assert Job(run_at=NINE, **given).late_from() == NINE + hours * HOUR


def test_what_a_job_or_a_target_starts() -> None:
    assert Job(run_at=NINE, workflow="run.yml").target == "run.yml"
    assert Job(run_at=NINE, event="wake").target == "wake"
    assert Job(run_at=NINE).target == "(no workflow)"
    assert Target(repo="a/b", ref="main", workflow="run.yml").name == "run.yml"
    assert Target(repo="a/b", ref="main", event="wake").name == "wake"
    assert Target(repo="a/b", ref="main").name == ""


@pytest.mark.parametrize(
    ("queue", "runs_in", "key"),
    [
        ("", "", "42@2026-11-23T09:00:00Z"),
        ("octo/queue", "octo/queue", "42@2026-11-23T09:00:00Z"),
        ("octo/queue", "Octo/Queue", "42@2026-11-23T09:00:00Z"),
        ("octo/queue", "octo/other", "octo/queue#42@2026-11-23T09:00:00Z"),
    ],
)
def test_an_occurrence_has_one_name(queue: str, runs_in: str, key: str) -> None:
    assert occurrence_key(42, NINE, queue=queue, runs_in=runs_in) == key
    assert OCCURRENCE_KEY.fullmatch(key)
    found = occurrence_instant(key)
    assert found == NINE
    assert found is not None
    assert found.tzinfo is timezone.utc


@pytest.mark.parametrize(
    "text",
    [
        "", "42", "@2026-11-23T09:00:00Z", "x@2026-11-23T09:00:00Z", "42@2026-11-23",
        "42@2026-11-23T09:00:00", "42@2026-11-23T09:00:00+00:00", "#42@2026-11-23T09:00:00Z",
        "queue#42@2026-11-23T09:00:00Z", "42@2026-11-23T09:00:00Z\n",
    ],
)  # fmt: skip
def test_what_names_no_occurrence(text: str) -> None:
    assert not OCCURRENCE_KEY.fullmatch(text)


@pytest.mark.parametrize(
    "first", ["42@2026-11-23T09:00:00Z", "octo/queue#42@2026-11-23T09:00:00Z", "42@comment-7"]
)
def test_each_further_try_of_an_occurrence_has_a_name_of_its_own(first: str) -> None:
    assert (first_try(first), which_try(first)) == (first, 1)
    second = next_try(first)
    tenth = f"{first}~10"
    assert second == f"{first}~2"
    assert next_try(f"{first}~9") == tenth
    for number, key in ((2, second), (10, tenth), (999, f"{first}~999")):
        assert OCCURRENCE_KEY.fullmatch(key)
        assert (first_try(key), which_try(key)) == (first, number)
        assert occurrence_instant(key) == occurrence_instant(first)
        assert occurrence_comment(key) == occurrence_comment(first)
        # A run that shows it shows no other try.
        assert OCCURRENCE_KEY.findall(f"for a [{key}]") == [key]
    with pytest.raises(ValueError, match="no further try"):
        next_try(f"{first}~999")


@pytest.mark.parametrize("wrong", ["~0", "~1", "~02", "~1000", "~2~3"])
def test_what_is_no_try_is_no_key_nor_shows_the_first(wrong: str) -> None:
    for first in ("42@2026-11-23T09:00:00Z", "42@comment-77"):
        found = OCCURRENCE_KEY.findall(f"[{first}{wrong}]")
        assert found == []


def test_a_job_without_inputs_has_none_that_can_be_added() -> None:
    with pytest.raises(TypeError):
        Job(run_at=NINE).inputs["a"] = "b"  # type: ignore[index]
