"""A job with its issue: when it waits for a person, and how well it is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scheduler.journal.journal import Entry, History, Journal
from scheduler.journal.slash import Command
from scheduler.ports.values import UNCOUNTED
from scheduler.tick.occurrence import Occurrence
from tests.faults.world import body, world
from tests.support.contexts import context, known
from tests.support.fakes import NOON

RUN = Command(name="run", by="owner", said_at=NOON, comment_id=9)
ENTRY = Entry(key="1@x", attempt=1, outcome="dispatched", at=NOON, target="octo/queue x")
RECORDED = History(journal=Journal(entries=(ENTRY,)))


def job(*, comments: int = 0, **given: Any) -> Occurrence:
    made = world()
    made.hub.open(body("1"))
    found = known(context(made.hub))
    return replace(found, ticket=replace(found.ticket, comments=comments), **given)


@pytest.mark.parametrize(
    ("before", "gone", "after"),
    [(3, 0, 3), (3, 1, 2), (3, 3, 0), (1, 2, 0), (0, 1, 0), (UNCOUNTED, 1, UNCOUNTED)],
)
def test_an_issue_counts_fewer_comments_once_some_were_deleted(
    before: int, gone: int, after: int
) -> None:
    assert job(comments=before).with_fewer(gone).ticket.comments == after


@pytest.mark.parametrize(
    ("paused", "command", "waits"),
    [(False, None, False), (True, None, True), (True, RUN, False), (False, RUN, False)],
)
def test_a_paused_job_waits_for_a_word(paused: bool, command: Command | None, waits: bool) -> None:
    assert job(paused=paused, command=command).waits == waits


@pytest.mark.parametrize(
    ("given", "simple"),
    [
        ({}, True),
        ({"comments": 2}, False),
        ({"comments": 2, "history": RECORDED}, True),
        ({"command": RUN}, False),
        ({"skip": "a holiday"}, False),
        ({"over": True}, False),
    ],
)
def test_only_what_is_known_well_may_be_claimed_early(given: dict[str, Any], simple: bool) -> None:
    assert job(**given).simple == simple


@pytest.mark.parametrize(
    ("keys", "minutes"),
    [
        ("", 0.0),
        ("tolerance: 0s\n", 0.0),
        ("tolerance: 2h\n", 120.0),
        ("tolerance: 2h\nevery: 1d\n", 120.0),
        # The next instant would take its place.
        ("tolerance: 2h\nevery: 1h\n", 60 - 1 / 60),
        ("tolerance: 2h\nevery: 1h\ncount: 1\n", 120.0),
        ("tolerance: 2h\ndeadline: 1h\n", 60.0),
    ],
)
def test_a_job_is_late_once_its_tolerance_is_used_up(keys: str, minutes: float) -> None:
    made = world()
    made.hub.open(body("1", more=keys))
    found = known(context(made.hub))
    assert (found.late_from - found.job.run_at).total_seconds() == pytest.approx(minutes * 60)


def test_what_jitter_has_moved_is_late_before_the_next_instant_all_the_same() -> None:
    made = world()
    made.hub.open(body("1", more="tolerance: 2h\nevery: 1h\njitter: 50m\n"))
    found = known(context(made.hub))
    assert found.instant < found.job.run_at < found.late_from < found.instant + timedelta(hours=1)
