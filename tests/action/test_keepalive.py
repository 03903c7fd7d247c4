"""Cron ends in a repository that nobody commits to: when that is asked, said, and prevented."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.action import main
from scheduler.action.keepalive import TERMS, decide, first_of_its_day, keep_alive
from scheduler.connection import Connection, connect
from scheduler.environment import Environment
from tests.conftest import QUEUE, Stage

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
RUNS = f"GET /repos/{QUEUE}/actions/workflows/scheduler.yml/runs"
ENABLE = f"PUT /repos/{QUEUE}/actions/workflows/scheduler.yml/enable"
CRON = "name: Scheduler\non: {schedule: [{cron: '7 * * * *'}], workflow_dispatch: {}}\n"


@pytest.mark.parametrize(
    ("idle", "idle_days", "days_left", "near"),
    [
        (timedelta(), 0, 60, False),
        (-5 * DAY, 0, 60, False),  # a commit from a clock that is wrong
        (44 * DAY, 44, 16, False),
        (45 * DAY - SECOND, 44, 15, False),
        (45 * DAY, 45, 15, True),
        (59 * DAY, 59, 1, True),
        (60 * DAY - SECOND, 59, 0, True),
        (60 * DAY, 60, 0, True),
        (400 * DAY, 400, 0, True),
    ],
)
def test_the_decision(idle: timedelta, idle_days: int, days_left: int, near: bool) -> None:
    found = decide(NOON - idle, NOON)
    assert (found.idle_days, found.days_left, found.near) == (idle_days, days_left, near)


@pytest.mark.parametrize(
    ("before", "first"),
    [
        (None, True),
        (NOON - SECOND, False),
        (NOON - timedelta(hours=12), False),
        (NOON - timedelta(hours=12) - SECOND, True),
        (NOON - 3 * DAY, True),
    ],
)
def test_the_first_of_its_day(before: datetime | None, first: bool) -> None:
    assert first_of_its_day(NOON, before) == first


Asks = Callable[..., "str | None"]


@pytest.fixture
def cron(stage: Stage) -> Iterator[Asks]:
    """Starts the scheduler by cron, and asks as its tick does."""
    stage.workflow("scheduler.yml", CRON)
    made: list[Connection] = []

    def ask(*, idle: float = 50, token: str = "bot", **environ: Any) -> str | None:
        committed = stage.sandbox.clock() - timedelta(days=idle)
        stage.sandbox.set_pushed_at(committed.strftime("%Y-%m-%dT%H:%M:%SZ"))
        run = stage.sandbox.start_cron("scheduler.yml")
        stage.sandbox.finish_run(run)
        variables = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "schedule",
            "GITHUB_RUN_ID": str(run),
            "GITHUB_WORKFLOW_REF": f"{QUEUE}/.github/workflows/scheduler.yml@refs/heads/main",
            **environ,
        }
        environment = Environment.read(stage.environ(token, **variables))
        connection = connect(environment)
        made.append(connection)
        stage.sandbox.clear_requests()
        return keep_alive(connection.queue, connection.settings, environment, stage.sandbox.clock())

    yield ask
    for connection in made:
        connection.close()


def asked(stage: Stage) -> list[str]:
    """What was asked: method and path of each request."""
    return [f"{each.method} {each.path}" for each in stage.sandbox.requests]


ASKED = [RUNS, f"GET /repos/{QUEUE}", f"GET /repos/{QUEUE}/commits"]


def test_long_idle_it_only_warns(stage: Stage, cron: Asks) -> None:
    said = cron(idle=50.5)
    assert said is not None
    assert said.startswith("keep-alive: 50 days without a commit")
    assert "in 9 days" in said
    assert "push a commit to the default branch" in said
    assert "was enabled anew" not in said
    assert asked(stage) == ASKED


@pytest.mark.parametrize("text", ["", "keep-alive: false\n"])
def test_nothing_is_enabled_unless_the_settings_say_so(stage: Stage, cron: Asks, text: str) -> None:
    stage.settings(text)
    assert cron(idle=61) is not None
    assert [line for line in asked(stage) if not line.startswith("GET ")] == []


def test_what_the_settings_ask_for_is_done_and_said(stage: Stage, cron: Asks) -> None:
    stage.settings("keep-alive: true\n")
    said = cron(idle=50.5)
    assert said is not None
    assert said.startswith("keep-alive: 50 days without a commit")
    assert "scheduler.yml was enabled anew" in said
    assert "in 9 days" in said
    assert asked(stage) == [*ASKED, ENABLE]


@pytest.mark.parametrize("text", ["", "keep-alive: true\n"])
def test_the_platform_s_terms_are_named_where_it_could_be_enabled(
    stage: Stage, cron: Asks, text: str
) -> None:
    stage.settings(text)
    assert TERMS in (cron() or "")


def test_the_action_annotates_it_as_a_warning(
    stage: Stage, cron: Asks, capfd: pytest.CaptureFixture[str]
) -> None:
    cron()
    stage.sandbox.set_clock(advance=DAY.total_seconds())
    run = stage.sandbox.start_cron("scheduler.yml")
    variables = {"GITHUB_EVENT_NAME": "schedule", "GITHUB_RUN_ID": str(run), "SCHEDULE_HOLD": "0"}
    assert main.main(stage.environ("bot", GITHUB_ACTIONS="true", **variables)) == 0
    warned = [line for line in capfd.readouterr().out.splitlines() if "keep-alive: " in line]
    assert [line for line in warned if line.startswith("::warning ")], warned


@pytest.mark.parametrize("text", ["", "keep-alive: true\n"])
def test_past_the_limit_it_may_end_any_day(stage: Stage, cron: Asks, text: str) -> None:
    stage.settings(text)
    assert "any day now" in (cron(idle=61) or "")


def test_a_repository_that_lives_is_left_alone(stage: Stage, cron: Asks) -> None:
    assert cron(idle=44.9) is None
    assert len(asked(stage)) == 3


def test_it_is_asked_once_a_day(stage: Stage, cron: Asks) -> None:
    stage.sandbox.set_clock(to="2026-11-23T00:05:00Z")
    assert cron() is not None
    for hour in (1, 9, 23):
        stage.sandbox.set_clock(to=f"2026-11-23T{hour:02}:59:59Z")
        assert cron() is None
        assert asked(stage) == [RUNS]
    stage.sandbox.set_clock(to="2026-11-24T00:00:00Z")
    assert cron() is not None


def test_a_run_that_the_list_does_not_show_yet(stage: Stage, cron: Asks) -> None:
    stage.sandbox.set_clock(to="2026-11-23T00:05:00Z")
    assert cron(GITHUB_RUN_ID="99999999999") is None  # another run of this day is in the list
    stage.sandbox.set_clock(to="2026-11-24T00:05:00Z")
    stage.sandbox.set_staleness(runs=60)
    assert cron() is not None


@pytest.mark.parametrize("event", ["workflow_dispatch", "issues", "repository_dispatch", ""])
def test_only_a_run_of_cron_asks(stage: Stage, cron: Asks, event: str) -> None:
    assert cron(GITHUB_EVENT_NAME=event) is None
    assert asked(stage) == []


def test_a_private_repository_needs_nothing(stage: Stage, cron: Asks) -> None:
    stage.sandbox.repository().private = True
    assert cron() is None
    assert asked(stage) == [RUNS, f"GET /repos/{QUEUE}"]


def test_where_the_event_says_private_nothing_is_asked(stage: Stage, cron: Asks) -> None:
    cron()
    connection = connect(Environment.read(stage.environ("bot")))
    event = {"repository": {"private": True}}
    environment = replace(connection.environment, event_name="schedule", event=event)
    stage.sandbox.clear_requests()
    assert keep_alive(connection.queue, connection.settings, environment, NOON) is None
    assert asked(stage) == []
    connection.close()


def test_without_actions_own_name_the_settings_name_the_workflow(stage: Stage, cron: Asks) -> None:
    stage.workflow("ticks.yml", CRON)
    stage.settings("scheduler: {workflow: ticks.yml}\nkeep-alive: true\n")
    said = cron(GITHUB_WORKFLOW_REF="")
    assert said is not None
    assert "ticks.yml was enabled anew" in said


def test_a_token_that_may_not_enable_is_said(stage: Stage, cron: Asks) -> None:
    stage.settings("keep-alive: true\n")
    token = stage.sandbox.make_token("owner", permissions={"actions": "read", "contents": "read"})
    said = cron(token=token)
    assert said is not None
    assert "enabling it anew failed (token: lacks the permission 'actions: write'" in said
    assert "push a commit to the default branch" in said


def test_a_token_that_may_not_even_ask_is_said(cron: Asks, stage: Stage) -> None:
    token = stage.sandbox.make_token("owner", permissions={"contents": "read"})
    said = cron(token=token)
    assert said is not None
    assert said.startswith("keep-alive: it can't be told whether scheduler.yml is about to be ")
    assert "actions: read" in said


@pytest.mark.slow
def test_a_server_that_fails_is_said_and_not_raised(stage: Stage, cron: Asks) -> None:
    stage.sandbox.fault("502-before", path="/commits", count=9)
    said = cron()
    assert said is not None
    assert "502" in said
