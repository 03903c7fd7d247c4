"""What the scheduler tells a target can't be forged, nor a run that proves something."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scheduler.action import main
from scheduler.job import signing
from scheduler.job.frontmatter import OWN, parse, render
from scheduler.journal.comments import head
from scheduler.journal.journal import Claim
from scheduler.times.instants import instant
from tests.attacks.crowd import ran
from tests.conftest import AGENT_MESSAGE, ISSUES, QUEUE, Stage, at, body

KEY = "documented-test-key-not-a-secret"
TELLING = "      requested_by: {}\n"
FORGED = [word for own in OWN for word in (own, own.upper(), own.title(), own[0].upper() + own[1:])]


@pytest.mark.parametrize("word", FORGED)
def test_an_issue_that_says_the_scheduler_s_own_words_is_no_job(stage: Stage, word: str) -> None:
    stage.workflow("agent-message.yml", AGENT_MESSAGE + f"      {word}: {{}}\n")
    number = stage.open(body(-60, "agent-message.yml", f"inputs: {{{word}: 7@x}}"))
    event = stage.open(body(-60, None, "event: wake", f"inputs: {{{word}: 7@x}}"))
    report = stage.tick()
    assert [note["id"] for note in report["invalid"]] == [number, event]
    for note in report["invalid"]:
        assert note["reason"].startswith(f"inputs: {word!r} is the scheduler's own word")
    assert ran(stage) == []


@pytest.mark.parametrize("word", FORGED)
def test_nor_is_such_a_job_opened(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    soon = ("create", "--in", "1h", "--workflow", "agent-message.yml", "-m", "x")
    stage.run(*soon, "--input", f"{word}=x").refused(3, f"inputs: {word!r}")
    asked = {"in": "1h", "event": "wake", "inputs": {word: "x"}}
    told = stage.run("create", "--json", "-", stdin=json.dumps(asked))
    told.refused(3, f"{word!r}")
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"client_payload": {"run_at": at(60), "workflow": "bare.yml",
                                                    "inputs": {word: "x"}}}))  # fmt: skip
    environ = stage.environ(
        "owner", GITHUB_ACTIONS="true", SCHEDULE_COMMAND="enqueue", GITHUB_EVENT_PATH=str(event),
        GITHUB_EVENT_NAME="repository_dispatch",
    )  # fmt: skip
    assert main.main(environ) == 3
    assert word in capsys.readouterr().out
    assert stage.issues() == []


def asked_by(stage: Stage, *lines: str, user: str = "agent", workflow: bool = True) -> Any:
    """What the run of a due job was told."""
    stage.workflow("agent-message.yml", AGENT_MESSAGE + TELLING)
    target = ("agent-message.yml",) if workflow else (None, "event: wake")
    stage.open(body(-60, *target, *lines), user=user)
    report = stage.run("tick", "--json", user="owner").json
    assert len(report["dispatched"]) == 1, report
    return ran(stage)[-1]


@pytest.mark.parametrize("workflow", [True, False])
def test_who_asked_is_the_agent_whoever_it_is_for(stage: Stage, workflow: bool) -> None:
    told = asked_by(stage, "agent: probe-1", "inputs: {agent: probe-2}", workflow=workflow)
    assert (told["agent"], told["requested_by"]) == ("probe-2", "probe-1")


@pytest.mark.parametrize("workflow", [True, False])
def test_without_an_agent_it_is_the_author(stage: Stage, workflow: bool) -> None:
    told = asked_by(stage, "inputs: {agent: probe-2}", user="owner", workflow=workflow)
    assert (told["agent"], told["requested_by"]) == ("probe-2", "owner")


def test_a_bot_is_called_as_github_calls_it(stage: Stage) -> None:
    stage.settings("trust: {bots: ['github-actions[bot]']}\nallow: {workflows: ['*']}\n")
    assert asked_by(stage, user="bot")["requested_by"] == "github-actions[bot]"


@pytest.mark.parametrize(
    ("signed", "words"),
    [
        (True, "for `probe-1` (verified by its signature)"),
        (False, "for `probe-1` (not verified by a signature)"),
    ],
)
def test_the_journal_says_who_asked_and_whether_that_was_verified(
    stage: Stage, signed: bool, words: str
) -> None:
    stage.settings("signing: optional\n")
    keys = {"SCHEDULE_SIGNING_KEYS": json.dumps({"probe-1": KEY})} if signed else {}
    stage.create(
        "--at", at(-1), "--allow-past", "--workflow", "agent-message.yml", "-m", "x",
        "--agent", "probe-1", "--input", "agent=probe-2",
        **({"SCHEDULE_SIGNING_KEY": KEY} if signed else {}),
    )  # fmt: skip
    assert len(stage.tick(**keys)["dispatched"]) == 1
    (told,) = stage.comments(1)
    assert words in told
    (inputs,) = ran(stage)
    assert inputs["agent"] == "probe-2"


def test_the_journal_calls_who_asked_without_an_agent_by_the_login(stage: Stage) -> None:
    stage.open(body(-60, "agent-message.yml"), user="owner")
    stage.tick()
    (told,) = stage.comments(1)
    assert " for `@owner` as [run " in told
    assert "verified" not in told


def test_a_signature_of_another_agent_verifies_nobody(stage: Stage) -> None:
    stage.settings("signing: optional\n")
    job = parse(body(-60, "agent-message.yml", "agent: probe-1"))
    now = instant(at(0), field="now", timezone=None)
    mine = signing.sign(job, KEY, repository=QUEUE, issued_at=now, nonce="n" * 24)
    stage.open(render(mine).replace("agent: probe-1", "agent: probe-2"))
    keys = json.dumps({"probe-1": KEY, "probe-2": "another-key-for-the-other-agent"})
    assert len(stage.tick(SCHEDULE_SIGNING_KEYS=keys)["rejected"]) == 1
    assert ran(stage) == []


# A run that stands in another job's journal proves nothing.

SPEAKING = """\
run-name: "${{ inputs.message }}"
on: {workflow_dispatch: {inputs: {message: {}}}}
"""


def lost(stage: Stage, number: int, run_at: str) -> None:
    """The claim of a tick that died before it sent anything."""
    moment = instant(run_at, field="run-at", timezone=None)
    claim = Claim(
        key=f"{number}@{run_at}", attempt=1, nonce="n" * 24,
        target=f"{QUEUE} speaking.yml@main", made_at=moment, expires_at=moment,
    )  # fmt: skip
    stage.call("POST", f"{ISSUES}/{number}/comments", {"body": head(claim)}, user="bot")


@pytest.mark.parametrize("graphql", [True, False])
def test_a_message_that_reads_like_a_key_takes_no_other_job_s_place(
    stage: Stage, graphql: bool
) -> None:
    """The victim's claim is open, and the attacker's run shows the victim's key as its title."""
    stage.sandbox.configure(graphql=graphql)
    victim, attacker = trick(stage)
    stage.tick()
    stage.sandbox.set_clock(advance=80)
    stage.tick()
    (forged,) = [inputs["message"] for inputs in ran(stage) if "@" in inputs["message"]]
    assert sorted(inputs["message"] for inputs in ran(stage)) == sorted([forged, "the victim's"])
    for number in (victim, attacker):
        assert stage.issue(number)["state_reason"] == "completed"


@pytest.mark.slow
def test_where_github_names_no_run_such_a_title_proves_nothing(stage: Stage) -> None:
    """Whose run it is can't be told there: a person says it."""
    stage.sandbox.configure(run_details=False)
    victim, attacker = trick(stage)
    stage.tick()
    stage.sandbox.set_clock(advance=80)
    (note,) = stage.tick()["held"]
    assert (note["id"], f"or that of #{attacker}" in note["reason"]) == (victim, True)
    assert len(ran(stage)) == 1
    assert stage.issue(victim)["state"] == "open"


def trick(stage: Stage) -> tuple[int, int]:
    """A job whose tick died after its claim, and one whose message is the first one's key."""
    stage.settings("limits: {recover-after: 0s}\nscheduler: {login: 'github-actions[bot]'}\n")
    stage.workflow("speaking.yml", SPEAKING)
    run_at = at(-30)
    victim = stage.open(body(run_at, "speaking.yml", message="the victim's"))
    lost(stage, victim, run_at)
    return victim, stage.open(body(-60, "speaking.yml", message=f"{victim}@{run_at}"))
