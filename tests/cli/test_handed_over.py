"""What of a job its run is told: what is said of the rest at its creation, and on its issue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scheduler.action import main
from scheduler.job import frontmatter
from scheduler.sandbox.http.requestlog import Request
from tests.conftest import Stage, at, body

#: Files that GitHub may run all the same, each with what is said of it.
UNREADABLE = {
    "no YAML": ("on: {workflow_dispatch: }\n? [a]\n: b\nx: [\n", "is no YAML: "),
    "cut off": ("on:\n  workflow_dispatch: {inputs: {message: {}\n", "is no YAML: "),
    "two documents": ("on: workflow_dispatch\n---\non: push\n", "found another document"),
    "too long": ("on: workflow_dispatch\n" + "#" * 600_000, "it has more than 512000 bytes"),
    "no trigger": ("name: x\n", "it has no 'on:'"),
}
NO_MESSAGE = "message: 'bare.yml' declares no input 'message', so its run is not told it; "
ODD = "on: {\n"
UNREAD = "its file could not be read; not handed over: "


def odd(stage: Stage, text: str) -> None:
    (stage.folder / ".github" / "workflows" / "odd.yml").write_text(text)


def ran(stage: Stage, *args: str) -> str:
    """What a tick prints that can't read ``odd.yml``, which GitHub runs all the same."""

    def mended(request: Request) -> None:
        if request.path.endswith("/dispatches"):
            stage.workflow("odd.yml", "on: {workflow_dispatch: {inputs: {message: , model: }}}\n")

    odd(stage, ODD)
    with stage.sandbox.on_request(mended):
        return stage.run("tick", *args, user="bot").out


WAYS = {
    "options": ("--in", "1h", "--workflow", "odd.yml", "-m", "Check it"),
    "JSON": ("create", "--json", "-"),
}
ASKED = {"in": "1h", "workflow": "odd.yml", "message": "Check it"}


@pytest.mark.parametrize("case", [case for case in UNREADABLE if case != "no YAML"])
@pytest.mark.parametrize("way", WAYS)
def test_a_target_that_can_t_be_read_is_refused(stage: Stage, way: str, case: str) -> None:
    text, words = UNREADABLE[case]
    odd(stage, text)
    line = stage.run(*WAYS[way], stdin=json.dumps(ASKED)).refused(
        3, "workflow: 'odd.yml' in octo/queue at main can't be read: ", words, "unchecked"
    )
    assert "mend the file" in line
    stage.untouched()


def test_one_whose_trigger_stands_apart_is_read(stage: Stage) -> None:
    odd(stage, UNREADABLE["no YAML"][0])
    assert stage.create("--in", "1h", "--workflow", "odd.yml")["warnings"] == []


@pytest.mark.parametrize("case", ["cut off", "too long"])
def test_it_is_accepted_unchecked_and_that_is_said(stage: Stage, case: str) -> None:
    odd(stage, UNREADABLE[case][0])
    told = "'odd.yml' can't be read, so its inputs were not checked; not handed over: message"
    result = stage.run(*WAYS["options"], "--unchecked")
    assert (result.status, result.err) == (0, f"schedule: warning: workflow: {told}\n")
    made = stage.run(*WAYS["JSON"], stdin=json.dumps({**ASKED, "unchecked": True}))
    assert made.json["warnings"] == [f"workflow: {told}"]
    assert made.err == ""
    dry = stage.create("--dry-run", *WAYS["options"], "--unchecked", "--agent", "probe")
    assert dry["warnings"] == [f"workflow: {told}, agent"]
    assert "unchecked" not in stage.issue(1)["body"]
    assert len(stage.issues()) == 2


def test_unchecked_checks_what_can_be_read_all_the_same(stage: Stage) -> None:
    stage.run("--in", "1h", "--workflow", "deploy.yml", "--unchecked").refused(
        3, "inputs.place: is required"
    )
    stage.run("--in", "1h", "--workflow", "nope.yml", "--unchecked").refused(3, "is not in")
    stage.untouched()


def test_no_issue_s_front_matter_says_it(stage: Stage) -> None:
    number = stage.open(body(-1, "odd.yml", "unchecked: true"))
    assert stage.tick()["invalid"][0]["id"] == number


