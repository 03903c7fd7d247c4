"""``schedule cancel``, ``reschedule``, ``retry`` and ``resolve``."""

from __future__ import annotations

from typing import Any

import click

from scheduler.cli.group import JSON, QUEUE, connected, key_options, show, texts_in, watch
from scheduler.errors import UsageError


@click.command()
@click.argument("job_id", metavar="ID")
@click.option("--run", is_flag=True, help="Cancel the run too, if it was started already.")
@JSON
@QUEUE
def cancel(job_id: str, queue: str | None, as_json: bool, run: bool) -> None:
    """Close a job, so that it does not run."""
    from scheduler.commands.manage import cancel as cancel_job
    from scheduler.commands.manage import parse_id

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


@click.command()
@click.argument("job_id", metavar="ID")
@key_options("run-at", "in", "timezone")
@click.option("--allow-past", is_flag=True, help="Accept a time that is past: run it at once.")
@JSON
@QUEUE
def reschedule(job_id: str, queue: str | None, as_json: bool, **given: Any) -> None:
    """Move a job to another time."""
    from scheduler.commands.answer import Created, stopped
    from scheduler.commands.create import shown_in
    from scheduler.commands.job_of import instant_of, timed
    from scheduler.commands.manage import parse_id
    from scheduler.commands.manage import reschedule as move
    from scheduler.commands.request import Request
    from scheduler.policy import series

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


@click.command()
@click.argument("job_id", metavar="ID")
@JSON
@QUEUE
def retry(job_id: str, *, queue: str | None, as_json: bool) -> None:
    """Reopen a job that ended without having run."""
    from scheduler.commands.manage import parse_id
    from scheduler.commands.manage import retry as reopen
    from scheduler.times.instants import format_instant

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


@click.command()
@click.argument("job_id", metavar="ID")
@click.option("--dispatched", "run_id", type=click.IntRange(1), help="It ran, as this run.")
@click.option("--again", is_flag=True, help="It did not run: dispatch it again.")
@JSON
@QUEUE
def resolve(
    job_id: str, *, queue: str | None, as_json: bool, run_id: int | None, again: bool
) -> None:
    """Say what became of a job that is on hold."""
    from scheduler.commands.manage import parse_id
    from scheduler.commands.manage import resolve as settle

    if (run_id is None) != again:
        raise UsageError("resolve: say either --dispatched RUN-ID or --again")
    repository, number = parse_id(job_id)
    done = settle(connected(repository or queue), number, run_id=run_id)
    show(done, as_json, f"#{number}: {done['comment']!r} is said; the next tick carries it out")
