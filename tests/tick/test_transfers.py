"""An issue is this queue's by its repository: a number says nothing of where it stands now."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses

from scheduler.connection import connect
from scheduler.environment import Environment
from scheduler.github.client import GitHub
from scheduler.github.queue import GitHubQueue
from scheduler.ports.commands import CommandQueue
from tests.conftest import ISSUES, QUEUE, Stage, body

OTHER = "octo/other"
COMMANDS = [
    ("show", "1"),
    ("cancel", "1"),
    ("reschedule", "1", "--in", "2h"),
    ("retry", "1"),
    ("resolve", "1", "--again"),
    ("pause", "1"),
    ("resume", "1"),
    ("snooze", "1", "--for", "1h"),
    ("run", "1"),
]


@pytest.fixture
def moved(stage: Stage) -> Stage:
    """A queue whose #1 is another repository's #1 now, with the label that it had."""
    assert stage.open(body(3600)) == 1
    assert stage.sandbox.transfer_issue(1, OTHER) == 1
    return stage


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_command_takes_the_same_number_elsewhere_for_it(
    moved: Stage, command: tuple[str, ...]
) -> None:
    moved.run(*command, user="owner").refused(4, "#1")
    (issue,) = moved.sandbox.repository(OTHER).issues.values()
    assert issue.view.state == "open"
    assert len(issue.comments) == 0
    assert [entry for entry in moved.sandbox.requests if entry.method != "GET"] == []


@pytest.fixture
def queue(stage: Stage) -> Iterator[CommandQueue]:
    connection = connect(Environment.read(stage.environ("bot")))
    yield connection.queue
    connection.close()


def test_the_issue_itself_is_not_there(queue: CommandQueue, moved: Stage) -> None:
    assert queue.ticket(1) is None


def test_a_transfer_under_a_claim_is_seen(stage: Stage) -> None:
    """The claim is written first; then the number leads to the other repository."""
    stage.open(body(-60))

    def transfer(seen: object) -> None:
        if getattr(seen, "path", "").endswith("/issues/1") and not stage.sandbox.repository().gone:
            stage.sandbox.transfer_issue(1, OTHER)

    with stage.sandbox.on_request(transfer):
        report = stage.tick()
    assert report["dispatched"] == []
    assert [note["id"] for note in report["withdrawn"]] == [1]
    assert stage.runs() == []


def test_a_repository_that_was_renamed_is_the_same(queue: CommandQueue, stage: Stage) -> None:
    stage.open(body(3600))
    stage.sandbox.rename_repository(QUEUE, "octo/renamed")
    stage.sandbox.clear_requests()
    found = queue.ticket(1)
    assert found is not None
    assert found.url.endswith("/octo/renamed/issues/1")
    assert [ticket.number for ticket in queue.open_tickets()] == [1]
    before = queue.requests
    assert queue.ticket(1) is not None
    assert queue.requests - before == 2  # it leads elsewhere, and is not asked about again


def test_of_a_renamed_one_a_transferred_issue_is_gone_all_the_same(
    queue: CommandQueue, moved: Stage
) -> None:
    moved.sandbox.rename_repository(QUEUE, "octo/renamed")
    assert queue.ticket(1) is None


def test_the_server_redirects_by_id_as_github_does(moved: Stage) -> None:
    import requests

    there = moved.sandbox.repository(OTHER).id
    url = f"{moved.sandbox.url}{ISSUES}/1"
    answer = requests.get(url, allow_redirects=False, timeout=120)
    assert answer.status_code == 301
    assert answer.headers["Location"] == f"{moved.sandbox.url}/repositories/{there}/issues/1"
    followed = requests.get(url, timeout=120).json()
    assert followed["repository_url"].endswith(f"/repos/{OTHER}")
    other = requests.get(f"{moved.sandbox.url}/repositories/1/issues", timeout=120)
    assert other.status_code == 404


SHOWN = {"number": 5, "labels": [], "state": "open"}
HERE, THERE = "https://api.github.com/repos/o/r", "https://api.github.com/repos/o/elsewhere"


@pytest.mark.parametrize(
    ("says", "ours"),
    [
        ({}, True),  # a lesser server says nothing of it: then the number has to do
        ({"repository_url": HERE}, True),
        ({"repository_url": HERE.replace("/o/r", "/O/R")}, True),
        ({"url": f"{HERE}/issues/5"}, True),
        ({"repository_url": "https://ghe.example/api/v3/repos/o/r"}, True),
        ({"repository_url": THERE}, False),
        ({"url": f"{THERE}/issues/5"}, False),
        ({"url": "https://forge.example/api/v1/repos/o/elsewhere/issues/5"}, False),
        ({"repository_url": "nonsense", "url": 7}, True),
    ],
)
def test_what_says_where_an_issue_stands(
    server: responses.RequestsMock, http: GitHub, says: dict[str, object], ours: bool
) -> None:
    server.get("https://api.github.com:443/repos/o/r/issues/5", json=SHOWN | says)
    if not ours:
        server.get("https://api.github.com:443/repos/o/r", json={"full_name": "o/r"})
    found = GitHubQueue(http, repository="o/r", label="schedule").ticket(5)
    assert (found is not None) is ours
