"""The hub in memory as tests need it: late, forgetful, or less than GitHub.

``MemoryHub`` is the server: one for all the ticks of a test. A ``MemoryQueue`` is one
process's way to it, and the place where a test makes things go wrong. Only tests move the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta, timezone

from scheduler.errors import Unavailable
from scheduler.ports.values import (
    Accepted,
    Acts,
    Comment,
    Comments,
    Dispatch,
    Event,
    Recent,
    Run,
    Ticket,
)
from scheduler.simulation.hub import BOT, MOST_COMMENTS, Hub
from scheduler.simulation.queue import HubQueue, T
from scheduler.simulation.records import Pull, Sent

__all__ = [
    "BOT", "MOST_COMMENTS", "NOON", "Crash", "FakeClock", "MemoryHub", "MemoryQueue", "Pull",
    "Sent", "Through",
]  # fmt: skip

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


class FakeClock:
    """``true`` is the world's time, and GitHub's; ``skew`` how far this machine is ahead."""

    def __init__(self, start: datetime = NOON) -> None:
        self.true = self._start = start
        self.skew = timedelta(0)

    def now(self) -> datetime:
        return self.true + self.skew

    def monotonic(self) -> float:
        return (self.true - self._start).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.true += timedelta(seconds=max(seconds, 0.0))

    def step(self, seconds: float) -> None:
        """Set the machine's wall clock; no time passes."""
        self.skew += timedelta(seconds=seconds)


@dataclass
class MemoryHub(Hub):
    """One repository of two people. Staleness is in seconds."""

    clock: FakeClock
    _: KW_ONLY
    roles: dict[str, str] = field(default_factory=lambda: {"agent": "write", "owner": "admin"})
    begins: str = ""
    #: What the server has: the run of a dispatch in its answer, GraphQL, and both lists.
    details: bool = True
    graphql: bool = True
    comment_list: bool = True
    event_list: bool = True
    #: By so much reads of ``issues``, ``comments``, ``runs`` and ``filtered_runs`` are late.
    stale: dict[str, float] = field(default_factory=dict)
    #: What an issue counts, of so many comments; GitHub promises no more than a number.
    counts: Callable[[int], int] = lambda comments: comments
    #: Of whom the role can't be told, and what the question is answered with.
    untold: dict[str, Exception] = field(default_factory=dict)
    #: About whom it was asked, as often as it was.
    asked: list[str] = field(default_factory=list)
    #: The issues whose comments can't be read, and what the question is answered with.
    unreadable: dict[int, Exception] = field(default_factory=dict)
    #: What reads of other repositories than this one are answered with; None: as this one.
    elsewhere: Exception | None = None
    #: What every issue was, and since when.
    views: dict[int, list[tuple[datetime, Ticket]]] = field(default_factory=dict)

    def instant(self) -> datetime:
        return self.clock.true

    def senders_instant(self) -> datetime:
        return self.clock.now()

    def seen(self, made: datetime, what: str) -> bool:
        """Whether a read shows what was made at that instant."""
        late = self.stale.get(what, 0)
        return not late or made + timedelta(seconds=late) <= self.clock.true

    def put(self, ticket: Ticket) -> None:
        super().put(ticket)
        self.views.setdefault(ticket.number, []).append((self.clock.true, ticket))

    def delete(self, number: int) -> None:
        super().delete(number)
        del self.views[number]

    def shown(self, number: int) -> Ticket:
        until = self.clock.true - timedelta(seconds=self.stale.get("issues", 0))
        views = self.views[number]
        shown = next((view for at, view in reversed(views) if at <= until), views[0][1])
        return replace(shown, comments=self.counts(shown.comments))

    def _all(self) -> Iterable[Ticket]:
        return self.labelled(self.shown(number) for number in self.views)

    def open_issues(self) -> list[Ticket]:
        return [ticket for ticket in self._all() if ticket.open]

    def closed_since(self, since: datetime, *, changed: bool = False) -> list[Ticket]:
        closed = [each for each in self._all() if each.closed_at and each.updated_at >= since]
        found = [each for each in closed if changed or (each.closed_at or since) >= since]
        return sorted(found, key=lambda ticket: ticket.updated_at, reverse=True)

    def created_since(self, since: datetime) -> list[Ticket]:
        return [each for each in reversed([*self._all()]) if each.created_at >= since]

    def role(self, login: str) -> str:
        self.asked.append(login)
        if login in self.untold:
            raise self.untold[login]
        return super().role(login)

    def reachable(self, repo: str) -> None:
        if self.elsewhere is not None and repo != self.repository:
            raise self.elsewhere

    def shown_runs(self, *, filtered: bool) -> list[tuple[str, Run]]:
        lists = ("runs", "filtered_runs") if filtered else ("runs",)
        return [
            (name, run)
            for name, run in self.runs
            if run.created_at and all(self.seen(run.created_at, each) for each in lists)
        ]


class Crash(BaseException):
    """The process dies here; no handler of the program's own sees it."""


#: Called with the number (from 1) and the name of each request, and what carries it out.
Through = Callable[[int, str, Callable[[], object]], object]


class MemoryQueue(HubQueue):
    """One process's connection. ``through`` is where faults and switches are put in.

    ``blind`` are ids of comments that a lagging replica does not show to this process.
    """

    hub: MemoryHub

    def __init__(self, hub: MemoryHub, *, login: str = BOT, through: Through | None = None) -> None:
        super().__init__(hub, login=login)
        self.through = through
        self.calls: list[str] = []
        self.blind: set[int] = set()

    def ask(self, name: str, act: Callable[[], T], *, content: bool = False) -> T:
        self.requests += 1
        self.calls.append(name)
        if self.through is None:
            return act()
        return self.through(self.requests, name, act)  # type: ignore[return-value]

    def visible(self, comment: Comment) -> bool:
        made = self.hub.seen(comment.created_at, "comments")
        return made and comment.id not in self.blind

    def poll_open(self) -> Sequence[Ticket] | None:
        """A server without ETags: it always answers."""
        return self.open_tickets()

    def comments(self, number: int, *, since: datetime | None = None, skip: int = 0) -> Comments:
        if number in self.hub.unreadable:

            def refuse() -> Comments:
                raise self.hub.unreadable[number]

            return self.ask("comments", refuse)
        return super().comments(number, since=since, skip=skip)

    def recent_comments(self, since: datetime) -> Recent | None:
        if not self.hub.comment_list:
            return self.ask("recent_comments", lambda: None)
        return super().recent_comments(since)

    def acts(self, numbers: Sequence[int]) -> dict[int, Acts] | None:
        return super().acts(numbers) if self.hub.graphql else self.ask("acts", lambda: None)

    def events(self, number: int) -> list[Event] | None:
        return super().events(number) if self.hub.event_list else self.ask("events", lambda: None)

    def viewer(self) -> str | None:
        try:
            return self.ask("viewer", lambda: self.login if self.hub.graphql else None)
        except Unavailable:
            return None

    def dispatch(self, request: Dispatch) -> Accepted:
        accepted = super().dispatch(request)
        return accepted if self.hub.details else Accepted()
