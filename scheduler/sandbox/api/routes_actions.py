"""Workflows, dispatches and runs.

https://docs.github.com/rest/actions
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from scheduler.sandbox.api import shapes_actions
from scheduler.sandbox.http.failure import ApiFailure, invalid_request, not_found
from scheduler.sandbox.http.routing import REPO, Answer, Call, Routes
from scheduler.sandbox.hub.clock import iso, parse_iso
from scheduler.sandbox.hub.people import at_least
from scheduler.sandbox.runner.dispatching import (
    EVENT_TYPE_LIMIT,
    check_count,
    check_keys,
    check_payload,
)
from scheduler.sandbox.runner.runs import Run, Workflow

routes = Routes()

ALWAYS_DETAILS = "2026-03-10"
"""The API version that made the run's details a dispatch's only answer."""

WORKFLOWS = REPO + "/actions/workflows"
WORKFLOW = WORKFLOWS + "/<workflow>"
RUNS = REPO + "/actions/runs"
RUN = RUNS + "/<int:run>"


def _workflow(call: Call) -> Workflow:
    return call.actions.workflow(call.repo, call.params["workflow"])


def _shape(call: Call, workflow: Workflow) -> dict[str, Any]:
    file = call.actions.file(call.repo, workflow)
    name = file.name if file else workflow.path
    return shapes_actions.workflow(workflow, name, call.repo, call.base)


@routes.add("GET", WORKFLOWS, needs="actions:read")
def list_workflows(call: Call) -> Answer:
    """The workflows of the default branch."""
    found = call.actions.workflows(call.repo)
    return call.page(found, lambda one: _shape(call, one), key="workflows")


@routes.add("GET", WORKFLOW, needs="actions:read")
def get_workflow(call: Call) -> Answer:
    """By id or file name."""
    return Answer(_shape(call, _workflow(call)))


def _switch(call: Call, state: str) -> Answer:
    call.need_role("write")
    workflow = _workflow(call)
    workflow.state, workflow.updated_at = state, call.state.clock()
    return Answer(status=204)


@routes.add("PUT", WORKFLOW + "/enable", needs="actions:write")
def enable(call: Call) -> Answer:
    """204."""
    return _switch(call, "active")


@routes.add("PUT", WORKFLOW + "/disable", needs="actions:write")
def disable(call: Call) -> Answer:
    """204."""
    return _switch(call, "disabled_manually")


@routes.add("POST", WORKFLOW + "/dispatches", needs="actions:write")
def dispatch(call: Call) -> Answer:
    """204, or 200 with the run for ``return_run_details``.

    A server that does not know that key (GitHub Enterprise Server up to 3.19) refuses it;
    from `ALWAYS_DETAILS` on the key is gone and the answer always 200.
    """
    call.need_role("write")
    given = call.given()
    always = call.headers.get("X-GitHub-Api-Version", "") >= ALWAYS_DETAILS
    permitted = {"ref", "inputs"}
    if call.state.run_details and not always:
        permitted.add("return_run_details")
    workflow = _workflow(call)
    check_keys(given, permitted)
    ref = call.text("ref", required=True) or ""
    inputs = given.get("inputs") or {}
    if not isinstance(inputs, dict):
        raise invalid_request(f"For 'properties/inputs', {inputs} is not an object.")
    check_count(inputs, call.state.inputs_limit)
    run = call.actions.dispatch(call.repo, workflow, ref, inputs, call.user)
    if not given.get("return_run_details") and not (always and call.state.run_details):
        return Answer(status=204)
    return Answer(shapes_actions.run_urls(run, call.base))


@routes.add("POST", REPO + "/dispatches", needs="contents:write")
def repository_dispatch(call: Call) -> Answer:
    """204, whether a workflow listens or not."""
    if not at_least(call.repo.role(call.user), "write"):
        raise not_found()
    check_keys(call.given(), {"event_type", "client_payload"})
    kind = call.text("event_type", required=True) or ""
    if not 1 <= len(kind) <= EVENT_TYPE_LIMIT:
        bound = "more" if kind else "less"
        limit = EVENT_TYPE_LIMIT if kind else 1
        raise invalid_request(f"No {bound} than {limit} characters are allowed for event_type.")
    payload = call.given().get("client_payload")
    if payload is None:
        payload = {}
    if not isinstance(payload, dict):
        raise invalid_request(f"For 'properties/client_payload', {payload} is not an object.")
    check_payload(payload)
    event = {"action": kind, "branch": call.repo.default_branch, "client_payload": payload}
    call.state.emit(call.repo, "repository_dispatch", kind, call.user, event)
    return Answer(status=204)


@routes.add("GET", RUNS, needs="actions:read")
def list_runs(call: Call) -> Answer:
    """All runs, newest first, at most 1,000 of them when filtered."""
    return _list(call, list(call.repo.runs.values()))


@routes.add("GET", WORKFLOW + "/runs", needs="actions:read")
def list_workflow_runs(call: Call) -> Answer:
    """The runs of one workflow, newest first."""
    workflow = _workflow(call)
    return _list(call, [run for run in call.repo.runs.values() if run.workflow is workflow])


FILTERS: dict[str, Callable[[Run], str]] = {
    "event": lambda run: run.event,
    "actor": lambda run: run.actor.login.lower(),
    "branch": lambda run: run.ref,
    "head_sha": lambda run: run.sha,
}
"""What of a run a parameter of a list of runs has to equal."""

SEARCHES = {*FILTERS, "status", "created"}
"""Parameters that make a list of runs a search."""


def _list(call: Call, runs: list[Run]) -> Answer:
    query, stale = call.query, call.state.staleness
    late = max([stale.runs, *(stale.of_filter(name) for name in query if name in SEARCHES)])
    tests: list[Callable[[Run], bool]] = [lambda run: call.state.visible(run.created_at, late)]

    def shown(run: Run) -> tuple[str, str | None]:
        unseen = not run.active and not call.state.visible(run.updated_at, stale.run_ends)
        return ("in_progress", None) if unseen else (run.status, run.conclusion)

    def is_so(name: str, wanted: str) -> Callable[[Run], bool]:
        wanted = wanted.lower() if name == "actor" else wanted
        return lambda run: FILTERS[name](run) == wanted

    tests.extend(is_so(name, query[name]) for name in FILTERS if query.get(name))
    if state := query.get("status"):
        tests.append(lambda run: state in shown(run))
    if created := query.get("created"):
        within = _range(created)
        tests.append(lambda run: within(run.created_at))
    found = [run for run in reversed(runs) if all(test(run) for test in tests)]
    if len(tests) > 1:
        found = found[:1000]

    def shape(run: Run) -> dict[str, Any]:
        status, conclusion = shown(run)
        told = shapes_actions.run(run, call.repo, call.base)
        return told | {"status": status, "conclusion": conclusion}

    return call.page(found, shape, key="workflow_runs")


def _range(text: str) -> Callable[[datetime], bool]:
    """A search range: ``>=X``, ``>X``, ``<=X``, ``<X``, ``X..Y`` (``*`` is open), or a day.

    https://docs.github.com/search-github/getting-started-with-searching-on-github
    """
    if ".." in text:
        low, _, high = text.partition("..")
        return lambda at: (
            (low == "*" or iso(at) >= _instant(low))
            and (high == "*" or iso(at)[: len(high)] <= _instant(high)[: len(high)])
        )
    day = text.lstrip("<>=")
    sign, bound = text.removesuffix(day), _instant(day)
    if sign not in (">=", "<=", ">", "<"):
        return lambda at: iso(at).startswith(day.rstrip("Z"))
    return lambda at: {
        ">=": iso(at) >= bound, "<=": iso(at) <= bound, ">": iso(at) > bound, "<": iso(at) < bound
    }[sign]  # fmt: skip


def _instant(text: str) -> str:

    instant = parse_iso(text)
    if instant is None:
        raise ApiFailure(422, "Validation Failed", errors=[f"created: {text!r} is not a date"])
    return iso(instant)


def _run(call: Call) -> Run:
    return call.actions.run(call.repo, call.params["run"])


@routes.add("GET", RUN, needs="actions:read")
def get_run(call: Call) -> Answer:
    """``workflow-run``."""
    return Answer(shapes_actions.run(_run(call), call.repo, call.base))


@routes.add("DELETE", RUN, needs="actions:write")
def delete_run(call: Call) -> Answer:
    """204; 403 for a run that still goes on."""
    call.need_role("write")
    run = _run(call)
    if run.active:
        raise ApiFailure(403, "Could not delete the workflow run")
    call.actions.delete(call.repo, run)
    return Answer(status=204)


@routes.add("POST", RUN + "/cancel", needs="actions:write")
def cancel(call: Call) -> Answer:
    """202; 409 for a run that has ended."""
    call.need_role("write")
    call.actions.cancel(_run(call))
    return Answer({}, 202)


@routes.add("POST", RUN + "/force-cancel", needs="actions:write")
def force_cancel(call: Call) -> Answer:
    """202; does not wait for steps that always run."""
    call.need_role("write")
    call.actions.cancel(_run(call), force=True)
    return Answer({}, 202)


@routes.add("GET", RUN + "/jobs", needs="actions:read")
def list_jobs(call: Call) -> Answer:
    """The run's jobs."""
    run = _run(call)
    return call.page(run.jobs, lambda job: shapes_actions.job(job, run, call.base), key="jobs")


@routes.add("GET", RUN + "/logs", needs="actions:read")
def logs(call: Call) -> Answer:
    """The log as text, where GitHub redirects to a zip archive."""
    return _text(_run(call))


@routes.add("GET", REPO + "/actions/jobs/<int:job>", needs="actions:read")
def get_job(call: Call) -> Answer:
    """``job``."""
    run, job = _find_job(call)
    return Answer(shapes_actions.job(job, run, call.base))


@routes.add("GET", REPO + "/actions/jobs/<int:job>/logs", needs="actions:read")
def job_logs(call: Call) -> Answer:
    """The whole run's log: the sandbox keeps one for all jobs."""
    return _text(_find_job(call)[0])


def _find_job(call: Call) -> tuple[Run, Any]:
    for run in call.repo.runs.values():
        for job in run.jobs:
            if job.id == call.params["job"]:
                return run, job
    raise not_found()


def _text(run: Run) -> Answer:
    text = "".join([*run.log, run.note + "\n" if run.note else ""])
    return Answer(raw=text.encode(), headers={"Content-Type": "text/plain; charset=utf-8"})
