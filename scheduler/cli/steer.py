"""``schedule pause``, ``resume``, ``snooze`` and ``run``."""

from __future__ import annotations

import click

from scheduler.cli.group import JSON, NUDGE, QUEUE, at_job, changed, tell, watch
from scheduler.errors import options


@click.command()
@click.argument("job_id", metavar="ID")
@NUDGE
@JSON
@QUEUE
def pause(job_id: str, *, queue: str | None, as_json: bool, nudge: bool) -> None:
    """Keep a job from running until it is resumed."""
    _pause(job_id, queue=queue, as_json=as_json, nudge=nudge, paused=True)


@click.command()
@click.argument("job_id", metavar="ID")
@NUDGE
@JSON
@QUEUE
def resume(job_id: str, *, queue: str | None, as_json: bool, nudge: bool) -> None:
    """Let a job that was paused go on."""
    _pause(job_id, queue=queue, as_json=as_json, nudge=nudge, paused=False)


def _pause(job_id: str, *, queue: str | None, as_json: bool, nudge: bool, paused: bool) -> None:
    from scheduler.commands import steer

    connection, number = at_job(job_id, queue)
    tell(steer.pause(connection, number, paused=paused), as_json=as_json)
    if paused:
        watch(connection, nudge=nudge, done=number)
    else:
        changed(connection, number, nudge=nudge)


@click.command()
@click.argument("job_id", metavar="ID")
@click.option("--for", "length", metavar="DURATION", required=True, help="How long: 2h, 3d.")
@NUDGE
@JSON
@QUEUE
def snooze(job_id: str, *, queue: str | None, as_json: bool, nudge: bool, length: str) -> None:
    """Put a job off: not before so long from now."""
    from scheduler.commands import steer
    from scheduler.journal import slash

    with options():
        put_off = slash.length(length, field="--for")
    connection, number = at_job(job_id, queue)
    tell(steer.snooze(connection, number, put_off), as_json=as_json)
    watch(connection, nudge=nudge, done=number)


@click.command()
@click.argument("job_id", metavar="ID")
@JSON
@QUEUE
def run(job_id: str, *, queue: str | None, as_json: bool) -> None:
    """Run a job now, besides its own time."""
    from scheduler.commands import steer

    connection, number = at_job(job_id, queue)
    tell(steer.run_now(connection, number), as_json=as_json)
    watch(connection, nudge=False)  # that it was asked for has woken it
