"""``schedule list`` and ``show``."""

from __future__ import annotations

import click

from scheduler.cli.group import JSON, QUEUE, connected, show, watch


@click.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed jobs too, the newest 30.")
@click.option("--agent", metavar="NAME", help="Only jobs of this agent.")
@JSON
@QUEUE
def list_jobs(queue: str | None, as_json: bool, everything: bool, agent: str | None) -> None:
    """List the jobs that wait."""
    from scheduler.commands.listing import jobs, table

    connection = connected(queue)
    now = connection.clock.now()
    seen = jobs(connection, everything=everything, agent=agent)
    show([job.as_json(now) for job in seen], as_json, table(seen, now))
    watch(connection, [job.ticket for job in seen])


@click.command("show")
@click.argument("job_id", metavar="ID")
@JSON
@QUEUE
def show_job(job_id: str, queue: str | None, as_json: bool) -> None:
    """Show one job and what happened to it."""
    from scheduler.commands.listing import details
    from scheduler.commands.look import look
    from scheduler.commands.manage import find, parse_id

    repository, number = parse_id(job_id)
    connection = connected(repository or queue)
    now = connection.clock.now()
    seen = look(connection, find(connection, number))
    show(seen.as_json(now), as_json, details(seen, now))
    watch(connection, [seen.ticket])
