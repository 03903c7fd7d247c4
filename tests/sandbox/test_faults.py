from __future__ import annotations

import contextlib
import time

import pytest
import requests

from scheduler.sandbox import Sandbox
from scheduler.sandbox.http.requestlog import Request
from tests.sandbox.conftest import As, Client


@pytest.mark.parametrize(
    ("kind", "status", "effect"),
    [
        ("drop-before", 0, False),
        ("drop-after", 0, True),
        ("502-before", 502, False),
        ("502-after", 502, True),
        ("429", 429, False),
        ("secondary", 403, False),
        ("primary", 403, False),
        ("stall", 201, True),
        ("delay", 201, True),
    ],
)
def test_each_kind_hits_the_nth_matching_request(
    agent: Client, sandbox: Sandbox, kind: str, status: int, effect: bool
) -> None:
    agent("POST", "/issues", {"title": "t"})
    fault = sandbox.fault(
        kind, method="POST", path="/comments$", nth=2, seconds=0.05, retry_after=7
    )
    bodies = []
    for number in range(3):
        agent("GET", "/issues/1/comments")
        answer = requests.Response()
        answer.status_code = 0
        with contextlib.suppress(requests.ConnectionError):
            answer = agent("POST", "/issues/1/comments", {"body": str(number)})
        assert answer.status_code == (status if number == 1 else 201)
        if number == 1 and kind in ("429", "secondary"):
            assert answer.headers["Retry-After"] == "7"
        if number == 1 and kind == "primary":
            assert answer.headers["X-RateLimit-Remaining"] == "0"
    bodies = [one["body"] for one in agent("GET", "/issues/1/comments").json()]
    assert bodies == (["0", "1", "2"] if effect else ["0", "2"])
    assert (fault.matched, fault.hits) == (3, 1)
    assert sandbox.requests.count("POST", "comments", status=status) == (3 if status == 201 else 1)
    assert [entry.fault for entry in sandbox.requests.matching("POST", "comments")][1] == kind


def test_faults_by_control_route(sandbox: Sandbox) -> None:
    root = f"{sandbox.url}/_sandbox"
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {sandbox.control_token}"
        wrong = session.post(f"{root}/fault", json={"kind": "fire"})
        assert wrong.status_code == 422
        assert "drop-before" in wrong.json()["message"]
        # As `curl -d` sends it: JSON, called a form.
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        given = b'{"kind": "429", "count": 2}'
        session.post(f"{root}/fault", data=given, headers=form).raise_for_status()
        repository = f"{sandbox.url}/repos/octo/queue"
        assert requests.get(repository, timeout=120).status_code == 429
        assert session.post(f"{root}/faults").json()[0]["hits"] == 1
        session.post(f"{root}/clear_faults")
        assert requests.get(repository, timeout=120).status_code == 200
        assert len(session.post(f"{root}/request_log").json()) == 2
        session.post(f"{root}/clear_requests")
        assert len(sandbox.requests) == 0
        assert session.post(f"{root}/nope").status_code == 404
        assert session.post(f"{root}/set_clock", json={"to": "2031-01-01T00:00:00Z"}).json() == (
            "2031-01-01T00:00:00Z"
        )


def test_a_hook_acts_between_requests(agent: Client, sandbox: Sandbox) -> None:
    sandbox.call("agent", "POST", "/repos/octo/queue/issues", {"title": "t"})

    def close(seen: Request) -> None:
        if seen.method == "GET":
            sandbox.call("owner", "PATCH", "/repos/octo/queue/issues/1", {"state": "closed"})

    with sandbox.on_request(close):
        assert agent("GET", "/issues/1").json()["state"] == "closed"

    def die(seen: Request) -> None:
        raise RuntimeError

    with sandbox.on_request(die), pytest.raises(requests.ConnectionError):
        agent("POST", "/issues", {"title": "before"})
    with sandbox.on_request(die, after=True), pytest.raises(requests.ConnectionError):
        agent("POST", "/issues", {"title": "after"})
    assert [issue["title"] for issue in agent("GET", "/issues").json()] == ["after"]
    assert sandbox.requests.count("POST", "/issues$", status=0) == 2


