"""What the core needs of the world: a clock, and GitHub in small parts.

The parts are composed by who needs them: `Queue` is what one tick needs, `HeldQueue` what a
tick that stays needs, `CommandQueue` what a command needs.

Every method may raise ``NotPermitted``, ``RateLimited`` and ``Unavailable``; what else it
raises stands with it. A read that failed may be repeated; a write may not, unless it is
absolute (it says what the result is to be, whatever stood there before). Instants are in UTC;
those that GitHub tells have whole seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

#: The version of the REST API that every request names: without one GitHub answers by the
#: oldest that it still has, which is another one some day.
#: https://docs.github.com/en/rest/about-the-rest-api/api-versions
API_VERSION = "2022-11-28"

#: The number of comments of an issue on a server that does not tell it.
UNCOUNTED = -1


@dataclass(frozen=True, kw_only=True)
class Comments:
    """The comments of one issue."""

    #: Oldest first.
    items: tuple[Comment, ...]
    #: GitHub's own time when it listed them; None: it did not tell.
    as_of: datetime | None = None
    #: False where some were known before and only what changed since was listed.
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Recent:
    """The comments of all issues that were written or changed lately."""

    #: Those that changed last come first.
    items: tuple[Comment, ...]
    #: From this instant on none is missing.
    since: datetime
    #: GitHub's own time when it listed them; None: it did not tell.
    as_of: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """GitHub took a dispatch."""

    #: The run that it starts; None and empty where the server does not name it.
    run_id: int | None = None
    run_url: str = ""


@dataclass(frozen=True, kw_only=True)
class WorkflowFile:
    """A workflow file as it stands at a ref."""

    #: U+FFFD in the place of a file that is no UTF-8, or too long to be given.
    text: str
    #: The branch, tag or commit; None: the answer did not say which branch is the default.
    ref: str | None = None


@dataclass(frozen=True, kw_only=True)
class Edit:
    """The last change of an issue's body."""

    #: None: it was never changed.
    at: datetime | None = None
    #: None: unknown, or an account that is gone.
    editor: User | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that was done to an issue.

    https://docs.github.com/en/rest/using-the-rest-api/issue-event-types
    """

    #: GitHub's word, such as ``labeled``.
    event: str
    at: datetime
    #: None: an account that is gone.
    actor: User | None = None
    #: The name of the label that the event is about; empty: about none.
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Acts:
    """What was done to an issue."""

    #: The last change of its body; None: the server can't tell.
    edit: Edit | None = None
    #: Oldest first; None: the server can't tell.
    events: tuple[Event, ...] | None = None
    #: Whether the events reach back to the issue's opening; else only the newest are there.
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """A pull request as it stands."""

    open: bool
    merged: bool
    #: The commit that its branch ends in.
    head: str


@dataclass(frozen=True, kw_only=True)
class Review:
    """A review of a pull request."""

    author: User
    #: GitHub's word, such as ``APPROVED``.
    state: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check run or a commit status."""

    name: str
    #: ``passed``, ``failed`` or ``pending``.
    state: str


@dataclass(frozen=True, kw_only=True)
class User:
    """A GitHub account."""

    login: str
    #: Whether it is an app's (REST: ``type: Bot``).
    bot: bool = False


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """An issue as the API shows it, unparsed: one bad body must not hide its neighbours."""

    number: int
    title: str = ""
    body: str = ""
    author: User
    open: bool = True
    #: GitHub's word: ``completed``, ``not_planned``, ``reopened``; None: not told.
    state_reason: str | None = None
    #: Those of the queue in the letter case of its settings.
    labels: tuple[str, ...] = ()
    #: Their number as the issue itself counts them, or ``UNCOUNTED``.
    comments: int = 0
    locked: bool = False
    url: str = ""
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    #: A login; None: it is open, or that is not told.
    closed_by: str | None = None
    #: What its author is to the repository, in GitHub's word; empty: not told.
    association: str = ""


