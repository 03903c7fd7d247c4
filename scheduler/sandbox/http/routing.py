"""How a route is declared, what it is given and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from scheduler.sandbox.http import pages
from scheduler.sandbox.http.failure import ApiFailure, invalid_request, no_admin, not_found
from scheduler.sandbox.hub.issues import Desk
from scheduler.sandbox.hub.people import Token, User, at_least
from scheduler.sandbox.hub.repository import Repository
from scheduler.sandbox.hub.state import State

if TYPE_CHECKING:
    from scheduler.sandbox.runner.actions import Actions

T = TypeVar("T")


@dataclass
class Answer:
    """A response. raw: bytes sent as they are, instead of ``body`` as JSON."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass
class Call:
    """One request, after its token was read.

    base: the address that this client used for the API's root; links begin with it.
    repo: set for each route under ``/repos/<owner>/<name>``.
    """

    state: State
    actions: Actions
    base: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Headers
    body: Any
    token: Token | None
    params: dict[str, Any]
    repository: Repository | None = None

    @property
    def repo(self) -> Repository:
        """The repository that the path names."""
        if self.repository is None:
            raise not_found()
        return self.repository

    @property
    def user(self) -> User:
        """The caller. Raises: 401 for a request without a token."""
        if self.token is None:
            raise ApiFailure(401, "Requires authentication")
        return self.token.user

    @property
    def desk(self) -> Desk:
        """The caller, at work in the repository."""
        return Desk(self.state, self.repo, self.user)

    def need_role(self, least: str) -> None:
        """Refuse a caller whose role in the repository is below ``least``."""
        if not at_least(self.repo.role(self.user), least):
            raise no_admin()

    def given(self) -> dict[str, Any]:
        """The request's JSON object; empty without a body."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise invalid_request(f"{str(self.body)[:40]!r} is not an object.")
        return self.body

    def text(self, name: str, *, required: bool = False) -> str | None:
        """A text of the request's body."""
        value = self.given().get(name)
        if value is None:
            if required:
                raise invalid_request(f'"{name}" wasn\'t supplied.')
            return None
        if not isinstance(value, str):
            raise invalid_request(f"For 'properties/{name}', {value} is not a string.")
        return value

    def names(self, name: str) -> list[str]:
        """A list of names of the request's body; labels may be objects with a ``name``."""
        value = self.given().get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise invalid_request(f"For 'properties/{name}', {value} is not an array.")
        names: list[str] = []
        for item in value:
            text = item.get("name") if isinstance(item, dict) else item
            if not isinstance(text, str):
                raise invalid_request(f"For 'properties/{name}', {text} is not a string.")
            names.append(text)
        return names

    def page(
        self,
        items: Sequence[T],
        shape: Callable[[T], Any],
        *,
        key: str | None = None,
        cursor: Callable[[T], int] | None = None,
    ) -> Answer:
        """One page of ``items``; with ``key`` in an object that has ``total_count`` too.

        cursor: names an item of a list whose pages are not told by number alone.
        """
        url = self.base + self.path
        if cursor is None:
            part, links = pages.cut(items, self.query, url)
        else:
            most = self.state.numbered_items
            part, links = pages.cut_at(items, self.query, url, cursor, most=most)
        shaped = [shape(item) for item in part]
        body = shaped if key is None else {"total_count": len(items), key: shaped}
        return Answer(body, headers=links)


class Headers(Protocol):
    """A request's headers, whose names know no case."""

    def get(self, name: str, default: str, /) -> str:
        """One header, or the default."""


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """needs: the token's permission, ``name:level``; ``None`` where any token will do.

    content: whether it creates what GitHub limits the number of.
    """

    method: str
    rule: str
    needs: str | None
    handler: Handler
    content: bool = False


class Routes(list[Route]):
    """The routes of one part of the API."""

    def add(
        self, method: str, rule: str, *, needs: str | None = None, content: bool = False
    ) -> Callable[[Handler], Handler]:
        """Decorate a handler with its method and path."""

        def keep(handler: Handler) -> Handler:
            self.append(Route(method, rule, needs, handler, content))
            return handler

        return keep


REPO = "/repos/<owner>/<name>"
"""Where a repository's routes begin."""
