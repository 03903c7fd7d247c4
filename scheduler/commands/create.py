"""Opens a job, exactly once. How a request becomes a checked job stands in ``draft``."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scheduler.commands.admission import Admission
from scheduler.commands.answer import Created, instant_words, local, shown_in, times
from scheduler.commands.at_work import clock_at_work
from scheduler.commands.draft import Draft, draft, facts_of
from scheduler.commands.find import READS, being_changed
from scheduler.commands.look import look
from scheduler.commands.nudge import doubted, nudge
from scheduler.commands.request import AGAIN, Request
from scheduler.commands.revive import rouse
from scheduler.commands.rights import may_open, rights_of
from scheduler.connection import Connection
from scheduler.errors import NotPermitted, Refused, SchedulerError, Unavailable
from scheduler.job import frontmatter, signing
from scheduler.job.model import Job
from scheduler.policy.trust import sent
from scheduler.ports.values import Target, Ticket, User
from scheduler.text import filled, first_line, visible
from scheduler.tick.facts import Facts
from scheduler.times import instants

#: GitHub's limit for a title, in characters.
MAX_TITLE = 256
#: How often, and after which pause in seconds, the queue is searched for a lost creation.
SEARCHES, PAUSE = 3, 1.5


def title(job: Job) -> str:
    """The issue's title. People may change it; `list` reads its instant without the comments."""
    first = first_line(job.message)
    text = f"⏰ {job.target} at {instants.format_instant(job.run_at)}" + (
        f": {first}" if first else ""
    )
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= MAX_TITLE else text[: MAX_TITLE - 1] + "…"


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """The issue of a job as it would be opened."""

    job: Job
    now: datetime
    label: str
    zone: str | None
    #: What whoever asks for it has to know, a line each.
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The object that ``create --dry-run --json`` prints: the issue, and its instant."""
        issue = {"title": title(self.job), "labels": [self.label], "body": self._body()}
        when = times(self.job, self.now, self.zone)
        return {**issue, **when, "warnings": list(self.warnings)}

    def text(self) -> str:
        """The same for a person."""
        return f"{self._head()}\n\n{visible(self._body())}"

    def fitted(self, width: int) -> str:
        """The same for a terminal: its text, which may be copied, stays as it is."""
        return f"{filled(self._head(), width)}\n\n{visible(self._body())}"

    def _head(self) -> str:
        head = [
            title(self.job),
            f"at {instant_words(self.job, self.now)}",
            *local(self.job, self.zone),
        ]
        return "\n".join([*head, f"label: {self.label}"])

    def _body(self) -> str:
        return frontmatter.render(self.job)


def rehearse(request: Request, connection: Connection) -> Rehearsed:
    """Check everything as ``create`` does, and open nothing; raises as ``draft`` does."""
    settings = connection.settings
    facts = facts_of(connection)
    made = draft(request, connection, facts)
    _may_open(made.target, facts, connection)
    zone = shown_in(made.job, settings)
    return Rehearsed(
        job=made.job, now=made.now, label=settings.label, zone=zone, warnings=made.warnings
    )


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
    admission, facts = Admission(connection), facts_of(connection)
    made = draft(request, connection, facts)
    _may_open(made.target, facts, connection)
    if senders:
        made = _sent_by(senders, made, connection)
    made = replace(made, job=admission.with_depth(made.job))
    if request.get("request-id") is not None and (there := admission.requested(made.job, far=True)):
        return _found(*there, made, connection)
    if request.on_duplicate == "replace":
        if there := _replaced(made, admission, connection, request):
            woken = rouse(connection, there[1], nudge=request.nudge)
            answer = _found(*there, made, connection, duplicate=True)
            return replace(answer, replaced=True, nudged=woken)
    elif there := admission.duplicate(made.job):
        return _found(*there, made, connection, duplicate=True)
    admission.check(made.job)
    ticket = _opened(made.job, admission, connection, request)
    _keep(ticket, made.target, connection)
    nudged = None
    if request.nudge:
        now = connection.clock.now()
        nudged = nudge(
            connection.queue,
            made.job,
            connection.settings,
            branch=facts.branch,
            now=now,
            alone=connection.environment.in_actions,
        )
        if admission.silent:
            nudged = doubted(connection.queue, connection.settings, nudged, now=now)
    return Created(
        ticket=ticket,
        job=made.job,
        created=True,
        now=made.now,
        nudged=nudged,
        clock=clock_at_work(connection.queue, connection.settings),
        unseen=nudged is None and connection.environment.in_actions,
        warnings=made.warnings,
        zone=shown_in(made.job, connection.settings),
    )


def _may_open(target: Target, facts: Facts, connection: Connection) -> None:
    """Make sure that the token's account may open a job; an old server is asked no more for it.

    Raises:
        NotPermitted: as ``may_open``.
    """
    here = connection.queue.repository
    file = target.workflow is not None and target.repo == here and not target.ref
    if file and facts.known_branch(here) is None:
        return  # such a server does not even tell the branch with a file; `_keep` sees to it
    may_open(connection)


def _sent_by(senders: tuple[str, ...], made: Draft, connection: Connection) -> Draft:
    """The job as it is opened for the senders of an event; each of them has to have the right."""
    rights = rights_of(connection)
    for login in senders:
        user = User(login=login, bot=login.endswith("[bot]"))
        if reason := rights.refusal(user, made.target):
            raise Refused(f"sender: the event is by somebody who may not schedule this: {reason}")
    run = connection.environment.run_id or "unknown"
    return replace(made, job=replace(made.job, parent=sent(run, senders[0])))


def _found(
    ticket: Ticket, job: Job, made: Draft, connection: Connection, *, duplicate: bool = False
) -> Created:
    """The answer where the job is in the queue already."""
    return Created(
        ticket=ticket,
        job=job,
        created=False,
        duplicate=duplicate,
        state=look(connection, ticket).state,
        now=made.now,
        # Of another job than was asked for, its own creation has warned.
        warnings=() if duplicate and job is not made.job else made.warnings,
        zone=shown_in(job, connection.settings),
    )


def _replaced(
    made: Draft, admission: Admission, connection: Connection, request: Request
) -> tuple[Ticket, Job] | None:
    """Write this job into the open issue with its ``dedup-key``; None: there is none."""
    number = 0
    for _ in range(READS):
        if (there := admission.duplicate(made.job)) is None:
            return None
        ticket, number = there[0], there[0].number
        changes = _issue(made.job, connection, request)
        signed = connection.environment.signing_key and connection.settings.signing != "off"
        if signed and made.now - ticket.created_at > signing.SKEW:
            raise Refused(
                f"--on-duplicate: #{number} was opened too long ago to be signed anew; "
                f"'schedule cancel {number}', then create this one"
            )
        again = connection.queue.ticket(number)
        if again and (again.open, again.body) == (ticket.open, ticket.body):
            return connection.queue.edit(number, **changes), made.job
        admission.forget()
    raise being_changed(number)


def _opened(job: Job, admission: Admission, connection: Connection, request: Request) -> Ticket:
    """Open the issue of a job, or find it where the answer to its opening was lost."""
    issue = _issue(job, connection, request)
    try:
        return connection.queue.create(issue["title"], issue["body"])
    except Unavailable as lost:
        if lost.sent and (found := _searched(job, admission, connection)):
            return found
        again = f"repeat it with {request.way('request-id', job.request_id or '')}"
        lost.args = (f"{lost}; no issue is seen yet: {AGAIN if request.carried else again}",)
        raise


def _issue(job: Job, connection: Connection, request: Request) -> dict[str, str]:
    """The title and the text of the job's issue, signed where there is a key."""
    return {"title": title(job), "body": frontmatter.render(_signed(job, connection, request))}


