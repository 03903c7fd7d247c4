"""The engine's queue in memory, without HTTP: ``MemoryQueue``, and what it stands on.

``MemoryHub`` is the server: one for all the ticks of a test. A ``MemoryQueue`` is one
process's way to it, and the place where a test makes things go wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from scheduler.errors import Rejected, Unavailable
from scheduler.ports import (
    Accepted,
    Acts,
    Check,
    Comment,
    Comments,
    Dispatch,
    Event,
    PullRequest,
    Recent,
    Review,
    Run,
    Target,
    Ticket,
    WorkflowFile,
)
from tests.faults.hub import BOT, MOST_COMMENTS, NOON, FakeClock, MemoryHub, Sent

__all__ = [
    "BOT", "MOST_COMMENTS", "NOON", "Crash", "FakeClock", "MemoryHub", "MemoryQueue", "Sent",
    "Through",
]  # fmt: skip

_T = TypeVar("_T")
#: How many comments are on a page.
PAGE = 100


class Crash(BaseException):
    """The process dies here; no handler of the program's own sees it."""


#: Called with the number (from 1) and the name of each request, and what carries it out.
Through = Callable[[int, str, Callable[[], object]], object]


class MemoryQueue:
    """One process's connection. ``through`` is where faults and switches are put in.

    ``blind`` are ids of comments that a lagging replica does not show to this process.
    """

    def __init__(self, hub: MemoryHub, *, login: str = BOT, through: Through | None = None) -> None:
        self.hub = hub
        self.login = login
        self.through = through
        self.requests = 0
        self.calls: list[str] = []
        self.blind: set[int] = set()

    @property
    def repository(self) -> str:
        return self.hub.repository

    def _ask(self, name: str, act: Callable[[], _T]) -> _T:
        self.requests += 1
        self.calls.append(name)
        if self.through is None:
            return act()
        return self.through(self.requests, name, act)  # type: ignore[return-value]

    def _tickets(self) -> list[Ticket]:
        shown = [self.hub.shown(number) for number in self.hub.views]
        label = self.hub.label
        return [ticket for ticket in shown if label in map(str.lower, ticket.labels)]

    def room(self, writes: int = 1) -> float:
        return 0.0

    def open_tickets(self) -> list[Ticket]:
        return self._ask("open_tickets", lambda: [t for t in self._tickets() if t.open])

    def poll_open(self) -> list[Ticket] | None:
        return self.open_tickets()

    def closed_tickets(self, since: datetime) -> list[Ticket]:
        def find() -> list[Ticket]:
            return [t for t in self._tickets() if t.closed_at and t.closed_at >= since]

        return self._ask("closed_tickets", find)

    def ticket(self, number: int) -> Ticket | None:
        return self._ask(
            "ticket", lambda: self.hub.shown(number) if number in self.hub.views else None
        )

    def _visible(self, comment: Comment) -> bool:
        made = self.hub.seen(comment.created_at, "comments")
        return made and comment.id not in self.blind

    def comments(self, number: int, *, since: datetime | None = None, skip: int = 0) -> Comments:
        def find() -> Comments:
            if number in self.hub.unreadable:
                raise self.hub.unreadable[number]
            items = filter(self._visible, self.hub.on(number))
            listed = [c for c in items if since is None or self.hub.updated[c.id] >= since]
            return Comments(items=tuple(listed[skip - skip % PAGE :]), as_of=self.hub.now())

        return self._ask("comments", find)

    def comment(self, comment_id: int) -> Comment | None:
        def find() -> Comment | None:
            found = self.hub.comments.get(comment_id)
            return found if found is not None and self._visible(found) else None

        return self._ask("comment", find)

    def recent_comments(self, since: datetime) -> Recent | None:
        def find() -> Recent | None:
            if not self.hub.comment_list:
                return None
            everything = filter(self._visible, self.hub.comments.values())
            changed = (c for c in everything if self.hub.updated[c.id] >= since)
            return Recent(items=tuple(changed), since=since, as_of=self.hub.now())

        return self._ask("recent_comments", find)

    def add_comment(self, number: int, body: str) -> Comment:
        return self._ask("add_comment", lambda: self.hub.comment(number, body, by=self.login))

    def edit_comment(self, comment_id: int, body: str) -> None:
        self._ask("edit_comment", lambda: self.hub.edit_comment(comment_id, body))

    def delete_comment(self, comment_id: int) -> None:
        self._ask("delete_comment", lambda: self.hub.delete_comment(comment_id))

    def react(self, comment_id: int, content: str) -> None:
        self._ask("react", lambda: self.hub.react(comment_id, content, by=self.login))

    def set_state(self, number: int, *, reason: str | None, title: str | None = None) -> Ticket:
        def write() -> Ticket:
            if title is not None:
                self.hub.change(number, title=title)
            if reason is not None:
                self.hub.close(number, by=self.login, reason=reason)
            return self.hub.ticket(number)

        return self._ask("set_state", write)

    def add_label(self, number: int, label: str) -> tuple[str, ...]:
        return self._ask("add_label", lambda: self.hub.put_on(number, label, by=self.login))

    def remove_label(self, number: int, label: str) -> None:
        self._ask("remove_label", lambda: self.hub.take_off(number, label, by=self.login))

    def role(self, login: str, repo: str | None = None) -> str:
        return self._ask("role", lambda: self.hub.role(login))

    def acts(self, numbers: Sequence[int]) -> dict[int, Acts] | None:
        def find() -> dict[int, Acts] | None:
            if not self.hub.graphql:
                return None
            known = [number for number in numbers if number in self.hub.views]
            return {number: self.hub.acts(number) for number in known}

        return self._ask("acts", find)

    def events(self, number: int) -> list[Event] | None:
        def find() -> list[Event] | None:
            return list(self.hub.events.get(number, ())) if self.hub.event_list else None

        return self._ask("events", find)

    def created_since(self, since: datetime) -> list[Ticket]:
        return self._ask(
            "created_since", lambda: [t for t in self._tickets() if t.created_at >= since]
        )

    def viewer(self) -> str | None:
        try:
            return self._ask("viewer", lambda: self.login if self.hub.graphql else None)
        except Unavailable:
            return None

    def workflow_file(self, repo: str, workflow: str, ref: str | None) -> WorkflowFile | None:
        def find() -> WorkflowFile | None:
            text = self.hub.workflows.get(workflow)
            return None if text is None else WorkflowFile(text=text, ref=ref or "main")

        return self._ask("workflow_file", find)

    def cancel_run(self, repo: str, run_id: int) -> bool:
        return self._ask("cancel_run", lambda: any(run.id == run_id for _, run in self.hub.runs))

    def prove_contents(self) -> None:
        self._ask("prove_contents", lambda: None)

    def default_branch(self, repo: str) -> str:
        return self._ask("default_branch", lambda: "main")

    def newest_run(self, repo: str) -> int | None:
        def find() -> int | None:
            return max((run.id for _, run in self._shown_runs()), default=None)

        return self._ask("newest_run", find)

    def _shown_runs(self, *lists: str) -> list[tuple[str, Run]]:
        return [
            (name, run)
            for name, run in self.hub.runs
            if run.created_at
            and all(self.hub.seen(run.created_at, each) for each in ("runs", *lists))
        ]

    def runs(self, target: Target, since: datetime, *, filtered: bool = True) -> list[Run]:
        def find() -> list[Run]:
            shown = self._shown_runs("filtered_runs" if filtered else "runs")
            found = [run for name, run in shown if name == target.workflow]
            return [run for run in found if run.created_at and run.created_at >= since]

        return self._ask("runs", find)

    def run(self, repo: str, run_id: int) -> Run | None:
        def find() -> Run | None:
            return next((run for _, run in self.hub.runs if run.id == run_id), None)

        return self._ask("run", find)

    def dispatch(self, request: Dispatch) -> Accepted:
        def send() -> Accepted:
            run = self.hub.start(request, self.login)
            if run is None or not self.hub.details:
                return Accepted()
            return Accepted(run_id=run.id, run_url=run.url)

        return self._ask("dispatch", send)

    def issue(self, repo: str, number: int) -> Ticket:
        def find() -> Ticket:
            self.hub.reachable(repo)
            if number not in self.hub.views:
                raise Rejected("GitHub answers 404: Not Found", status=404)
            return self.hub.shown(number)

        return self._ask("issue", find)

    def pull_request(self, repo: str, number: int) -> PullRequest:
        return self._ask("pull_request", lambda: self.hub.pull(repo, number).shown)

    def reviews(self, repo: str, number: int) -> list[Review]:
        return self._ask("reviews", lambda: list(self.hub.pull(repo, number).reviews))

    def check_runs(self, repo: str, ref: str) -> list[Check]:
        return self._ask("check_runs", lambda: list(self.hub.check_runs.get(ref, ())))

    def statuses(self, repo: str, ref: str) -> list[Check]:
        return self._ask("statuses", lambda: list(self.hub.statuses.get(ref, ())))
