"""Turns a request into a job that is filled in and checked; opens nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from scheduler.commands.job_of import job_of
from scheduler.commands.request import Medium, Request
from scheduler.commands.rights import rights_of
from scheduler.connection import Connection
from scheduler.environment import Environment
from scheduler.errors import (
    InvalidJob,
    NotPermitted,
    Refused,
    Rejected,
    SchedulerError,
    UsageError,
)
from scheduler.job import conditions, frontmatter, workflow_inputs
from scheduler.job.model import Job
from scheduler.job.readers import WORKFLOW_NAME
from scheduler.job.workflow_file import Declared
from scheduler.job.workflow_inputs import OWN_INPUTS
from scheduler.policy import brakes, quotas, series
from scheduler.policy.job_text import require_of_queue
from scheduler.policy.trust import Rights
from scheduler.ports.values import Target, User
from scheduler.settings.model import Settings
from scheduler.text import choices, refusal, shown
from scheduler.tick.facts import Facts
from scheduler.times import recurrence

#: A person of whom nothing is known: what is refused to this one is refused to everybody.
SOMEBODY = User(login="somebody")
#: Why what a job asks for does nothing here.
NOT_FOLLOWED = "the settings follow no run"
#: What helps where a workflow's file can't be read.
UNREADABLE = {
    Medium.OPTIONS: "mend the file, or add --unchecked: its run is told the job's own inputs alone",
    Medium.JSON: 'mend the file, or add "unchecked": true: its run is told the "inputs" alone',
    Medium.FORM: "mend the file, or open the job as an issue, whose own inputs its run is told",
}


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A job that is checked and not opened yet."""

    job: Job
    #: Where it goes.
    target: Target
    #: When it was asked for: its time is told as seen from there.
    now: datetime
    #: What whoever asks for it has to know, a line each: the job is opened all the same.
    warnings: tuple[str, ...] = ()


def facts_of(connection: Connection) -> Facts:
    """The facts of one creation; each question is asked once."""
    return Facts(
        connection.queue,
        clock=connection.clock,
        login=connection.settings.scheduler.login,
        settings_found=connection.settings_found,
        branch=connection.environment.default_branch(connection.queue.repository),
    )


def draft(request: Request, connection: Connection, facts: Facts) -> Draft:
    """The job that ``request`` asks for, with the settings' defaults, checked by the rules.

    Raises:
        UsageError: it names no target, or no time.
        InvalidJob, Refused: a value is wrong, the target would refuse it, or a rule does.
        NotPermitted: the token may not read what is needed to tell.
    """
    now = connection.clock.now()
    job = job_of(
        request,
        connection.environment,
        now=now,
        queue=connection.queue.repository,
        zone=connection.settings.defaults.timezone,
    )
    rights = rights_of(connection)
    target = rights.target(job)
    if not target.name:
        raise UsageError(
            "--workflow: is missing; name a file of .github/workflows/, or set "
            "defaults.workflow in .github/scheduler.yml"
        )
    if reason := rights.target_refusal(SOMEBODY, target):
        raise Refused(reason)
    if reason := rights.reply_refusal(job):
        raise Refused(reason)
    _check_times(job, connection.settings, now)
    require_of_queue(job, queue=connection.queue.repository)
    declared, branch = _declared(target, rights, facts)
    made = replace(job, workflow=target.workflow)
    if target.workflow is not None:
        made = _inherited(made, declared, connection.environment)
    where = f"{target.repo} at {branch}" if branch else target.repo
    if declared is None and target.workflow is not None:
        raise _no_such_file(target, where, rights, connection)
    if declared and declared.problem and not request.unchecked:
        problem = f"in {where} can't be read: {declared.problem}"
        raise refusal("workflow", target.name, problem, UNREADABLE[request.medium])
    workflow_inputs.check(
        made, declared, workflow=target.workflow, where=where, fix=request.missing
    )
    facts.prove_settings()
    _short_enough(made)
    file = declared if target.workflow else None
    warnings = (*_warnings(made, file, request), *_not_followed(made, connection.settings))
    return Draft(job=made, target=target, now=now, warnings=warnings)


def _no_such_file(target: Target, where: str, rights: Rights, connection: Connection) -> InvalidJob:
    """The refusal of a file that is not there, with those that are and that jobs may start."""
    fix = "write the name of a file that is on that branch"
    try:
        names = connection.queue.workflow_names(target.repo, target.ref or None)
    except SchedulerError:
        names = ()  # only a courtesy
    written = (name for name in names if WORKFLOW_NAME.fullmatch(name))
    may = (replace(target, workflow=name) for name in written)
    there = [each.name for each in may if rights.target_refusal(SOMEBODY, each) is None]
    if there:
        fix = choices(target.name, there, "write one of")
    return refusal("workflow", target.name, f"is not in .github/workflows/ of {where}", fix)


