"""Open a job: fill in what was not said, check it as GitHub will, create it exactly once."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any

from scheduler import text as fields
from scheduler.commands.admission import Admission
from scheduler.commands.answer import Created, local, times, told
from scheduler.commands.job_of import job_of, timed
from scheduler.commands.look import look
from scheduler.commands.manage import READS, being_changed
from scheduler.commands.nudge import Nudged, nudge
from scheduler.commands.request import Request
from scheduler.connection import Connection
from scheduler.environment import Environment
from scheduler.errors import (
    NotPermitted,
    RateLimited,
    Refused,
    Rejected,
    SchedulerError,
    Unavailable,
    UsageError,
)
from scheduler.job import frontmatter, signing
from scheduler.job.model import Job
from scheduler.job.workflow_file import Declared
from scheduler.job.workflow_inputs import OWN_INPUTS, check
from scheduler.policy import series
from scheduler.policy.trust import (
    author_refusal,
    is_branch,
    named_bot,
    ref_refusal,
    sent,
    target_of,
    target_refusal,
)
from scheduler.ports import Target, Ticket, User
from scheduler.tick.facts import Facts
from scheduler.times import instants, recurrence

#: GitHub's limit for a title, in characters.
MAX_TITLE = 256
#: How often, and after which pause in seconds, the queue is searched for a lost creation.
SEARCHES, PAUSE = 3, 1.5


def settled(job: Job, connection: Connection, facts: Facts) -> Job:
    """``job`` with the settings' defaults, checked against its target and the rules.

    Raises:
        UsageError: no target is named.
        InvalidJob, Refused: the target would refuse it, or a rule does.
        NotPermitted: the token may not read what is needed to tell.
    """
    queue, settings = connection.queue, connection.settings
    target = target_of(job, queue=queue.repository, settings=settings)
    if not target.name:
        raise UsageError(
            "--workflow: is missing; name a file of .github/workflows/, or set "
            "defaults.workflow in .github/scheduler.yml"
        )
    somebody = User(login="somebody")
    if reason := target_refusal(somebody, target, queue=queue.repository, settings=settings):
        raise Refused(reason)
    job = replace(job, workflow=target.workflow)
    if (rule := series.written_rule(job)) is not None:
        recurrence.check(rule, shortest=settings.limits.shortest_interval)
    horizon = connection.clock.now() + settings.quotas.horizon
    if job.run_at > horizon:
        raise Refused(
            f"run-at: {instants.format_instant(job.run_at)} is too far away; quotas.horizon allows "
            f"until {instants.format_instant(horizon.replace(microsecond=0))}"
        )
    try:
        declared = facts.declared(target)
        branch = facts.known_branch(target.repo)
        if reason := ref_refused(somebody, target, connection):
            raise Refused(reason)
        if declared is None:
            # A 404 may mean the file, or a repository that the token can't see at all.
            branch = queue.default_branch(target.repo)
    except Rejected as refused:
        raise NotPermitted(
            f"repository: {target.repo!r} does not exist, or the token can't see it ({refused}); "
            "check the name and the token's access"
        ) from refused
    if target.workflow is not None:
        job = _inherited(job, declared, connection.environment)
    ref = job.ref or branch
    where = f"{target.repo} at {ref}" if ref else target.repo
    check(job, declared, workflow=target.workflow, where=where)
    facts.prove_settings()
    body = frontmatter.render(job)
    if len(body) > frontmatter.MAX_BODY:
        raise fields.refusal(
            "--message",
            f"{len(body)} characters",
            "are too many for an issue",
            f"GitHub allows {frontmatter.MAX_BODY}; shorten it",
        )
    return job


def ref_refused(author: User, target: Target, connection: Connection) -> str | None:
    """Why ``author`` may not have a job run on the branch or tag that it names."""
    reason = ref_refusal(author, target, connection.settings)
    if reason and is_branch(target.ref, connection.queue.default_branch(target.repo)):
        return None
    return reason


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


def title(job: Job) -> str:
    """The issue's title; nothing reads it but people."""
    first = job.message.strip().split("\n", 1)[0].strip()
    text = f"⏰ {job.target} at {instants.format_instant(job.run_at)}" + (
        f": {first}" if first else ""
    )
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= MAX_TITLE else text[: MAX_TITLE - 1] + "…"


