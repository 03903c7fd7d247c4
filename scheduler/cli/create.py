"""``schedule create``, the default command: opens a job, or explains what it would be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from scheduler.cli.group import QUEUE, connected, key_options, show, texts_in, watch
from scheduler.errors import SchedulerError, UsageError

if TYPE_CHECKING:
    from scheduler.commands.explain import Explained
    from scheduler.commands.request import Request


def _inputs(pairs: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--input: {pair!r} is not an input; write NAME=VALUE")
        if name in found:
            raise UsageError(f"--input: {name!r} is given twice; keep one of them")
        found[name] = value
    return found


def _read() -> str:
    if sys.stdin is None:
        raise UsageError("standard input: is closed; pass the text through a pipe")
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as odd:
        raise UsageError(f"standard input: is no UTF-8 text ({odd.reason})") from odd
    except OSError as problem:
        why = problem.strerror or problem
        raise UsageError(
            f"standard input: can't be read ({why}); pass the text through a pipe"
        ) from problem


@click.command()
@key_options()
@click.option(
    "--on-duplicate",
    type=click.Choice(["return", "replace"]),
    default="return",
    help="Answer with that job (the default), or change it to this one.",
)
@click.option("--allow-past", is_flag=True, help="Accept a time that is past: run it at once.")
@click.option("--nudge/--no-nudge", default=True, help="Wake the scheduler, if that helps.")
@click.option("--explain", is_flag=True, help="Only show the next five instants of this.")
@click.option("--dry-run", is_flag=True, help="Check everything, print the issue, open none.")
@click.option(
    "--json",
    "json_mode",
    is_flag=False,
    flag_value="answer",
    metavar="[-]",
    help="Print the answer as JSON; with '-' also read the request as JSON.",
)
@QUEUE
def create(
    *,
    queue: str | None,
    json_mode: str | None,
    dry_run: bool,
    explain: bool,
    inputs: tuple[str, ...],
    **given: Any,
) -> None:
    """Open a job (the default command)."""
    from scheduler.commands.create import create as create_job
    from scheduler.commands.create import rehearse
    from scheduler.commands.request import Request

    if json_mode not in (None, "answer", "-"):
        raise UsageError(f"--json: {json_mode!r} is not '-'; '-' reads the request as JSON")
    texts = texts_in(given)
    if texts.get("message") == "-":
        texts["message"] = _read()
    request = Request(texts=texts, inputs=_inputs(inputs), **given)
    if json_mode == "-":
        from scheduler.commands.request import from_json

        request = from_json(_read(), request)
    if explain:
        with request.naming():
            explained = explained_by(request, queue)
        show(explained.as_json(), json_mode is not None, explained.text())
        return
    connection = connected(queue)
    if dry_run:
        with request.naming():
            issue, text = rehearse(request, connection)
        show(issue, json_mode is not None, text)
        return
    with request.naming():
        made = create_job(request, connection)
    show(made.as_json(), json_mode is not None, "\n".join(made.lines()))
    watch(connection, connection.seen)


def explained_by(request: Request, queue: str | None) -> Explained:
    """What a request's times come to; the settings are only asked for their zone."""
    from scheduler.clock import SystemClock
    from scheduler.commands.explain import explain, needs_zone
    from scheduler.settings.model import Settings

    settings = Settings()
    if needs_zone(request):
        try:
            settings = connected(queue).settings
        except SchedulerError:
            # Nothing is opened, so nothing is needed: without settings a zone has to be named.
            settings = Settings()
    return explain(request, now=SystemClock().now(), settings=settings)
