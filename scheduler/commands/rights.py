"""Who may schedule, asked with the token of the command's caller."""

from __future__ import annotations

from scheduler.connection import Connection
from scheduler.policy.trust import Rights


def rights_of(connection: Connection) -> Rights:
    """The rights in the queue's repository; each role and branch that is asked is a request."""
    queue = connection.queue
    return Rights(
        queue=queue.repository,
        settings=connection.settings,
        role=queue.role,
        branch=queue.default_branch,
        # Whoever runs in Actions is asked for by people, and changes no rule of theirs.
        agent=connection.environment.in_actions,
    )