def facts_of(connection: Connection) -> Facts:
    """What one creation asks GitHub, each question once."""
    return Facts(
        connection.queue,
        clock=connection.clock,
        login=connection.settings.scheduler.login,
        settings_found=connection.settings_found,
        branch=connection.environment.default_branch(connection.queue.repository),
    )


def prepared(request: Request, connection: Connection, facts: Facts | None = None) -> Job:
    """The job as it would be opened; raises as ``job_of`` and ``settled`` do."""
    default = connection.settings.defaults.timezone
    now = connection.clock.now()
    request = timed(request, now=now, zone=default)
    zone = request.get("timezone") or default
    queue = connection.queue.repository
    job = job_of(request.saying(timezone=zone), connection.environment, now=now, queue=queue)
    if not job.on_clocks:
        job = replace(job, timezone=request.get("timezone"))
    return settled(job, connection, facts or facts_of(connection))


def rehearse(request: Request, connection: Connection) -> tuple[dict[str, Any], str]:
    """The issue as it would be opened, and its instant: for a program, and for a person."""
    job = prepared(request, connection)
    now, zone, label = connection.clock.now(), shown_in(job, connection), connection.settings.label
    issue = {"title": title(job), "labels": [label], "body": frontmatter.render(job)}
    head = [title(job), f"at {told(job, now)}", *local(job, zone), f"label: {label}"]
    return {**issue, **times(job, now, zone)}, "\n".join([*head, "", frontmatter.render(job)])


def create(request: Request, connection: Connection, *, senders: tuple[str, ...] = ()) -> Created:
    """Open the job, exactly once for one ``request_id``.

    ``senders`` are the logins of those for whom it is opened, where that is not the token's own
    account; the job names the first.

    Raises:
        Refused: the request is wrong or against a rule; nothing was created.
        NotPermitted: the token lacks a right; what was created was closed again, or the
            message says that it was not.
        Unavailable: GitHub did not answer; the message says how to repeat it safely.
    """
    now = connection.clock.now()
    admission = Admission(connection)
    facts = facts_of(connection)
    job = admission.with_depth(prepared(request, connection, facts))
    if senders:
        run = connection.environment.run_id or "unknown"
        job = replace(job, parent=sent(run, senders[0]))
        _permit(job, senders, connection)
    if request.get("request-id") is not None and (found := admission.requested(job, far=True)):
        state = look(connection, found[0]).state
        ticket, stands = found
        zone = shown_in(stands, connection)
        return Created(ticket=ticket, job=stands, created=False, state=state, now=now, zone=zone)
    if there := _standing(admission, job, request, connection, now):
        return there
    admission.check(job)
    job = _signed(job, connection)
    try:
        ticket = connection.queue.create(title(job), frontmatter.render(job))
    except RateLimited as limited:
        raise RateLimited(_again(limited, job), retry_at=limited.retry_at) from limited
    except Unavailable as lost:
        found = _searched(job, admission, connection) if lost.sent else None
        if found is None:
            raise Unavailable(_again(lost, job), sent=lost.sent) from lost
        ticket = found[0]
    _check_created(ticket, job, connection)
    nudged = _nudge(request, job, connection, facts)
    zone = shown_in(job, connection)
    return Created(ticket=ticket, job=job, created=True, now=now, nudged=nudged, zone=zone)


def _permit(job: Job, senders: tuple[str, ...], connection: Connection) -> None:
    """Refuse a job that is to be opened for somebody who could not have it run themselves."""
    queue, settings = connection.queue, connection.settings
    target = target_of(job, queue=queue.repository, settings=settings)
    for login in senders:
        user = User(login=login, bot=login.endswith("[bot]"))
        asked = not (user.bot or named_bot(user, settings))
        reason = (
            author_refusal(user, queue.role(login) if asked else None, settings)
            or target_refusal(user, target, queue=queue.repository, settings=settings)
            or ref_refused(user, target, connection)
        )
        if reason:
            raise Refused(f"sender: the event is by somebody who may not schedule this: {reason}")


