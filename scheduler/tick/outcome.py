"""What was done about each job: frozen outcomes, from which the tick's report is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from scheduler.errors import InvalidJob, SchedulerError
from scheduler.policy import retries
from scheduler.policy.outcomes import Ended
from scheduler.tick.occurrence import Occurrence


class Heading(Enum):
    """Under what a job stands in the report; the values are the lists of ``tick --json``."""

    MISSED = "missed"
    INVALID = "invalid"
    REJECTED = "rejected"
    RETRYING = "retrying"
    DISCARDED = "discarded"
    HELD = "held"
    RECOVERED = "recovered"
    WITHDRAWN = "withdrawn"
    SKIPPED = "skipped"
    PAUSED = "paused"
    OBEYED = "obeyed"
    RUNNING = "running"
    #: The report tells of it beside its lists: ``waiting`` is a number there.
    WAITING = "waiting"


#: What is said of a job until something else is done about it.
PASSING = frozenset(
    {Heading.INVALID, Heading.HELD, Heading.RETRYING, Heading.RUNNING, Heading.WAITING}
)
#: After these nothing more is to be done about a job, until somebody changes it.
FINAL = frozenset(
    {
        Heading.MISSED,
        Heading.REJECTED,
        Heading.DISCARDED,
        Heading.HELD,
        Heading.SKIPPED,
        Heading.PAUSED,
    }
)


class Withdrawn(SchedulerError):
    """The claim was given up before anything was sent; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Fired:
    """A dispatch that GitHub accepted."""

    #: The issue's number.
    id: int
    run_id: int | None
    run_url: str
    #: Seconds after ``run-at``.
    lateness_s: float
    #: What the run was not told, and why; empty: it was told all.
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A job that was dealt with and whose issue stays open."""

    #: The job as it is known now, at the occurrence that comes next.
    found: Occurrence
    #: From when on it is to be looked at, UTC.
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one thing that was done about a job."""

    #: The issue's number.
    number: int
    #: What is to be said of it: the list of the report, and why.
    notes: tuple[tuple[Heading, str], ...] = ()
    #: The dispatch that was made of it.
    fired: Fired | None = None
    #: The runs of it whose ends were recorded.
    followed: tuple[Ended, ...] = ()
    #: When something is to be looked at again on its account, UTC.
    again: datetime | None = None
    #: The job at what comes next, if its issue stays open.
    waiting: Waiting | None = None
    #: Dispatches that were sent, whatever came of them.
    sent: int = 0
    #: Whether it was ended without a dispatch.
    ended: bool = False
    #: Whether this replaces what was said of the job in passing.
    anew: bool = False
    #: The exception that ended it; what it had done until then stands here as well.
    problem: Exception | None = None


class Progress:
    """What has been done about one job so far.

    Whoever begins to do something makes one, hands it down, and takes the outcome from it, also
    where an exception ends it.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.notes: list[tuple[Heading, str]] = []
        self.fired: Fired | None = None
        self.followed: list[Ended] = []
        self.waiting: Waiting | None = None
        self.sent = 0
        self.ended = False
        self._again: list[datetime] = []

    def note(self, kind: Heading, reason: str) -> None:
        """Say where the job is, and why."""
        self.notes.append((kind, reason))

    def look_again(self, at: datetime) -> None:
        """Have something looked at again at ``at`` on this job's account."""
        self._again.append(at)

    def wait(self, found: Occurrence, at: datetime) -> None:
        """Leave the job open, as ``found``, to be looked at from ``at`` on."""
        self.waiting = Waiting(found=found, at=at)

    @property
    def final(self) -> bool:
        """Whether nothing more is to be done about the job until somebody changes it."""
        return self.fired is not None or any(kind in FINAL for kind, _ in self.notes)

    def outcome(self, problem: Exception | None = None) -> Outcome:
        """All of it, and the exception that ended it."""
        return Outcome(
            number=self.number,
            notes=tuple(self.notes),
            fired=self.fired,
            followed=tuple(self.followed),
            again=min(self._again, default=None),
            waiting=self.waiting,
            sent=self.sent,
            ended=self.ended,
            problem=problem,
        )


@dataclass(kw_only=True)
class Tally:
    """What one tick, or one holder, has found and done so far."""

    outcomes: list[Outcome] = field(default_factory=list)
    #: How many issues were listed, how many of their jobs were due, and how many of those were
    #: left when no more were taken.
    scanned: int = 0
    due: int = 0
    left: int = 0
    #: Dispatches that were sent, and jobs that were ended without one.
    sent: int = 0
    ended: int = 0
    #: When something is to be looked at again, UTC; and when a tick is needed for that: later,
    #: where what is next tolerates it.
    next_due: datetime | None = None
    needed: datetime | None = None
    #: Why it stopped early, and the error where that is no passing one.
    stopped: str = ""
    error: SchedulerError | None = None

    def add(self, outcome: Outcome) -> None:
        """Count what was done about a job."""
        self.outcomes.append(outcome)
        self.sent += outcome.sent
        self.ended += outcome.ended
        if outcome.again is not None:
            self.comes_next(outcome.again)

    def note(
        self, number: int, kind: Heading, reason: str, *, again: datetime | None = None
    ) -> None:
        """Say of a job where it is, and why, and when something is to be looked at again."""
        self.add(Outcome(number=number, notes=((kind, reason),), again=again))

    def forget(self, number: int) -> None:
        """Replace what was said of a job in passing by what follows."""
        self.add(Outcome(number=number, anew=True))

    def comes_next(self, *instants: datetime) -> None:
        """Remember when something is to be looked at again; the earliest counts."""
        self.next_due = _soonest(self.next_due, *instants)
        self.needed = _soonest(self.needed, *instants)

    def waits(self, found: Occurrence) -> None:
        """Remember when a job is due, and after which instant it is late."""
        self.next_due = _soonest(self.next_due, found.job.run_at)
        self.needed = _soonest(self.needed, found.late_from)

    def named(self) -> set[int]:
        """The issues of which something is to be said."""
        return {each.number for each in self.outcomes if each.notes or each.fired}


def _soonest(*instants: datetime | None) -> datetime | None:
    """The earliest of those that are known."""
    return min((each for each in instants if each is not None), default=None)


def attempt(number: int, act: Callable[[Progress], object], tally: Tally) -> Outcome:
    """Do ``act`` about a job; what came of it, which is counted in ``tally`` however it ends.

    An exception stands in the outcome as its problem. What ends the process, and is none, goes
    on its way.
    """
    done, problem = Progress(number), None
    try:
        act(done)
    except Exception as caught:  # noqa: BLE001 - whoever asked for it decides what follows
        problem = caught
    finally:
        outcome = done.outcome(problem)
        tally.add(outcome)
    return outcome


def tries(found: Occurrence) -> tuple[Heading, str]:
    """What is said of a job whose run is under way, or that waits for its next try."""
    words = retries.told(found.asked, found.history.journal, found.key, due=found.job.run_at)
    return (Heading.RUNNING if found.running else Heading.RETRYING), words


def note_of(problem: Exception) -> tuple[Heading, str]:
    """What is said of a job that ``problem`` kept from being dealt with."""
    if isinstance(problem, Withdrawn):
        return Heading.WITHDRAWN, str(problem)
    if isinstance(problem, InvalidJob):
        return Heading.INVALID, str(problem)
    if isinstance(problem, SchedulerError):
        return Heading.RETRYING, str(problem)
    # Not even a bug of ours may hide a neighbour.
    return Heading.RETRYING, f"internal error: {problem!r}; report it"
