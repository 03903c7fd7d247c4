"""What people tell the scheduler in comments: slash commands, one a comment.

A command is a comment whose first line that says anything is the command alone; in a quotation
or a code block it is only text. Who may give one is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.errors import InvalidJob
from scheduler.ports.values import Comment, User
from scheduler.text import nearest, refusal, shown
from scheduler.times import instants

#: What a comment can ask of a job; ``/resolve`` answers a question of the scheduler's own.
NAMES = ("snooze", "run", "cancel", "pause", "resume", "approve", "retry")
#: For how long a job can be put off at once.
LONGEST = timedelta(days=400)

#: What stands on either side of a command and can't be seen: blanks, control characters, and
#: signs without a width or without ink.
#: https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
NOTHING = " \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u2800\u3000" + "".join(
    map(chr, [*range(0x20), 0x7F, 0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5,
              *range(0x180B, 0x1810), *range(0x2000, 0x2010), *range(0x202A, 0x202F),
              *range(0x2060, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0,
              *range(0xFFF0, 0xFFFC), *range(0xE0000, 0xE1000)])
)  # fmt: skip
_BLANKS = {ord(c): " " if c.isspace() else "" for c in NOTHING}
#: How a sentence ends; a command at its end is meant all the same.
ENDS = ".,;:!\u2026\u3001\u3002\uff01\uff0c\uff0e"
#: From so many blanks on Markdown shows a line as code.
CODE = 4
#: The most that is looked at of a first line, in characters.
LONGEST_LINE = 1_000

RESOLVED = re.compile(r"dispatched ([1-9][0-9]{0,17})")
WORD = re.compile(r"/(?P<word>[A-Za-z]{2,12})")
#: A command and a sign right behind it, ``/cancel?``; ``/run-tests`` and ``/run.sh`` are others'.
SIGNED = re.compile(rf"/(?P<word>{'|'.join((*NAMES, 'resolve'))})[^\w./\\:-].*", re.IGNORECASE)
#: What is written for the commands that say more than their name.
_MORE = {
    "snooze": "write /snooze 2h",
    "resolve": "write '/resolve again', or '/resolve dispatched RUN-ID'",
}
#: What people call a command elsewhere.
OTHERWISE = {
    "abort": "cancel", "close": "cancel", "delete": "cancel", "kill": "cancel", "remove": "cancel",
    "stop": "cancel", "hold": "pause", "suspend": "pause", "continue": "resume",
    "unpause": "resume", "start": "run", "now": "run", "go": "run", "rerun": "run",
    "delay": "snooze", "defer": "snooze", "later": "snooze", "postpone": "snooze",
    "reschedule": "snooze", "accept": "approve", "allow": "approve", "confirm": "approve",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Resolution:
    """A person's ``/resolve``: what became of a job on hold."""

    #: The comment's id.
    comment_id: int
    #: Who wrote it.
    by: str
    #: The run that the occurrence had; None: it had none and is to be run again.
    run_id: int | None = None
    #: Whether the comment was changed after it was written, perhaps by somebody else.
    edited: bool = False

    @property
    def started(self) -> bool:
        """Whether it names a run."""
        return self.run_id is not None


@dataclass(frozen=True, kw_only=True)
class Command:
    """A slash command, or a first line that looks like one."""

    #: The comment's id.
    comment_id: int
    #: The login of who wrote it.
    by: str
    #: One of ``NAMES``; empty: it looks like a command and is none.
    name: str
    #: When the comment was written, in UTC.
    said_at: datetime
    #: For how long a ``snooze`` puts the job off, from ``said_at`` on; None of the others.
    length: timedelta | None = None
    #: Whether the account is an app's.
    bot: bool = False
    #: Whether the comment was changed after it was written, perhaps by somebody else.
    edited: bool = False
    #: Why it is no command, and the fix; empty of a command.
    problem: str = ""

    @property
    def author(self) -> User:
        """Who wrote it."""
        return User(login=self.by, bot=self.bot)


def said_in(body: str) -> tuple[str, str] | None:
    """The first word of a comment's first line, ``/cancel``, and the rest of the line.

    Blanks and signs that can't be seen don't matter, nor does how the line ends as a sentence.
    None: the line does not begin with ``/``, or Markdown shows it as code.
    """
    kept = body.lstrip(NOTHING)
    if not kept.startswith("/"):
        return None
    begin = len(body) - len(kept)
    indent = body[body.rfind("\n", 0, begin) + 1 : begin]
    if "\t" in indent or indent.count(" ") >= CODE:
        return None
    line = kept.partition("\n")[0][:LONGEST_LINE]
    words = line.translate(_BLANKS).rstrip(f"{ENDS} ").split()
    if not words:
        return None
    word = words[0].rstrip(ENDS) if len(words) > 1 else words[0]
    return word, " ".join(words[1:])


