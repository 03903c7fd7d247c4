"""What the engine needs of the world: a queue, a clock. GitHub is one such queue.

Every method may raise ``NotPermitted``, ``RateLimited`` and ``Unavailable``; what else it
raises stands with it. A read that failed may be repeated; a write may not, unless it is
absolute (it says what the result is to be, whatever stood there before).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

#: The version of the REST API that every request names: without one GitHub answers by the
#: oldest that it still has, which is another one some day.
#: https://docs.github.com/en/rest/about-the-rest-api/api-versions
API_VERSION = "2022-11-28"

#: The number of comments of an issue on a server that does not tell it.
UNCOUNTED = -1


@dataclass(frozen=True, kw_only=True)
class Comments:
    """An issue's comments, and GitHub's own time when it listed them (None: not told).

    ``whole`` is false where some were known before and only what changed since was listed.
    """

    items: tuple[Comment, ...]
    as_of: datetime | None = None
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Recent:
    """The comments of all issues that were written or changed at ``since`` or later."""

    items: tuple[Comment, ...]
    since: datetime
    as_of: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """GitHub took a dispatch; the run is None where the server does not name it."""

    run_id: int | None = None
    run_url: str = ""


@dataclass(frozen=True, kw_only=True)
class WorkflowFile:
    """A workflow file as it stands at a ref; ``ref`` is None when the answer didn't say."""

    text: str
    ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class Edit:
    """When an issue's body was last changed (None: never), and by whom (None: unknown)."""

    at: datetime | None = None
    editor: User | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that was done to an issue: ``event`` is GitHub's word, such as ``labeled``.

    ``at`` has whole seconds, ``actor`` is None of an account that is gone, ``label`` is the name
    of the label that an event is about.
    https://docs.github.com/en/rest/using-the-rest-api/issue-event-types
    """

    event: str
    at: datetime
    actor: User | None = None
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Acts:
    """What was done to an issue: the last change of its body, and the events, oldest first.

    Either is None where the server can't tell. ``whole``: the events reach back to the issue's
    opening; else only the newest are there.
    """

    edit: Edit | None = None
    events: tuple[Event, ...] | None = None
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A pull request as it stands; ``head`` is the commit that its branch ends in."""

    open: bool
    merged: bool
    head: str


