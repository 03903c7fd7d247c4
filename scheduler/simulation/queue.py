"""A process's connection to the hub: each request takes its time, and is counted."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from scheduler.ports import (
    Accepted,
    Acts,
    Check,
    Comment,
    Comments,
    Dispatch,
    Edit,
    Event,
    PullRequest,
    Recent,
    Review,
    Run,
    Target,
    Ticket,
    WorkflowFile,
)
from scheduler.settings.model import Settings
from scheduler.simulation.hub import BOT, REPOSITORY, TARGET, TARGET_TEXT, Hub
from scheduler.times.pace import Pace

_T = TypeVar("_T")
PAGE = 100


def pages(count: int) -> int:
    """How many requests a list of so many items takes."""
    return max(math.ceil(count / PAGE), 1)


class SimulatedQueue:
    """A ``gateway.Queue``; ``wait`` lets time pass, as a request does in which it is called."""

    def __init__(
        self,
        hub: Hub,
        *,
        wait: Callable[[float], None],
        latency: Callable[[], float],
    ) -> None:
        self.hub = hub
        self.requests = 0
        self._wait = wait
        self._latency = latency
        self._pace = Pace()
        self._version = -1
        self._pages: list[list[Ticket]] = []

    @property
    def repository(self) -> str:
        """The only one."""
        return REPOSITORY

    def _ask(self, act: Callable[[], _T], *, content: bool = False) -> _T:
        if content:
            self._wait(self.room())
            self._pace.take(self.hub.timeline.seconds)
        half = self._latency() / 2
        self._wait(half)
        self.requests += 1
        self.hub.meter.charge(1, content=content)
        answer = act()
        self._wait(half)
        return answer

    def _listed(self, find: Callable[[], list[_T]]) -> list[_T]:
        found = self._ask(find)
        for _ in range(pages(len(found)) - 1):
            self._ask(lambda: None)
        return found

    def room(self, writes: int = 1) -> float:
        """By what this process wrote."""
        return self._pace.room(self.hub.timeline.seconds, writes)

    def settings_text(self) -> Settings:
        """What the settings file says."""
        return self._ask(lambda: self.hub.settings)

    def open_tickets(self) -> list[Ticket]:
        """All open issues."""
        return self._listed(lambda: list(self.hub.open.values()))

    def poll_open(self) -> Sequence[Ticket] | None:
        """Page by page with its ETag, as the product's own queue does."""
        self._wait(self._latency())
        hub = self.hub
        if hub.version == self._version:
            self.requests += len(self._pages)
            hub.meter.charge(0, unchanged=len(self._pages))
            return None
        everything = sorted(hub.open.values(), key=lambda ticket: ticket.number)
        found = [everything[i : i + PAGE] for i in range(0, pages(len(everything)) * PAGE, PAGE)]
        same = sum(1 for old, new in zip(self._pages, found, strict=False) if old == new)
        self.requests += len(found)
        hub.meter.charge(len(found) - same, unchanged=same)
        changed = same < len(found) or len(found) != len(self._pages)
        self._version, self._pages = hub.version, found
        return everything if changed else None

    def closed_tickets(self, since: datetime) -> Sequence[Ticket]:
        """Those closed since."""
        return self._listed(lambda: self.hub.closed_since(since))

    def ticket(self, number: int) -> Ticket | None:
        """One issue."""
        return self._ask(lambda: self.hub.ticket(number))

    def comments(self, number: int, *, since: datetime | None = None, skip: int = 0) -> Comments:
        """Its comments; no issue here has so many that only the changed ones are asked for."""
        return self._ask(
            lambda: Comments(items=tuple(self.hub.comments[number].values()), as_of=self.hub.now())
        )

    def comment(self, comment_id: int) -> Comment | None:
        """One comment."""
        found = (each.get(comment_id) for each in self.hub.comments.values())
        return self._ask(lambda: next(filter(None, found), None))

    def recent_comments(self, since: datetime) -> Recent | None:
        """The repository's comments changed since."""
        items = self._listed(lambda: self.hub.recent_comments(since))
        return Recent(items=tuple(items), since=since, as_of=self.hub.now())

    def add_comment(self, number: int, body: str) -> Comment:
        """Write a comment."""
        return self._ask(lambda: self.hub.comment(number, body), content=True)

    def edit_comment(self, comment_id: int, body: str) -> None:
        """Replace its text."""
        self._ask(lambda: self.hub.edit_comment(comment_id, body))

    def delete_comment(self, comment_id: int) -> None:
        """Delete it."""
        self._ask(lambda: self.hub.delete_comment(comment_id))

    def react(self, comment_id: int, content: str) -> None:
        """Answer it in one sign, which nobody here looks at."""
        self._ask(lambda: None)

    def set_state(self, number: int, *, reason: str | None, title: str | None = None) -> Ticket:
        """Close an issue, or change its title."""

        def write() -> Ticket:
            changes: dict[str, object] = {} if title is None else {"title": title}
            if reason is not None:
                now = self.hub.now()
                changes |= {"open": False, "state_reason": reason, "closed_at": now}
            return self.hub.change(number, **changes)

        return self._ask(write)

    def add_label(self, number: int, label: str) -> Sequence[str]:
        """Put one label on."""
        return self._ask(lambda: self.hub.label(number, on=[label]))

    def remove_label(self, number: int, label: str) -> None:
        """Take one label off."""
        self._ask(lambda: self.hub.label(number, off=[label]))

    def role(self, login: str, repo: str | None = None) -> str:
        """Everybody here may write."""
        return self._ask(lambda: "write")

    def acts(self, numbers: Sequence[int]) -> dict[int, Acts] | None:
        """Nobody did anything but open issues."""
        return self._ask(lambda: {number: Acts(edit=Edit(), events=()) for number in numbers})

    def events(self, number: int) -> Sequence[Event] | None:
        """The same of one issue."""
        return self._ask(lambda: ())

    def created_since(self, since: datetime) -> Sequence[Ticket]:
        """The issues created since."""
        known = [*self.hub.open.values(), *self.hub.closed.values()]
        return self._listed(lambda: [t for t in known if t.created_at >= since])

    def viewer(self) -> str | None:
        """Who the scheduler is."""
        return self._ask(lambda: BOT.login)

    def workflow_file(self, repo: str, workflow: str, ref: str | None) -> WorkflowFile | None:
        """The target's file."""
        file = WorkflowFile(text=TARGET_TEXT, ref="main") if workflow == TARGET else None
        return self._ask(lambda: file)

    def cancel_run(self, repo: str, run_id: int) -> bool:
        """Cancel a run of the scheduler."""
        return self._ask(lambda: self.hub.cancel(run_id))

    def prove_contents(self) -> None:
        """The token may read them."""
        self._ask(lambda: None)

    def default_branch(self, repo: str) -> str:
        """The repository's branch."""
        return self._ask(lambda: "main")

    def newest_run(self, repo: str) -> int | None:
        """The highest run id."""
        return self._ask(self.hub.newest_run)

    def runs(self, target: Target, since: datetime, *, filtered: bool = True) -> Sequence[Run]:
        """The dispatched runs of a workflow created since; here no list lags."""

        def find() -> list[Run]:
            known = self.hub.runs[target.name]
            found = []
            for run in reversed(known.values()):
                if run.created_at is None or run.created_at < since:
                    break
                if run.event == "workflow_dispatch":
                    found.append(run)
            return found

        return self._listed(find)

    def run(self, repo: str, run_id: int) -> Run | None:
        """One run."""
        return self._ask(lambda: self.hub.found(run_id))

    def dispatch(self, request: Dispatch) -> Accepted:
        """Start a run."""
        run = self._ask(lambda: self.hub.dispatch(request))
        return Accepted(run_id=run.id, run_url=run.url)

    # No job here has a condition: there is nothing to be asked about.

    def issue(self, repo: str, number: int) -> Ticket:
        """Not asked."""
        raise NotImplementedError

    def pull_request(self, repo: str, number: int) -> PullRequest:
        """Not asked."""
        raise NotImplementedError

    def reviews(self, repo: str, number: int) -> Sequence[Review]:
        """Not asked."""
        raise NotImplementedError

    def check_runs(self, repo: str, ref: str) -> Sequence[Check]:
        """Not asked."""
        raise NotImplementedError

    def statuses(self, repo: str, ref: str) -> Sequence[Check]:
        """Not asked."""
        raise NotImplementedError


def latency(bounds: tuple[float, float], chance: random.Random) -> Callable[[], float]:
    """What a request takes, evenly between two bounds."""
    low, high = bounds
    return lambda: low + (high - low) * chance.random()
