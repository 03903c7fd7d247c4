"""The ``schedule`` command: options in, one call, one answer out.

What talks to GitHub is imported by the command that needs it: an agent that asks for
``--help`` waits for nothing.
"""

from __future__ import annotations

import sys

import click

from scheduler import __version__, streams
from scheduler.cli.group import Schedule

HELP = """Say "run this workflow at that time"; the repository's issues are the queue.

\b
schedule --in 2h --message "Check PR 123"
schedule --at 2026-11-23T09:00:00Z --workflow agent.yml --message "…"
schedule --at "tomorrow 9am Europe/Berlin" --message "…"

\b
Exit status: 0 done, 1 failed, 2 wrong usage, 3 refused, 4 no such job,
5 not permitted, 75 GitHub can't be reached (try again).
"""


@click.group(
    cls=Schedule,
    help=HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    no_args_is_help=True,
)
@click.version_option(__version__, prog_name="schedule")
def cli() -> None:
    """Say "run this workflow at that time"."""


def main() -> None:
    """The console script."""
    streams.opened()
    try:
        cli.main(prog_name="schedule")
    except OSError as problem:
        streams.abandon(sys.stdout)
        if problem.filename:
            why = f"{problem.filename!r}: can't be used ({problem.strerror or problem})"
            streams.complain(why)
        else:
            streams.complain(streams.lost(problem))
        sys.exit(1)
