"""Whether a condition on another job of the queue holds, ``succeeded(#42)``, and what was seen.

What became of that job is told by its journal, as the scheduler's own login wrote it; of a job that
has no run, by its issue. A series means its latest occurrence. What has ended otherwise can never
come true: whoever waits for it is not kept waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from scheduler.errors import InvalidJob
from scheduler.job.conditions import Condition, parse
from scheduler.job.model import (
    Job,
    first_try,
    occurrence_comment,
    occurrence_key,
    which_try,
)
from scheduler.job.states import State
from scheduler.journal.journal import OVER, Entry, History, Journal
from scheduler.policy.outcomes import FAILED, GOOD
from scheduler.policy.retries import ran
from scheduler.policy.shown import state_of
from scheduler.ports.values import Ticket

#: The most jobs that are looked at behind one another, each of which waits for the next.
CHAIN = 10
#: What is said of a job that has not come to its run.
NOT_YET = {
    State.PENDING: "has not run yet",
    State.DISPATCHING: "is about to run",
    State.INVALID: "can't be read, and has not run",
    State.HELD: "is on hold",
    State.PAUSED: "is paused",
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a condition holds."""

    #: Whether it does.
    holds: bool
    #: What was seen, in words.
    seen: str
    #: Whether nothing that may still happen by itself changes that.
    final: bool = False


@dataclass(frozen=True, kw_only=True)
class Other:
    """Another job of the queue, as it stands."""

    #: None: there is no such issue.
    ticket: Ticket | None
    #: The job that its text says; None: it says none.
    job: Job | None = None
    #: What its comments record by the scheduler's own login.
    history: History = field(default_factory=History)


def verdict(
    condition: Condition,
    other: Other,
    *,
    label: str,
    follows: bool,
    since: datetime | None = None,
) -> Verdict:
    """Whether ``condition``, which is on a job, holds.

    ``label`` is the queue's; ``follows`` whether runs are followed: else no more is known of one
    than that it was started. Nor is of one that was dispatched before ``since``.
    """
    ref, ticket, job = condition.ref, other.ticket, other.job
    if ticket is None:
        return Verdict(holds=False, seen=f"there is no issue {ref}", final=True)
    if label.lower() not in {each.lower() for each in ticket.labels}:
        return Verdict(holds=False, seen=f"{ref} is no job: it has no label {label!r}", final=True)
    last = _counts(other)
    if last is not None and last.outcome == State.DISPATCHED.value:
        waits = ticket.open and job is not None and not job.recurring  # for this very run
        followed = follows and (since is None or last.at >= since or waits)
        return _of_run(condition, other, last, follows=followed)
    never = not ticket.open
    if last is not None and (never or (job and job.recurring)):
        what = f"the last occurrence of {ref}" if job and job.recurring else ref
        seen = f"{what} ended without a run: it was {last.outcome}"
        return Verdict(holds=condition.name == "finished", seen=seen, final=never)
    state = state_of(ticket, job, other.history, label=label, read=True)
    if never:
        seen = f"{ref} ended without a run: it is {state.value}"
        return Verdict(holds=condition.name == "finished", seen=seen, final=True)
    return Verdict(holds=False, seen=f"{ref} {NOT_YET.get(state, f'is {state.value}')}")


def _counts(other: Other) -> Entry | None:
    """The record of the latest occurrence that ended; None: none has.

    Of an open job that comes once only what ran at its own instant counts: it waits for that.
    """
    journal, job, ticket = other.history.journal, other.job, other.ticket
    ends = [e for e in journal.entries if _ends(e)]
    if ticket is not None and ticket.open and job is not None and not job.recurring:
        own = occurrence_key(ticket.number, job.run_at)
        ends = [
            e
            for e in ends
            if first_try(e.key).rpartition("#")[2] == own or e.instead_of == job.run_at
        ]
    last = ends[-1] if ends else None
    if last is not None and (which_try(last.key) > 1 or last.outcome == State.DISPATCHED.value):
        return ran(journal, first_try(last.key)) or last
    return last


def _ends(entry: Entry) -> bool:
    """Whether an entry says what became of an occurrence; of a command only that it had a run."""
    said = occurrence_comment(entry.key) and entry.outcome != State.DISPATCHED.value
    return entry.outcome in OVER and not said


def _of_run(condition: Condition, other: Other, last: Entry, *, follows: bool) -> Verdict:
    """The verdict by the run of the latest occurrence; of a series that goes on, more may come."""
    ref, name, word = condition.ref, condition.name, last.conclusion
    run = f"run {last.run_id}" if last.run_id else "the run"
    is_open = other.ticket is not None and other.ticket.open
    if is_open and _comes_again(other.history.journal, last):
        return Verdict(holds=False, seen=f"{run} of {ref} ended as {word!r}, and is tried again")
    if not word and follows:
        return Verdict(holds=False, seen=f"{run} of {ref} has not ended, as far as is known")
    final = not (is_open and other.job is not None and other.job.recurring)
    if word not in GOOD | FAILED:
        seen = f"what became of {run} of {ref} is not known"
        return Verdict(holds=name == "finished" and bool(word), seen=seen, final=final)
    holds = {"succeeded": word in GOOD, "failed": word in FAILED, "finished": True}[name]
    return Verdict(holds=holds, seen=f"{run} of {ref} ended as {word!r}", final=final)


def _comes_again(journal: Journal, last: Entry) -> bool:
    """Whether a run that failed is still to be tried again."""
    ended = any(e.key == last.again and e.outcome in OVER for e in journal.entries)
    return bool(last.again) and not ended


def waits_for(job: Job | None) -> int | None:
    """The number of the job for which ``job`` waits by its ``when``; None: for none."""
    if job is None or job.when is None:
        return None
    try:
        condition = parse("when", job.when)
    except InvalidJob:
        return None
    return condition.number if condition.of_job else None


def circle(others: Sequence[int], own: int) -> str:
    """What is said of jobs of which each waits for the next, the last of them for ``own``."""
    following = (*others[1:], own)
    waits = (f"#{one} waits for #{other}" for one, other in zip(others, following, strict=True))
    return f"{', and '.join(waits)}, which is this job: they wait for each other"
