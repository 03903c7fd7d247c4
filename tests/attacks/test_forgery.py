"""Forged records, borrowed names, and places that somebody else took first."""

from __future__ import annotations

import hashlib

import pytest

from scheduler.job.model import occurrence_key
from scheduler.journal.comments import head
from scheduler.journal.journal import Claim, Entry, Journal
from scheduler.journal.notes import Explanation
from scheduler.times.instants import instant
from tests.attacks.crowd import by_template, messages, ran
from tests.conftest import ISSUES, Stage, at, body

RUN_AT = at(-60)
NOW = instant(RUN_AT, field="run-at", timezone=None)


def say(stage: Stage, number: int, text: str, user: str) -> None:
    stage.call("POST", f"{ISSUES}/{number}/comments", {"body": text}, user=user)


def journal(number: int, outcome: str = "dispatched") -> str:
    entry = Entry(key=occurrence_key(number, NOW), attempt=1, outcome=outcome, at=NOW, run_id=7)
    return head(Journal(entries=(entry,)))


def claim(number: int, attempt: int = 1) -> str:
    return head(
        Claim(
            key=occurrence_key(number, NOW), attempt=attempt, nonce="n" * 24,
            target="octo/queue agent-message.yml@main", made_at=NOW, expires_at=NOW,
        )
    )  # fmt: skip


@pytest.mark.parametrize("user", ["stranger", "triage"])
@pytest.mark.parametrize("record", [journal, claim])
def test_a_forged_record_of_somebody_without_write_access_is_nothing(
    stage: Stage, user: str, record: object
) -> None:
    number = stage.open(body(RUN_AT, message="honest"))
    assert callable(record)
    say(stage, number, record(number), user)
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [number]
    assert messages(stage) == ["honest"]
    assert stage.tick()["dispatched"] == []


@pytest.mark.parametrize("record", [journal, claim])
def test_one_of_somebody_with_write_access_stops_the_job_and_says_why(
    stage: Stage, record: object
) -> None:
    number = stage.open(body(RUN_AT))
    assert callable(record)
    say(stage, number, record(number), "owner")
    (held,) = stage.tick()["held"]
    assert "'owner' wrote a record of the scheduler's and is not the scheduler" in held["reason"]
    assert ran(stage) == []
    assert "schedule:held" in stage.labels(number)


def test_the_record_of_another_app_is_not_believed_either(stage: Stage) -> None:
    stage.settings("{}\n")
    number = stage.open(body(RUN_AT))
    other = stage.sandbox.make_token("other[bot]", permissions={"issues": "write"}, role="write")
    say(stage, number, journal(number), other)
    assert len(stage.tick()["held"]) == 1
    assert ran(stage) == []


def record(kind: str, **values: str) -> str:
    """A record whose values are JSON already."""
    return (
        f"<!-- schedule:{kind} {{{','.join(f'{k!r}:{v}' for k, v in values.items())}}} -->".replace(
            "'", '"'
        )
    )


EVER = '"2026-01-01T00:00:00Z"'
BEFORE_ALL, AFTER_ALL = '"0001-01-01T00:00:00+23:59"', '"9999-12-31T23:59:59-23:59"'
PARTS = {"v": "1", "key": '"%s"', "nonce": '"n"', "target": '"t"'}
HOSTILE = [
    record("claim", **PARTS, attempt="1", made_at=BEFORE_ALL, expires_at=BEFORE_ALL),
    record("claim", **PARTS, attempt="9" * 4300, made_at=EVER, expires_at=EVER),
    record("journal", v="1", entries="[" * 65_000),
    record("journal", v="1", entries='{"key":"%s"}'),
    record(
        "journal",
        v="1",
        entries=f'[{{"key":"%s","attempt":1,"outcome":["held"],"at":{AFTER_ALL}}}]',
    ),
    record("journal", v="1" + "}{" * 9000),
]


