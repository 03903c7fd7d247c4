"""Whether a job needs somebody's approval, and whose counts. Pure.

An approval is for a text: for the job as it stood when it was given. Whoever wrote that text, or
had it written, can't give it, and no machine can. Triage gives none, as it starts no job.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from scheduler.job.model import Job
from scheduler.journal.journal import History
from scheduler.journal.notes import Asked, digest
from scheduler.policy.trust import machine, sender_of
from scheduler.ports.values import Edit, Ticket, User
from scheduler.settings.model import Settings


def needed(ticket: Ticket, edit: Edit | None, settings: Settings) -> bool:
    """Whether a job may run only once it was approved.

    With ``bots`` that is one which a bot opened or changed last; ``edit`` is None where nobody
    can tell that.
    """
    if settings.approve == "none":
        return False
    editor = edit.editor if edit is not None else None
    written = (ticket.author, *([editor] if editor is not None else []))
    return settings.approve == "all" or any(machine(each, settings) for each in written)


def given(history: History, body: str) -> datetime | None:
    """When a command approved this very text, by the journal; None: none did."""
    entry = history.journal.approved
    return entry.at if entry is not None and entry.approved == digest(body) else None


def asked_for(asked: Iterable[Asked], body: str) -> Asked | None:
    """The first comment that asked for an approval of this very text; None: there is none."""
    known = digest(body)
    return next((each for each in asked if each.text_hash == known), None)


def to_ask(ticket: Ticket, history: History) -> bool:
    """Whether an approval of a job is to be asked for now, which may be long before it is due.

    ``history`` may lack what stands on the issue for long: then nothing is asked until the job is
    due, and all of it is read.
    """
    if given(history, ticket.body) or asked_for(history.asked, ticket.body):
        return False
    return ticket.comments == 0 or bool(history.asked or history.journal.approved)


def outdated(at: datetime, edit: Edit | None, asked: Asked | None) -> str | None:
    """Why an approval that was given ``at`` is not for the text as it is now; None: it is.

    ``asked`` is the comment that asked for an approval of this text. Where nobody can tell when
    the text was changed, only what was said after that comment counts.
    """
    if edit is not None:
        if edit.at is None or edit.at < at:
            return None
        return "the text was changed after that; say it again if it is still meant"
    if asked is not None and asked.created_at is not None and asked.created_at <= at:
        return None
    return "it may have been for an older text; say it again, if it is meant for this one"


def own(user: User, ticket: Ticket, job: Job, edit: Edit | None) -> str | None:
    """Why an account can't approve this very job, whoever it is; None: it has no part in it."""
    login, sender = user.login.lower(), sender_of(job)
    if login == ticket.author.login.lower():
        return "nobody approves a job of their own; somebody else has to"
    if sender is not None and login == sender.login.lower():
        return "the job was opened for them; somebody else has to approve it"
    if edit is not None and edit.editor is not None and login == edit.editor.login.lower():
        return "they changed its text last; somebody else has to approve it"
    return None


def no_person(user: User, settings: Settings) -> str | None:
    """Why an account can't approve any job: it is a machine; None: it is a person."""
    return "a bot approves nothing; a person has to" if machine(user, settings) else None
