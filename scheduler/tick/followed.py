"""The dispatches of which it is not known yet what their runs came to, and when to look again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from scheduler.job.model import Job
from scheduler.journal.journal import Entry, History
from scheduler.ports.values import Target, Ticket
from scheduler.tick.occurrence import Occurrence

T = TypeVar("T")

#: How long after a dispatch a tick that stays looks first; then after twice as long, and so on.
FIRST_LOOK = timedelta(seconds=15)
#: The longest pause between two looks, where a poll's rhythm is no longer.
LONGEST_PAUSE = timedelta(minutes=1)
#: A journal is written so long before its issue is closed, or after it says that it was, at most.
BEFORE = timedelta(minutes=10)
#: Of its multiples the remainders lie far apart from each other, as those of the golden ratio.
GOLDEN, WHOLE = 2_654_435_769, 2**32
#: So much later than ``follow`` the tick that gives up may come.
LATE = timedelta(hours=1)
#: What was read of a journal is good for so many seconds: nobody claims anything so quickly on an
#: issue on which nothing is due.
FRESH = 20.0
#: The journal of an open issue is not written when its next instant is so near, before or after:
#: another tick may be at it.
NEAR = timedelta(seconds=40)


def in_turn(items: Sequence[T], most: int, now: datetime) -> Sequence[T]:
    """So many of ``items``, and each minute others, however regularly they are asked for."""
    minute = int(now.timestamp()) // 60
    place = minute * GOLDEN % WHOLE * len(items) // WHOLE
    return items if len(items) <= most else [*items[place:], *items[:place]][:most]


@dataclass(frozen=True, kw_only=True)
class Followed:
    """One dispatch whose run is followed."""

    #: The issue as it was last shown.
    ticket: Ticket
    #: What its journal says of the dispatch.
    entry: Entry
    #: The job that its text says; None: none that can be read.
    job: Job | None
    #: Of an open issue: the job at the occurrence that comes next. None: the issue is closed.
    found: Occurrence | None = None

    @property
    def number(self) -> int:
        """The issue's number."""
        return self.ticket.number

    @property
    def name(self) -> tuple[int, str, int]:
        """What tells this dispatch from every other."""
        return self.number, self.entry.key, self.entry.attempt

    def target(self, queue: str) -> Target:
        """Where it was sent; ``queue`` is the queue's own ``owner/name``.

        By the journal, or where that has dropped it or names no branch, as the job says it.
        """
        said = Target.of(self.entry.target)
        if said.workflow:
            return said
        if self.job is None:
            return said if said.repo else Target(repo=queue, ref="")
        return Target(
            repo=said.repo or self.job.repo or queue,
            ref=self.job.ref or "",
            workflow=self.job.workflow,
            event=self.job.event,
        )


@dataclass(kw_only=True)
class Following:
    """What one tick, or one holder, follows."""

    #: What is under way, as far as it is known.
    runs: dict[tuple[int, str, int], Followed] = field(default_factory=dict)
    #: What was read of each issue's records, and when by the steady clock.
    histories: dict[int, tuple[History, float]] = field(default_factory=dict)
    #: When to look again, UTC; None: there is nothing to look for, or the tick does not stay.
    next_look: datetime | None = None
    #: How long to pause after the next look.
    pause: timedelta = FIRST_LOOK
    #: What was said of repositories whose runs can't be read.
    told: set[str] = field(default_factory=set)
    #: What was sent and is not followed yet: by its key, in whose name.
    sent: dict[str, str] = field(default_factory=dict)
    #: Since when a job that waited for a run to end need not any more, by the issue's number.
    freed: dict[int, datetime] = field(default_factory=dict)
    #: When the last run ended of which this tick has recorded that, by GitHub's time.
    last_end: datetime | None = None
    #: Those of ``runs`` that have ended, of which that can't be recorded yet.
    over: set[tuple[int, str, int]] = field(default_factory=set)
    #: The runs that this tick has cancelled, and which have not ended yet.
    cancelled: set[int] = field(default_factory=set)

    def take(self, followed: Iterable[Followed]) -> None:
        """Follow these."""
        self.runs |= {each.name: each for each in followed}

    def begin(self, followed: Followed, history: History, *, now: datetime, steady: float) -> None:
        """Follow what was just sent and recorded; its first look comes soon."""
        self.take([followed])
        self.histories[followed.number] = (history, steady)
        soon = now + FIRST_LOOK
        self.next_look = min(filter(None, (self.next_look, soon)))
        self.pause = FIRST_LOOK

    def stay(self, now: datetime) -> None:
        """Look again soon at what the pass has found under way."""
        if self.runs and self.next_look is None:
            self.next_look = now + FIRST_LOOK

    def looked(self, now: datetime, *, longest: timedelta) -> None:
        """Pause after a look: each time twice as long, up to ``longest``."""
        self.pause = min(self.pause * 2, max(longest, LONGEST_PAUSE))
        self.next_look = now + self.pause if self.runs else None

    def drop(self, followed: Followed) -> None:
        """Follow it no more."""
        self.runs.pop(followed.name, None)
        self.over.discard(followed.name)

    def put_off(self) -> list[Followed]:
        """Those that have ended, of which that is not recorded yet."""
        return [each for name, each in self.runs.items() if name in self.over]

    def under_way(self) -> list[Followed]:
        """Those that may not have ended yet."""
        return [each for name, each in self.runs.items() if name not in self.over]

    def fresh(self, number: int, steady: float) -> History | None:
        """The records of an issue, if they were read a moment ago."""
        history, read_at = self.histories.get(number, (None, 0.0))
        return history if history is not None and steady - read_at <= FRESH else None
