"""A job with its issue: when it waits for a person, and how well it is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scheduler.journal.journal import Entry, History, Journal
from scheduler.journal.slash import Command
from scheduler.ports import UNCOUNTED
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
