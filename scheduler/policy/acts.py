"""Which of the things that were done to an issue let its job run, or go on.

Whoever did one of them answers for it: a label, a reopening or an unlocking is no more than
the rights of the account that it is by. What stops a job is anybody's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from scheduler.job.states import State, state_label
from scheduler.journal.slash import Command
from scheduler.ports import Event, Ticket


class Kind(str, Enum):
    """How an act lets a job run; the value says it in words."""

    REOPENED = "reopened"
    LABELLED = "labelled"
    UNLOCKED = "unlocked"
    RESUMED = "resumed"
    LET_GO = "let go"


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """An act without which the job would stand still, and the pause before it, if it ended one."""

    kind: Kind
    event: Event
    since: Event | None = None


def beginnings(events: Iterable[Event], *, label: str) -> list[Beginning]:
    """The acts that are to be answered for, of an issue's ``events``, oldest first.

    Whoever reopened an issue last answers for how it stood when it was closed: the label, the
    lock and the pause of that time. ``label`` is the queue's; GitHub's labels know no letter case.
    """
    past = list(events)
    back = _last(past, "reopened")
    closed = -1 if back is None else _or_none(_last(past[:back], "closed"))
    found = [] if back is None else [Beginning(kind=Kind.REOPENED, event=past[back])]

    def let(kind: Kind, event: str, stopped: str = "", name: str = "") -> None:
        at, stop = _last(past, event, name), _last(past, stopped, name)
        if at is not None and at > closed and (stop is None or stop < at):
            since = None if stop is None else past[stop]
            found.append(Beginning(kind=kind, event=past[at], since=since))

    let(Kind.LABELLED, "labeled", name=label)
    let(Kind.UNLOCKED, "unlocked", "locked")
    let(Kind.RESUMED, "unlabeled", "labeled", state_label(label, State.PAUSED))
    let(Kind.LET_GO, "unlabeled", "labeled", state_label(label, State.HELD))
    return found


def labelled(events: Iterable[Event], *, label: str) -> Event | None:
    """Who put the queue's label on, as it is on now; None: no such event."""
    past = list(events)
    at = _last(past, "labeled", label)
    return None if at is None else past[at]


def overtaken(
    said: Command, events: Iterable[Event], ticket: Ticket, *, label: str, login: str
) -> str | None:
    """Who has done the contrary of a command since it was given, in words; None: nobody.

    What was said first gives way to what was done later: a pause that somebody put on after a
    `/run` or a `/resume` stays, one that they lifted after a `/pause` stays lifted, and an issue
    that they reopened after a `/cancel` stays open. What the scheduler, ``login``, did itself is
    no such thing. Instants have whole seconds; within the same one the command counts.
    """
    paused = state_label(label, State.PAUSED)
    on = paused in ticket.labels
    contrary = {
        "run": ("labeled", paused, "paused it", on),
        "resume": ("labeled", paused, "paused it", on),
        "pause": ("unlabeled", paused, "resumed it", not on),
        "cancel": ("reopened", "", "reopened it", ticket.open),
    }
    kind, name, words, stands = contrary.get(said.name, ("", "", "", False))
    act = last_by_others(events, kind, name, login=login) if stands else None
    if act is None or act.at <= said.said_at:
        return None
    who = repr(act.actor.login) if act.actor else "somebody"
    return f"{who} {words} after that"


def last_by_others(
    events: Iterable[Event], event: str, label: str = "", *, login: str
) -> Event | None:
    """The last event of a kind that is not by the account ``login``."""
    past = [e for e in events if e.actor is None or e.actor.login.lower() != login.lower()]
    at = _last(past, event, label)
    return None if at is None else past[at]


def _or_none(place: int | None) -> int:
    return -1 if place is None else place


def _last(past: Sequence[Event], event: str, name: str = "") -> int | None:
    """The place of the last event of a kind; of a label, whatever its letter case."""
    wanted = (event, name.lower())
    places = range(len(past) - 1, -1, -1)
    return next((i for i in places if (past[i].event, past[i].label.lower()) == wanted), None)
