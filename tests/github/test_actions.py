"""Workflows and their runs by HTTP: a dispatch is sent once, and its run is taken as told."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from responses import matchers

from scheduler.errors import Rejected, Unavailable
from scheduler.github.client import GitHub
from scheduler.github.queue import GitHubQueue
from scheduler.ports import Accepted, Dispatch, Target
from tests.support.answers import API, LOST

STARTED = {"workflow_run_id": 7, "run_url": "https://api/7", "html_url": "https://github.com/7"}
DISPATCH = Dispatch(target=Target(repo="o/r", ref="main", workflow="a b.yml"), inputs={"x": "y"})
DISPATCHES = f"{API}/repos/o/r/actions/workflows/a%20b.yml/dispatches"
SHORT = {"ref": "main", "inputs": {"x": "y"}}
FULL = {**SHORT, "return_run_details": True}


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_does_not_know_run_details_is_asked_without_from_then_on(
    server: responses.RequestsMock, http: GitHub, status: int
) -> None:
    words = 'Invalid request.\n\n"return_run_details" is not a permitted key.'
    server.post(DISPATCHES, status=status, json={"message": words},
                match=[matchers.json_params_matcher(FULL)])  # fmt: skip
    server.post(DISPATCHES, status=204, match=[matchers.json_params_matcher(SHORT)])
    queue = GitHubQueue(http, repository="o/r", label="schedule")
    assert queue.dispatch(DISPATCH) == queue.dispatch(DISPATCH) == Accepted()
    assert len(server.calls) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_dispatch_that_is_refused_for_another_reason_is_not_repeated(
    server: responses.RequestsMock, http: GitHub, status: int
) -> None:
    server.post(DISPATCHES, status=status, json={"message": "No ref found for: main"})
    with pytest.raises(Rejected, match=r"a b\.yml: GitHub answers 4\d\d: No ref found.*; "):
        GitHubQueue(http, repository="o/r", label="schedule").dispatch(DISPATCH)
    assert len(server.calls) == 1


@pytest.mark.parametrize("lost", LOST)
def test_a_dispatch_whose_answer_is_lost_is_not_repeated(
    server: responses.RequestsMock, http: GitHub, lost: dict[str, Any]
) -> None:
    server.post(DISPATCHES, **lost)
    with pytest.raises(Unavailable) as told:
        GitHubQueue(http, repository="o/r", label="schedule").dispatch(DISPATCH)
    assert told.value.sent
    assert len(server.calls) == 1


def test_the_run_that_a_dispatch_started(server: responses.RequestsMock, http: GitHub) -> None:
    server.post(DISPATCHES, status=200, json=STARTED)
    queue = GitHubQueue(http, repository="o/r", label="schedule")
    assert queue.dispatch(DISPATCH) == Accepted(run_id=7, run_url="https://github.com/7")
