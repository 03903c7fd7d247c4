"""``schedule list`` and ``show``."""

from __future__ import annotations

import click

from scheduler.cli.group import JSON, NUDGE, QUEUE, at_job, connected, tell, watch
from scheduler.job.states import WORDS, State


@click.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed jobs too, the newest 30.")
@click.option("--agent", metavar="NAME", help="Only jobs of this agent.")
@click.option(
    "--state",
    type=click.Choice([*(state.value for state in State), *WORDS]),
    metavar="STATE",
    help="Only jobs in this state, such as failed.",
)
@NUDGE
@JSON
@QUEUE
def list_jobs(
    *,
    queue: str | None,
    as_json: bool,
    nudge: bool,
    everything: bool,
    agent: str | None,
    state: str | None,
) -> None:
    """List the jobs that wait."""
    from scheduler.commands.listing import jobs

    connection = connected(queue)
    listing = jobs(connection, everything=everything, agent=agent, state=state)
    tell(listing, as_json=as_json)
    watch(connection, nudge=nudge)


@click.command("show")
@click.argument("job_id", metavar="ID")
@NUDGE
@JSON
@QUEUE
def show_job(job_id: str, queue: str | None, as_json: bool, nudge: bool) -> None:
    """Show one job and what happened to it."""
    from scheduler.commands.listing import show

    connection, number = at_job(job_id, queue)
    tell(show(connection, number), as_json=as_json)
    watch(connection, nudge=nudge)
