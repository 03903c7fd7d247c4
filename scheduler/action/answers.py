"""Puts an answer into GitHub's own places: the log, the step's outputs, its summary, annotations.

Each place is tried, whatever becomes of the others: any of them may be unwritable.
"""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scheduler import streams
from scheduler.commands.answer import Created
from scheduler.commands.request import AGAIN
from scheduler.environment import Environment
from scheduler.errors import SchedulerError
from scheduler.github import workflow_commands
from scheduler.github.workflow_commands import Annotation, Level
from scheduler.job.workflow_inputs import UNREAD
from scheduler.policy.outcomes import Ended
from scheduler.text import code, visible
from scheduler.tick.report import TickReport, summary

#: The level at which each note about a job of these lists is annotated.
LEVELS: Mapping[str, Level] = {
    "held": "error",
    "discarded": "error",
    "invalid": "warning",
    "rejected": "warning",
    "missed": "warning",
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a run of the action answers."""

    #: The lines of the log; none of them is a command to the runner.
    lines: Sequence[str]
    #: The step's outputs, by name.
    outputs: Mapping[str, str]
    #: The step's summary, in Markdown.
    summary: str
    #: What was done, to be said where that could not be told.
    done: str
    annotations: Sequence[Annotation] = ()


def of_tick(report: TickReport, environment: Environment, *, warned: str | None) -> Answer:
    """The answer of a tick; ``warned`` is the one of its notices that is a warning."""
    data = report.as_json()
    counts = {
        name: str(len(data[name]))
        for name in ("dispatched", *TickReport.NOTES, "followed", "failed")
    }
    repository, server = environment.need_repository(), environment.server_url
    return Answer(
        lines=[*report.lines()],
        outputs={**counts, "next-due": data["next_due"] or "", "result": json.dumps(data)},
        summary=summary(report, repository=repository, server=server),
        done=f"the tick is done, dispatched: {counts['dispatched']}; the jobs' journals say which",
        annotations=annotated(report, warned=warned),
    )


def annotated(report: TickReport, *, warned: str | None) -> list[Annotation]:
    """The annotations of a tick."""
    found = [
        Annotation(level=level, message=visible(f"#{note.id}: {note.reason}"), title=name)
        for name, level in LEVELS.items()
        for note in report.notes[name]
    ]
    found += [
        Annotation(level="warning", message=visible(f"#{number}: {_ran(end)}"), title="failed")
        for number, end in report.failed
    ]
    # A message that a target never takes is no news at each run; its comment has it.
    found += [
        Annotation(level="warning", message=visible(f"#{f.id}: {f.reason}"), title="dispatched")
        for f in report.dispatched
        if f.reason.startswith(UNREAD)
    ]
    for notice in report.notices:
        level: Level = "warning" if notice == warned else "notice"
        found.append(Annotation(level=level, message=visible(notice), title="schedule"))
    if report.stopped:
        found.append(Annotation(level="warning", message=visible(report.stopped), title="stopped"))
    return found


def _ran(end: Ended) -> str:
    """What a run came to, in one line."""
    told = f" ({end.told})" if end.told else ""
    return f"{end.conclusion}: {end.url or 'its run'}{told}"


def of_created(made: Created) -> Answer:
    """The answer where a job was opened."""
    data, ticket = made.as_json(), made.ticket
    head = f"### Schedule: [#{ticket.number}]({ticket.url}) {code(made.line())}"
    return Answer(
        lines=made.text().splitlines(),
        outputs={"id": str(data["id"]), "url": data["url"], "result": json.dumps(data)},
        summary="\n".join([head, *(f"\nWarning: {code(line)}" for line in made.warnings), ""]),
        done=f"#{ticket.number} is open, {ticket.url}; {AGAIN}",
        annotations=[
            Annotation(level="warning", message=visible(line), title="schedule")
            for line in made.warnings
        ],
    )


def tell(answer: Answer, environment: Environment) -> streams.Untold | None:
    """Write an answer to each place; the error of the caller, where one can't be written.

    The summary says what the log says, so its failure is only a warning.
    """
    untold = None
    try:
        _write_outputs(environment, answer.outputs)
    except streams.Untold as problem:
        untold = streams.Untold(f"{problem}; {answer.done}")
    try:
        _write_summary(environment, answer.summary)
    except streams.Untold as problem:
        streams.complain(problem)
    try:
        for line in (
            *_inert(answer.lines),
            *workflow_commands.annotation_lines(answer.annotations),
        ):
            _say(line)
    except OSError as problem:
        streams.abandon(sys.stdout)
        untold = untold or streams.lost(problem, answer.done)
        streams.complain(untold)
        untold.told = True
    return untold


def fail(problem: SchedulerError) -> None:
    """Annotate the run with what went wrong."""
    try:
        _say(workflow_commands.annotation("error", visible(str(problem)), title="schedule"))
    except OSError:
        streams.abandon(sys.stdout)
        streams.complain(problem)


def warn(line: str) -> None:
    """Annotate the run with what did not succeed beside the tick itself."""
    try:
        _say(workflow_commands.annotation("warning", visible(line), title="schedule"))
    except OSError:
        streams.abandon(sys.stdout)
        streams.warn(line)


def _inert(lines: Iterable[str]) -> list[str]:
    # No line of an issue's text is a command to the runner while these are stopped.
    token = secrets.token_hex(16)
    return [f"::stop-commands::{token}", *map(visible, lines), f"::{token}::"]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _write_outputs(environment: Environment, values: Mapping[str, str]) -> None:
    if environment.output_path is None:
        return
    entries = [
        workflow_commands.output(name, value, delimiter=secrets.token_hex(16))
        for name, value in values.items()
    ]
    streams.append("GITHUB_OUTPUT", environment.output_path, "".join(entries))


def _write_summary(environment: Environment, text: str) -> None:
    if environment.summary_path is None:
        return
    streams.append("GITHUB_STEP_SUMMARY", environment.summary_path, workflow_commands.summary(text))
