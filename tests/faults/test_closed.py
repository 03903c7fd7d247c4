"""Issues that were closed while a claim stood on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from scheduler.journal.journal import NEVER_STARTED
from scheduler.ports.values import User
from tests.faults.world import body, world
from tests.support.fakes import BOT, Crash, MemoryQueue, Through


def dies_at(name: str) -> Through:
    """A process that dies at its first request called ``name``."""

    def through(_: int, called: str, act: Callable[[], object]) -> object:
        if called == name:
            raise Crash
        return act()

    return through


def test_a_claim_is_settled_where_only_a_write_shows_the_own_login() -> None:
    for by, reason in (("owner", "not_planned"), (BOT, "completed")):
        for name, outcome in (("dispatch", NEVER_STARTED), ("edit_comment", "dispatched")):
            cancelled = world()
            cancelled.hub.open(body("1"))
            cancelled.hub.graphql = False
            cancelled.tick(dies_at(name))
            cancelled.hub.close(1, by=by, reason=reason)
            cancelled.clock.sleep(150)
            cancelled.tick()
            assert cancelled.history(1).journal.entries[-1].outcome == outcome
            assert len(cancelled.hub.on(1)) == 1
            cancelled.tick()
            assert len(cancelled.history(1).journal.entries) == 1


def test_a_claim_that_is_not_its_own_is_not_believed_on_a_closed_issue() -> None:
    for by, seen in (("stranger", False), ("owner", True), ("other[bot]", True)):
        forged = world()
        forged.hub.open(body("1"))
        forged.hub.graphql = False
        forged.tick(dies_at("dispatch"))
        (claim,) = forged.hub.on(1)
        forged.hub.comments[claim.id] = replace(claim, author=User(login=by, bot="[" in by))
        forged.hub.close(1)
        forged.clock.sleep(150)
        queue = MemoryQueue(forged.hub)
        forged.tick(queue=queue)
        assert ("add_comment" in queue.calls) == seen
        assert [each.author.login for each in forged.hub.on(1)] == [by]


def test_what_its_own_account_closed_is_looked_at_in_a_busy_queue_too() -> None:
    """Whoever else works under that account may close an issue on which a claim stands."""
    busy = world()
    busy.hub.open(body("1"))
    busy.tick(dies_at("edit_comment"))
    busy.hub.close(1, by=BOT, reason="completed")
    busy.clock.sleep(150)
    busy.hub.open(body("2"))
    busy.tick()
    assert busy.count("2") == 1
    assert [entry.outcome for entry in busy.history(1).journal.entries] == ["dispatched"]
    assert not busy.history(1).claims
