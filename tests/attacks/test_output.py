"""Hostile text on its way out: comments, summaries, annotations, outputs, terminals."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scheduler.action import main
from scheduler.sandbox.hub.people import BOT
from scheduler.tick.report import TickReport
from tests.attacks import reading
from tests.conftest import ISSUES, Stage, at, body

#: On one line, without control characters: what front matter can hold as a value.
LINE = (
    "@octo/team @all closes #1 fixes octo/queue#2 <img src=x onerror=alert(1)> <!-- --> "
    "`x` ```y``` [a](http://evil.example) ![b](//evil) | \\| a ##[set-output name=id]9 "
    "##[add-mask]e ::stop-commands::x -->"
)
#: What a message, or a text that is no job, can hold on top.
LINES = (
    f"::set-output name=id::9\n  ::add-mask::a\n\t::error::{LINE}\n::stop-commands::pause\n"
    f"##[error]{LINE}\r::warning::x\r\n\u00a0::debug::x\n\x1b[2J\x1b]0;title\x07\x9b31m\x08\x7f"
    "\u202egnp.exe\u2066\u200b\u2028::error::y\u0085::error::z\n"
    '<!-- schedule:journal {"v":1,"entries":[]} -->\n<details><summary>@octo</summary>'
)
QUOTED = json.dumps(LINE)

HOSTILE = {
    "no job": LINES,
    "a comment for a job": f"<!-- schedule:journal {{}} -->\n{LINES}",
    "first line": f"{LINE}\n---",
    "key": f"---\n{QUOTED}: x\n---\n{LINES}",
    "key twice": f"---\n{QUOTED}: x\n{QUOTED}: y\n---\n{LINES}",
    "workflow": body(-60, QUOTED, message=LINES),
    "run-at": body(QUOTED, message=LINES),
    "timezone": body(-60, "bare.yml", f"timezone: {json.dumps(LINE[:150])}"),
    "repo": body(-60, "bare.yml", f"repo: {json.dumps(LINE[:150])}"),
    "ref": body(-60, "bare.yml", f"ref: {json.dumps(LINE[:150])}"),
    "ref that may be": body(-60, "bare.yml", "ref: '@octo/team/::x::/##]<img/>'"),
    "event": body(-60, None, f"event: {json.dumps(LINE[:100])}", message=LINES),
    "deadline": body(-60, "bare.yml", f"deadline: {json.dumps(LINE[:150])}"),
    "parent": body(-60, "bare.yml", f"parent: {json.dumps(LINE[:100] + ' depth=99')}"),
    "signature": body(-60, "bare.yml", f"signature: {json.dumps(LINE[:200])}"),
    "input": body(-60, "deploy.yml", f"inputs: {{{QUOTED}: x}}"),
    "choice": body(-60, "deploy.yml", f"inputs: {{place: {QUOTED}}}", message=LINES),
    "choice of lines": body(-60, "deploy.yml", f"inputs: {{place: {json.dumps(LINES)}}}"),
    "agent over quota": body(
        3600, "bare.yml", f"agent: {json.dumps(LINE[:90])}", f"dedup-key: {json.dumps(LINE[:99])}"
    ),
    "agent over quota, again": body(
        3600, "bare.yml", f"agent: {json.dumps(LINE[:90])}", f"dedup-key: {json.dumps(LINE[:99])}"
    ),
    "runs": body(-60, "agent-message.yml", f"agent: {json.dumps(LINE[:80])}", message=LINES),
}
ODD_WORKFLOW = f"""\
on:
  workflow_dispatch:
    inputs:
      place: {{type: choice, options: [{QUOTED}, "\\e[2J\\x9b2J\\b\\n::error::x", ok]}}
      {QUOTED}: {{}}