@dataclass(frozen=True, kw_only=True)
class Review:
    """A review of a pull request; ``state`` is GitHub's word, such as ``APPROVED``."""

    author: User
    state: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check run or a commit status: ``state`` is ``passed``, ``failed`` or ``pending``."""

    name: str
    state: str


class Clock(Protocol):
    """The only source of time. ``monotonic`` is in seconds and never goes back."""

    def now(self) -> datetime:
        """The instant, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some moment."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class Queue(Protocol):
    """A repository's issues as a queue, and the workflows that its jobs start."""

    @property
    def repository(self) -> str:
        """The queue's own ``owner/name``."""

    @property
    def requests(self) -> int:
        """How many requests were really sent so far."""

    def room(self, writes: int = 1) -> float:
        """Seconds until GitHub takes so many comments more of this account; 0: at once."""

    def open_tickets(self) -> Iterable[Ticket]:
        """The open issues that carry the queue's label, pull requests left out."""

    def poll_open(self) -> Sequence[Ticket] | None:
        """The same, asked conditionally; None: nothing has changed since it was last asked.

        An answer of 304 costs nothing of the rate limit.
        """

    def closed_tickets(self, since: datetime) -> Sequence[Ticket]:
        """The issues with the queue's label that were closed at ``since`` or later."""

    def ticket(self, number: int) -> Ticket | None:
        """The issue as it is now; None when it was deleted or transferred away."""

    def comments(self, number: int, *, since: datetime | None = None, skip: int = 0) -> Comments:
        """The comments of an issue, oldest first: all, or those written or edited since.

        Of the first ``skip`` of them as few are listed as pages allow.
        """

    def comment(self, comment_id: int) -> Comment | None:
        """One comment as it is now; None when it was deleted."""

    def recent_comments(self, since: datetime) -> Recent | None:
        """The repository's comments written or edited since; None: the server can't tell.

        Where that is too many, the newest of them, and its ``since`` says from when on.
        """

    def add_comment(self, number: int, body: str) -> Comment:
        """Write a comment. Not repeatable. Raises ``Rejected`` when GitHub refuses it."""

    def edit_comment(self, comment_id: int, body: str) -> None:
        """Replace a comment's text. Absolute. Raises ``Rejected``."""

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment; one that is gone already is no error. Absolute."""

    def react(self, comment_id: int, content: str) -> None:
        """Answer a comment in one sign, such as ``+1`` or ``eyes``. Absolute.

        A comment that is gone is no error. Raises ``Rejected`` when GitHub refuses it.
        """

    def set_state(self, number: int, *, reason: str | None, title: str | None = None) -> Ticket:
        """Close the issue for ``reason`` (None: leave it open) and give it ``title``. Absolute.

        Returns the issue as it is then, with what others wrote meanwhile.
        """

    def add_label(self, number: int, label: str) -> Sequence[str]:
        """Put one label on an issue, the others untouched; those that it has then. Absolute.

        Raises ``Rejected`` when GitHub refuses it.
        """

    def remove_label(self, number: int, label: str) -> None:
        """Take one label off an issue, the others untouched. Absolute.

        A label that it does not have is no error. Raises ``Rejected`` when GitHub refuses it.
        """

    def role(self, login: str, repo: str | None = None) -> str:
        """The user's role in ``repo``, or the queue's own: ``none``, ``read`` … ``admin``."""

    def acts(self, numbers: Sequence[int]) -> Mapping[int, Acts] | None:
        """What was done to these issues, asked at once; None: the server can't tell.

        An issue that is not in the answer could not be asked about.
        """

    def events(self, number: int) -> Sequence[Event] | None:
        """All that was done to one issue, oldest first; None: the server can't tell."""

    def created_since(self, since: datetime) -> Sequence[Ticket]:
        """The issues with the queue's label, open or closed, created since."""

    def viewer(self) -> str | None:
        """The token's own login, by GraphQL; None when the server has none."""

    def workflow_file(self, repo: str, workflow: str, ref: str | None) -> WorkflowFile | None:
        """The file at ``ref`` (None: the default branch); None when there is none."""

    def cancel_run(self, repo: str, run_id: int) -> bool:
        """Cancel a run; false when it had ended already. Absolute."""

    def prove_contents(self) -> None:
        """Raise ``SettingsUnreadable`` unless the token may read the queue's contents."""

    def default_branch(self, repo: str) -> str:
        """The name of a repository's default branch. Raises ``Rejected`` (404)."""

    def newest_run(self, repo: str) -> int | None:
        """The highest run id of a repository, whatever the workflow; None: no run yet."""

    def runs(self, target: Target, since: datetime, *, filtered: bool = True) -> Sequence[Run]:
        """The ``workflow_dispatch`` runs of the target's workflow created at or after.

        ``filtered``: as GitHub's search finds them, which may lag behind its list of all runs.
        Without, runs of other events are among them, and only the newest 1,000 are looked at.
        """

    def run(self, repo: str, run_id: int) -> Run | None:
        """One run as it is now; None when it was deleted."""

    def dispatch(self, request: Dispatch) -> Accepted:
        """Start it, once. Never repeated.

        Raises:
            Rejected: GitHub refused it for good; nothing started.
            RateLimited: refused for now; nothing started.
            Unavailable: no answer; it may have started unless ``sent`` is false.
        """

    # What conditions ask. Each raises ``Rejected``, with what to do about it, when there is no
    # such thing or the token may not see it.

    def issue(self, repo: str, number: int) -> Ticket:
        """An issue or a pull request, of any repository."""

    def pull_request(self, repo: str, number: int) -> PullRequest:
        """A pull request."""

    def reviews(self, repo: str, number: int) -> Sequence[Review]:
        """All reviews of a pull request, oldest first."""

    def check_runs(self, repo: str, ref: str) -> Sequence[Check]:
        """The latest check runs of a commit."""

    def statuses(self, repo: str, ref: str) -> Sequence[Check]:
        """The latest status of each context of a commit."""


@dataclass(frozen=True, kw_only=True)
class User:
    """A GitHub account; ``bot`` is true of an app's account (REST ``type: Bot``)."""

    login: str
    bot: bool = False


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """An issue as the API shows it, unparsed: one bad body must not hide its neighbours.

    ``comments`` is their number as the issue itself counts them, or ``UNCOUNTED``;
    ``association`` what GitHub's list says that its author is to the repository, if it does.
    """

    number: int
    title: str = ""
    body: str = ""
    author: User
    open: bool = True
    state_reason: str | None = None
    labels: tuple[str, ...] = ()
    comments: int = 0
    locked: bool = False
    url: str = ""
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    association: str = ""


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment on an issue; ids grow with time, which makes the lowest claim the first."""

    id: int
    issue: int
    body: str
    author: User
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Run:
    """A workflow run as the API shows it."""

    id: int
    url: str = ""
    title: str = ""
    actor: str = ""
    event: str = ""
    status: str = ""
    conclusion: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a job goes, with every default filled in."""

    repo: str
    ref: str
    workflow: str | None = None
    event: str | None = None

    @property
    def name(self) -> str:
        """The workflow's file name or the event's type."""
        return self.workflow or self.event or ""


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """A dispatch request, whole: what GitHub is told to start."""

    target: Target
    inputs: Mapping[str, str] = field(default_factory=dict)
