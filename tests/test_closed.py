"""Issues that a person closed while a claim stood on them: settled once that can be told."""

from __future__ import annotations

from tests.fakes import Crash
from tests.faults.test_holes import at
from tests.faults.world import World, body, world


def _die() -> None:
    raise Crash


def cut_off(*, shown_after: float = 0.0) -> World:
    """A job was sent, its tick died at once, and the owner closed its issue.

    The run is shown so many seconds after it was started.
    """
    made = world()
    made.hub.stale["runs"] = shown_after
    made.hub.open(body("1", to="workflow: plain.yml"))
    made.tick(at("dispatch", _die, before=False))
    assert made.count("1") == 1
    made.hub.close(1)
    return made


def test_a_young_claim_is_left_alone_until_its_run_can_be_seen() -> None:
    closed = cut_off(shown_after=60)
    for _ in range(5):
        closed.clock.sleep(20)
        closed.tick()
        assert closed.history(1).journal.entries == ()
        assert len(closed.history(1).claims) == 1
    closed.until_quiet()
    (entry,) = closed.history(1).journal.entries
    assert (entry.outcome, entry.run_id) == ("dispatched", closed.hub.runs[0][1].id)
    closed.hub.reopen(1)
    closed.until_quiet()
    assert closed.count("1") == 1
