"""Opening jobs over HTTP: what is written, what is answered, and that it happens once."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduler.cli import simulate, tick
from scheduler.cli.group import COMMANDS
from scheduler.clock import SystemClock
from scheduler.job import frontmatter
from scheduler.sandbox.http.requestlog import Request
from scheduler.settings import profiles
from scheduler.simulation.scenario import EACH
from scheduler.times import instants
from tests.conftest import AGENT_MESSAGE, ISSUES, QUEUE, Stage, at, evening
from tests.support.hold_stage import held, until

WORKFLOW = ("--workflow", "agent-message.yml")
SOON = ("--in", "2h", "--message", "Check PR 123", *WORKFLOW)


def test_options_alone_open_a_job(stage: Stage) -> None:
    result = stage.run(*SOON)
    assert result.status == 0
    assert result.err == ""
    first, second, expect = result.out.splitlines()
    assert first.startswith("#1 runs agent-message.yml at 20")
    assert re.search(r"Z \((Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, in 2h\)$", first)
    assert second.endswith("/octo/queue/issues/1")
    assert expect.startswith("clock auto: the new issue starts a tick, which takes the best clock")
    assert all(len(line) <= 80 for line in result.out.splitlines())
    issue = stage.issue(1)
    assert issue["title"].startswith("⏰ agent-message.yml at 20")
    assert issue["title"].endswith("Z: Check PR 123")
    assert stage.labels(1) == {"schedule"}
    assert issue["body"].startswith("---\nrun-at: 20")
    assert issue["body"].endswith("\n---\nCheck PR 123")


def test_the_answer_says_what_will_happen(stage: Stage) -> None:
    earliest = at(7200)
    made = stage.create(*SOON, "--agent", "probe-1")
    run_at = datetime.fromisoformat(made["run_at"].replace("Z", "+00:00"))
    assert earliest <= made["run_at"] <= at(7201)
    assert made == {
        "id": 1, "status": "pending", "run_at": made["run_at"], "in": "in 2h",
        "in_s": 7200, "weekday": instants.weekday(run_at), "local": None,
        "workflow": "agent-message.yml", "event": None, "repo": None, "agent": "probe-1",
        "request_id": made["request_id"], "created": True, "duplicate": False,
        "nudged": False, "expect": made["expect"], "clock": "auto",
        "url": stage.issue(1)["html_url"], "warnings": [],
    }  # fmt: skip
    assert made["request_id"] in stage.issue(1)["body"]


def test_everything_that_can_be_said_is_written(stage: Stage) -> None:
    local, instant = evening()
    stage.settings('allow: {repositories: ["octo/other"]}\n')
    made = stage.create(
        "--at", local, "--timezone", "Europe/Berlin", "--repo", "octo/other",
        "--ref", "main", "--agent", "probe-1", "--input", "model=o=p", "--deadline", "6h",
        "--dedup-key", "eve", "--request-id", "r-1", "--max-attempts", "3", *WORKFLOW,
        "--message", "-", stdin="line 1\n---\nline 3 ⏰\n",
    )  # fmt: skip
    assert made["run_at"] == instant
    job = frontmatter.parse(stage.issue(1)["body"])
    assert job.message == "line 1\n---\nline 3 ⏰\n"
    assert (job.repo, job.ref, job.agent) == ("octo/other", "main", "probe-1")
    assert (job.timezone, job.dedup_key, job.request_id) == ("Europe/Berlin", "eve", "r-1")
    assert (dict(job.inputs), job.max_attempts) == ({"model": "o=p"}, 3)
    assert job.deadline == timedelta(hours=6)


def test_the_settings_fill_in_what_was_not_said(stage: Stage) -> None:
    stage.settings(
        "label: later\ndefaults: {workflow: agent-message.yml, timezone: Europe/Berlin}\n"
    )
    local, instant = evening()
    made = stage.create("--at", local, "-m", "x")
    assert (made["run_at"], made["workflow"]) == (instant, "agent-message.yml")
    assert stage.labels(1) == {"later"}


def test_a_past_time_can_be_asked_for(stage: Stage) -> None:
    made = stage.create(
        "--at", "2024-01-15T10:00:00Z", "--allow-past", *WORKFLOW, "-m", "Follow up on PR"
    )
    assert made["run_at"] == "2024-01-15T10:00:00Z"
    assert made["in"].endswith(" ago")


def test_a_request_in_json_on_standard_input(stage: Stage) -> None:
    due = at(3600)
    asked = {
        "workflow": "agent-message.yml", "agent": "probe-1", "run_at": due,
        "message": "Follow up on PR", "repo": QUEUE,
    }  # fmt: skip
    result = stage.run("create", "--json", "-", stdin=json.dumps(asked))
    assert result.err == ""
    assert result.json["id"] == 1
    assert result.json["status"] == "pending"
    assert result.json["run_at"] == due
    more = stage.run("--json", "-", *WORKFLOW, stdin='{"in": "PT2H", "message": "m"}').json
    assert (more["id"], more["in"]) == (2, "in 2h")


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_a_dry_run_opens_nothing(stage: Stage, as_json: tuple[str, ...]) -> None:
    result = stage.run(*SOON, "--dry-run", *as_json)
    assert result.status == 0
    if as_json:
        assert result.json["labels"] == ["schedule"]
        assert result.json["in"] == "in 2h"
        assert result.json["weekday"].endswith("day")
        assert frontmatter.parse(result.json["body"]).message == "Check PR 123"
    else:
        assert result.out.startswith("⏰ agent-message.yml at ")
        head = r"Z: Check PR 123\nat 20\S+Z \(\w+day, in 2h\)\nlabel: schedule\n\n---\nrun-at: "
        assert re.search(head, result.out)
        assert "\n---\nCheck PR 123\n" in result.out
    stage.untouched()


# Inside of a run.


def actions(tmp_path: Path, event: object = None, **more: str | None) -> dict[str, Any]:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event or {}))
    return {
        "GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "4711", "GITHUB_EVENT_PATH": str(path),
        "GITHUB_WORKFLOW_REF": f"{QUEUE}/.github/workflows/agent-message.yml@refs/heads/main",
        **more,
    }  # fmt: skip


def test_a_run_schedules_its_own_workflow(stage: Stage, tmp_path: Path) -> None:
    made = stage.create("--in", "2h", "-m", "again", **actions(tmp_path))
    assert (made["workflow"], made["agent"]) == ("agent-message.yml", "agent-message")
    assert frontmatter.parse(stage.issue(1)["body"]).parent == "run:4711"


def test_a_run_hands_on_who_it_is_and_what_it_needs(stage: Stage, tmp_path: Path) -> None:
    stage.workflow("agent-message.yml", AGENT_MESSAGE + "      branch: {required: true}\n")
    inputs = {
        "agent": "probe-1", "message": "m", "branch": "topic", "model": "large",
        "schedule_id": "7@2026-11-23T09:00:00Z",
    }  # fmt: skip
    environ = actions(tmp_path, {"inputs": inputs})
    stage.create("--in", "2h", "-m", "again", **environ)
    job = frontmatter.parse(stage.issue(1)["body"])
    assert (job.agent, job.parent) == ("probe-1", "7@2026-11-23T09:00:00Z depth=1")
    assert dict(job.inputs) == {"branch": "topic"}
    stage.create("--in", "2h", "-m", "x", "--input", "branch=other", "--agent", "b", **environ)
    job = frontmatter.parse(stage.issue(2)["body"])
    assert (job.agent, dict(job.inputs)) == ("b", {"branch": "other"})


def test_another_repository_does_not_run_the_workflow_of_this_one(
    stage: Stage, tmp_path: Path
) -> None:
    environ = actions(tmp_path)
    stage.run("--in", "2h", "-m", "x", "--queue", "octo/other", **environ).refused(
        2, "--workflow: is missing"
    )
    stage.settings("allow: {repositories: [octo/other]}\n")
    stage.run("--in", "2h", "-m", "x", "--repo", "octo/other", **environ).refused(
        2, "--workflow: is missing"
    )
    stage.untouched()


def test_what_only_looks_like_a_run_fills_in_nothing(stage: Stage, tmp_path: Path) -> None:
    environ = actions(tmp_path, {"inputs": {"agent": "x"}}, GITHUB_ACTIONS=None)
    stage.run("--in", "2h", "-m", "x", **environ).refused(2, "--workflow: is missing")
    made = stage.create(*SOON, **environ)
    assert made["agent"] is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"inputs": 5}', '{"inputs": {"agent": null}}'])
def test_an_event_file_that_says_nothing(stage: Stage, tmp_path: Path, text: str) -> None:
    environ = actions(tmp_path)
    (tmp_path / "event.json").write_text(text)
    assert stage.create("--in", "2h", "-m", "x", **environ)["agent"] == "agent-message"
    environ["GITHUB_EVENT_PATH"] = str(tmp_path / "nowhere")
    assert stage.create("--in", "2h", "-m", "x", **environ)["id"] == 2


# Once, whatever happens.


@pytest.mark.parametrize("kind", ["drop-after", "502-after"])
def test_an_issue_whose_answer_was_lost_is_found_again(stage: Stage, kind: str) -> None:
    stage.sandbox.fault(kind, method="POST", path="/issues$")
    made = stage.create(*SOON)
    assert (made["id"], made["created"]) == (1, True)
    assert len(stage.issues()) == 1
    assert stage.sandbox.requests.count("POST", "/issues$") == 1


@pytest.mark.parametrize("kind", ["drop-before", "502-before"])
def test_what_was_not_opened_can_be_repeated(
    stage: Stage, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.commands.create.PAUSE", 0.01)
    stage.sandbox.fault(kind, method="POST", path="/issues$")
    line = stage.run(*SOON, "--json").refused(75, "GITHUB_API_URL: ", "repeat it with --request-id")
    stage.untouched()
    request_id = line.split("--request-id ")[1].strip()
    made = stage.create(*SOON, "--request-id", request_id)
    assert (made["id"], made["created"], made["request_id"]) == (1, True, request_id)
    again = stage.create(*SOON, "--request-id", request_id)
    assert (again["id"], again["created"]) == (1, False)
    assert len(stage.issues()) == 1


@pytest.mark.slow
def test_an_answer_that_comes_too_late_is_looked_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.github.client.TIMEOUT", 1)
    with held(stage, "POST", "/issues$") as late:

        def sleep(_: SystemClock, seconds: float) -> None:
            late.release()
            until(stage.issues)

        monkeypatch.setattr(SystemClock, "sleep", sleep)
        assert stage.create(*SOON)["id"] == 1
    assert late.arrived.is_set()
    assert len(stage.issues()) == 1


def test_one_id_is_one_job_even_after_it_was_closed(stage: Stage) -> None:
    stage.create(*SOON, "--request-id", "release-7")
    made = stage.create(*SOON, "--request-id", "release-7")
    assert (made["id"], made["created"], made["status"]) == (1, False, "pending")
    assert "stood there already" in stage.run(*SOON, "--request-id", "release-7").out
    stage.run("cancel", "1")
    made = stage.create(*SOON, "--request-id", "release-7")
    assert (made["id"], made["created"], made["status"]) == (1, False, "cancelled")
    told = stage.run(*SOON, "--request-id", "release-7").out
    assert told.startswith("#1 stood there already: it was cancelled\n")
    assert stage.create(*SOON, "--request-id", "release-70")["id"] == 2
    assert len(stage.issues()) == 2


def test_what_became_of_the_job_of_an_id_is_told(stage: Stage) -> None:
    now = ("--at", at(-1), "--allow-past", *SOON[2:], "--request-id", "release-7")
    stage.create(*now)
    stage.tick()
    made = stage.create(*now)
    assert (made["id"], made["created"], made["status"]) == (1, False, "dispatched")
    assert stage.run(*now).out.startswith("#1 stood there already: it was dispatched\n")


def test_a_rate_limit_says_when_to_come_back(stage: Stage) -> None:
    stage.sandbox.fault("secondary", method="POST", path="/issues$", retry_after=600)
    stage.run(*SOON).refused(75, "rate limit: ", "try again at 20", "--request-id")
    stage.untouched()


@pytest.mark.slow
def test_a_short_rate_limit_is_waited_out(stage: Stage) -> None:
    stage.sandbox.fault("429", method="POST", path="/issues$", retry_after=1)
    assert stage.create(*SOON)["id"] == 1


def test_no_retry_of_the_library_doubles_an_issue(stage: Stage) -> None:
    seen: list[Request] = []
    with stage.sandbox.on_request(seen.append):
        stage.sandbox.fault("502-after", method="POST", path="/issues$", count=9)
        stage.create(*SOON)
    posts = [request.path for request in seen if request.method == "POST"]
    assert [path for path in posts if path != "/graphql"] == [ISSUES]


def test_a_process_of_its_own_does_the_same(stage: Stage) -> None:
    result = stage.process(*SOON, "--json")
    assert result.err == ""
    assert result.json["id"] == 1


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_fits_into_80_columns(stage: Stage, command: str) -> None:
    result = stage.run(*command.split(), "--help")
    assert (result.status, result.err) == (0, "")
    assert all(len(line) <= 80 for line in result.out.splitlines())
    assert not re.search(r"\[default:[^\]\n]*\n|[^]]\.\.\.$|\u00a0", result.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("create", "[default: 5]"), ("create", "[default: latest]"), ("create", "[default: 1d]"),
        ("create", "--misfire [skip|latest|all]"), ("create", "--overlap [allow|skip]"),
        ("create", "[default: the queue's repository]"), ("create", "[default: return]"),
        ("tick", "[default: 20s]"), ("stats", "[default: 7d]"), ("stats", "[default: 5m]"),
        ("simulate", "[default: 33; "),
        ("simulate", "[auto|alarm|thrifty|balanced|punctual|cron|all]"),
        ("sandbox", "[default: act]"),
    ],
)  # fmt: skip
def test_help_shows_defaults_and_choices(stage: Stage, command: str, shown: str) -> None:
    assert shown in stage.run(command, "--help").out


def test_what_the_help_shows_of_other_rooms_is_what_they_say() -> None:
    assert instants.format_duration(profiles.POLL) == tick.POLL
    assert {*simulate.PROFILES} == {*EACH, "all"}


def test_no_command_s_help_is_cut(stage: Stage) -> None:
    listed = stage.run("--help").out.split("Commands:\n")[1]
    assert [line.split()[0] for line in listed.splitlines()] == [*COMMANDS]
    assert "..." not in listed
