"""The acts of people on an issue that let its job run, or go on.

Whoever labels, reopens, unlocks or resumes has to have the right to schedule. Whoever stops a
job needs none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from scheduler.job.states import State, state_label
from scheduler.journal.slash import Command
from scheduler.ports.values import Event, Ticket


class Kind(str, Enum):
    """How an act lets a job run; the value is the word for it."""

    REOPENED = "reopened"
    LABELLED = "labelled"
    UNLOCKED = "unlocked"
    RESUMED = "resumed"
    LET_GO = "let go"
    APPROVED = "approved"


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """An act without which the job would not run."""

    #: What was done.
    kind: Kind
    #: When, and by whom.
    event: Event
    #: The event that it took back, such as the pause that it ended.
    since: Event | None = None


def beginnings(events: Iterable[Event], *, label: str) -> list[Beginning]:
    """The acts in ``events`` by which a job runs: their accounts need the right to schedule.

    ``events`` are the issue's, oldest first.

    Whoever reopened the issue last answers for its label, its lock and its pause as they were when
    it was closed. ``label`` is the queue's; GitHub's labels know no letter case.
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
    let(Kind.APPROVED, "unlabeled", "labeled", state_label(label, State.APPROVAL))
    return found


def reopened_at(events: Iterable[Event]) -> datetime | None:
    """When the issue was reopened last; None: it never was."""
    past = list(events)
    at = _last(past, "reopened")
    return None if at is None else past[at].at


def labelled(events: Iterable[Event], *, label: str) -> Event | None:
    """The event by which the queue's label was last put on; None: there is none."""
    past = list(events)
    at = _last(past, "labeled", label)
    return None if at is None else past[at]


def taken_off(events: Iterable[Event], name: str) -> Event | None:
    """The event by which the label ``name`` came off last; None: it did not, or is on again."""
    past = list(events)
    off, on = _last(past, "unlabeled", name), _last(past, "labeled", name)
    return None if off is None or _or_none(on) > off else past[off]


def overtaken(
    said: Command, events: Iterable[Event], ticket: Ticket, *, label: str, login: str
) -> str | None:
    """Who did the contrary of ``said`` after it was written, in words; None: nobody.

    A pause after a ``/run`` or ``/resume`` stays, a pause that was lifted after a ``/pause`` stays
    lifted, and an issue that was reopened after a ``/cancel`` stays open. Acts of the scheduler
    itself, ``login``, do not count. Instants have whole seconds; in the same second the command
    counts.
    """
    paused, approve = state_label(label, State.PAUSED), state_label(label, State.APPROVAL)
    on = paused in ticket.labels
    contrary = {
        "run": ("labeled", paused, "paused it", on),
        "resume": ("labeled", paused, "paused it", on),
        "approve": ("labeled", approve, "asked for an approval", approve in ticket.labels),
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
    """The last event of a kind that is by another account than ``login``."""
    past = [e for e in events if e.actor is None or e.actor.login.lower() != login.lower()]
    at = _last(past, event, label)
    return None if at is None else past[at]


def _or_none(place: int | None) -> int:
    return -1 if place is None else place


def _last(past: Sequence[Event], event: str, name: str = "") -> int | None:
    """The place of the last event of a kind, about the label ``name`` in any letter case."""
    wanted = (event, name.lower())
    places = range(len(past) - 1, -1, -1)
    return next((i for i in places if (past[i].event, past[i].label.lower()) == wanted), None)
