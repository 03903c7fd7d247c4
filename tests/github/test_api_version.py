"""The API's version is named in every request, and its end is never taken for an issue's end."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from unittest import mock

import pytest
import responses

from scheduler.action import main
from scheduler.errors import Rejected, VersionRetired
from scheduler.github.client import GitHub
from scheduler.github.queue import GitHubQueue
from scheduler.ports.values import API_VERSION
from scheduler.sandbox.http.requestlog import Request
from tests.conftest import ISSUES, Stage, at, body
from tests.support.sampled import one_in

PLACE = "https://api.github.com:443/repos/o/r/issues/1"
GITHUB = {"X-GitHub-Request-Id": "0001:SANDBOX"}
VERSIONS = "https://docs.github.com/rest/about-the-rest-api/api-versions"
#: What GitHub answers to a version that it does not know; nobody has seen the answer to one
#: that it knows no longer (https://github.com/github/rest-api-description/issues/7054).
UNKNOWN = (
    'The version you specified in the "X-GitHub-API-Version" request header, "2022-11-28", is not '
    'a supported version. The following versions are currently supported: "2030-01-01".'
)


def test_every_request_names_it(stage: Stage) -> None:
    stage.settings("trust: {bots: ['github-actions[bot]']}\n")
    job = stage.create("--at", at(3600), "--workflow", "agent-message.yml", "-m", "Hello")["id"]
    stage.run("list")
    stage.run("show", str(job))
    stage.run("pause", str(job))
    stage.run("resume", str(job))
    stage.run("reschedule", str(job), "--at", at(-5))
    stage.run("run", str(job))
    stage.open(body(-60))
    stage.open("no job at all")
    stage.tick()
    stage.run("tick", "--hold", "1s", "--relay", user="bot")
    stage.run("stats")
    stage.run("cancel", str(job), "--run")
    asked = list(stage.sandbox.requests)
    assert {"GET", "POST", "PATCH", "DELETE"} <= {each.method for each in asked}
    assert any(each.path == "/graphql" for each in asked)
    assert {each.version for each in asked} == {API_VERSION}


@pytest.mark.parametrize(
    ("status", "headers", "answer"),
    [
        (410, GITHUB, {"json": {"message": UNKNOWN, "documentation_url": VERSIONS}}),
        (410, {}, {"json": {"message": UNKNOWN}}),
        (410, {}, {"json": {"message": "Gone", "documentation_url": VERSIONS}}),
        (410, {}, {"json": {"message": "This API version is no longer supported."}}),
        (410, GITHUB, {"json": {"message": "Gone"}}),
        (410, GITHUB, {"json": {}}),
        (410, GITHUB, {"body": "<html>410 Gone</html>"}),
        (410, GITHUB, {"body": ""}),
        (400, GITHUB, {"json": {"message": UNKNOWN, "errors": "text, and no list"}}),
    ],
)
def test_the_end_of_a_version_is_an_error_of_the_connection(
    server: responses.RequestsMock, http: GitHub, status: int, headers: dict[str, str],
    answer: dict[str, Any],
) -> None:  # fmt: skip
    for verb in ("GET", "POST", "PATCH", "DELETE"):
        server.add(verb, PLACE, status=status, headers=headers, **answer)
    queue = GitHubQueue(http, repository="o/r", label="schedule")
    asks: list[Callable[[], object]] = [
        lambda: queue.ticket(1),
        lambda: queue.edit(1, state="closed"),
        lambda: http.absolute("DELETE", "/repos/o/r/issues/1"),
        lambda: http.post("/repos/o/r/issues/1", {}),
    ]
    for ask in asks:
        with pytest.raises(VersionRetired) as told:
            ask()
        assert API_VERSION in str(told.value)
        assert "newer version" in str(told.value)
        assert "deleted" not in str(told.value)
        assert not told.value.sent
    assert http.requests == len(asks)  # asking again would help nobody


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (GITHUB, "This issue was deleted"),
        (GITHUB, "Issues are disabled for this repo"),
        ({}, "Gone"),  # of another server than GitHub, which knows no versions
        ({}, ""),
    ],
)
def test_the_end_of_a_thing_is_not(
    server: responses.RequestsMock, http: GitHub, headers: dict[str, str], message: str
) -> None:
    server.get(PLACE, status=410, headers=headers, json={"message": message})
    with pytest.raises(Rejected) as told:
        http.get("/repos/o/r/issues/1")
    assert told.value.status == 410


def test_issues_that_are_switched_off_are_not_deleted_ones(
    server: responses.RequestsMock, http: GitHub
) -> None:
    words = "Issues are disabled for this repo"
    server.get(PLACE, status=410, headers=GITHUB, json={"message": words})
    server.get(f"{PLACE}/comments", status=410, headers=GITHUB, json={"message": words})
    queue = GitHubQueue(http, repository="o/r", label="schedule")
    for ask in (queue.ticket, queue.comments):
        with pytest.raises(Rejected, match=words):
            ask(1)


COMMANDS = [
    ("create", "--in", "1h", "--workflow", "agent-message.yml", "-m", "Hello"),
    ("list",),
    ("show", "1"),
    ("cancel", "1"),
    ("cancel", "1", "--run"),
    ("reschedule", "1", "--in", "2h"),
    ("retry", "1"),
    ("resolve", "1", "--again"),
    ("pause", "1"),
    ("resume", "1"),
    ("snooze", "1", "--for", "1h"),
    ("run", "1"),
    ("stats",),
    ("stats", "--overdue"),
    ("tick",),
    ("tick", "--hold", "5m"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_says_so_in_one_line(stage: Stage, command: tuple[str, ...]) -> None:
    stage.open(body(3600))
    stage.sandbox.configure(retired=[API_VERSION])
    words = stage.run(*command, user="bot").refused(75, API_VERSION, "newer version")
    assert "deleted" not in words
    assert "no such" not in words.lower()
    assert len(stage.requests) == 1


#: Before which request of a tick the version ends; ``{n}`` is the job that comes first.
MOMENTS = [
    ("GET", "/issues$"),
    ("GET", "/issues/{n}/comments$"),
    ("GET", "/issues/{n}$"),
    ("POST", "/issues/{n}/comments$"),
    ("POST", "/dispatches$"),
    ("PATCH", "/issues/comments/"),
    ("PATCH", "/issues/{n}$"),
]


@pytest.mark.parametrize("hold", [(), ("--hold", "5m")], ids=["pass", "hold"])
@pytest.mark.parametrize(("method", "path"), one_in(3, MOMENTS))
def test_a_tick_that_it_ends_under_stops_and_nothing_is_lost(
    stage: Stage, method: str, path: str, hold: tuple[str, ...]
) -> None:
    numbers = [stage.open(body(-60 - n)) for n in range(3)]
    moment = path.format(n=numbers[-1])  # the oldest

    def retire(seen: Request) -> None:
        if seen.method == method and re.search(moment, seen.path):
            stage.sandbox.configure(retired=[API_VERSION])

    with stage.sandbox.on_request(retire):
        ended = stage.run("tick", *hold, user="bot")
    assert ended.status == 75, (ended.out, ended.err)
    assert API_VERSION in ended.err
    assert "deleted" not in ended.err + ended.out
    assert len(stage.runs()) <= 1
    # A newer version finds the truth.
    stage.sandbox.configure(retired=[])
    stage.sandbox.set_clock(advance=180)
    stage.tick()
    stage.sandbox.set_clock(advance=180)
    stage.tick()
    assert len(stage.runs()) == 3
    assert {stage.issue(each)["state_reason"] for each in numbers} == {"completed"}


def test_the_action_does_not_wait_for_what_no_waiting_helps(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    stage.sandbox.configure(retired=[API_VERSION])
    with mock.patch.dict(os.environ, stage.environ("bot", GITHUB_ACTIONS="true"), clear=True):
        assert main.main(dict(os.environ)) == 75
    assert len(stage.requests) == 1
    (line,) = [each for each in capfd.readouterr().out.splitlines() if "::error" in each]
    assert API_VERSION in line


@pytest.mark.parametrize(("days", "said"), [(30, True), (400, False)])
def test_an_end_that_is_near_is_said_beforehand(stage: Stage, days: int, said: bool) -> None:
    """By the header ``Sunset``: https://www.rfc-editor.org/rfc/rfc8594 ."""
    end = datetime.now(timezone.utc) + timedelta(days=days)
    stage.sandbox.configure(sunset=end.strftime("%Y-%m-%dT%H:%M:%SZ"))
    notices = [each for each in stage.tick()["notices"] if API_VERSION in each]
    assert bool(notices) is said
    assert all(end.strftime("%Y-%m-%d") in each for each in notices)


def test_an_unversioned_request_is_answered_by_the_next_version(stage: Stage) -> None:
    import requests

    stage.sandbox.configure(retired=[API_VERSION])
    answer = requests.get(f"{stage.sandbox.url}{ISSUES}", timeout=120)
    assert answer.status_code == 200
    assert answer.headers["X-GitHub-Api-Version-Selected"] == "2026-03-10"
    for version, status in (("2026-03-10", 200), (API_VERSION, 410), ("2001-01-01", 400)):
        headers = {"X-GitHub-Api-Version": version}
        told = requests.get(f"{stage.sandbox.url}{ISSUES}", headers=headers, timeout=120)
        assert told.status_code == status
