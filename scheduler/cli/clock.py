"""``schedule clock``: which clocks wake the scheduler, and what makes another one do it."""

from __future__ import annotations

import os

import click

from scheduler.cli.group import JSON, NUDGE, QUEUE, Context, connected, tell, watch


class Clocks(click.Group):
    """The group; its commands have the help of all others."""

    context_class = Context

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name; None if there is none."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            command.context_class = Context
        return command


@click.group(cls=Clocks, no_args_is_help=False)
def clock() -> None:
    """Show what wakes the scheduler, or set up a clock."""


@clock.command("show", short_help="Show which clocks there are, and when each came.")
@NUDGE
@JSON
@QUEUE
def show(queue: str | None, *, as_json: bool, nudge: bool) -> None:
    """Show which clocks wake the scheduler, when each came last, and what to expect.

    It sends seven requests at most; the runs' events tell the clocks apart.
    """
    from scheduler.commands.clocks import clocks

    connection = connected(queue)
    tell(clocks(connection), as_json=as_json)
    watch(connection, nudge=nudge)


WHAT = click.argument("what", metavar="alarm", type=click.Choice(["alarm"]))
LENDER = click.option(
    "--in", "lender", metavar="OWNER/NAME", help="The repository that lends its alarms."
)


@clock.command("install", short_help="Make the environments in which alarms wait.")
@WHAT
@LENDER
@JSON
@QUEUE
def install(what: str, lender: str | None, queue: str | None, *, as_json: bool) -> None:
    """Make the environments in which alarms wait; an administrator's token may.

    What is there already stays as it is, so it can be repeated. With --in it is done in a
    repository that lends its alarms, and the workflow is written there that does it.
    """
    from scheduler.commands.install import install_alarm

    del what
    tell(install_alarm(connected(queue), lender), as_json=as_json)


@clock.command("uninstall", short_help="Remove the environments of alarms.")
@WHAT
@LENDER
@JSON
@QUEUE
def uninstall(what: str, lender: str | None, queue: str | None, *, as_json: bool) -> None:
    """Remove the environments of alarms, and cancel the alarms that wait."""
    from scheduler.commands.install import uninstall_alarm

    del what
    tell(uninstall_alarm(connected(queue), lender), as_json=as_json)


@clock.command("print", short_help="Print the configuration of another clock.")
@click.argument("name", metavar="CLOCK")
@click.option(
    "--branch", default="main", show_default=True, metavar="NAME", help="The default branch."
)
@JSON
@QUEUE
def print_clock(name: str, branch: str, queue: str | None, *, as_json: bool) -> None:
    """Print the whole configuration of a clock outside of GitHub.

    CLOCK is cloudflare, eventbridge, google, cron-job.org, easycron, systemd or kubernetes.
    """
    from scheduler.commands.outside import configuration
    from scheduler.environment import Environment

    environment = Environment.read(os.environ)
    given = queue or environment.repository
    repository = environment.need_repository(queue) if given else None
    api = environment.api_url
    tell(configuration(name, repository=repository, branch=branch, api=api), as_json=as_json)
