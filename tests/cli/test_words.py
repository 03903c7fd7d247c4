"""Times in words, from the command line and from the form, to the issue: over HTTP."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.action import main
from scheduler.clock import SystemClock
from scheduler.job import frontmatter
from scheduler.times import instants
from tests.conftest import Stage, at, body

WHAT = ("--workflow", "agent-message.yml", "-m", "x")
BERLIN = ZoneInfo("Europe/Berlin")


#: A morning in Berlin; each test is over within it, or "tomorrow" would change its meaning.
NOW = datetime.now(timezone.utc).replace(hour=10, minute=0, second=0, microsecond=500_000)


@pytest.fixture(autouse=True)
def now(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemClock, "now", lambda _: NOW)
    stage.sandbox.set_clock(to=instants.format_instant(NOW))


def nine(days: int = 1) -> datetime:
    """Nine o'clock in Berlin, so many days from its today."""
    today = instants.wall(NOW, BERLIN).replace(hour=9, minute=0)
    day = today.replace(second=0, microsecond=0) + timedelta(days=days)
    return instants.first_instant(day, BERLIN)


def test_words_open_a_job_with_a_strict_instant(stage: Stage) -> None:
    made = stage.create("--at", "tomorrow 9am", "--timezone", "Europe/Berlin", *WHAT)
    expected = instants.format_instant(nine())
    assert (made["run_at"], made["weekday"]) == (expected, instants.weekday(nine()))
    assert made["local"] == instants.format_local(nine(), BERLIN)
    assert made["in"].startswith("in ")
    text = stage.issue(1)["body"]
    assert f"\nrun-at: {expected}\n" in text
    assert "tomorrow" not in text + stage.issue(1)["title"]
    job = frontmatter.parse(text)
    assert (job.run_at, job.timezone) == (nine(), "Europe/Berlin")


def test_a_person_is_told_the_instant_the_day_and_the_distance(stage: Stage) -> None:
    said = stage.run("--at", "tomorrow 9am Europe/Berlin", *WHAT)
    first, second, third, *_ = said.out.splitlines()
    instant, day = instants.format_instant(nine()), instants.weekday(nine())
    assert first.startswith(f"#1 runs agent-message.yml at {instant} ({day}, in ")
    assert second == f"that is {instants.format_local(nine(), BERLIN)}"
    assert third.endswith("/issues/1")
    assert all(len(line) <= 80 for line in said.out.splitlines())
    assert frontmatter.parse(stage.issue(1)["body"]).timezone == "Europe/Berlin"


def test_the_setting_s_zone_is_that_of_words(stage: Stage) -> None:
    stage.settings("defaults: {timezone: Europe/Berlin}\n")
    made = stage.create("--at", "tomorrow 9am", *WHAT)
    assert made["run_at"] == instants.format_instant(nine())
    assert made["local"].endswith("09:00 Europe/Berlin (+02:00)") or "+01:00" in made["local"]
    assert frontmatter.parse(stage.issue(1)["body"]).timezone is None


def test_a_dry_run_tells_the_same_and_opens_nothing(stage: Stage) -> None:
    asked = ("--at", "tomorrow 9am Europe/Berlin", "--dry-run", *WHAT)
    instant, day = instants.format_instant(nine()), instants.weekday(nine())
    _, second, third, *_ = stage.run(*asked).out.splitlines()
    assert second.startswith(f"at {instant} ({day}, in ")
    assert third == f"that is {instants.format_local(nine(), BERLIN)}"
    told = stage.run(*asked, "--json").json
    assert (told["run_at"], told["weekday"], told["local"]) == (instant, day, third[8:])
    stage.untouched()


def test_words_in_a_request_of_json(stage: Stage) -> None:
    asked = {"run_at": "in 2 hours", "workflow": "agent-message.yml", "message": "m"}
    made = stage.run("create", "--json", "-", stdin=json.dumps(asked)).json
    assert made["in"] == "in 2h"
    asked["run_at"] = "tomorrow 9am"
    asked["timezone"] = "Europe/Berlin"
    made = stage.run("create", "--json", "-", stdin=json.dumps(asked)).json
    assert made["run_at"] == instants.format_instant(nine())


