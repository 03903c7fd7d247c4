"""Requests of JSON over HTTP: on standard input, and as the payload of an event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scheduler.action import main
from scheduler.job import frontmatter
from scheduler.job.model import Job
from tests.conftest import Stage, at

FORM = """\
on:
  workflow_dispatch:
    inputs:
      verbose: {type: boolean}
      count: {type: number}
      share: {type: number}
"""
TYPED = {"verbose": True, "count": 123456789012345678901, "share": 1.5}
TEXTS = {"verbose": "true", "count": "123456789012345678901", "share": "1.5"}


def asked(stage: Stage, text: str) -> tuple[int, str]:
    """The request on standard input; the exit status, and what was said of an error."""
    result = stage.run("create", "--json", "-", stdin=text)
    return result.status, result.err


def sent(stage: Stage, folder: Path, text: str) -> int:
    """The same as the payload of an event, which the action opens; its exit status."""
    event = folder / "event.json"
    event.write_text(f'{{"client_payload": {text}}}')
    return main.main(
        stage.environ(
            "owner", GITHUB_ACTIONS="true", SCHEDULE_COMMAND="enqueue", GITHUB_RUN_ID=at(0),
            GITHUB_EVENT_NAME="repository_dispatch", GITHUB_EVENT_PATH=str(event),
        )
    )  # fmt: skip


def request(**more: Any) -> str:
    return json.dumps({"in": "1h", "workflow": "typed.yml", **more})


def job(stage: Stage, number: int = 1) -> Job:
    return frontmatter.parse(stage.issue(number)["body"])


def test_inputs_have_the_types_of_json(stage: Stage, tmp_path: Path) -> None:
    stage.workflow("typed.yml", FORM)
    assert asked(stage, request(inputs=TYPED)) == (0, "")
    assert sent(stage, tmp_path, request(inputs=TYPED)) == 0
    assert [dict(job(stage, number).inputs) for number in (1, 2)] == [TEXTS, TEXTS]


def test_they_are_dispatched_as_text(stage: Stage) -> None:
    stage.workflow("typed.yml", FORM)
    past = json.dumps({"run_at": at(-1), "workflow": "typed.yml", "inputs": TYPED})
    assert stage.run("create", "--json", "-", "--allow-past", stdin=past).status == 0
    assert len(stage.tick()["dispatched"]) == 1
    assert stage.runs()[-1].payload["inputs"] == TEXTS


@pytest.mark.parametrize("length", ["2 hours", "2h", "in 2 hours", "PT2H"])
def test_a_delay_is_said_as_on_the_command_line(stage: Stage, tmp_path: Path, length: str) -> None:
    text = json.dumps({"in": length, "workflow": "bare.yml"})
    by_option = stage.run("--in", length, "--workflow", "bare.yml", "--dry-run", "--json")
    assert by_option.json["in"] == "in 2h"
    assert asked(stage, text) == (0, "")
    assert sent(stage, tmp_path, text) == 0
    apart = [issue["body"].splitlines()[1] for issue in map(stage.issue, (1, 2))]
    assert all(line.startswith("run-at: 20") for line in apart)


WRONG = {
    "a message twice": ('{"in": "1h", "message": "a", "message": "b"}', "'message' is given twice"),
    "an input twice": (
        '{"in": "1h", "inputs": {"count": 1, "count": 2}}',
        "inputs: 'count' is given twice; keep one of them",
    ),
    "a key in both spellings": ('{"run_at": "x", "run-at": "x"}', "'run-at' is given twice"),
    "nothing as an input": (request(inputs={"count": None}), "inputs.count: 'null' is no value"),
    "a list as an input": (request(inputs={"count": [1]}), "inputs.count: '[1]' is no value"),
    "an object as an input": (request(inputs={"a": {}}), "inputs.a: '{}' is no value"),
    "a boolean as a message": (request(message=True), "message: 'true' is not text"),
}


LACKING = {
    "no time": ("{}", 2, 'time: say when, with "run_at": "2026-11-23T09:00:00Z", "in": "2h", or'),
    "two times": (
        '{"run_at": "2030-01-01T00:00Z", "in": "1h"}', 2, "time: run_at stands beside in; keep one",
    ),
    "no workflow": ('{"in": "1h"}', 2, "workflow: is missing; name a file"),
    "a missing input": (
        '{"in": "1h", "workflow": "deploy.yml"}', 3,
        'inputs.place: is required by deploy.yml and missing; give it a value ("inputs": {"place"',
    ),
    "a missing message": (
        '{"in": "1h", "workflow": "agent-message.yml"}', 3, 'give it a value ("message": "…")',
    ),
    "an unreadable file": (
        '{"in": "1h", "workflow": "odd.yml"}', 3, 'mend the file, or add "unchecked": true',
    ),
    "a blank key": ('{"in": "1h", "agent": " "}', 3, "agent: ' ' is empty; leave it out, or give"),
}  # fmt: skip


@pytest.mark.parametrize("case", LACKING)
def test_the_fix_is_one_of_json(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    text, wrong, words = LACKING[case]
    (stage.folder / ".github" / "workflows" / "odd.yml").write_text("on: {\n")
    status, said = asked(stage, text)
    assert status == wrong
    assert words in said
    assert "--" not in said
    assert sent(stage, tmp_path, text) == wrong
    assert words in capsys.readouterr().out
    stage.untouched()


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_and_opens_nothing(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    text, words = WRONG[case]
    stage.workflow("typed.yml", FORM)
    status, said = asked(stage, text)
    assert (status, len(said.splitlines())) == (3, 1)
    assert words in said
    assert sent(stage, tmp_path, text) == 3
    assert words in capsys.readouterr().out
    stage.untouched()
