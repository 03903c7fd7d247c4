"""What a repository's issues are made of. Instants are UTC."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from scheduler.sandbox.hub.people import User

REMEMBERED = timedelta(seconds=60)
"""How far back a stale read may look; older views of an issue are forgotten."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """A label of a repository. color: six hexadecimal digits."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None
    default: bool = False


@dataclass(frozen=True, kw_only=True)
class IssueView:
    """All of an issue that can change, as it stood at one moment."""

    title: str
    body: str | None
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    labels: tuple[Label, ...] = ()
    assignees: tuple[User, ...] = ()
    closed_at: datetime | None = None
    closed_by: User | None = None
    locked: bool = False
    lock_reason: str | None = None
    comments: int = 0


@dataclass(kw_only=True)
class Reaction:
    """An answer in one sign to an issue or a comment."""

    id: int
    user: User
    content: str
    created_at: datetime


@dataclass(kw_only=True)
class Comment:
    """A comment on an issue."""

    id: int
    issue: int
    author: User
    body: str
    created_at: datetime
    updated_at: datetime
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class IssueEvent:
    """What was done to an issue. extra: the keys that only this kind of event has."""

    id: int
    issue: int
    event: str
    actor: User
    created_at: datetime
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BodyEdit:
    """One change of an issue's body; GraphQL's ``UserContentEdit``."""

    id: int
    editor: User
    edited_at: datetime
    diff: str | None


@dataclass(kw_only=True)
class Review:
    """What somebody thinks of a pull request. state: as GitHub writes it, ``APPROVED``.

    commit: the head that it was written about.
    """

    id: int
    author: User
    state: str
    body: str
    submitted_at: datetime
    commit: str


@dataclass(kw_only=True)
class Pull:
    """What makes an issue a pull request. heads: its commits, the newest last."""

    branch: str
    heads: list[str]
    merged_at: datetime | None = None
    merged_by: User | None = None
    reviews: list[Review] = field(default_factory=list)

    @property
    def head(self) -> str:
        """The newest commit."""
        return self.heads[-1]


@dataclass(kw_only=True)
class CheckRun:
    """What an app says of a commit; it is completed once it has a conclusion."""

    id: int
    name: str
    status: str
    conclusion: str | None
    started_at: datetime
    completed_at: datetime | None


@dataclass(kw_only=True)
class Status:
    """What something else says of a commit. state: error, failure, pending or success."""

    id: int
    context: str
    state: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What a job may wait in. wait_timer: minutes. policy: which branches, as GitHub writes it."""

    id: int
    name: str
    created_at: datetime
    updated_at: datetime
    wait_timer: int = 0
    reviewers: tuple[User, ...] = ()
    prevent_self_review: bool = False
    policy: Mapping[str, bool] | None = None


@dataclass(kw_only=True)
class Issue:
    """An issue, or with ``pull`` set a pull request.

    view: as it stands; history: the views of the last minute with the instant of each,
    and the one before them, for reads that are stale on purpose.
    """

    id: int
    number: int
    author: User
    created_at: datetime
    view: IssueView
    association: str = "NONE"
    pull: Pull | None = None
    comments: list[Comment] = field(default_factory=list)
    events: list[IssueEvent] = field(default_factory=list)
    edits: list[BodyEdit] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    history: list[tuple[datetime, IssueView]] = field(default_factory=list)

    def change(self, view: IssueView, at: datetime) -> None:
        """Make ``view`` the present one, from ``at`` on."""
        self.view = view
        self.history.append((at, view))
        while len(self.history) > 1 and self.history[1][0] <= at - REMEMBERED:
            self.history.pop(0)

    def as_of(self, instant: datetime) -> IssueView:
        """What a reader sees whose copy ends at ``instant``; the first view if none is older."""
        index = bisect_right(self.history, instant, key=lambda entry: entry[0])
        return self.history[max(index - 1, 0)][1]
