"""An author is told once for each text why it is no job; what was told is known for free."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.tick.invalid import RECENT, explain
from tests.faults.world import World, world
from tests.support.contexts import calls, context
from tests.support.fakes import BOT

TEXT, WORDS = "no job", "run-at: is missing"
MINUTE = timedelta(minutes=1)


def told(made: World, *, by: str = BOT) -> World:
    """The text was explained by ``by``, or so it says."""
    explain(context(made.hub), made.hub.ticket(1), WORDS, now=made.clock.now())
    if by != BOT:
        (comment,) = made.hub.on(1)
        made.hub.delete_comment(comment.id)
        made.hub.comment(1, comment.body, by=by)
    return made


def wrong() -> World:
    made = world()
    made.hub.open(TEXT)
    return made


def answered(made: World) -> tuple[bool, list[str]]:
    ctx = context(made.hub)
    return explain(ctx, made.hub.ticket(1), WORDS, now=made.clock.now()), calls(ctx)


def test_a_text_is_explained_and_its_issue_labelled() -> None:
    made = wrong()
    assert answered(made) == (True, ["add_comment", "add_label"])
    assert WORDS in made.hub.on(1)[0].body
    assert made.hub.ticket(1).labels == ("schedule", "schedule:invalid")


@pytest.mark.parametrize(
    ("minutes", "requests"),
    [
        (1, ["recent_comments"]),
        (RECENT / MINUTE - 1, ["recent_comments"]),
        (RECENT / MINUTE + 1, []),
    ],
)
def test_a_text_that_was_explained_is_explained_no_more(
    minutes: float, requests: list[str]
) -> None:
    made = told(wrong())
    made.clock.sleep((minutes * MINUTE).total_seconds())
    assert answered(made) == (False, requests)


@pytest.mark.parametrize(("by", "new"), [("stranger", True), ("owner", False)])
def test_who_may_not_write_explains_nothing(by: str, new: bool) -> None:
    made = told(wrong(), by=by)
    assert answered(made)[0] == new


def test_another_text_is_another_matter() -> None:
    made = told(wrong())
    made.hub.change(1, body="still no job")
    assert answered(made)[0]
    assert len(made.hub.on(1)) == 2


def test_without_the_repository_s_list_the_issue_s_own_is_read() -> None:
    made = told(wrong())
    made.hub.comment_list = False
    new, requests = answered(made)
    assert not new
    assert requests[:2] == ["recent_comments", "comments"]