def shown_in(job: Job, connection: Connection) -> str | None:
    """The zone in which a job's time is shown beside UTC: its own, else that of the settings."""
    return job.timezone or connection.settings.defaults.timezone


def _nudge(request: Request, job: Job, connection: Connection, facts: Facts) -> Nudged | None:
    if not request.nudge:
        return None
    now = connection.clock.now()
    return nudge(connection.queue, job, connection.settings, branch=facts.branch, now=now)


def _standing(
    admission: Admission, job: Job, request: Request, connection: Connection, now: datetime
) -> Created | None:
    """What is answered where a job with the same dedup-key stands there; None: there is none."""
    number = 0
    for _ in range(READS):
        if (found := admission.duplicate(job)) is None:
            return None
        if there := _duplicate(found, job, request, connection, now):
            return there
        number = found[0].number
        admission.forget()
    raise being_changed(number)


def _duplicate(
    found: tuple[Ticket, Job],
    job: Job,
    request: Request,
    connection: Connection,
    now: datetime,
) -> Created | None:
    """The job that stands there already, replaced if that is asked for; None: it is another now."""
    ticket, stands = found
    if request.on_duplicate == "replace":
        job = _signed(job, connection)
        signed = job.signature is not None and connection.settings.signing != "off"
        if signed and now - ticket.created_at > signing.SKEW:
            raise Refused(
                f"--on-duplicate: #{ticket.number} was opened too long ago to be signed anew; "
                f"'schedule cancel {ticket.number}', then create this one"
            )
        again = connection.queue.ticket(ticket.number)
        if again is None or (again.open, again.body) != (ticket.open, ticket.body):
            return None
        changes = {"title": title(job), "body": frontmatter.render(job)}
        ticket, stands = connection.queue.edit(ticket.number, **changes), job
    state = look(connection, ticket).state
    return Created(
        ticket=ticket,
        job=stands,
        created=False,
        duplicate=True,
        state=state,
        now=now,
        zone=shown_in(stands, connection),
    )


def _signed(job: Job, connection: Connection) -> Job:
    key = connection.environment.signing_key
    if key is None:
        if connection.settings.signing == "required":
            raise Refused(
                "signature: jobs of this repository must be signed; set SCHEDULE_SIGNING_KEY"
            )
        return job
    return signing.sign(
        job,
        key,
        repository=connection.queue.repository,
        issued_at=connection.clock.now().replace(microsecond=0),
        nonce=secrets.token_urlsafe(18),
    )


def _again(lost: Unavailable, job: Job) -> str:
    return f"{lost}; no issue is seen yet: repeat it with --request-id {job.request_id}"


def _searched(job: Job, admission: Admission, connection: Connection) -> tuple[Ticket, Job] | None:
    for search in range(SEARCHES):
        if search:
            connection.clock.sleep(PAUSE)
        try:
            admission.forget()
            if found := admission.requested(job):
                return found
        except Unavailable:
            continue
    return None


def _check_created(ticket: Ticket, job: Job, connection: Connection) -> None:
    """Close again what would never run: a label that GitHub dropped, a bot that may not."""
    settings = connection.settings
    label = settings.label
    if label.lower() not in {name.lower() for name in ticket.labels}:
        closed = _closed_again(ticket, connection)
        raise NotPermitted(
            f"label: GitHub dropped {label!r} from #{ticket.number}, so it is in no queue; the "
            f"token needs push access to {connection.queue.repository}; {closed}"
        )
    author, queue = ticket.author, connection.queue.repository
    target = target_of(job, queue=queue, settings=settings)
    if author.bot and (
        reason := author_refusal(author, None, settings)
        or target_refusal(author, target, queue=queue, settings=settings)
        or ref_refused(author, target, connection)
    ):
        raise Refused(f"{reason}; {_closed_again(ticket, connection)}")


def _closed_again(ticket: Ticket, connection: Connection) -> str:
    """Close what will never run; words for whether that worked."""
    try:
        connection.queue.set_state(ticket.number, reason="not_planned")
    except SchedulerError:
        # The reason why it is useless matters more than why it stays open.
        return f"#{ticket.number} could not be closed again; close it by hand: {ticket.url}"
    return f"#{ticket.number} was closed again"
