"""The queue is made of its parts: each question of the ports has one that answers it."""

from __future__ import annotations

import inspect

import pytest
import responses

from scheduler.github.client import GitHub
from scheduler.github.queue import GitHubQueue
from scheduler.ports.commands import CommandQueue, Upkeep
from scheduler.ports.hold import HeldQueue
from scheduler.ports.queue import Queue
from tests.support.answers import HERE


def questions(protocol: type) -> set[str]:
    return {name for name in dir(protocol) if not name.startswith("_")}


def test_every_question_of_the_ports_is_answered(http: GitHub) -> None:
    queue = GitHubQueue(http, repository="o/r", label="schedule")
    answered = {name for name in [*vars(queue), *questions(GitHubQueue)] if name != "http"}
    assert answered == questions(CommandQueue)


def test_it_is_the_part_that_answers(http: GitHub) -> None:
    queue = GitHubQueue(http, repository="o/r", label="schedule")
    parts = {
        name: method.__func__.__qualname__
        for name, method in vars(queue).items()
        if inspect.ismethod(method)
    }
    assert {name: told for name, told in parts.items() if told.rpartition(".")[2] != name} == {}
    assert {told.partition(".")[0] for told in parts.values()} == {
        "GitHubIssues", "GitHubComments", "GitHubLabels", "GitHubPeople", "GitHubActions",
        "GitHubContents", "GitHubEnvironments", "GitHubGroups", "GitHubPulls", "GitHubReplies",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("needs_less", "needs_more"),
    [
        (Queue, HeldQueue),
        (HeldQueue, CommandQueue),
        (Upkeep, CommandQueue),
    ],
)
def test_a_tick_needs_less_than_a_holder_and_a_holder_less_than_a_command(
    needs_less: type, needs_more: type
) -> None:
    assert questions(needs_less) < questions(needs_more)


def test_all_parts_count_by_one_client(server: responses.RequestsMock, http: GitHub) -> None:
    queue = GitHubQueue(http, repository="o/r", label="schedule")
    server.get(HERE, json={"default_branch": "trunk"})
    server.get(f"{HERE}/actions/runs", json={"workflow_runs": []})
    assert queue.default_branch("o/r") == "trunk"
    assert queue.newest_run("o/r") is None
    assert queue.requests == http.requests == 2
