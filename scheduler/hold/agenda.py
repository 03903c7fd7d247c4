"""What a holder has before it, and what it does next: one pure function over instants.

A dispatch goes before everything else. What takes longer than a moment is not begun when a
dispatch is too near for it; how long it takes is measured, since GitHub is not equally far
from everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from enum import Enum
from itertools import takewhile

from scheduler.settings.profiles import Stay
from scheduler.tick.dispatch import Sent, Standing
from scheduler.tick.followed import Following
from scheduler.tick.occurrence import Occurrence

#: How early a claim may be made: at most ten seconds, of the thirty for which it is good.
LEAD = timedelta(seconds=8)
#: What is not begun when a dispatch is this near, as long as nobody knows how long it takes.
NEAR = timedelta(seconds=1)
#: The same for what takes no time, and for what takes very long.
NEAREST, FARTHEST = timedelta(milliseconds=50), timedelta(seconds=3)
#: A hold that ends with a job this near goes on until that job is done: so long a successor
#: needs to start. But no longer than this, since its own job's limit is near.
GRACE = timedelta(seconds=45)
OVERTIME = timedelta(seconds=60)
#: A job that was looked at and still waits is looked at again after this, at the earliest.
AGAIN = timedelta(seconds=20)
NOTHING = timedelta(0)
EARLIEST = datetime.min.replace(tzinfo=timezone.utc)


class Step(Enum):
    """What a holder does next."""

    LEAVE = "leave"
    FIRE = "fire"
    CLAIM = "claim"
    LOOK = "look"
    RECORD = "record"
    TELL = "tell"
    FOLLOW = "follow"
    POLL = "poll"
    SLEEP = "sleep"

    #: A holder looks members up at each step; that of `Enum` hashes their names.
    __hash__ = object.__hash__


@dataclass(kw_only=True)
class Agenda:
    """What a holder has before it, by issue number; instants are in UTC."""

    claimed: dict[int, Standing] = field(default_factory=dict)
    unrecorded: list[Sent] = field(default_factory=list)
    #: The issues whose authors are to be told something, once there is time.
    unexplained: Mapping[int, object] = field(default_factory=dict)
    #: The runs that are followed, and when to look what became of them.
    following: Following = field(default_factory=Following)
    #: Whether the queue was listed: before that, the agenda says nothing of what waits.
    looked: bool = False
    #: How long a step took lately.
    takes: dict[Step, timedelta] = field(default_factory=dict)
    _waiting: dict[int, Occurrence] = field(default_factory=dict)
    _running: dict[int, Occurrence] = field(default_factory=dict)
    _again: dict[int, datetime] = field(default_factory=dict)
    _refused: frozenset[int] = frozenset()
    _entries: list[tuple[datetime, datetime, int]] | None = None
    #: Of what waits: when the first is due, and after which instant the first is late.
    _first: tuple[datetime | None, datetime | None] = (None, None)

    @property
    def running(self) -> Mapping[int, Occurrence]:
        """The jobs that wait for what their runs come to."""
        return self._running

    @property
    def waiting(self) -> Mapping[int, Occurrence]:
        """The jobs that wait; ``put`` and ``drop`` change them."""
        return self._waiting

    def put(self, found: Occurrence, again: datetime | None = None) -> None:
        """Let a job wait, for its instant or for that of another look, whichever is later.

        One that is paused waits for a person, whom a poll shows.
        """
        if found.waits:
            self.drop(found.number)
            if found.running:
                self._running[found.number] = found
            return
        self._running.pop(found.number, None)
        self._waiting[found.number] = found
        self._again.pop(found.number, None)
        if again is not None:
            self._again[found.number] = again
        self._entries = None

    def drop(self, number: int) -> None:
        """Let a job wait no more."""
        self._running.pop(number, None)
        self._waiting.pop(number, None)
        self._again.pop(number, None)
        self._entries = None

    def refuse(self, numbers: Iterable[int]) -> None:
        """Look at these waiting jobs at once, due or not: a rule forbids them."""
        self._refused = frozenset(numbers)
        self._entries = None

    def refuses(self, number: int) -> bool:
        """Whether a rule forbids a waiting job."""
        return number in self._refused

    def looked_at(self, number: int) -> bool:
        """Whether a waiting job was looked at before, and is to be looked at again."""
        return number in self._again

    def again(self, number: int) -> datetime | None:
        """When such a job is to be looked at again."""
        return self._again.get(number)

    def no_later(self, instant: datetime) -> None:
        """Look again at ``instant`` at whatever was to be looked at later."""
        self._again = {number: min(at, instant) for number, at in self._again.items()}
        self._entries = None

    def early(self, number: int) -> bool:
        """Whether a job may be claimed before it is due: what is recorded about it is known."""
        new = number not in self._again and not self.refuses(number)
        return new and self._waiting[number].simple

    def takes_up(self, number: int) -> Step:
        """How a waiting job is taken up."""
        return Step.CLAIM if self.early(number) else Step.LOOK

    def entries(self) -> list[tuple[datetime, datetime, int]]:
        """When something is to be done about each waiting job, when it is due, and its number."""
        if self._entries is None:
            self._entries = sorted(self._entry(number) for number in self._waiting)
            late = [max(due, self._waiting[number].late_from) for _, due, number in self._entries]
            due = min((due for _, due, _ in self._entries), default=None)
            self._first = due, min(late, default=None)
        return self._entries

    def _entry(self, number: int) -> tuple[datetime, datetime, int]:
        """When a job is to be taken up, when it is due, and its number."""
        due, again = self._waiting[number].job.run_at, self._again.get(number)
        if self.refuses(number):
            return again or EARLIEST, due, number
        due = max(due, again or due)
        return due - LEAD if self.early(number) else due, due, number

    def next_due(self) -> datetime | None:
        """The next instant at which a waiting or claimed job asks for something."""
        self.entries()
        return self._or_claimed(self._first[0])

    def needed(self) -> datetime | None:
        """The next instant at which somebody has to be there: what tolerates it counts later."""
        self.entries()
        return self._or_claimed(self._first[1])

    def _or_claimed(self, first: datetime | None) -> datetime | None:
        """That instant, or the one at which a claimed job is due."""
        if not self.claimed:
            return first
        waits = [standing.found.job.run_at for standing in self.claimed.values()]
        return min(waits if first is None else [first, *waits])

    def next_claimed(self) -> tuple[datetime, int] | None:
        """The claimed job that is to be dispatched next, and when."""
        if not self.claimed:
            return None
        return min((each.found.job.run_at, number) for number, each in self.claimed.items())

    def near(self, step: Step) -> timedelta:
        """How near a dispatch must not be for this step to begin."""
        return min(max(self.takes.get(step, NEAR), NEAREST), FARTHEST)

    def took(self, step: Step, long: timedelta) -> None:
        """Learn how long a step took: at once where it took longer, slowly where less."""
        self.takes[step] = max(long, self.takes.get(step, long) * 0.8)


def next_step(
    agenda: Agenda, *, now: datetime, end: datetime, next_poll: datetime, stay: Stay
) -> tuple[Step, int | None, timedelta]:
    """What to do at ``now``: the step, the job it is about, and for SLEEP how long."""
    if _idle(agenda, now):
        # A holder hardly ever has more to do: what follows of `_busy_step` is found sooner.
        return _idle_step(agenda, now=now, end=end, next_poll=next_poll, stay=stay)
    return _busy_step(agenda, now=now, end=end, next_poll=next_poll, stay=stay)


def _idle(agenda: Agenda, now: datetime) -> bool:
    """Whether nothing is in hand, and no job is to be taken up yet."""
    if agenda.claimed or agenda.unrecorded or agenda.unexplained or agenda.following.next_look:
        return False
    entries = agenda.entries()
    return not entries or entries[0][0] > now


def _idle_step(
    agenda: Agenda, *, now: datetime, end: datetime, next_poll: datetime, stay: Stay
) -> tuple[Step, int | None, timedelta]:
    """Whether to leave, to poll, or to sleep."""
    if _over(agenda, now=now, end=end, stay=stay):
        return Step.LEAVE, None, NOTHING
    if next_poll <= now:
        return Step.POLL, None, NOTHING
    soonest = min(next_poll, end) if end > now else next_poll
    if now - end < OVERTIME:
        soonest = min(soonest, end + OVERTIME, *(act[0] for act in agenda.entries()[:1]))
    return Step.SLEEP, None, soonest - now


def _busy_step(
    agenda: Agenda, *, now: datetime, end: datetime, next_poll: datetime, stay: Stay
) -> tuple[Step, int | None, timedelta]:
    """What to do with something in hand.

    First a dispatch that is due; then claims and looks, the earliest due first; then what is
    to be recorded; then whether to leave, and a poll; then what became of runs, for which no
    holder stays; then what authors are to be told.
    """
    nearest = agenda.next_claimed()
    if nearest and nearest[0] <= now:
        return Step.FIRE, nearest[1], NOTHING
    wanted: list[tuple[Step, int | None]] = []
    last: list[tuple[Step, int | None]] = (
        [(Step.TELL, None)] if agenda.unexplained and now < end else []
    )
    ahead = [instant for instant in (next_poll, end, end + OVERTIME) if instant > now]
    if now - end < OVERTIME:
        entries = agenda.entries()
        acts = list(takewhile(lambda act: act[0] <= now, entries))
        ahead += [act[0] for act in entries[len(acts) : len(acts) + 1]]
        if acts:
            refused, _, first = min((agenda.refuses(act[2]), *act[1:]) for act in acts)
            (last if refused else wanted).insert(0, (agenda.takes_up(first), first))
    if agenda.unrecorded:
        wanted.append((Step.RECORD, None))
    if not (wanted or last or nearest) and _over(agenda, now=now, end=end, stay=stay):
        return Step.LEAVE, None, NOTHING
    if next_poll <= now:
        wanted.append((Step.POLL, None))
    look = agenda.following.next_look if now < end else None
    if look is not None:
        ahead += [look] if look > now else []
        wanted += [(Step.FOLLOW, None)] if look <= now else []
    for step, number in (*wanted, *last):
        if not nearest or nearest[0] - now > agenda.near(step):
            return step, number, NOTHING
    ahead += [nearest[0]] if nearest else []
    return Step.SLEEP, None, min(ahead, default=now + NEAR) - now


def _over(agenda: Agenda, *, now: datetime, end: datetime, stay: Stay) -> bool:
    """Whether a holder with nothing to do leaves now."""
    if now < end and (stay is Stay.HOLD or not agenda.looked):
        return False
    due = agenda.needed()
    if now >= end:
        return due is None or due - now > GRACE or now - end >= OVERTIME
    return due is None or (stay is Stay.DUE and due > end)
