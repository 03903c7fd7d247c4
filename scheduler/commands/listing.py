"""Jobs as a table and in detail: whole, or fitted to a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scheduler.commands.find import find
from scheduler.commands.look import SAID, Seen, look, with_actor
from scheduler.commands.ran import live
from scheduler.commands.why import NOT_YET, Why, grouped, over_limits
from scheduler.connection import Connection
from scheduler.job.states import LABELLED, TERMINAL, State, state_label
from scheduler.journal.comments import one_line, sentence
from scheduler.text import columns, cut, filled, first_line, line_ends, shown, visible
from scheduler.times import instants

#: How many jobs ``list --all`` looks at: each that was closed can cost a request.
RECENT = 30
#: How many of its last occurrences a series shows.
SHOWN = 10
#: The least columns that a narrow terminal has for a target, and those that a message should have.
TARGET, MESSAGE = 12, 20
#: A Markdown link; on a terminal its address has a line of its own.
LINK = re.compile(r"\[(run [0-9]+)\]\([^()\s]*\)")


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Jobs, in the order in which they are listed."""

    seen: Sequence[Seen]
    #: The instant from which distances are shown.
    now: datetime
    #: Whether closed jobs are among them.
    everything: bool = False
    #: The agent whose jobs they are; None: anybody's.
    agent: str | None = None
    #: The state in which all of them are, or the word that the list has for it; None: in any.
    state: str | None = None
    #: Whether there are older ones, which were not looked at.
    more: bool = False
    #: How many there are in all; None: the server does not tell, or there are no more.
    total: int | None = None

    def as_json(self) -> list[dict[str, Any]]:
        """The list that ``schedule list --json`` prints."""
        return [each.as_json(self.now) for each in self.seen]

    def text(self) -> str:
        """The same for a person, with nothing cut."""
        return "\n".join([*self._table(None), *self._notes()])

    def fitted(self, width: int) -> str:
        """The same for a terminal."""
        return "\n".join([*self._table(width), *(filled(line, width) for line in self._notes())])

    def _table(self, width: int | None) -> list[str]:
        if not self.seen:
            none = "no jobs" if self.agent is None else f"no jobs of agent {shown(self.agent)}"
            if self.state is not None:
                return [f"{none} in state {shown(self.state)}"]
            return [f"there are {none}" if self.everything else f"{none} wait"]
        return table(self.seen, self.now, width=width)

    def _notes(self) -> list[str]:
        """What stands below the table."""
        reasons = [(each.ticket.number, each.why.reason) for each in self.seen if said(each)]
        lines = [visible(line) for line in grouped(reasons)]
        if self.more:
            among = "among " if len(self.seen) < RECENT else ""
            of = "; there are more" if self.total is None else f" of {self.total}"
            lines.append(f"{among}the newest {RECENT}{of}")
        return ["", *lines] if lines else []


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
        """The same for a person, with each sentence in a line."""
        return self._shown(lambda line: line)

    def fitted(self, width: int) -> str:
        """The same for a terminal. The message, which may be copied, stays as it is."""
        return self._shown(lambda line: filled(line, width))

    def _shown(self, fit: Callable[[str], str]) -> str:
        data = self.seen.in_detail(self.now)
        lines = [fit(line) for line in details(self.seen, data)]
        if data["message"]:
            lines += ["", visible(str(data["message"])).rstrip("\n")]
        return "\n".join(lines)


def show(connection: Connection, number: int) -> Details:
    """One job as it stands.

    Raises:
        NoSuchJob: there is no such issue, or it is no job.
    """
    now = connection.clock.now()
    seen = look(connection, find(connection, number))
    seen = replace(seen, ran=live(connection, seen.ran, seen.job))
    return Details(seen=_ended(with_actor(connection, seen)), now=now)


def _ended(seen: Seen) -> Seen:
    """The same where GitHub shows the end of a run that no tick has recorded yet."""
    ran = seen.ran
    if seen.state is not State.RUNNING or ran is None or not ran.conclusion:
        return seen
    words = f"run {ran.entry.run_id} ended as {ran.conclusion!r}; the next tick records that"
    return replace(seen, why=replace(seen.why, reason=words))


