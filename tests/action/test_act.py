"""The whole path with a real runner: act runs the scheduler's workflow and what it starts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.sandbox import Sandbox
from scheduler.sandbox.demo import stage
from tests.action.test_workflow import GROUP, as_users_have_it
from tests.conftest import ISSUES, QUEUE, REPO, at, body
from tests.support.act_home import Home, jobs, kept, log, served, tools, wait

ROOT = Path(__file__).resolve().parents[2]
ACT = stage.find_act(os.environ)
pytestmark = pytest.mark.skipif(ACT is None, reason="act is missing")


@pytest.fixture(scope="session")
def tool_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tools(kept(tmp_path_factory))


@pytest.fixture(params=["own", "published"])
def home(request: pytest.FixtureRequest, tmp_path: Path, tool_cache: Path) -> Iterator[Home]:
    """This repository's workflow beside its action, or the copy that a user has."""
    if request.param == "own":
        text = (ROOT / ".github" / "workflows" / "scheduler.yml").read_text(encoding="utf-8")
        folder = stage.publish(served(tmp_path / "queue", text))
        local = {}
    else:
        text = as_users_have_it().replace("OWNER/NAME@v1", "octo/scheduler@v1")
        folder = served(tmp_path / "queue", text)
        (tmp_path / "action").mkdir()
        local = {"octo/scheduler@v1": stage.publish(tmp_path / "action")}
    environ = {"PATH": stage.search_path(os.environ), "SCHEDULE_WRITES_PER_SECOND": "0"}
    with Sandbox(
        {QUEUE: folder}, act=ACT, local_repositories=local, tool_cache=tool_cache,
        environ=environ | stage.direct(os.environ),
    ) as sandbox:  # fmt: skip
        yield Home(sandbox, folder)


published = pytest.mark.parametrize("home", ["published"], indirect=True)


@pytest.mark.slow
def test_a_due_job_runs(home: Home) -> None:
    number = home.open(body(-60, "agent-message.yml", "agent: probe-1", message="Check PR 123"))
    later = home.open(body(3600))
    tick = home.cron()
    assert tick.conclusion == "success", log(tick)
    assert jobs(tick) == {"enqueue": "skipped", "alarm": "skipped", "tick": "success"}
    (run,) = home.runs("agent-message.yml")
    assert (run.conclusion, run.event) == ("success", "workflow_dispatch"), log(run)
    assert run.actor.login == "github-actions[bot]"
    assert "] agent probe-1 says: Check PR 123\n" in log(run)
    home.done(number, run)
    assert home.call("GET", f"{ISSUES}/{later}")["state"] == "open"
    assert home.comments(later) == []
    outputs = dict(re.findall(r"::set-output:: ([\w-]+)=(.*)", log(tick)))
    result = json.loads(outputs["result"])
    assert outputs["dispatched"] == "1"
    assert outputs["next-due"] == result["next_due"] != ""
    (fired,) = result["dispatched"]
    assert (fired["id"], fired["run_id"]) == (number, run.id)
    assert "Summary - ### Schedule: 2 open jobs, 1 due, 1 dispatched; next 20" in log(tick)
    assert f"✅ dispatched | [run {run.id}]" in log(tick)


@pytest.mark.slow
@published
def test_a_run_that_fails_is_followed_and_told(home: Home) -> None:
    number = home.open(body(-60, "sync.yml"))
    assert home.cron().conclusion == "success"
    (run,) = home.runs("sync.yml")
    assert (run.conclusion, jobs(run)) == ("failure", {"sync": "failure"}), log(run)
    tick = home.cron()
    outputs = dict(re.findall(r"::set-output:: ([\w-]+)=(.*)", log(tick)))
    told = {"id": number, "run_id": run.id, "conclusion": "failure"}
    result = json.loads(outputs["result"])
    assert (result["followed"], result["failed"]) == ([told], [told])
    issue = home.call("GET", f"{ISSUES}/{number}")
    assert (issue["state"], issue["state_reason"]) == ("closed", "not_planned")
    assert "schedule:failed" in {label["name"] for label in issue["labels"]}
    _, news = home.comments(number)
    assert f"/{QUEUE}/actions/runs/{run.id}" in news


