"""Rights belong to whoever acts: whoever labels, reopens, resumes or edits has to have them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.attacks.crowd import messages, ran, rejected
from tests.conftest import ISSUES, Stage, body
from tests.support.hold_stage import held_until, recorded
from tests.support.lesser import Lesser, before
from tests.support.sampled import one_in

DEPLOY = ("deploy.yml", "inputs: {place: staging}")
Act = Callable[[Stage, str], int]


@pytest.fixture(params=["graphql", "events"])
def server(stage: Stage, request: pytest.FixtureRequest) -> Stage:
    """A server that tells who did what by one GraphQL question, or by each issue's events."""
    stage.sandbox.configure(graphql=request.param == "graphql")
    return stage


def label(stage: Stage, number: int, name: str, user: str) -> None:
    stage.call("POST", f"{ISSUES}/{number}/labels", {"labels": [name]}, user=user)


def unlabel(stage: Stage, number: int, name: str, user: str) -> None:
    stage.call("DELETE", f"{ISSUES}/{number}/labels/{name}", user=user)


def reopen(stage: Stage, number: int, user: str) -> None:
    stage.edit(number, state="open", user=user)


def due(stage: Stage, workflow: str = "agent-message.yml", *lines: str, user: str = "agent") -> int:
    return stage.open(body(-60, workflow, *lines), user=user)


# Triage stops jobs and starts none: each of these begins a job that stood still.


def a_cancelled_job(stage: Stage, user: str) -> int:
    number = due(stage)
    stage.edit(number, state="closed")
    reopen(stage, number, user)
    return number


def a_missed_job(stage: Stage, user: str) -> int:
    number = stage.open(body(-600, "agent-message.yml", "deadline: 1m"))
    assert [note["id"] for note in stage.tick()["missed"]] == [number]
    reopen(stage, number, user)
    return number


def a_rejected_job(stage: Stage, user: str) -> int:
    stage.settings("allow: {workflows: []}\n")
    number = due(stage)
    rejected(stage, number, "allow.workflows")
    stage.settings("{}\n")
    reopen(stage, number, user)
    return number


def a_skipped_job(stage: Stage, user: str) -> int:
    question = stage.call("POST", ISSUES, {"title": "a question"})["number"]
    stage.edit(question, state="closed")
    number = due(stage, "agent-message.yml", f'unless: "closed(#{question})"')
    assert [note["id"] for note in stage.tick()["skipped"]] == [number]
    stage.edit(question, state="open")
    reopen(stage, number, user)
    return number


def a_finished_job_with_a_new_time(stage: Stage, user: str) -> int:
    number = stage.open(body(-600))
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [number]
    stage.edit(number, body=body(-60, message="again"))
    reopen(stage, number, user)
    return number


def an_unlabelled_job(stage: Stage, user: str) -> int:
    number = due(stage)
    unlabel(stage, number, "schedule", "owner")
    label(stage, number, "Schedule", user)
    return number


def an_example(stage: Stage, user: str) -> int:
    made = stage.call("POST", ISSUES, {"title": "How to schedule", "body": body()})
    label(stage, made["number"], "schedule", user)
    return int(made["number"])


def a_locked_job(stage: Stage, user: str) -> int:
    number = due(stage)
    stage.call("PUT", f"{ISSUES}/{number}/lock", {})
    assert [note["id"] for note in stage.tick()["held"]] == [number]
    stage.call("DELETE", f"{ISSUES}/{number}/lock", user=user)
    return number


BEGUN = [
    a_cancelled_job,
    a_missed_job,
    a_rejected_job,
    a_skipped_job,
    a_finished_job_with_a_new_time,
    an_unlabelled_job,
    an_example,
    a_locked_job,
]


@pytest.mark.parametrize("act", one_in(3, BEGUN), ids=lambda act: act.__name__)
@pytest.mark.parametrize("user", ["triage", "helper[bot]"])
def test_whoever_may_not_schedule_begins_no_job(server: Stage, act: Act, user: str) -> None:
    role = "triage" if user == "triage" else "write"
    token = server.sandbox.make_token(user, role=role)
    number = act(server, token)
    before = len(ran(server))
    rejected(server, number, repr(user))
    server.tick()
    assert len(ran(server)) == before
    assert any(f"{user}" in text for text in server.comments(number)), "the issue says why"
    # Who may brings it back as it stands, and vouches for it.
    reopen(server, number, "owner")
    assert [fired["id"] for fired in server.tick()["dispatched"]] == [number]


@pytest.mark.parametrize("act", BEGUN, ids=lambda act: act.__name__)
def test_whoever_may_begins_it(server: Stage, act: Act) -> None:
    number = act(server, "owner")
    assert [fired["id"] for fired in server.tick()["dispatched"]] == [number]


@pytest.mark.parametrize("user", ["triage", "helper[bot]"])
def test_whoever_may_not_schedule_resumes_no_job(server: Stage, user: str) -> None:
    token = server.sandbox.make_token(user, role="triage" if user == "triage" else "write")
    number = due(server)
    label(server, number, "schedule:paused", "owner")
    unlabel(server, number, "schedule:paused", token)
    for _ in range(3):
        (note,) = server.tick()["paused"]
        assert note["id"] == number
    assert ran(server) == []
    assert "schedule:paused" in server.labels(number), "it is shown as what it is"
    (told,) = server.comments(number)
    assert "stays paused" in told
    assert user in told
    # They try once more: it is told once more, and changes nothing.
    server.sandbox.set_clock(advance=2)
    unlabel(server, number, "schedule:paused", token)
    assert [note["id"] for note in server.tick()["paused"]] == [number]
    assert len(server.comments(number)) == 2
    assert "schedule:paused" in server.labels(number)
    unlabel(server, number, "schedule:paused", "owner")
    assert [fired["id"] for fired in server.tick()["dispatched"]] == [number]