def test_its_own_inputs_are_sent_and_the_rest_is_told_as_left_out(stage: Stage) -> None:
    stage.open(body(-1, "odd.yml", "agent: probe", "inputs: {model: small}"))
    (fired,) = json.loads(ran(stage, "--json"))["dispatched"]
    left = f"{UNREAD}message, agent"
    assert fired["reason"] == left
    assert stage.runs()[0].payload["inputs"]["model"] == "small"
    assert not stage.runs()[0].payload["inputs"].get("message")
    (comment,) = stage.comments(1)
    assert comment.endswith(f" ⚠️ `{left}`.")
    shown = stage.run("show", "1", "--json").json
    assert (shown["status"], shown["reason"]) == ("dispatched", left)
    assert left in " ".join(stage.run("show", "1").out.split())


def test_a_tick_s_text_says_it_as_well(stage: Stage) -> None:
    stage.open(body(-1, "odd.yml"))
    assert f"; {UNREAD}message\n" in ran(stage)


def test_a_target_without_a_message_is_warned_of(stage: Stage) -> None:
    asked = ("--in", "1h", "--workflow", "bare.yml", "--message", "Check it")
    result = stage.run(*asked)
    assert result.status == 0
    assert result.out.startswith("#1 runs bare.yml at ")
    assert result.err.startswith(f"schedule: warning: {NO_MESSAGE}")
    assert len(result.err.splitlines()) == 1
    made = stage.run(*asked, "--json")
    (warning,) = made.json["warnings"]
    assert warning.startswith(NO_MESSAGE)
    assert made.err == ""
    dry = stage.run(*asked, "--dry-run")
    assert warning in dry.err
    assert stage.run(*asked, "--dry-run", "--json").json["warnings"] == [warning]


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ((), "declare one, or say it in 'task', which it does"),
        (("--input", "task=x"), "declare one, or say it in 'place', which it does"),
        (("--input", "Task=x", "--input", "place=y"), "declare one, or leave it out"),
    ],
)
def test_the_fix_names_an_input_that_is_free(
    stage: Stage, given: tuple[str, ...], fix: str
) -> None:
    form = "{agent: {}, schedule_id: {}, task: {}, place: {}, Task: {}}"
    stage.workflow("own.yml", f"on: {{workflow_dispatch: {{inputs: {form}}}}}\n")
    (warning,) = stage.create("--in", "1h", "--workflow", "own.yml", "-m", "x", *given)["warnings"]
    assert warning.endswith(f"is not told it; {fix}")


QUIET = {
    "no message": ("--workflow", "bare.yml"),
    "blank": ("--workflow", "bare.yml", "-m", " \n"),
    "taken": ("--workflow", "agent-message.yml", "-m", "x", "--agent", "probe"),
    "an event": ("--event", "wake", "-m", "x", "--agent", "probe"),
    "an agent as an input": ("--workflow", "agent-message.yml", "-m", "x", "--input", "agent=a"),
}


@pytest.mark.parametrize("case", QUIET)
def test_nothing_is_warned_of_what_is_handed_over(stage: Stage, case: str) -> None:
    assert stage.create("--in", "1h", *QUIET[case])["warnings"] == []
    assert stage.run("--in", "1h", *QUIET[case]).err == ""


def test_an_agent_that_nobody_is_told_is_warned_of_if_it_was_named(stage: Stage) -> None:
    (warning,) = stage.create("--in", "1h", "--workflow", "bare.yml", "--agent", "a")["warnings"]
    assert warning.startswith("agent: 'bare.yml' declares no input 'agent', so its run is not ")
    workflow = "octo/queue/.github/workflows/bare.yml@refs/heads/main"
    run = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "7", "GITHUB_WORKFLOW_REF": workflow}
    made = stage.create("--in", "1h", **run)
    assert (made["agent"], made["warnings"]) == ("bare", [])


@pytest.mark.parametrize("target", [("--workflow", "agent-message.yml"), ("--event", "wake")])
def test_what_an_input_goes_before_is_warned_of(stage: Stage, target: tuple[str, str]) -> None:
    asked = ("--in", "1h", *target, "-m", "Check it", "--agent", "probe", "--json")
    told = "the input 'message' goes before it, so its run is not told it; leave one out"
    other = stage.create(*asked, "--input", "message=other", "--input", "agent=another")
    assert other["warnings"] == [f"message: {told}"]
    assert stage.create(*asked, "--input", "message=Check it")["warnings"] == []