@pytest.mark.parametrize("graphql", [True, False])
@pytest.mark.parametrize("hostile", range(len(HOSTILE)))
def test_no_stranger_s_comment_stops_the_queue(stage: Stage, hostile: int, graphql: bool) -> None:
    stage.sandbox.configure(graphql=graphql)
    first, second = stage.open(body(RUN_AT)), stage.open(body(RUN_AT))
    say(stage, first, HOSTILE[hostile].replace("%s", f"{first}@{RUN_AT}"), "stranger")
    dispatched = [fired["id"] for fired in stage.tick()["dispatched"]]
    assert dispatched == [first, second]


def test_an_attempt_that_a_stranger_counted_is_no_reason_to_give_up(stage: Stage) -> None:
    stage.sandbox.configure(graphql=False)
    number = stage.open(body(RUN_AT))
    say(stage, number, claim(number, attempt=2**62), "stranger")
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [number]


def test_a_stranger_does_not_keep_an_explanation_from_the_author(stage: Stage) -> None:
    text = "no job at all"
    number = stage.open(text)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    say(stage, number, head(Explanation(text_hash=digest)) + "\nAll is well.", "stranger")
    for _ in range(2):
        stage.tick()
    mine = [text for text in stage.comments(number) if "This job can't be read" in text]
    assert len(mine) == 1


# Names and places.


def test_a_spoofed_agent_uses_up_nothing_of_the_real_one(stage: Stage) -> None:
    stage.settings("quotas: {open-per-agent: 1}\n")
    for _ in range(3):
        by_template(stage, body(RUN_AT, "bare.yml", "agent: probe-1"))
    stage.open(body(RUN_AT, "bare.yml", "agent: probe-1"), user="owner")
    mine = stage.open(body(RUN_AT, "agent-message.yml", "agent: probe-1", message="mine"))
    report = stage.tick()
    assert mine in [fired["id"] for fired in report["dispatched"]]
    assert len(report["rejected"]) == 3
    assert "mine" in messages(stage)


def test_a_stranger_s_jobs_do_not_keep_an_agent_from_opening_one(stage: Stage) -> None:
    stage.settings("quotas: {open-per-agent: 1}\n")
    for _ in range(3):
        by_template(stage, body(3600, "bare.yml", "agent: probe-1"))
    made = stage.create("--in", "1h", "--workflow", "bare.yml", "--agent", "probe-1")
    assert made["created"]
    again = stage.run("create", "--in", "1h", "--workflow", "bare.yml", "--agent", "probe-1")
    again.refused(3, "quotas.open-per-agent", "has 1 open jobs of 1", "room again")


def test_a_stranger_occupies_no_dedup_key(stage: Stage) -> None:
    taken = by_template(
        stage, body(RUN_AT, "bare.yml", "agent: probe-1", "dedup-key: deploy", message="evil")
    )
    made = stage.create(
        "--at", RUN_AT, "--allow-past", "--workflow", "agent-message.yml", "-m", "honest",
        "--agent", "probe-1", "--dedup-key", "deploy",
    )  # fmt: skip
    assert (made["created"], made["duplicate"]) == (True, False)
    report = stage.tick()
    assert [fired["id"] for fired in report["dispatched"]] == [made["id"]]
    assert [note["id"] for note in report["rejected"]] == [taken]
    assert messages(stage) == ["honest"]


def test_a_stranger_occupies_no_request_id(stage: Stage) -> None:
    taken = by_template(stage, body(3600, "bare.yml", "request-id: run-77", message="evil"))
    asked = ("--in", "1h", "--workflow", "bare.yml", "--request-id", "run-77")
    made = stage.create(*asked)
    assert (made["created"], made["id"] != taken) == (True, True)
    again = stage.create(*asked)
    assert (again["created"], again["id"]) == (False, made["id"])


def test_of_two_with_the_same_key_the_tick_keeps_the_older(stage: Stage) -> None:
    lines = ("agent: probe-1", "dedup-key: deploy")
    older = stage.open(body(RUN_AT, "agent-message.yml", *lines, message="older"))
    newer = stage.open(body(at(-600), "agent-message.yml", *lines, message="newer"))
    report = stage.tick()
    assert messages(stage) == ["older"]
    (note,) = report["rejected"]
    assert (note["id"], f"#{older}" in note["reason"]) == (newer, True)
