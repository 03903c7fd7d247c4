"""Stay: a tick that keeps the queue in memory and dispatches each job on its instant.

What the holder does next is one pure function, ``next_step``; the loop performs it. A claim
is made a little early, so that the dispatch itself is on time, and recording waits until
no other dispatch is near. The faults of a single tick hold here too: whoever kills the
holder leaves claims that the next tick can follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from scheduler.claims import Withdrawn
from scheduler.dispatching import Sent, Standing
from scheduler.engine import Tick
from scheduler.errors import NotPermitted, RateLimited, SchedulerError, Unavailable
from scheduler.gateway import Comments
from scheduler.journal import History
from scheduler.known import Known
from scheduler.model import Ticket
from scheduler.policy import Fire
from scheduler.report import Note, TickReport
from scheduler.settings import Settings

#: How early a claim may be made: design 5.4 allows ten seconds, and it is good for thirty.
LEAD = timedelta(seconds=8)
#: What takes longer than a moment is not begun when a dispatch is this near.
NEAR = timedelta(seconds=1)
#: A hold that ends with a job this near goes on until that job is done: so long a successor
#: needs to start. But no longer than this, since its own job's limit is near.
GRACE = timedelta(seconds=45)
OVERTIME = timedelta(seconds=60)
#: Settings and rights are at most this old.
REFRESH = timedelta(seconds=60)
#: A job that was looked at and still waits is looked at again after this, at the earliest.
AGAIN = timedelta(seconds=20)


class Stay(str, Enum):
    """For what a holder waits."""

    HOLD = "its hold to be over"
    DUE = "what is due within its hold"
    PENDING = "anything that waits"


class Step(Enum):
    """What a holder does next."""

    LEAVE = "leave"
    FIRE = "fire"
    CLAIM = "claim"
    LOOK = "look"
    SETTLE = "settle"
    POLL = "poll"
    SLEEP = "sleep"


@dataclass(kw_only=True)
class Board:
    """What a holder has before it, by issue number; instants are in UTC."""

    waiting: dict[int, Known] = field(default_factory=dict)
    again: dict[int, datetime] = field(default_factory=dict)
    claimed: dict[int, Standing] = field(default_factory=dict)
    unrecorded: list[Sent] = field(default_factory=list)

    def due_at(self, found: Known) -> datetime:
        """When a waiting job is next to be looked at."""
        run_at, again = found.job.run_at, self.again.get(found.number)
        return run_at if again is None else max(run_at, again)

    def first(self) -> tuple[datetime, int] | None:
        """The waiting job that is next to be looked at, and when."""
        return min(
            ((self.due_at(found), number) for number, found in self.waiting.items()),
            default=None,
        )

    def next_due(self) -> datetime | None:
        """The next instant at which a waiting or claimed job asks for something."""
        first = self.first()
        waits = [first[0]] if first else []
        waits += [standing.found.job.run_at for standing in self.claimed.values()]
        return min(waits, default=None)


def next_step(
    board: Board, *, now: datetime, end: datetime, next_poll: datetime, stay: Stay
) -> tuple[Step, int | None, timedelta]:
    """What to do at ``now``: the step, the job it is about, and for SLEEP how long.

    A dispatch goes before everything else; then claims, records, polls.
    """
    nearest = min(
        ((standing.found.job.run_at, number) for number, standing in board.claimed.items()),
        default=None,
    )
    if nearest and nearest[0] <= now:
        return Step.FIRE, nearest[1], timedelta(0)
    if nearest and nearest[0] - now <= NEAR:
        return Step.SLEEP, None, nearest[0] - now
    first = board.first()
    if first:
        at, number = first
        early = not board.waiting[number].ticket.comments and number not in board.again
        if early and at - now <= LEAD:
            return Step.CLAIM, number, timedelta(0)
        if at <= now:
            return Step.LOOK, number, timedelta(0)
    if board.unrecorded:
        return Step.SETTLE, None, timedelta(0)
    if not nearest and _over(first and first[0], now=now, end=end, stay=stay):
        return Step.LEAVE, None, timedelta(0)
    if next_poll <= now:
        return Step.POLL, None, timedelta(0)
    until = [next_poll, max(end, now + NEAR)]
    until += [nearest[0]] if nearest else []
    until += [max(first[0] - LEAD, now + NEAR / 20)] if first else []
    return Step.SLEEP, None, min(until) - now


def _over(due: datetime | None, *, now: datetime, end: datetime, stay: Stay) -> bool:
    if now >= end:
        return due is None or due - now > GRACE or now - end > OVERTIME
    if stay is Stay.DUE:
        return due is None or due > end
    return stay is Stay.PENDING and due is None


class Holder:
    """A tick that stays; ``run`` returns the report of the pass and of all that followed."""

    def __init__(
        self,
        tick: Tick,
        *,
        hold: timedelta,
        poll: timedelta,
        stay: Stay = Stay.HOLD,
        stopped: Callable[[], bool] = lambda: False,
        settings: Callable[[], Settings] | None = None,
        begin: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.tick = tick
        self.desk = tick.lifecycle.desk
        self.dispatcher = tick.lifecycle.dispatcher
        self.poll = poll
        self.hold = hold
        self.stay = stay
        self.board = Board()
        self._seen: dict[int, Ticket] = {}
        self._stopped = stopped
        self._settings = settings
        self._begin = begin
        self._next_poll = self.desk.clock.now()
        self._next_refresh = self.desk.clock.now() + REFRESH

    def run(self) -> TickReport:
        """The pass, then the hold; leaves cleanly whatever GitHub says meanwhile."""
        report = self.tick.run()
        end = report.now + self.hold
        idle = report.next_due is None or report.next_due > end
        if report.stopped or (idle and self.stay is Stay.DUE):
            return report
        if report.next_due is None and self.stay is Stay.PENDING:
            return report
        if problem := self._begin():
            report.notices.append(problem)
        self.desk.early = LEAD
        try:
            self._stay(end)
        except (Unavailable, NotPermitted) as problem:
            report.stopped = f"the hold ended early: {problem}"
            report.error = problem if isinstance(problem, NotPermitted) else None
        finally:
            self._put_down()
            report.next_due = self.board.next_due()
            report.requests = self.desk.queue.requests
        return report

    def _stay(self, end: datetime) -> None:
        clock = self.desk.clock
        looked = False
        while not self._stopped():
            step, number, wait = next_step(
                self.board, now=clock.now(), end=end, next_poll=self._next_poll, stay=self.stay
            )
            if not looked:
                # The pass read the queue, but of what it left there the board knows nothing yet.
                step, looked = Step.POLL, True
            if step is Step.LEAVE:
                return
            if step is Step.SLEEP:
                clock.sleep(min(wait, self.poll).total_seconds())
                continue
            try:
                self._do(step, number)
            except RateLimited as limited:
                self._wait_out(limited, end)

    def _wait_out(self, limited: RateLimited, end: datetime) -> None:
        if limited.retry_at >= end:
            raise limited
        clock = self.desk.clock
        while clock.now() < limited.retry_at and not self._stopped():
            left = limited.retry_at - clock.now()
            clock.sleep(min(left, self.poll).total_seconds())

    def _do(self, step: Step, number: int | None) -> None:
        if step is Step.FIRE and number is not None:
            standing = self.board.claimed.pop(number)
            self._guarded(standing.found, lambda: self._fire(standing))
        elif step is Step.CLAIM and number is not None:
            found = self.board.waiting.pop(number)
            self._guarded(found, lambda: self._claim(found))
        elif step is Step.LOOK and number is not None:
            found = self.board.waiting[number]
            self.board.again[number] = self.desk.clock.now() + AGAIN
            self._guarded(found, lambda: self.tick.lifecycle.process(found))
        elif step is Step.SETTLE:
            sent = self.board.unrecorded.pop(0)
            self._guarded(sent.standing.found, lambda: self.dispatcher.settle(sent))
        elif step is Step.POLL:
            self._look_around()

    def _guarded(self, found: Known, act: Callable[[], None]) -> None:
        # What went wrong with one job is noted; it is looked at again a little later.
        try:
            act()
        except RateLimited:
            self._put_back(found)
            raise
        except Withdrawn as withdrawn:
            self.desk.report.withdrawn.append(Note(id=found.number, reason=str(withdrawn)))
            self._put_back(found)
        except NotPermitted:
            raise
        except SchedulerError as problem:
            self.desk.report.retrying.append(Note(id=found.number, reason=str(problem)))
            self._put_back(found)

    def _put_back(self, found: Known) -> None:
        self.board.waiting.setdefault(found.number, found)
        self.board.again[found.number] = self.desk.clock.now() + AGAIN

    def _claim(self, found: Known) -> None:
        decision = self.desk.decide(found, Comments(items=()), History())
        if not isinstance(decision, Fire):
            self._put_back(found)
            self.tick.lifecycle.process(found)
            return
        standing = self.dispatcher.begin(found, decision)
        if standing:
            self.board.claimed[found.number] = standing

    def _fire(self, standing: Standing) -> None:
        self.desk.report.due += 1
        sent = self.dispatcher.fire(standing)
        if sent:
            self.board.unrecorded.append(sent)

    def _look_around(self) -> None:
        now = self.desk.clock.now()
        self._next_poll = now + self.poll
        if now >= self._next_refresh:
            self._next_refresh = now + REFRESH
            if self._settings is not None:
                self.tick.renew(self._settings())
        try:
            tickets = self.desk.queue.poll_open()
        except Unavailable as outage:
            if isinstance(outage, RateLimited):
                raise
            self.desk.report.notices.append(f"a poll was not answered: {outage}")
            return
        if tickets is not None:
            self._take_in(tickets)

    def _take_in(self, tickets: Sequence[Ticket]) -> None:
        """Make the board say what the open issues say now."""
        board, shown = self.board, {ticket.number: ticket for ticket in tickets}
        busy = set(board.claimed) | {sent.standing.found.number for sent in board.unrecorded}
        for number in list(board.claimed):
            if number not in shown:
                # Closed after its claim was read again: there is still time to take it back.
                standing = board.claimed.pop(number)
                self.desk.claimant.withdraw(standing.held)
                note = Note(id=number, reason="the issue was closed or unlabelled")
                self.desk.report.withdrawn.append(note)
        board.waiting = {n: known for n, known in board.waiting.items() if n in shown}
        for number, ticket in shown.items():
            if number in busy or self._seen.get(number) == ticket:
                continue
            board.waiting.pop(number, None)
            board.again.pop(number, None)
            if found := self.tick.read(ticket):
                board.waiting[number] = found
        self._seen = shown
        self.tick.rules.enter(board.waiting.values(), (), now=self.desk.clock.now())

    def _put_down(self) -> None:
        """Finish what was begun: take unsent claims back, record what was sent."""
        for standing in self.board.claimed.values():
            self.desk.claimant.withdraw(standing.held)
            self.board.waiting[standing.found.number] = standing.found
        self.board.claimed.clear()
        while self.board.unrecorded:
            sent = self.board.unrecorded.pop(0)
            try:
                self.dispatcher.settle(sent)
            except SchedulerError as problem:
                note = Note(id=sent.standing.found.number, reason=str(problem))
                self.desk.report.retrying.append(note)
