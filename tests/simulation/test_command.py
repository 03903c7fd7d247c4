"""``schedule simulate``: its table, its JSON, and what it refuses."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from scheduler.cli.main import cli
from scheduler.simulation.figures import span
from scheduler.simulation.scenario import NAMES

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
