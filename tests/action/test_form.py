"""The form in the Actions tab: whatever is wrong is told in the words of its four fields."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from scheduler.action import main
from scheduler.commands import create
from scheduler.job import frontmatter
from scheduler.job.keys import IN_REQUEST
from tests.conftest import Stage, at

FIELDS = [name for name, key in IN_REQUEST.items() if key.in_form]
#: What the form lacks: options, and every other key of a job as an address.
FOREIGN = re.compile(r"--[a-z]|allow.past|--|\bgive timezone|\badd a timezone|leave the option")
GOOD = {"run-at": "in 2 hours", "workflow": "agent-message.yml", "message": "Check it", "agent": ""}
ZONED = "has no time zone; end the time with a zone, such as "
CHOICE = """\
on:
  workflow_dispatch:
    inputs:
      message: {type: choice, options: [a, b]}
      agent: {type: choice, options: [c, d]}
"""
#: What is wrong with the form; words of the one line.
WRONG = {
    "no time": ({"run-at": ""}, "run-at: is empty; say when, such as 'in 2 hours' or 'tomorrow "),
    "a blank time": ({"run-at": " "}, "run-at: ' ' is no time that is understood; write it like"),
    "a blank agent": ({"agent": " "}, "agent: ' ' is empty; leave it out, or give it a value"),
    "no zone": ({"run-at": "tomorrow 9am"}, f"run-at: 'tomorrow 9am' {ZONED}'tomorrow 9am Europe/"),
    "a clock without one": (
        {"run-at": "2030-12-25T09:00"},
        f"run-at: '2030-12-25T09:00' {ZONED}'2030-12-25T09:00 Europe/Berlin'",
    ),
    "with a blank": ({"run-at": "2030-12-25 09:00:00"}, f"{ZONED}'2030-12-25 09:00:00 Europe/"),
    "a day without one": ({"run-at": "2030-12-25"}, f"{ZONED}'2030-12-25 Europe/Berlin'"),
    "a weekday without one": ({"run-at": "next monday"}, f"{ZONED}'next monday Europe/Berlin'"),
    "an unknown zone": ({"run-at": "tomorrow 9am Europe/Berlim"}, "run-at: 'tomorrow 9am Europe/B"),
    "an abbreviation": ({"run-at": "tomorrow 9am EST"}, "run-at: 'tomorrow 9am EST'"),
    "two readings": ({"run-at": "03/04/2030"}, "run-at: '03/04/2030' may be"),
    "no such day": ({"run-at": "2030-02-30T09:00Z"}, "run-at: '2030-02-30T09:00Z' is not in the"),
    "no such day, without a zone": ({"run-at": "2030-02-30 09:00"}, "is not in the calendar"),
    "past": ({"run-at": "2024-01-15T10:00:00Z"}, "run-at: '2024-01-15T10:00:00Z' is past; write"),
    "past in words": ({"run-at": "3 days ago"}, "run-at: '"),
    "too far": ({"run-at": "2999-01-01T00:00Z"}, "run-at: 2999-01-01T00:00:00Z is too far away"),
    "no time at all": ({"run-at": "when it is done"}, "run-at: 'when it is done'"),
    "an escape": ({"run-at": "9am\x1b[2J"}, "run-at: "),
    "no length": ({"run-at": "in 0 hours"}, "run-at: 'in 0 hours' is no time at all"),
    "a long text": ({"run-at": "tomorrow 9am" * 40}, "run-at: "),
    "no workflow": ({"workflow": ""}, "workflow: is missing; name a file of .github/workflows/"),
    "an unknown one": ({"workflow": "nope.yml"}, "workflow: 'nope.yml' is not in .github/workflow"),
    "a path": ({"workflow": "a/b.yml"}, "workflow: 'a/b.yml' is not the name of a workflow file"),
    "without its trigger": ({"workflow": "push.yml"}, "workflow: 'push.yml' in octo/queue at"),
    "the scheduler": ({"workflow": "scheduler.yml"}, "workflow: 'scheduler.yml'"),
    "an unreadable one": (
        {"workflow": "odd.yml"},
        "node content; mend the file, or open the job as an issue, whose own inputs its run is",
    ),
    "an input that it lacks": (
        {"workflow": "deploy.yml", "message": ""},
        "workflow: its input 'place' is required by deploy.yml and missing; the form has no field",
    ),
    "no message": (
        {"message": ""}, "message: is required by agent-message.yml and missing; fill in 'message'",
    ),
    "no option": ({"workflow": "choice.yml", "agent": "c"}, "message: 'Check it' is not one"),
    "no option for an agent": (
        {"workflow": "choice.yml", "message": "a"}, "agent: 'owner' is not one of its options; use",
    ),
    "too much": ({"message": "x" * 65_500}, "message: '65"),
    "more than an issue holds": ({"message": "x" * 66_000, "workflow": "bare.yml"}, "message: '66"),
    "a long agent": ({"agent": "a" * 101}, "agent: "),
    "an agent with an escape": ({"agent": "a\x1b"}, "agent: 'a\\x1b' holds the control character"),
}  # fmt: skip


def sent(stage: Stage, folder: Path, run: str = "7", **fields: str) -> int:
    """The form as somebody sends it; the exit status of the action."""
    event = {"inputs": {**GOOD, **{name.replace("_", "-"): text for name, text in fields.items()}}}
    (folder / "event.json").write_text(json.dumps(event))
    return main.main(
        stage.environ(
            "owner", GITHUB_ACTIONS="true", SCHEDULE_COMMAND="enqueue", GITHUB_RUN_ID=run,
            GITHUB_EVENT_NAME="workflow_dispatch", GITHUB_ACTOR="owner",
            GITHUB_EVENT_PATH=str(folder / "event.json"),
        )
    )  # fmt: skip


def error(log: str) -> str:
    (line,) = [line for line in log.splitlines() if line.startswith("::error")]
    return line.partition("schedule::")[2].replace("%0A", "\n").replace("%25", "%")


@pytest.mark.parametrize("case", WRONG)
def test_a_refusal_names_the_form_s_fields_alone(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    fields, words = WRONG[case]
    stage.workflow("choice.yml", CHOICE)
    (stage.folder / ".github" / "workflows" / "odd.yml").write_text("on: {\n")
    assert sent(stage, tmp_path, **fields) in (2, 3)
    line = error(capsys.readouterr().out)
    assert words in line
    assert line.partition(":")[0] in FIELDS
    assert not FOREIGN.search(line), line
    stage.untouched()


def test_the_fix_for_a_missing_zone_can_be_followed(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.settings("quotas: {horizon: 9000d}\n")
    for text in ("tomorrow 9am", "2030-12-25T09:00", "2030-12-25", "9:00", "next monday"):
        assert sent(stage, tmp_path, run_at=text) == 3
        fix = error(capsys.readouterr().out).partition("such as '")[2].rstrip("'")
        assert sent(stage, tmp_path, run=at(0) + fix, run_at=fix) == 0, fix
        number = len(stage.issues())
        assert frontmatter.parse(stage.issue(number)["body"]).timezone == "Europe/Berlin"


def test_whose_answer_was_lost_runs_the_run_again(
    stage: Stage,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(create, "PAUSE", 0.01)
    stage.sandbox.fault("502-before", method="POST", path="/issues$")
    assert sent(stage, tmp_path) == 75
    line = error(capsys.readouterr().out)
    assert line.endswith("no issue is seen yet: run this run again: that opens no second job")
    assert not FOREIGN.search(line)
    assert sent(stage, tmp_path) == 0
    assert sent(stage, tmp_path, run_at=at(7200)) == 0
    assert len(stage.issues()) == 1


def test_where_jobs_are_signed_it_is_said_what_signs_them(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.settings("signing: required\n")
    assert sent(stage, tmp_path) == 3
    line = error(capsys.readouterr().out)
    assert line.startswith("signature: jobs of this repository must be signed; open it with 'sche")
    stage.untouched()


def test_a_job_that_is_rejected_later_is_told_what_its_issue_lacks(stage: Stage) -> None:
    number = stage.open(f"---\nrun-at: {at(-1)}\nworkflow: deploy.yml\n---\n")
    assert stage.tick()["rejected"][0]["id"] == number
    (comment,) = stage.comments(number)
    assert "add 'place: …' below 'inputs:' in the issue's front matter" in comment
    assert "--input" not in comment
