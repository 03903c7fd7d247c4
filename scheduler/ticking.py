"""One tick over a connection: what the command and the action have in common."""

from __future__ import annotations

import secrets

from scheduler.connect import Connection
from scheduler.engine import tick
from scheduler.report import TickReport
from scheduler.signing import Keys


def tick_once(connection: Connection) -> TickReport:
    """One pass over the connection's queue; raises as ``engine.tick`` does."""
    return tick(
        connection.queue,
        clock=connection.clock,
        settings=connection.settings,
        settings_found=connection.settings_found,
        nonce=lambda: secrets.token_hex(12),
        keys=Keys.read(connection.environment.signing_keys),
    )
