"""Which occurrence a job is at, and how little is asked to know it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from scheduler.tick.place import FURTHER_BACK, LOOKED_BACK
from scheduler.tick.tick import Tick
from tests.faults.series import forward, goes, m, open_series
from tests.faults.world import World, body, world
from tests.support.contexts import calls, context
from tests.support.fakes import NOON

DAY = timedelta(days=1)


def placed(made: World) -> tuple[list[datetime], list[str]]:
    """When each open job is due, and what was asked to know that."""
    ctx = context(made.hub)
    reader = Tick(ctx)
    found = [reader.read(each, now=ctx.clock.now()) for each in made.hub.open_issues()]
    return [each.job.run_at for each in found if each], calls(ctx)


def jobs(number: int, *, comments: int = 0) -> World:
    made = world()
    for each in range(number):
        made.hub.open(body(f"{each}", run_at=NOON + 30 * DAY))
        for _ in range(comments):
            made.hub.comment(each + 1, "Why?", by="owner")
    return made


@pytest.mark.parametrize(
    ("comments", "later", "requests"),
    [
        (0, timedelta(0), []),
        (1, timedelta(0), ["recent_comments", "viewer"]),
        # What was said longer ago is heard when its job is due.
        (1, LOOKED_BACK + DAY, []),
    ],
)
def test_one_list_shows_what_was_said_on_all_issues(
    comments: int, later: timedelta, requests: list[str]
) -> None:
    made = jobs(5, comments=comments)
    made.clock.sleep(later.total_seconds())
    due, asked = placed(made)
    assert due == [NOON + 30 * DAY] * 5
    assert asked == requests


def test_a_command_moves_its_job_and_no_other() -> None:
    made = jobs(2)
    made.hub.comment(2, "/run", by="owner")
    due, asked = placed(made)
    assert due == [NOON + 30 * DAY, made.clock.now().replace(microsecond=0)]
    assert asked.count("recent_comments") == 1


def test_a_server_without_the_list_is_asked_about_each_issue_alone() -> None:
    made = jobs(3, comments=1)
    made.hub.comment_list = False
    _, asked = placed(made)
    assert asked.count("comments") == 3


@pytest.mark.parametrize(
    ("rule", "back", "lists", "alone"),
    [
        ("every: 10m", timedelta(0), 1, 0),
        ("every: 4d", 2 * DAY, 1, 0),
        ("every: 20d", FURTHER_BACK + DAY, 0, 1),
    ],
)
def test_a_series_is_found_by_how_far_back_its_last_instant_lies(
    rule: str, back: timedelta, lists: int, alone: int
) -> None:
    made = world()
    open_series(made.hub, rule=rule)
    goes(made, 1)
    made.clock.sleep(back.total_seconds())
    made.hub.comment(1, "Does it go on?", by="owner")
    due, asked = placed(made)
    assert (asked.count("recent_comments"), asked.count("comments")) == (lists, alone)
    assert all(each > NOON for each in due)


def test_a_paused_job_hears_what_was_said_long_ago_once_it_is_due() -> None:
    made = world()
    made.hub.open(body("1", run_at=m(60)))
    made.hub.change(1, labels=("schedule", "schedule:paused"))
    made.hub.comment(1, "/resume", by="owner")
    made.clock.sleep((LOOKED_BACK + DAY).total_seconds())
    ctx = context(made.hub)
    found = Tick(ctx).read(made.hub.ticket(1), now=ctx.clock.now())
    assert found is not None
    assert found.command is not None
    assert found.command.name == "resume"


def test_a_series_of_which_no_more_is_known_than_its_rule_is_at_its_first_instant() -> None:
    made = world()
    open_series(made.hub)
    assert placed(made) == ([NOON], [])
    forward(made, m(5))
    assert placed(made)[0] == [NOON]
