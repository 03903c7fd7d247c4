"""Profile ``auto`` with no cron at all, or next to none: what is promised of each place."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scheduler.simulation.figures import Figures
from scheduler.simulation.month import Month
from scheduler.simulation.scenario import Cron, Lead, Scenario
from tests.support.seed import seed


def played(where: str, *, kept: float = 0.0, **given: Any) -> Figures:
    scenario = Scenario(profile="auto", where=where, cron=Cron(kept=kept), **given)
    figures = Month(scenario).play()
    assert (figures.doubled, figures.killed, figures.limited) == (0, 0, 0)
    assert min(figures.lateness, default=0) >= 0
    return figures


def punctual(figures: Figures) -> None:
    """On time without a cron, and without a runner that sleeps for it."""
    assert figures.lost == 0
    assert figures.late(0.5) <= 2
    assert figures.late(0.99) <= 45
    assert figures.asleep <= 120 * len(figures.outcomes)
    assert figures.problems == ()


@pytest.mark.slow
@pytest.mark.parametrize(("jobs", "days"), [(33, 1.0), (3, 5.0), (1, 8.0)])
def test_in_a_public_repository_alarms_keep_it_on_time(jobs: float, days: float) -> None:
    punctual(played("public", jobs_a_day=jobs, days=days))


def test_an_alarm_by_its_name_is_what_auto_finds() -> None:
    found, named = (
        Month(Scenario(profile=name, jobs_a_day=3, days=2, cron=Cron(kept=0))).play()
        for name in ("auto", "alarm")
    )
    punctual(named)
    assert named.alarms == pytest.approx(found.alarms, abs=3)


def test_a_private_one_that_is_lent_alarms_is_on_time_and_pays_for_its_ticks_alone() -> None:
    lent = played("private", lent=True, jobs_a_day=3, days=5)
    punctual(lent)
    own = played("public", jobs_a_day=3, days=5)
    assert lent.minutes < own.minutes
    assert lent.alarms == pytest.approx(own.alarms, rel=0.1)


def test_on_a_machine_of_one_s_own_it_stays() -> None:
    figures = played("self-hosted", jobs_a_day=20, days=0.3)
    assert (figures.lost, figures.alarms) == (0, 0)
    assert figures.late(0.5) <= 1
    assert figures.late(1) <= 45


def test_a_private_one_is_on_time_for_what_is_soon_and_no_job_is_promised_more() -> None:
    figures = played("private", jobs_a_day=33, days=2)
    assert figures.alarms == 0
    assert figures.late(0.5, lead_below=12 * 60) <= 2
    assert figures.late(0.5) > 60


def test_who_creates_a_job_wakes_the_scheduler_for_those_that_are_overdue() -> None:
    given: dict[str, Any] = {"jobs_a_day": 12, "days": 2, "lead": Lead.read("2h")}
    figures = played("private", **given)
    # None is due soon enough for the scheduler to be woken for its own sake.
    assert 6 < figures.runs < 24
    assert 0 < figures.lost < 4
    assert figures.late(0.5) < 2 * 3600


@pytest.mark.parametrize("where", ["public", "private", "self-hosted"])
def test_an_empty_queue_arms_nothing(where: str) -> None:
    figures = played(where, jobs_a_day=0, days=3)
    assert (figures.runs, figures.alarms, figures.minutes) == (0, 0, 0)
    woken = played(where, jobs_a_day=0, days=3, rides=10)
    assert (woken.alarms, woken.minutes) == (0, woken.runs)
    assert woken.runs == pytest.approx(30, abs=12)


def test_a_job_in_three_days_costs_about_a_dozen_short_runs() -> None:
    scenario = Scenario(
        profile="auto", jobs_a_day=1, days=1, lead=Lead.read("3d"), cron=Cron(kept=0)
    )
    month = Month(scenario)
    assert month.play().late(1) <= 45
    ticks = [job for job in month.actions.jobs if job.ticks]
    assert len(month.hub.sent) == 1
    assert 3 <= len(ticks) <= 13
    assert sum(job.minutes for job in ticks) <= len(ticks) + 3


@pytest.mark.slow
def test_a_hundred_jobs_that_wait_leave_requests_to_spare() -> None:
    figures = played("public", jobs_a_day=100, days=1, lead=Lead.read("1d"))
    punctual(figures)
    assert max(figures.counted) < 300


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kept", "jobs", "days", "number"),
    [
        (0.0, 33.0, 7.0, 1),
        (0.03, 3.0, 30.0, 1),
        (0.08, 1.0, 30.0, 1),
        *(
            pytest.param(kept, jobs, 30.0, 10 + seed(), marks=pytest.mark.soak)
            for kept in (0.0, 0.03, 0.08)
            for jobs in (33.0, 3.0, 1.0)
        ),
    ],
)
def test_the_figures_that_are_promised_of_a_public_repository(
    kept: float, jobs: float, days: float, number: int
) -> None:
    punctual(played("public", kept=kept, jobs_a_day=jobs, days=days, seed=number))


README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
PLACES: dict[str, dict[str, Any]] = {
    "public": {"where": "public"},
    "self-hosted": {"where": "self-hosted"},
    "private": {"where": "private"},
    "private, 20 events a day": {"where": "private", "rides": 20.0},
    "private, clock of 5 minutes": {"where": "private", "clock": 300.0},
    "private, lent alarm": {"where": "private", "lent": True},
}
CRONS = ((33.0, 0.0), (33.0, 0.08), (3.0, 0.0))
#: Those of the table that take a second; the others are played where time does not matter.
QUICK = {("public", 3.0), ("private", 3.0), ("private, lent alarm", 3.0)}
UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


@cache
def month(place: str, jobs: float, kept: float) -> Figures:
    return played(jobs_a_day=jobs, kept=kept, **PLACES[place])


def number(text: str) -> float:
    """What a cell says, in seconds where it is a time."""
    value, _, unit = text.replace(",", "").partition(" ")
    return float(value) * UNITS.get(unit, 1.0)


def prices(text: str) -> list[float]:
    return [float(each) for each in re.findall(r"\$([\d.]+)", text)]


def test_the_table_has_a_row_for_each_place_and_cron() -> None:
    found = re.findall(r"^\| ([a-z][^|]*) \| (\d+) \| (\d+) % \|", README, re.MULTILINE)
    expected = [(place, f"{jobs:g}", f"{100 * kept:g}") for place in PLACES for jobs, kept in CRONS]
    assert found == expected


@pytest.mark.parametrize(
    ("place", "jobs", "kept"),
    [
        pytest.param(
            place, jobs, kept,
            marks=pytest.mark.slow if (place, jobs) in QUICK else pytest.mark.soak,
        )
        for place in PLACES
        for jobs, kept in CRONS
    ],
)  # fmt: skip
def test_the_readme_s_figures_of_auto_are_those_of_a_month(
    place: str, jobs: float, kept: float
) -> None:
    """Lateness within a fifth or a second, minutes and dollars within 5 % or 5 cents.

    The worst of a month is one job's chance: it is of the same size.
    """
    row = re.search(rf"^\| {place} \| {jobs:g} \| {100 * kept:g} % \|(.*)\|$", README, re.MULTILINE)
    assert row, f"the table has no row for {place}"
    cells = [cell.strip() for cell in row[1].split("|")]
    told = month(place, jobs, kept).as_json()
    late, soon = told["lateness_s"], told["lateness_soon_s"]
    wanted = [soon["p50"], late["p50"], late["p95"]]
    assert [number(cell) for cell in cells[:3]] == [
        pytest.approx(each, rel=0.2, abs=1) for each in wanted
    ]
    assert number(cells[3]) == pytest.approx(late["worst"], rel=0.5, abs=30)
    assert number(cells[4]) == told["lost"]
    minutes = [told["minutes_per_month"], told["asleep_minutes_per_month"]]
    assert [number(cell) for cell in cells[5:7]] == [
        pytest.approx(each, rel=0.05, abs=2) for each in minutes
    ]
    free = PLACES[place]["where"] != "private"
    for cell, where in zip(cells[7:], ("private ubuntu-slim", "private 2-core"), strict=True):
        paid = told["dollars_per_month"][where]
        asked = [0.0] if free else [paid["beyond_free_plan"], paid["all_paid"]]
        assert prices(cell) == [pytest.approx(each, rel=0.05, abs=0.05) for each in asked]
