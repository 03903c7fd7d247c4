"""What is gathered about one job before anything is decided, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from scheduler.errors import OtherScheduler
from scheduler.journal.comments import head
from scheduler.journal.journal import History, Journal
from scheduler.ports.values import Comments
from scheduler.settings.model import Scheduler, Settings
from scheduler.tick import decide
from scheduler.tick.context import Context
from scheduler.tick.occurrence import Occurrence
from tests.faults.series import forward, goes, m, series_world, told
from tests.faults.world import World
from tests.support.contexts import context, known
from tests.support.fakes import BOT, MemoryQueue


def lagging(made: World) -> Callable[[int, str, Callable[[], object]], object]:
    """Once something was dispatched, reads show each comment as it is now, before that."""
    then = {each.id: each for each in made.hub.on(1)}
    sent: list[int] = []

    def through(index: int, name: str, act: Callable[[], object]) -> object:
        answer = act()
        sent.extend([index] * (name == "dispatch"))
        if sent and isinstance(answer, Comments):
            items = tuple(then.get(each.id, each) for each in answer.items)
            return replace(answer, items=items)
        return answer

    return through


def test_a_read_that_shows_an_older_journal_wipes_nothing_out() -> None:
    made = series_world()
    goes(made, 1)
    through = lagging(made)
    goes(made, 11)
    forward(made, m(20))
    made.tick(through)
    assert told(made) == [(minute, 0, "dispatched") for minute in ("0", "10", "20")]


def quiet(made: World, *, login: str = BOT) -> bool:
    """Whether a tick only reads."""
    queue = MemoryQueue(made.hub, login=login)
    made.tick(queue=queue)
    reads = {"open_tickets", "closed_tickets", "recent_comments", "comments", "viewer", "role"}
    reads |= {"recent_runs"}
    return set(queue.calls) <= reads


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("stranger", head(Journal())), ("stranger", "Why?"), ("owner", "Why not?"),
        ("other[bot]", "A coverage report."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("login", [BOT, "owner"])
def test_whatever_others_say_what_waits_costs_no_write(by: str, words: str, login: str) -> None:
    """The server does not say who the scheduler is; its records are known by who may write."""
    made = series_world()
    made.hub.graphql = False
    made.hub.comment(1, words, by=by)
    made.tick(login=login)
    assert made.count("s") == 1
    forward(made, m(3))
    made.tick(login=login)
    assert quiet(made, login=login)
    forward(made, m(11))
    made.tick(login=login)
    assert made.count("s") == 2


def context_of(made: World) -> tuple[Context, Occurrence]:
    """A context, and the job of the first issue as a tick reads it."""
    ctx = context(made.hub)
    return ctx, known(ctx)


@pytest.mark.parametrize(
    ("labels", "reason", "reopened"),
    [
        ((), None, False), ((), "reopened", True), (("schedule:held",), None, False),
        (("schedule:invalid",), None, False), (("schedule:recurring",), None, False),
        (("schedule:missed",), None, True), (("schedule:rejected",), None, True),
        (("schedule:discarded",), None, True), (("missed",), None, False),
    ],
)  # fmt: skip
def test_what_shows_that_a_person_reopened_an_issue(
    labels: tuple[str, ...], reason: str | None, reopened: bool
) -> None:
    ctx, found = context_of(series_world())
    ticket = replace(found.ticket, labels=("schedule", *labels), state_reason=reason)
    assert decide.reopened(ctx, ticket) == reopened


def test_of_what_was_heard_before_what_is_dealt_with_is_over() -> None:
    made = series_world()
    words = [made.hub.comment(1, "/run", by="owner").id for _ in range(2)]
    ctx, found = context_of(made)
    assert [said.comment_id for said in found.said] == words
    for handled, left in ((None, words), (words[0], words[1:]), (words[1], [])):
        history = History(journal=Journal(id=9, handled=handled))
        comes = decide.locate(ctx, found, (), history, left=found.said)
        assert [said.comment_id for said in comes.said] == left


@pytest.mark.parametrize(
    ("own", "wrote", "stops"),
    [
        ("owner", [BOT], True), ("owner", ["agent"], True), ("owner", ["stranger"], False),
        ("owner", ["owner"], False), ("owner", ["OWNER", "agent"], False),
        ("owner", ["owner", BOT], True), (BOT, ["owner"], False), (BOT, ["other[bot]"], False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("guarded", [True, False])
@pytest.mark.parametrize("named", [True, False])
def test_whose_records_stop_a_tick_by_hand(
    own: str, wrote: list[str], *, stops: bool, guarded: bool, named: bool
) -> None:
    made = series_world()
    for login in wrote:
        made.hub.comment(1, head(Journal()), by=login)
    settings = Settings(scheduler=Scheduler(login=own if named else None))
    ctx = context(MemoryQueue(made.hub, login=own), settings)
    ctx.own_records_only = guarded
    comments = Comments(items=tuple(made.hub.on(1)))
    history = decide.history(ctx, comments)
    if stops and guarded and not named:
        with pytest.raises(OtherScheduler, match=f"writes as '{own}', and .* --as-scheduler"):
            decide.require_own_records(ctx, 1, comments.items, history)
    else:
        decide.require_own_records(ctx, 1, comments.items, history)
