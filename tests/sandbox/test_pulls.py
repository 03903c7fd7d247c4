"""Pull requests, reviews and checks, as far as GitHub's documents tell how they behave."""

from __future__ import annotations

import pytest

from scheduler.sandbox import Sandbox
from tests.sandbox.conftest import As, Client


@pytest.fixture
def number(agent: Client, sandbox: Sandbox) -> int:
    """A pull request of the agent's, after an issue."""
    agent("POST", "/issues", {"title": "t"})
    return sandbox.open_pull("change")


def states(agent: Client, number: int) -> list[str]:
    return [each["state"] for each in agent("GET", f"/pulls/{number}/reviews").json()]


def test_an_issue_is_no_pull_request_and_one_is_an_issue(agent: Client, number: int) -> None:
    assert agent("GET", f"/issues/{number}").json()["pull_request"]["merged_at"] is None
    assert agent("GET", f"/pulls/{number}").json()["merged"] is False
    for path in ("/pulls/1", "/pulls/1/reviews", "/pulls/1/merge", "/pulls/99"):
        assert agent("GET", path).status_code == 404


def test_a_merge_closes_and_is_seen_everywhere(agent: Client, as_user: As, number: int) -> None:
    assert agent("GET", f"/pulls/{number}/merge").status_code == 404
    assert as_user("stranger")("PUT", f"/pulls/{number}/merge").status_code == 403
    assert agent("PUT", f"/pulls/{number}/merge").json()["merged"] is True
    assert agent("PUT", f"/pulls/{number}/merge").status_code == 405
    assert agent("GET", f"/pulls/{number}/merge").status_code == 204
    pull = agent("GET", f"/pulls/{number}").json()
    assert (pull["merged"], pull["state"], pull["merged_by"]["login"]) == (True, "closed", "agent")
    issue = agent("GET", f"/issues/{number}").json()
    assert (issue["state"], issue["pull_request"]["merged_at"]) == ("closed", pull["merged_at"])


def test_reviews_stand_in_their_order_and_are_dismissed(
    agent: Client, as_user: As, number: int
) -> None:
    owner, path = as_user("owner"), f"/pulls/{number}/reviews"
    assert agent("POST", path, {"event": "APPROVE"}).status_code == 422
    assert owner("POST", path, {"event": "REQUEST_CHANGES"}).status_code == 422
    assert owner("POST", path, {"event": "HOORAY"}).status_code == 422
    first = owner("POST", path, {"event": "REQUEST_CHANGES", "body": "no"}).json()["id"]
    as_user("stranger")("POST", path, {"event": "APPROVE"})
    said = agent("POST", path, {"event": "COMMENT", "body": "b"}).json()["id"]
    assert states(agent, number) == ["CHANGES_REQUESTED", "APPROVED", "COMMENTED"]
    dismissal = {"message": "old"}
    refused = as_user("stranger")("PUT", f"{path}/{first}/dismissals", dismissal)
    assert refused.status_code == 403
    assert agent("PUT", f"{path}/{said}/dismissals", dismissal).status_code == 422
    assert agent("PUT", f"{path}/1/dismissals", dismissal).status_code == 404
    assert agent("PUT", f"{path}/{first}/dismissals", dismissal).json()["state"] == "DISMISSED"
    assert states(agent, number) == ["DISMISSED", "APPROVED", "COMMENTED"]


def test_many_reviews_have_pages(agent: Client, as_user: As, number: int) -> None:
    owner = as_user("owner")
    for _ in range(31):
        owner("POST", f"/pulls/{number}/reviews", {"event": "APPROVE"})
    first = agent("GET", f"/pulls/{number}/reviews")
    assert len(first.json()) == 30
    assert len(agent("GET", f"/pulls/{number}/reviews?page=2").json()) == 1
    assert 'rel="next"' in first.headers["Link"]


def test_the_latest_check_run_of_a_name_is_listed(
    agent: Client, as_user: As, sandbox: Sandbox, number: int
) -> None:
    head, bot = agent("GET", f"/pulls/{number}").json()["head"]["sha"], as_user("bot")
    assert agent("GET", f"/commits/{head}/check-runs").json() == {
        "total_count": 0,
        "check_runs": [],
    }
    assert agent("POST", "/check-runs", {"name": "a", "head_sha": head}).status_code == 403
    bot("POST", "/check-runs", {"name": "a", "head_sha": head})
    bot("POST", "/check-runs", {"name": "a", "head_sha": head, "conclusion": "failure"})
    bot("POST", "/check-runs", {"name": "b", "head_sha": head})
    for ref in (head, f"pull/{number}/head", f"refs/pull/{number}/head"):
        found = agent("GET", f"/commits/{ref}/check-runs").json()
        shown = [(run["name"], run["status"], run["conclusion"]) for run in found["check_runs"]]
        assert shown == [("a", "completed", "failure"), ("b", "queued", None)]
    found = agent("GET", f"/commits/{head}/check-runs?status=queued").json()
    assert [run["name"] for run in found["check_runs"]] == ["b"]
    assert bot("POST", "/check-runs", {"name": "a", "head_sha": "0" * 40}).status_code == 422
    assert agent("GET", f"/commits/{'0' * 40}/check-runs").status_code == 422
    assert sandbox.push_to_pull(number) != head
    assert agent("GET", f"/commits/pull/{number}/head/check-runs").json()["total_count"] == 0
    assert agent("GET", f"/commits/{head}/check-runs").json()["total_count"] == 2
    assert agent("GET", "/commits/main").json()["sha"] not in (head, None)


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ([], "pending"),
        (["success"], "success"),
        (["success", "pending"], "pending"),
        (["pending", "error"], "failure"),
        (["failure"], "failure"),
    ],
)
def test_the_combined_status(agent: Client, number: int, given: list[str], state: str) -> None:
    head = agent("GET", f"/pulls/{number}").json()["head"]["sha"]
    agent("POST", f"/statuses/{head}", {"state": "error", "context": "c0"})
    for count, each in enumerate(given):
        agent("POST", f"/statuses/{head}", {"state": each, "context": f"c{count}"})
    if not given:
        head = agent("GET", "/commits/main").json()["sha"]
    found = agent("GET", f"/commits/{head}/status").json()
    assert (found["state"], found["total_count"]) == (state, len(given))
    assert [each["state"] for each in found["statuses"]] == given


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", "/pulls/2", "pull_requests=read"),
        ("GET", "/pulls/2/reviews", "pull_requests=read"),
        ("POST", "/pulls/2/reviews", "pull_requests=write"),
        ("GET", "/commits/main/check-runs", "checks=read"),
        ("GET", "/commits/main/status", "statuses=read"),
    ],
)
@pytest.mark.usefixtures("number")
def test_each_question_needs_its_right(
    as_user: As, sandbox: Sandbox, method: str, path: str, right: str
) -> None:
    token = sandbox.make_token(
        "github-actions[bot]", permissions={"issues": "write", "contents": "read"}
    )
    answer = as_user(token)(method, path)
    assert answer.status_code == 403
    assert answer.json()["message"] == "Resource not accessible by integration"
    assert answer.headers["X-Accepted-GitHub-Permissions"] == right
    name, _, level = right.partition("=")
    token = sandbox.make_token("github-actions[bot]", permissions={name: level})
    assert as_user(token)(method, path).status_code != 403
