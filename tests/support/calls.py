"""A command's connection to a repository in memory: what a command asks, without HTTP."""

from __future__ import annotations

from typing import Any, cast

from scheduler.connection import Connection
from scheduler.environment import Environment
from scheduler.settings.model import Settings
from tests.support.fakes import FakeClock, MemoryHub, MemoryQueue

RUN = "on: {workflow_dispatch: {inputs: {agent: {}, place: {required: true}}}}\n"
WORKFLOWS = {
    "run.yml": RUN, "bare.yml": "on: workflow_dispatch\n", "push.yml": "on: push\n",
    "odd.yml": "on: {\n",
}  # fmt: skip


def connected(
    settings: Settings | None = None,
    *,
    login: str = "agent",
    found: bool = True,
    **environment: Any,
) -> tuple[MemoryHub, MemoryQueue, Connection]:
    """A repository, its queue as ``login`` reaches it, and the connection of a command."""
    clock = FakeClock()
    hub = MemoryHub(clock)
    hub.workflows.update(WORKFLOWS)
    queue = MemoryQueue(hub, login=login)
    connection = Connection(
        queue=cast("Any", queue),
        http=cast("Any", None),
        clock=clock,
        settings=settings or Settings(),
        settings_found=found,
        environment=Environment(repository=queue.repository, **environment),
    )
    return hub, queue, connection
