"""Jobs as a table and in detail, for a terminal of 80 columns."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scheduler.commands.find import find
from scheduler.commands.look import SAID, Seen, look, with_actor
from scheduler.commands.why import NOT_YET, Why, grouped, over_limits
from scheduler.connection import Connection
from scheduler.job.states import State
from scheduler.journal.comments import sentence, told
from scheduler.text import first_line, line_ends, visible
from scheduler.times import instants

#: How many jobs ``list --all`` looks at: each that was closed can cost a request.
RECENT = 30
#: How many of its last occurrences a series shows.
SHOWN = 10
#: A Markdown link; on a terminal its address has a line of its own.
LINK = re.compile(r"\[(run [0-9]+)\]\([^()\s]*\)")


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Jobs, in the order in which they are listed."""

    seen: Sequence[Seen]
    #: The instant from which distances are shown.
    now: datetime

    def as_json(self) -> list[dict[str, Any]]:
        """The list that ``schedule list --json`` prints."""
        return [each.as_json(self.now) for each in self.seen]

    def text(self) -> str:
        """The same for a person."""
        reasons = [(each.ticket.number, each.why.reason) for each in self.seen if said(each)]
        lines = [_filled(line) for line in grouped(reasons)]
        return "\n".join([table(self.seen, self.now), *([""] if lines else []), *lines])


@dataclass(frozen=True, kw_only=True)
class Details:
    """One job in detail."""

    seen: Seen
    #: The instant from which distances are shown.
    now: datetime

    def as_json(self) -> dict[str, Any]:
        """The object that ``schedule show --json`` prints."""
        return self.seen.in_detail(self.now)

    def text(self) -> str:
        """The same for a person."""
        return details(self.seen, self.now)


def show(connection: Connection, number: int) -> Details:
    """One job as it stands.

    Raises:
        NoSuchJob: there is no such issue, or it is no job.
    """
    now = connection.clock.now()
    seen = look(connection, find(connection, number))
    return Details(seen=with_actor(connection, seen), now=now)


def jobs(connection: Connection, *, everything: bool, agent: str | None) -> Listing:
    """The open jobs, soonest first; with ``everything`` the newest, closed ones included."""
    now, queue = connection.clock.now(), connection.queue
    tickets = queue.newest_tickets(RECENT) if everything else list(queue.open_tickets())
    seen = [look(connection, ticket, deep=everything) for ticket in tickets]
    if not everything:
        known = [(each.known, each.said) for each in seen if each.known and each.said]
        limits = over_limits(known, now=now, settings=connection.settings)
        seen = [limited(each, limits) for each in seen]
    if agent is not None:
        seen = [each for each in seen if each.job and each.job.agent == agent]
    if not everything:
        seen.sort(key=lambda each: (each.run_at is None, each.run_at))
    connection.seen[:] = [each.ticket for each in seen]
    return Listing(seen=seen, now=now)


def limited(seen: Seen, limits: Mapping[int, Why]) -> Seen:
    """A job that waits for nothing but a tick, with the limit that keeps it from running."""
    limit = limits.get(seen.ticket.number)
    waits = seen.state is State.PENDING and seen.why.word in ("", "due", "overdue")
    return replace(seen, why=limit) if limit and waits else seen


def said(seen: Seen) -> bool:
    """Whether the list says why a job is where it is: what its state and its time leave open."""
    if seen.problem or not seen.why.reason:
        return False
    return seen.state in (State.HELD, State.PAUSED) or seen.why.word not in ("", "due", "overdue")


def table(seen: Sequence[Seen], now: datetime) -> str:
    """One line a job."""
    if not seen:
        return "no jobs wait"
    rows = [("ID", "STATE", "RUN AT", "IN", "TARGET", "MESSAGE")]
    for each in seen:
        job = each.job
        at = instants.format_instant(each.run_at) if each.run_at else "-"
        distance = instants.distance(each.run_at, now) if each.run_at else "-"
        target = job.target if job else "-"
        text = first_line(job.message) if job else each.problem
        number = f"#{each.ticket.number}"
        rows.append((number, each.word, at, distance, _cut(target, 20), visible(text)))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for row in rows:
        head = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=False))
        lines.append(_cut(f"{head}  {row[5]}", 79).rstrip())
    return "\n".join(lines)


def _filled(text: str) -> str:
    return textwrap.fill(
        visible(text), 79, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _one_line(text: str) -> str:
    """A value with its line breaks escaped, so that none begins a line of the display."""
    return visible(line_ends(text).replace("\n", "\\n"))


def _cut(text: str, width: int) -> str:
    if _columns(text) <= width:
        return text
    while _columns(text) >= width:
        text = text[: -max(1, (_columns(text) - width) // 2)]
    return text + "…"


def _columns(text: str) -> int:
    """The columns that ``text`` takes on a terminal: Chinese characters and emoji take two."""
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in text)
    return len(text) + wide


def details(seen: Seen, now: datetime) -> str:
    """One job, a fact a line, then its journal and its message."""
    data = seen.in_detail(now)
    facts = [
        (key.replace("_", "-"), data[key])
        for key in (
            "run_at",
            "in",
            *SAID,
            "workflow",
            "event",
            "repo",
            "ref",
            "agent",
            "author",
            "url",
            "run_url",
        )
        if data[key]
    ]
    lines = [f"#{seen.ticket.number} {seen.word}"]
    lines += [f"  {key + ':':10} {visible(str(value))}" for key, value in facts]
    lines += [f"  input:     {k}={_one_line(str(v))}" for k, v in data["inputs"].items()]
    if seen.problem:
        lines.append(_filled(f"  problem:   {seen.problem}"))
    elif seen.ticket.open and seen.why.reason and seen.why.reason != NOT_YET:
        lines.append(_filled(f"  reason:    {seen.why.reason}"))
    if data["progress"]:
        lines.append(f"  progress:  {data['progress']}")
    if len(data["next"]) > 1:
        lines.append(_filled(f"  next:      {', '.join(data['next'])}"))
    say = told if seen.job and seen.job.recurring else sentence
    lines += [_filled("  " + LINK.sub(r"\1", say(entry))) for entry in seen.entries[-SHOWN:]]
    if data["message"]:
        lines += ["", visible(str(data["message"]))]
    return "\n".join(lines)
