"""The states of a job, and the transitions between them.

Rule 1: what a job can become stands in this table and nowhere else. The README's chart, the
tests and the action's words are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(str, Enum):
    """The state of a job; the value is the word that users see."""

    PENDING = "pending"
    DISPATCHING = "dispatching"
    DISPATCHED = "dispatched"
    CANCELLED = "cancelled"
    MISSED = "missed"
    REJECTED = "rejected"
    DISCARDED = "discarded"
    INVALID = "invalid"
    HELD = "held"
    PAUSED = "paused"
    SKIPPED = "skipped"
    FAILED = "failed"
    RUNNING = "running"
    RETRYING = "retrying"
    APPROVAL = "waiting for approval"


@dataclass(frozen=True)
class Meaning:
    """What a state means."""

    #: How the issue shows it.
    issue: str
    #: What it means, in words.
    means: str
    #: Who moves a job out of it.
    leaves: str
    #: What a crash in it leaves, and who picks that up.
    crash: str


STATES: dict[State, Meaning] = {
    State.PENDING: Meaning(
        issue="open",
        means="waits for its instant, or for a retry",
        leaves="a tick, when it is due; a person, by closing it",
        crash="nothing was begun; the next tick sees it as before",
    ),
    State.DISPATCHING: Meaning(
        issue="open, a claim stands",
        means="a tick is at it, or died at it",
        leaves="the tick that claimed it; after `recover-after`, any tick",
        crash="the claim stands; the next tick asks GitHub what became of it",
    ),
    State.DISPATCHED: Meaning(
        issue="closed, completed",
        means="GitHub accepted it; the journal links the run",
        leaves="a tick, if its run fails; else nobody: what was dispatched is never repeated",
        crash="recorded but still open: the next tick only closes it",
    ),
    State.CANCELLED: Meaning(
        issue="closed by a person, whatever the close reason",
        means="will not run",
        leaves="a person, by reopening it",
        crash="a claim that stood is settled from the recently closed issues",
    ),
    State.MISSED: Meaning(
        issue="closed, not planned, `schedule:missed`",
        means="its deadline passed before it could run",
        leaves="a person, by reopening it: then it runs late",
        crash="recorded but still open: the next tick only closes it",
    ),
    State.REJECTED: Meaning(
        issue="closed, not planned, `schedule:rejected`",
        means="a rule or the target says no",
        leaves="a person, by reopening it: both are asked again",
        crash="recorded but still open: the next tick only closes it",
    ),
    State.DISCARDED: Meaning(
        issue="closed, not planned, `schedule:discarded`",
        means="GitHub refused it, or its attempts ran out",
        leaves="a person, by reopening it: attempts are counted anew",
        crash="recorded but still open: the next tick only closes it",
    ),
    State.INVALID: Meaning(
        issue="open, `schedule:invalid`",
        means="its own text is wrong",
        leaves="its author, by editing it; each tick reads it again",
        crash="the explanation may be missing; the next tick writes it",
    ),
    State.HELD: Meaning(
        issue="open, `schedule:held`",
        means="what happened can't be told",
        leaves="a person: `schedule resolve`, or by closing it",
        crash="the label may be missing; the next tick sets it",
    ),
    State.PAUSED: Meaning(
        issue="open, `schedule:paused`",
        means="does not run before somebody resumes it",
        leaves="a person, by taking the label off, `schedule resume` or `/resume`",
        crash="nothing was begun; the next tick sees it as before",
    ),
    State.SKIPPED: Meaning(
        issue="closed, not planned, `schedule:skipped`",
        means="a condition says that it makes no sense any more",
        leaves="a person, by reopening it: the condition is asked again",
        crash="recorded but still open: the next tick only closes it",
    ),
    State.FAILED: Meaning(
        issue="closed, not planned, `schedule:failed`",
        means="GitHub accepted it, and its run failed; a comment says how",
        leaves="a person, by reopening it or `/retry`: then its run is tried again",
        crash="not recorded yet: the next tick does it all again, and comments once",
    ),
    State.RUNNING: Meaning(
        issue="open; the journal links the run",
        means="GitHub accepted it, and it asks for `retries`: its run decides what becomes of it",
        leaves="a tick, when the run has ended; a person, by closing it: then nothing is retried",
        crash="the journal says that it was dispatched; the next tick looks at its run",
    ),
    State.RETRYING: Meaning(
        issue="open; the journal says when",
        means="its run failed, and waits to be tried again",
        leaves="a tick, when the retry is due; a person, by closing it",
        crash="the journal says when the retry comes; the next tick sees it as before",
    ),
    State.APPROVAL: Meaning(
        issue="open, `schedule:approve`",
        means="does not run before somebody else than its author has approved it",
        leaves="such a person, by `/approve` or by taking the label off",
        crash="the label or the comment may be missing; the next tick writes it",
    ),
}


class Event(str, Enum):
    """What moves a job from one state to another; the value is the chart's words."""

    CLAIMED = "a tick claims it"
    WITHDRAWN = "the claim is withdrawn"
    ACCEPTED = "GitHub accepts the dispatch"
    NEVER_STARTED = "recovery finds no run"
    FOUND = "recovery finds its run"
    UNCLEAR = "what happened can't be told"
    REFUSED = "GitHub refuses for good"
    EXHAUSTED = "its attempts run out"
    TOO_LATE = "its deadline passes"
    FORBIDDEN = "a rule or the target says no"
    UNREADABLE = "its text does not parse"
    CORRECTED = "its text parses again"
    CLOSED = "a person closes it"
    REOPENED = "a person reopens it"
    RESOLVED_STARTED = "a person says it ran"
    RESOLVED_AGAIN = "a person says run it"
    PAUSED = "a person pauses it"
    RESUMED = "a person resumes it"
    POINTLESS = "a condition says no"
    WENT_ON = "its series goes on"
    RUN_FAILED = "its run fails"
    STAYS = "GitHub accepts it, and it has retries"
    RUN_SUCCEEDED = "its run succeeds"
    AGAIN = "its run fails, and is tried again"
    ASKED = "it needs an approval"
    APPROVED = "somebody else approves it"


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.PENDING: {
        Event.CLAIMED: State.DISPATCHING,
        Event.TOO_LATE: State.MISSED,
        Event.FORBIDDEN: State.REJECTED,
        Event.UNREADABLE: State.INVALID,
        Event.UNCLEAR: State.HELD,
        Event.PAUSED: State.PAUSED,
        Event.ASKED: State.APPROVAL,
        Event.POINTLESS: State.SKIPPED,
        Event.CLOSED: State.CANCELLED,
    },
    State.DISPATCHING: {
        Event.ACCEPTED: State.DISPATCHED,
        Event.STAYS: State.RUNNING,
        Event.FOUND: State.DISPATCHED,
        Event.WITHDRAWN: State.PENDING,
        Event.NEVER_STARTED: State.PENDING,
        Event.WENT_ON: State.PENDING,
        Event.UNCLEAR: State.HELD,
        Event.REFUSED: State.DISCARDED,
        Event.EXHAUSTED: State.DISCARDED,
        Event.CLOSED: State.CANCELLED,
    },
    State.DISPATCHED: {Event.RUN_FAILED: State.FAILED},
    State.CANCELLED: {Event.REOPENED: State.PENDING},
    State.MISSED: {Event.REOPENED: State.PENDING},
    State.REJECTED: {Event.REOPENED: State.PENDING},
    State.DISCARDED: {Event.REOPENED: State.PENDING},
    State.INVALID: {Event.CORRECTED: State.PENDING, Event.CLOSED: State.CANCELLED},
    State.HELD: {
        Event.RESOLVED_STARTED: State.DISPATCHED,
        Event.RESOLVED_AGAIN: State.PENDING,
        Event.CLOSED: State.CANCELLED,
    },
    State.PAUSED: {Event.RESUMED: State.PENDING, Event.CLOSED: State.CANCELLED},
    State.SKIPPED: {Event.REOPENED: State.PENDING},
    State.FAILED: {Event.REOPENED: State.RETRYING},
    State.RUNNING: {
        Event.RUN_SUCCEEDED: State.DISPATCHED,
        Event.RUN_FAILED: State.FAILED,
        Event.AGAIN: State.RETRYING,
        Event.PAUSED: State.PAUSED,
        Event.CLOSED: State.CANCELLED,
    },
    State.RETRYING: {
        Event.CLAIMED: State.DISPATCHING,
        Event.TOO_LATE: State.FAILED,
        Event.FORBIDDEN: State.FAILED,
        Event.POINTLESS: State.FAILED,
        Event.UNCLEAR: State.HELD,
        Event.PAUSED: State.PAUSED,
        Event.CLOSED: State.CANCELLED,
    },
    State.APPROVAL: {
        Event.APPROVED: State.PENDING,
        Event.TOO_LATE: State.MISSED,
        Event.CLOSED: State.CANCELLED,
    },
}

