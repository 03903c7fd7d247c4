"""``schedule create``, the default command: opens a job, or explains what it would be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from scheduler import streams
from scheduler.cli.group import QUEUE, connected, key_options, tell, texts_in, watch
from scheduler.errors import UsageError

if TYPE_CHECKING:
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
    show_default=True,
    help="Where a job has the --dedup-key: answer with it, or change it to this one.",
)
@click.option("--allow-past", is_flag=True, help="Accept a time that is past: run it at once.")
@click.option("--unchecked", is_flag=True, help="Accept a workflow whose file can't be read.")
@click.option(
    "--nudge/--no-nudge",
    default=True,
    show_default=True,
    help="Wake the scheduler, if that helps.",
)
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
    from scheduler.commands.request import Request, from_json

    if json_mode not in (None, "answer", "-"):
        raise UsageError(f"--json: {json_mode!r} is not '-'; '-' reads the request as JSON")
    texts, as_json = texts_in(given), json_mode is not None
    if texts.get("message") == "-":
        texts["message"] = _read()
    request = Request(texts=texts, inputs=_inputs(inputs), **given)
    if json_mode == "-":
        request = from_json(_read(), request)
    if explain:
        _explain(request, queue, as_json=as_json)
        return
    from scheduler.commands.create import create, rehearse

    connection = connected(queue)
    with request.naming():
        do = rehearse if dry_run else create
        answer = do(request, connection)
    tell(answer, as_json=as_json)
    for line in () if as_json else answer.warnings:
        streams.complain(f"warning: {line}")
    watch(connection, nudge=request.nudge and not dry_run)


def _explain(request: Request, queue: str | None, *, as_json: bool) -> None:
    from scheduler.clock import SystemClock
    from scheduler.commands.explain import explained

    answer = explained(request, now=SystemClock().now(), ask=lambda: connected(queue).settings)
    tell(answer, as_json=as_json)
