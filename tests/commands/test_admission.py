"""What the queue holds already, asked once before a job is opened."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from scheduler.commands.admission import LISTED, Admission
from scheduler.connection import connect
from scheduler.environment import Environment
from scheduler.job import frontmatter
from scheduler.job.model import Job
from tests.attacks.crowd import by_template
from tests.conftest import ISSUES, Result, Stage, at, body

AGENT = ("--agent", "probe-1")


def ask(stage: Stage, *more: str, **environ: Any) -> Result:
    return stage.run("create", "--json", "--in", "1h", "--workflow", "bare.yml", *more, **environ)


def job(stage: Stage, number: int) -> Job:
    return frontmatter.parse(stage.issue(number)["body"])


# Quotas.


def test_one_more_than_may_be_open_is_refused_with_the_number_the_limit_and_when(
    stage: Stage,
) -> None:
    stage.settings("quotas: {open-per-agent: 2}\n")
    soonest = at(1800)
    stage.open(body(soonest, "bare.yml", "agent: probe-1"))
    assert ask(stage, *AGENT).json["created"]
    told = ask(stage, *AGENT)
    told.refused(3, "quotas.open-per-agent: agent 'probe-1' has 2 open jobs of 2; ", soonest)
    assert len(stage.issues()) == 2


def test_one_more_than_may_be_new_in_a_day_is_refused_until_the_first_is_old(stage: Stage) -> None:
    stage.settings("quotas: {new-per-agent-per-day: 2}\n")
    for _ in range(2):
        stage.edit(ask(stage, *AGENT).json["id"], state="closed")
    told = ask(stage, *AGENT)
    line = told.refused(3, "opened 2 jobs of 2 in 24 hours; there is room again at ")
    room = datetime.fromisoformat(line.strip().rpartition(" ")[2].replace("Z", "+00:00"))
    first = stage.issue(1)["created_at"].replace("Z", "+00:00")
    assert (room - datetime.fromisoformat(first)).total_seconds() == 86_400


@pytest.mark.parametrize(
    ("more", "user"), [(("--agent", "probe-2"), "agent"), ((), "agent"), (AGENT, "owner")]
)
def test_it_is_nobody_else_s_limit(stage: Stage, more: tuple[str, ...], user: str) -> None:
    stage.settings("quotas: {open-per-agent: 1, new-per-agent-per-day: 1}\n")
    assert ask(stage, *AGENT).json["created"]
    assert ask(stage, *more, user=user).json["created"]
    for _ in range(2):
        by_template(stage, body(60, "bare.yml", "agent: probe-3"))
    assert ask(stage, "--agent", "probe-3").json["created"]


def test_a_limit_of_nothing_is_told(stage: Stage) -> None:
    stage.settings("quotas: {open-per-agent: 0}\n")
    ask(stage, *AGENT).refused(3, "quotas.open-per-agent: is 0", "raise it")
    number = stage.open(body(-60, "bare.yml", "agent: probe-1"))
    assert [note["id"] for note in stage.tick()["rejected"]] == [number]


def test_the_courtesy_costs_one_request(stage: Stage) -> None:
    stage.settings("nudge: false\n")
    ask(stage)
    stage.sandbox.clear_requests()
    ask(stage)
    free = len(stage.sandbox.requests)
    stage.sandbox.clear_requests()
    made = ask(stage, *AGENT, "--dedup-key", "k", "--request-id", "r")
    assert made.json["created"]
    assert len(stage.sandbox.requests) == free + 1
    (listed,) = stage.sandbox.requests.matching("GET", f"{ISSUES}$")
    assert f"per_page={LISTED}" in listed.query
    assert not [each for each in stage.requests if "/search/" in each]


# Duplicates.


def test_the_same_key_answers_with_the_job_that_stands(stage: Stage) -> None:
    asked = (*AGENT, "--dedup-key", "deploy", "-m")
    first = ask(stage, *asked, "first").json
    assert (first["created"], first["duplicate"]) == (True, False)
    again = ask(stage, *asked, "second")
    assert (again.status, again.json["id"]) == (0, first["id"])
    assert (again.json["created"], again.json["duplicate"]) == (False, True)
    assert again.json["run_at"] == first["run_at"]
    assert job(stage, first["id"]).message == "first"
    shown = stage.run("create", "--in", "1h", "--workflow", "bare.yml", *asked, "x")
    assert f"#{first['id']} stood there already" in shown.out
    assert len(stage.issues()) == 1


def test_or_changes_it_to_the_new_one(stage: Stage) -> None:
    asked = (*AGENT, "--dedup-key", "deploy", "-m")
    first = ask(stage, *asked, "first").json
    moved = stage.run(
        "create", "--json", "--in", "3h", "--workflow", "agent-message.yml", *asked, "second",
        "--on-duplicate", "replace",
    ).json  # fmt: skip
    assert (moved["id"], moved["created"], moved["duplicate"]) == (first["id"], False, True)
    assert moved["run_at"] > first["run_at"]
    stands = job(stage, first["id"])
    assert (stands.message, stands.workflow) == ("second", "agent-message.yml")
    assert "agent-message.yml" in stage.issue(first["id"])["title"]
    assert len(stage.issues()) == 1


@pytest.mark.parametrize(
    ("more", "user"),
    [
        (("--dedup-key", "other", *AGENT), "agent"),
        (("--dedup-key", "deploy", "--agent", "probe-2"), "agent"),
        (("--dedup-key", "deploy"), "agent"),
        (("--dedup-key", "deploy", *AGENT), "owner"),
        (AGENT, "agent"),
    ],
)
def test_another_key_agent_or_author_is_another_job(
    stage: Stage, more: tuple[str, ...], user: str
) -> None:
    assert ask(stage, *AGENT, "--dedup-key", "deploy").json["created"]
    assert ask(stage, *more, user=user).json["created"]
    assert len(stage.issues()) == 2


def test_a_key_is_free_again_once_its_job_is_closed(stage: Stage) -> None:
    asked = (*AGENT, "--dedup-key", "deploy")
    first = ask(stage, *asked).json["id"]
    stage.edit(first, state="closed")
    assert ask(stage, *asked).json["created"]


def test_the_oldest_of_more_than_a_page_is_found(stage: Stage) -> None:
    first = ask(stage, *AGENT, "--dedup-key", "deploy").json["id"]
    for _ in range(LISTED + 5):
        stage.open(body(3600, "bare.yml", message="dedup-key: deploy"))
    assert ask(stage, *AGENT, "--dedup-key", "deploy").json["id"] == first


def test_what_only_speaks_of_a_key_does_not_have_it(stage: Stage) -> None:
    stage.open("dedup-key: deploy")
    stage.open(body(3600, "bare.yml", "agent: probe-1", message="dedup-key: deploy"))
    assert ask(stage, *AGENT, "--dedup-key", "deploy").json["created"]


@pytest.mark.parametrize("graphql", [True, False])
def test_whose_job_it_is_can_be_told_without_graphql(stage: Stage, graphql: bool) -> None:
    stage.sandbox.configure(graphql=graphql)
    asked = (*AGENT, "--dedup-key", "deploy")
    first = ask(stage, *asked).json["id"]
    assert ask(stage, *asked).json["id"] == first


BOTS = 'trust: {bots: ["github-actions[bot]"]}\nallow: {workflows: ["*"]}\n'


@pytest.mark.parametrize("graphql", [True, False])
def test_whose_job_it_is_can_be_told_of_a_job_s_own_token(stage: Stage, graphql: bool) -> None:
    stage.sandbox.configure(graphql=graphql)
    stage.settings(BOTS + "quotas: {open-per-agent: 1}\n")
    asked = (*AGENT, "--dedup-key", "deploy")
    first = ask(stage, *asked, user="bot").json
    assert ask(stage, *asked, user="bot").json["duplicate"]
    moved = ask(stage, *asked, "--on-duplicate", "replace", "-m", "new", user="bot").json
    assert (moved["id"], job(stage, first["id"]).message) == (first["id"], "new")
    told = ask(stage, *AGENT, user="bot")
    told.refused(3, "quotas.open-per-agent: agent 'probe-1' has 1 open jobs of 1")


@pytest.mark.parametrize("graphql", [True, False])
@pytest.mark.parametrize("user", ["stranger", "agent", "app"])
def test_nobody_else_occupies_the_key_of_a_job_s_own_token(
    stage: Stage, user: str, graphql: bool
) -> None:
    stage.sandbox.configure(graphql=graphql)
    stage.settings(BOTS)
    who = stage.sandbox.make_token("app[bot]", role="write") if user == "app" else user
    number = stage.open(body(60, "bare.yml", "agent: probe-1", "dedup-key: deploy"), user=who)
    stage.edit(number, labels=["schedule"])
    assert ask(stage, *AGENT, "--dedup-key", "deploy", user="bot").json["created"]


# Request ids.


@pytest.mark.parametrize(
    ("user", "same"), [("agent", True), ("owner", True), ("bot", False), ("triage", False)]
)
def test_a_request_id_is_that_of_whoever_may_schedule(stage: Stage, user: str, same: bool) -> None:
    text = body(3600, "bare.yml", "request-id: r-1")
    number = stage.open(text, user=user)
    stage.edit(number, labels=["schedule"])
    made = ask(stage, "--request-id", "r-1").json
    assert (made["id"] == number, made["created"]) == (same, not same)


def test_a_closed_job_still_has_its_request_id(stage: Stage) -> None:
    first = ask(stage, "--request-id", "r-1").json["id"]
    stage.edit(first, state="closed")
    again = ask(stage, "--request-id", "r-1").json
    assert (again["id"], again["status"], again["created"]) == (first, "cancelled", False)


def test_an_id_is_that_of_one_job_also_after_a_hundred_newer_ones(stage: Stage) -> None:
    first = ask(stage, "--request-id", "r-1").json["id"]
    for _ in range(LISTED + 3):
        stage.open(body(3600, "bare.yml"))
    again = ask(stage, "--request-id", "r-1").json
    assert (again["id"], again["created"]) == (first, False)
    stage.edit(first, state="closed")
    assert ask(stage, "--request-id", "r-1").json["status"] == "cancelled"
    assert ask(stage, "--request-id", "r-2").json["created"]


def test_what_is_older_than_the_horizon_is_not_looked_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(LISTED):
        stage.open(body(3600, "bare.yml"))
    monkeypatch.setattr("scheduler.commands.admission.REPEATABLE", timedelta(0))
    stage.sandbox.clear_requests()
    assert ask(stage, "--request-id", "r-1").json["created"]
    assert len(stage.sandbox.requests.matching("GET", f"{ISSUES}$")) == 1


# How deep.


def child(stage: Stage, key: str) -> str | None:
    connection = connect(Environment.read(stage.environ()))
    try:
        parent = Job(run_at=job(stage, 1).run_at, parent=key)
        return Admission(connection).with_depth(parent).parent
    finally:
        connection.close()


def test_a_child_is_one_deeper_than_what_its_parent_s_issue_says(stage: Stage) -> None:
    stage.open(body("2026-01-01T00:00:00Z", "bare.yml"))
    stage.open(body(60, "bare.yml", "parent: 1@2026-01-01T00:00:00Z depth=4"))
    stage.open("no job")
    found = {
        key: re.sub(".* depth=", "", str(child(stage, key)))
        for number in ("1", "2", "3", "99", "octo/queue#2", "octo/other#2")
        for key in [f"{number}@2026-01-01T00:00:00Z"]
    }
    assert list(found.values()) == ["1", "5", "1", "1", "5", "1"]
    assert child(stage, "run:5") == "run:5"