@dataclass(frozen=True, kw_only=True)
class Comment:
    """A comment on an issue."""

    #: Ids grow with time, which makes the lowest claim the first.
    id: int
    #: The number of the issue that it stands on; 0: not told.
    issue: int
    body: str
    author: User
    created_at: datetime
    #: Whether it was changed since, as far as the server tells: whoever may write to the
    #: repository can change another's words.
    edited: bool = False


@dataclass(frozen=True, kw_only=True)
class Run:
    """A workflow run as the API shows it; what a server does not tell is empty, or None."""

    id: int
    url: str = ""
    #: What the workflow's ``run-name`` makes of its inputs.
    title: str = ""
    #: A login.
    actor: str = ""
    #: What started it, such as ``workflow_dispatch``.
    event: str = ""
    #: GitHub's word: ``queued``, ``in_progress``, ``completed`` …
    status: str = ""
    #: How it ended, in GitHub's word, such as ``success``; None: it has not.
    conclusion: str | None = None
    created_at: datetime | None = None
    #: When its latest attempt began, a runner or none.
    started_at: datetime | None = None
    #: When it last changed: of one that has ended, when it did.
    updated_at: datetime | None = None
    #: 1, and one more each time that somebody has it run again.
    attempt: int = 1
    #: The file name of its workflow.
    workflow: str = ""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What a job that names it waits for before it gets a runner."""

    name: str
    #: The minutes of its wait timer; 0: it has none.
    minutes: int = 0
    #: GitHub's words for its other rules, such as ``required_reviewers`` and ``branch_policy``.
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Group:
    """A concurrency group that somebody holds or waits for."""

    name: str
    #: When a run last got it; None: not told.
    acquired_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where a job goes, with every default filled in."""

    #: ``owner/name``.
    repo: str
    #: A branch or a tag; of no account for an event.
    ref: str
    #: The workflow's file name, or else the type of a ``repository_dispatch``.
    workflow: str | None = None
    event: str | None = None

    @property
    def name(self) -> str:
        """The workflow's file name or the event's type."""
        return self.workflow or self.event or ""

    @property
    def word(self) -> str:
        """The target as a claim names it: ``owner/name FILE@ref``, of an event ``owner/name TYPE``.

        An ``@`` of the name itself is ``%40``.
        """
        name = self.name.replace("%", "%25").replace("@", "%40")
        return f"{self.repo} {name}@{self.ref}" if self.workflow else f"{self.repo} {name}"

    @classmethod
    def of(cls, word: str) -> Target:
        """The target that ``word`` names."""
        repo, _, rest = word.partition(" ")
        name, at, ref = rest.partition("@")
        name = name.replace("%40", "@").replace("%25", "%")
        return cls(repo=repo, ref=ref, workflow=name) if at else cls(repo=repo, ref="", event=name)


@dataclass(frozen=True, kw_only=True)
class Dispatch:
    """A dispatch request, whole: what GitHub is told to start."""

    target: Target
    inputs: Mapping[str, str] = field(default_factory=dict)


