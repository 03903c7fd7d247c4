"""An author is told once for each text why it is no job; what was told is known for free."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler.errors import InvalidJob, RateLimited, Rejected
from scheduler.tick.invalid import RECENT, explain, forget, refuse, tell
from scheduler.tick.outcome import Heading, Tally
from scheduler.tick.report import TickReport
from tests.faults.world import World, world
from tests.support.contexts import calls, context
from tests.support.fakes import BOT, MemoryQueue, Through

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


# What is still to be told.


def failing(error: Exception) -> Through:
    def through(_: int, name: str, act: Callable[[], object]) -> object:
        if name == "add_comment":
            raise error
        return act()

    return through


def test_texts_are_told_one_at_a_time_and_the_first_first() -> None:
    made = wrong()
    made.hub.open(TEXT)
    ctx, tally = context(made.hub), Tally()
    for number in (1, 2):
        refuse(ctx, tally, made.hub.ticket(number), InvalidJob(WORDS))
    assert [each.notes for each in tally.outcomes] == [((Heading.INVALID, WORDS),)] * 2
    assert tell(ctx, tally)
    assert (len(made.hub.on(1)), len(made.hub.on(2)), list(ctx.unexplained)) == (1, 0, [2])


def test_a_text_that_can_not_be_told_now_is_left_to_the_next_tick() -> None:
    made, tally = wrong(), Tally()
    ctx = context(MemoryQueue(made.hub, through=failing(Rejected("no", status=403))))
    refuse(ctx, tally, made.hub.ticket(1), InvalidJob(WORDS))
    assert tell(ctx, tally)
    assert tally.outcomes[-1].notes == ((Heading.RETRYING, "no"),)
    assert (tally.next_due, ctx.unexplained) == (ctx.began, {})


def test_one_that_is_kept_from_being_told_by_a_limit_waits_for_its_end() -> None:
    made, tally = wrong(), Tally()
    limited = RateLimited("limit", retry_at=made.clock.now() + MINUTE)
    ctx = context(MemoryQueue(made.hub, through=failing(limited)))
    refuse(ctx, tally, made.hub.ticket(1), InvalidJob(WORDS))
    with pytest.raises(RateLimited):
        tell(ctx, tally)
    assert ctx.unexplained == {1: (made.hub.ticket(1), WORDS)}


def test_what_is_said_anew_of_an_issue_is_all_that_is_said() -> None:
    made, tally = wrong(), Tally()
    ctx = context(made.hub)
    refuse(ctx, tally, made.hub.ticket(1), InvalidJob(WORDS))
    forget(ctx, tally, 1)
    forget(ctx, tally, 2)
    assert ctx.unexplained == {}
    assert TickReport.of(tally, now=ctx.began, requests=0).invalid == []
