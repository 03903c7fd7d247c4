"""A clock without cron, with a real runner: act runs the workflow, the sandbox keeps its timers.

No time is waited for: the server's clock is moved to a timer's end, and its answers tell it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from dateutil.parser import isoparse

from scheduler.hold import alarm
from scheduler.sandbox import Sandbox
from scheduler.sandbox.demo import stage
from scheduler.sandbox.runner.runs import Run
from tests.action.test_workflow import as_users_have_it
from tests.conftest import ISSUES, QUEUE, REPO
from tests.support.act_home import AGENT, Home, jobs, kept, log, served, tools, wait

ACT = stage.find_act(os.environ)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(ACT is None, reason="act is missing")]
USES = "      - uses: octo/scheduler@v1\n"
CRON = re.compile(r"  schedule:\n    - cron: .*\n")


@pytest.fixture
def home(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A repository without cron, and an agent that schedules itself for in nine minutes."""
    text = as_users_have_it().replace("OWNER/NAME@v1", "octo/scheduler@v1").rstrip() + "\n"
    text, count = CRON.subn("", text)
    assert (count, text.endswith(USES)) == (1, True)
    folder = served(tmp_path / "queue", text + "        with:\n          poll: 1s\n")
    agent = folder / ".github" / "workflows" / "agent-own.yml"
    agent.write_text(
        AGENT.replace("--in 2s", "--in 9m").replace(
            "{issues: write,", "{actions: write, issues: write,"
        )
    )
    (tmp_path / "action").mkdir()
    environ = {"PATH": stage.search_path(os.environ), "SCHEDULE_WRITES_PER_SECOND": "0"}
    with Sandbox(
        {QUEUE: folder}, act=ACT, tool_cache=tools(kept(tmp_path_factory)), jobs=3,
        local_repositories={"octo/scheduler@v1": stage.publish(tmp_path / "action")},
        environ=environ | stage.direct(os.environ),
    ) as sandbox:  # fmt: skip
        yield Home(sandbox, folder)


def chain(home: Home) -> list[Run]:
    """The scheduler's runs, oldest first."""
    runs = home.sandbox.repository().runs.values()
    return [run for run in runs if run.workflow.path.endswith("/scheduler.yml")]


def test_what_an_agent_s_own_token_opened_runs_on_time_without_any_cron(home: Home) -> None:
    for timer in alarm.TIMERS:
        rules = {"wait_timer": timer // alarm.MINUTE}
        path = f"{REPO}/environments/{alarm.environment(timer)}"
        home.call("PUT", path, rules, user="owner")
    began = home.dispatch("agent-own.yml", {"message": "begin", "agent": "probe"})
    assert began.conclusion == "success", log(began)
    wait(lambda: len(chain(home)) == 2, 180)
    nudged, waiting = chain(home)
    home.ended(nudged.id)
    assert (nudged.conclusion, waiting.status) == ("success", "waiting"), log(nudged)
    assert waiting.display_title == "alarm schedule-4m"
    assert "an alarm wakes the scheduler for it" in log(nudged)

    # Late, as runners are; soon enough to be held, unless this machine takes minutes.
    due = isoparse(re.findall(r"run-at: (\S+)", home.call("GET", f"{ISSUES}/1")["body"])[0])
    home.sandbox.set_clock(to=f"{due - timedelta(seconds=150):%Y-%m-%dT%H:%M:%SZ}")
    polled = home.sandbox.requests.count("GET", f"{ISSUES}$", status=304)
    wait(lambda: (home.sandbox.requests.count("GET", f"{ISSUES}$", status=304) > polled)
         or not waiting.active, 300)  # fmt: skip
    home.sandbox.set_clock(advance=150)
    wait(lambda: len(home.runs("agent-own.yml")) == 2, 300)
    home.ended(waiting.id)
    assert jobs(waiting) == {"enqueue": "skipped", "alarm": "success", "tick": "success"}
    target = home.runs("agent-own.yml")[1]
    home.done(1, target)
    assert target.created_at >= due, "early"
    assert {run.event for run in home.sandbox.repository().runs.values()} == {"workflow_dispatch"}
    assert len(chain(home)) == 2, "an empty queue arms nothing"
