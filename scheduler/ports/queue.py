"""What one tick needs of GitHub, in small parts, and all of them together: `Queue`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from scheduler.ports.values import (
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


class Issues(Protocol):
    """The issues of the queue: those of one repository that carry one label.

    GitHub's lists show pull requests as issues; none of these methods does.
    """

    def open_tickets(self) -> Iterable[Ticket]:
        """The open issues, oldest first. Pages are read as they are iterated over."""

    def closed_tickets(self, since: datetime, *, changed: bool = False) -> Sequence[Ticket]:
        """The issues that were closed at ``since`` or later, newest first; the newest few 100.

        ``changed``: also those that were closed earlier, and changed since.
        """

    def created_since(self, since: datetime) -> Sequence[Ticket]:
        """The issues, open or closed, that were created at ``since`` or later; newest first."""

    def ticket(self, number: int) -> Ticket | None:
        """The issue as it is now, with the label or without; None when it is not there.

        One that was deleted, that was transferred away, or is a pull request is not there.
        """

    def set_state(self, number: int, *, reason: str | None, title: str | None = None) -> Ticket:
        """Close the issue for ``reason`` (None: leave it open) and give it ``title``. Absolute.

        ``reason`` is GitHub's word: ``completed`` or ``not_planned``; ``reopened`` opens it.
        Returns the issue as it is then, with what others wrote meanwhile. Raises ``Rejected`` when
        GitHub refuses it.
        """


class IssueComments(Protocol):
    """The comments of the queue's repository."""

    def room(self, writes: int = 1) -> float:
        """Seconds until GitHub takes so many comments more of this account; 0: at once."""

    def comments(self, number: int, *, since: datetime | None = None, skip: int = 0) -> Comments:
        """The comments of an issue, oldest first: all, or those written or edited since.

        Of the first ``skip`` of them as few are listed as pages of 100 allow. An issue that is
        not there has none.
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
        """Replace a comment's text. Absolute. Raises ``Rejected``: 404 of one that is gone."""

    def delete_comment(self, comment_id: int) -> None:
        """Delete a comment; one that is gone already is no error. Absolute."""

    def react(self, comment_id: int, content: str) -> None:
        """Answer a comment in one sign, such as ``+1`` or ``eyes``. Absolute.

        A comment that is gone is no error. Raises ``Rejected`` when GitHub refuses it.
        """


class Labels(Protocol):
    """The labels of one issue, written one by one: what others did to the rest stays."""

    def add_label(self, number: int, label: str) -> Sequence[str]:
        """Put one label on an issue; all labels that it has then. Absolute.

        Raises ``Rejected`` when GitHub refuses it: of an issue that has 100 labels, 422.
        """

    def remove_label(self, number: int, label: str) -> None:
        """Take one label off an issue; one that it does not have is no error. Absolute.

        Raises ``Rejected`` when GitHub refuses it.
        """


class People(Protocol):
    """Who somebody is, and who did what to an issue."""

    def role(self, login: str, repo: str | None = None) -> str:
        """The user's role in ``repo`` (None: the queue's repository), in GitHub's words.

        ``none``, ``read``, ``triage``, ``write``, ``maintain`` or ``admin``; ``none`` of an
        account that is not there. Raises ``Rejected`` of another repository that does not tell.
        """

    def acts(self, numbers: Sequence[int]) -> Mapping[int, Acts] | None:
        """What was done to these issues, asked at once; None: the server can't tell.

        An issue that is not in the answer could not be asked about.
        """

    def events(self, number: int) -> Sequence[Event] | None:
        """All that was done to one issue, oldest first; None: the server can't tell."""

    def viewer(self) -> str | None:
        """The token's own login, by GraphQL; None where that can't be told. Raises nothing."""


class Workflows(Protocol):
    """The workflows that jobs start, in any repository, and their runs."""

    def default_branch(self, repo: str) -> str:
        """The name of a repository's default branch. Raises ``Rejected`` (404)."""

    def workflow_file(self, repo: str, workflow: str, ref: str | None) -> WorkflowFile | None:
        """The file at ``ref`` (None: the default branch); None when there is none."""

    def newest_run(self, repo: str) -> int | None:
        """The highest run id of a repository, whatever the workflow; None: no run yet."""

    def runs(self, target: Target, since: datetime, *, filtered: bool = True) -> Sequence[Run]:
        """The ``workflow_dispatch`` runs of the target's workflow created at ``since`` or later.

        ``filtered``: as GitHub's search finds them, which may lag behind its list of all runs.
        Without, runs of other events are among them, and only the newest 1,000 are looked at.
        Raises ``Rejected`` (404) of a workflow that is not there.
        """

    def recent_runs(self, repo: str, since: datetime) -> Sequence[Run]:
        """The ``workflow_dispatch`` runs of a repository created at ``since`` or later.

        Of all its workflows, newest first, as GitHub's search finds them: 100 a request, the
        newest 1,000. Raises ``Rejected`` of another repository that does not tell.
        """

    def run(self, repo: str, run_id: int) -> Run | None:
        """One run as it is now; None when it was deleted."""

    def jobs_of_run(self, repo: str, run_id: int) -> int | None:
        """How many jobs a run ever had, all attempts counted; None: that can't be told.

        A policy of the repository ends a run that has none yet.
        """

    def cancel_run(self, repo: str, run_id: int) -> bool:
        """Cancel a run; false when it had ended already. Absolute.

        GitHub takes its time over it: the run has ended when it says so.
        """

    def dispatch(self, request: Dispatch) -> Accepted:
        """Start it, once. Never repeated.

        Raises:
            Rejected: GitHub refused it for good; nothing started.
            RateLimited: refused for now; nothing started.
            Unavailable: no answer; it may have started unless ``sent`` is false.
        """


class Questions(Protocol):
    """What the conditions of a job ask, of any repository.

    Each method raises ``Rejected``, with what to do about it, when there is no such thing or
    the token may not see it.
    """

    def issue(self, repo: str, number: int) -> Ticket:
        """An issue or a pull request."""

    def pull_request(self, repo: str, number: int) -> PullRequest:
        """A pull request; an issue is none."""

    def reviews(self, repo: str, number: int) -> Sequence[Review]:
        """All reviews of a pull request, oldest first."""

    def check_runs(self, repo: str, ref: str) -> Sequence[Check]:
        """The latest check runs of a commit."""

    def statuses(self, repo: str, ref: str) -> Sequence[Check]:
        """The latest status of each context of a commit."""


class Replies(Protocol):
    """The comments of issues and pull requests of any repository, whether they are jobs or not.

    Each method raises ``Rejected``, with what to do about it, where GitHub refuses it: of a place
    that is not there, has moved or is locked, and of one that the token may not write to.
    """

    def replies(self, repo: str, number: int, since: datetime) -> Sequence[Comment]:
        """The comments there that were written or edited at ``since`` or later, oldest first."""

    def reply(self, repo: str, number: int, body: str) -> Comment:
        """Write a comment there. Not repeatable."""

    def take_back(self, repo: str, comment_id: int) -> None:
        """Delete a comment there; one that is gone already is no error. Absolute."""


class Queue(Issues, IssueComments, Labels, People, Workflows, Questions, Replies, Protocol):
    """What one tick needs of GitHub."""

    @property
    def repository(self) -> str:
        """The queue's own ``owner/name``."""

    @property
    def requests(self) -> int:
        """How many requests were really sent so far."""

    def prove_contents(self) -> None:
        """Raise ``SettingsUnreadable`` unless the token may read the queue's contents."""
