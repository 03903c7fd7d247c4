"""``schedule stats``: how late jobs were dispatched, and a check for monitors."""

from __future__ import annotations

import click

from scheduler import streams
from scheduler.cli.group import JSON, NUDGE, QUEUE, connected, tell, watch
from scheduler.errors import SchedulerError


@click.command()
@click.option(
    "--since",
    default="7d",
    show_default=True,
    metavar="TIME",
    help="From when on: so long ago, or an instant.",
)
@click.option(
    "--overdue",
    is_flag=True,
    help="Only list overdue jobs and what keeps runs from running; exit 1 if there is any.",
)
@click.option(
    "--grace",
    default="5m",
    show_default=True,
    metavar="DURATION",
    help="Overdue is later than this; queued too long is longer.",
)
@NUDGE
@JSON
@QUEUE
def stats(
    *, queue: str | None, as_json: bool, nudge: bool, since: str, overdue: bool, grace: str
) -> None:
    """Show how late jobs were dispatched."""
    from scheduler.commands.lateness import allowed, begin, lateness, waiting

    grace_for, _ = allowed(grace), begin(since)
    connection = connected(queue)
    if overdue:
        late = waiting(connection, grace_for)
        tell(late, as_json=as_json)
        if problem := late.problem():
            raise SchedulerError(problem)
        return
    found = lateness(connection, since, grace_for)
    tell(found, as_json=as_json)
    watch(connection, nudge=nudge)
    if connection.environment.summary_path:
        _append(connection.environment.summary_path, found.markdown())


def _append(path: str, markdown: str) -> None:
    from scheduler.github.workflow_commands import summary

    try:
        streams.append("GITHUB_STEP_SUMMARY", path, summary(markdown))
    except streams.Untold as problem:
        streams.complain(problem)
