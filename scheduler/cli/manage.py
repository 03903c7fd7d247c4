"""``schedule cancel``, ``reschedule``, ``retry`` and ``resolve``."""

from __future__ import annotations

from typing import Any

import click

from scheduler.cli.group import (
    JSON,
    NUDGE,
    QUEUE,
    at_job,
    changed,
    key_options,
    tell,
    texts_in,
    watch,
)
from scheduler.errors import UsageError


@click.command()
@click.argument("job_id", metavar="ID")
@click.option("--run", is_flag=True, help="Cancel the run too, if it was started already.")
@NUDGE
@JSON
@QUEUE
def cancel(job_id: str, queue: str | None, as_json: bool, nudge: bool, run: bool) -> None:
    """Close a job, so that it does not run."""
    from scheduler.commands import manage

    connection, number = at_job(job_id, queue)
    tell(manage.cancel(connection, number, run=run), as_json=as_json)
    watch(connection, nudge=nudge, done=number)


@click.command()
@click.argument("job_id", metavar="ID")
@key_options("run-at", "in", "timezone")
@click.option("--allow-past", is_flag=True, help="Accept a time that is past: run it at once.")
@NUDGE
@JSON
@QUEUE
def reschedule(job_id: str, queue: str | None, as_json: bool, nudge: bool, **given: Any) -> None:
    """Move a job to another time."""
    from scheduler.commands import move
    from scheduler.commands.request import Request

    request = move.need_time(Request(texts=texts_in(given), nudge=nudge, **given))
    connection, number = at_job(job_id, queue)
    tell(move.reschedule(connection, number, request), as_json=as_json)
    watch(connection, nudge=nudge, done=number)


@click.command()
@click.argument("job_id", metavar="ID")
@NUDGE
@JSON
@QUEUE
def retry(job_id: str, *, queue: str | None, as_json: bool, nudge: bool) -> None:
    """Try a job again that did not run, or failed."""
    from scheduler.commands import manage

    connection, number = at_job(job_id, queue)
    tell(manage.retry(connection, number), as_json=as_json)
    changed(connection, number, nudge=nudge)


@click.command()
@click.argument("job_id", metavar="ID")
@click.option(
    "--dispatched",
    "run_id",
    type=click.IntRange(1),
    metavar="RUN-ID",
    help="It ran, as this run.",
)
@click.option("--again", is_flag=True, help="It did not run: dispatch it again.")
@NUDGE
@JSON
@QUEUE
def resolve(
    job_id: str, *, queue: str | None, as_json: bool, nudge: bool, run_id: int | None, again: bool
) -> None:
    """Say what became of a job that is on hold."""
    from scheduler.commands import manage

    if (run_id is None) != again:
        raise UsageError("resolve: say either --dispatched RUN-ID or --again")
    connection, number = at_job(job_id, queue)
    tell(manage.resolve(connection, number, run_id=run_id), as_json=as_json)
    changed(connection, number, nudge=nudge)
