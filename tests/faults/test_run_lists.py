"""A list of runs that is filtered may lag behind the whole one: none there is not yet none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.stage import REPO, Stage, served

HOUR = 3600
#: What a claim that stands is given, in these tests as by default.
PATIENT = "limits: {recover-after: 120s, backoff: 0s}\n"
WORKFLOWS = ["titled.yml", "plain.yml"]


def lists(stage: Stage, workflow: str) -> list[str]:
    """The queries of the lists of runs that were asked for."""
    path = f"/repos/{REPO}/actions/workflows/{workflow}/runs"
    return [each.query for each in stage.sandbox.requests if each.path == path]


@pytest.mark.parametrize("workflow", WORKFLOWS)
@pytest.mark.parametrize("kind", ["drop-after", "502-after"])
def test_a_run_that_only_the_whole_list_shows_is_found(
    tmp_path: Path, workflow: str, kind: str
) -> None:
    with served(tmp_path, settings=PATIENT) as stage:
        number = stage.open("1", workflow)
        stage.sandbox.set_staleness(filtered_runs=HOUR)
        stage.sandbox.fault(kind, method="POST", path="/dispatches$")
        for _ in range(4):
            stage.tick()
            stage.sandbox.clock.advance(130)
        assert stage.names() == ["1"]
        assert stage.audit(number, "1") == "dispatched"


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_server_that_names_no_run_is_looked_at_whole_as_well(
    tmp_path: Path, workflow: str
) -> None:
    with served(tmp_path, settings=PATIENT, run_details=False) as stage:
        number = stage.open("1", workflow)
        stage.sandbox.set_staleness(filtered_runs=HOUR)
        stage.tick()
        (entry,) = stage.journal(number).entries
        (run,) = stage.sandbox.repository(REPO).runs
        assert entry.run_id == run


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_where_neither_shows_one_it_is_run_again(tmp_path: Path, workflow: str) -> None:
    with served(tmp_path, settings=PATIENT) as stage:
        number = stage.open("1", workflow)
        stage.sandbox.fault("drop-before", method="POST", path="/dispatches$")
        stage.tick()
        assert stage.names() == []
        stage.sandbox.clock.advance(130)
        stage.sandbox.clear_requests()
        stage.tick()
        assert stage.names() == ["1"]
        assert stage.audit(number, "1") == "dispatched"
        # Once with the filter, once without, and both before the second attempt.
        filtered, whole = lists(stage, workflow)
        assert "event=" in filtered
        assert "created=" in filtered
        assert not [name for name in ("event", "created", "actor", "status") if name in whole]


def test_what_the_filtered_list_shows_is_asked_for_no_second_time(tmp_path: Path) -> None:
    with served(tmp_path, settings=PATIENT) as stage:
        stage.open("1")
        stage.sandbox.fault("drop-after", method="POST", path="/dispatches$")
        stage.tick()
        assert stage.names() == ["1"]
        assert len(lists(stage, "titled.yml")) == 1


def test_the_whole_list_is_read_no_further_than_the_claim(tmp_path: Path) -> None:
    """Newest first, and what is older than the claim can't be its run."""
    with served(tmp_path, settings=PATIENT) as stage:
        path = f"/repos/{REPO}/actions/workflows/plain.yml/dispatches"
        for _ in range(250):
            stage.sandbox.call("owner", "POST", path, {"ref": "main", "inputs": {"job": "old"}})
        stage.sandbox.clock.advance(600)
        stage.open("1", "plain.yml")
        stage.sandbox.fault("drop-before", method="POST", path="/dispatches$")
        stage.tick()
        stage.sandbox.clock.advance(130)
        stage.sandbox.clear_requests()
        stage.tick()
        assert len(lists(stage, "plain.yml")) == 2
        assert stage.names().count("1") == 1


def test_a_busy_workflow_s_whole_list_is_read_only_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of runs that came after it there may be any number: so old a filtered list is true."""
    monkeypatch.setattr("scheduler.github.actions.RUN_PAGES", 2)
    with served(tmp_path, settings=PATIENT) as stage:
        stage.open("1", "plain.yml")
        stage.sandbox.fault("drop-before", method="POST", path="/dispatches$")
        stage.tick()
        stage.sandbox.clock.advance(130)
        path = f"/repos/{REPO}/actions/workflows/plain.yml/dispatches"
        for _ in range(350):
            stage.sandbox.call("owner", "POST", path, {"ref": "main", "inputs": {"job": "new"}})
        stage.sandbox.clear_requests()
        stage.tick()
        whole = [query for query in lists(stage, "plain.yml") if "event=" not in query]
        assert len(whole) == 2


def test_a_relay_finds_its_successor_in_the_whole_list(tmp_path: Path) -> None:
    """Its dispatch had no answer; unseen, the successor would wait for nothing, for ever."""
    from scheduler.connection import connect
    from scheduler.environment import Environment
    from scheduler.hold.relay import Relay
    from scheduler.tick.report import TickReport
    from tests.faults.stage import SandboxClock

    with served(tmp_path) as stage:
        (tmp_path / ".github" / "workflows" / "scheduler.yml").write_text(
            "on: workflow_dispatch\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}\n"
        )
        stage.sandbox.set_staleness(filtered_runs=HOUR)
        stage.sandbox.fault("drop-after", method="POST", path="/dispatches$")
        clock = SandboxClock(stage.sandbox)
        made = connect(Environment.read(stage.environ()), clock=clock)
        relay = Relay(made.queue, clock, made.settings)
        assert "no answer" in (relay.begin() or "")
        relay.finish(TickReport(now=clock.now()))  # nothing waits: the chain is over
        (run,) = stage.sandbox.repository(REPO).runs.values()
        assert run.conclusion == "cancelled"
        made.close()