def jobs(
    connection: Connection, *, everything: bool, agent: str | None, state: str | None = None
) -> Listing:
    """The open jobs, soonest first; with ``everything`` the newest, closed ones included.

    ``state`` is that of all of them, or the word by which they are shown; one that ends a job is
    looked for among the closed ones.
    """
    now, queue = connection.clock.now(), connection.queue
    ends = next((each for each in TERMINAL if each.value == state), None)
    everything |= ends is not None
    label = state_label(connection.settings.label, ends) if ends and ends in LABELLED else None
    # One more than is shown tells whether there are more.
    tickets = (
        queue.newest_tickets(RECENT + 1, label=label) if everything else list(queue.open_tickets())
    )
    more = everything and len(tickets) > RECENT
    total = queue.count_tickets() if more and label is None else None
    tickets = tickets[:RECENT] if everything else tickets
    seen = [look(connection, ticket, deep=everything) for ticket in tickets]
    seen = [look(connection, each.ticket) if _tries(each, now) else each for each in seen]
    if not everything:
        known = [(each.known, each.said) for each in seen if each.known and each.said]
        limits = over_limits(known, now=now, settings=connection.settings)
        seen = [limited(each, limits) for each in seen]
    if state is not None:
        seen = [each for each in seen if state in (each.state.value, each.word)]
    if agent is not None:
        seen = [each for each in seen if each.job and each.job.agent == agent]
    if not everything:
        seen.sort(key=lambda each: (each.run_at is None, each.run_at))
    connection.seen[:] = [each.ticket for each in seen]
    return Listing(
        seen=seen,
        now=now,
        everything=everything,
        agent=agent,
        state=state,
        more=more,
        total=total,
    )


def _tries(seen: Seen, now: datetime) -> bool:
    """Whether only its journal tells where a job is: it has run, and may be tried again."""
    job, read = seen.job, seen.known is not None and seen.known.read
    once = job is not None and bool(job.retries) and not job.recurring and job.run_at <= now
    return once and not read and bool(seen.ticket.comments) and seen.ticket.open


def limited(seen: Seen, limits: Mapping[int, Why]) -> Seen:
    """A job that waits for nothing but a tick, with the limit that keeps it from running."""
    limit = limits.get(seen.ticket.number)
    waits = seen.state is State.PENDING and seen.why.word in ("", "due", "overdue")
    return replace(seen, why=limit) if limit and waits else seen


def said(seen: Seen) -> bool:
    """Whether the list says why a job is where it is: what its state and its time leave open."""
    if seen.problem or not seen.why.reason:
        return False
    tells = (State.HELD, State.PAUSED, State.APPROVAL, State.RUNNING, State.RETRYING, State.FAILED)
    return seen.state in tells or seen.why.word not in (
        "",
        "due",
        "overdue",
    )


def table(seen: Sequence[Seen], now: datetime, *, width: int | None) -> list[str]:
    """One line a job, of at most ``width`` columns; None: nothing is cut.

    Where that leaves no room for the message, the instant is left out: the distance tells it.
    """
    rows = [["ID", "STATE", "RUN AT", "IN", "TARGET", "MESSAGE"]]
    for each in seen:
        job = each.job
        at = instants.format_instant(each.run_at) if each.run_at else "-"
        distance = instants.distance(each.run_at, now) if each.run_at else "-"
        target = job.target if job else "-"
        text = _in_a_row(first_line(job.message) if job else each.problem)
        rows.append([f"#{each.ticket.number}", each.word, at, distance, target, text])
    widths = [max(columns(row[column]) for row in rows) for column in range(5)]
    if width is not None:
        if width < sum(widths[:4]) + TARGET + MESSAGE // 2 + 2 * len(widths):
            widths.pop(2)
            rows = [row[:2] + row[3:] for row in rows]
        room = width - sum(widths[:-1]) - 2 * len(widths) - MESSAGE
        widths[-1] = min(widths[-1], max(TARGET, room))
    lines = []
    for row in rows:
        cells = (cut(text, most) for text, most in zip(row, widths, strict=False))
        head = "  ".join(
            text + " " * (most - columns(text)) for text, most in zip(cells, widths, strict=True)
        )
        line = f"{head}  {row[-1]}".rstrip()
        lines.append(line if width is None else cut(line, width))
    return lines


def _one_line(text: str) -> str:
    """A value with its line breaks escaped, so that none begins a line of the display."""
    return visible(line_ends(text).replace("\n", "\\n"))


def _in_a_row(text: str) -> str:
    """``text`` on one line, as it can be shown."""
    return visible(text).translate({ord("\n"): " ", ord("\t"): " "})


def details(seen: Seen, data: Mapping[str, Any]) -> list[str]:
    """One job, a fact a line, then its journal; ``data`` are the facts."""
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
    facts += [("outcome", seen.ran.words())] if seen.ran and seen.ran.words() else []
    lines = [f"#{seen.ticket.number} {seen.word}"]
    lines += [f"  {key + ':':10} {value}" for key, value in facts]
    lines += [f"  input:     {k}={_one_line(str(v))}" for k, v in data["inputs"].items()]
    if seen.problem:
        lines.append(f"  problem:   {seen.problem}")
    elif seen.ticket.open and seen.why.reason and seen.why.reason != NOT_YET:
        lines.append(f"  reason:    {seen.why.reason}")
    if data["progress"]:
        lines.append(f"  progress:  {data['progress']}")
    if len(data["next"]) > 1:
        lines.append(f"  next:      {', '.join(data['next'])}")
    say = one_line if seen.job and seen.job.recurring else sentence
    lines += ["  " + LINK.sub(r"\1", say(entry)) for entry in seen.entries[-SHOWN:]]
    return [_in_a_row(line) for line in lines]
