"""``concurrency``: one run of a group goes on, one waits, a newer one replaces it.

The sandbox starts whole runs, where GitHub starts jobs. So a run waits for a group of one
of its jobs, and may be evicted from it, only where no other job goes on meanwhile; while it
goes on, it holds the group in any case. Groups are per repository, their names know no case.
https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from scheduler.sandbox.runner.expressions import CannotEvaluate, evaluate, expand, truthy
from scheduler.sandbox.runner.runs import Run
from scheduler.sandbox.runner.workflow_files import JobDefinition, WorkflowFile

QUEUE_LIMIT = 100
"""Pending runs of a group with ``queue: max``."""


def assign(
    run: Run, file: WorkflowFile, contexts: Mapping[str, Any], *, done: Collection[str] = ()
) -> None:
    """Work out the run's groups; one that can't be evaluated is left out and noted.

    A run that waits in environments has those of the jobs that wait, and its own. done: the keys
    of the jobs that have waited.
    """
    held, waiting = set(run.groups), {gate.job for gate in run.waits}
    groups: dict[str, None] = {}
    gates: dict[str, None] = {}
    declarations = [(file.concurrency, True)]
    for job in file.jobs:
        if not waiting or job.key in waiting:
            whole = bool(waiting) or _is_all(job, file, contexts, done)
            declarations.append((job.concurrency, whole))
    for declared, whole in declarations:
        if declared is None:
            continue
        try:
            group = expand(declared.group, contexts).lower()
            cancels = expand(declared.cancel_in_progress, contexts).strip().lower() == "true"
        except CannotEvaluate as exc:
            run.log.append(f"concurrency group {declared.group!r} was not evaluated: {exc}\n")
            continue
        groups[group] = None
        if whole:
            gates[group] = None
            run.cancel_in_progress |= cancels
            run.queue_max |= declared.queue_max
    run.groups, run.gates = tuple(groups), tuple(gate for gate in gates if gate not in held)


def _is_all(
    job: JobDefinition, file: WorkflowFile, contexts: Mapping[str, Any], done: Collection[str]
) -> bool:
    """Whether nothing of the run goes on while ``job`` waits: the rest is skipped or after it."""
    after = {job.key}
    while more := {each.key for each in file.jobs if after & set(each.needs)} - after:
        after |= more
    after |= set(done)
    others = [each for each in file.jobs if each.key not in after and each.concurrency is None]
    return not any(may_run(each, contexts) for each in others)


def may_run(job: JobDefinition, contexts: Mapping[str, Any]) -> bool:
    """Whether the job's condition holds, or can't be known yet."""
    condition = (job.condition or "true").strip()
    if condition.startswith("${{") and condition.endswith("}}"):
        condition = condition[3:-2]
    try:
        return truthy(evaluate(condition, contexts))
    except CannotEvaluate:
        return True


def admit(run: Run, runs: Iterable[Run]) -> tuple[list[Run], bool]:
    """What a new run does to the others of its groups.

    Returns: the runs to cancel, and whether the new one may go on at once.
    """
    if not run.groups:
        return [], True
    rivals = [other for other in runs if other is not run and _meet(run, other)]
    waiting = [other for other in rivals if other.status == "pending"]
    going = [other for other in rivals if other.holds]
    evicted = waiting if not run.queue_max else waiting[QUEUE_LIMIT - 1 :]
    if run.queue_max and len(waiting) >= QUEUE_LIMIT:
        return [run], False
    if run.cancel_in_progress:
        return waiting + [other for other in going if other.active], not going
    return ([] if run.queue_max else evicted), not going and not (run.queue_max and waiting)


def free(ended: Run, runs: Iterable[Run]) -> list[Run]:
    """The pending runs that may go on now, oldest first."""
    if not ended.groups or ended.holds:
        return []
    everything = list(runs)
    ready: list[Run] = []
    for run in everything:
        if run.status != "pending" or not _meet(run, ended):
            continue
        others = [other for other in everything if other.holds]
        if not any(_meet(run, other) for other in [*others, *ready]):
            ready.append(run)
    return ready


def _meet(run: Run, other: Run) -> bool:
    """Whether ``run`` waits for a group that ``other`` holds or waits for."""
    return not set(run.gates).isdisjoint(other.groups)
