"""Everything that the sandbox remembers: in memory, behind one lock."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from scheduler.sandbox.http.failure import not_found
from scheduler.sandbox.http.pages import NUMBERED_ITEMS
from scheduler.sandbox.hub.clock import Clock
from scheduler.sandbox.hub.people import BOT, ROLE_OF, Token, User
from scheduler.sandbox.hub.records import Issue, IssueView
from scheduler.sandbox.hub.repository import Repository
from scheduler.sandbox.runner.dispatching import INPUTS_LIMIT

Listener = Callable[[Repository, str, str, User, dict[str, Any]], None]
"""Told of a webhook event: repository, event, activity type, actor, payload."""


SEARCHED = ("filtered_runs", "event_runs", "created_runs", "actor_runs", "run_ends")
"""What may be late by an hour, since GitHub's search tells it."""


@dataclass(kw_only=True)
class Staleness:
    """How late a write becomes visible to reads, in seconds of the sandbox's clock: 0 to 60.

    comments: a new comment in lists and by its id.
    issues: a change of an issue's text, state, labels, lock or number of comments.
    new_issues: a new issue, in lists and by its number.
    runs: a new run, in lists and by its id.
    filtered_runs: the same in lists that are filtered, up to an hour: GitHub searches those.
    event_runs, created_runs, actor_runs: the same in lists that are filtered by that.
    run_ends: that a run has ended, in lists.
    The writer's own answer is always fresh.
    """

    comments: float = 0
    issues: float = 0
    new_issues: float = 0
    runs: float = 0
    filtered_runs: float = 0
    event_runs: float = 0
    created_runs: float = 0
    actor_runs: float = 0
    run_ends: float = 0

    def of_filter(self, name: str) -> float:
        """How late a list of runs is that is filtered by a parameter of this name."""
        return max(self.filtered_runs, getattr(self, f"{name}_runs", 0))

    def set(self, values: Mapping[str, float]) -> None:
        """Change the named settings."""
        known = {field.name for field in fields(self)}
        for name, seconds in values.items():
            most = 3600 if name in SEARCHED else 60
            if name not in known or not 0 <= seconds <= most:
                words = f"one of {sorted(known)}, 0 to {most} s"
                raise ValueError(f"staleness {name}={seconds}: {words}")
            setattr(self, name, seconds)


class State:
    """Users, tokens and repositories.

    lock: held by whoever reads or changes anything here.
    renamed: a repository's old name, in lower case → its id.
    limits: requests an hour: ``user``, ``bot`` and ``anonymous``. Issues and comments that one
        account may create: ``content-minute`` and ``content-hour``; 0 is any number.
    run_details: whether a dispatch knows ``return_run_details``.
    graphql: whether there is a GraphQL API.
    concurrency_groups: whether concurrency groups are told; not up to Enterprise Server 3.19.
    closed_anew: whether a closed issue may be given another reason, as GitHub's documents deny.
    inputs_limit: how many inputs a dispatch takes.
    numbered_items: how many of a long list can be reached by page numbers.
    minute: seconds of a wait timer's minute. private_rules: whether the plan has protection rules
        for environments of private repositories.
    retired: versions of the API that are answered no longer. sunset: when the next one will be.
    """

    def __init__(self, folders: Mapping[str, Path], *, clock: Clock) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.staleness = Staleness()
        self.limits = {"user": 5000, "bot": 1000, "anonymous": 60} | {
            "content-minute": 80, "content-hour": 500
        }  # fmt: skip
        self.run_details = True
        self.graphql = True
        self.concurrency_groups = True
        self.closed_anew = False
        self.inputs_limit = INPUTS_LIMIT
        self.numbered_items = NUMBERED_ITEMS
        self.minute = 60.0
        self.private_rules = False
        self.file_writes = False
        self.retired: set[str] = set()
        self.sunset: datetime | None = None
        self.listeners: list[Listener] = []
        self._ids = itertools.count(2_900_000_001)
        self._run_ids = itertools.count(21_000_000_001)
        self._user_ids = itertools.count(9_000_001)
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.repositories: dict[str, Repository] = {}
        self.renamed: dict[str, int] = {}
        for login in ROLE_OF:
            self.add_user(login)
        self.bot = self.add_user(BOT, kind="Bot")
        for full_name, folder in folders.items():
            self.add_repository(full_name, folder)

    def new_id(self) -> int:
        """The next id of an issue, comment, label or event; ids only grow."""
        return next(self._ids)

    def new_run_id(self) -> int:
        """The next id of a run, over all repositories."""
        return next(self._run_ids)

    def add_user(self, login: str, *, kind: str = "User") -> User:
        """One more account, or the one that has this login."""
        key = login.lower()
        if key not in self.users:
            self.users[key] = User(id=next(self._user_ids), login=login, kind=kind)
        return self.users[key]

    def add_token(self, token: Token) -> Token:
        """Make a token valid."""
        self.tokens[token.text] = token
        return token

    def add_repository(self, full_name: str, folder: Path, *, private: bool = False) -> Repository:
        """One more repository whose default branch is ``folder``."""
        owner, _, name = full_name.partition("/")
        if not owner or not name or "/" in name:
            raise ValueError(f"{full_name!r} is not owner/name")
        account = self.users.get(owner.lower()) or self.add_user(owner, kind="Organization")
        now = self.clock()
        repository = Repository(
            id=self.new_id(),
            owner=account,
            name=name,
            created_at=now,
            pushed_at=now,
            folders={"main": Path(folder)},
            private=private,
            roles=dict(ROLE_OF),
        )
        self.repositories[full_name.lower()] = repository
        return repository

    def rename(self, full_name: str, to: str) -> None:
        """Give a repository another name; the old one leads to its id from now on."""
        repository = self.repository(full_name)
        owner, _, name = to.partition("/")
        if not owner or not name or "/" in name or to.lower() in self.repositories:
            raise ValueError(f"{to!r} is not owner/name, or is taken")
        del self.repositories[full_name.lower()]
        repository.owner = self.users.get(owner.lower()) or self.add_user(owner)
        repository.name = name
        self.repositories[to.lower()] = repository
        self.renamed[full_name.lower()] = repository.id

    def name_of(self, repository_id: int) -> str | None:
        """The ``owner/name`` of the repository with this id now; None: there is none."""
        known = (each for each in self.repositories.values() if each.id == repository_id)
        return next((each.full_name for each in known), None)

    def repository(self, full_name: str) -> Repository:
        """The repository of that name, in whatever case. Raises: 404."""
        try:
            return self.repositories[full_name.lower()]
        except KeyError:
            raise not_found() from None

    def emit(
        self, repository: Repository, event: str, kind: str, actor: User, payload: dict[str, Any]
    ) -> None:
        """Tell the listeners of a webhook event."""
        for listener in self.listeners:
            listener(repository, event, kind, actor, payload)

    def seen(self, issue: Issue) -> IssueView | None:
        """The issue as a read shows it now, or ``None`` where it is too new to be seen."""
        stale = self.staleness
        if not stale.issues and not stale.new_issues:
            return issue.view
        if not self.visible(issue.created_at, stale.new_issues):
            return None
        return issue.as_of(self.clock() - timedelta(seconds=stale.issues))

    def visible(self, created_at: datetime, late: float) -> bool:
        """Whether a read shows what was made at that instant."""
        return not late or created_at + timedelta(seconds=late) <= self.clock()
