"""What is written down: a series' journal, whatever a read shows of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from scheduler.gateway import Comments
from tests.faults.series import forward, goes, m, series_world, told
from tests.faults.world import World


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
