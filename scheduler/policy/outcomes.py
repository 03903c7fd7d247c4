"""What became of a run: the words for it, which of them are good, and what they likely mean.

Pure: whoever asks GitHub hands in the run as it is now. What a run came to is one value,
``Ended``, from which whatever follows is decided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.journal.ends import BADLY, NEVER, UNTOLD, WELL
from scheduler.journal.journal import Entry
from scheduler.ports.values import Run
from scheduler.times.instants import format_duration

#: While a run is under way. ``queued`` stands for all of GitHub's words before its first step.
QUEUED, RUNNING = "queued", "running"
#: Of a run that ended without a single job, and of one of which the end can't be told any more.
NEVER_RAN, UNKNOWN = NEVER, UNTOLD
#: How a run ends that did what it was to do, and one that did not; ``UNKNOWN`` is neither.
GOOD, FAILED = WELL, BADLY
#: What is said of the dispatch of an event, which GitHub answers without naming a run.
EVENT = "an event's run can't be followed"
#: The words that may hide a run without a job; the others say themselves why there was none.
MAY_HIDE_NO_JOB = frozenset({"failure", "cancelled", "timed_out", "stale"})
#: GitHub's words for a run that waits for its first step.
WAITING = frozenset({"", "queued", "requested", "waiting", "pending"})

#: How long a run may be missing after its dispatch: GitHub promises no read after a write.
SHOWN_LATE = timedelta(minutes=10)
#: What likely kept a run from its first step, in the order in which GitHub checks it.
REASONS = {
    "startup_failure": (
        "the workflow file is broken at that ref, or one that it calls is",
        "an action that it uses is not allowed, or not in the lock file",
    ),
    "action_required": (
        "a person has to approve the run: open it, and press the button there",
        "a rule of the environment, or of the repository, asks for an approval",
    ),
    NEVER_RAN: (
        "the workflow file is broken at that ref, or one that it calls is",
        "a policy of the repository or its organization forbids the actor, or the event",
        "an action that it uses is not allowed, or not in the lock file",
        "a spending limit is reached, or a payment failed",
        "an approval was asked for, and nobody gave it",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What one run came to, or that it can't be known any more."""

    #: The occurrence key, and which attempt at it started the run.
    key: str
    attempt: int
    #: None: its run was never known.
    run_id: int | None
    #: The run's address; empty: not known.
    url: str
    #: GitHub's word, ``NEVER_RAN`` or ``UNKNOWN``.
    conclusion: str
    #: When it ended, by GitHub's time; None: that can't be told.
    ended_at: datetime | None = None
    #: How long it was under way, in seconds.
    took_s: float | None = None
    #: What a person should know, in one line: why it can't be known, or who ended it.
    told: str = ""

    @property
    def good(self) -> bool:
        """Whether the run did what it was to do."""
        return self.conclusion in GOOD

    @property
    def failed(self) -> bool:
        """Whether it did not; what is unknown has not failed."""
        return self.conclusion in FAILED


def under_way(run: Run) -> str:
    """The word for a run as it is now: ``queued``, ``running``, or how it ended."""
    if run.conclusion:
        return run.conclusion
    return QUEUED if run.status in WAITING else RUNNING


def ended(
    entry: Entry, run: Run | None, *, now: datetime, follow: timedelta, jobs: int | None = None
) -> Ended | None:
    """What the run of a dispatched ``entry`` has come to; None: it is under way, or shown later.

    Args:
        entry: the journal's record of the dispatch.
        run: its run as GitHub shows it now; None: it shows none.
        now: the tick's own time.
        follow: how long after its dispatch a run is followed.
        jobs: how many jobs the run ever had; None: not asked.
    """
    if run is not None and run.conclusion:
        word = run.conclusion
        if jobs == 0 and word in MAY_HIDE_NO_JOB:
            word = NEVER_RAN
        return _ended(entry, word, run)
    late = now - entry.at > follow
    if run is not None:
        told = f"its run was still {under_way(run)} after {format_duration(follow)}"
        return _ended(entry, UNKNOWN, run, told) if late else None
    if entry.run_id is not None and (late or now - entry.at > SHOWN_LATE):
        return _ended(entry, UNKNOWN, None, f"run {entry.run_id} is not there: it was deleted")
    told = f"no run could be recognised as its own within {format_duration(follow)}"
    return _ended(entry, UNKNOWN, None, told) if late else None


def not_known(entry: Entry, told: str) -> Ended:
    """The end of a dispatch of which nothing more can be known, for the reason ``told``."""
    return _ended(entry, UNKNOWN, None, told)


def end_of(entry: Entry) -> Ended:
    """What the run of a dispatch came to, by the journal's record of it."""
    return Ended(
        key=entry.key,
        attempt=entry.attempt,
        run_id=entry.run_id,
        url=entry.run_url,
        conclusion=entry.conclusion,
        ended_at=entry.ended_at,
        took_s=entry.took_s,
        told=entry.told,
    )


def with_end(entry: Entry, end: Ended) -> Entry:
    """The journal's record of a dispatch, with what its run came to."""
    return replace(
        entry,
        run_id=end.run_id,
        run_url=end.url,
        conclusion=end.conclusion,
        ended_at=end.ended_at,
        took_s=end.took_s,
        told=end.told,
    )


def _ended(entry: Entry, conclusion: str, run: Run | None, told: str = "") -> Ended:
    over = run.updated_at if run is not None and run.conclusion else None
    began = (run.started_at or run.created_at) if run is not None else None
    took = max((over - began).total_seconds(), 0.0) if over and began else None
    return Ended(
        key=entry.key,
        attempt=entry.attempt,
        run_id=run.id if run is not None else entry.run_id,
        url=(run.url if run is not None else "") or entry.run_url,
        conclusion=conclusion,
        ended_at=over,
        took_s=took,
        told=told,
    )
