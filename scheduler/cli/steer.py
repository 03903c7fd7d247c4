"""``schedule pause``, ``resume``, ``snooze`` and ``run``, and what a series comes to."""

from __future__ import annotations

import click

from scheduler.cli.group import JSON, QUEUE, connected, show, watch
from scheduler.errors import InvalidJob, UsageError

#: What becomes of a word that was said in a comment.
HEARD = "the next tick sees to it, if you may schedule here"


@click.command()
@click.argument("job_id", metavar="ID")
@JSON
@QUEUE
def pause(job_id: str, *, queue: str | None, as_json: bool) -> None:
    """Keep a job from running until it is resumed."""
    _pause(job_id, queue=queue, as_json=as_json, paused=True)


@click.command()
@click.argument("job_id", metavar="ID")
@JSON
@QUEUE
def resume(job_id: str, *, queue: str | None, as_json: bool) -> None:
    """Let a job that was paused go on."""
    _pause(job_id, queue=queue, as_json=as_json, paused=False)


def _pause(job_id: str, *, queue: str | None, as_json: bool, paused: bool) -> None:
    from scheduler.commands.manage import parse_id
    from scheduler.commands.steer import pause as set_paused

    repository, number = parse_id(job_id)
    connection = connected(repository or queue)
    done = set_paused(connection, number, paused=paused)
    text = f"#{number} {'is resumed' if done['changed'] else 'was not paused'}; it runs when due"
    if paused:
        verb = "is paused" if done["changed"] else "was paused already"
        text = f"#{number} {verb}; 'schedule resume {number}' lets it go on"
    show(done, as_json, text)
    watch(connection, connection.seen)


@click.command()
@click.argument("job_id", metavar="ID")
@click.option("--for", "length", metavar="DURATION", required=True, help="How long: 2h, 3d.")
@JSON
@QUEUE
def snooze(job_id: str, *, queue: str | None, as_json: bool, length: str) -> None:
    """Put a job off: not before so long from now."""
    from scheduler.commands.manage import parse_id
    from scheduler.commands.steer import snooze as put_off
    from scheduler.journal.slash import length as length_of

    repository, number = parse_id(job_id)
    try:
        for_long = length_of(length, field="--for")
    except InvalidJob as problem:
        raise UsageError(str(problem)) from problem
    connection = connected(repository or queue)
    done = put_off(connection, number, for_long)
    show(done, as_json, f"#{number} not before {done['not_before']}: asked for\n{HEARD}")
    watch(connection, connection.seen)


@click.command()
@click.argument("job_id", metavar="ID")
@JSON
@QUEUE
def run(job_id: str, *, queue: str | None, as_json: bool) -> None:
    """Run a job now, besides its own time."""
    from scheduler.commands.answer import wrapped
    from scheduler.commands.manage import parse_id
    from scheduler.commands.steer import run_now

    repository, number = parse_id(job_id)
    connection = connected(repository or queue)
    done, nudged = run_now(connection, number)
    show(done, as_json, "\n".join([f"#{number} now: asked for", HEARD, *wrapped(nudged.reason)]))
    watch(connection, connection.seen)
