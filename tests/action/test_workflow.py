"""`.github/workflows/scheduler.yml`, which users copy: what it may do, and when it runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from scheduler.commands import init_files
from scheduler.hold.arming import RUN_NAME
from scheduler.sandbox.runner.expressions import expand
from scheduler.sandbox.runner.workflow_files import without_environments

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / ".github" / "workflows" / "scheduler.yml"
TEXT = FILE.read_text(encoding="utf-8")
# BaseLoader, or YAML 1.1 reads the key `on` as true.
WORKFLOW: dict[str, Any] = yaml.load(TEXT, Loader=yaml.BaseLoader)
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
GROUP = "schedule-tick-queue"
SAMPLE = ROOT / "scheduler" / "sandbox" / "sample" / ".github" / "workflows" / "scheduler.yml"


def as_users_have_it() -> str:
    """Return the workflow as the README shows it: without a checkout, the action by name."""
    return init_files.workflow("OWNER/NAME@v1")


def test_each_job_has_exactly_the_permissions_it_needs() -> None:
    assert WORKFLOW["permissions"] == {}
    assert JOBS["enqueue"]["permissions"] == {"contents": "read", "issues": "write"}
    assert JOBS["tick"]["permissions"] == {
        "actions": "write",
        "contents": "read",
        "issues": "write",
    }
    assert JOBS["alarm"]["permissions"] == {}
    assert set(JOBS) == {"enqueue", "alarm", "tick"}


def test_only_the_tick_stands_in_a_group_which_a_skipped_run_does_not_enter() -> None:
    assert "concurrency" not in WORKFLOW
    assert "concurrency" not in JOBS["enqueue"]
    assert "concurrency" not in JOBS["alarm"]
    concurrency = JOBS["tick"]["concurrency"]
    assert concurrency["cancel-in-progress"] == "false"
    condition = JOBS["tick"]["if"].removeprefix("!cancelled() && ")
    assert condition != JOBS["tick"]["if"]
    assert concurrency["group"] == f"${{{{ {condition} && '{GROUP}' || github.run_id }}}}"


def test_the_group_is_called_like_nothing_else_a_repository_has() -> None:
    """GitHub takes one name in two workflows for one group, in any letter case.

    https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
    """
    names = {WORKFLOW["name"], FILE.stem, *JOBS}
    assert GROUP.lower() not in {name.lower() for name in names}
    assert len(GROUP.split("-")) >= 3
    for place in (ROOT / "README.md", SAMPLE):
        assert place.read_text(encoding="utf-8").count(f"'{GROUP}'") == 1, place


def test_a_job_that_is_due_at_once_is_seen_by_the_tick_after_it() -> None:
    assert JOBS["tick"]["needs"] == ["enqueue", "alarm"]
    assert JOBS["tick"]["if"].startswith("!cancelled() && ")


def test_an_alarm_waits_in_the_environment_that_its_run_is_named_after() -> None:
    job = JOBS["alarm"]
    assert job["environment"] == {"name": "${{ inputs.alarm }}", "deployment": "false"}
    assert "needs" not in job
    assert RUN_NAME.fullmatch("alarm schedule-8m")
    name = WORKFLOW["run-name"].removeprefix("${{ ").removesuffix(" }}")
    for given, title in (("schedule-8m", "alarm schedule-8m"), ("", "")):
        assert expand(f"${{{{ {name} }}}}", {"inputs": {"alarm": given}}) == title


def test_the_cron_is_off_the_hour() -> None:
    (entry,) = WORKFLOW["on"]["schedule"]
    minutes = {int(minute) for minute in entry["cron"].split()[0].split(",")}
    assert not minutes & {0, 15, 30, 45}


def test_the_triggers() -> None:
    assert set(WORKFLOW["on"]) == {
        *("schedule", "issues", "issue_comment", "workflow_dispatch", "repository_dispatch")
    }
    assert WORKFLOW["on"]["repository_dispatch"]["types"] == ["schedule", "schedule-tick"]
    form = WORKFLOW["on"]["workflow_dispatch"]["inputs"]
    assert list(form) == ["run-at", "workflow", "message", "agent", "alarm"]
    assert not any(field.get("required") == "true" for field in form.values())


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_every_job_ends_in_time_and_leaves_no_credentials(job: dict[str, Any]) -> None:
    assert 1 <= int(job["timeout-minutes"]) <= 14  # ubuntu-slim allows 15
    if job is JOBS["alarm"]:
        assert job["steps"] == [{"run": "true"}]
        return
    checkout, action = job["steps"]
    assert re.fullmatch(r"actions/checkout@[0-9a-f]{40}", checkout["uses"])
    assert checkout["with"] == {"persist-credentials": "false"}
    assert action["uses"] == "./"


def test_every_action_is_pinned_by_commit_and_says_its_version() -> None:
    for file in FILE.parent.glob("*.yml"):
        for line in re.findall(r"(?m)^ *- uses: (?!\./)(.*)", file.read_text(encoding="utf-8")):
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), (file, line)


def test_the_readme_shows_what_users_copy() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"```yaml\n{as_users_have_it()}```\n" in readme, as_users_have_it()


def test_the_settings_to_copy_name_the_bot_and_an_allow_list() -> None:
    settings = yaml.safe_load((ROOT / ".github" / "scheduler.yml").read_text(encoding="utf-8"))
    assert settings["trust"]["bots"] == ["github-actions[bot]"]
    assert settings["allow"]["workflows"]


JOB = [{"name": "bug"}, {"name": "schedule"}]
NO_JOB = [{"name": "bug"}]
FILLED = {"run-at": "2026-11-23T09:00:00Z", "workflow": "run.yml", "message": "m", "agent": ""}
EMPTY = dict.fromkeys(FILLED, "")
# event, its payload, the jobs that get a runner
EVENTS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "cron": ("schedule", {}, ["tick"]),
    "no form": ("workflow_dispatch", {}, ["tick"]),
    "empty form": ("workflow_dispatch", {"inputs": EMPTY}, ["tick"]),
    "form": ("workflow_dispatch", {"inputs": FILLED}, ["enqueue", "tick"]),
    "form without a time": (
        "workflow_dispatch",
        {"inputs": EMPTY | {"message": "do it"}},
        ["enqueue", "tick"],
    ),
    "alarm": ("workflow_dispatch", {"inputs": EMPTY | {"alarm": "schedule-8m"}}, ["alarm", "tick"]),
    "no alarm": ("workflow_dispatch", {"inputs": EMPTY | {"alarm": "production"}}, ["tick"]),
    "payload": ("repository_dispatch", {"action": "schedule"}, ["enqueue", "tick"]),
    "outside clock": ("repository_dispatch", {"action": "schedule-tick"}, ["tick"]),
    "job opened": ("issues", {"action": "opened", "issue": {"labels": JOB}}, ["tick"]),
    "other issue": ("issues", {"action": "opened", "issue": {"labels": NO_JOB}}, []),
    "other issue labelled": (
        "issues",
        {"action": "labeled", "label": {"name": "bug"}, "issue": {"labels": NO_JOB}},
        [],
    ),
    "issue becomes a job": (
        "issues",
        {"action": "labeled", "label": {"name": "schedule"}, "issue": {"labels": JOB}},
        ["tick"],
    ),
    "job gets another label": (
        "issues",
        {"action": "labeled", "label": {"name": "bug"}, "issue": {"labels": JOB}},
        [],
    ),
    "job is let go": (
        "issues",
        {"action": "unlabeled", "label": {"name": "schedule:held"}, "issue": {"labels": JOB}},
        ["tick"],
    ),
    "a word on a job": (
        "issue_comment",
        {"action": "created", "comment": {"body": "/snooze 2h"}, "issue": {"labels": JOB}},
        ["tick"],
    ),
    "talk on a job": (
        "issue_comment",
        {"action": "created", "comment": {"body": "thanks /run"}, "issue": {"labels": JOB}},
        [],
    ),
    "a word on another issue": (
        "issue_comment",
        {"action": "created", "comment": {"body": "/run"}, "issue": {"labels": NO_JOB}},
        [],
    ),
    "job loses its label": (
        "issues",
        {"action": "unlabeled", "label": {"name": "schedule"}, "issue": {"labels": NO_JOB}},
        [],
    ),
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy this repository's workflow and action into one of their own."""
    made = tmp_path / "repository"
    shutil.copytree(ROOT / ".github" / "workflows", made / ".github" / "workflows")
    # act knows no `deployment`.
    file = made / ".github" / "workflows" / FILE.name
    file.write_text(without_environments(TEXT, ()), encoding="utf-8")
    shutil.copy(ROOT / "action.yml", made)
    name = ("-c", "user.name=test", "-c", "user.email=test@example.invalid")
    for command in (["init", "-q"], ["add", "-A"], [*name, "commit", "-q", "-m", "test"]):
        subprocess.run(["git", *command], cwd=made, check=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return made


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("act") is None, reason="act is not installed")
@pytest.mark.parametrize(("event", "payload", "runs"), EVENTS.values(), ids=EVENTS)
def test_which_event_starts_which_job(
    repository: Path, event: str, payload: dict[str, Any], runs: list[str]
) -> None:
    file = repository.parent / "event.json"
    file.write_text(json.dumps(payload), encoding="utf-8")
    command = [
        *("act", event, "--eventpath", str(file), "--dryrun", "--json", "--no-cache-server"),
        *("-P", "ubuntu-slim=-self-hosted", "-W", ".github/workflows/scheduler.yml"),
    ]
    done = subprocess.run(
        command, cwd=repository, capture_output=True, text=True, timeout=120, check=True
    )
    said = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [line["jobID"] for line in said if line.get("jobResult")] == runs


def test_a_ride_is_one_line_that_is_switched_on_by_taking_its_mark_away(tmp_path: Path) -> None:
    text, count = re.subn(r"(?m)^  # (push|workflow_run): ", r"  \1: ", TEXT)
    assert count == 2
    found = yaml.load(text, Loader=yaml.BaseLoader)["on"]
    assert found["push"] == {"branches": ["main"]}
    assert found["workflow_run"]["types"] == ["completed"]
    assert set(found) - set(WORKFLOW["on"]) == {"push", "workflow_run"}
    # No ride on the scheduler itself: each of its runs would start another one.
    assert WORKFLOW["name"] not in found["workflow_run"]["workflows"]
    if shutil.which("check-jsonschema") is None:
        pytest.skip("check-jsonschema is not installed")
    file = tmp_path / "scheduler.yml"
    file.write_text(text, encoding="utf-8")
    command = ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
