"""Which clocks there are, told apart by the runs of the scheduler; counted."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.commands.clocks import CLOCKS, clock_of
from scheduler.hold import alarm
from scheduler.ports.values import Run
from scheduler.sandbox.command import SAMPLE
from tests.conftest import REPO, Stage, body

SHOW = ("clock", "show", "--json")
DISPATCH = f"{REPO}/actions/workflows/scheduler.yml/dispatches"


@pytest.fixture
def own(stage: Stage) -> Stage:
    """A stage with the workflow to copy, and no jobs."""
    text = (SAMPLE / ".github" / "workflows" / "scheduler.yml").read_text()
    (stage.folder / ".github" / "workflows" / "scheduler.yml").write_text(text)
    return stage


def install(stage: Stage) -> None:
    for timer in alarm.TIMERS:
        rules = {"wait_timer": timer // alarm.MINUTE}
        stage.call("PUT", f"{REPO}/environments/{alarm.environment(timer)}", rules)


def by_name(found: Any) -> dict[str, Any]:
    return {each["name"]: each for each in found["clocks"]}


@pytest.mark.parametrize(
    ("event", "title", "actor", "relays", "clock"),
    [
        ("schedule", "", "octocat", False, "cron"),
        ("push", "", "octocat", False, "ride"),
        ("workflow_run", "", "octocat", False, "ride"),
        ("issues", "", "octocat", False, "issue"),
        ("issue_comment", "", "octocat", True, "issue"),
        ("repository_dispatch", "", "octocat", False, "outside"),
        ("workflow_dispatch", "alarm schedule-8m", "github-actions[bot]", True, "alarm"),
        ("workflow_dispatch", "scheduler", "github-actions[bot]", True, "relay"),
        ("workflow_dispatch", "scheduler", "github-actions[bot]", False, "nudge"),
        ("workflow_dispatch", "scheduler", "octocat", True, "outside"),
        ("", "", "", False, "outside"),
    ],
)
def test_a_run_is_told_by_its_event_its_title_and_who_dispatched_it(
    event: str, title: str, actor: str, *, relays: bool, clock: str
) -> None:
    run = Run(id=1, event=event, title=title, actor=actor)
    assert clock_of(run, relays=relays) == clock


def test_all_clocks_are_shown_with_when_they_came_last(own: Stage) -> None:
    own.sandbox.start_cron("scheduler.yml")
    own.call("POST", DISPATCH, {"ref": "main"}, user="bot")
    own.call("POST", DISPATCH, {"ref": "main"}, user="agent")
    found = own.run(*SHOW).json
    assert [each["name"] for each in found["clocks"]] == [*CLOCKS]
    came = {name: (each["runs"], bool(each["last"])) for name, each in by_name(found).items()}
    none = (0, False)
    assert came == {
        "cron": (1, True), "alarm": none, "relay": none, "nudge": (1, True),
        "outside": (1, True), "ride": none, "issue": none,
    }  # fmt: skip
    assert (found["profile"], found["clock"], found["next_due"]) == ("auto", "auto", None)
    assert found["notices"] == [
        "alarms: there are no environments for them; 'schedule clock install alarm' makes them"
    ]


def test_a_job_that_is_due_already_is_not_said_to_come(own: Stage) -> None:
    own.open(body(-60))
    told = own.run("clock", "show").out
    assert "a job is due since 2" in told
    assert "the next job" not in told


def test_an_alarm_that_waits_is_shown_with_its_end(own: Stage) -> None:
    install(own)
    own.open(body(7200))
    own.call("POST", DISPATCH, {"ref": "main", "inputs": {"alarm": "schedule-8m"}}, user="bot")
    found = own.run(*SHOW).json
    (waits,) = found["alarms"]
    assert waits["environment"] == "schedule-8m"
    rings = by_name(found)["alarm"]
    assert (rings["next"], rings["runs"]) == (waits["ends"], 1)
    assert rings["expect"].endswith("; one waits")
    assert found["next_due"]
    text = own.run("clock", "show").out
    assert f"next at {waits['ends']}" in text
    assert text.splitlines()[-1] == f"clock {found['clock']}: {found['expect']}"


def test_no_punctuality_is_claimed_where_no_alarm_wakes_for_what_waits(own: Stage) -> None:
    install(own)
    own.open(body(7200))
    text = {"description": "[clock alarm, asked 2026-11-23]"}
    own.call("PATCH", f"{REPO}/labels/schedule", text)
    found = own.run(*SHOW).json
    assert found["expect"].startswith("no alarm waits; the next event begins the chain again")
    assert "clock alarm: no alarm waits" in own.run("clock", "show").out
    own.call("POST", DISPATCH, {"ref": "main"}, user="bot")
    own.sandbox.finish_run(own.runs()[-1].id)
    own.call("POST", DISPATCH, {"ref": "main", "inputs": {"alarm": "schedule-1d"}}, user="bot")
    assert own.run(*SHOW).json["expect"].startswith("no alarm waits"), "it ends too late"
    own.call("POST", DISPATCH, {"ref": "main", "inputs": {"alarm": "schedule-64m"}}, user="bot")
    found = own.run(*SHOW).json
    assert found["expect"] == "seconds late, whether GitHub's cron comes or not"


def test_the_profile_at_work_is_what_a_tick_has_noted(own: Stage) -> None:
    own.open(body(7200))
    text = {"description": "J [clock balanced, asked 2026-11-23]"}
    own.call("PATCH", f"{REPO}/labels/schedule", text)
    found = own.run(*SHOW).json
    assert (found["profile"], found["clock"]) == ("auto", "balanced")
    assert "due within 12 minutes" in found["expect"]
    install(own)
    assert own.run(*SHOW).json["notices"] == [
        "alarms: the environments are there; ticks look again tomorrow"
    ]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"wait_timer": 5}, "schedule-4m has a wait timer of 5 min, not of 4 min"),
        (None, "1 of 11 environments are missing"),
    ],
)
def test_environments_that_are_wrong_are_said_with_the_fix(
    own: Stage, rules: dict[str, Any] | None, words: str
) -> None:
    install(own)
    path = f"{REPO}/environments/schedule-4m"
    own.call("PUT" if rules else "DELETE", path, rules)
    (said,) = own.run(*SHOW).json["notices"]
    assert words in said
    assert said.endswith("'schedule clock install alarm' sets it right")


def test_it_costs_few_requests_which_it_tells(own: Stage) -> None:
    own.sandbox.start_cron("scheduler.yml")
    own.sandbox.clear_requests()
    # The settings, the queue, the newest runs, cron's, the environments, what waits.
    assert own.run(*SHOW).json["requests"] == len(own.sandbox.requests) == 6


def test_actions_that_are_switched_off_are_said_to_an_administrator(own: Stage) -> None:
    own.sandbox.set_actions(False)
    said = own.run(*SHOW, user="owner").json["notices"]
    assert "Actions are switched off in octo/queue; switch them on under" in said[-1]
    assert len(own.run(*SHOW, user="agent").json["notices"]) == 1


def test_without_the_workflow_there_is_no_clock(own: Stage) -> None:
    (own.folder / ".github" / "workflows" / "scheduler.yml").unlink()
    own.run("clock", "show").refused(
        3, "scheduler.yml: is not in octo/queue, so nothing wakes the scheduler; copy it"
    )


def test_a_token_that_may_not_see_runs(own: Stage) -> None:
    token = own.sandbox.make_token("agent", permissions={"issues": "write", "contents": "read"})
    own.run("clock", "show", user=token).refused(5, "lacks the permission 'actions: read'")


def test_an_overdue_job_wakes_the_scheduler_here_too(own: Stage) -> None:
    own.sandbox.set_clock(offset=-3600)
    own.open(body(-3000))
    own.sandbox.set_clock(offset=0)
    assert "it is woken now" in own.run("clock", "show").err
    assert "it is woken now" not in own.run("clock", "show", "--no-nudge").err


def test_how_often_an_outside_clock_came_is_said(own: Stage) -> None:
    for minutes in range(0, 20, 5):
        own.sandbox.set_clock(offset=60 * minutes)
        own.call("POST", DISPATCH, {"ref": "main"}, user="agent")
    assert "; lately every " in by_name(own.run(*SHOW).json)["outside"]["expect"]
