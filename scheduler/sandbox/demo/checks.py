"""Whether each of the demo's jobs ended as it should, by the sandbox's own state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from scheduler.sandbox.hub.clock import iso, parse_iso
from scheduler.sandbox.hub.people import BOT
from scheduler.sandbox.hub.records import Issue
from scheduler.sandbox.runner.runs import Run
from scheduler.sandbox.sandbox import Sandbox

RUN_AT = re.compile(r"^run-at: (\S+)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One job, how it should end, and what is wrong with how it ended.

    id: the issue's number; ``None`` where it was never opened.
    """

    id: int | None
    expected: str
    problems: tuple[str, ...]
    run_id: int | None = None

    def as_json(self) -> dict[str, Any]:
        """An entry of what ``schedule demo --json`` prints."""
        return vars(self) | {"ok": not self.problems, "problems": list(self.problems)}


def ran(
    sandbox: Sandbox, number: int | None, *, workflow: str, inputs: Mapping[str, str], says: str
) -> Verdict:
    """It ran once, not before its time, with these inputs, and printed a line with ``says``."""
    expected = f"ran once and said {says!r}"
    with sandbox.state.lock:
        issue = _issue(sandbox, number)
        runs = [run for run in _runs(sandbox) if run.workflow.path.endswith(f"/{workflow}")]
        run = runs[0] if runs else None
        problems = tuple(_about_run(issue, runs, inputs, says))
    return Verdict(id=number, expected=expected, problems=problems, run_id=run.id if run else None)


def cancelled(sandbox: Sandbox, number: int | None, *, by: str, message: str) -> Verdict:
    """A person closed it; the scheduler left it alone."""
    expected = f"closed by {by}, so it did not run"
    with sandbox.state.lock:
        issue = _issue(sandbox, number)
        problems = tuple(_about_closed(issue, by)) + _no_run(sandbox, message)
    return Verdict(id=number, expected=expected, problems=problems)


def refused(sandbox: Sandbox, number: int | None, *, field: str, message: str) -> Verdict:
    """One comment tells the author what is wrong with ``field``; it is open, to be mended."""
    expected = f"refused for its {field}, and explained once"
    with sandbox.state.lock:
        issue = _issue(sandbox, number)
        problems = tuple(_about_refused(issue, field)) + _no_run(sandbox, message)
    return Verdict(id=number, expected=expected, problems=problems)


def tried(sandbox: Sandbox, number: int | None, *, workflow: str, ends: Sequence[str]) -> Verdict:
    """Each of its runs, of an occurrence of its own, ended so; the issue tells of all of them."""
    expected = f"its runs were {', '.join(ends)}, and its issue says so"
    with sandbox.state.lock:
        issue = _issue(sandbox, number)
        runs = [run for run in _runs(sandbox) if run.workflow.path.endswith(f"/{workflow}")]
        problems = tuple(_about_tries(issue, runs, ends))
    run_id = runs[-1].id if runs else None
    return Verdict(id=number, expected=expected, problems=problems, run_id=run_id)


def run_at(issue: Issue) -> str:
    """The ``run-at`` that an issue's text names, or nothing."""
    match = RUN_AT.search(issue.view.body or "")
    return match[1] if match else ""


def comments(issue: Issue) -> list[str]:
    """What the scheduler has written on an issue."""
    return [comment.body for comment in issue.comments if comment.author.login == BOT]


def _issue(sandbox: Sandbox, number: int | None) -> Issue | None:
    return None if number is None else sandbox.repository().issues.get(number)


def _runs(sandbox: Sandbox) -> list[Run]:
    """The runs that somebody dispatched."""
    runs = sandbox.repository().runs.values()
    return [run for run in runs if run.event == "workflow_dispatch"]


def _about_run(
    issue: Issue | None, runs: list[Run], inputs: Mapping[str, str], says: str
) -> Iterator[str]:
    if issue is None:
        yield "it was never opened"
        return
    if (issue.view.state, issue.view.state_reason) != ("closed", "completed"):
        yield f"its issue is {issue.view.state}, not closed as completed"
    if len(runs) != 1:
        yield f"it has {len(runs)} runs, not one"
        return
    said = comments(issue)
    if len(said) != 1 or f"/actions/runs/{runs[0].id}" not in said[0]:
        yield "its issue does not have one comment that links the run"
    yield from _about_start(runs[0], run_at(issue), inputs)
    if not any(line.rstrip().endswith(f"] {says}") for line in runs[0].log):
        yield f"its run's log does not say {says!r}"


