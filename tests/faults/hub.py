"""GitHub in memory: one server for all the ticks of a test, and a clock that only tests move.

Instants that the server tells have whole seconds, as GitHub's have.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from scheduler.errors import Rejected
from scheduler.job.workflow_file import declared
from scheduler.ports import (
    Acts,
    Check,
    Comment,
    Dispatch,
    Edit,
    Event,
    PullRequest,
    Review,
    Run,
    Ticket,
    User,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
BOT = "github-actions[bot]"
MOST_COMMENTS = 2500


@functools.cache
def _run_name(text: str) -> str:
    return declared(text).run_name


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
class Sent:
    """A dispatch that took effect: ``at`` by GitHub's clock, ``told`` by its sender's."""

    request: Dispatch
    at: datetime
    told: datetime
    run: Run | None

    @property
    def key(self) -> str:
        """Its occurrence: all targets of these tests take it, not all show it."""
        return self.request.inputs["schedule_id"]

    @property
    def name(self) -> str:
        """Which job it was: the input that every job of these tests carries."""
        return self.request.inputs.get("job", "")


@dataclass(frozen=True)
class Marked:
    """A label that somebody put on an issue or took off it."""

    number: int
    label: str
    on: bool
    by: str


@dataclass
class Pull:
    """A pull request as a test changes it."""

    open: bool = True
    merged: bool = False
    head: str = "c0ffee0"
    reviews: list[Review] = field(default_factory=list)

    @property
    def shown(self) -> PullRequest:
        """What a read shows of it."""
        return PullRequest(open=self.open, merged=self.merged, head=self.head)

    def review(self, state: str, *, by: str = "owner") -> None:
        """Somebody's review."""
        self.reviews.append(Review(author=User(login=by), state=state))


