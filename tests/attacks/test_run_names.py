"""Runs that show another job's key in their titles: none is taken for that job's run."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.journal.journal import Entry
from scheduler.policy.outcomes import UNKNOWN
from tests.faults.world import PLAIN, TITLED, World, body, world
from tests.support.fakes import BOT, NOON

KEY = "1@2026-11-23T12:00:00Z"
#: What starts a run, whose it is, and of which file; with a title of somebody's choice.
IMITATIONS = {
    "an issue's title": ("issues", "stranger", "greet.yml"),
    "a pull request's title": ("pull_request_target", "stranger", "titled.yml"),
    "a dispatch by somebody else": ("workflow_dispatch", "agent", "titled.yml"),
    "a dispatch of another file": ("workflow_dispatch", BOT, "greet.yml"),
    "an event that the scheduler sent": ("repository_dispatch", BOT, "titled.yml"),
}


def nameless(file: str = "titled.yml") -> World:
    """A job that was dispatched, on a server that names no run and shows runs late."""
    made = world(details=False)
    made.hub.workflows["greet.yml"] = TITLED
    made.hub.open(body("1", to=f"workflow: {file}"))
    made.hub.stale = {"runs": 60}
    made.tick()
    assert entry(made).run_id is None
    return made


def entry(made: World) -> Entry:
    return made.history(1).journal.entries[-1]


def imitated(made: World, kind: str) -> int:
    """A run that ended well, with the job's key for a title."""
    event, actor, file = IMITATIONS[kind]
    run = made.hub.run(file, event, title=f"job 1 [{KEY}]", actor=actor)
    made.hub.mark(run.id, "completed", "success")
    return run.id


@pytest.mark.parametrize("file", ["titled.yml", "plain.yml"])
@pytest.mark.parametrize("kind", IMITATIONS)
def test_a_run_that_imitates_a_key_is_not_taken_for_the_job_s(kind: str, file: str) -> None:
    made = nameless(file)
    (sent,) = made.hub.sent
    assert sent.run is not None
    imitated(made, kind)
    made.hub.mark(sent.run.id, "completed", "failure")
    made.until_quiet()
    assert (entry(made).run_id, entry(made).conclusion) == (sent.run.id, "failure")
    assert "schedule:failed" in made.hub.ticket(1).labels


@pytest.mark.parametrize("kind", IMITATIONS)
def test_nor_where_the_job_s_own_is_gone(kind: str) -> None:
    made = nameless()
    (sent,) = made.hub.sent
    assert sent.run is not None
    made.hub.delete_run(sent.run.id)
    imitated(made, kind)
    made.until_quiet()
    assert not entry(made).conclusion
    made.clock.true = NOON + timedelta(hours=6, minutes=10)
    made.tick()
    assert (entry(made).run_id, entry(made).conclusion) == (None, UNKNOWN)


@pytest.mark.parametrize("kind", IMITATIONS)
def test_a_run_that_is_known_is_asked_for_by_its_id_alone(kind: str) -> None:
    made = world()
    made.hub.workflows |= {"greet.yml": TITLED, "plain.yml": PLAIN}
    made.hub.open(body("1"))
    made.tick()
    known = entry(made).run_id
    assert known is not None
    imitated(made, kind)
    made.hub.mark(known, "completed", "failure")
    made.until_quiet()
    assert (entry(made).run_id, entry(made).conclusion) == (known, "failure")
