"""The sandbox tells who holds a concurrency group, and who waits for it."""

from __future__ import annotations

from pathlib import Path

from scheduler.sandbox import Sandbox
from tests.sandbox.conftest import Client
from tests.sandbox.test_actions import start
from tests.sandbox.test_fates import GROUP, write

GROUPS = "/actions/concurrency_groups"


def members(agent: Client, group: str) -> list[tuple[int, str]]:
    found = agent("GET", f"{GROUPS}/{group}").json()["group_members"]
    return [(each["run_id"], each["status"]) for each in found]


def test_a_group_has_a_holder_and_runs_that_wait(
    agent: Client, folder: Path, sandbox: Sandbox
) -> None:
    write(folder, "slash.yml", GROUP.replace(": g", ": A/b"))
    runs = [start(agent, "one.yml"), start(agent, "one.yml"), start(agent, "slash.yml")]
    names = [each["group_name"] for each in agent("GET", GROUPS).json()["concurrency_groups"]]
    assert names == ["one-main", "a/b"]
    assert members(agent, "one-main") == [(runs[0], "in_progress"), (runs[1], "pending")]
    assert members(agent, "A%2Fb") == [(runs[2], "in_progress")]
    sandbox.finish_run(runs[0])
    assert members(agent, "one-main") == [(runs[1], "in_progress")]
    sandbox.finish_run(runs[1])
    assert agent("GET", f"{GROUPS}/one-main").status_code == 404


def test_a_dead_run_may_hold_its_group(agent: Client, sandbox: Sandbox) -> None:
    sandbox.fate("failure", wedges=True)
    dead, waits = start(agent, "one.yml"), start(agent, "one.yml")
    assert members(agent, "one-main") == [(dead, "in_progress"), (waits, "pending")]


def test_groups_have_cursors(agent: Client, folder: Path) -> None:
    write(folder, "each.yml", GROUP.replace(": g", ": each-${{ github.run_id }}"))
    for _ in range(3):
        start(agent, "each.yml")
    first = agent("GET", f"{GROUPS}?per_page=2")
    assert first.json()["total_count"] == 3
    path = first.links["next"]["url"].partition("/repos/octo/queue")[2]
    assert "after=" in path
    assert len(agent("GET", path).json()["concurrency_groups"]) == 1


def test_an_enterprise_server_does_not_tell_groups(agent: Client, sandbox: Sandbox) -> None:
    start(agent, "one.yml")
    sandbox.configure(concurrency_groups=False)
    assert agent("GET", GROUPS).status_code == 404
    assert agent("GET", f"{GROUPS}/one-main").status_code == 404