#: The states that end a job; each but ``dispatched`` has its label.
TERMINAL = frozenset(
    {
        State.DISPATCHED,
        State.CANCELLED,
        State.MISSED,
        State.REJECTED,
        State.DISCARDED,
        State.SKIPPED,
        State.FAILED,
    }
)
#: What the occurrence of a command ends as that was carried out, and of one that was not.
CARRIED_OUT = frozenset({State.DISPATCHED, State.PENDING, State.PAUSED, State.CANCELLED})
NOT_CARRIED_OUT = frozenset({State.REJECTED, State.MISSED, State.DISCARDED})

#: The states that the scheduler shows by a label of their own, ``<queue label>:<state>``.
LABELLED = frozenset(
    {
        State.MISSED,
        State.REJECTED,
        State.DISCARDED,
        State.INVALID,
        State.HELD,
        State.SKIPPED,
        State.FAILED,
    }
)
#: The states that end an occurrence of a series for good.
HANDLED = frozenset({State.DISPATCHED, State.MISSED, State.DISCARDED, State.SKIPPED})
#: The part of a label that shows that a series has begun and has a journal.
BEGUN = "recurring"


#: The part of a label that shows that a due job waits for another's run to end.
QUEUED = "waiting"
#: The words that say more of a pending job than its state, where jobs are listed.
WORDS = ("due", "waiting", "overdue", "over limit", "locked")
#: The part of a state's label, where it is not the state's own word.
NAMED = {State.APPROVAL: "approve"}


def state_label(queue_label: str, state: State) -> str:
    """The label that shows ``state``: ``schedule:missed``."""
    return f"{queue_label}:{NAMED.get(state, state.value)}"


def begun_label(queue_label: str) -> str:
    """The label of a series that has begun: ``schedule:recurring``."""
    return f"{queue_label}:{BEGUN}"


def queued_label(queue_label: str) -> str:
    """The label of a due job that waits for another's run to end: ``schedule:waiting``."""
    return f"{queue_label}:{QUEUED}"


def chart() -> str:
    """The table as a Mermaid state diagram, as the README shows it."""
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{each.value}" as {_id(each)}' for each in State if " " in each.value]
    lines += ["    [*] --> pending: schedule"]
    for state, ways in TRANSITIONS.items():
        lines += [f"    {_id(state)} --> {_id(to)}: {event.value}" for event, to in ways.items()]
    lines += [f"    {_id(state)} --> [*]" for state in State if state in TERMINAL]
    return "\n".join(lines)


def _id(state: State) -> str:
    """A state's name in the chart, where none may have a space."""
    return state.value.replace(" ", "_")