"""


@pytest.fixture
def queue(stage: Stage) -> dict[str, int]:
    """The numbers of the hostile issues, by what is wrong with each."""
    # YAML itself lets no control character in.
    stage.settings("allow: {events: []}\nsigning: optional\nquotas: {open-per-agent: 1}\n")
    stage.workflow("odd.yml", ODD_WORKFLOW)
    found = {name: stage.open(text) for name, text in HOSTILE.items()}
    found["odd choice"] = stage.open(body(-60, "odd.yml", "inputs: {place: no}"))
    found["odd input"] = stage.open(body(-60, "odd.yml", "inputs: {no: no}"))
    stranger = stage.open(HOSTILE["runs"], user="stranger")
    stage.edit(stranger, labels=["schedule"])
    return found | {"stranger": stranger}


def carried_out(
    stage: Stage, folder: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[str, str, str]:
    """A step of the action: its log, its outputs, its summary."""
    places = {"GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary"}
    files = {name: str(folder / place) for name, place in places.items()}
    environ = stage.environ("bot", GITHUB_ACTIONS="true", SCHEDULE_HOLD="0s", **files)
    capsys.readouterr()
    assert main.main(environ) == 0
    read_files = [(folder / place).read_text(encoding="utf-8") for place in places.values()]
    return capsys.readouterr().out, read_files[0], read_files[1]


def test_nothing_hostile_acts_where_it_is_shown(
    stage: Stage, queue: dict[str, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, output, shown = carried_out(stage, tmp_path, capsys)

    found = reading.commands(log)
    assert {name for name, _ in found} <= {"error", "warning"}
    assert all(re.match(r"#\d+: ", data) for _, data in found)
    assert reading.moves(log) == []

    values = reading.outputs(output)
    assert {"dispatched", "invalid", "rejected", "result"} <= set(values)
    ends = {"followed", "failed"}
    assert set(values) <= {"dispatched", *ends, *TickReport.NOTES, "next-due", "result"}
    assert (values["dispatched"], values["rejected"]) == ("1", "8")
    result = json.loads(values["result"])
    told = {note["id"] for name in TickReport.NOTES for note in result[name]}
    assert told == set(queue.values()) - {queue["runs"], queue["agent over quota"]}

    rows = [line for line in shown.splitlines() if line.startswith("| [")]
    assert len(rows) == len(told) + 1
    for row in rows:
        number, verdict, reason = reading.cells(row)
        assert re.fullmatch(rf" \[#\d+\]\({stage.sandbox.url}/octo/queue/issues/\d+\) ", number)
        assert not reading.ACTIVE.search(reading.outside_of_code(verdict))
        run = rf" \[run \d+\]\({stage.sandbox.url}/\S+/\d+\), .* "
        left = reading.outside_of_code(reason)
        assert re.fullmatch(run, reason) or left.strip() == "", row
    rest = [line for line in shown.splitlines() if line not in rows]
    assert not reading.ACTIVE.search("\n".join(rest))
    assert reading.moves(shown) == []


def test_no_comment_of_the_scheduler_s_pings_links_or_forges(
    stage: Stage, queue: dict[str, int]
) -> None:
    stage.tick()
    told = 0
    for name, number in queue.items():
        for each in stage.call("GET", f"{ISSUES}/{number}/comments"):
            assert each["user"]["login"] == BOT
            head, _, text = each["body"].partition("\n")
            assert re.fullmatch(r"<!-- schedule:(journal|invalid) \{[^<>]*\} -->", head)
            left = reading.outside_of_code(text)
            links = re.sub(rf"\[run \d+\]\({re.escape(stage.sandbox.url)}/\S+\)", "", left)
            assert not reading.ACTIVE.search(links), (name, links)
            assert reading.moves(text) == []
            assert "<!--" not in left
            told += 1
    assert told == len(queue) - 1
    assert stage.sandbox.repository().issues[queue["runs"]].view.state == "closed"


def test_a_second_tick_believes_none_of_it(stage: Stage, queue: dict[str, int]) -> None:
    first = stage.tick()
    second = stage.tick()
    assert len(first["dispatched"]) == 1
    assert (second["dispatched"], second["held"]) == ([], [])
    assert len([run for run in stage.runs() if run.workflow.path.endswith("message.yml")]) == 1


def commandless(text: str) -> None:
    assert reading.commands(text) == []
    assert [each for each in reading.moves(text) if each != "\t"] == []


@pytest.mark.parametrize("everything", [(), ("--all",)])
def test_a_list_of_it_is_safe_on_a_terminal_and_in_a_step(
    stage: Stage, queue: dict[str, int], everything: tuple[str, ...]
) -> None:
    commandless(stage.run("list", *everything).out)
    shown = stage.run("list", "--json", *everything)
    commandless(shown.out)
    jobs = {job["id"]: job for job in shown.json}
    assert jobs[queue["runs"]]["message"] == LINES
    assert jobs[queue["event"]]["event"] == LINE[:100]


def test_so_is_each_of_them(stage: Stage, queue: dict[str, int]) -> None:
    for tick in (False, True):
        if tick:
            commandless(stage.run("tick", user="bot").out)
        for number in queue.values():
            commandless(stage.run("show", str(number)).out)
            shown = stage.run("show", "--json", str(number))
            commandless(shown.out)
            assert shown.json["id"] == number
    again = stage.run("tick", "--json", user="bot")
    commandless(again.out)
    assert len(again.json["invalid"]) > 5


@pytest.mark.parametrize(
    "args",
    [
        ("--workflow", LINE), ("--event", LINES[:99]), ("--repo", LINES), ("--ref", LINES),
        ("--workflow", "odd.yml", "--input", "place=no"),
        ("--workflow", "odd.yml", "--input", "n=1"),
        ("--workflow", "bare.yml", "--deadline", LINES),
        ("--workflow", "bare.yml", "--input", LINES),
        ("--workflow", "bare.yml", "--timezone", LINE), ("--workflow", "bare.yml", "--at", LINES),
        ("--workflow", "bare.yml", "--agent", LINES),
        ("--workflow", "bare.yml", "--dedup-key", LINES),
    ],
)  # fmt: skip
def test_a_refusal_is_one_line_that_does_nothing(
    stage: Stage, queue: dict[str, int], args: tuple[str, ...]
) -> None:
    told = stage.run("create", *(() if "--at" in args else ("--in", "1h")), "-m", LINES, *args)
    assert told.status in (2, 3), told
    assert len(told.err.splitlines()) == 1
    commandless(told.err)


def test_what_the_command_opened_is_told_safely(stage: Stage) -> None:
    asked = (
        "create",
        "--at",
        at(3600),
        "--workflow",
        "bare.yml",
        "-m",
        LINES,
        "--agent",
        LINE[:90],
    )
    commandless(stage.run(*asked).out)
    commandless(stage.run(*asked, "--json").out)
    commandless(stage.run(*asked, "--dry-run", "--json").out)
    assert reading.commands(stage.run(*asked, "--dry-run").out) == []
    commandless(stage.run("reschedule", "1", "--in", "2h").out)
    commandless(stage.run("cancel", "1").out)


def test_a_job_that_an_event_carries_is_told_safely(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    event = tmp_path / "event.json"
    request = {"run_at": at(3600), "workflow": "bare.yml", "message": LINES, "agent": LINE[:90]}
    places = {
        "GITHUB_OUTPUT": str(tmp_path / "o"), "GITHUB_STEP_SUMMARY": str(tmp_path / "s"),
        "GITHUB_EVENT_PATH": str(event), "GITHUB_EVENT_NAME": "repository_dispatch",
    }  # fmt: skip
    environ = stage.environ("owner", GITHUB_ACTIONS="true", SCHEDULE_COMMAND="enqueue", **places)
    event.write_text(json.dumps({"client_payload": request}))
    assert main.main(environ) == 0
    wrong = {**request, "workflow": LINES, "message": "x"}
    event.write_text(json.dumps({"client_payload": wrong}))
    assert main.main(environ) == 3
    log = capsys.readouterr().out
    assert {name for name, _ in reading.commands(log)} == {"error", "warning"}
    assert reading.moves(log) == []
    assert set(reading.outputs((tmp_path / "o").read_text())) == {"id", "url", "result"}
    assert not reading.ACTIVE.search(
        re.sub(r"\[#\d+\]\(\S+\)", "", reading.outside_of_code((tmp_path / "s").read_text()))
    )


def test_without_graphql_the_action_says_so_once(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.sandbox.configure(graphql=False)
    for _ in range(3):
        stage.open(body())
    log, _, shown = carried_out(stage, tmp_path, capsys)
    assert [name for name, _ in reading.commands(log)] == ["notice"]
    assert shown.count("no GraphQL") == 1
