"""The action under profile `auto`: what it asks, arms and says, over a sandbox without act."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import scheduler
from scheduler.action.main import main
from scheduler.hold import alarm
from scheduler.sandbox.command import SAMPLE
from scheduler.sandbox.hub.people import BOT
from tests.conftest import QUEUE, REPO, Stage, body

WORKFLOW = (SAMPLE / ".github" / "workflows" / "scheduler.yml").read_text(encoding="utf-8")
LENDER = "octo/other"
LENT = Path(scheduler.__file__).parent / "docs" / "alarm.yml"


def install(stage: Stage, repo: str = QUEUE) -> None:
    """Make all environments, as an administrator."""
    for timer in alarm.TIMERS:
        rules = {"wait_timer": timer // alarm.MINUTE}
        path = f"/repos/{repo}/environments/{alarm.environment(timer)}"
        stage.sandbox.call("owner", "PUT", path, rules)


@pytest.fixture
def auto(stage: Stage) -> Stage:
    """A queue whose workflow is that of the sample, with a job in two hours."""
    file = stage.folder / ".github" / "workflows" / "scheduler.yml"
    file.write_text(WORKFLOW, encoding="utf-8")
    stage.settings("profile: auto\n")
    stage.open(body(7200))
    return stage


def ticked(stage: Stage, capsys: pytest.CaptureFixture[str], **more: str) -> tuple[int, str, int]:
    """A run of the action: its exit status, what it printed, and how many requests it sent."""
    before = len(stage.sandbox.requests)
    given = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "1", **more}
    status = main(stage.environ("bot", **given))
    return status, capsys.readouterr().out, len(stage.sandbox.requests) - before


def waiting(stage: Stage, repo: str = QUEUE) -> list[str]:
    runs = stage.sandbox.repository(repo).runs.values()
    return [run.display_title for run in runs if run.status == "waiting"]


def test_an_alarm_waits_for_what_is_due_and_a_second_tick_adds_none(
    auto: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    install(auto)
    status, out, asked = ticked(auto, capsys)
    assert status == 0, out
    assert waiting(auto) == ["alarm schedule-64m"]
    assert "an alarm wakes the scheduler for it" in out
    status, out, again = ticked(auto, capsys)
    assert (status, waiting(auto)) == (0, ["alarm schedule-64m"])
    # The settings, the queue, what was closed lately, what waits.
    assert again == 4
    # Besides: environments and the note of them, what was armed lately, the branch, the dispatch.
    assert asked == again + 5


def test_without_environments_a_day_costs_one_question(
    auto: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [ticked(auto, capsys)[2] for _ in range(3)]
    assert asked == [5, 3, 3]
    label = auto.sandbox.call("bot", "GET", f"{REPO}/labels/schedule")
    assert re.fullmatch(r"\[clock balanced, asked \d{4}-\d\d-\d\d\]", label["description"])
    assert auto.runs() == []


def test_an_empty_queue_asks_and_arms_nothing(
    auto: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    install(auto)
    auto.sandbox.call("owner", "PATCH", f"{REPO}/issues/1", {"state": "closed"})
    status, _, asked = ticked(auto, capsys)
    assert (status, asked, waiting(auto)) == (0, 3, [])


def test_an_old_copy_of_the_workflow_is_told_in_one_line(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.settings("profile: auto\n")
    stage.open(body(7200))
    install(stage)
    status, out, _ = ticked(stage, capsys)
    assert status == 0, out
    assert "an old copy without the input 'alarm'; copy it anew; the clock is balanced now" in out
    assert ticked(stage, capsys)[2] == 3, "until tomorrow"


def test_an_alarm_that_came_at_once_is_looked_into(
    auto: Stage, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    install(auto)
    ticked(auto, capsys)
    (run,) = auto.sandbox.repository().runs.values()
    auto.sandbox.approve_run(run.id)
    auto.sandbox.finish_run(run.id)
    event = tmp_path / "event.json"
    event.write_text('{"inputs": {"alarm": "schedule-64m"}}', encoding="utf-8")
    told: dict[str, str] = {
        "GITHUB_RUN_ID": str(run.id), "GITHUB_EVENT_PATH": str(event),
        "GITHUB_EVENT_NAME": "workflow_dispatch",
    }  # fmt: skip
    status, out, _ = ticked(auto, capsys, **told)
    assert status == 0, out
    assert re.search(r"schedule-64m ended after \d+ s: somebody approved or rejected it", out)
    assert waiting(auto) == ["alarm schedule-64m"]


LENDING: dict[str, Any] = {
    "token": ({"actions": "write"}, ""),
    "no right": ({"actions": "read"}, "give the scheduler's token 'actions: write' in octo/other"),
}


@pytest.mark.parametrize("kind", LENDING)
def test_a_repository_lends_its_alarms_to_whoever_has_a_token(
    auto: Stage, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    permissions, words = LENDING[kind]
    auto.settings(f"alarm: {{repository: {LENDER}, queue: q7}}\nprofile: auto\n")
    file = auto.folder.parent / "other" / ".github" / "workflows" / "alarm.yml"
    file.write_text(LENT.read_text(encoding="utf-8"), encoding="utf-8")
    install(auto, LENDER)
    token = auto.sandbox.make_token("agent", permissions=permissions, role="write")
    status, out, _ = ticked(auto, capsys, SCHEDULE_ALARM_TOKEN=token)
    assert status == 0, out
    assert waiting(auto, LENDER) == ([] if words else ["alarm schedule-64m q7"])
    assert words in out
    assert (": the clock is balanced now" in out or "; the clock is balanced now" in out) == bool(
        words
    )


def test_without_a_token_for_the_lender_the_queue_s_own_is_refused_in_one_line(
    auto: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    auto.settings(f"alarm: {{repository: {LENDER}}}\nprofile: auto\n")
    install(auto, LENDER)
    status, out, _ = ticked(auto, capsys)
    assert status == 0, out
    assert len(re.findall(r"::notice[^\n]*alarm", out)) == 1
    assert "the clock is balanced now" in out


def lent(stage: Stage, token: str, queue: str = "q7") -> tuple[int, str]:
    """The one step of the workflow that lends alarms, once its environment has let it through."""
    steps = yaml.load(LENT.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)["jobs"]["alarm"]
    environ = {
        "PATH": os.environ["PATH"], "GITHUB_API_URL": stage.sandbox.url, "TOKEN": token,
        "QUEUE": queue, "QUEUES": f"q6=octo/none\r\nq7={QUEUE}@main\nq7=octo/second\n",
        "WORKFLOW": "scheduler.yml", "no_proxy": "*",
    }  # fmt: skip
    script = steps["steps"][0]["run"]
    ran = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing")
def test_a_lent_alarm_starts_the_queue_s_scheduler_and_tells_no_name(auto: Stage) -> None:
    token = auto.sandbox.make_token("clock", permissions={"actions": "write"}, role="write")
    status, out = lent(auto, token)
    assert (status, out) == (0, f"::add-mask::{QUEUE}\nThe queue is awake.\n")
    assert lent(auto, token, queue=QUEUE)[0] == 0
    assert [run.workflow.path.rpartition("/")[2] for run in auto.runs()] == ["scheduler.yml"] * 2
    less = auto.sandbox.make_token("clock", permissions={"actions": "read"})
    status, out = lent(auto, less)
    assert status == 1
    assert "GitHub answers 403: give ALARM_TOKEN 'actions: write' in that repository." in out
    pasted = f'{QUEUE}@main","inputs":{{"run-at":"now"}},"x":"'
    for unknown in ("q8", "$(id)", "-", pasted, f"{QUEUE}@"):
        status, out = lent(auto, token, queue=unknown)
        assert (status, "names no such queue" in out) == (1, True)
    assert len(auto.runs()) == 2


def put(stage: Stage, name: str, **rules: Any) -> None:
    stage.sandbox.call("owner", "PUT", f"{REPO}/environments/{name}", rules)


def reviewed(stage: Stage) -> None:
    who = stage.sandbox.call("owner", "GET", "/user")["id"]
    put(stage, "schedule-8m", wait_timer=8, reviewers=[{"type": "User", "id": who}])


def forbidden(stage: Stage) -> None:
    policy = {"protected_branches": True, "custom_branch_policies": False}
    put(stage, "schedule-8m", wait_timer=8, deployment_branch_policy=policy)


def private(stage: Stage) -> None:
    stage.sandbox.set_private(True)


def removed(stage: Stage) -> None:
    stage.sandbox.call("owner", "DELETE", f"{REPO}/environments/schedule-1d")


def disabled(stage: Stage) -> None:
    stage.sandbox.call("owner", "PUT", f"{REPO}/actions/workflows/scheduler.yml/disable")


BAD: dict[str, tuple[Callable[[Stage], object], str]] = {
    "reviewers": (reviewed, "the environment schedule-8m has required reviewers beside its timer"),
    "another timer": (lambda s: put(s, "schedule-8m", wait_timer=9), "has a wait timer of 9 min"),
    "no timer": (lambda s: put(s, "schedule-8m"), "has no wait timer, not of 8 min"),
    "a branch policy": (forbidden, "schedule-8m has branch policy beside its timer"),
    "turned private": (private, "schedule-2m has no wait timer, not of 2 min, and 10 more"),
    "removed": (removed, "the environment schedule-1d is missing"),
    "disabled": (disabled, "enable the workflow"),
}


@pytest.mark.parametrize(("spoil", "words"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_one_line_of_the_run_and_the_next_best_clock_is_used(
    auto: Stage,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[Stage], object],
    words: str,
) -> None:
    install(auto)
    spoil(auto)
    status, out, _ = ticked(auto, capsys)
    assert status == 0, out
    (line,) = re.findall(r"::notice[^\n]*alarm: [^\n]*", out)
    assert words in line
    assert "the issue" not in line
    assert "the clock is balanced" in line
    assert waiting(auto) == []
    label = auto.sandbox.call("bot", "GET", f"{REPO}/labels/schedule")
    assert label["description"].startswith("[clock balanced")


def test_a_token_that_may_not_start_workflows_is_told_in_one_line(
    auto: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    install(auto)
    rights = {"issues": "write", "contents": "read", "actions": "read"}
    token = auto.sandbox.make_token(BOT, permissions=rights)
    status, out, _ = ticked(auto, capsys, GITHUB_TOKEN=token)
    assert status == 0, out
    (line,) = re.findall(r"::notice[^\n]*alarm: [^\n]*", out)
    assert "give the scheduler's token 'actions: write'" in line
    assert "the clock is balanced now" in line


@pytest.mark.parametrize(("fault", "armed"), [("drop-before", 0), ("drop-after", 1)])
def test_a_lost_answer_is_read_again_by_the_next_tick(
    auto: Stage, capsys: pytest.CaptureFixture[str], fault: str, armed: int
) -> None:
    install(auto)
    auto.sandbox.fault(fault, method="POST", path="/dispatches$")
    status, out, _ = ticked(auto, capsys)
    assert status == 0, out
    assert "no answer told whether it was armed" in out
    assert len(waiting(auto)) == armed
    ticked(auto, capsys)
    assert waiting(auto) == ["alarm schedule-64m"]


def test_one_that_was_cancelled_is_armed_anew_by_the_next_sign_of_life(
    auto: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    install(auto)
    ticked(auto, capsys)
    (run,) = auto.runs()
    auto.sandbox.call("owner", "POST", f"{REPO}/actions/runs/{run.id}/cancel")
    _, out, _ = ticked(auto, capsys)
    assert f"alarm: run {run.id} was cancelled; another one is armed" in out
    assert waiting(auto) == ["alarm schedule-64m"]