@pytest.mark.slow
def test_the_form_opens_a_job_that_runs_at_once(home: Home) -> None:
    form = {"run-at": at(-5), "workflow": "run.yml", "message": "", "agent": "probe-1"}
    carrier = home.dispatch("scheduler.yml", form, user="owner")
    assert carrier.conclusion == "success", log(carrier)
    assert jobs(carrier) == {"enqueue": "success", "alarm": "skipped", "tick": "success"}
    (run,) = home.runs("run.yml")
    assert "] running check\n" in log(run)
    issue = home.call("GET", f"{ISSUES}/1")
    assert issue["user"]["login"] == "github-actions[bot]"
    assert f"request-id: run-{carrier.id}\n" in issue["body"]
    home.done(1, run)


@pytest.mark.slow
@published
def test_an_empty_form_is_a_tick(home: Home) -> None:
    number = home.open(body(-60, "run.yml"))
    tick = home.dispatch("scheduler.yml", {})
    assert jobs(tick) == {"enqueue": "skipped", "alarm": "skipped", "tick": "success"}, log(tick)
    (run,) = home.runs("run.yml")
    home.done(number, run)


@pytest.mark.slow
@published
def test_a_form_that_is_wrong_fails_and_opens_nothing(home: Home) -> None:
    carrier = home.dispatch("scheduler.yml", {"run-at": "tomorrow", "workflow": "run.yml"})
    assert carrier.conclusion == "failure"
    assert jobs(carrier)["enqueue"] == "failure"
    assert "'tomorrow'" in log(carrier)
    assert home.sandbox.repository().issues == {}


@pytest.mark.slow
@published
def test_a_repository_event_with_the_seeds_request_opens_a_job(home: Home) -> None:
    run_at = at(3600)
    request = {
        "workflow": "agent-message.yml", "agent": "probe-1", "run_at": run_at,
        "message": "Follow up on PR", "repo": QUEUE,
    }  # fmt: skip
    data = {"event_type": "schedule", "client_payload": request}
    home.call("POST", f"{REPO}/dispatches", data)
    (carrier,) = home.runs("scheduler.yml")
    assert jobs(carrier) == {"enqueue": "success", "alarm": "skipped", "tick": "success"}, log(
        carrier
    )
    issue = home.call("GET", f"{ISSUES}/1")
    for line in (f"run-at: {run_at}", "agent: probe-1", "Follow up on PR"):
        assert line in issue["body"]
    assert issue["state"] == "open"
    assert home.runs("agent-message.yml") == []
    outputs = dict(re.findall(r"::set-output:: ([\w-]+)=(.+)", log(carrier)))
    assert outputs["id"] == "1"
    assert outputs["url"].endswith(f"/{QUEUE}/issues/1")


@pytest.mark.slow
@published
def test_an_issue_that_is_no_job_starts_no_runner(home: Home) -> None:
    home.sandbox.configure(events=True)
    home.open("about something else", "bug")
    assert home.runs("scheduler.yml")
    for run in home.runs("scheduler.yml"):
        assert set(jobs(run).values()) == {"skipped"}, log(run)
    assert len(home.sandbox.requests) == 0


@pytest.mark.slow
@published
def test_an_issue_that_is_a_job_runs_by_its_own_event(home: Home) -> None:
    home.sandbox.configure(events=True)
    number = home.open(body(-60, "run.yml"))
    ticks = home.runs("scheduler.yml")
    assert any(jobs(run)["tick"] == "success" for run in ticks)
    assert all(run.groups == (GROUP,) for run in ticks)
    (run,) = home.runs("run.yml")
    home.done(number, run)


