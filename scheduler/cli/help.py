"""``schedule help``: prints the pages of ``scheduler/docs/``."""

from __future__ import annotations

import sys

import click

from scheduler import streams
from scheduler.cli.group import COMMANDS, show


@click.command("help")
@click.argument("topic", required=False, metavar="[TOPIC]")
def show_help(topic: str | None) -> None:
    """Show a topic, or which there are."""
    from scheduler.commands.help import contents, fitted, page, topics

    found = topics()
    text = contents(found) if topic is None else page(topic, found, COMMANDS)
    wide = streams.width(sys.stdout)
    show(None, as_json=False, text=text if wide is None else fitted(text, wide))
