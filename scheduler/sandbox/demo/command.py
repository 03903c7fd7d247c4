"""``schedule demo``: the whole story against a local GitHub, in one command."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scheduler.sandbox.command import SAMPLE
from scheduler.sandbox.demo import stage

if TYPE_CHECKING:
    from scheduler.sandbox.demo.checks import Verdict


def play(sample: Path, say: Callable[[str], None]) -> list[Verdict]:
    """Serve ``sample`` and tell the story in it; nothing is left behind.

    Raises: `UsageError` where something that it needs is not installed.
    """
    act = stage.need(os.environ)
    sandbox_type = stage.sandbox_type()
    from scheduler.sandbox.demo.story import Story  # noqa: PLC0415  (it needs Flask)

    with (
        stage.prepared(os.environ) as arguments,
        sandbox_type({"octo/queue": sample}, act=act, **arguments) as sandbox,
    ):
        # Writes to the real GitHub keep a distance; to a local one they need not.
        sandbox.extra_environ["SCHEDULE_WRITES_PER_SECOND"] = "0"
        say(f"A local GitHub answers at {sandbox.url}. Its repository octo/queue")
        say("has the scheduler and three workflows to be scheduled. No account is needed.")
        return Story(sandbox, say).tell()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option(
    "--sample",
    hidden=True,  # for tests: another repository to play it in
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=SAMPLE,
)
@click.pass_context
def demo(ctx: click.Context, *, as_json: bool, sample: Path) -> None:
    """Play the whole story against a local GitHub.

    Five jobs are opened: one runs an agent's workflow, one another workflow, one is
    cancelled by a person, one is refused, and one fails and is tried again. The scheduler
    and the workflows really run, by act, on this machine. The exit status is 0 only if all
    five ended as they should.
    With --json, the story goes to standard error.
    """
    began = time.monotonic()
    stage.stop_when_told()
    try:
        verdicts = play(sample, lambda text: click.echo(text, err=as_json))
    except KeyboardInterrupt:
        click.echo("\nstopped; nothing is left running", err=True)
        ctx.exit(130)
    seconds = time.monotonic() - began
    ok = not any(verdict.problems for verdict in verdicts)
    click.echo(conclusion(verdicts, seconds), err=as_json)
    if as_json:
        jobs = [verdict.as_json() for verdict in verdicts]
        click.echo(json.dumps({"ok": ok, "seconds": round(seconds, 1), "jobs": jobs}, indent=2))
    ctx.exit(0 if ok else 1)


def conclusion(verdicts: list[Verdict], seconds: float) -> str:
    """The last lines: each job's end, and whether all is well."""
    lines = ["\n7. Did each job end as it should?"]
    for verdict in verdicts:
        name = "a job" if verdict.id is None else f"#{verdict.id}"
        sign = "WRONG" if verdict.problems else "yes"
        lines.append(f"    {sign:5}  {name}: {verdict.expected}")
        lines += [f"                {problem}" for problem in verdict.problems]
    wrong = sum(1 for verdict in verdicts if verdict.problems)
    end = f"{wrong} of {len(verdicts)} jobs did not" if wrong else f"All {len(verdicts)} jobs did"
    return "\n".join([*lines, "", f"{end}. It took {seconds:.0f} s."])
