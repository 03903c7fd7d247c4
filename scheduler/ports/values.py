"""What GitHub tells and is told, as values: issues, comments, people, runs and targets.

Instants are in UTC; those that GitHub tells have whole seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

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
