"""The HTTP side: a Flask application on a loopback port, one thread a connection."""

from __future__ import annotations

import functools
import json
import re
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request
from werkzeug.routing import Map, Rule

from scheduler.sandbox.controls import CONTROL, Controls
from scheduler.sandbox.http import callers
from scheduler.sandbox.http.gateway import Dropped, Gateway
from scheduler.sandbox.http.routing import Call, Route
from scheduler.sandbox.http.wire import HangUp, HttpServer
from scheduler.sandbox.runner.actions import Actions

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/api/v3"
"""Where GitHub Enterprise Server has the API; the sandbox answers there too."""

BY_ID = re.compile(r"/repositories/(\d{1,18})(/.*)?", re.DOTALL)
"""A path that names a repository by its id."""


def application(
    gateway: Gateway, actions: Actions, routes: Iterable[Route], controls: Controls
) -> Flask:
    """The Flask application for these routes, and the control routes."""
    app = Flask("scheduler.sandbox", static_folder=None)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    rules = [("POST", f"{CONTROL}/<name>", "control")]
    for index, route in enumerate(routes):
        endpoint = f"{route.method} {route.rule} {index}"
        gateway.routes[endpoint] = route
        rules.append((route.method, route.rule, endpoint))
        app.view_functions[endpoint] = _view(gateway, actions, route)
    app.url_map = _map(tuple(rules))

    def control(name: str) -> Response:
        sent = callers.token_in(request.headers.get("Authorization", ""))
        if callers.known(sent, [controls.control_token]) is None:
            return _told(
                f"control: the token is missing or wrong; send 'Authorization: Bearer TOKEN' with "
                f"the {callers.CONTROL_TOKEN} that `schedule sandbox` has printed",
                401,
            )
        given = request.get_json(force=True, silent=True) if request.get_data() else {}
        return _json(*controls.control(name, given))

    app.view_functions["control"] = control

    def unknown(_: Exception) -> Response:
        return _respond(gateway, actions, None, {})

    app.register_error_handler(404, unknown)
    app.register_error_handler(405, unknown)
    return app


def _json(body: Any, status: int) -> Response:
    return Response(json.dumps(body) + "\n", status, content_type="application/json")


def _told(message: str, status: int) -> Response:
    return _json({"message": message}, status)


@functools.cache
def _map(rules: tuple[tuple[str, str, str], ...]) -> Map:
    """The routes of all servers: to compile them takes longer than the rest of a start.

    rules: of each its method, path and endpoint.
    """
    return Map(
        [Rule(path, methods=[method], endpoint=endpoint) for method, path, endpoint in rules],
        strict_slashes=False,
        merge_slashes=False,
    )


def _view(gateway: Gateway, actions: Actions, route: Route) -> Callable[..., Response]:
    def view(**params: Any) -> Response:
        return _respond(gateway, actions, route, params)

    return view


def _respond(
    gateway: Gateway, actions: Actions, route: Route | None, params: dict[str, Any]
) -> Response:
    data, body, broken = request.get_data(cache=False), None, False
    if data:
        try:
            body = json.loads(data)
        except (ValueError, RecursionError):
            broken = True
    call = Call(
        state=gateway.state,
        actions=actions,
        base=request.host_url.rstrip("/") + request.script_root,
        method=request.method,
        path=request.path,
        query=request.args,
        headers=request.headers,
        body=body,
        token=None,
        params=params,
    )
    query = request.query_string.decode("latin-1")
    try:
        reply = gateway.handle(route, call, query, broken=broken)
    except Dropped:
        raise HangUp from None
    response = Response(reply.data, reply.status)
    del response.headers["Content-Type"]
    response.headers.extend(reply.headers)
    return response


class _Front:
    """Before every route: turns callers away, and reads paths that mean another.

    A GitHub Enterprise Server's clients begin theirs with ``/api/v3``; redirects and links name
    a repository by its id.
    """

    def __init__(self, app: Flask, name_of: Callable[[int], str | None]) -> None:
        self.app = app
        self.name_of = name_of

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        problem = callers.refusal(
            environ["HTTP_HOST"], environ.get("HTTP_ORIGIN"), environ.get("HTTP_SEC_FETCH_SITE")
        )
        if problem is not None:
            return _told(problem, 403)(environ, start)
        path = environ["PATH_INFO"]
        if path.startswith(PREFIX + "/"):
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = PREFIX, path[len(PREFIX) :]
        elif path == "/api/graphql":
            environ["PATH_INFO"] = "/graphql"
        if by_id := BY_ID.fullmatch(environ["PATH_INFO"]):
            name = self.name_of(int(by_id[1]))
            environ["PATH_INFO"] = f"/repos/{name}{by_id[2] or ''}" if name else "/"
        return self.app.wsgi_app(environ, start)


class Server:
    """The running server.

    name_of: the repository with an id, as ``owner/name``. port: 0 takes a free one.
    """

    def __init__(self, app: Flask, name_of: Callable[[int], str | None], port: int) -> None:
        self._server = HttpServer(_Front(app, name_of), port)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True,
            name="sandbox",
        )  # fmt: skip

    def start(self) -> None:
        """Answer requests from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more; a second time does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
