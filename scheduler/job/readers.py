"""Reads the text of each kind of value that a job's keys have.

A reader takes text, whoever wrote it. It is given the name by which its author calls the key,
the text, and the zone of a local time, and returns the value or raises ``InvalidJob``. What it
needs beyond this module it imports when it is called: the command line is made of the table of
keys, and who asks for help reads no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from scheduler.text import REPOSITORY, refusal

#: The longest jitter; a longer one would move a job to another day.
LONGEST_JITTER = timedelta(days=1)
#: The most bytes of a branch's name: git stores it as a file's.
LONGEST_NAME = 255
#: The file names that GitHub runs: no path, no character that can't be seen or sent.
WORKFLOW_NAME = re.compile(
    r"\A(?!.*\.\.)[^/\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,250}\.ya?ml", re.DOTALL
)
#: What git's own check-ref-format refuses: https://git-scm.com/docs/git-check-ref-format
BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[/.-]|[/.]$|\.lock$|^@$")
YEAR = re.compile("[0-9]{4}-")
NUMBER = re.compile("0|[1-9][0-9]{0,4}")
#: The refs of pull requests, which anybody can open from a fork, in each way to write them.
PULL = re.compile(
    r"refs/pull(?:/|$)|(?:refs/(?:heads|tags|remotes(?:/[^/]+)?)/|heads/)?pull/[0-9]+(?:/|$)",
    re.IGNORECASE,
)
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

Reader = Callable[[str, str, str | None], Any]


def text(called: str, text: str, zone: str | None) -> str:
    """Any text."""
    return text


def instant(called: str, text: str, zone: str | None) -> datetime:
    """An instant, or a local time in ``zone``."""
    from scheduler.times import instants

    return instants.instant(text, field=called, timezone=zone)


def duration(called: str, text: str, zone: str | None) -> timedelta:
    """A length of time."""
    from scheduler.times import instants

    return instants.duration(text, field=called)


def tolerance(called: str, text: str, zone: str | None) -> timedelta:
    """A length of time, or none at all."""
    from scheduler.times import instants

    return instants.duration(text, field=called, allow_zero=True)


def deadline(called: str, text: str, zone: str | None) -> timedelta | datetime:
    """A duration after ``run-at`` (``6h``), or an instant."""
    from scheduler.times import instants

    if YEAR.match(text):
        return instants.instant(text, field=called, timezone=zone)
    return instants.duration(text, field=called, or_instant=True)


def jitter(called: str, text: str, zone: str | None) -> timedelta:
    """A length of time of at most a day."""
    found = duration(called, text, zone)
    if found > LONGEST_JITTER:
        raise refusal(called, text, "is longer than a day", "write a shorter one, such as 10m")
    return found


def retry_after(called: str, text: str, zone: str | None) -> timedelta:
    """A pause before a run is tried again."""
    from scheduler.job import retrying

    return retrying.pause(called, text)


#: The readers that take a space of any width for a plain one.
TIMES = (instant, duration, tolerance, deadline, jitter, retry_after)


def retry_on(called: str, text: str, zone: str | None) -> tuple[str, ...]:
    """Outcomes, with commas between."""
    from scheduler.job import retrying

    return retrying.words(called, text)


def reference(called: str, text: str, zone: str | None) -> str:
    """An issue or pull request."""
    from scheduler.job import references

    return references.reference(called, text)


def zone(called: str, text: str, zone: str | None) -> str:
    """A time zone's name."""
    from scheduler.times import instants

    return instants.zone(text, field=called).key


def cron(called: str, text: str, zone: str | None) -> str:
    """A rule of five fields, or a word for one; it stays as written: a signature is over it."""
    from scheduler.times.cron import cron_text

    cron_text(called, text)
    return text


def rrule(called: str, text: str, zone: str | None) -> str:
    """A rule of RFC 5545; it stays as it was written."""
    from scheduler.times.rrule import rrule_text

    rrule_text(called, text)
    return text


def condition(called: str, text: str, zone: str | None) -> str:
    """A condition; it stays as it was written."""
    from scheduler.job import conditions

    conditions.parse(called, text)
    return text


def number(most: int, fix: str, *, least: int = 1) -> Reader:
    """A reader of whole numbers from ``least`` to ``most``; ``fix`` is for any other text."""

    def read(called: str, text: str, zone: str | None) -> int:
        number = int(text) if NUMBER.fullmatch(text) else -1
        if not least <= number <= most:
            raise refusal(called, text, f"is not a number from {least} to {most}", fix)
        return number

    return read


def one_of(words: tuple[str, ...]) -> Reader:
    """A reader of one of these words."""

    def read(called: str, text: str, zone: str | None) -> str:
        if text not in words:
            raise refusal(called, text, "is not known", f"write one of: {', '.join(words)}")
        return text

    return read


def choice(words: tuple[str, ...]) -> str:
    """How the help shows that one of these words is to be given."""
    return f"[{'|'.join(words)}]"


def workflow(called: str, text: str, zone: str | None) -> str:
    """The name of a workflow's file."""
    if not WORKFLOW_NAME.fullmatch(text) or len(text.encode()) > LONGEST_NAME:
        fix = "write the file's name alone, such as 'agent-message.yml'"
        raise refusal(called, text, "is not the name of a workflow file", fix)
    return text


def repository(called: str, text: str, zone: str | None) -> str:
    """A repository's ``owner/name``."""
    if not REPOSITORY.fullmatch(text) or text.endswith(("/.", "/..")):
        raise refusal(called, text, "is not a repository", "write 'owner/name'")
    return text


def ref(called: str, text: str, zone: str | None) -> str:
    """A branch or a tag."""
    if COMMIT.fullmatch(text):
        fix = "write a branch or a tag; GitHub takes no commit"
        raise refusal(called, text, "is a commit", fix)
    if PULL.match(text):
        fix = "write a branch of the repository, or a tag"
        raise refusal(called, text, "is what a pull request proposes", fix)
    if BAD_REF.search(text):
        raise refusal(called, text, "can't name a branch or tag", "write one such as 'main'")
    return text