@pytest.mark.slow
def test_an_agent_that_schedules_itself_hears_its_message(home: Home) -> None:
    first = home.dispatch("agent-own.yml", {"agent": "probe-1", "message": "begin"})
    assert first.conclusion == "success", log(first)
    assert "#1 runs agent-own.yml at " in log(first)
    issue = home.call("GET", f"{ISSUES}/1")
    for line in ("workflow: agent-own.yml", "agent: probe-1", f"parent: run:{first.id}"):
        assert line in issue["body"]
    due = re.search(r"run-at: (\S+)", issue["body"])
    assert due is not None
    home.sandbox.set_clock(advance=60)
    home.cron()
    _, second = home.runs("agent-own.yml")
    assert second.conclusion == "success", log(second)
    assert f"] probe-1 hears: Look again at PR 123 [1@{due[1]}]\n" in log(second)
    home.done(1, second)
    assert home.cron().conclusion == "success"
    assert len(home.runs("agent-own.yml")) == 2, "an occurrence runs once"


@pytest.mark.slow
def test_act_as_the_readme_calls_it(tmp_path: Path, tool_cache: Path) -> None:
    """No sandbox in between: act itself, with a user's copy and the flags that it takes."""
    text = as_users_have_it().replace("OWNER/NAME@v1", "octo/scheduler@v1")
    text, count = re.subn("      deployment: false #.*act.* want this line removed\n", "", text)
    assert count == 1
    folder = served(tmp_path / "queue", text)
    (tmp_path / "action").mkdir()
    action = stage.publish(tmp_path / "action")
    cache = tmp_path / "cache"
    (cache / "act").mkdir(parents=True)
    (cache / "act" / "tool_cache").symlink_to(tool_cache)
    with Sandbox({QUEUE: folder}) as sandbox:
        made = {"title": "t", "body": body(-60, "run.yml"), "labels": ["schedule"]}
        sandbox.call("agent", "POST", ISSUES, made)
        command = [
            *(str(ACT), "schedule", "-W", ".github/workflows/scheduler.yml", "--no-cache-server"),
            *("-P", "ubuntu-latest=-self-hosted", "-P", "ubuntu-slim=-self-hosted"),
            *("--local-repository", f"octo/scheduler@v1={action}"),
            *("-s", f"GITHUB_TOKEN={sandbox.tokens['bot']}"),
            *("--env", f"GITHUB_API_URL={sandbox.url}", "--env", f"GITHUB_REPOSITORY={QUEUE}"),
        ]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=300, check=False,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"XDG_CACHE_HOME": str(cache), "XDG_CONFIG_HOME": str(tmp_path)}
            | stage.direct(os.environ),
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        (run,) = sandbox.repository().runs.values()
        assert (run.workflow.path, run.status) == (".github/workflows/run.yml", "queued")
        assert sandbox.repository().issues[1].view.state == "closed"
        assert sandbox.tokens["bot"] not in done.stdout + done.stderr


@pytest.mark.slow
@published
def test_python_files_of_the_repository_are_not_imported(home: Home) -> None:
    for name in ("yaml", "github", "scheduler", "json"):
        (home.folder / f"{name}.py").write_text("raise SystemExit('imported')\n")
    home.open(body(-60, "run.yml"))
    tick = home.cron()
    assert tick.conclusion == "success", log(tick)
    assert len(home.runs("run.yml")) == 1


@pytest.mark.slow
def test_the_sandbox_command_runs_its_own_sample(tmp_path: Path, tool_cache: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    environ |= {"TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tool_cache.parents[1])}
    environ |= stage.direct(os.environ)
    program = [sys.executable, "-m", "scheduler"]
    with subprocess.Popen(
        [*program, "sandbox"], cwd=ROOT, env=environ, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        environ |= dict(pair.split("=", 1) for pair in server.stdout.readline().split()[1:])

        def schedule(*arguments: str) -> str:
            ran = subprocess.run(
                [*program, *arguments], cwd=ROOT, env=environ, text=True, timeout=300, check=False,
                capture_output=True,
            )  # fmt: skip
            assert ran.returncode == 0, ran.stderr
            return ran.stdout

        try:
            schedule("--at", at(-5), "--allow-past", "--workflow", "run.yml")
            wait(lambda: "#1 dispatched" in schedule("show", "1"), 300)
            assert "#1 dispatched" in schedule("show", "1")
        finally:
            server.terminate()
            server.wait(300)
    assert list(tmp_path.iterdir()) == []
