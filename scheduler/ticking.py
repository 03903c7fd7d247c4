"""A tick over a connection: what the command and the action have in common."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from scheduler import settings_file, when
from scheduler.clock import SystemClock
from scheduler.connect import Connection
from scheduler.engine import Tick
from scheduler.errors import InvalidJob, UsageError
from scheduler.holding import Holder, Stay
from scheduler.profiles import POLL, PROFILES
from scheduler.relay import Relay
from scheduler.settings import Settings
from scheduler.signing import Keys

if TYPE_CHECKING:
    from scheduler.report import TickReport

#: The longest hold: a job on a GitHub-hosted runner ends after six hours.
#: https://docs.github.com/en/actions/reference/limits
LONGEST_HOLD = timedelta(hours=6)
SHORTEST_POLL = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class Hold:
    """How long a tick stays, how often it looks around, for what, and who follows."""

    length: timedelta
    poll: timedelta = POLL
    stay: Stay = Stay.HOLD
    relay: bool = False

    def __post_init__(self) -> None:
        if self.length > LONGEST_HOLD:
            raise UsageError(
                f"hold: {self.length} is longer than a job lives; GitHub ends it after 6h"
            )
        if self.poll < SHORTEST_POLL:
            raise UsageError(f"poll: {self.poll} is too short; write 1s or more, such as 20s")


def hold_of(hold: str, poll: str, *, relay: bool = False, stay: Stay = Stay.HOLD) -> Hold:
    """A hold as it is written: two durations.

    Raises:
        UsageError: a duration is wrong, a hold is too long, or a poll too short.
    """
    try:
        length = when.duration(hold, field="hold")
        often = when.duration(poll, field="poll")
    except InvalidJob as problem:
        raise UsageError(str(problem)) from problem
    return Hold(length=length, poll=often, stay=stay, relay=relay)


def hold_for(hold: str | None, poll: str | None, *, profile: str) -> Hold | None:
    """The hold of a profile, with what the action's inputs say instead; None: one pass.

    ``hold: 0s`` is one pass, whatever the profile.

    Raises:
        UsageError: as ``hold_of``.
    """
    wanted = PROFILES[profile]
    if hold in ("0", "0s"):
        return None
    if hold is None and wanted.hold is None:
        return None
    length = hold or when.format_duration(wanted.hold or POLL)
    often = poll or when.format_duration(POLL)
    return hold_of(length, often, relay=wanted.relay, stay=wanted.stay)


def tick_once(connection: Connection) -> TickReport:
    """One pass over the connection's queue; raises as ``engine.tick`` does."""
    return _tick(connection).run()


def _tick(connection: Connection) -> Tick:
    return Tick(
        connection.queue,
        clock=connection.clock,
        settings=connection.settings,
        settings_found=connection.settings_found,
        nonce=lambda: secrets.token_hex(12),
        keys=Keys.read(connection.environment.signing_keys),
    )


def tick_and_hold(connection: Connection, hold: Hold) -> TickReport:
    """One pass, then stay; SIGINT and SIGTERM end the hold cleanly, with what is in hand done."""
    clock = connection.clock
    relay = Relay(connection.queue, clock, connection.settings)
    with _signals(clock) as stopped:
        holder = Holder(
            _tick(connection),
            hold=hold.length,
            poll=hold.poll,
            stay=hold.stay,
            stopped=stopped,
            settings=lambda: _settings(connection),
            begin=relay.begin if hold.relay else lambda: None,
        )
        report = holder.run()
    relay.finish(report)
    return report


def _settings(connection: Connection) -> Settings:
    text = connection.queue.settings_text()
    return Settings() if text is None else settings_file.parse(text)


@contextmanager
def _signals(clock: object) -> Iterator[Callable[[], bool]]:
    """Let SIGINT and SIGTERM end the hold; the runner kills 7.5 seconds after the first.

    https://docs.github.com/en/actions/reference/workflow-cancellation-reference
    """
    if not isinstance(clock, SystemClock):
        yield lambda: False
        return
    before = {
        each: signal.signal(each, lambda *_: clock.wake())
        for each in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield lambda: clock.woken
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
