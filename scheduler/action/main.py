"""The action: one command from the environment, its answer in GitHub's own places.

``SCHEDULE_COMMAND`` is ``tick`` or ``enqueue``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta

from scheduler import streams
from scheduler.action import answers, fail_on
from scheduler.action.heartbeat import beat
from scheduler.action.keepalive import keep_alive
from scheduler.clock import SystemClock
from scheduler.commands.enqueue import enqueue
from scheduler.commands.ride import glance
from scheduler.commands.tick import hold_for, hold_of, tick_and_hold
from scheduler.connection import Connection, connect
from scheduler.environment import Environment
from scheduler.errors import (
    RateLimited,
    SchedulerError,
    Unavailable,
    UsageError,
    VersionRetired,
)
from scheduler.hold.signals import Leave, Overtime, leaving, unbegun
from scheduler.tick.report import TickReport

#: So long a tick waits for an answer before it has begun, and so often it asks. GitHub wants
#: to be left alone for a minute where it does not say for how long.
PATIENCE, PAUSE = timedelta(seconds=90), timedelta(seconds=5)


def main(environ: Mapping[str, str]) -> int:
    """Run the command that ``environ`` names; the exit status is that of ``schedule``."""
    streams.opened()
    try:
        environment = Environment.read(environ)
        command = environ.get("SCHEDULE_COMMAND") or "tick"
        if command == "tick":
            with leaving() as leave:
                return _tick(environment, leave)
        if command == "enqueue":
            return _enqueue(environment)
        raise UsageError(f"command: {command!r} is unknown; write 'tick' or 'enqueue'")
    except SchedulerError as problem:
        if not (isinstance(problem, streams.Untold) and problem.told):
            answers.fail(problem)
        return problem.exit_status


def _tick(environment: Environment, leave: Leave) -> int:
    failing = fail_on.listed(environment.fail_on)
    report: TickReport | None = None
    try:
        report, warned = _ticked(environment, leave)
        return _told(environment, report, warned, failing)
    finally:
        _beat(environment, leave, failed=report is None or bool(report.stopped or report.error))


def _ticked(environment: Environment, leave: Leave) -> tuple[TickReport, str | None]:
    report, warned = None, None
    try:
        if environment.rides and (seen := glance(environment)):
            leave.arrived()
            return seen, None
        connection = _connected(environment)
        profile = environment.profile or connection.settings.profile
        hold = hold_for(environment.hold, environment.poll, profile=profile)
        report = tick_and_hold(connection, hold, leave)
        warned = _keep_alive(connection, report, leave)
    except Overtime:
        report = report or unbegun()
    leave.arrived()
    return report, warned


def _told(
    environment: Environment, report: TickReport, warned: str | None, failing: Sequence[str]
) -> int:
    untold = answers.tell(answers.of_tick(report, environment, warned=warned), environment)
    if report.error is not None:
        if untold and not untold.told:
            streams.complain(untold)
        raise report.error
    if untold:
        raise untold
    if reason := fail_on.reason(report, failing):
        raise fail_on.Found(reason)
    return 0


def _beat(environment: Environment, leave: Leave, *, failed: bool) -> None:
    """Tell the monitor how the tick ended; that it could not be told is a warning."""
    if environment.heartbeat_url is None:
        return
    if untold := beat(environment.heartbeat_url, failed=failed, hurried=leave.asked):
        answers.warn(untold)


def _connected(environment: Environment) -> Connection:
    """The queue's connection. Waits a while for GitHub: a run that gave up would end its chain."""
    clock = SystemClock()
    single = environment.hold is not None and not hold_of(environment.hold, "20s").length
    until = clock.now() + (timedelta(0) if single else PATIENCE)
    while True:
        try:
            return connect(environment)
        except VersionRetired:
            raise
        except Unavailable as outage:
            again = clock.now() + PAUSE
            if isinstance(outage, RateLimited):
                again = max(again, outage.retry_at)
            if again > until:
                raise
            clock.sleep((again - clock.now()).total_seconds())


def _keep_alive(connection: Connection, report: TickReport, leave: Leave) -> str | None:
    """Look whether cron is about to end; the notice that says so, or None."""
    if leave.asked:
        return None
    leave.wind_up = None
    now, queue = connection.clock.now(), connection.queue
    warned = keep_alive(queue, connection.settings, connection.environment, now)
    if warned:
        report.notices.append(warned)
    report.requests = connection.requests
    return warned


def _enqueue(environment: Environment) -> int:
    untold = answers.tell(answers.of_created(enqueue(environment)), environment)
    if untold:
        raise untold
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
