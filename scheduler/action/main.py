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
from dataclasses import replace
from datetime import timedelta
from typing import Any

from scheduler import streams
from scheduler.action.keepalive import keep_alive
from scheduler.clock import SystemClock
from scheduler.commands.answer import Created
from scheduler.commands.create import create
from scheduler.commands.job_of import start_of, timed
from scheduler.commands.request import Request, from_mapping
from scheduler.commands.tick import hold_for, hold_of, tick_and_hold
from scheduler.connection import Connection, connect
from scheduler.environment import Environment
from scheduler.errors import (
    RateLimited,
    Refused,
    SchedulerError,
    Unavailable,
    UsageError,
    VersionRetired,
)
from scheduler.github import workflow_commands as commands
from scheduler.github.workflow_commands import Annotation, Level
from scheduler.hold.signals import Leave, Overtime, leaving, unbegun
from scheduler.job.keys import IN_REQUEST
from scheduler.text import code, visible
from scheduler.tick.report import TickReport, summary

#: A job may be due before the run that carries it begins; older times are a mistake.
TRANSIT = timedelta(hours=1)
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
        for note in getattr(report, name)
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
    request = carried(environment)
    # The run that carries a job is not the run that asks for it: nothing is inherited.
    outside = replace(environment, in_actions=False, workflow=None, event={})
    connection = connect(outside)
    now, zone = connection.clock.now(), connection.settings.defaults.timezone
    with request.naming():
        request = timed(request, now=now, zone=zone)
        run_at = start_of(request, now=now, zone=zone)
        if now - run_at > TRANSIT:
            raise Refused(f"run-at: {request.get('run-at')!r} is past; write a time to come")
        made = create(request, connection, senders=environment.senders)
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


def carried(environment: Environment) -> Request:
    """The creation request in the event of this run: the form's fields, or the payload.

    Its request id is the run's, so that a run that is run again opens no second job.

    Raises:
        UsageError: the run was started by an event that carries none.
        InvalidJob: a key is unknown or a value is no text.
    """
    base = Request(
        texts={"request-id": f"run-{environment.run_id or secrets.token_hex(8)}"},
        allow_past=True,
        nudge=False,  # a tick follows in the same run
    )
    if environment.event_name == "repository_dispatch":
        # A program's payload; what it says is to mean the same to everyone.
        return from_mapping(environment.event.get("client_payload"), replace(base, words=False))
    if environment.event_name == "workflow_dispatch":
        fields: dict[str, Any] = dict(environment.event.get("inputs") or {})
        # The form has an input of this name for the one purpose; others are the caller's own.
        known = {name: fields.get(name) for name, key in IN_REQUEST.items() if key.in_form}
        request = from_mapping(known, base)
        return request.saying(agent=request.get("agent") or environment.actor)
    raise UsageError(
        f"command: 'enqueue' finds no job in a {environment.event_name!r} event; start it by "
        "workflow_dispatch or repository_dispatch"
    )


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
