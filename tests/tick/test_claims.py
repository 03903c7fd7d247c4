"""A claim: when it is given up, when it is sent under, and what stands on the issue afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler.errors import NotPermitted, RateLimited, Rejected, Unavailable
from scheduler.settings.model import CLAIM_VALIDITY
from scheduler.tick.claims import PATIENCE
from tests.faults.test_holes import at
from tests.faults.world import World, body, world
from tests.support.fakes import MemoryQueue, Through


def one(*, to: str = "workflow: titled.yml") -> World:
    made = world()
    made.hub.open(body("1", to=to))
    return made


def claims(made: World) -> int:
    return sum("schedule:claim" in each.body for each in made.hub.comments.values())


def answering(error: Callable[[], Exception], *, at: str, times: int = 10**6) -> Through:
    """The first requests called ``at`` are answered with an error."""
    asked: list[int] = []

    def through(index: int, name: str, act: Callable[[], object]) -> object:
        if name == at:
            asked.append(index)
            if len(asked) <= times:
                raise error()
        return act()

    return through


@pytest.mark.parametrize("request_name", ["add_comment", "comments", "ticket"])
def test_an_issue_that_is_deleted_under_a_claim_starts_nothing(request_name: str) -> None:
    made = one()
    made.hub.open(body("2"))
    made.tick(at(request_name, lambda: made.hub.delete(1), before=request_name != "add_comment"))
    assert (made.count("1"), made.count("2")) == (0, 1)
    assert [note.id for note in made.reports[-1].withdrawn] == [1]
    made.until_quiet()
    assert made.count("1") == 0


# The limit of requests.


@pytest.mark.parametrize(
    ("wait", "sent"),
    [(0.0, True), (2.0, True), (PATIENCE.total_seconds(), True),
     (PATIENCE.total_seconds() + 1, False)],
)  # fmt: skip
def test_a_short_limit_is_waited_out_under_the_claim(wait: float, sent: bool) -> None:
    made = one()
    began = made.clock.monotonic()

    def limited() -> Exception:
        return RateLimited("limit", retry_at=made.clock.now() + timedelta(seconds=wait))

    made.tick(answering(limited, at="dispatch", times=1))
    took = made.clock.monotonic() - began
    assert made.count("1") == sent
    assert claims(made) == 0
    assert took == (max(wait, 0.5) if sent else 0)
    assert (made.reports[-1].stopped == "limit") != sent


def test_github_is_asked_again_when_it_wants_to_be_and_not_before() -> None:
    made = one()
    until = made.clock.now() + timedelta(seconds=10)
    asked: list[float] = []

    def through(_: int, name: str, act: Callable[[], object]) -> object:
        if name == "dispatch":
            asked.append((until - made.clock.now()).total_seconds())
            if asked[-1] > 0:
                raise RateLimited("limit", retry_at=until)
        return act()

    made.tick(through)
    assert asked == [10.0, 0.0]
    assert made.count("1") == 1


def test_a_limit_without_end_is_not_asked_about_without_end() -> None:
    made = one()
    queue = MemoryQueue(
        made.hub,
        through=answering(lambda: RateLimited("limit", retry_at=made.clock.now()), at="dispatch"),
    )
    made.tick(queue=queue)
    assert queue.calls.count("dispatch") <= CLAIM_VALIDITY.total_seconds() / 0.5
    assert made.hub.sent == []
    assert claims(made) == 0
    assert "grown old" in made.reports[-1].withdrawn[0].reason


# What was not sent leaves no claim, and costs no attempt.


@pytest.mark.parametrize(
    "error",
    [
        lambda: NotPermitted("token: lacks actions: write"),
        lambda: Unavailable("no way to the server", sent=False),
    ],
)
def test_a_dispatch_that_surely_was_not_made_leaves_no_claim(
    error: Callable[[], Exception],
) -> None:
    made = one(to="workflow: plain.yml")
    made.tick(answering(error, at="dispatch"))
    assert claims(made) == 0
    assert [note.id for note in made.reports[-1].retrying] == [1]
    made.tick()
    assert made.count("1") == 1
    assert [entry.attempt for entry in made.history(1).journal.entries] == [1]


def test_a_lost_answer_leaves_the_claim_for_whoever_comes_next() -> None:
    made = one(to="workflow: plain.yml")
    made.tick(answering(lambda: Unavailable("no answer", sent=True), at="dispatch"))
    assert claims(made) == 1
    made.tick()
    assert made.count("1") == 0, "it may have been made"
    made.until_quiet()
    assert made.count("1") == 1
    outcomes = [entry.outcome for entry in made.history(1).journal.entries]
    assert outcomes == ["never-started", "dispatched"]


@pytest.mark.parametrize("sent", [True, False])
def test_a_claim_of_which_nobody_knows_whether_it_stands(sent: bool) -> None:
    made = one()

    def lost(_: int, name: str, act: Callable[[], object]) -> object:
        if name != "add_comment" or made.hub.sent:
            return act()
        if sent:
            act()
        raise Unavailable("no answer", sent=sent)

    queue = MemoryQueue(made.hub, through=lost)
    made.tick(queue=queue)
    assert made.count("1") == sent
    assert queue.calls.count("comments") == sent, "what did not stand is not looked for"
    made.until_quiet()
    assert made.audit(1, "1") == "dispatched"


@pytest.mark.parametrize("request_name", ["comments", "ticket"])
def test_a_claim_after_which_nothing_can_be_read_is_taken_back(request_name: str) -> None:
    made = one()
    made.tick(answering(lambda: Unavailable("no answer"), at=request_name))
    assert made.hub.sent == []
    assert claims(made) == 0
    assert [note.id for note in made.reports[-1].retrying] == [1]


def test_a_claim_says_how_long_it_is_good_for() -> None:
    made = one()
    made.tick(answering(lambda: Unavailable("no answer", sent=True), at="dispatch"))
    (claim,) = made.history(1).claims
    assert claim.expires_at - claim.made_at == CLAIM_VALIDITY


# Where it is recorded.


@pytest.mark.parametrize("status", [403, 422, 500])
def test_a_journal_that_is_refused_is_written_nowhere_else(status: int) -> None:
    made = one()
    made.tick(answering(lambda: Rejected("refused", status=status), at="edit_comment"))
    assert made.count("1") == 1
    assert len(made.hub.on(1)) == 1
    assert claims(made) == 1, "what it started is found by it"
    made.until_quiet()
    assert made.audit(1, "1") == "dispatched"


@pytest.mark.parametrize("status", [404, 410])
def test_a_journal_whose_comment_is_gone_is_written_anew(status: int) -> None:
    made = one()
    made.tick(answering(lambda: Rejected("gone", status=status), at="edit_comment"))
    assert made.audit(1, "1") == "dispatched"
    (only,) = made.hub.on(1)
    assert "schedule:journal" in only.body
