"""What people tell the scheduler in comments: slash commands, one a comment.

A command is a comment whose first line is the command alone; in a quotation or a code
block it is only text. Who may give one is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.errors import InvalidJob
from scheduler.ports import Comment, User
from scheduler.text import nearest, refusal, shown
from scheduler.times import instants

#: What a comment can ask of a job; ``/resolve`` answers a question of the scheduler's own.
NAMES = ("snooze", "run", "cancel", "pause", "resume")
#: For how long a job can be put off at once.
LONGEST = timedelta(days=400)

RESOLVE = re.compile(
    r"/resolve[ \t]+(?:(dispatched)[ \t]+([1-9][0-9]{0,17})|(again))[ \t]*(?:\r?\n|\Z)"
)
COMMAND = re.compile(
    r"/(?:(?P<alone>run|cancel|pause|resume)|(?P<long>snooze)[ \t]+(?P<length>[^\s]+))"
    r"[ \t]*(?:\r?\n|\Z)"
)
#: A first line that is meant for us, right or wrong; ``/run-tests`` is somebody else's.
MEANT = re.compile(
    r"/(?P<name>snooze|run|cancel|pause|resume|resolve)(?:(?=\s)(?P<rest>[^\n]*)|\Z)",
    re.IGNORECASE,
)
#: A first word that may be a slip of the keys.
WORD = re.compile(r"/(?P<word>[A-Za-z]{2,12})(?=\s|\Z)")


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """A person's word on a held job: it ran, as ``run_id``, or it is to run again."""

    comment_id: int
    by: str
    run_id: int | None = None

    @property
    def started(self) -> bool:
        """Whether the person says that the run was started."""
        return self.run_id is not None


@dataclass(frozen=True, kw_only=True)
class Command:
    """What a comment asks of a job: ``name`` is one of ``NAMES``.

    ``length`` is for how long a ``snooze`` puts it off, counted from ``said_at`` (UTC), the
    instant at which the comment was written; of any other command it is None. ``bot`` is true
    of an app's account. What was meant as a command and is none has no name, and a ``problem``.
    """

    comment_id: int
    by: str
    name: str
    said_at: datetime
    length: timedelta | None = None
    bot: bool = False
    problem: str = ""

    @property
    def author(self) -> User:
        """Who said it."""
        return User(login=self.by, bot=self.bot)


def resolutions(comments: Iterable[Comment], *, after: int = 0) -> list[Resolution]:
    """The ``/resolve`` commands in comments with an id above ``after``, newest first."""
    found = []
    for comment in comments:
        match = RESOLVE.match(comment.body)
        if match and comment.id > after and not comment.author.bot:
            run_id = int(match[2]) if match[1] else None
            found.append(Resolution(comment_id=comment.id, by=comment.author.login, run_id=run_id))
    return sorted(found, key=lambda resolution: -resolution.comment_id)


def commands(comments: Iterable[Comment], *, after: int = 0) -> list[Command]:
    """The commands in comments with an id above ``after``, oldest first.

    What a program says is among them: many a job is steered by one.
    """
    found = (_command(comment) for comment in comments if comment.id > after)
    return sorted(filter(None, found), key=lambda command: command.comment_id)


def heard(comments: Iterable[Comment], *, after: int = 0) -> list[Command]:
    """The same, with what was meant as a command and is none."""
    found = (_command(each) or _meant(each) for each in comments if each.id > after)
    return sorted(filter(None, found), key=lambda command: command.comment_id)


def _meant(comment: Comment) -> Command | None:
    words, author = problem(comment), comment.author
    if words is None:
        return None
    return Command(
        comment_id=comment.id,
        by=author.login,
        name="",
        said_at=comment.created_at,
        bot=author.bot,
        problem=words,
    )


def _command(comment: Comment) -> Command | None:
    match = COMMAND.match(comment.body)
    if match is None:
        return None
    try:
        put_off = length(match["length"], field="/snooze") if match["long"] else None
    except InvalidJob:
        return None
    return Command(
        comment_id=comment.id,
        by=comment.author.login,
        name=match["alone"] or match["long"],
        said_at=comment.created_at,
        length=put_off,
        bot=comment.author.bot,
    )


def problem(comment: Comment) -> str | None:
    """Why a first line that looks like a command is none, and the fix, in one line.

    None of a comment that is a command, or is not meant as one. The line holds what the
    comment says, so it is untrusted.
    """
    meant = MEANT.match(comment.body)
    if meant is None:
        return _slip(comment.body)
    if RESOLVE.match(comment.body) or _command(comment):
        return None
    word, name = f"/{meant['name']}", meant["name"].lower()
    rest = (meant["rest"] or "").strip()
    if word != f"/{name}":
        return f"comment: {shown(word)} is no command; write /{name}, in small letters"
    if name == "snooze":
        return _snooze_problem(rest)
    if name == "resolve":
        fix = "write '/resolve again', or '/resolve dispatched RUN-ID'"
        return str(refusal(word, rest, "does not say what happened", fix))
    if not rest:
        return f"{word}: is followed by odd whitespace; write it alone on the first line"
    return str(refusal(word, rest, "is too much", f"write {word} alone on the first line"))


def _slip(body: str) -> str | None:
    """What is wrong with ``/snoze``; ``/paused`` and ``/rerun`` are words of somebody else's."""
    match = WORD.match(body)
    if match is None:
        return None
    word = match["word"].lower()
    known = [each for each in (*NAMES, "resolve") if each[0] == word[0]]
    near = nearest(word, known, cutoff=0.8)
    if near is None or word.startswith(near):
        return None
    return f"comment: {shown(match[0])} is no command; did you mean /{near}?"


def _snooze_problem(rest: str) -> str:
    if not rest:
        return "/snooze: lacks for how long; write /snooze 2h"
    try:
        length(rest, field="/snooze")
    except InvalidJob as wrong:
        return str(wrong)
    return str(refusal("/snooze", rest, "stands after odd whitespace", f"write /snooze {rest}"))


def length(text: str, *, field: str) -> timedelta:
    """For how long a job is put off: a duration as ``when.duration`` reads it, up to 400 days.

    Raises:
        InvalidJob: it is no duration, nothing, or longer.
    """
    found = instants.duration(text, field=field)
    if found > LONGEST:
        raise refusal(field, text, "is longer than 400 days", "write a shorter one")
    return found


def word(name: str, length: timedelta | None = None) -> str:
    """The comment that gives a command, ``/snooze 2h``, which ``commands`` reads as the same."""
    return f"/{name}" if length is None else f"/{name} {instants.format_duration(length)}"
