"""Holding and relaying with a real runner: act runs the workflow, the sandbox its group."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scheduler.sandbox import Sandbox
from scheduler.sandbox.demo import stage
from scheduler.sandbox.runner.runs import Run
from tests.action.test_workflow import as_users_have_it
from tests.conftest import QUEUE, REPO, body
from tests.support.act_home import Home, kept, log, served, tools, unhurried_cancels, wait

ACT = stage.find_act(os.environ)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(ACT is None, reason="act is missing")]
USES = "      - uses: octo/scheduler@v1\n"
INPUTS = "        with:\n          profile: punctual\n          hold: 1h\n          poll: 1s\n"


@pytest.fixture(scope="session")
def tool_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tools(kept(tmp_path_factory))


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    unhurried_cancels(monkeypatch)


@pytest.fixture
def home(request: pytest.FixtureRequest, tmp_path: Path, tool_cache: Path) -> Iterator[Home]:
    """A user's copy of the workflow, whose tick holds until something happens, or for ``param``."""
    text = as_users_have_it().replace("OWNER/NAME@v1", "octo/scheduler@v1").rstrip() + "\n"
    assert text.endswith(USES)
    inputs = INPUTS.replace("1h", getattr(request, "param", "1h"))
    folder = served(tmp_path / "queue", text + inputs)
    (tmp_path / "action").mkdir()
    environ = {"PATH": stage.search_path(os.environ), "SCHEDULE_WRITES_PER_SECOND": "0"}
    with Sandbox(
        {QUEUE: folder}, act=ACT, tool_cache=tool_cache, jobs=3,
        local_repositories={"octo/scheduler@v1": stage.publish(tmp_path / "action")},
        environ=environ | stage.direct(os.environ),
    ) as sandbox:  # fmt: skip
        yield Home(sandbox, folder)


def chain(home: Home) -> list[Run]:
    """The scheduler's runs, oldest first."""
    runs = home.sandbox.repository().runs.values()
    return [run for run in runs if run.workflow.path.endswith("/scheduler.yml")]


def begun(home: Home) -> tuple[Run, Run]:
    """A holder that cron started, and the successor that waits for it."""
    home.sandbox.start_cron("scheduler.yml")
    wait(lambda: len(chain(home)) == 2, 300)
    holder, successor = chain(home)
    assert (holder.status, successor.status) == ("in_progress", "pending"), log(holder)
    assert successor.event == "workflow_dispatch"
    return holder, successor


def over(home: Home, number: int) -> None:
    """It is time. The job ran once, not early, and with nothing left to wait for the chain ended.

    Until now nothing was due: however slow this machine is, a run holds and another waits for it.
    """
    wait(lambda: [run.status for run in chain(home)[-2:]] == ["in_progress", "pending"], 300)
    assert home.runs("run.yml") == []
    home.sandbox.set_clock(advance=7200)
    wait(lambda: not any(run.active for run in chain(home)), 300)
    assert [run.status for run in chain(home)] == ["completed"] * len(chain(home))
    (run,) = home.runs("run.yml")
    home.done(number, run)
    due = re.search(r"run-at: (\S+)", home.call("GET", f"{REPO}/issues/{number}")["body"])
    assert due is not None
    assert f"{run.created_at:%Y-%m-%dT%H:%M:%SZ}" >= due[1], "early"
    last = chain(home)[-1]
    assert (last.conclusion, last.started_at) == ("cancelled", None), "nobody started it"
    time.sleep(1)
    assert len(chain(home)) == int(last.number)


def test_the_successor_starts_when_the_holder_is_killed(home: Home) -> None:
    number = home.open(body(7200, "run.yml"))
    holder, successor = begun(home)
    executor = home.sandbox.actions.executor
    assert executor.stop(holder, force=True)
    wait(lambda: successor.status == "in_progress", 300)
    assert not holder.active
    assert successor.status == "in_progress"
    over(home, number)
    assert successor.conclusion == "success", log(successor)


@pytest.mark.parametrize(
    "home", ["${{ contains('12', github.run_number) && '2s' || '1h' }}"],
    indirect=True, ids=["two short holds"],
)  # fmt: skip
def test_a_chain_goes_on_from_hold_to_hold_and_ends_with_the_queue(home: Home) -> None:
    number = home.open(body(7200, "run.yml"))
    home.sandbox.start_cron("scheduler.yml")
    wait(lambda: len(chain(home)) == 4, 300)
    holder, successor, *_ = chain(home)
    assert successor.conclusion == "success", log(successor)
    assert holder.conclusion == "success", log(holder)
    assert "the next run is waiting already" in log(holder)
    over(home, number)


def test_the_cancel_signal_reaches_python_through_the_step(home: Home) -> None:
    number = home.open(body(7200, "run.yml"))
    holder, successor = begun(home)
    wait(lambda: home.sandbox.requests.count("GET", "/issues$", status=304) > 0, 300)
    home.call("POST", f"{REPO}/actions/runs/{holder.id}/cancel", user="owner")
    wait(lambda: not holder.active, 300)
    assert holder.conclusion == "cancelled"
    assert re.search(r"1 open job, 0 due, 0 dispatched; next 20\S+ \(", log(holder))
    assert "the next run is waiting already" in log(holder)
    wait(lambda: successor.status != "pending", 300)
    over(home, number)