def _warnings(job: Job, declared: Declared | None, request: Request) -> tuple[str, ...]:
    """What of a job its run will not be told; ``declared`` is None of an event."""
    told = _not_told(job, declared, request) if declared else ()
    if workflow_inputs.said_otherwise(job):
        words = "the input 'message' goes before it, so its run is not told it; leave one out"
        return (f"message: {words}", *told)
    return told


def _not_followed(job: Job, settings: Settings) -> tuple[str, ...]:
    """What of a job does nothing, since what becomes of its run is not asked."""
    found = []
    if job.reply_to is not None and (job.event or not settings.follow):
        why = "an event's run can't be followed" if settings.follow else NOT_FOLLOWED
        found.append(f"reply-to: {why}, so it is not told there what the run came to")
    if not settings.follow:
        found += [f"retries: {NOT_FOLLOWED}, so none is tried again by itself"] * bool(job.retries)
        found += [f"pause-after: {NOT_FOLLOWED}, so no failure counts"] * bool(job.pause_after)
        found += [
            f"{field}: {NOT_FOLLOWED}, so how that of another job ends is never known"
            for field, text in (("when", job.when), ("unless", job.unless))
            if text is not None and conditions.parse(field, text).of_job
        ]
    return tuple(found)


def _not_told(job: Job, declared: Declared, request: Request) -> tuple[str, ...]:
    """What of a job a workflow does not ask for, and what of it could not be checked."""
    left = workflow_inputs.not_handed_over(job, declared)
    if declared.problem:
        told = f"workflow: {shown(job.workflow)} can't be read, so its inputs were not checked"
        return (f"{told}; {left.partition('; ')[2]}" if left else told,)
    found, form = [], request.medium is Medium.FORM
    said = {name.lower() for name in job.inputs}
    if left:
        free = [name for name in declared.inputs if name.lower() not in (*said, *OWN_INPUTS)]
        other = (
            f"say it in {shown(free[0])}, which it does" if free and not form else "leave it out"
        )
        found.append(
            f"message: {shown(job.workflow)} declares no input 'message', so its run is not told "
            f"it; declare one, or {other}"
        )
    # The form's is otherwise whoever sent it.
    named = "agent" in request.names if form else request.get("agent")
    if named and not {"agent", "requested_by"} & {*said, *declared.inputs}:
        found.append(
            f"agent: {shown(job.workflow)} declares no input 'agent', so its run is not told it; "
            "declare one to have it told"
        )
    return tuple(found)


def _check_times(job: Job, settings: Settings, now: datetime) -> None:
    """Refuse a series that comes too often, a time beyond the horizon, and too long a run.

    A time that is past was refused already, by `job_of.instant_of`.
    """
    if (rule := series.written_rule(job)) is not None:
        recurrence.check(rule, shortest=settings.limits.shortest_interval)
    if reason := quotas.too_far(job, now, settings.quotas) or brakes.unfollowed(job, settings):
        raise Refused(reason)


def _declared(target: Target, rights: Rights, facts: Facts) -> tuple[Declared | None, str | None]:
    """What the target's file declares (None: there is none), and at which branch or tag it stands.

    Raises:
        Refused: nobody may have a job run there.
        NotPermitted: the token can't see the target's repository.
    """
    try:
        declared = facts.declared(target)
        branch = facts.known_branch(target.repo)
        if reason := rights.ref_refusal(SOMEBODY, target):
            raise Refused(reason)
        if declared is None:
            # A 404 may mean the file, or a repository that the token can't see at all.
            branch = rights.branch(target.repo)
    except Rejected as refused:
        raise NotPermitted(
            f"repository: {target.repo!r} does not exist, or the token can't see it ({refused}); "
            "check the name and the token's access"
        ) from refused
    return declared, target.ref or branch


def _inherited(job: Job, declared: Declared | None, environment: Environment) -> Job:
    """Give a workflow that schedules itself the required inputs that it runs with."""
    if declared is None or job.workflow is None or job.workflow != environment.workflow:
        return job
    given = environment.inputs
    missing = {
        name: given[name]
        for name, spec in declared.inputs.items()
        if spec.required and spec.default is None and name not in job.inputs and name in given
    }
    given = {name: text for name, text in missing.items() if name.lower() not in OWN_INPUTS}
    return replace(job, inputs={**job.inputs, **given})


def _short_enough(job: Job) -> None:
    body = frontmatter.render(job)
    if len(body) > frontmatter.MAX_BODY:
        raise refusal(
            "--message",
            f"{len(body)} characters",
            "are too many for an issue",
            f"GitHub allows {frontmatter.MAX_BODY}; shorten it",
        )