def test_latency(agent: Client, sandbox: Sandbox) -> None:
    sandbox.set_latency(0.1)
    start = time.monotonic()
    agent("GET", "")
    assert time.monotonic() - start >= 0.1


def test_stale_reads(agent: Client, as_user: As, sandbox: Sandbox) -> None:
    agent("POST", "/issues", {"title": "t", "labels": ["a"]})
    agent("POST", "/issues/1/comments", {"body": "old"})
    sandbox.clock.advance(120)
    sandbox.set_staleness(comments=5, issues=10, runs=20, new_issues=30)
    fresh = agent("PATCH", "/issues/1", {"state": "closed", "body": "new", "labels": []}).json()
    assert (fresh["state"], fresh["body"]) == ("closed", "new")
    assert agent("POST", "/issues/1/comments", {"body": "new"}).json()["body"] == "new"
    body = {"ref": "main", "inputs": {"message": "m"}, "return_run_details": True}
    run = agent("POST", "/actions/workflows/message.yml/dispatches", body).json()
    run_id = run["workflow_run_id"]
    agent("POST", "/issues", {"title": "second"})

    def seen() -> tuple[str, int, int, int, int]:
        issue = agent("GET", "/issues/1").json()
        comments = len(agent("GET", "/issues/1/comments").json())
        runs = agent("GET", "/actions/runs").json()["total_count"]
        second = agent("GET", "/issues/2").status_code
        return issue["state"], issue["comments"], comments, runs, second

    assert seen() == ("open", 1, 1, 0, 404)
    assert agent("GET", f"/actions/runs/{run_id}").status_code == 404
    assert [one["number"] for one in agent("GET", "/issues?labels=a").json()] == [1]
    sandbox.clock.advance(5)
    assert seen() == ("open", 1, 2, 0, 404)
    sandbox.clock.advance(5)
    assert seen() == ("closed", 2, 2, 0, 404)
    sandbox.clock.advance(10)
    assert seen() == ("closed", 2, 2, 1, 404)
    sandbox.clock.advance(10)
    assert seen() == ("closed", 2, 2, 1, 200)
    with pytest.raises(ValueError, match="0 to 60"):
        sandbox.set_staleness(comments=61)


def test_reset_forgets_but_ids_grow(agent: Client, sandbox: Sandbox) -> None:
    first = agent("POST", "/issues", {"title": "t"}).json()
    sandbox.fault("429")
    sandbox.reset()
    assert len(sandbox.requests) == 0
    assert agent("GET", "/issues?state=all").json() == []
    second = agent("POST", "/issues", {"title": "t"}).json()
    assert second["number"] == 1
    assert second["id"] > first["id"]


def test_the_clock_dates_everything(agent: Client, sandbox: Sandbox) -> None:
    sandbox.set_clock(to="2031-02-03T04:05:06Z")
    made = agent("POST", "/issues", {"title": "t"})
    assert made.json()["created_at"][:16] == "2031-02-03T04:05"
    assert made.headers["Date"].startswith("Mon, 03 Feb 2031 04:05")


def test_an_issue_can_count_what_no_list_shows(agent: Client, sandbox: Sandbox) -> None:
    agent("POST", "/issues", {"title": "t"})
    agent("POST", "/issues/1/comments", {"body": "one"})
    sandbox.set_hidden_comments(2)
    for path in ("/issues/1", "/issues"):
        shown = agent("GET", path).json()
        assert (shown if isinstance(shown, dict) else shown[0])["comments"] == 3
    assert len(agent("GET", "/issues/1/comments").json()) == 1
    sandbox.reset()
    assert agent("POST", "/issues", {"title": "t"}).json()["comments"] == 0
