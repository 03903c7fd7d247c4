"""``schedule simulate``: its table, its JSON, and what it refuses."""

from __future__ import annotations

import io
import json

import pytest
from click.testing import CliRunner

from scheduler.cli.main import cli
from scheduler.cli.simulate import PROFILES, WHERE, progress
from scheduler.simulation import scenario
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
    assert lines[1] == "where: public"
    assert lines[0].startswith("6 jobs in 1 day, created 2m to 3d ahead; cron keeps 8.0% of")
    table = lines[lines.index("") + 1 :]
    assert table[0].split() == ["profile", *NAMES]
    assert table[1].startswith("p50 ")
    assert all(len(line) <= 80 for line in lines)
    assert text == run(*SMALL)


def test_the_help_names_the_places_and_profiles_that_there_are() -> None:
    assert WHERE == scenario.WHERE
    assert {*PROFILES} == {*scenario.EACH, "all"}


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


def test_other_clocks_wake_it_and_it_is_said_how_long_runners_slept() -> None:
    given = ("--days", "2", "--jobs-a-day", "6", "--profile", "balanced", "--cron-kept", "0")
    alone, clock, rides = (
        json.loads(run(*given, *more, "--where", "private", "--json"))
        for more in ((), ("--clock", "5m"), ("--rides", "9"))
    )
    assert (alone["where"], clock["clock_s"], rides["rides_a_day"]) == ("private", 300, 9)
    late, pinged, ridden = (
        each["profiles"][0]["lateness_s"]["p95"] for each in (alone, clock, rides)
    )
    assert pinged < 2 < ridden < late
    (profile,) = clock["profiles"]
    assert 0 < profile["asleep_minutes_per_month"] < profile["minutes_per_month"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_is_shown_how_much_was_played_and_is_left_clean() -> None:
    stream = Terminal()
    with progress(stream) as tell:
        for share in (0.0, 0.001, 0.5, 1.0):
            tell("thrifty", share)
        tell("cron", 0.25)
    shown = stream.getvalue().split("\r")
    assert [each.rstrip() for each in shown] == [
        "", "thrifty:   0%", "thrifty:  50%", "thrifty: 100%", "cron:  25%", "", "",
    ]  # fmt: skip
    # Nothing is left of a longer line, and nothing is shown where nobody looks.
    assert len(shown[4]) == len(shown[3])
    with progress(io.StringIO()) as tell:
        tell("cron", 0.5)


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
        (("--where", "moon"), "--where: 'moon' is none of public, private, self-hosted"),
        (("--lent",), "--lent: a public repository has alarms of its own"),
        (("--clock", "5"), "--clock: '5'"),
        (("--clock", "10s"), "more often than services ping"),
        (("--rides", "-1"), "--rides"),
        *(
            ((name, "nan"), f"'{name}': nan is no number")
            for name in ("--rides", "--jobs-a-day", "--days", "--people", "--cron-kept")
        ),
        (("--clock", "1m", "--days", "40"), "1440 a day for 40 days wake the scheduler more"),
        (("--rides", "2000"), "--clock, --rides: 2000 a day for 30 days"),
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
