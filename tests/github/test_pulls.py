"""What conditions ask by HTTP: one question each, to its end, and a no with the way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import responses

from scheduler.errors import Rejected
from scheduler.github.client import Api
from scheduler.github.pulls import GitHubPulls
from scheduler.ports.values import Check, PullRequest
from tests.support.answers import API

OTHER = "o/other"
THERE = f"{API}/repos/{OTHER}"
COMMIT = "/commits/a%2Fb"
QUESTIONS: dict[str, tuple[str, str, Callable[[GitHubPulls], object]]] = {
    "issue": ("/issues/3", "issues: read", lambda ask: ask.issue(OTHER, 3)),
    "pull request": ("/pulls/3", "pull-requests: read", lambda ask: ask.pull_request(OTHER, 3)),
    "reviews": ("/pulls/3/reviews", "pull-requests: read", lambda ask: ask.reviews(OTHER, 3)),
    "checks": (
        f"{COMMIT}/check-runs",
        "checks: read",
        lambda ask: ask.check_runs(OTHER, "a/b"),
    ),
    "statuses": (f"{COMMIT}/status", "statuses: read", lambda ask: ask.statuses(OTHER, "a/b")),
}


@pytest.fixture
def pulls(api: Api) -> GitHubPulls:
    return GitHubPulls(api)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_no_names_the_right_and_is_of_the_job_that_asks(
    server: responses.RequestsMock, pulls: GitHubPulls, question: str, status: int
) -> None:
    path, right, ask = QUESTIONS[question]
    gone = {"message": "This issue was deleted"}
    server.get(THERE + path, status=status, json=gone)
    with pytest.raises(Rejected, match=f"the scheduler's token needs '{right}' in o/other") as told:
        ask(pulls)
    assert told.value.status == status
    assert ("check the number" in str(told.value)) == (status != 403)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({"state": "open"}, (True, False)),
        ({"state": "closed"}, (False, False)),
        ({"state": "closed", "merged": True}, (False, True)),
        ({"state": "closed", "merged_at": "2026-11-23T12:00:00Z"}, (False, True)),
    ],
)
def test_a_pull_request_is_merged_however_the_server_says_so(
    server: responses.RequestsMock,
    pulls: GitHubPulls,
    told: dict[str, Any],
    shown: tuple[bool, bool],
) -> None:
    server.get(f"{THERE}/pulls/3", json={"head": {"sha": "c0ffee"}, **told})
    found = pulls.pull_request(OTHER, 3)
    assert found == PullRequest(open=shown[0], merged=shown[1], head="c0ffee")


def test_checks_are_read_to_the_last_page(
    server: responses.RequestsMock, pulls: GitHubPulls
) -> None:
    checks, second = f"{THERE}/commits/c0ffee/check-runs", f"{API}/repositories/7/checks"
    one = {"id": 1, "name": "one", "status": "completed", "conclusion": "skipped"}
    two = {"id": 2, "name": "two", "status": "in_progress", "conclusion": None}
    link = {"Link": '</repositories/7/checks>; rel="next"'}
    server.get(checks, json={"check_runs": [one]}, headers=link)
    server.get(second, json={"check_runs": [two]})
    assert pulls.check_runs(OTHER, "c0ffee") == [
        Check(name="one", state="passed"), Check(name="two", state="pending"),
    ]  # fmt: skip
