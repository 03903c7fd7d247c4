"""What all commands share: the group, its default command, its one way out for errors."""

from __future__ import annotations

import importlib
import json
import os
from typing import TYPE_CHECKING, Any

import click

from scheduler.errors import SchedulerError

if TYPE_CHECKING:
    from scheduler.connect import Connection

#: Commands that live in rooms of their own, imported when they are named.
LAZY = {
    "sandbox": ("scheduler.sandbox.command", "sandbox"),
    "demo": ("scheduler.sandbox.demo", "demo"),
}


class Schedule(click.Group):
    """The group: ``create`` is its default command, and all errors leave through it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let options without a command mean ``create``."""
        if args and args[0].startswith("-") and args[0] not in ("--help", "-h", "--version"):
            args = ["create", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, the lazy ones too, in the order of their use."""
        return [*self.commands, *LAZY]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        if cmd_name in LAZY:
            module, name = LAZY[cmd_name]
            command: click.Command = getattr(importlib.import_module(module), name)
            return command
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, with nothing imported for the lazy ones' sake."""
        rows = [(name, cmd.get_short_help_str(60)) for name, cmd in self.commands.items()]
        rows += [(name, LAZY_HELP[name]) for name in LAZY]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what went wrong is one line on standard error."""
        try:
            return super().invoke(ctx)
        except SchedulerError as problem:
            click.echo(f"schedule: {problem}", err=True)
            ctx.exit(problem.exit_status)


LAZY_HELP = {
    "sandbox": "Run a local GitHub to try everything against.",
    "demo": "Play the whole story against a local GitHub.",
}


def connected(queue: str | None) -> Connection:
    """The queue's repository and its settings, by this process's environment."""
    from scheduler.connect import connect
    from scheduler.environment import Environment

    return connect(Environment.read(os.environ), repository=queue)


def show(data: Any, as_json: bool, text: str) -> None:
    """Print an answer, for a program or for a person."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False) if as_json else text)


QUEUE = click.option("--queue", metavar="OWNER/NAME", help="The repository whose issues are used.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
