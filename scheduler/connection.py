"""Puts the parts together for one process: the real clock, the token, the queue, settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from scheduler.clock import SystemClock
from scheduler.environment import Environment
from scheduler.github.client import Api, GitHub
from scheduler.github.contents import GitHubContents
from scheduler.github.queue import GitHubQueue
from scheduler.ports.clock import Clock
from scheduler.ports.commands import CommandQueue
from scheduler.ports.values import Ticket
from scheduler.settings import file
from scheduler.settings.model import Settings
from scheduler.times.pace import Pace


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A queue with the settings of its repository."""

    queue: CommandQueue
    #: The client by which the queue is reached; it counts the requests.
    http: GitHub = field(repr=False)
    clock: Clock
    settings: Settings
    #: Whether the settings were read from a file; else they are the defaults.
    settings_found: bool
    environment: Environment
    #: The same by the token for lent alarms; None: there is no other.
    lender: CommandQueue | None = None
    #: All clients, to be closed.
    clients: tuple[GitHub, ...] = field(default=(), repr=False)
    #: The issues that were read on the way, for the watchdog.
    seen: list[Ticket] = field(default_factory=list, repr=False, compare=False)

    @property
    def sunset(self) -> datetime | None:
        """When GitHub will answer this version of its API no longer, as far as it has said."""
        return self.http.sunset

    @property
    def requests(self) -> int:
        """How many requests were really sent, by whichever token."""
        return self.queue.requests + (self.lender.requests if self.lender else 0)

    def close(self) -> None:
        """Give up the connections to GitHub."""
        for http in self.clients:
            http.close()


def connect(
    environment: Environment,
    *,
    repository: str | None = None,
    clock: Clock | None = None,
    unread: Settings | None = None,
) -> Connection:
    """Reach the queue's repository and read its settings: one request.

    ``unread`` holds in their place where they are not to be read: then none is sent.

    Raises:
        NotPermitted, UsageError, SettingsError, Unavailable: as their messages say.
    """
    own = SystemClock()
    clock = clock or own

    def client(token: str) -> GitHub:
        return GitHub(
            api_url=environment.api_url,
            token=token,
            clock=clock,
            answered=own.answered if clock is own else None,
            pace=Pace.of(environment.writes_per_second),
        )

    http = client(environment.need_token())
    name = environment.need_repository(repository)
    text = None
    if unread is None:
        text = GitHubContents(Api(http=http, repository=name)).settings_text()
    settings = (unread or Settings()) if text is None else file.parse(text)
    clients: tuple[GitHub, ...] = (http,)
    lender = None
    if settings.alarm.repository and (token := environment.lending_token()):
        clients += (client(token),)
        lender = GitHubQueue(clients[-1], repository=name, label=settings.label)
    return Connection(
        queue=GitHubQueue(http, repository=name, label=settings.label),
        http=http,
        clients=clients,
        lender=lender,
        clock=clock,
        settings=settings,
        settings_found=text is not None,
        environment=environment,
    )
