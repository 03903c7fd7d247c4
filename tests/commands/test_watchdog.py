"""Who sees an overdue job is told that the scheduler stays away; nobody else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.commands import watchdog
from scheduler.ports.values import Ticket, User
from scheduler.settings.model import Scheduler, Settings
from tests.conftest import QUEUE, Stage, at, body

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


def ticket(number: int = 7, *, due: float = 60, touched: float = 600, **more: Any) -> Ticket:
    """A job that was due ``due`` minutes ago, opened and last touched ``touched`` ago."""
    run_at = NOON - due * MINUTE
    text = f"---\nrun-at: {run_at:%Y-%m-%dT%H:%M:%SZ}\nworkflow: run.yml\n---\n"
    made = Ticket(
        number=number,
        body=text,
        author=User(login="agent"),
        labels=("schedule",),
        url=f"http://localhost/o/r/issues/{number}",
        created_at=NOON - touched * MINUTE,
        updated_at=NOON - touched * MINUTE,
    )
    return replace(made, **more)


def line(*tickets: Ticket, settings: Settings | None = None) -> str | None:
    return watchdog.warning(tickets, settings or Settings(), NOON, repository="o/r")


@pytest.mark.parametrize(
    ("due", "touched", "away"),
    [
        (-60, 600, None),  # not yet due
        (29, 600, None),
        (30, 600, None),  # the threshold itself is still allowed
        (31, 600, "31m"),
        (90.9, 600, "1h30m"),  # whole minutes, rounded down: it is at least so long
        (3 * 24 * 60, 10_000, "3d"),
        (600, 29, None),  # somebody was there: it may be retried right now
        (600, 30, None),
        (600, 31, "31m"),
        (10_000, 45, "45m"),  # opened with a time that was past
    ],
)
def test_how_long_the_scheduler_has_not_been_there(
    due: float, touched: float, away: str | None
) -> None:
    said = line(ticket(due=due, touched=touched))
    if away is None:
        assert said is None
    else:
        assert said is not None
        assert said.startswith(f"#7 is overdue, and the scheduler has not been there for {away}; ")


@pytest.mark.parametrize(
    "changes",
    [
        {"open": False},
        {"labels": ("schedule", "schedule:held")},  # a person decides
        {"body": "no front matter"},  # its author mends it
    ],
)
def test_what_does_not_wait_for_the_scheduler(changes: dict[str, Any]) -> None:
    assert line(ticket(**changes)) is None


def test_the_line_names_jobs_the_command_and_what_to_check() -> None:
    said = line(ticket(3, due=40), ticket(5, due=50))
    assert said == (
        "#5, #3 are overdue, and the scheduler has not been there for 50m; start it with "
        "'gh workflow run scheduler.yml --repo o/r', and check that Actions and this workflow "
        "are enabled"
    )
    assert (line(*(ticket(n) for n in range(1, 13))) or "").startswith("#1, #2, #3, #4, #5 and 7 ")


def test_the_command_is_for_the_workflow_of_the_settings_and_safe_to_paste() -> None:
    settings = Settings(scheduler=Scheduler(workflow="my ticks;.yml"))
    said = line(ticket(), settings=settings)
    assert said is not None
    assert "gh workflow run 'my ticks;.yml' --repo o/r" in said


def test_overdue_is_by_the_instant_from_which_on_it_could_run() -> None:
    tickets = [ticket(1, due=20, touched=4), ticket(2, due=6), ticket(3, due=5)]
    late = watchdog.overdue(tickets, Settings(), NOON, grace=5 * MINUTE, repository="o/r")
    assert [(each.number, NOON - each.since) for each in late] == [(2, 6 * MINUTE)]
    (first, *_) = watchdog.overdue(tickets, Settings(), NOON, grace=timedelta(0), repository="o/r")
    assert (first.number, first.target) == (2, "run.yml")


@pytest.fixture
def forgotten(stage: Stage) -> int:
    """A job that was due two hours ago, and that nobody came for."""
    stage.sandbox.set_clock(offset=-3 * 3600)
    number = stage.open(body(at(-2 * 3600)))
    stage.sandbox.set_clock(offset=0)
    return number


@pytest.mark.parametrize(
    "command",
    [
        ("list",), ("list", "--all"), ("show", "1"), ("stats",), ("cancel", "1"), ("pause", "1"),
        ("reschedule", "1", "--in", "2h"), ("snooze", "1", "--for", "1h"), ("run", "1"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_json", [False, True])
def test_each_look_tells_it_on_standard_error_alone(
    stage: Stage, forgotten: int, command: tuple[str, ...], as_json: bool
) -> None:
    result = stage.run(*command, *(["--json"] if as_json else []))
    assert result.status == 0
    (said,) = result.err.splitlines()
    assert said.startswith("schedule: #1 is overdue, and the scheduler has not been there for ")
    assert f"gh workflow run scheduler.yml --repo {QUEUE}" in said
    assert "overdue, and" not in result.out
    if as_json:
        assert result.json


def test_a_creation_that_listed_the_queue_tells_it_too(stage: Stage, forgotten: int) -> None:
    new = ("create", "--in", "2h", "--workflow", "agent-message.yml", "-m", "x", "--no-nudge")
    listed = stage.run(*new, "--dedup-key", "k", "--json")
    assert listed.json["created"] is True
    assert listed.err.startswith("schedule: #1 is overdue")
    stage.sandbox.clear_requests()
    unlisted = stage.run(*new, "--json")
    assert unlisted.json["created"] is True
    assert not [each for each in stage.sandbox.requests if "labels=" in str(each)]
    assert unlisted.err == ""


def test_after_a_tick_nothing_is_said(stage: Stage, forgotten: int) -> None:
    stage.tick()
    for command in (("list",), ("list", "--all"), ("show", "1"), ("stats",)):
        assert stage.run(*command).err == ""


@pytest.mark.parametrize(("tolerance", "away"), [("2h", None), ("29m", "31m"), ("0s", "1h")])
def test_a_job_within_its_tolerance_is_not_overdue(tolerance: str, away: str | None) -> None:
    late = ticket(due=60)
    text = late.body.replace("workflow:", f"tolerance: {tolerance}\nworkflow:")
    said = line(replace(late, body=text))
    assert said is None if away is None else f"been there for {away};" in (said or "")
