"""The ``schedule`` command: options in, one call, one answer out.

What talks to GitHub is imported by the command that needs it: an agent that asks for
``--help`` waits for nothing.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from scheduler import __version__, streams
from scheduler.cli_group import (
    JSON,
    QUEUE,
    Schedule,
    complain,
    connected,
    key_options,
    show,
    texts_in,
    watch,
)
from scheduler.cli_series import explained_by
from scheduler.errors import UsageError

HELP = """Say "run this workflow at that time"; the repository's issues are the queue.

\b
schedule --in 2h --message "Check PR 123"
schedule --at 2026-11-23T09:00:00Z --workflow agent.yml --message "…"
schedule --at "tomorrow 9am Europe/Berlin" --message "…"

\b
Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused, 4 no such job,
5 not permitted, 75 GitHub can't be reached (try again).
"""


@click.group(
    cls=Schedule,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    no_args_is_help=True,
)
@click.version_option(__version__, prog_name="schedule")
def cli() -> None:
    """Say "run this workflow at that time"."""


def _inputs(pairs: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--input: {pair!r} is not an input; write NAME=VALUE")
        if name in found:
            raise UsageError(f"--input: {name!r} is given twice; keep one of them")
        found[name] = value
    return found


def _read() -> str:
    if sys.stdin is None:
        raise UsageError("standard input: is closed; pass the text through a pipe")
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as odd:
        raise UsageError(f"standard input: is no UTF-8 text ({odd.reason})") from odd
    except OSError as problem:
        why = problem.strerror or problem
        raise UsageError(
            f"standard input: can't be read ({why}); pass the text through a pipe"
        ) from problem


@cli.command()
@key_options()
@click.option(
    "--on-duplicate",
    type=click.Choice(["return", "replace"]),
    default="return",
    help="Answer with that job (the default), or change it to this one.",
)
@click.option("--allow-past", is_flag=True, help="Accept a time that is past: run it at once.")
@click.option("--nudge/--no-nudge", default=True, help="Wake the scheduler, if that helps.")
@click.option("--explain", is_flag=True, help="Only show the next five instants of this.")
@click.option("--dry-run", is_flag=True, help="Check everything, print the issue, open none.")
@click.option(
    "--json",
    "json_mode",
    is_flag=False,
    flag_value="answer",
    metavar="[-]",
    help="Print the answer as JSON; with '-' also read the request as JSON.",
)
@QUEUE
def create(
    *,
    queue: str | None,
    json_mode: str | None,
    dry_run: bool,
    explain: bool,
    inputs: tuple[str, ...],
    **given: Any,
) -> None:
    """Open a job (the default command)."""
    from scheduler.create import create as create_job
    from scheduler.create import rehearse
    from scheduler.request import Request

    if json_mode not in (None, "answer", "-"):
        raise UsageError(f"--json: {json_mode!r} is not '-'; '-' reads the request as JSON")
    texts = texts_in(given)
    if texts.get("message") == "-":
        texts["message"] = _read()
    request = Request(texts=texts, inputs=_inputs(inputs), **given)
    if json_mode == "-":
        from scheduler.request import from_json

        request = from_json(_read(), request)
    if explain:
        with request.naming():
            explained = explained_by(request, queue)
        show(explained.as_json(), json_mode is not None, explained.text())
        return
    connection = connected(queue)
    if dry_run:
        with request.naming():
            issue, text = rehearse(request, connection)
        show(issue, json_mode is not None, text)
        return
    with request.naming():
        made = create_job(request, connection)
    show(made.as_json(), json_mode is not None, "\n".join(made.lines()))
    watch(connection, connection.seen)


@cli.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed jobs too, the newest 30.")
@click.option("--agent", metavar="NAME", help="Only jobs of this agent.")
@JSON
@QUEUE
def list_jobs(queue: str | None, as_json: bool, everything: bool, agent: str | None) -> None:
    """List the jobs that wait."""
    from scheduler.listing import jobs, table

    connection = connected(queue)
    now = connection.clock.now()
    seen = jobs(connection, everything=everything, agent=agent)
    show([job.as_json(now) for job in seen], as_json, table(seen, now))
    watch(connection, [job.ticket for job in seen])


@cli.command("show")
@click.argument("job_id", metavar="ID")
@JSON
@QUEUE
def show_job(job_id: str, queue: str | None, as_json: bool) -> None:
    """Show one job and what happened to it."""
    from scheduler.listing import details
    from scheduler.manage import find, parse_id
    from scheduler.seen import look

    repository, number = parse_id(job_id)
    connection = connected(repository or queue)
    now = connection.clock.now()
    seen = look(connection, find(connection, number))
    show(seen.as_json(now), as_json, details(seen, now))
    watch(connection, [seen.ticket])


@cli.command()
@click.argument("job_id", metavar="ID")
@click.option("--run", is_flag=True, help="Cancel the run too, if it was started already.")
@JSON
@QUEUE
def cancel(job_id: str, queue: str | None, as_json: bool, run: bool) -> None:
    """Close a job, so that it does not run."""
    from scheduler.manage import cancel as cancel_job
    from scheduler.manage import parse_id

    repository, number = parse_id(job_id)
    connection = connected(repository or queue)
    done = cancel_job(connection, number, run=run)
    text = f"#{number} is cancelled"
    if done["already_closed"]:
        text = f"#{number} was closed already"
    if done["dispatching"]:
        text += "; a tick has claimed it, so it may have started: see its journal"
    head = f"#{number}:" if done["already_closed"] else f"{text};"
    if done["cancelled_run"]:
        text = f"{head} run {done['cancelled_run']} is being cancelled"
    elif done["ended_run"]:
        text = f"{head} run {done['ended_run']} has ended already"
    show(done, as_json, text)
    watch(connection, connection.seen)


@cli.command()
@click.argument("job_id", metavar="ID")
@key_options("run-at", "in", "timezone")
@click.option("--allow-past", is_flag=True, help="Accept a time that is past: run it at once.")
@JSON
@QUEUE
def reschedule(job_id: str, queue: str | None, as_json: bool, **given: Any) -> None:
    """Move a job to another time."""
    from scheduler import series
    from scheduler.create import shown_in
    from scheduler.created import Created, stopped
    from scheduler.manage import parse_id
    from scheduler.manage import reschedule as move
    from scheduler.request import Request
    from scheduler.requested import instant_of, timed

    repository, number = parse_id(job_id)
    request = Request(texts=texts_in(given), **given)
    if request.get("run-at") is None and request.get("in") is None:
        raise UsageError("time: say when, with --at 2026-11-23T09:00:00Z or --in 2h")
    connection = connected(repository or queue)
    now, default = connection.clock.now(), connection.settings.defaults.timezone
    with request.naming():
        request = timed(request, now=now, zone=default)
        run_at = instant_of(request, now=now, zone=default)
    seen, job = move(connection, number, run_at)
    job = job.at(series.expected(job, title="", touched=now))
    notes = stopped(seen.state, number)
    if seen.not_before and seen.not_before > job.run_at:
        job = job.at(seen.not_before)
        back = f"'schedule snooze {number} --for 1s' takes that back"
        notes = [f"it was put off until then; {back}", *notes]
    zone = request.get("timezone") or shown_in(job, connection)
    made = Created(
        ticket=seen.ticket, job=job, created=False, moved=True, state=seen.state, now=now, zone=zone
    )
    show(made.as_json(), as_json, "\n".join([made.line(), *made.local(), *notes]))
    watch(connection, connection.seen)


@cli.command()
@click.argument("job_id", metavar="ID")
@JSON
@QUEUE
def retry(job_id: str, *, queue: str | None, as_json: bool) -> None:
    """Reopen a job that ended without having run."""
    from scheduler.manage import parse_id
    from scheduler.manage import retry as reopen
    from scheduler.when import format_instant

    repository, number = parse_id(job_id)
    connection = connected(repository or queue)
    done = reopen(connection, number)
    text = f"#{number} was {done['was']}; the next tick tries it again"
    if done["run_at"] > format_instant(connection.clock.now()):
        text = f"#{number} was {done['was']}; it runs when due, at {done['run_at']}"
    if done["status"] == "held":
        text = f"#{number} is open and on hold again; next say 'schedule resolve {number}'"
    elif done["status"] == "paused":
        text = f"#{number} is open and paused again; next say 'schedule resume {number}'"
    show(done, as_json, text)


@cli.command()
@click.argument("job_id", metavar="ID")
@click.option("--dispatched", "run_id", type=click.IntRange(1), help="It ran, as this run.")
@click.option("--again", is_flag=True, help="It did not run: dispatch it again.")
@JSON
@QUEUE
def resolve(
    job_id: str, *, queue: str | None, as_json: bool, run_id: int | None, again: bool
) -> None:
    """Say what became of a job that is on hold."""
    from scheduler.manage import parse_id
    from scheduler.manage import resolve as settle

    if (run_id is None) != again:
        raise UsageError("resolve: say either --dispatched RUN-ID or --again")
    repository, number = parse_id(job_id)
    done = settle(connected(repository or queue), number, run_id=run_id)
    show(done, as_json, f"#{number}: {done['comment']!r} is said; the next tick carries it out")


def main() -> None:
    """The console script."""
    streams.opened()
    try:
        cli.main(prog_name="schedule")
    except OSError as problem:
        streams.abandon(sys.stdout)
        if not isinstance(problem, BrokenPipeError):
            # A reader of a pipe who has left needs not be told; a full disk has to be.
            where = repr(problem.filename) if problem.filename else "standard output"
            complain(f"{where}: can't be used ({problem.strerror or problem})")
        sys.exit(1)
