"""GitHub's limit of comments: what is waited out, what is put off, and what is said of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.errors import Paced
from scheduler.tick import pacing
from scheduler.tick.context import Context
from scheduler.times.pace import WAITED_OUT
from tests.faults.world import world
from tests.support.contexts import context
from tests.support.fakes import MemoryQueue


class Full(MemoryQueue):
    """GitHub takes the next comment in ``first`` seconds, and one a second after that."""

    first = 0.0

    def room(self, writes: int = 1) -> float:
        return self.first + writes - 1


def full(first: float) -> Context:
    queue = Full(world().hub)
    queue.first = first
    return context(queue)


@pytest.mark.parametrize("wait", [0.0, 0.5, WAITED_OUT])
def test_a_short_wait_is_waited_out_and_counted(wait: float) -> None:
    ctx = full(wait)
    for turn in (1, 2):
        pacing.make_room(ctx)
        assert ctx.waited == (ctx.clock.now() - ctx.began).total_seconds() == turn * wait


@pytest.mark.parametrize(("patience", "wait"), [(WAITED_OUT, WAITED_OUT + 1), (0.0, 0.5)])
def test_a_long_one_is_told_at_once(patience: float, wait: float) -> None:
    ctx = full(wait)
    ctx.patience = patience
    with pytest.raises(Paced) as told:
        pacing.make_room(ctx)
    assert told.value.retry_at == ctx.began + timedelta(seconds=wait)
    assert (ctx.waited, ctx.clock.now()) == (0, ctx.began)


@pytest.mark.parametrize(
    ("waited", "left", "words"),
    [
        (0.0, 0, []), (0.9, 0, []), (1.0, 0, ["waited 1s"]), (0.0, 60, []),
        (0.0, 61, ["61 due jobs are left"]), (7.0, 100, ["waited 7s", "100 due jobs are left"]),
    ],
)  # fmt: skip
def test_what_is_said_of_it(waited: float, left: int, words: list[str]) -> None:
    ctx = full(0)
    ctx.waited = waited
    told = list(pacing.notices(ctx, left))
    assert len(told) == len(words)
    assert all(each in line for each, line in zip(words, told, strict=True))
