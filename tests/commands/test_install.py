"""The environments of alarms: made, repeated, removed; and all that may be in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scheduler.commands.install import lending_workflow
from scheduler.hold import alarm
from scheduler.sandbox.command import SAMPLE
from tests.conftest import QUEUE, REPO, Result, Stage, body

NAMES = [alarm.environment(timer) for timer in alarm.TIMERS]
OTHER = "octo/other"
INSTALL = ("clock", "install", "alarm")
UNINSTALL = ("clock", "uninstall", "alarm")
RIGHTS = {"administration": "write", "contents": "write", "workflows": "write", "issues": "write",
          "actions": "write"}  # fmt: skip


@pytest.fixture
def own(stage: Stage) -> Stage:
    """A stage with the workflow to copy."""
    stage.sandbox.configure(file_writes=True)
    text = (Path(SAMPLE) / ".github" / "workflows" / "scheduler.yml").read_text()
    (stage.folder / ".github" / "workflows" / "scheduler.yml").write_text(text)
    return stage


def run(stage: Stage, *args: str, **rights: str) -> Result:
    """By an administrator's token, with these rights alone where they are named."""
    token = stage.sandbox.make_token("owner", permissions=rights) if rights else "owner"
    return stage.run(*args, user=token)


def timers(stage: Stage, repository: str = QUEUE) -> dict[str, int]:
    found = stage.sandbox.repository(repository).environments
    return {name: each.wait_timer for name, each in found.items()}


def test_all_are_made_and_what_is_there_is_left(own: Stage) -> None:
    made = run(own, *INSTALL, "--json").json
    assert (made["repository"], made["made"], made["there"]) == (QUEUE, NAMES, [])
    assert timers(own) == {name: int(alarm.timer_of(name) / alarm.MINUTE) for name in NAMES}  # type: ignore[operator]
    again = run(own, *INSTALL, "--json").json
    assert (again["made"], again["mended"], again["there"]) == ([], [], NAMES)
    assert run(own, *INSTALL).out == f"already there in {QUEUE}: {', '.join(NAMES)}\n"


def test_as_many_are_made_as_the_settings_say(own: Stage) -> None:
    own.settings("alarm: {timers: 6}\n")
    assert run(own, *INSTALL, "--json").json["made"] == [*NAMES[:5], NAMES[-1]]


def test_another_timer_is_set_right(own: Stage) -> None:
    own.call("PUT", f"{REPO}/environments/schedule-4m", {"wait_timer": 5})
    made = run(own, *INSTALL, "--json").json
    assert (made["mended"], len(made["made"])) == (["schedule-4m"], len(NAMES) - 1)
    assert timers(own)["schedule-4m"] == 4


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ("reviewers", "has required reviewers, by which no alarm would ring by itself"),
        ("policy", "has branch policy, by which no alarm"),
    ],
)
def test_an_environment_with_rules_of_somebody_else_is_not_touched(
    own: Stage, rules: str, words: str
) -> None:
    agent = own.sandbox.state.users["agent"].id
    policy = {"protected_branches": True, "custom_branch_policies": False}
    asked: dict[str, Any] = {"reviewers": [{"type": "User", "id": agent}]}
    more = asked if rules == "reviewers" else {"deployment_branch_policy": policy}
    own.call("PUT", f"{REPO}/environments/schedule-4m", {"wait_timer": 4, **more})
    run(own, *INSTALL).refused(3, "schedule-4m: this environment of octo/queue", words, "Settings")
    assert timers(own) == {"schedule-4m": 4}, "nothing was made before that was seen"
    gone = run(own, *UNINSTALL, "--json").json
    assert gone["removed"] == []
    assert "so it is another's, and stays" in gone["notices"][0]


def test_a_private_repository_without_timers(own: Stage) -> None:
    own.sandbox.set_private(True)
    run(own, *INSTALL).refused(
        3, "octo/queue: this private repository's plan has no wait timers", "--in OWNER/NAME"
    )
    assert timers(own) == {}
    own.sandbox.configure(private_rules=True)
    assert run(own, *INSTALL, "--json").json["made"] == NAMES


@pytest.mark.parametrize("user", ["agent", "bot"])
def test_a_token_that_may_not_make_environments(own: Stage, user: str) -> None:
    own.run(*INSTALL, user=user).refused(
        5, "token: may not make environments in octo/queue", "'Administration: read and write'"
    )


def test_actions_that_are_switched_off(own: Stage) -> None:
    own.sandbox.set_actions(False)
    run(own, *INSTALL).refused(3, "octo/queue: Actions are switched off; switch them on")


def test_no_workflow_that_could_wait(stage: Stage) -> None:
    run(stage, *INSTALL).refused(3, "scheduler.yml: is an old copy without the input 'alarm'")
    (stage.folder / ".github" / "workflows" / "scheduler.yml").unlink()
    run(stage, *INSTALL).refused(3, "scheduler.yml: is not on the default branch of octo/queue")
    assert timers(stage) == {}


def test_a_repository_that_is_not_there(own: Stage) -> None:
    run(own, *INSTALL, "--in", "octo/none").refused(5, "repository: 'octo/none' does not exist")
    run(own, *INSTALL, "--in", "none").refused(2, "--in: 'none' is not a repository")
    run(own, "clock", "install", "sundial").refused(2, "sundial")


def test_a_profile_that_arms_none_is_said(own: Stage) -> None:
    own.settings("profile: balanced\n")
    (said,) = run(own, *INSTALL, "--json").json["notices"]
    assert "the settings say 'profile: balanced', so no alarm is armed" in said