class Clock(Protocol):
    """The only source of time. ``monotonic`` is in seconds and never goes back."""

    def now(self) -> datetime:
        """The instant, in UTC."""

    def monotonic(self) -> float:
        """Seconds since some moment."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


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


class Alarms(Protocol):
    """What it takes to be woken by a run that waits, and to remember which clock there is."""

    def environments(self, repo: str) -> Sequence[Environment]:
        """The environments of a repository. Raises ``Rejected`` where that is not told."""

    def waiting_runs(self, target: Target) -> Sequence[Run]:
        """The runs of the target's workflow that wait for an environment, newest first.

        Raises ``Rejected`` (404) of a workflow that is not there.
        """

    def noted(self) -> str | None:
        """What stands in the description of the queue's label; sends nothing.

        As the newest issue told it that was read with the label; None: none did.
        """

    def note(self, text: str) -> None:
        """Set that description, of at most 100 characters. Absolute. Raises ``Rejected``."""


class Environments(Protocol):
    """Environments as an administrator makes and removes them."""

    def make_environment(self, repo: str, name: str, minutes: int) -> None:
        """Make it with this wait timer and no other rule. Absolute.

        Raises ``Rejected`` (422) where the plan has no wait timers for the repository.
        """

    def remove_environment(self, repo: str, name: str) -> bool:
        """Remove it; false when it was not there. Absolute."""

    def actions_enabled(self, repo: str) -> bool | None:
        """Whether Actions are switched on there; None: only an administrator is told."""

    def add_file(self, repo: str, path: str, text: str, *, message: str) -> None:
        """Commit a new file to the default branch. Raises ``Rejected``: 422 where there is one."""


class HeldQueue(Queue, Alarms, Protocol):
    """What a tick that stays needs: it polls."""

    def poll_open(self) -> Sequence[Ticket] | None:
        """The open issues; None: nothing has changed since it was last asked.

        An answer of 304 costs nothing of the rate limit.
        """


class Upkeep(Protocol):
    """What the keep-alive asks of the repository whose cron starts the scheduler."""

    @property
    def repository(self) -> str:
        """The queue's own ``owner/name``."""

    def is_private(self, repo: str) -> bool:
        """Whether not everybody sees it; an internal repository counts as private."""

    def last_commit(self, repo: str) -> datetime | None:
        """When the default branch got its newest commit; None: it has none."""

    def scheduled_runs(self, repo: str, workflow: str) -> Sequence[Run]:
        """The newest few runs that cron started, newest first."""

    def enable_workflow(self, repo: str, workflow: str) -> None:
        """Enable a workflow, whether it is enabled or not. Absolute."""


class Monitoring(Protocol):
    """What a check for monitors asks of the runs of a repository.

    Each method raises ``Rejected`` or ``NotPermitted`` where the token may not see them.
    """

    def queued_runs(self, repo: str) -> Sequence[Run]:
        """The runs that wait for a runner, newest first: the newest 100."""

    def newest_runs(self, repo: str, workflow: str) -> Sequence[Run]:
        """The newest few runs of a workflow, newest first, whatever started them.

        Raises ``Rejected`` (404) of a workflow that is not there.
        """

    def concurrency_groups(self, repo: str) -> Sequence[Group] | None:
        """The groups that somebody holds or waits for; None: the server does not tell them."""

    def holders(self, repo: str, group: str) -> Sequence[int]:
        """The ids of the runs that hold a group; of one that is free, none."""


class CommandQueue(HeldQueue, Upkeep, Environments, Monitoring, Protocol):
    """What a command needs: it opens and edits jobs, and looks at more than what is due."""

    def newest_tickets(self, count: int = 100, *, label: str | None = None) -> Sequence[Ticket]:
        """The queue's newest issues, open or closed, newest first; at most ``count``, up to 100.

        ``label``: those alone that have this label too.
        """

    def count_tickets(self) -> int | None:
        """How many issues carry the queue's label, open and closed; None: the server can't tell."""

    def workflow_names(self, repo: str, ref: str | None) -> Sequence[str]:
        """The names of a repository's workflow files at ``ref`` (None: the default branch)."""

    def create(self, title: str, body: str) -> Ticket:
        """Open an issue with the queue's label. Not repeatable. Raises ``Rejected``."""

    def edit(self, number: int, **changes: Any) -> Ticket:
        """Set an issue's ``title``, ``body`` or ``state``, as GitHub names them. Absolute.

        Returns the issue as it is then. Raises ``Rejected`` when GitHub refuses it.
        """

    def changed_comments(self, since: datetime, *, pages: int) -> Recent | None:
        """All comments changed since, at most so many ``pages`` of 100; None: no such list.

        Where there are more, the newest of them, and its ``since`` says from when on.
        """

    def own_login(self) -> str | None:
        """The token's login, also where there is no GraphQL; None: it can't be told."""

    def own_role(self) -> str | None:
        """What the token's account may in the queue's repository, as ``role``; None: not told."""

    def settings_text(self) -> str | None:
        """The settings file on the default branch; None: there is none, or it is not shown."""

    def require_repository(self) -> None:
        """Raise ``NotPermitted`` unless the token can see the queue's repository."""
