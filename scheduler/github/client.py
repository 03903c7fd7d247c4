"""One request to GitHub, and its answer or an error that says how to react.

PyGithub sends it: its ``Requester`` knows authentication, GitHub Enterprise Server's
addresses and connections. Its own retry is off, since it repeats POSTs, and its objects
are not used, since they send requests of their own to complete themselves and drop the
status of an answer: what is sent here is counted, and a tick's cost is promised.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import github
import urllib3
from github import Auth

from scheduler.errors import (
    NotPermitted,
    RateLimited,
    Rejected,
    SchedulerError,
    Unavailable,
    VersionRetired,
)
from scheduler.github.objects import error_message, one_line, version_refused
from scheduler.github.transport import PER_PAGE, Answer, Encrypted, Plain, address, date_of, failure
from scheduler.ports.clock import Clock
from scheduler.ports.values import API_VERSION
from scheduler.times.pace import WAITED_OUT, Pace, paced

#: Seconds to connect, and seconds between two parts of an answer.
TIMEOUT = 15
#: A repeatable request is sent so many times at most, with these pauses in seconds.
PAUSES = (0.5, 1.5)
#: The longest wait for a rate limit within one request.
PATIENCE = timedelta(seconds=15)
#: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
DEFAULT_WAIT = timedelta(seconds=60)
#: GitHub counts by the hour: whoever names a longer wait is asked again after one.
#: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
LONGEST_WAIT = timedelta(hours=1)
#: More pages than any queue has: a server that always names a next one must not hold a tick.
MAX_PAGES = 200
MAX_REDIRECTS = 3


class Bearer(Auth.Token):
    """A token as GitHub's documentation sends it, for servers that take no other word.

    https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api
    """

    @property
    def token_type(self) -> str:
        """The word before the token."""
        return "Bearer"


class GitHub:
    """Sends requests as one token; ``requests`` counts what was really sent."""

    def __init__(
        self,
        *,
        api_url: str,
        token: str,
        clock: Clock,
        pace: Pace,
        answered: Callable[[datetime, datetime], None] | None = None,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._token = token
        #: Whether the server has taken the token so far, and the word before it.
        self._known = False
        place = address(self._api_url)
        self._github = github.Github(
            auth=Auth.Token(token),
            base_url=self._api_url,
            timeout=TIMEOUT,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            user_agent="schedule",
            api_version=API_VERSION,
        )
        connection = Encrypted if place.scheme == "https" else Plain
        self._requester = self._github.requester
        self._connection = connection(place.hostname or "", place.port, timeout=TIMEOUT)
        self.clock = clock
        self.pace = pace
        self._answered = answered
        self.requests = 0
        #: When GitHub will answer this version of its API no longer, as far as it has said.
        self.sunset: datetime | None = None

    @property
    def graphql_url(self) -> str:
        """Where the GraphQL API is: on an Enterprise Server it is not below the REST API."""
        return self._requester.graphql_url

    def get(self, path: str, params: Mapping[str, Any] | None = None, **headers: str) -> Answer:
        """A read, repeated where GitHub did not answer."""
        return self._repeated("GET", path, params=dict(params or {}), headers=headers)

    def absolute(self, verb: str, path: str, body: Any = None) -> Answer:
        """A write that may be repeated, since it says what the result is to be."""
        return self._repeated(verb, path, body=body)

    def post(self, path: str, body: Any, *, paced: bool = False, patient: bool = True) -> Answer:
        """A write that is sent once: a lost answer is the caller's to look into.

        ``paced``: it creates content, of which GitHub takes only so much. ``patient``: a
        short rate limit, under which nothing took effect, is waited out here.

        Raises:
            Paced: it would have to wait for longer than a minute's end.
        """
        if paced:
            self._keep_pace()
        while True:
            try:
                return self._once("POST", path, body=body)
            except RateLimited as limited:
                if not patient:
                    raise
                patient = False
                self._wait_out(limited)

    def _keep_pace(self) -> None:
        wait = self.pace.room(self.clock.monotonic())
        if wait > WAITED_OUT:
            raise paced(self.clock.now() + timedelta(seconds=wait))
        if wait:
            self.clock.sleep(wait)
        self.pace.take(self.clock.monotonic())

    def pages(self, path: str, params: Mapping[str, Any]) -> Iterator[Answer]:
        """Every page of a list, each with at most 100 items, from that on that ``params`` name."""
        params = {**params, "per_page": PER_PAGE}
        answer = self.get(path, params)
        yield answer
        seen, first = answer.ids, int(params.get("page", 1))
        for number in range(first + 1, first + MAX_PAGES + 1):
            if (there := self.following(path, answer)) is not None:
                answer = self.get(there)
            elif answer.may_have_more:
                answer = self.get(path, {**params, "page": number})
                if answer.ids <= seen:
                    return
            else:
                return
            seen |= answer.ids
            yield answer

    def following(self, path: str, answer: Answer) -> str | None:
        """The address of the page after that of ``answer``, by its ``Link``; None: it has none.

        It may be relative, and by a proxy's own name; only its path and query count.
        """
        if answer.next_page is None:
            return None
        here = f"{self._api_url}{path}" if path.startswith("/") else path
        return urllib.parse.urljoin(here, answer.next_page)

    def close(self) -> None:
        """Give up the connections."""
        self._connection.close()
        self._github.close()

    def _wait_out(self, limited: RateLimited) -> None:
        wait = limited.retry_at - self.clock.now()
        if wait > PATIENCE:
            raise limited
        self.clock.sleep(max(wait.total_seconds(), 0.1))

    def _repeated(self, verb: str, path: str, **request: Any) -> Answer:
        for pause in (*PAUSES, None):
            try:
                return self._once(verb, path, **request)
            except RateLimited as limited:
                if pause is None:
                    raise
                self._wait_out(limited)
            except VersionRetired:
                raise
            except Unavailable:
                if pause is None:
                    raise
                self.clock.sleep(pause)
        raise AssertionError("the last pause is None")

    def _once(
        self,
        verb: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        body: Any = None,
    ) -> Answer:
        status, found, text = self._sent(verb, path, params, headers, body)
        for _ in range(MAX_REDIRECTS):
            there = self._redirect(path, found) if 300 < status < 309 and verb == "GET" else None
            if there is None:
                break
            path, params = there, None if urllib.parse.urlsplit(there).query else params
            status, found, text = self._sent(verb, path, params, headers, body)
        data = _json(text)
        if status >= 300 and status != 304:
            raise self._error(status, found, data)
        if text and data is None:
            raise Unavailable(f"{self._api_url}: answered {status} with something that is no JSON")
        answer = Answer(status=status, headers=found, data=data)
        self.sunset = answer.sunset or self.sunset
        return answer

    def _sent(
        self, verb: str, path: str, params: Any, headers: dict[str, str] | None, body: Any
    ) -> tuple[int, dict[str, str], str]:
        self.requests += 1
        asked = self.clock.now()
        try:
            status, answered, text = self._requester.requestJson(
                verb, path, params, dict(headers or {}), body, cnx=self._connection
            )
        except (OSError, urllib3.exceptions.HTTPError) as problem:
            words, sent = failure(problem)
            raise Unavailable(f"GITHUB_API_URL: {self._api_url!r} {words}", sent=sent) from problem
        except (github.GithubException, RuntimeError, UnicodeError) as problem:
            raise Unavailable(f"{self._api_url}: {one_line(str(problem))}") from problem
        if status == 401 and not self._known:
            self._known = True  # nothing took effect; if this is refused, the token is no good
            self._requester = self._requester.withAuth(Bearer(self._token))
            return self._sent(verb, path, params, headers, body)
        self._known = self._known or status < 500
        found = {str(name).lower(): str(value) for name, value in answered.items()}
        if self._answered and (date := date_of(found)):
            self._answered(date, asked)
        return status, found, text

    def _redirect(self, path: str, headers: Mapping[str, str]) -> str | None:
        """Where a read is to go instead; None: nowhere that this token may be sent to."""
        base = f"{self._api_url}{path}" if path.startswith("/") else path
        try:
            here = urllib.parse.urlsplit(base)
            there = urllib.parse.urlsplit(urllib.parse.urljoin(base, headers["location"]))
        except (KeyError, ValueError):
            return None
        same = (here.scheme, here.netloc) == (there.scheme, there.netloc)
        return there.geturl() if same and there.path != here.path else None

    def _error(self, status: int, headers: Mapping[str, str], data: Any) -> SchedulerError:
        words = error_message(data)
        if status == 401:
            return NotPermitted(
                f"token: GitHub answers 401 {words!r}; set GITHUB_TOKEN to a valid token"
            )
        if status in (403, 429) and (retry_at := self._retry_at(status, headers, words)):
            return RateLimited(
                f"rate limit: GitHub answers {status} {words!r}; try again at "
                f"{retry_at:%Y-%m-%dT%H:%M:%SZ}",
                retry_at=retry_at,
            )
        if version_refused(status, headers, data):
            return VersionRetired(
                f"GITHUB_API_URL: {self._api_url!r} answers {status} {words!r}: it no longer takes "
                f"version {API_VERSION} of GitHub's API, which this scheduler speaks; use a newer "
                "version of the scheduler"
            )
        if status < 400:
            return Rejected("GitHub answers that it has moved; use its new name", status=status)
        if (status >= 500 or status == 408) and status != 501:
            return Unavailable(f"GITHUB_API_URL: {self._api_url!r} answers {status} {words!r}")
        return Rejected(f"GitHub answers {status}: {words}", status=status)

    def _retry_at(self, status: int, headers: Mapping[str, str], words: str) -> datetime | None:
        # In this order: retry-after, then the reset, then a minute.
        now = self.clock.now()
        try:
            if after := headers.get("retry-after"):
                return now + _within_an_hour(float(after))
            if headers.get("x-ratelimit-remaining") == "0":
                left = float(headers["x-ratelimit-reset"]) - now.timestamp()
                if -left < LONGEST_WAIT.total_seconds():
                    return now + _within_an_hour(left)
                return now + DEFAULT_WAIT  # no limit that holds was to end so long ago
        except (ValueError, KeyError):
            return now + DEFAULT_WAIT
        limited = status == 429 or "rate limit" in words.lower() or "abuse" in words.lower()
        return now + DEFAULT_WAIT if limited else None


def _within_an_hour(seconds: float) -> timedelta:
    return timedelta(seconds=min(max(seconds, 0), LONGEST_WAIT.total_seconds()))


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True, kw_only=True)
class Api:
    """The queue's repository by way of one client: what every part of the queue stands on."""

    http: GitHub
    #: The queue's own ``owner/name``.
    repository: str
    #: The queue's label, as its settings write it; empty where no issue is asked for.
    label: str = ""

    @property
    def here(self) -> str:
        """The path of the queue's repository."""
        return f"/repos/{self.repository}"

    @contextmanager
    def needs(self, right: str, *, one: bool = False) -> Iterator[None]:
        """Requests that need the permission ``right``: a refusal becomes what ``refused`` says."""
        try:
            yield
        except Rejected as refused:
            raise self.refused(refused, right, one=one) from refused

    def refused(self, refused: Rejected, right: str, *, one: bool = False) -> SchedulerError:
        """A refusal in the queue's own repository, as the error that tells how to react.

        ``right``: the permission that the request needs. ``one``: an issue or a comment was
        asked for, so a 404 is about that alone.
        """
        words = str(refused).lower()
        if refused.status == 403 and "locked" not in words and "disabled" not in words:
            return NotPermitted(
                f"token: lacks the permission {right!r} in {self.repository} ({refused})"
            )
        if refused.status == 404 and not one:
            return NotPermitted(
                f"repository: {self.repository!r} does not exist, or the token can't see it; "
                "check --queue or GITHUB_REPOSITORY, and the token's access"
            )
        return refused


def is_deleted(refused: Rejected) -> bool:
    """Whether an issue or a comment is not there; a repository may have issues switched off."""
    off = "disabled" in str(refused).lower()
    return refused.status == HTTPStatus.NOT_FOUND or (refused.status == HTTPStatus.GONE and not off)