def test_what_somebody_resumed_in_a_comment_goes_on(server: Stage) -> None:
    """The scheduler takes the label off then; that is the word of whoever said it."""
    server.settings("scheduler: {login: 'github-actions[bot]'}\n")
    number = due(server)
    label(server, number, "schedule:paused", "triage")
    server.call("POST", f"{ISSUES}/{number}/comments", {"body": "/resume"})
    report = server.tick()
    fired = [fired["id"] for fired in report["dispatched"] or server.tick()["dispatched"]]
    assert fired == [number]


def test_but_not_what_another_workflow_resumed_under_the_same_account(server: Stage) -> None:
    server.settings("scheduler: {login: 'github-actions[bot]'}\n")
    number = due(server)
    label(server, number, "schedule:paused", "owner")
    unlabel(server, number, "schedule:paused", "bot")
    assert [note["id"] for note in server.tick()["paused"]] == [number]
    assert ran(server) == []


def test_nor_is_a_job_on_hold_let_go(server: Stage) -> None:
    number = due(server)
    label(server, number, "schedule:held", "owner")
    assert [note["id"] for note in server.tick()["held"]] == [number]
    unlabel(server, number, "schedule:held", "triage")
    for _ in range(2):
        assert [note["id"] for note in server.tick()["held"]] == [number]
    assert "schedule:held" in server.labels(number)
    assert ran(server) == []
    unlabel(server, number, "schedule:held", "owner")
    assert [fired["id"] for fired in server.tick()["dispatched"]] == [number]


def test_a_job_that_somebody_else_paused_is_resumed_by_whoever_may(server: Stage) -> None:
    number = due(server)
    label(server, number, "schedule:paused", "triage")
    assert server.tick()["dispatched"] == []
    unlabel(server, number, "schedule:paused", "agent")
    assert [fired["id"] for fired in server.tick()["dispatched"]] == [number]


def test_triage_stops_jobs(server: Stage) -> None:
    closed, unlabelled, paused = (due(server) for _ in range(3))
    server.edit(closed, state="closed", user="triage")
    unlabel(server, unlabelled, "schedule", "triage")
    label(server, paused, "schedule:paused", "triage")
    assert server.tick()["dispatched"] == []
    assert ran(server) == []


def test_a_series_that_somebody_else_reopened_ends(server: Stage) -> None:
    number = server.open(body(-600, "agent-message.yml", "every: 5m"))
    server.edit(number, state="closed")
    reopen(server, number, "triage")
    rejected(server, number, "reopened", "'triage'")
    assert ran(server) == []


def test_of_many_that_are_due_one_question_is_asked(stage: Stage) -> None:
    numbers = [due(stage) for _ in range(7)]
    stage.sandbox.clear_requests()
    assert len(stage.tick()["dispatched"]) == len(numbers)
    asked = stage.sandbox.requests.matching("POST", "/graphql$")
    assert len(asked) <= 2  # who did what, and whose the token is
    assert stage.sandbox.requests.count("GET", "/events$") == 0


NO_EVENTS = Lesser(graphql=(404, {}), missing="/issues/[0-9]+/events$")


def test_where_nobody_can_tell_the_tick_says_so_once(stage: Stage) -> None:
    numbers = [due(stage) for _ in range(3)]
    stage.edit(numbers[0], state="closed")
    reopen(stage, numbers[0], "triage")
    with before(stage.sandbox.url, NO_EVENTS) as url:
        report = stage.tick(GITHUB_API_URL=url)
    assert [fired["id"] for fired in report["dispatched"]] == numbers
    (notice,) = report["notices"]
    assert "labelled, reopened and resumed a job can't be told" in notice
    assert stage.sandbox.requests.count("POST", "/graphql$") <= 1


@pytest.mark.slow
def test_a_holder_says_so_when_it_comes_to_that(stage: Stage) -> None:
    stage.open(body(2))
    with before(stage.sandbox.url, NO_EVENTS) as url:
        report = held_until(stage, lambda: recorded(stage, 1), GITHUB_API_URL=url)
    assert len(report["dispatched"]) == 1
    assert ["can't be told" in notice for notice in report["notices"]] == [True]


def test_events_that_somebody_flooded_are_read_to_their_beginning(stage: Stage) -> None:
    number = due(stage)
    stage.edit(number, state="closed")
    reopen(stage, number, "triage")
    for _ in range(60):
        label(stage, number, "noise", "triage")
        unlabel(stage, number, "noise", "triage")
    rejected(stage, number, "reopened", "'triage'")
    assert ran(stage) == []


def test_what_triage_did_before_does_not_count_against_who_may(server: Stage) -> None:
    number = due(server)
    server.edit(number, state="closed", user="triage")
    reopen(server, number, "triage")
    server.edit(number, state="closed")
    reopen(server, number, "owner")
    server.tick()
    assert messages(server) == ["Check it"]
