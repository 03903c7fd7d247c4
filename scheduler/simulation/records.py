"""What a hub remembers beside issues: dispatches, pull requests and threads of comments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from scheduler.ports.values import Comment, Dispatch, PullRequest, Review, Run, User


def user(login: str) -> User:
    """An account, by its login."""
    return User(login=login, bot=login.endswith("[bot]"))


@dataclass
class Sent:
    """A dispatch that took effect; ``run`` is None of an event."""

    request: Dispatch
    #: By GitHub's clock.
    at: datetime
    #: By the clock of whoever sent it.
    told: datetime
    run: Run | None

    @property
    def key(self) -> str:
        """The occurrence that it names; empty where it names none."""
        return self.request.inputs.get("schedule_id", "")

    @property
    def name(self) -> str:
        """The input ``job``, by which tests tell their jobs apart."""
        return self.request.inputs.get("job", "")


@dataclass
class Pull:
    """A pull request, to be changed at will."""

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
        self.reviews.append(Review(author=user(by), state=state))


@dataclass
class Thread:
    """The comments of an issue or a pull request that is no job, and whether it is locked."""

    comments: list[Comment] = field(default_factory=list)
    locked: bool = False
