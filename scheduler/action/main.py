"""The action: one command from the environment, its answer in GitHub's own places.

``SCHEDULE_COMMAND`` is ``tick`` or ``enqueue``. What happened is printed for the log, put
into the step's outputs and summary, and annotated where a person should look.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Iterable, Mapping
from datetime import timedelta

from scheduler import streams
from scheduler.action.keepalive import keep_alive
from scheduler.clock import SystemClock
from scheduler.commands.answer import Created
from scheduler.commands.enqueue import enqueue
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
from scheduler.github import workflow_commands as commands
from scheduler.github.workflow_commands import Annotation, Level
from scheduler.hold.signals import Leave, Overtime, leaving, unbegun
from scheduler.text import code, visible
from scheduler.tick.report import TickReport, summary

#: So long a tick waits for an answer before it has begun, and so often it asks. GitHub wants
#: to be left alone for a minute where it does not say for how long.
PATIENCE, PAUSE = timedelta(seconds=90), timedelta(seconds=5)

LEVELS: Mapping[str, Level] = {
    "held": "error",
    "discarded": "error",
    "invalid": "warning",
    "rejected": "warning",
    "missed": "warning",
}


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
        if not (isinstance(problem, streams.Untold) and problem.silent):
            _fail(problem)
        return problem.exit_status


def _tick(environment: Environment, leave: Leave) -> int:
    report, warned = None, None
    try:
        connection = _connected(environment)
        profile = environment.profile or connection.settings.profile
        hold = hold_for(environment.hold, environment.poll, profile=profile)
        report = tick_and_hold(connection, hold, leave)
        warned = _keep_alive(connection, report, leave)
    except Overtime:
        report = report or unbegun()
    leave.arrived()
    wanted = [
        Annotation(level=level, message=visible(f"#{note.id}: {note.reason}"), title=name)
        for name, level in LEVELS.items()
        for note in report.notes[name]
    ]
    wanted += [
        Annotation(
            level="warning" if notice == warned else "notice",
            message=visible(notice),
            title="schedule",
        )
        for notice in report.notices
    ]
    if report.stopped:
        wanted.append(Annotation(level="warning", message=visible(report.stopped), title="stopped"))
    data = report.as_json()
    counts = {name: str(len(data[name])) for name in ("dispatched", *TickReport.NOTES)}
    untold = _tell(
        environment,
        [*_inert(report.lines()), *commands.annotation_lines(wanted)],
        {**counts, "next-due": data["next_due"] or "", "result": json.dumps(data)},
        summary(report, repository=environment.need_repository(), server=environment.server_url),
        done=f"the tick is done, dispatched: {counts['dispatched']}; the jobs' journals say which",
    )
    if report.error is not None:
        if untold and not untold.silent:
            streams.complain(untold)
        raise report.error
    if untold:
        raise untold
    return 0


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
    report.requests = queue.requests
    return warned


def _enqueue(environment: Environment) -> int:
    made = enqueue(environment)
    data = made.as_json()
    again = "run this run again: that opens no second job"
    untold = _tell(
        environment,
        _inert(made.text().splitlines()),
        {"id": str(data["id"]), "url": data["url"], "result": json.dumps(data)},
        _enqueued(made),
        done=f"#{made.ticket.number} is open, {made.ticket.url}; {again}",
    )
    if untold:
        raise untold
    return 0


def _enqueued(made: Created) -> str:
    return f"### Schedule: [#{made.ticket.number}]({made.ticket.url}) {code(made.line())}\n"


def _inert(lines: Iterable[str]) -> list[str]:
    # No line of an issue's text is a command to the runner while these are stopped.
    token = secrets.token_hex(16)
    return [f"::stop-commands::{token}", *map(visible, lines), f"::{token}::"]


def _tell(
    environment: Environment,
    lines: Iterable[str],
    outputs: Mapping[str, str],
    shown: str,
    *,
    done: str,
) -> streams.Untold | None:
    """Tell what was ``done`` in each place, whatever the others do; what the caller has to hear.

    The summary is for people, and says what the log says: without it nothing has failed.
    """
    untold = None
    try:
        _write_outputs(environment, outputs)
    except streams.Untold as problem:
        untold = streams.Untold(f"{problem}; {done}")
    try:
        _write_summary(environment, shown)
    except streams.Untold as problem:
        streams.complain(problem)
    try:
        for line in lines:
            _say(line)
    except OSError as problem:
        streams.abandon(sys.stdout)
        why = f"standard output: can't be used ({problem.strerror or problem}); {done}"
        untold = untold or streams.Untold(why, silent=isinstance(problem, BrokenPipeError))
        if not untold.silent:
            streams.complain(untold)
            untold.silent = True
    return untold


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _fail(problem: SchedulerError) -> None:
    try:
        _say(commands.annotation("error", visible(str(problem)), title="schedule"))
    except OSError:
        streams.abandon(sys.stdout)
        streams.complain(problem)


def _write_outputs(environment: Environment, values: Mapping[str, str]) -> None:
    if environment.output_path is None:
        return
    entries = [
        commands.output(name, value, delimiter=secrets.token_hex(16))
        for name, value in values.items()
    ]
    streams.append("GITHUB_OUTPUT", environment.output_path, "".join(entries))


def _write_summary(environment: Environment, text: str) -> None:
    if environment.summary_path is None:
        return
    streams.append("GITHUB_STEP_SUMMARY", environment.summary_path, commands.summary(text))


if __name__ == "__main__":
    sys.exit(main(os.environ))
