"""What may be started: a file's name, in a repository and of a kind that the settings list."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from scheduler.text import shown
from tests.attacks.crowd import messages, ran, rejected
from tests.conftest import OTHER, WORKFLOWS, Stage, at, body, served

NAMES = [
    "../deploy.yml", "..%2Fdeploy.yml", "%2e%2e/deploy.yml", ".github/workflows/deploy.yml",
    "./deploy.yml", "/deploy.yml", "deploy.yml/../scheduler.yml", "a..b.yml", "..yml", ".yml",
    "https://github.com/octo/queue/blob/main/.github/workflows/deploy.yml", "file:///deploy.yml",
    "12345", "161335", "-1", "deploy", "deploy.yml?ref=x", "deploy.yml#", "deploy.yml\\u0000",
    "deploy.y\u217cl", "deploy\u200b.yml", "deploy.yml\u00a0", "deploy.yml;id", "deploy.yml\\nx: y",
]  # fmt: skip
#: These may be files' names; that they look like another's, or like a command, gives them nothing.
ODD_NAMES = [
    "d\u0435ploy.yml", "\uff44eploy.yml", "$(id).yml", "`id`.yml", "*.yml", "-rf.yml",
    "${{ 1 }}.yml", "?ref=x.yml", "a#b.yml", "%2e%2e%2fdeploy.yml", "a@refs.yml",
    "<!-- x -->.yml", "a|b.yml",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_file_s_name_starts_nothing_and_reaches_no_address(
    stage: Stage, name: str
) -> None:
    number = stage.open(body(-60, f'"{name}"'))
    report = stage.tick()
    assert [note["id"] for note in report["invalid"]] == [number]
    assert ran(stage) == []
    assert [each for each in stage.requests if "workflows" in each] == []


@pytest.mark.parametrize("name", [name for name in NAMES if "\\" not in name])
def test_nor_does_the_command_open_a_job_for_it(stage: Stage, name: str) -> None:
    told = stage.run("create", "--in", "1h", f"--workflow={name}", "-m", "x")
    told.refused(3, f"--workflow: {shown(name)} ")
    stage.untouched()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_odd_name_is_that_of_a_file_which_is_not_there(stage: Stage, name: str) -> None:
    stage.settings('allow: {workflows: ["deploy.yml", "agent-*.yml", "[*].yml"]}\n')
    number = stage.open(body(-60, f"'{name}'"))
    report = stage.tick()
    assert [note["id"] for note in [*report["invalid"], *report["rejected"]]] == [number]
    assert ran(stage) == []
    stage.settings("{}")
    other = stage.open(body(-60, f"'{name}'"))
    assert [note["id"] for note in stage.tick()["rejected"]] == [other]
    assert ran(stage) == []
    asked = [each for each in stage.requests if "workflows/" in each]
    assert asked
    assert all(f"/.github/workflows/{name}" in each or quote(name) in each for each in asked)
    stage.run("create", "--in", "1h", f"--workflow={name}", "-m", "x").refused(3, "workflow: ")


REPOSITORIES = [
    "octo/other", "OCTO/OTHER", "octo/queue.git", "stranger/queue", "octo/nowhere", "other/other",
]  # fmt: skip
MALFORMED = [
    "octo/..", "octo/.", "../queue", "octo/queue/../other", "octo", "octo/", "/queue", "octo/a b",
    "https://github.com/octo/other", "octo/other?x", "octo/\u043ether", "octo//other", "octo/o%2fx",
]  # fmt: skip


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_a_repository_outside_of_the_list_is_no_target(stage: Stage, repository: str) -> None:
    stage.settings("allow: {repositories: [octo/allowed, 'octo-*/other']}\n")
    number = stage.open(body(-60, "agent-message.yml", f"repo: {repository}"))
    rejected(stage, number, f"repo: {repository!r} is not in allow.repositories")
    assert stage.runs("octo/other") == []
    asked = ("create", "--in", "1h", "--workflow", "agent-message.yml", "--repo", repository)
    stage.run(*asked, "-m", "x", user="owner").refused(3, "allow.repositories")


@pytest.mark.parametrize("repository", MALFORMED)
def test_what_is_no_repository_is_never_asked_for(stage: Stage, repository: str) -> None:
    stage.settings("allow: {repositories: ['*/*']}\n")
    number = stage.open(body(-60, "agent-message.yml", f'repo: "{repository}"'))
    assert [note["id"] for note in stage.tick()["invalid"]] == [number]
    assert not [each for each in stage.requests if "/repos/octo/queue/" not in each
                and "graphql" not in each]  # fmt: skip


@pytest.mark.parametrize("ref", ["main..x", "-x", "a b", "refs/heads/a:b", "a^", "/x", "x.lock"])
def test_what_is_no_branch_is_never_asked_for(stage: Stage, ref: str) -> None:
    number = stage.open(body(-60, "agent-message.yml", f'ref: "{ref}"'))
    assert [note["id"] for note in stage.tick()["invalid"]] == [number]
    assert ran(stage) == []


@pytest.mark.parametrize("workflow", ["scheduler.yml", "deploy.yml"])
def test_the_scheduler_and_what_is_not_listed_are_no_targets(stage: Stage, workflow: str) -> None:
    stage.settings("allow: {workflows: ['agent-*.yml', 's*.yml']}\n")
    rejected(stage, stage.open(body(-60, workflow)), "workflow: ")
    assert ran(stage) == []
    assert stage.sandbox.requests.count("POST", "/dispatches$") == 0


@pytest.mark.parametrize("event", ["schedule", "schedule-tick"])
def test_an_event_does_not_start_the_scheduler_either(stage: Stage, event: str) -> None:
    number = stage.open(body(-60, None, f"event: {event}"), user="owner")
    rejected(stage, number, "starts the scheduler itself", user="owner")
    assert stage.sandbox.requests.count("POST", "/dispatches$") == 0
    stage.settings(f"allow: {{events: [{event}]}}\n")
    named = stage.open(body(-60, None, f"event: {event}"), user="owner")
    report = stage.run("tick", "--json", user="owner").json
    assert [fired["id"] for fired in report["dispatched"]] == [named]


def test_settings_come_from_the_default_branch_and_from_nowhere_else(
    stage: Stage, tmp_path: Path
) -> None:
    stage.settings("allow: {workflows: [bare.yml]}\n")
    lax = served(tmp_path / "lax", WORKFLOWS)
    (lax / ".github" / "scheduler.yml").write_text("allow: {workflows: ['*']}\n")
    stage.sandbox.add_ref("lax", str(lax))
    number = stage.open(body(-60, "deploy.yml", "ref: lax", "inputs: {place: staging}"))
    rejected(stage, number, "is not in allow.workflows")
    settings = stage.open("---\nrun-at: 2026-01-01T00:00:00Z\nallow: {workflows: ['*']}\n---\n")
    assert [note["id"] for note in stage.tick()["invalid"]] == [settings]
    assert ran(stage) == []


@pytest.mark.parametrize("settings", ["allow: {workflows: [bare.yml]}\nsigning: required\n", None])
@pytest.mark.parametrize("args", [("tick",), ("create", "--in", "1h", "--workflow", "bare.yml")])
def test_a_token_that_may_not_read_the_settings_does_nothing(
    stage: Stage, args: tuple[str, ...], settings: str | None
) -> None:
    if settings:
        stage.settings(settings)
    stage.open(body(-60, "deploy.yml", "inputs: {place: staging}"))
    rights = {"issues": "write", "actions": "write"}
    token = stage.sandbox.make_token("owner", permissions=rights)
    stage.sandbox.clear_requests()
    stage.run(*args, user=token).refused(5, "'contents: read'")
    assert ran(stage) == []
    writes = [e for e in stage.sandbox.requests if e.method != "GET" and e.status < 300]
    assert writes == []
    assert stage.labels(1) == {"schedule"}


@pytest.mark.parametrize("text", ["alow: {}\n", "trust: [write]\n", "signing: never\n", "a: &a\n"])
def test_settings_that_are_broken_dispatch_nothing(stage: Stage, text: str) -> None:
    stage.settings(text)
    stage.open(body())
    stage.run("tick", user="bot").refused(2, ".github/scheduler.yml line 1: ", "; ")
    assert ran(stage) == []
    assert len(stage.sandbox.requests) == 1


# What is allowed reaches its target as it was written.

ODD = (
    "first\nsecond\r\nthird\r`tick` ``` ${{ github.token }} $(id) "
    "\u2603 \U0001f680 '\"\\ %0A ::x::\t<!--"
)

#: As long as an issue can carry it, and inputs can as JSON.
LONG = ODD + "x" * 64_400 + ODD


def test_a_message_reaches_the_target_byte_for_byte(stage: Stage) -> None:
    message = LONG
    stage.open(body(-60, "agent-message.yml", message=message))
    report = stage.tick()
    assert len(report["dispatched"]) == 1, report
    (got,) = messages(stage)
    assert got == message
    assert got.encode() == message.encode()


def test_an_input_reaches_the_target_byte_for_byte(stage: Stage) -> None:
    value = LONG.replace("\r", "")
    lines = ("inputs:", f"  model: {json.dumps(value, ensure_ascii=False)}")
    stage.open(body(-60, "agent-message.yml", *lines))
    assert stage.tick()["invalid"] == []
    (inputs,) = ran(stage)
    assert inputs["model"] == value


def test_both_do_so_from_the_command(stage: Stage) -> None:
    value = ODD.replace("\r", "")
    stage.create(
        "--at", at(-60), "--allow-past", "--workflow", "agent-message.yml", "-m", ODD,
        "--input", f"model={value}",
    )  # fmt: skip
    stage.tick()
    (inputs,) = ran(stage)
    assert (inputs["message"], inputs["model"]) == (ODD, value)


def test_and_in_an_event_s_payload(stage: Stage) -> None:
    stage.settings("allow: {events: [wake]}\n")
    stage.open(body(-60, None, "event: wake", message=ODD), user="owner")
    report = stage.run("tick", "--json", user="owner").json
    assert len(report["dispatched"]) == 1, report
    (run,) = [run for run in stage.runs() if run.event == "repository_dispatch"]
    assert run.payload["client_payload"]["message"] == ODD


def test_one_character_more_than_github_takes_is_refused_here(stage: Stage) -> None:
    value = json.dumps("x" * 65_531)
    number = stage.open(body(-60, "bare.yml"))
    # GitHub would refuse the text itself, were it longer than an issue can be.
    told = stage.run(
        "create", "--in", "1h", "--workflow", "agent-message.yml", "-m", "x",
        "--input", f"model={value}",
    )  # fmt: skip
    told.refused(3, "65535")
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [number]


def test_the_other_repository_of_these_tests_can_be_started(stage: Stage) -> None:
    assert "agent-message.yml" in OTHER
    stage.settings("allow: {workflows: ['*'], repositories: [octo/other]}\n")
    number = stage.open(body(-60, "agent-message.yml", "repo: octo/other"))
    report = stage.run("tick", "--json", user="owner").json
    assert [fired["id"] for fired in report["dispatched"]] == [number]
