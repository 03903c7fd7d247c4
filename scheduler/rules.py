"""Whether a job may run: everything that can say no, gathered and asked in order of cost.

Trust, quotas, signatures and the target's own declaration are pure rules elsewhere; here
they get the facts that they need.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from scheduler import quotas, signing
from scheduler.errors import InvalidJob, Rejected
from scheduler.facts import Facts
from scheduler.gateway import Edit
from scheduler.job_text import job_of
from scheduler.known import Known
from scheduler.model import Job, Target, Ticket, User
from scheduler.quotas import Entered
from scheduler.settings import Settings
from scheduler.signing import Keys
from scheduler.states import State
from scheduler.target import Declared, check
from scheduler.trust import (
    author_refusal,
    command_refusal,
    named_bot,
    target_of,
    target_refusal,
)

#: How far back closed jobs count: the day of ``quotas.new-per-agent-per-day``.
COUNTED = quotas.DAY


class Rules:
    """The rules of one repository, over what one tick knows."""

    def __init__(self, settings: Settings, facts: Facts, *, repository: str, keys: Keys) -> None:
        self.settings = settings
        self.facts = facts
        self.repository = repository
        self.keys = keys
        #: What closed issues say; a holder counts the same ones again and again.
        self.texts: dict[tuple[str, str | None], Job | None] = {}
        self._over: dict[int, str] = {}

    def enter(self, known: Iterable[Known], others: Iterable[Ticket], *, now: datetime) -> None:
        """Count the jobs of this tick against the quotas, and look for what came twice.

        ``others`` are issues that have ended, or wait for a person: they count, too. Of one
        that is named twice the first counts.
        """
        entered = [Entered.of(each.ticket, each.raw) for each in known]
        here = {each.number for each in entered}
        apart = {each.number: each for each in reversed([*others]) if each.number not in here}
        read = ((ticket, self.job(ticket.body)) for ticket in apart.values())
        entered += [Entered.of(ticket, job) for ticket, job in read if job is not None]
        # What somebody else wrote in an agent's name uses up nothing of it, where a key can tell.
        own = [each for each in entered if not self._unsigned(each.job, each.created_at)]
        self._over = quotas.refusals(own, quotas=self.settings.quotas, now=now)
        if self.settings.signing != "off":
            self._over |= _replayed(entered)

    def job(self, body: str) -> Job | None:
        """The job that a text says; None: it says none. Each text is read once."""
        asked = (body, self.settings.defaults.timezone)
        if asked not in self.texts:
            try:
                self.texts[asked] = job_of(body, timezone=asked[1])
            except InvalidJob:
                self.texts[asked] = None
        return self.texts[asked]

    def forbidden(self, found: Known) -> str | None:
        """Why the job may not run however its target and author are: asks for nothing."""
        limits = self.settings.quotas
        return (
            self._over.get(found.number)
            or quotas.too_deep(found.job, limits)
            or quotas.too_far(found.raw, found.ticket.created_at, limits)
            or self._unsigned(found.raw, found.ticket.created_at)
        )

    def _unsigned(self, job: Job, created_at: datetime) -> str | None:
        return signing.refusal(
            job,
            self.keys,
            mode=self.settings.signing,
            repository=self.repository,
            created_at=created_at,
        )

    def judge(self, found: Known) -> tuple[Target, Declared, tuple[State, str] | None]:
        """The target, what it declares, and the rule or fact that forbids the dispatch."""
        job, author = found.job, found.ticket.author
        target = target_of(job, queue=self.repository, settings=self.settings)
        reason = (
            self.forbidden(found)
            or self._author(found)
            or target_refusal(author, target, queue=self.repository, settings=self.settings)
            or self._used_before(found)
        )
        problem = (State.REJECTED, reason) if reason else None
        declared = Declared()
        if problem is None:
            try:
                target, file = self.facts.target(job)
                if target.workflow:
                    where = f"{target.repo} at {target.ref}"
                    check(job, file, workflow=target.workflow, where=where)
                declared = file or declared
            except InvalidJob as wrong:
                # Of a series only this instant ends: the target may take the next one.
                end = State.DISCARDED if found.asked.recurring else State.REJECTED
                problem = (end, str(wrong))
            except Rejected as refused:
                problem = (State.DISCARDED, str(refused))
        # A no by settings that are not the repository's is as wrong as a yes by them.
        self.facts.prove_settings()
        return target, declared, problem

    def _author(self, found: Known) -> str | None:
        edit = self.facts.edit(found.ticket)
        reason = self.person(found.ticket.author)
        if reason is not None:
            if not self.settings.trust.labelled:
                return reason
            return self._vouched(found, reason, edit)
        if edit is None or edit.at is None:
            return None
        if edit.editor is None:
            return "body: was changed by an account that is gone; open the job anew"
        refused = self.person(edit.editor)
        return f"body: was last changed by somebody else: {refused}" if refused else None

    def person(self, user: User) -> str | None:
        """Why an account may not have jobs run, nor say what becomes of them."""
        asked = not (user.bot or named_bot(user, self.settings))
        return author_refusal(user, self.facts.role(user.login) if asked else None, self.settings)

    def may_command(self, user: User, job: Job) -> bool:
        """Whether what an account says of ``job`` in a comment is a command.

        Raises:
            RateLimited, Unavailable, NotPermitted, Rejected: GitHub did not say.
        """
        settings, role = self.settings, None
        if not (user.bot or named_bot(user, settings)):
            role = self.facts.lasting_role(user.login, enough=settings.trust.role)
        target = target_of(job, queue=self.repository, settings=settings)
        return command_refusal(user, role, target, queue=self.repository, settings=settings) is None

    def _vouched(self, found: Known, reason: str, edit: Edit | None) -> str | None:
        """A stranger's job runs as a trusted person saw it when they labelled it."""
        if edit is None:
            return f"{reason}; and this server can't show whether it was changed since its label"
        labelled = self.facts.labelled(found.number)
        if labelled is None:
            return f"{reason}; nobody is known to have labelled it"
        if refused := self.person(labelled.actor):
            return f"{reason}; who labelled it may not either: {refused}"
        if edit.at is not None and edit.at >= labelled.at:
            return f"{reason}; it was changed after {labelled.actor.login!r} labelled it"
        return None

    def _used_before(self, found: Known) -> str | None:
        if self.settings.signing == "off" or found.raw.signature is None:
            return None
        signature = signing.Signature.read(found.raw.signature)
        if signature is None:
            return None
        since = signature.issued_at - signing.SKEW
        for ticket in self.facts.created_since(since, beside=found.ticket):
            ran = ticket.state_reason == "completed" and ticket.number != found.number
            # A stranger can copy a signature into an older issue; that uses up nothing.
            if (
                (ticket.number < found.number or ran)
                and self._nonce(ticket) == signature.nonce
                and self.person(ticket.author) is None
            ):
                return _replay(ticket.number)
        return None

    def _nonce(self, ticket: Ticket) -> str | None:
        try:
            job = job_of(ticket.body, timezone=self.settings.defaults.timezone)
        except InvalidJob:
            return None
        return signing.nonce_of(job)


def _replayed(entered: list[Entered]) -> dict[int, str]:
    """What one account opened twice; of several accounts, who they are has to be asked."""
    first: dict[tuple[str, str], int] = {}
    found: dict[int, str] = {}
    for each in sorted(entered, key=lambda each: each.number):
        nonce = signing.nonce_of(each.job)
        if nonce is None:
            continue
        older = first.setdefault((each.author.lower(), nonce), each.number)
        if older != each.number:
            found[each.number] = _replay(older)
    return found


def _replay(number: int) -> str:
    return f"signature: was used before, by #{number}; each job needs one of its own"
