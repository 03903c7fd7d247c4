"""From a request to an answer: token, limits, faults, rights, handler, headers, log."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import format_datetime
from typing import Any

from scheduler.sandbox.http import callers
from scheduler.sandbox.http.failure import ApiFailure, not_found
from scheduler.sandbox.http.faults import Fault, Faults
from scheduler.sandbox.http.limits import RateLimits
from scheduler.sandbox.http.requestlog import Request, RequestLog
from scheduler.sandbox.http.routing import Answer, Call, Route
from scheduler.sandbox.hub.people import Token, at_least

SECONDARY = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)

VERSION = "X-GitHub-Api-Version"
VERSIONS = ("2022-11-28", "2026-03-10")
"""What GitHub has had, oldest first.

https://docs.github.com/rest/about-the-rest-api/api-versions
"""

BLOCKED = (
    "You have exceeded a secondary rate limit and have been temporarily blocked from content "
    "creation. Please retry your request again later."
)

Hook = Callable[[Request], None]


class Dropped(Exception):
    """The connection is to be closed without an answer."""


@dataclass
class Reply:
    """What goes over the wire."""

    status: int
    headers: dict[str, str]
    data: bytes


class Gateway:
    """What every request passes. latency: seconds before each answer.

    before, after: called with each request, outside of the lock: before it takes effect,
    with status 0, and after, before the answer is sent. One that raises drops the connection.
    """

    def __init__(self, limits: RateLimits) -> None:
        self.limits = limits
        self.state = limits.state
        self.faults = Faults()
        self.log = RequestLog()
        self.latency = 0.0
        self.before: list[Hook] = []
        self.after: list[Hook] = []
        self.observer: Hook | None = None
        self.routes: dict[str, Route] = {}
        self._serial = 0

    def handle(self, route: Route | None, call: Call, query: str, *, broken: bool = False) -> Reply:
        """Answer a request. Raises: `Dropped`."""
        token, refusal = self._token(call)
        call.token = token
        user = token.user.login if token else None
        fault = self.faults.strike(call.method, call.path, user)
        seen = Request(
            call.method, call.path, 0, user, query, fault.kind if fault else None,
            call.headers.get(VERSION, "") or None,
        )  # fmt: skip
        try:
            reply = self._exchange(
                seen, fault, lambda: self._answer(route, call, fault, refusal, broken=broken)
            )
            seen = replace(seen, status=reply.status)
        finally:
            self.log.append(seen)
            if self.observer is not None:
                self.observer(seen)
        return reply

    def _exchange(self, seen: Request, fault: Fault | None, answer: Callable[[], Reply]) -> Reply:
        """The answer, with what is to happen before and after it. Raises: `Dropped`."""
        kind = fault.kind if fault else None
        self._hooks(self.before, seen)
        if self.latency:
            time.sleep(self.latency)
        if fault is not None and kind == "stall":
            time.sleep(fault.seconds)
        if kind == "drop-before":
            raise Dropped
        with self.state.lock:
            reply = answer()
        self._hooks(self.after, replace(seen, status=reply.status))
        if fault is not None and kind == "delay":
            time.sleep(fault.seconds)
        if kind == "drop-after":
            raise Dropped
        return reply

    def _hooks(self, hooks: list[Hook], seen: Request) -> None:
        try:
            for hook in list(hooks):
                hook(seen)
        except Exception as exc:
            raise Dropped from exc

    def _token(self, call: Call) -> tuple[Token | None, ApiFailure | None]:
        header = call.headers.get("Authorization", "")
        if not header:
            return None, None
        text = callers.known(callers.token_in(header), list(self.state.tokens))
        token = self.state.tokens.get(text or "")
        if token is None or (token.expires_at and token.expires_at <= self.state.clock()):
            return None, ApiFailure(401, "Bad credentials")
        return token, None

    def _answer(
        self, route: Route | None, call: Call, fault: Fault | None, refusal: ApiFailure | None,
        *, broken: bool,
    ) -> Reply:  # fmt: skip
        window = self.limits.window(call.token)
        free = call.path == "/rate_limit"
        spent = window.remaining == 0 or (fault is not None and fault.kind == "primary")
        if refusal is None and not free:
            refusal = _exhausted(call) if spent else _refused(fault)
            window.used += not spent
        refusal = refusal or self._version(call)[1]
        if refusal is None and broken:
            refusal = ApiFailure(400, "Problems parsing JSON")
        counts = route is not None and route.content
        if refusal is None and counts and (wait := self.limits.blocked(call.token)):
            refusal = ApiFailure(403, BLOCKED, headers={"Retry-After": str(wait)})
        try:
            answer = self.carry_out(route, call, refusal)
            if counts:
                self.limits.created(call.token)
            if fault is not None and fault.kind == "502-after":
                answer = Answer(ApiFailure(502, "Server Error").body(), 502)
        except ApiFailure as failure:
            answer = Answer(failure.body(), failure.status, failure.headers)
        reply = self._reply(call, answer)
        if reply.status == 304 and not free:
            window.used -= 1
        limits = window.headers()
        if fault is not None and fault.kind == "primary":
            limits |= {"X-RateLimit-Remaining": "0", "X-RateLimit-Used": str(window.limit)}
        reply.headers |= limits
        return reply

    def _version(self, call: Call) -> tuple[str, ApiFailure | None]:
        """The version that answers, and the refusal where another is named.

        What GitHub says with the 410 nobody has seen yet; here it is what it says with the 400.
        """
        left = [each for each in VERSIONS if each not in self.state.retired]
        named = call.headers.get(VERSION, "")
        if not named or named in left:
            return named or left[0], None
        known = ", ".join(f'"{each}"' for each in left)
        words = (
            f'The version you specified in the "{VERSION}" request header, "{named}", is not a '
            f"supported version. The following versions are currently supported: {known}."
        )
        return left[0], ApiFailure(410 if named in VERSIONS else 400, words)

    def carry_out(
        self, route: Route | None, call: Call, refusal: ApiFailure | None = None
    ) -> Answer:
        """The handler's answer, for a token that reaches it. Raises: `ApiFailure`."""
        if refusal is not None:
            raise refusal
        if route is None:
            raise not_found()
        call.actions.look()
        if "owner" in call.params:
            self._reach(route, call)
        elif call.token is None and route.needs is not None:
            raise ApiFailure(401, "Requires authentication")
        return route.handler(call)

    def _reach(self, route: Route, call: Call) -> None:
        """Find the repository, and refuse where the token does not reach."""
        full_name = f"{call.params['owner']}/{call.params['name']}"
        moved = self.state.renamed.get(full_name.lower())
        if moved is not None:
            rest = call.path.removeprefix(f"/repos/{full_name}")
            location = f"{call.base}/repositories/{moved}{rest}"
            raise ApiFailure(301, "Moved Permanently", headers={"Location": location})
        repo = call.repository = self.state.repository(full_name)
        token = call.token
        permission, _, level = (route.needs or "metadata:read").partition(":")
        if token is None:
            if repo.private:
                raise not_found()
            if level != "read":
                raise ApiFailure(401, "Requires authentication")
            return
        elsewhere = token.repository is not None and (
            token.repository.lower() != repo.full_name.lower()
        )
        if not at_least(repo.role(token.user), "read") or (elsewhere and repo.private):
            raise not_found()
        if (elsewhere and level != "read") or not token.may(permission, level):
            accepted = {"X-Accepted-GitHub-Permissions": f"{permission}={level}"}
            raise ApiFailure(403, token.refusal(), headers=accepted)

    def _reply(self, call: Call, answer: Answer) -> Reply:
        data = answer.raw if answer.raw is not None else _json(answer)
        self._serial += 1
        headers = {
            "Date": format_datetime(self.state.clock(), usegmt=True),
            "X-GitHub-Request-Id": f"{self._serial:04X}:SANDBOX",
            "X-GitHub-Api-Version-Selected": self._version(call)[0],
            "X-GitHub-Media-Type": "github.v3; format=json",
        }
        if self.state.sunset is not None:
            headers["Sunset"] = format_datetime(self.state.sunset, usegmt=True)
        if data and "Content-Type" not in answer.headers:
            headers["Content-Type"] = "application/json; charset=utf-8"
        headers |= answer.headers
        if call.method == "GET" and answer.status == 200:
            mark = f"{data!r}{call.headers.get('Accept', '')}{answer.headers.get('Link', '')}"
            etag = f'W/"{hashlib.sha256(mark.encode()).hexdigest()}"'
            headers |= {"ETag": etag, "Cache-Control": "private, max-age=60, s-maxage=60"}
            if call.headers.get("If-None-Match", "").removeprefix("W/") == etag[2:]:
                headers.pop("Content-Type", None)
                return Reply(304, headers, b"")
        return Reply(answer.status, headers, data)


def _json(answer: Answer) -> bytes:
    if answer.status == 204:
        return b""
    return json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def _exhausted(call: Call) -> ApiFailure:
    who = f"user ID {call.token.user.id}" if call.token else "127.0.0.1"
    return ApiFailure(403, f"API rate limit exceeded for {who}.")


def _refused(fault: Fault | None) -> ApiFailure | None:
    """What a fault answers in the request's place."""
    if fault is None:
        return None
    wait: dict[str, Any] = {"Retry-After": str(fault.retry_after)}
    if fault.kind == "502-before":
        return ApiFailure(502, "Server Error")
    if fault.kind == "429":
        return ApiFailure(429, "Too Many Requests", headers=wait)
    if fault.kind == "secondary":
        return ApiFailure(403, SECONDARY, headers=wait)
    return None
