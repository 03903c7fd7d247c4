"""Many agents, one account: whose job it is, only a signature tells."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from scheduler.job import frontmatter, signing
from scheduler.times.instants import format_instant
from tests.attacks.crowd import BOT, by_template, messages, ran, rejected
from tests.conftest import ISSUES, Stage, at, body

ALICE, BOB, OLD = "a" * 32, "b" * 32, "o" * 32
KEYS = json.dumps({"alice": [ALICE, OLD], "bob": BOB})
SHARED = f"""\
trust: {{bots: ["{BOT}"]}}
allow: {{workflows: [agent-message.yml, bare.yml]}}
signing: %s
"""


@pytest.fixture(autouse=True)
def shared(stage: Stage) -> None:
    """All agents open their jobs as the same bot, and signatures are required."""
    stage.settings(SHARED % "required")


def opened(stage: Stage, *more: str, agent: str = "alice", key: str | None = ALICE) -> int:
    """A due job that ``schedule`` opened as the shared bot."""
    made = stage.create(
        "--at", at(-60), "--allow-past", "--workflow", "agent-message.yml",
        "-m", "signed", "--agent", agent, *more, user="bot", SCHEDULE_SIGNING_KEY=key,
    )  # fmt: skip
    return int(made["id"])


def text_of(stage: Stage, number: int) -> str:
    return str(stage.issue(number)["body"])


def tick(stage: Stage) -> list[int]:
    report = stage.tick(SCHEDULE_SIGNING_KEYS=KEYS)
    return [fired["id"] for fired in report["dispatched"]]


def refused(stage: Stage, number: int, *words: str) -> str:
    return rejected(stage, number, "signature: ", *words, SCHEDULE_SIGNING_KEYS=KEYS)


def test_what_is_signed_runs_with_the_new_key_and_with_the_old(stage: Stage) -> None:
    first, second = opened(stage), opened(stage, key=OLD)
    assert tick(stage) == [first, second]


def test_another_agent_s_key_does_not_sign(stage: Stage) -> None:
    refused(stage, opened(stage, key=BOB), "does not fit the job")
    refused(stage, opened(stage, agent="carol", key=BOB), "no key is known for the agent 'carol'")
    assert ran(stage) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n---\nsigned", "\nmax-attempts: 9\n---\nsigned"),
        ("\n---\nsigned", "\ninputs:\n  model: large\n---\nsigned"),
        ("\n---\nsigned", "\n---\nsigned "),
        ("\n---\nsigned", "\n---\n\nsigned"),
        ("agent: alice", "agent: bob"),
        ("agent: alice", "agent: alice\nref: main"),
        ("agent-message.yml", "bare.yml"),
        ("mac=", "mac=0"),
        ("v1 issued-at", "v2 issued-at"),
    ],
)
def test_a_signed_job_that_was_changed_does_not_run(stage: Stage, old: str, new: str) -> None:
    number = opened(stage)
    text = text_of(stage, number)
    assert old in text
    stage.edit(number, body=text.replace(old, new, 1), user="bot")
    assert refused(stage, number).startswith("signature: ")
    assert ran(stage) == []


def test_the_order_of_the_keys_means_nothing(stage: Stage) -> None:
    number = opened(stage, "--input", "model=large")
    head, _, message = text_of(stage, number).removeprefix("---\n").partition("---\n")
    keys = head.split("\n")
    top = [line for line in keys if line and not line.startswith((" ", "inputs"))]
    shuffled = "\n".join(["inputs:", "  model: large", *reversed(top)])
    stage.edit(number, body=f"---\n{shuffled}\n---\n{message}", user="bot")
    assert tick(stage) == [number]


def test_the_order_of_a_signature_s_parts_is_fixed(stage: Stage) -> None:
    number = opened(stage)
    text = text_of(stage, number)
    signature = signing.SIGNATURE.search(text)
    assert signature
    version, issued, nonce, mac = signature[0].split(" ")
    stage.edit(number, body=text.replace(signature[0], f"{version} {nonce} {issued} {mac}"))
    refused(stage, number, "is not of the form")


def test_a_stolen_signature_runs_no_second_job_in_the_same_tick(stage: Stage) -> None:
    number = opened(stage)
    copy = stage.open(text_of(stage, number), user="bot")
    refused(stage, copy, f"was used before, by #{number}")
    assert messages(stage) == ["signed"]


@pytest.mark.parametrize("thief", ["bot", "owner"])
def test_nor_after_the_first_has_run(stage: Stage, thief: str) -> None:
    number = opened(stage)
    text = text_of(stage, number)
    assert tick(stage) == [number]
    copy = stage.open(text, user=thief)
    refused(stage, copy, f"was used before, by #{number}")
    assert messages(stage) == ["signed"]


def test_nor_ten_minutes_later_when_nothing_is_left_of_the_first(stage: Stage) -> None:
    number = opened(stage)
    text = text_of(stage, number)
    stage.sandbox.delete_issue(number)
    stage.sandbox.set_clock(advance=601)
    copy = stage.open(text, user="bot")
    stage.sandbox.set_clock(offset=0)
    refused(stage, copy, "more than 10 minutes from the issue's creation")


def test_nor_in_another_queue(stage: Stage) -> None:
    number = opened(stage)
    job = frontmatter.parse(text_of(stage, number))
    issued_at = datetime.now(timezone.utc).replace(microsecond=0)
    foreign = signing.sign(job, ALICE, repository="octo/other", issued_at=issued_at, nonce="n" * 24)
    stolen = stage.open(frontmatter.render(foreign), user="bot")
    refused(stage, stolen, "does not fit the job")


def test_a_stranger_who_copies_a_signature_first_uses_up_nothing(stage: Stage) -> None:
    early = by_template(stage, body(-60, "bare.yml", message="nothing yet"))
    number = opened(stage)
    stage.call("PATCH", f"{ISSUES}/{early}", {"body": text_of(stage, number)}, user="stranger")
    assert tick(stage) == [number]
    assert messages(stage) == ["signed"]


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_a_spoofed_agent_without_a_signature_does_not_run(stage: Stage, mode: str) -> None:
    stage.settings(SHARED % mode)
    number = stage.open(body(-60, "agent-message.yml", "agent: alice"), user="bot")
    refused(stage, number, "is missing, and jobs of 'alice' must be signed")
    assert ran(stage) == []


def test_an_unsigned_job_of_nobody_runs_only_where_signing_is_optional(stage: Stage) -> None:
    refused(stage, stage.open(body(), user="bot"), "is missing, and jobs of 'no agent'")
    stage.settings(SHARED % "optional")
    number = stage.open(body(), user="bot")
    assert tick(stage) == [number]


def test_a_job_is_not_opened_unsigned_where_it_would_be_rejected(stage: Stage) -> None:
    asked = ("create", "--in", "1h", "--workflow", "bare.yml", "--agent", "alice")
    stage.run(*asked, user="bot").refused(3, "SCHEDULE_SIGNING_KEY")
    stage.untouched()


def test_a_signed_job_is_replaced_only_while_it_can_be_signed_anew(stage: Stage) -> None:
    asked = ("--dedup-key", "k", "--on-duplicate", "replace")
    number = opened(stage, *asked)
    assert opened(stage, "--input", "model=large", *asked) == number
    assert tick(stage) == [number]
    created = datetime.now(timezone.utc)
    number = opened(stage, *asked)
    stage.sandbox.repository().issues[number].created_at = created - timedelta(days=365)
    late = stage.run(
        "create", "--in", "1h", "--workflow", "agent-message.yml", "-m", "x", "--agent", "alice",
        *asked, user="bot", SCHEDULE_SIGNING_KEY=ALICE,
    )  # fmt: skip
    late.refused(3, f"#{number}", "cancel")


def test_keys_that_are_none_stop_the_tick_and_are_not_shown(stage: Stage) -> None:
    opened(stage)
    for keys in ('{"alice": "hunter2"}', '["hunter2"]', "hunter2", '{"hunter2": 5}', '{"a": []}'):
        told = stage.run("tick", user="bot", SCHEDULE_SIGNING_KEYS=keys)
        told.refused(2, "SCHEDULE_SIGNING_KEYS: ")
        assert "hunter2" not in told.err
    assert ran(stage) == []


def test_the_time_of_issue_is_that_of_the_signature(stage: Stage) -> None:
    before = format_instant(datetime.now(timezone.utc))
    job = frontmatter.parse(text_of(stage, opened(stage)))
    signature = signing.Signature.read(job.signature or "")
    assert signature
    assert before <= format_instant(signature.issued_at) <= at(0)
