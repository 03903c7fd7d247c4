"""``schedule simulate``, and the README's table, which it prints."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scheduler.cli.main import cli
from scheduler.simulation.figures import span
from scheduler.simulation.scenario import NAMES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SMALL = ("--days", "1", "--jobs-a-day", "6")


def run(*args: str, status: int = 0) -> str:
    done = CliRunner().invoke(cli, ["simulate", *args], prog_name="schedule")
    assert done.exit_code == status, done.output
    return done.stdout if status == 0 else done.stderr


def test_the_table_has_a_column_for_each_profile_and_one_for_cron() -> None:
    text = run(*SMALL)
    lines = text.splitlines()
    assert lines[0].startswith("6 jobs in 1 day, created 2m to 3d ahead; cron keeps 8.0% of")
    table = lines[lines.index("") + 1 :]
    assert table[0].split() == ["profile", *NAMES]
    assert table[1].startswith("p50 ")
    assert all(len(line) <= 80 for line in lines)
    assert text == run(*SMALL)


def test_json_says_what_was_assumed_and_what_came_of_it() -> None:
    data = json.loads(run(*SMALL, "--profile", "balanced", "--cron-kept", "1", "--json"))
    assert (data["cron_kept"], data["jobs_a_day"], data["seed"]) == (1, 6, 1)
    (balanced,) = data["profiles"]
    assert balanced["profile"] == "balanced"
    assert (balanced["lost"], balanced["doubled"]) == (0, 0)
    late = balanced["lateness_s"]
    assert 0 <= late["p50"] <= late["p95"] <= late["p99"] <= late["worst"]
    assert set(balanced["dollars_per_month"]) == {
        "public", "private ubuntu-slim", "private 2-core", "self-hosted",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (("--profile", "fast"), "--profile: 'fast' is none of cron, thrifty"),
        (("--lead", "soon"), "--lead"),
        (("--lead", "3d..1m"), "ends before it begins"),
        (("--jobs-a-day", "5000"), "more than 20,000 jobs"),
        (("--days", "0"), "--days"),
        (("--cron-kept", "1.5"), "--cron-kept"),
        (("--jobs-a-day", "-1"), "--jobs-a-day"),
    ],
)
def test_bad_input_is_told(args: tuple[str, ...], word: str) -> None:
    assert word in run(*args, status=2)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.96, "10.0 s"),
        (42.4, "42 s"),
        (99, "99 s"),
        (600, "10 min"),
        (9000, "2.5 h"),
    ],
)
def test_lengths_of_time_are_written_for_people(seconds: float, text: str) -> None:
    assert span(seconds) == text


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


@pytest.fixture(scope="module")
def printed() -> dict[str, Any]:
    """What the command that the README names prints, with nothing but its defaults."""
    assert "`schedule simulate`" in README
    return {each["profile"]: each for each in json.loads(run("--json"))["profiles"]}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_readme_s_figures_are_what_the_simulation_prints(
    name: str, printed: dict[str, Any]
) -> None:
    """Lateness within a tenth or 0.2 s, minutes and dollars within 3 % or 5 cents."""
    shown = cells("cron alone" if name == "cron" else f"`{name}`")
    figures = printed[name]
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