@dataclass
class MemoryHub:
    """The server: one repository with issues and workflows. Staleness is in seconds."""

    clock: FakeClock
    repository: str = "octo/queue"
    label: str = "schedule"
    details: bool = True
    graphql: bool = True
    comment_list: bool = True
    stale: dict[str, float] = field(default_factory=dict)
    #: What an issue counts, of so many comments; GitHub promises no more than a number.
    counts: Callable[[int], int] = lambda comments: comments
    roles: dict[str, str] = field(default_factory=lambda: {"agent": "write", "owner": "admin"})
    #: Of whom the role can't be told, and what the question is answered with.
    untold: dict[str, Exception] = field(default_factory=dict)
    #: About whom it was asked, as often as it was.
    asked: list[str] = field(default_factory=list)
    workflows: dict[str, str] = field(default_factory=dict)
    views: dict[int, list[tuple[datetime, Ticket]]] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    updated: dict[int, datetime] = field(default_factory=dict)
    reactions: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    runs: list[tuple[str, Run]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    marks: list[Marked] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)
    unreadable: dict[int, Exception] = field(default_factory=dict)
    disabled: set[str] = field(default_factory=set)
    event_list: bool = True
    edited: dict[int, Edit] = field(default_factory=dict)
    events: dict[int, list[Event]] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    check_runs: dict[str, list[Check]] = field(default_factory=dict)
    statuses: dict[str, list[Check]] = field(default_factory=dict)
    #: What reads of other repositories than this one are answered with; None: as this one.
    elsewhere: Exception | None = None
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1001))

    def now(self) -> datetime:
        """GitHub's own time, in whole seconds."""
        return self.clock.true.replace(microsecond=0)

    def seen(self, made: datetime, what: str) -> bool:
        """Whether a read shows what was made at that instant."""
        late = self.stale.get(what, 0)
        return not late or made + timedelta(seconds=late) <= self.clock.true

    def ticket(self, number: int) -> Ticket:
        """The issue as it is. Raises ``Rejected`` (410) when it was deleted."""
        if number not in self.views:
            raise Rejected("GitHub answers 410: This issue was deleted", status=410)
        return self.views[number][-1][1]

    def role(self, login: str) -> str:
        """Somebody's role. Raises what it is answered with where it can't be told."""
        self.asked.append(login)
        if login in self.untold:
            raise self.untold[login]
        return self.roles.get(login, "none")

    def shown(self, number: int) -> Ticket:
        """The issue as a read shows it."""
        until = self.clock.true - timedelta(seconds=self.stale.get("issues", 0))
        views = self.views[number]
        shown = next((view for at, view in reversed(views) if at <= until), views[0][1])
        return replace(shown, comments=self.counts(shown.comments))

    def change(self, number: int, **changes: object) -> None:
        """Change an issue, as any of its writers may."""
        changed: Ticket = replace(self.ticket(number), updated_at=self.now(), **changes)  # type: ignore[arg-type]
        self.views[number].append((self.clock.true, changed))

    # What people do.

    def open(self, body: str, *, author: str = "agent") -> int:
        """Open an issue with the queue's label; its number."""
        number = len(self.views) + len(self.gone) + 1
        ticket = Ticket(
            number=number,
            body=body,
            author=User(login=author, bot=author.endswith("[bot]")),
            labels=(self.label,),
            url=f"https://github.com/{self.repository}/issues/{number}",
            created_at=self.now(),
            updated_at=self.now(),
        )
        self.views[number] = [(self.clock.true, ticket)]
        self.event(number, "labeled", by=author, label=self.label)
        return number

    def put_on(self, number: int, label: str, *, by: str = "owner") -> tuple[str, ...]:
        """Put one label on an issue; those that it has then."""
        labels = self.ticket(number).labels
        if label not in labels:
            if len(labels) >= 100:
                words = "GitHub answers 422: Issues cannot have more than 100 labels"
                raise Rejected(words, status=422)
            self.marks.append(Marked(number, label, on=True, by=by))
            self.event(number, "labeled", by=by, label=label)
            labels = (*labels, label)
            self.change(number, labels=labels)
        return labels

    def take_off(self, number: int, label: str, *, by: str = "owner") -> None:
        """Take one label off an issue, if it is there."""
        labels = self.ticket(number).labels
        if label in labels:
            self.marks.append(Marked(number, label, on=False, by=by))
            self.event(number, "unlabeled", by=by, label=label)
            self.change(number, labels=tuple(each for each in labels if each != label))

    def event(self, number: int, event: str, *, by: str, label: str = "") -> None:
        """Keep what somebody did to an issue."""
        actor = User(login=by, bot=by.endswith("[bot]"))
        made = Event(event=event, at=self.now(), actor=actor, label=label)
        self.events.setdefault(number, []).append(made)

    def acts(self, number: int) -> Acts:
        """What was done to an issue."""
        edit = self.edited.get(number, Edit())
        return Acts(edit=edit, events=tuple(self.events.get(number, ())))

    def close(self, number: int, *, by: str = "owner", reason: str = "completed") -> None:
        """Close an issue."""
        self.change(number, open=False, state_reason=reason, closed_at=self.now(), closed_by=by)
        self.event(number, "closed", by=by)

    def reopen(self, number: int, *, by: str = "owner") -> None:
        """Reopen an issue."""
        self.change(number, open=True, state_reason="reopened", closed_at=None, closed_by=None)
        self.event(number, "reopened", by=by)

    def comment(self, number: int, body: str, *, by: str) -> Comment:
        """Write a comment. Raises ``Rejected`` as GitHub refuses one."""
        ticket = self.ticket(number)
        if ticket.locked and by not in self.roles:
            raise Rejected("GitHub answers 403: locked", status=403)
        if ticket.comments >= MOST_COMMENTS:
            words = f"Commenting is disabled on issues with more than {MOST_COMMENTS} comments"
            raise Rejected(f"GitHub answers 403: {words}", status=403)
        author = User(login=by, bot=by.endswith("[bot]"))
        made = Comment(
            id=next(self.ids), issue=number, body=body, author=author, created_at=self.now()
        )
        self.comments[made.id] = made
        self.updated[made.id] = self.clock.true
        self.change(number, comments=ticket.comments + 1)
        return made

    def edit_comment(self, comment_id: int, body: str) -> None:
        """Replace a comment's text. Raises ``Rejected`` (404)."""
        if comment_id not in self.comments:
            raise Rejected("GitHub answers 404: Not Found", status=404)
        self.comments[comment_id] = replace(self.comments[comment_id], body=body)
        self.updated[comment_id] = self.clock.true

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment that may be gone."""
        gone = self.comments.pop(comment_id, None)
        if gone is not None and gone.issue in self.views:
            self.change(gone.issue, comments=self.ticket(gone.issue).comments - 1)

    def react(self, comment_id: int, content: str, *, by: str) -> None:
        """Answer a comment in one sign, unless it is gone; the same one again is no other."""
        if comment_id in self.comments:
            self.reactions.setdefault(comment_id, set()).add((by, content))

    def delete(self, number: int) -> None:
        """Delete an issue with all that stands on it."""
        del self.views[number]
        self.gone.add(number)
        self.comments = {key: each for key, each in self.comments.items() if each.issue != number}

    def on(self, number: int) -> list[Comment]:
        """All comments of an issue."""
        return [each for each in self.comments.values() if each.issue == number]

    def reachable(self, repo: str) -> None:
        """Raise what the token is answered that does not reach a repository."""
        if self.elsewhere is not None and repo != self.repository:
            raise self.elsewhere

    def pull(self, repo: str, number: int) -> Pull:
        """A pull request. Raises ``Rejected`` (404)."""
        self.reachable(repo)
        if number not in self.pulls:
            raise Rejected("GitHub answers 404: Not Found", status=404)
        return self.pulls[number]

    def start(self, request: Dispatch, actor: str) -> Run | None:
        """Take a dispatch. Raises ``Rejected`` as GitHub refuses one."""
        target = request.target
        if target.event is not None:
            self.sent.append(Sent(request, self.clock.true, self.clock.now(), None))
            return None
        if target.workflow not in self.workflows:
            raise Rejected("GitHub answers 404: Not Found", status=404)
        if target.workflow in self.disabled:
            raise Rejected("GitHub answers 422: a disabled workflow", status=422)
        name = _run_name(self.workflows[target.workflow]) or target.workflow
        title = re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda m: request.inputs.get(m[1], ""), name)
        run = Run(
            id=next(self.ids),
            url=f"https://github.com/{target.repo}/actions/runs/{len(self.runs) + 1}",
            title=title,
            actor=actor,
            event="workflow_dispatch",
            created_at=self.now(),
        )
        self.runs.append((target.workflow, run))
        self.sent.append(Sent(request, self.clock.true, self.clock.now(), run))
        return run
