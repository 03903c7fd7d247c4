"""A tick's context over a hub in memory, for tests of one function."""

from __future__ import annotations

from scheduler.settings.model import Settings
from scheduler.tick.context import Context, new_context
from scheduler.tick.occurrence import Occurrence
from scheduler.tick.tick import Tick
from tests.support.fakes import MemoryHub, MemoryQueue


def context(over: MemoryHub | MemoryQueue, settings: Settings | None = None) -> Context:
    """A context that begins now."""
    queue = MemoryQueue(over) if isinstance(over, MemoryHub) else over
    return new_context(
        queue, clock=queue.hub.clock, settings=settings or Settings(), nonce=lambda: "nonce"
    )


def calls(ctx: Context) -> list[str]:
    """The requests that were made with a context so far, and none of them twice."""
    assert isinstance(ctx.queue, MemoryQueue)
    asked, ctx.queue.calls = ctx.queue.calls, []
    return asked


def known(ctx: Context, number: int = 1) -> Occurrence:
    """The job of an issue as a tick reads it; what that asked for is told no more."""
    assert isinstance(ctx.queue, MemoryQueue)
    found = Tick(ctx).read(ctx.queue.hub.ticket(number), now=ctx.clock.now())
    assert found is not None
    calls(ctx)
    return found
