"""What is read of a job, and whose records are shown."""

from __future__ import annotations

import pytest

from scheduler.commands.look import look, scheduler_login
from scheduler.errors import Unavailable
from scheduler.job.states import State
from scheduler.settings.model import Scheduler, Settings
from scheduler.simulation.hub import BOT
from tests.support.calls import connected

TEXT = "---\nrun-at: 2026-11-23T13:00:00Z\nworkflow: run.yml\n---\nm"
RECORD = "<!-- schedule:journal {} -->"


def test_a_job_without_comments_costs_no_request() -> None:
    hub, queue, connection = connected()
    seen = look(connection, hub.shown(hub.open(TEXT)))
    assert (seen.state, seen.problem, seen.entries) == (State.PENDING, "", ())
    assert queue.calls == []


@pytest.mark.parametrize(("deep", "questions"), [(True, ["comments"]), (False, [])])
def test_comments_are_read_where_they_matter(deep: bool, questions: list[str]) -> None:
    hub, queue, connection = connected()
    number = hub.open(TEXT)
    hub.comment(number, "hello", by="owner")
    look(connection, hub.shown(number), deep=deep)
    assert queue.calls == questions


def test_the_settings_login_is_believed_without_asking() -> None:
    _, queue, connection = connected(Settings(scheduler=Scheduler(login="me")))
    assert scheduler_login(connection, []) == "me"
    assert queue.calls == []


def test_else_an_app_s_records_are_shown_else_the_first_insider_s() -> None:
    hub, _, connection = connected()
    number = hub.open(TEXT)
    for login, body in (("guest", RECORD), ("owner", "hello"), ("agent", RECORD)):
        hub.comment(number, body, by=login)
    assert scheduler_login(connection, hub.on(number)) == "agent"
    hub.untold["guest"] = Unavailable("no answer")
    assert scheduler_login(connection, hub.on(number)) is None
    assert scheduler_login(connection, []) is None
    # A person who has ticked once by hand is not the scheduler.
    hub.comment(number, RECORD, by=BOT)
    assert scheduler_login(connection, hub.on(number)) == BOT
