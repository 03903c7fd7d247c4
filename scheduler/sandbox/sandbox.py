"""The sandbox as tests, demos and the command line use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any

from scheduler.sandbox.api import (
    graphql,
    routes_actions,
    routes_administration,
    routes_comments,
    routes_environments,
    routes_groups,
    routes_issues,
    routes_pulls,
    routes_repository,
)
from scheduler.sandbox.controls import Controls
from scheduler.sandbox.http.gateway import Gateway
from scheduler.sandbox.http.limits import RateLimits
from scheduler.sandbox.http.requestlog import RequestLog
from scheduler.sandbox.http.routing import Answer, Call, Route, Routes
from scheduler.sandbox.http.server import Server, application
from scheduler.sandbox.hub.clock import Clock
from scheduler.sandbox.hub.people import ROLE_OF, Token
from scheduler.sandbox.hub.repository import Repository
from scheduler.sandbox.hub.state import State
from scheduler.sandbox.runner.actions import Actions, Nobody
from scheduler.sandbox.runner.execution import ActExecutor
from scheduler.sandbox.runner.waiting import Timers


class Sandbox(Controls):
    """A local GitHub on 127.0.0.1; a context manager.

    repositories: ``owner/name`` → the work tree of its default branch.
    port: 0 takes a free one.
    act: the ``act`` program that carries runs out; ``None`` leaves them queued.
    clock: the time, UTC; the machine's by default. `set_clock` shifts it.
    events: whether issue events start workflows.
    local_repositories: ``owner/name@ref`` → the folder that ``uses:`` of it means.
    jobs: how many runs are carried out at a time.
    environ: further variables for the steps of runs.
    tool_cache: a folder in which what runs install is found again by later ones.
    """

    def __init__(
        self,
        repositories: Mapping[str, str | PathLike[str]],
        *,
        port: int = 0,
        act: str | PathLike[str] | None = None,
        clock: Callable[[], datetime] | None = None,
        graphql: bool = True,
        run_details: bool = True,
        events: bool = False,
        local_repositories: Mapping[str, str | PathLike[str]] | None = None,
        jobs: int = 2,
        environ: Mapping[str, str] | None = None,
        tool_cache: str | PathLike[str] | None = None,
    ) -> None:
        folders = {name: Path(folder) for name, folder in repositories.items()}
        state = State(folders, clock=Clock(clock))
        state.graphql, state.run_details = graphql, run_details
        nobody = Nobody("not started: this sandbox has no act to run it")
        super().__init__(Gateway(RateLimits(state)), Actions(state, nobody, events=events))
        self.clock = state.clock
        self.extra_environ = dict(environ or {})
        self.requests: RequestLog = self.gateway.log
        self.tokens = {
            login: state.add_token(Token(user=state.users[login])).text for login in ROLE_OF
        }
        self._bots: dict[str, str] = {}
        if folders:
            self.tokens["bot"] = self.bot_token(next(iter(folders)))
        self.app = application(self.gateway, self.actions, self._routes(), self)
        self._server = Server(self.app, state.name_of, port)
        self.port = self._server.port
        self.url = f"http://127.0.0.1:{self.port}"
        self._act: ActExecutor | None = None
        self._timers = Timers()
        if act is not None:
            self.actions.timers = self._timers
            self.actions.executor = self._act = ActExecutor(
                Path(act),
                state,
                jobs=jobs,
                local={name: Path(folder) for name, folder in (local_repositories or {}).items()},
                variables=self._variables,
                begin=self.actions.begin,
                finish=self.actions.finish,
                tool_cache=None if tool_cache is None else Path(tool_cache),
            )

    def _variables(self, repository: Repository) -> Mapping[str, str]:
        variables = self.environ(self.bot_token(repository.full_name), repository.full_name)
        return variables | self.extra_environ

    def _routes(self) -> list[Route]:
        own = Routes()

        @own.add("GET", "/rate_limit")
        def rate_limit(call: Call) -> Answer:
            core = self.gateway.limits.window(call.token).shape()
            resources = {"core": core, "search": core, "graphql": core}
            return Answer({"resources": resources, "rate": core})

        return [
            *own,
            *graphql.routes,
            *routes_repository.routes,
            *routes_issues.routes,
            *routes_comments.routes,
            *routes_actions.routes,
            *routes_administration.routes,
            *routes_groups.routes,
            *routes_environments.routes,
            *routes_pulls.routes,
        ]

    def bot_token(self, repository: str) -> str:
        """The ``GITHUB_TOKEN`` of a repository's workflows; it writes to no other."""
        key = repository.lower()
        if key not in self._bots:
            with self.state.lock:
                full_name = self.state.repository(repository).full_name
                token = Token(user=self.state.bot, repository=full_name, integration=True)
                self._bots[key] = self.state.add_token(token).text
        return self._bots[key]

    def environ(self, user: str = "agent", repository: str | None = None) -> dict[str, str]:
        """The variables that lead a client here. user: a name of `tokens`, or a token."""
        return {
            "GITHUB_API_URL": self.url,
            "GITHUB_GRAPHQL_URL": f"{self.url}/graphql",
            "GITHUB_SERVER_URL": self.url,
            "GITHUB_TOKEN": self.tokens.get(user, user),
            "GITHUB_REPOSITORY": self.repository(repository).full_name,
        }

    def call(self, user: str, method: str, path: str, body: Any = None, **query: str) -> Any:
        """A request without HTTP, faults, limits or log, as ``user`` (a name of `tokens`).

        Returns: the answer's JSON. Raises: `ApiFailure`.
        """
        text = self.tokens.get(user, user)
        rule, params = self.app.url_map.bind("localhost").match(path, method, return_rule=True)
        call = Call(
            state=self.state, actions=self.actions, base=self.url, method=method, path=path,
            query=query, headers={}, body=body, token=self.state.tokens[text], params=dict(params),
        )  # fmt: skip
        route = self.gateway.routes[str(rule.endpoint)]
        with self.state.lock:
            return self.gateway.carry_out(route, call).body

    def start(self) -> Sandbox:
        """Answer requests from now on."""
        self._server.start()
        return self

    def close(self) -> None:
        """Stop; no run and no process is left behind."""
        self._timers.close()
        self._server.stop()
        if self._act is not None:
            self._act.close()

    def __enter__(self) -> Sandbox:  # noqa: PYI034  (Self is not in Python 3.10)
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
