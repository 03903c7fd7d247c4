"""What is fuzzed: every reader of text that somebody else wrote, and what must hold of it.

Each target takes any text. It returns normally if the text was read, and what was read is
sound, or if it was refused in one line with the fix. Anything else is raised.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone

from scheduler.errors import InvalidJob, SchedulerError, SettingsError, UsageError
from scheduler.job import frontmatter, signing
from scheduler.job.model import Job
from scheduler.journal import journal
from scheduler.journal.comments import head
from scheduler.ports.values import Comment, User
from scheduler.settings import file
from tests.support.processor import least_seconds

#: The longest that a text may take, in seconds of the processor's time.
LONGEST = 0.05

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
BOT = "github-actions[bot]"
KEYS = signing.Keys({"alice": ("k" * 32,), "": ("k" * 32, "o" * 32)})


class Broken(Exception):
    """A promise that did not hold."""


def promise(held: object, what: str) -> None:
    """Raise `Broken` where an `assert` could be optimised away."""
    if not held:
        raise Broken(what)


def refused(problem: SchedulerError) -> None:
    """What was refused is told in one short printable line: field, what is wrong; the fix."""
    line = str(problem)
    promise(line.isprintable(), f"not one printable line: {line!r}")
    promise(": " in line and "; " in line, f"no field or no fix: {line!r}")
    promise(len(line) < 700, f"{len(line)} characters: {line[:100]!r}")


def front_matter(text: str) -> None:
    """An issue's body: what was read is written so that it is read as the same."""
    try:
        job = frontmatter.parse(text, timezone="Europe/Berlin")
    except InvalidJob as problem:
        refused(problem)
        return
    promise(text.replace("\r\n", "\n").endswith(job.message.replace("\r\n", "\n")), "the message")
    written = frontmatter.render(job)
    if len(written) <= frontmatter.MAX_BODY:
        promise(frontmatter.parse(written) == job, "written and read again, it is another job")
    signed_or_not(job)


def settings(text: str) -> None:
    """The settings' file."""
    try:
        read = file.parse(text)
    except SettingsError as problem:
        refused(problem)
        return
    promise(read == file.parse(text), "read twice, they are two")
    read.allow.permits_workflow(text[:50])
    read.allow.permits_repository(text[:50])


def comments(text: str) -> None:
    """A comment: only the scheduler's own is a record, and a record is written as it was read."""
    theirs, own = (
        Comment(id=7, issue=1, body=text, author=User(login=login), created_at=NOON)
        for login in ("stranger", BOT)
    )
    seen = journal.read([theirs], login=BOT)
    promise(not (seen.claims or seen.journal.entries or seen.explanations), "a stranger's record")
    history = journal.read([own], login=BOT)
    journal.claim_of(own)
    promise(journal.highest_attempt([theirs], "1@x") < 2**63, "an attempt beyond all numbers")
    for record in (*history.claims, *([history.journal] if history.journal.entries else ())):
        again = Comment(id=7, issue=1, body=head(record), author=User(login=BOT), created_at=NOON)
        promise(journal.read([again], login=BOT) == history, "written and read again")
    # A comment without a record in it records nothing.
    promise(text.startswith("<!-- schedule:") or history == journal.History(), "out of nothing")


def signatures(text: str) -> None:
    """A signature: none that was not made with the key is accepted."""
    message = text[: frontmatter.MAX_BODY]
    signed_or_not(
        Job(run_at=NOON, agent="alice", workflow="a.yml", signature=text, message=message)
    )
    signature = signing.Signature.read(text)
    promise(signature is None or signature.text() == text, "read and written, it is another")
    try:
        signing.Keys.read(text)
    except UsageError as problem:
        refused(problem)


def signed_or_not(job: Job) -> None:
    """No text that was fuzzed is a signature; and what is signed now, is accepted."""
    reason = signing.refusal(job, KEYS, mode="required", repository="octo/queue", created_at=NOON)
    promise(reason, "a signature that nobody made was accepted")
    promise(str(reason).startswith("signature: ") and "; " in str(reason), f"{reason!r}")
    ours = signing.sign(job, "k" * 32, repository="Octo/Queue", issued_at=NOON, nonce="n" * 24)
    known = signing.Keys({job.agent or "": ("k" * 32,)})
    accepted = signing.refusal(
        ours, known, mode="required", repository="octo/queue", created_at=NOON
    )
    promise(accepted is None, f"what was just signed is refused: {accepted}")
    form = signing.canonical(job, repository="octo/queue", issued_at=NOON, nonce="n")
    promise(form.isascii() and json.loads(form)["message"] == job.message, "the canonical form")


TARGETS: dict[str, Callable[[str], None]] = {
    "front matter": front_matter,
    "settings": settings,
    "journal": comments,
    "signature": signatures,
}


def timed(target: Callable[[str], None], text: str, longest: float = LONGEST) -> float:
    """Run a target; the processor time that it took, as ``least_seconds`` counts it."""
    best = least_seconds(lambda: target(text), enough=longest)
    promise(best <= longest, f"took {best:.3f} s of {longest} s: {text[:100]!r}")
    return best