def _about_tries(issue: Issue | None, runs: list[Run], ends: Sequence[str]) -> Iterator[str]:
    if issue is None:
        yield "it was never opened"
        return
    reason = "completed" if ends[-1] == "success" else "not_planned"
    if (issue.view.state, issue.view.state_reason) != ("closed", reason):
        yield f"its issue is {issue.view.state}, not closed as {reason}"
    labels = {label.name for label in issue.view.labels}
    if ("schedule:failed" in labels) != (reason == "not_planned"):
        yield "its issue's label 'schedule:failed' says otherwise"
    found = [run.conclusion or run.status for run in runs]
    if found != [*ends]:
        yield f"its runs are {', '.join(found) or 'none'}, not {', '.join(ends)}"
        return
    due = parse_iso(run_at(issue))
    if due is None or runs[0].created_at < due:
        yield f"its first run began at {iso(runs[0].created_at)}, before its time"
    yield from _about_keys(issue, runs)


def _about_keys(issue: Issue, runs: list[Run]) -> Iterator[str]:
    """Each run is of an occurrence of its own, which names the first."""
    said, key = "\n".join(comments(issue)), str(runs[0].inputs.get("schedule_id"))
    if not key.startswith(f"{issue.number}@"):
        yield f"its first run is of {key!r}"
    wanted = [key, *(f"{key}~{place}" for place in range(2, len(runs) + 1))]
    for run, name in zip(runs, wanted, strict=True):
        if run.inputs.get("schedule_id") != name:
            yield f"run {run.id} is of {run.inputs.get('schedule_id')!r}, not {name!r}"
        if f"/actions/runs/{run.id}" not in said:
            yield f"its issue does not link run {run.id}"
        if run.actor.login != BOT:
            yield f"{run.actor.login} started run {run.id}, not the scheduler"
    for before, run in pairwise(runs):
        if run.created_at < before.updated_at:
            yield f"run {run.id} began before the one before it had ended"


def _about_start(run: Run, wanted: str, inputs: Mapping[str, str]) -> Iterator[str]:
    if run.conclusion != "success":
        yield f"its run is {run.conclusion or run.status}"
    if run.actor.login != BOT:
        yield f"{run.actor.login} started its run, not the scheduler"
    due = parse_iso(wanted)
    if due is None or run.created_at < due:
        yield f"its run began at {iso(run.created_at)}, before its time ({wanted})"
    for name, value in inputs.items():
        if run.inputs.get(name) != value:
            yield f"its run got {name}={run.inputs.get(name)!r}, not {value!r}"


def _about_closed(issue: Issue | None, by: str) -> Iterator[str]:
    if issue is None:
        yield "it was never opened"
        return
    if issue.view.state != "closed":
        yield f"its issue is {issue.view.state}, not closed"
    elif issue.view.closed_by is None or issue.view.closed_by.login != by:
        yield f"its issue was not closed by {by}"
    if comments(issue):
        yield "the scheduler wrote on its issue"


def _about_refused(issue: Issue | None, field: str) -> Iterator[str]:
    if issue is None:
        yield "it was never opened"
        return
    if issue.view.state != "open":
        yield f"its issue is {issue.view.state}, not open"
    if "schedule:invalid" not in {label.name for label in issue.view.labels}:
        yield "its issue lacks the label 'schedule:invalid'"
    said = comments(issue)
    if len(said) != 1:
        yield f"its issue has {len(said)} comments of the scheduler, not one"
    elif field not in said[0]:
        yield f"the comment does not name {field!r}"


def _no_run(sandbox: Sandbox, message: str) -> tuple[str, ...]:
    ran_it = [run.id for run in _runs(sandbox) if run.inputs.get("message") == message]
    return tuple(f"run {run_id} ran it all the same" for run_id in ran_it)