def test_the_next_tick_looks_again_which_clock_there_is(own: Stage) -> None:
    own.open(body(7200))
    own.call(
        "PATCH", f"{REPO}/labels/schedule", {"description": "J [clock balanced, asked 2026-11-23]"}
    )
    assert run(own, *INSTALL, "--json").json["notices"] == []
    assert own.call("GET", f"{REPO}/labels/schedule")["description"] == "J"
    own.call(
        "PATCH", f"{REPO}/labels/schedule", {"description": "J [clock alarm, asked 2026-11-23]"}
    )
    run(own, *INSTALL)
    assert own.call("GET", f"{REPO}/labels/schedule")["description"].startswith("J [clock alarm")
    run(own, *UNINSTALL)
    assert own.call("GET", f"{REPO}/labels/schedule")["description"] == "J"


def test_they_are_removed_and_what_waits_in_them_is_cancelled(own: Stage) -> None:
    run(own, *INSTALL)
    own.call("PUT", f"{REPO}/environments/production", {"wait_timer": 4})
    asked = {"ref": "main", "inputs": {"alarm": "schedule-8m"}}
    own.call("POST", f"{REPO}/actions/workflows/scheduler.yml/dispatches", asked)
    assert [each.status for each in own.runs()] == ["waiting"]
    gone = run(own, *UNINSTALL, "--json").json
    assert (sorted(gone["removed"]), gone["notices"]) == (sorted(NAMES), [])
    assert timers(own) == {"production": 4}
    assert [each.conclusion for each in own.runs()] == ["cancelled"]
    again = run(own, *UNINSTALL)
    assert again.out == f"nothing to do in {QUEUE}: there are no such environments\n"


def test_a_token_that_may_not_remove_them(own: Stage) -> None:
    run(own, *INSTALL)
    own.run(*UNINSTALL, user="agent").refused(5, "token: may not remove environments in octo/queue")


# Lent.


def lent(stage: Stage) -> Path:
    folder = stage.sandbox.repository(OTHER).folders["main"]
    return folder / ".github" / "workflows" / "alarm.yml"


def test_a_lender_gets_them_and_the_workflow_and_its_two_tokens_are_told(own: Stage) -> None:
    own.sandbox.set_private(True)
    made = run(own, *INSTALL, "--in", OTHER, "--json").json
    assert (made["repository"], made["made"], made["workflow"]) == (OTHER, NAMES, "written")
    assert timers(own, OTHER)
    assert timers(own) == {}
    assert lent(own).read_text() == lending_workflow()
    settings, token, secret, app, names = made["needs"]
    assert "alarm: {repository: octo/other, queue: q7}" in settings
    assert "'alarm-token': a token for octo/other alone, with 'Actions: read and write'" in token
    assert "ALARM_TOKEN: a token for octo/queue alone, with 'Actions: read and write'" in secret
    assert app.startswith("one app that is installed in both")
    assert "QUEUES: the line q7=octo/queue" in names
    (said,) = made["notices"]
    assert said == (
        "who looks at octo/other sees which timer was started when, and the name 'q7' that the "
        "queue has there; no job, no time of a job, no message"
    )
    own.settings("alarm: {repository: octo/other, queue: p1}\n")
    again = run(own, *INSTALL, "--json").json
    assert (again["repository"], again["workflow"], again["there"]) == (OTHER, "there", NAMES)
    assert "the line p1=octo/queue" in again["needs"][-1]
    assert len(again["needs"]) == 4


def test_what_the_lender_can_not_presume_of_the_queue_is_told(own: Stage) -> None:
    repository = own.sandbox.repository()
    repository.folders["trunk"] = repository.folders["main"]
    repository.default_branch = "trunk"
    own.settings("scheduler: {workflow: tick.yml}\n")
    made = run(own, *INSTALL, "--in", OTHER, "--json").json
    assert made["needs"][0] == f"in alarm.yml of {OTHER}: WORKFLOW: tick.yml"
    assert "the line q7=octo/queue@trunk, so" in made["needs"][-1]


def test_a_token_that_may_write_no_file_prints_it(own: Stage) -> None:
    rights = {**RIGHTS, "contents": "read"}
    printed = run(own, *INSTALL, "--in", OTHER, **rights)
    assert printed.status == 0
    assert not lent(own).exists()
    assert printed.out.rstrip().endswith(lending_workflow().rstrip())
    assert "alarm.yml was not written" in printed.out
    assert timers(own, OTHER)


def test_a_workflow_of_that_name_is_not_written_over(own: Stage) -> None:
    lent(own).write_text("on: push\n")
    made = run(own, *INSTALL, "--in", OTHER, "--json").json
    assert (made["workflow"], lent(own).read_text()) == ("printed", "on: push\n")
    assert "has another text than this one" in made["notices"][0]
    gone = run(own, *UNINSTALL, "--in", OTHER, "--json").json
    assert gone["removed"]
    assert "alarm.yml in octo/other stays: delete it" in gone["notices"][-1]


def test_few_requests_are_sent(own: Stage) -> None:
    own.sandbox.clear_requests()
    run(own, *INSTALL)
    made = len([each for each in own.sandbox.requests if each.method == "PUT"])
    assert made == len(NAMES)
    # The settings, who sees it, whether Actions run, the workflow, what is there, the newest job.
    assert len(own.sandbox.requests) == made + 6, own.requests