def test_words_move_a_job(stage: Stage) -> None:
    stage.create("--in", "2h", *WHAT)
    moved = stage.run("reschedule", "1", "--at", "tomorrow 9am Europe/Berlin")
    assert moved.status == 0, moved.err
    first, second = moved.out.splitlines()
    assert f" at {instants.format_instant(nine())} ({instants.weekday(nine())}, in " in first
    assert second == f"that is {instants.format_local(nine(), BERLIN)}"
    assert frontmatter.parse(stage.issue(1)["body"]).run_at == nine()
    stage.run("reschedule", "1", "--at", "03/04").refused(3, "may be 3 April or 4 March")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("tomorrow 9am",), ("has no time zone", "--timezone", "defaults.timezone")),
        (("tomorrow 9am EST",), ("EST is America/New_York",)),
        (("03/04",), ("may be 3 April or 4 March",)),
        (("10 kB " * 1_700,), ("has 10199 characters",)),
        (("9am\x1b[2J",), ("control character",)),
        (("yesterday 9am UTC",), ("is past: 20", "the next is 20")),
        (
            ("9am Asia/Tokyo", "--timezone", "Europe/Berlin"),
            ("another zone than --timezone Europe/Berlin",),
        ),
    ],
)
def test_words_that_are_refused_open_nothing(
    stage: Stage, args: tuple[str, ...], said: tuple[str, ...]
) -> None:
    stage.run("--at", *args, *WHAT).refused(3, "--at: ", *said)
    stage.untouched()


def test_a_past_time_in_words_can_be_asked_for(stage: Stage) -> None:
    made = stage.create("--at", "yesterday 9am Europe/Berlin", "--allow-past", *WHAT)
    assert made["run_at"] == instants.format_instant(nine(-1))


def test_the_queue_takes_no_words(stage: Stage) -> None:
    stage.settings("defaults: {timezone: Europe/Berlin}\n")
    number = stage.open(body("tomorrow 9am"))
    assert stage.tick()["invalid"][0]["id"] == number
    assert "'tomorrow 9am' is not an RFC 3339 instant" in stage.comments(number)[0]


def carry(stage: Stage, folder: Path, name: str, event: dict[str, Any]) -> int:
    (folder / "event.json").write_text(json.dumps(event))
    environ = stage.environ(
        "owner", GITHUB_ACTIONS="true", SCHEDULE_COMMAND="enqueue", GITHUB_EVENT_NAME=name,
        GITHUB_EVENT_PATH=str(folder / "event.json"), GITHUB_RUN_ID=at(0),
        GITHUB_STEP_SUMMARY=str(folder / "summary"),
    )  # fmt: skip
    return main.main(environ)


def test_the_form_takes_words(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    form = {"run-at": "tomorrow 9am Europe/Berlin", "workflow": "agent-message.yml", "message": "m"}
    assert carry(stage, tmp_path, "workflow_dispatch", {"inputs": form}) == 0
    job = frontmatter.parse(stage.issue(1)["body"])
    assert (job.run_at, job.timezone) == (nine(), "Europe/Berlin")
    told = f"{instants.format_instant(nine())} ({instants.weekday(nine())}, in "
    assert told in capsys.readouterr().out
    assert told in (tmp_path / "summary").read_text()
    form["run-at"] = "tomorrow 9am"
    assert carry(stage, tmp_path, "workflow_dispatch", {"inputs": form}) == 3
    assert "schedule::run-at: 'tomorrow 9am' has no time zone" in capsys.readouterr().out
    assert len(stage.issues()) == 1


def test_a_program_s_payload_takes_none(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    payload = {"run_at": "in 2 hours", "workflow": "agent-message.yml", "message": "m"}
    assert carry(stage, tmp_path, "repository_dispatch", {"client_payload": payload}) == 3
    assert "schedule::run_at: 'in 2 hours' is not an RFC 3339 instant" in capsys.readouterr().out
    assert stage.issues() == []


@pytest.mark.parametrize("rule", [{"cron": "0 9 * * *"}, {"rrule": "FREQ=DAILY"}, {"every": "2h"}])
def test_a_program_s_payload_needs_no_time_beside_a_rule(
    stage: Stage, tmp_path: Path, rule: dict[str, str]
) -> None:
    payload = {**rule, "workflow": "agent-message.yml", "message": "m"}
    assert carry(stage, tmp_path, "repository_dispatch", {"client_payload": payload}) == 0
    job = frontmatter.parse(stage.issue(1)["body"])
    assert job.recurring
    assert job.run_at > NOW
