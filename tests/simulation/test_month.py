"""A month of each profile: the figures that are promised, with a cron that keeps 8 %."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from scheduler.cli.simulate import simulate
from scheduler.simulation.figures import Figures
from scheduler.simulation.month import Month
from scheduler.simulation.scenario import DAY, NAMES, Cron, Lead, Scenario
from tests.support.seed import seed

pytestmark = pytest.mark.slow

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
MONTH = Scenario(profile="cron", jobs_a_day=33.0)
#: Profile auto depends on where it is: test_auto.py.
PLAIN = [name for name in NAMES if name != "auto"]
profiles = pytest.mark.parametrize("profile", PLAIN)


@cache
def played(profile: str, days: float = 30) -> Figures:
    """A month, or its beginning, with minutes to days of lead."""
    return Month(Scenario(profile=profile, jobs_a_day=MONTH.jobs_a_day, days=days)).play()


def sound(figures: Figures) -> None:
    """No job is lost, none comes early, none twice, and nobody was stopped by GitHub."""
    assert figures.lost == 0
    assert figures.doubled == 0
    assert min(figures.lateness, default=0) >= 0
    assert figures.killed == 0
    assert figures.limited == 0
    assert figures.problems == ()


@profiles
def test_the_beginning_of_a_month_is_sound(profile: str) -> None:
    figures = played(profile, 4)
    assert len(figures.outcomes) == 132
    sound(figures)


def test_a_holder_leaves_at_a_moment_when_nothing_is_near() -> None:
    """Its successor takes 5 to 40 seconds to start: whoever was due then would wait for it."""
    assert played("punctual", 4).late(1) <= 2


@pytest.mark.slow
@profiles
def test_a_month_of_a_thousand_jobs_is_sound(profile: str) -> None:
    figures = played(profile)
    assert len(figures.outcomes) == 990
    sound(figures)


@pytest.mark.slow
def test_plain_cron_is_as_late_as_others_measured() -> None:
    assert played("cron").late(0.5) > 30 * 60
    assert played("cron").late(1) > 4 * 3600


@pytest.mark.slow
def test_punctual_is_punctual_even_where_one_holder_hands_over_to_the_next() -> None:
    figures = played("punctual")
    assert figures.late(0.5) <= 2
    assert figures.late(0.99) <= 45
    assert figures.late(1) <= 45


@pytest.mark.slow
def test_balanced_is_on_time_for_what_is_created_less_than_its_hold_ahead() -> None:
    figures = played("balanced")
    soon = [o for o in figures.outcomes if o.lead < 12 * 60]
    assert len(soon) > 100
    assert figures.late(0.5, lead_below=12 * 60) <= 30
    assert figures.late(0.99, lead_below=12 * 60) <= 45
    # The rest is better off than with cron alone, and not on time.
    assert figures.late(0.5) < played("cron").late(0.5)


@pytest.mark.parametrize("lead", ["20s", "59s"])
def test_thrifty_is_on_time_for_what_is_due_within_a_minute(lead: str) -> None:
    scenario = Scenario(profile="thrifty", jobs_a_day=20, days=3, lead=Lead.read(lead))
    figures = Month(scenario).play()
    sound(figures)
    assert figures.late(1) <= 45


@pytest.mark.slow
@profiles
def test_an_hour_has_requests_to_spare_with_a_hundred_jobs_that_wait(profile: str) -> None:
    """All that is sent: creating jobs too; of what is answered 304 there may be more."""
    lead, days = Lead.read("3d"), 4.0
    figures = Month(Scenario(profile=profile, jobs_a_day=34, days=days, lead=lead)).play()
    sound(figures)
    assert max(figures.counted) <= 300
    # A holder polls every 20 s, one page of a hundred issues; after 3 days, two.
    assert max(figures.unchanged) <= 2 * 180


@profiles
def test_an_empty_queue_costs_no_minute_beyond_cron_s_own(profile: str) -> None:
    figures = Month(Scenario(profile=profile, jobs_a_day=0, days=10)).play()
    assert figures.runs == figures.cron_runs == figures.minutes > 50
    assert max(figures.unchanged) == 0


def test_without_any_cron_punctual_and_balanced_wake_for_what_is_soon() -> None:
    for profile in ("punctual", "balanced"):
        scenario = Scenario(
            profile=profile, jobs_a_day=20, days=4, lead=Lead.read("2m..11m"), cron=Cron(kept=0)
        )
        figures = Month(scenario).play()
        sound(figures)
        assert figures.late(1) <= 45


def test_a_queue_that_nobody_wakes_for_is_lost_and_told_so() -> None:
    figures = Month(Scenario(profile="cron", jobs_a_day=5, days=1, cron=Cron(kept=0))).play()
    assert figures.lost == 5
    assert figures.as_json()["lost"] == 5


def test_what_people_open_starts_a_run_of_its_own() -> None:
    scenario = Scenario(profile="cron", jobs_a_day=20, days=2, people=1, cron=Cron(kept=0))
    assert Month(scenario).play().runs >= 30


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["balanced", "punctual"])
def test_the_same_seed_gives_the_same_figures_and_another_one_others(profile: str) -> None:
    def play(number: int) -> Figures:
        return Month(Scenario(profile=profile, jobs_a_day=50, days=1, seed=number)).play()

    one, again, other = play(7), play(7), play(8)
    assert one == again
    assert one.outcomes != other.outcomes


def test_minutes_are_those_of_the_month_whatever_its_length() -> None:
    figures = played("cron", 4)
    assert figures.monthly_minutes == figures.minutes * 7.5
    assert figures.scenario.days * DAY == 4 * 86400


@pytest.mark.parametrize(
    ("lead", "number"),
    [
        pytest.param("20s..5m", 2, marks=pytest.mark.slow),
        pytest.param("2m..3d", 3, marks=pytest.mark.slow),
        pytest.param("20s..5m", 10 + seed(), marks=pytest.mark.soak),
        pytest.param("2m..3d", 20 + seed(), marks=pytest.mark.soak),
    ],
)
def test_three_hundred_jobs_a_day_are_no_burden(lead: str, number: int) -> None:
    scenario = Scenario(
        profile="punctual", jobs_a_day=300, days=3, lead=Lead.read(lead), seed=number
    )
    figures = Month(scenario).play()
    assert (figures.lost, figures.doubled, figures.killed, figures.limited) == (0, 0, 0, 0)
    assert figures.late(0.5) <= 2
    assert figures.late(0.99) <= 45
    assert max(figures.counted) < 1000


UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    number, unit = text.split()
    return float(number) * UNITS[unit]


def money(text: str) -> list[float]:
    return [float(each) for each in re.findall(r"\$([\d,.]+)", text.replace(",", ""))]


def cells(name: str) -> list[str]:
    match = re.search(rf"^\| {name} \|((?:[^|\n]+\|){{8}})$", README, re.MULTILINE)
    assert match, f"the table of figures has no row for {name}"
    return [cell.strip() for cell in match[1].split("|")[:-1]]


def test_the_month_is_the_one_that_the_command_plays() -> None:
    assert "`schedule simulate`" in README
    given: dict[str | None, Any] = {each.name: each.default for each in simulate.params}
    assert (given["jobs_a_day"], given["days"]) == (MONTH.jobs_a_day, MONTH.days)
    assert Lead.read(given["lead"]) == MONTH.lead
    assert (given["cron_kept"], given["people"]) == (MONTH.cron.kept, MONTH.people)
    assert given["seed"] == MONTH.seed


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAIN)
def test_the_readme_s_figures_are_those_of_a_month(name: str) -> None:
    """Lateness within a tenth or 0.2 s, minutes and dollars within 3 % or 5 cents."""
    shown = cells("cron alone" if name == "cron" else f"`{name}`")
    figures = played(name).as_json()
    late = figures["lateness_s"]
    told = [figures["lateness_soon_s"]["p50"], late["p50"], late["p95"], late["worst"]]
    assert [seconds(cell) for cell in shown[:4]] == [
        pytest.approx(each, rel=0.1, abs=0.2) for each in told
    ]
    assert figures["lost"] == 0
    minutes = float(shown[4].replace(",", ""))
    assert minutes == pytest.approx(figures["minutes_per_month"], rel=0.03)
    prices = figures["dollars_per_month"]
    assert shown[5] == "$0"
    for cell, where in zip(shown[6:], ("private ubuntu-slim", "private 2-core"), strict=True):
        wanted = [prices[where]["beyond_free_plan"], prices[where]["all_paid"]]
        assert money(cell) == [pytest.approx(each, rel=0.03, abs=0.05) for each in wanted]