def test_the_same_request_is_warned_of_again_and_another_job_is_not(stage: Stage) -> None:
    asked = ("--in", "1h", "--workflow", "bare.yml", "-m", "x")
    assert stage.create(*asked, "--request-id", "r")["warnings"]
    again = stage.create(*asked, "--request-id", "r")
    assert not again["created"]
    assert again["warnings"]
    stage.create("--in", "1h", "--workflow", "bare.yml", "--dedup-key", "d")
    there = stage.create(*asked, "--dedup-key", "d")
    assert (there["duplicate"], there["warnings"]) == (True, [])
    replaced = stage.create(*asked, "--dedup-key", "d", "--on-duplicate", "replace")
    assert replaced["warnings"]


def test_the_run_s_comment_says_that_the_message_was_left_out(stage: Stage) -> None:
    stage.open(body(-1, "bare.yml"))
    stage.open(body(-1, "bare.yml", message=""))
    stage.open(body(-1))
    left = "the workflow declares no input 'message'; not handed over: message"
    reasons = {each["id"]: each["reason"] for each in stage.tick()["dispatched"]}
    assert reasons == {1: left, 2: None, 3: None}
    assert [left in stage.comments(number)[0] for number in (1, 2, 3)] == [True, False, False]


def test_a_series_says_it_of_each_run(stage: Stage) -> None:
    start = at(-30)
    stage.open(body(start, "bare.yml", "every: 1h"))
    stage.tick()
    row = next(line for line in stage.comments(1)[0].splitlines() if line.startswith(f"| {start}"))
    assert row.endswith("not handed over: message` |")


@pytest.mark.parametrize("name", ["workflow_dispatch", "repository_dispatch"])
def test_what_an_event_opens_is_warned_of_in_the_run(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    fields: dict[str, Any] = {"run_at": at(3600), "workflow": "bare.yml", "message": "Check it"}
    event = {"client_payload": fields}
    if name == "workflow_dispatch":
        event = {"inputs": {"run-at": fields.pop("run_at"), **fields, "agent": ""}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    environ = stage.environ(
        "owner", GITHUB_ACTIONS="true", SCHEDULE_COMMAND="enqueue", GITHUB_RUN_ID="7",
        GITHUB_EVENT_NAME=name, GITHUB_EVENT_PATH=str(tmp_path / "event.json"),
        GITHUB_OUTPUT=str(tmp_path / "out"), GITHUB_ACTOR="owner",
    )  # fmt: skip
    assert main.main(environ) == 0
    log = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::warning")]
    assert len(log) == 1
    assert NO_MESSAGE in log[0]
    assert NO_MESSAGE in (tmp_path / "out").read_text()


def test_one_that_is_no_utf_8_is_refused(stage: Stage) -> None:
    place = stage.folder / ".github" / "workflows" / "odd.yml"
    place.write_bytes(b"on: workflow_dispatch # \xff")
    stage.run(*WAYS["options"]).refused(3, "can't be read: GitHub gives no text of it in UTF-8")
    stage.untouched()


SIZES = {
    "12,000 CJK characters": ("字" * 12_000, True),
    "65,000 letters": ("x" * 65_000, True),
    "33,000 line ends": ("\n" * 33_000, False),
    "a line and 33,000 line ends": ("a\n" + "\n" * 33_000, False),
    "32,000 line ends": ("a\n" + "\n" * 32_000, True),
    "28 KB of quotes": ('"' * 28_000, True),
    "56 KB of quotes": ('"' * 56_000, False),
    "33,000 backslashes": ("\\" * 33_000, False),
}


@pytest.mark.parametrize("target", [("--workflow", "agent-message.yml"), ("--event", "wake")])
@pytest.mark.parametrize("case", SIZES)
def test_a_message_is_accepted_if_it_can_be_handed_over(
    stage: Stage, case: str, target: tuple[str, str]
) -> None:
    message, fits = SIZES[case]
    asked = ("--at", at(-1), "--allow-past", "--message", "-", *target)
    result = stage.run(*asked, stdin=message)
    if not fits:
        assert result.refused(3, "inputs: ", "characters of JSON' are too many; keep 65535")
        stage.untouched()
        return
    assert result.status == 0, result.err
    assert frontmatter.parse(stage.issue(1)["body"]).message == message
    assert len(stage.tick()["dispatched"]) == 1
    payload = stage.runs()[-1].payload
    assert (payload.get("client_payload") or payload["inputs"])["message"] == message
