"""Another implementation of GitHub's API, which does less, is enough for the whole path."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.sandbox.http.requestlog import Request
from tests.conftest import ISSUES, Stage, body
from tests.support.lesser import NO_LABEL, Lesser, before

SIGNS = ("x-github-request-id", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
BARE = (
    "actor", "triggering_actor", "closed_by", "comments", "role_name", "state_reason", "url",
    "display_title", "issue_url", "event", "locked", "author_association", "node_id",
)  # fmt: skip
SERVERS = {
    **{f"GraphQL {status}": Lesser(graphql=(status, {})) for status in (400, 405, 422, 501, 200)},
    "GraphQL says nothing": Lesser(graphql=(200, None)),
    "GraphQL knows nothing": Lesser(graphql=(200, {"data": {}})),
    "no Link": Lesser(headers=("link", *SIGNS)),
    "token": Lesser(word="token "),
    "Bearer": Lesser(word="Bearer "),
    "no Date": Lesser(headers=("date",)),
    "no ETag": Lesser(headers=("etag",)),
    "fields": Lesser(fields=BARE),
    "no addresses": Lesser(fields=("url", "html_url")),
    "bare": Lesser(fields=BARE, headers=("link", "date", "etag", *SIGNS)),
    "no repository": Lesser(missing=r"/repos/octo/queue$", fields=("url", "html_url")),
    "no run ids": Lesser(fields=("workflow_run_id",)),
    "no comment list": Lesser(missing=r"/issues/comments$"),
    "no root": Lesser(missing=r"/contents/?$"),
    "ignores labels": Lesser(query=("labels",)),
    "ignores state": Lesser(query=("state",)),
    "ignores created": Lesser(query=("created", "event")),
    "ignores since": Lesser(query=("since",)),
    "milliseconds": Lesser(instants=lambda text: f"{text}.000Z"),
    "nanoseconds": Lesser(instants=lambda text: f"{text}.123456789Z"),
    "plain labels": Lesser(plain=True),
    "offset": Lesser(instants=lambda text: f"{text}+00:00"),
    "naive": Lesser(instants=lambda text: text),
    "key unnamed": Lesser(dispatch_error=(400, {"message": "Bad request"})),
    "key": Lesser(
        dispatch_error=(
            422,
            {
                "message": "Validation Failed",
                "errors": [{"field": "return_run_details", "code": "unprocessable"}],
            },
        )
    ),
}


#: One in six of them in the quick run, the others in the slow one.
MARKED = [
    pytest.param(lesser, id=name, marks=[pytest.mark.slow] if place % 6 else [])
    for place, (name, lesser) in enumerate(SERVERS.items())
]


@pytest.mark.parametrize("lesser", MARKED)
def test_jobs_run_once_and_their_end_is_told(stage: Stage, lesser: Lesser) -> None:
    stage.call("POST", "/repos/octo/queue/issues", {"title": "no job", "body": "hello"})
    stage.open(body(-60))
    stage.open(body(-30, "agent-message.yml", "agent: probe-1"))
    stage.open(body("tomorrow"))
    later = stage.open(body(3600))
    with before(stage.sandbox.url, lesser) as url:
        made = stage.create(
            "--in", "2h", "-m", "x", "--workflow", "agent-message.yml", "--no-nudge",
            GITHUB_API_URL=url,
        )  # fmt: skip
        assert made["status"] == "pending"
        first = stage.tick(GITHUB_API_URL=url)
        again = stage.tick(GITHUB_API_URL=url)
        listed = stage.run("list", "--json", GITHUB_API_URL=url).json
    assert [fired["id"] for fired in first["dispatched"]] == [2, 3]
    assert again["dispatched"] == []
    assert len(stage.runs()) == 2
    assert [stage.issue(n)["state"] for n in (1, 2, 3, 4, later)] == [
        "open", "closed", "closed", "open", "open",
    ]  # fmt: skip
    assert len(stage.comments(4)) == 1
    assert not stage.comments(1)
    assert {job["id"] for job in listed} == {4, later, made["id"]}


@pytest.mark.parametrize(
    "lesser",
    [SERVERS["no Link"], Lesser(link=r"http://[^/]+(?=/)"), Lesser(link=r"http://[^?]+(?=\?)")],
    ids=["no Link", "path", "query"],
)
def test_the_second_page_is_read_whatever_the_link_header_says(
    stage: Stage, lesser: Lesser
) -> None:
    for _ in range(105):
        stage.open(body(3600))
    due = stage.open(body(-60))
    with before(stage.sandbox.url, lesser) as url:
        report = stage.tick(GITHUB_API_URL=url)
    assert report["scanned"] == 106
    assert [fired["id"] for fired in report["dispatched"]] == [due]


# An issue that does not count its comments has to be read before it is claimed.
@pytest.mark.parametrize("workflow", ["agent-message.yml", "bare.yml"])
def test_a_run_that_is_not_named_is_looked_for_cheaply(stage: Stage, workflow: str) -> None:
    stage.settings("limits: {per-tick: 100}\n")
    for _ in range(4):
        stage.open(body(-60, workflow))
    with before(stage.sandbox.url, SERVERS["no run ids"]) as url:
        report = stage.tick(GITHUB_API_URL=url)
    assert [fired["run_id"] for fired in report["dispatched"]] == [run.id for run in stage.runs()]
    # The runs, and the newest comments for which of them are other jobs'; and who did what.
    assert report["requests"] <= 1 + 4 + 4 * (6 + 2) + 4 + 1 + 1


@pytest.mark.parametrize(
    ("name", "more"),
    [("GraphQL 501", 0), ("no comment list", 0), ("no addresses", 0), ("fields", 2), ("bare", 2)],
)
def test_a_job_costs_no_more_there(stage: Stage, name: str, more: int) -> None:
    stage.settings("limits: {per-tick: 100}\n")
    stage.open(body(-60))
    event = stage.folder / "event.json"
    event.write_text('{"repository": {"full_name": "octo/queue", "default_branch": "main"}}')
    run = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(event)}
    with before(stage.sandbox.url, SERVERS[name]) as url:
        report = stage.tick(GITHUB_API_URL=url, **run)
    # One page and four more, six for the job, its author, its target, and who did what to it.
    assert report["requests"] <= 1 + 4 + 6 + 1 + 1 + 1 + more


def test_the_default_branch_is_asked_for_only_where_it_is_needed(stage: Stage) -> None:
    soon = ("--in", "1h", "--workflow", "agent-message.yml", "-m", "x")
    with before(stage.sandbox.url, SERVERS["no addresses"]) as url:
        stage.create(*soon, GITHUB_API_URL=url)
        assert len(stage.sandbox.requests) == 3
        wrong = stage.run("create", "--in", "1h", "--workflow", "push.yml", GITHUB_API_URL=url)
        wrong.refused(3, "workflow: 'push.yml' in octo/queue has no workflow_dispatch trigger")
        stage.open(body(-60))
        assert len(stage.tick(GITHUB_API_URL=url)["dispatched"]) == 1


@pytest.mark.parametrize(
    "no_label", [(422, NO_LABEL), (404, {"message": "Label does not exist"})], ids=["422", "404"]
)
def test_labels_are_made_where_the_server_makes_none_by_itself(
    stage: Stage, no_label: tuple[int, Any]
) -> None:
    for text in (body(-60), body(-60, "deploy.yml"), body("tomorrow")):
        stage.open(text)
    soon = ("--in", "2h", "-m", "x", "--workflow", "agent-message.yml")
    lesser = Lesser(labels=set(), no_label=no_label)
    with before(stage.sandbox.url, lesser) as url:
        made = stage.create(*soon, GITHUB_API_URL=url)
        stage.run("pause", str(made["id"]), GITHUB_API_URL=url)
        report = stage.tick(GITHUB_API_URL=url)
    assert [note["id"] for note in report["rejected"]] == [2]
    assert stage.labels(2) == {"schedule", "schedule:rejected"}
    assert stage.labels(3) == {"schedule", "schedule:invalid"}
    assert stage.labels(made["id"]) == {"schedule", "schedule:paused"}
    assert [each.path for each in stage.sandbox.requests.matching("POST", "/queue/labels$")]


@pytest.mark.parametrize(
    "lesser", [Lesser(plain=True), Lesser(silent=r"/labels\b"), Lesser(missing=r"/\d+/labels\b")]
)
def test_a_job_is_paused_and_resumed_however_the_labels_are_shown(
    stage: Stage, lesser: Lesser
) -> None:
    job = stage.open(body(-60))
    with before(stage.sandbox.url, lesser) as url:
        stage.run("pause", str(job), GITHUB_API_URL=url)
        assert stage.labels(job) == {"schedule", "schedule:paused"}
        assert stage.tick(GITHUB_API_URL=url)["dispatched"] == []
        assert stage.run("resume", str(job), "--json", GITHUB_API_URL=url).json["changed"]
        assert [fired["id"] for fired in stage.tick(GITHUB_API_URL=url)["dispatched"]] == [job]


def test_a_job_is_closed_though_its_label_can_not_be_made(stage: Stage) -> None:
    rejected, broken = stage.open(body(-60, "deploy.yml")), stage.open(body("tomorrow"))
    with before(stage.sandbox.url, Lesser(labels={"schedule"}, may_label=False)) as url:
        report = stage.tick(GITHUB_API_URL=url)
        (note,) = report["retrying"]
        assert (note["id"], report["rejected"][0]["id"]) == (broken, rejected)
        words = "labels: schedule:invalid can't be put on an issue", "make those labels"
        assert all(word in note["reason"] for word in words)
        assert (stage.issue(rejected)["state"], stage.labels(rejected)) == ("closed", {"schedule"})
        assert stage.tick(GITHUB_API_URL=url)["rejected"] == []
        assert len(stage.comments(broken)) == 1
    with before(stage.sandbox.url, Lesser(labels=set(), may_label=False)) as url:
        soon = ("create", "--in", "2h", "-m", "x", "--workflow", "agent-message.yml")
        told = stage.run(*soon, GITHUB_API_URL=url)
    told.refused(3, "labels: schedule can't be put on an issue", "make those labels in octo/queue")


@pytest.mark.slow
def test_a_name_that_does_not_resolve_is_no_network(stage: Stage) -> None:
    result = stage.run("list", GITHUB_API_URL="http://nowhere.invalid")
    message = result.refused(75, "GITHUB_API_URL", "can't be reached", "check the network")
    assert "closed the connection" not in message


def test_a_server_without_labels_of_its_own_shows_states_by_the_issue(stage: Stage) -> None:
    """Only there they are written as a set, as they were read right before."""
    missed = stage.open(body(-3600, "agent-message.yml", "deadline: 5s"))
    broken = stage.open(body("tomorrow"))
    stage.call("POST", f"{ISSUES}/{broken}/labels", ["bug"])
    with before(stage.sandbox.url, Lesser(missing=r"/\d+/labels\b")) as url:
        stage.tick(GITHUB_API_URL=url)
        assert stage.labels(missed) == {"schedule", "schedule:missed"}
        assert stage.labels(broken) == {"schedule", "schedule:invalid", "bug"}
        stage.edit(broken, body=body(3600))
        stage.tick(GITHUB_API_URL=url)
    assert stage.labels(broken) == {"schedule", "bug"}


def test_a_label_that_is_gone_already_costs_one_request_and_is_no_error(stage: Stage) -> None:
    number = stage.open(body("tomorrow"))
    stage.tick()
    stage.edit(number, body=body(3600))

    def take_off(seen: Request) -> None:
        if seen.path == ISSUES and "schedule:invalid" in stage.labels(number):
            stage.call("DELETE", f"{ISSUES}/{number}/labels/schedule:invalid")

    stage.sandbox.clear_requests()
    with stage.sandbox.on_request(take_off, after=True):
        report = stage.tick()
    assert report["retrying"] == []
    asked = stage.sandbox.requests
    assert asked.count("DELETE", "/labels/", status=404) == 1
    assert asked.count("GET", f"/issues/{number}$") == asked.count("PATCH", "/issues/") == 0


#: Servers that tell less of runs than GitHub.
FEW_WORDS = {
    "no jobs": Lesser(missing=r"/runs/\d+/jobs$"),
    "no list of runs": Lesser(missing=r"/actions/runs$"),
    "no search": Lesser(query=("created", "event", "status")),
    "no dates": Lesser(fields=("run_started_at", "updated_at")),
    "no names": Lesser(fields=("path", "run_attempt", "display_title", "event", "actor")),
    "no numbers": Lesser(fields=("total_count", "workflow_run_id")),
}


@pytest.mark.slow
@pytest.mark.parametrize("lesser", FEW_WORDS.values(), ids=FEW_WORDS)
def test_what_a_run_came_to_is_told_by_servers_of_few_words(stage: Stage, lesser: Lesser) -> None:
    number = stage.open(body(-60))
    with before(stage.sandbox.url, lesser) as url:
        stage.tick(GITHUB_API_URL=url)
        (run,) = stage.runs()
        stage.sandbox.finish_run(run.id, "failure")
        told = stage.tick(GITHUB_API_URL=url)["failed"]
        again = stage.tick(GITHUB_API_URL=url)
    assert told == [{"id": number, "run_id": run.id, "conclusion": "failure"}]
    assert (again["failed"], again["followed"]) == ([], [])
    assert stage.issue(number)["state_reason"] == "not_planned"
    assert stage.labels(number) == {"schedule", "schedule:failed"}
    assert len(stage.comments(number)) == 2
