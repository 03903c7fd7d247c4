"""One process's connection: one request, after which the queue and its settings are known."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from scheduler.clock import SystemClock
from scheduler.connection import Connection, connect
from scheduler.environment import Environment
from scheduler.errors import NotPermitted, SettingsError, UsageError
from scheduler.settings.model import Settings
from tests.conftest import QUEUE, Stage, StillClock, body


@contextlib.contextmanager
def connected(stage: Stage) -> Iterator[Connection]:
    connection = connect(Environment.read(stage.environ()))
    yield connection
    connection.close()


def test_it_costs_one_request(stage: Stage) -> None:
    stage.sandbox.clear_requests()
    with connected(stage) as connection:
        assert connection.queue.requests == 1
        assert connection.queue.repository == QUEUE
        assert isinstance(connection.clock, SystemClock)
    (asked,) = stage.sandbox.requests
    assert (asked.method, asked.path) == ("GET", f"/repos/{QUEUE}/contents/.github/scheduler.yml")


def test_without_a_file_the_settings_are_the_defaults(stage: Stage) -> None:
    with connected(stage) as connection:
        assert (connection.settings, connection.settings_found) == (Settings(), False)


def test_the_queue_is_the_issues_with_the_label_that_the_settings_name(stage: Stage) -> None:
    stage.settings("label: Later\n")
    stage.open(body(3600))
    number = stage.open(body(3600), label="later")
    with connected(stage) as connection:
        assert (connection.settings.label, connection.settings_found) == ("Later", True)
        (ticket,) = connection.queue.open_tickets()
        assert (ticket.number, ticket.labels) == (number, ("Later",))
        assert connection.queue.create("t", "b").labels == ("Later",)


def test_settings_that_are_wrong_are_told_before_anything_is_done(stage: Stage) -> None:
    stage.settings("label: 7\nlable: x\n")
    with pytest.raises(SettingsError, match="lable"), connected(stage):
        raise AssertionError


def test_a_repository_may_be_named_instead_of_that_of_the_environment(stage: Stage) -> None:
    environment = Environment.read(stage.environ())
    connection = connect(environment, repository="octo/other")
    assert connection.queue.repository == "octo/other"
    connection.close()


def test_a_clock_that_was_given_is_the_one_that_is_used(stage: Stage) -> None:
    clock = StillClock()
    connection = connect(Environment.read(stage.environ()), clock=clock)
    assert connection.clock is clock
    assert clock.now() == StillClock().now()
    connection.close()


@pytest.mark.parametrize(
    ("missing", "error"), [("GITHUB_TOKEN", NotPermitted), ("GITHUB_REPOSITORY", UsageError)]
)
def test_what_the_environment_lacks_is_told_before_anything_is_asked(
    stage: Stage, missing: str, error: type[Exception]
) -> None:
    environ = stage.environ()
    del environ[missing]
    with pytest.raises(error):
        connect(Environment.read(environ))
    assert stage.requests == []


def test_the_end_of_the_api_s_version_is_told_as_github_told_it(stage: Stage) -> None:
    with connected(stage) as connection:
        assert connection.sunset is None