def _signed(job: Job, connection: Connection, request: Request) -> Job:
    key = connection.environment.signing_key
    if key is None:
        if connection.settings.signing == "required":
            fix = "set SCHEDULE_SIGNING_KEY"
            if request.carried:
                fix = "open it with 'schedule', where SCHEDULE_SIGNING_KEY is set"
            raise Refused(f"signature: jobs of this repository must be signed; {fix}")
        return job
    return signing.sign(
        job,
        key,
        repository=connection.queue.repository,
        issued_at=connection.clock.now().replace(microsecond=0),
        nonce=secrets.token_urlsafe(18),
    )


def _searched(job: Job, admission: Admission, connection: Connection) -> Ticket | None:
    for search in range(SEARCHES):
        if search:
            connection.clock.sleep(PAUSE)
        try:
            admission.forget()
            if found := admission.requested(job):
                return found[0]
        except Unavailable:
            continue
    return None


def _keep(ticket: Ticket, target: Target, connection: Connection) -> None:
    """Close the issue again if it can never run: its label was dropped, or a bot has no right."""
    label = connection.settings.label
    if label.lower() not in {name.lower() for name in ticket.labels}:
        closed = _closed_again(ticket, connection)
        raise NotPermitted(
            f"label: GitHub dropped {label!r} from #{ticket.number}, so it is in no queue; the "
            f"token needs push access to {connection.queue.repository}; {closed}"
        )
    # Of a person, whose role is a request, the tick asks.
    if ticket.author.bot and (reason := rights_of(connection).refusal(ticket.author, target)):
        raise Refused(f"{reason}; {_closed_again(ticket, connection)}")


def _closed_again(ticket: Ticket, connection: Connection) -> str:
    """Close an issue; words for whether that worked."""
    try:
        connection.queue.set_state(ticket.number, reason="not_planned")
    except SchedulerError:
        # The reason why it is useless matters more than why it stays open.
        return f"#{ticket.number} could not be closed again; close it by hand: {ticket.url}"
    return f"#{ticket.number} was closed again"