def resolutions(comments: Iterable[Comment], *, after: int = 0) -> list[Resolution]:
    """The ``/resolve`` commands in comments with an id above ``after``, newest first."""
    found = []
    for comment in comments:
        if comment.id <= after or comment.author.bot:
            continue
        word, rest = said_in(comment.body) or ("", "")
        if word == "/resolve" and (rest == "again" or RESOLVED.fullmatch(rest)):
            run_id = None if rest == "again" else int(rest.rpartition(" ")[2])
            by, edited = comment.author.login, comment.edited
            found.append(Resolution(comment_id=comment.id, by=by, run_id=run_id, edited=edited))
    return sorted(found, key=lambda resolution: -resolution.comment_id)


def heard(comments: Iterable[Comment], *, after: int = 0) -> list[Command]:
    """The commands in comments with an id above ``after``, oldest first.

    First lines that look like a command and are none are among them, with their ``problem``, and
    so are the commands of apps.
    """
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
    word, rest = said_in(comment.body) or ("", "")
    name = word.removeprefix("/")
    if word != f"/{name}" or name not in NAMES or (name != "snooze") == bool(rest):
        return None
    try:
        put_off = length(rest, field="/snooze") if rest else None
    except InvalidJob:
        return None
    return Command(
        comment_id=comment.id,
        by=comment.author.login,
        name=name,
        said_at=comment.created_at,
        length=put_off,
        bot=comment.author.bot,
        edited=comment.edited,
    )


def problem(comment: Comment) -> str | None:
    """Why a first line that looks like a command is none, and the fix, in one line.

    None of a comment that is a command, or is not meant as one: ``/run-tests`` is somebody
    else's. The line holds what the comment says, so it is untrusted.
    """
    word, rest = said_in(comment.body) or ("", "")
    signed = SIGNED.fullmatch(word)
    if signed:
        name = signed["word"].lower()
        fix = _MORE.get(name) or f"write /{name} alone on the first line"
        return f"comment: {shown(word)} is no command; {fix}"
    match = WORD.fullmatch(word)
    if match is None or resolutions([_by_a_person(comment)]) or _command(comment):
        return None
    name = match["word"].lower()
    if name not in (*NAMES, "resolve"):
        return _unknown(word, name)
    if word != f"/{name}":
        return f"comment: {shown(word)} is no command; write /{name}, in small letters"
    if name == "snooze":
        return _snooze_problem(rest)
    if name == "resolve":
        return str(refusal(word, rest, "does not say what happened", _MORE[name]))
    return str(refusal(word, rest, "is too much", f"write {word} alone on the first line"))


def _by_a_person(comment: Comment) -> Comment:
    return replace(comment, id=1, author=replace(comment.author, bot=False))


def _unknown(word: str, name: str) -> str:
    known = [each for each in (*NAMES, "resolve") if each[0] == name[0]]
    near = OTHERWISE.get(name) or nearest(name, known, cutoff=0.8)
    fix = f"did you mean /{near}?" if near else f"there are /{', /'.join((*NAMES, 'resolve'))}"
    return f"comment: {shown(word)} is no command; {fix}"


def _snooze_problem(rest: str) -> str | None:
    if not rest:
        return f"/snooze: lacks for how long; {_MORE['snooze']}"
    try:
        length(rest, field="/snooze")
    except InvalidJob as wrong:
        return str(wrong)
    return None


def length(text: str, *, field: str) -> timedelta:
    """For how long a job is put off: a duration as ``instants.duration`` reads it, up to 400 days.

    Raises:
        InvalidJob: it is no duration, nothing, or longer.
    """
    found = instants.duration(text, field=field)
    if found > LONGEST:
        raise refusal(field, text, "is longer than 400 days", "write a shorter one")
    return found


def word(name: str, length: timedelta | None = None) -> str:
    """The comment that gives a command, ``/snooze 2h``, which ``heard`` reads as the same."""
    return f"/{name}" if length is None else f"/{name} {instants.format_duration(length)}"
