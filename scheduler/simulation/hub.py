"""GitHub's side: issues, comments, and the runs that dispatches start. Time is given."""

from __future__ import annotations

import itertools
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from scheduler.errors import RateLimited, Rejected
from scheduler.ports import Comment, Dispatch, Run, Ticket, User
from scheduler.settings.model import Settings
from scheduler.simulation.scenario import Platform
from scheduler.simulation.timeline import Timeline

REPOSITORY = "octo/queue"
BOT = User(login="github-actions[bot]", bot=True)
PERSON = User(login="person")
TARGET = "agent-message.yml"
#: What jobs start; its runs show the occurrence.
TARGET_TEXT = """\
on: {workflow_dispatch: {inputs: {message: {}, schedule_id: {}}}}
run-name: "agent ${{ inputs.schedule_id }}"
"""
HOUR = 3600.0


@dataclass(kw_only=True)
class Meter:
    """Every request that was sent: by hour, those answered 304 apart. Limits, too."""

    timeline: Timeline
    platform: Platform
    counted: dict[int, int] = field(default_factory=dict)
    unchanged: dict[int, int] = field(default_factory=dict)
    limited: int = 0
    _content: deque[float] = field(default_factory=deque)

    def hour(self) -> int:
        """Which hour of the month it is."""
        return int(self.timeline.seconds // HOUR)

    def charge(self, requests: int, *, unchanged: int = 0, content: bool = False) -> None:
        """Count requests. Raises `RateLimited` when GitHub would not take one more.

        A 304 does not count against the primary limit:
        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests
        """
        hour, now = self.hour(), self.timeline.seconds
        used = self.counted.get(hour, 0)
        if used + requests > self.platform.requests_per_hour:
            self.limited += 1
            raise self._limited("requests an hour", (hour + 1) * HOUR - now)
        if content:
            while self._content and self._content[0] <= now - HOUR:
                self._content.popleft()
            lately = sum(1 for at in reversed(self._content) if at > now - 60)
            if lately >= self.platform.content_per_minute:
                raise self._limited("comments and issues a minute", 60)
            if len(self._content) >= self.platform.content_per_hour:
                raise self._limited("comments and issues an hour", self._content[0] + HOUR - now)
            self._content.append(now)
        self.counted[hour] = used + requests
        self.unchanged[hour] = self.unchanged.get(hour, 0) + unchanged

    def _limited(self, what: str, seconds: float) -> RateLimited:
        retry_at = self.timeline.now() + timedelta(seconds=seconds)
        return RateLimited(f"rate limit: {what}", retry_at=retry_at)


class Hub:
    """One repository. ``wake`` starts the scheduler's runs, ``cancel`` ends one by its id."""

    def __init__(self, timeline: Timeline, settings: Settings, platform: Platform) -> None:
        self.timeline = timeline
        self.settings = settings
        self.meter = Meter(timeline=timeline, platform=platform)
        self.open: dict[int, Ticket] = {}
        self.closed: OrderedDict[int, Ticket] = OrderedDict()
        self.comments: dict[int, dict[int, Comment]] = {}
        self._recent: OrderedDict[int, tuple[datetime, Comment]] = OrderedDict()
        self.runs: dict[str, dict[int, Run]] = {TARGET: {}, settings.scheduler.workflow: {}}
        #: By occurrence key: when GitHub took each dispatch of it.
        self.sent: dict[str, list[datetime]] = {}
        self.version = 0
        self.wake: Callable[[str], Run] = lambda _: Run(id=0)
        self.cancel: Callable[[int], bool] = lambda _: False
        self._ids = itertools.count(1001)
        self._numbers = itertools.count(1)

    def now(self) -> datetime:
        """GitHub's time, in whole seconds."""
        return self.timeline.now().replace(microsecond=0)

    # Issues.

    def create(self, body: str, author: User) -> Ticket:
        """Open an issue with the queue's label."""
        number = next(self._numbers)
        ticket = Ticket(
            number=number,
            body=body,
            author=author,
            labels=(self.settings.label,),
            url=f"https://github.com/{REPOSITORY}/issues/{number}",
            created_at=self.now(),
            updated_at=self.now(),
        )
        self.comments[number] = {}
        self._put(ticket)
        return ticket

    def _put(self, ticket: Ticket) -> None:
        self.version += 1
        if ticket.open:
            self.open[ticket.number] = ticket
        else:
            self.open.pop(ticket.number, None)
            self.closed[ticket.number] = ticket
            self.closed.move_to_end(ticket.number)

    def ticket(self, number: int) -> Ticket | None:
        """The issue as it is."""
        return self.open.get(number) or self.closed.get(number)

    def change(self, number: int, **changes: object) -> Ticket:
        """Change an issue, which nobody deletes here; as it is then."""
        ticket = self.open.get(number) or self.closed[number]
        changed: Ticket = replace(ticket, updated_at=self.now(), **changes)  # type: ignore[arg-type]
        self._put(changed)
        return changed

    def label(
        self, number: int, *, on: Iterable[str] = (), off: Iterable[str] = ()
    ) -> tuple[str, ...]:
        """The issue's labels once some were put on and others taken off."""
        ticket = self.ticket(number)
        was = ticket.labels if ticket is not None else ()
        labels = tuple(dict.fromkeys(each for each in (*was, *on) if each not in {*off}))
        if labels != was:
            self.change(number, labels=labels)
        return labels

    def closed_since(self, since: datetime) -> list[Ticket]:
        """The issues that were closed since, newest first."""
        found = itertools.takewhile(
            lambda t: t.closed_at is not None and t.closed_at >= since,
            reversed(self.closed.values()),
        )
        return list(found)

    # Comments.

    def comment(self, number: int, body: str) -> Comment:
        """Write a comment as the scheduler."""
        made = Comment(
            id=next(self._ids), issue=number, body=body, author=BOT, created_at=self.now()
        )
        self.comments[number][made.id] = made
        self._touch(made)
        return made

    def edit_comment(self, comment_id: int, body: str) -> None:
        """Replace a comment's text. Raises `Rejected` (404)."""
        known = self._recent.get(comment_id)
        if known is None:
            raise Rejected("GitHub answers 404: Not Found", status=404)
        changed = replace(known[1], body=body)
        self.comments[changed.issue][comment_id] = changed
        self._touch(changed)

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment that may be gone."""
        known = self._recent.pop(comment_id, None)
        if known is not None:
            del self.comments[known[1].issue][comment_id]
            self._count(known[1].issue)

    def _touch(self, comment: Comment) -> None:
        self._recent[comment.id] = (self.now(), comment)
        self._recent.move_to_end(comment.id)
        self._count(comment.issue)

    def _count(self, number: int) -> None:
        self.change(number, comments=len(self.comments[number]))

    def recent_comments(self, since: datetime) -> list[Comment]:
        """The comments changed since, newest first."""
        recent = reversed(self._recent.values())
        return [c for _, c in itertools.takewhile(lambda each: each[0] >= since, recent)]

    # Runs.

    def newest_run(self) -> int | None:
        """The highest run id."""
        newest: Iterable[int] = (next(reversed(runs), 0) for runs in self.runs.values())
        return max(newest, default=0) or None

    def run(self, workflow: str, event: str, title: str = "") -> Run:
        """Create a run."""
        made = Run(
            id=next(self._ids),
            url=f"https://github.com/{REPOSITORY}/actions/runs/1",
            title=title,
            actor=BOT.login,
            event=event,
            status="queued",
            created_at=self.now(),
        )
        self.runs[workflow][made.id] = made
        return made

    def found(self, run_id: int) -> Run | None:
        """The run with this id; an agent's own takes no time here."""
        for workflow, runs in self.runs.items():
            if run_id in runs:
                ended = workflow == TARGET
                return replace(runs[run_id], status="completed") if ended else runs[run_id]
        return None

    def mark(self, run_id: int, status: str, conclusion: str | None = None) -> None:
        """Say of a run of the scheduler where it is."""
        runs = self.runs[self.settings.scheduler.workflow]
        runs[run_id] = replace(runs[run_id], status=status, conclusion=conclusion)

    def dispatch(self, request: Dispatch) -> Run:
        """Take a dispatch. Raises `Rejected` for what is no workflow here."""
        name = request.target.name
        if name not in self.runs:
            raise Rejected("GitHub answers 404: Not Found", status=404)
        key = request.inputs.get("schedule_id", "")
        if name != TARGET:
            return self.wake("workflow_dispatch")
        self.sent.setdefault(key, []).append(self.timeline.now())
        return self.run(name, "workflow_dispatch", title=f"agent {key}")
