"""PyGithub's connections, with the redirects left to us, and what came or failed to come back."""

from __future__ import annotations

import ssl
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    RequestsResponse,
)

from scheduler.errors import UsageError
from scheduler.github.objects import one_line
from scheduler.times.bounds import bounded

#: The most items that GitHub puts on a page.
PER_PAGE = 100
#: Servers that cap a page lower: at GitHub's default, at Gitea's and Forgejo's most.
CAPS = (30, 50)
#: The keys of objects that hold a list.
WITHIN = ("workflow_runs", "check_runs", "statuses", "environments", "concurrency_groups")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A successful answer; ``data`` is its JSON (None: it had no body)."""

    status: int
    headers: Mapping[str, str]
    data: Any

    @property
    def date(self) -> datetime | None:
        """The server's own time, in UTC with whole seconds; None where it does not tell."""
        return date_of(self.headers)

    @property
    def sunset(self) -> datetime | None:
        """When GitHub will answer this version of its API no longer; None: it does not say.

        https://www.rfc-editor.org/rfc/rfc8594
        """
        return date_of(self.headers, "sunset")

    @property
    def listed(self) -> list[Any]:
        """What a list holds; a list of runs, of checks or of statuses is within an object."""
        data = self.data
        if isinstance(data, dict):
            data = next((data[key] for key in WITHIN if key in data), None)
        return data if isinstance(data, list) else []

    @property
    def ids(self) -> frozenset[str]:
        """What tells the list's items apart."""
        return frozenset(
            str(item["id"]) if isinstance(item, dict) and "id" in item else repr(item)
            for item in self.listed
        )

    @property
    def may_have_more(self) -> bool:
        """Whether this page may be followed by another that no ``Link`` names.

        GitHub, whose answers have a request id, puts as many on a page as it is asked to; of
        others a page that is as long as some server's longest is taken for a full one.
        """
        if "link" in self.headers:
            return False
        size = len(self.listed)
        return size >= PER_PAGE or (size in CAPS and "x-github-request-id" not in self.headers)

    @property
    def next_page(self) -> str | None:
        """The address of the next page, from the ``Link`` header.

        https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
        """
        return self._links.get("next")

    @property
    def last_page(self) -> int | None:
        """The number of the last page; None where the answer names none."""
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self._links.get("last", "")).query)
        number = query.get("page", [""])[0]
        return int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None

    @property
    def _links(self) -> Mapping[str, str]:
        links = requests.utils.parse_header_links(self.headers.get("link", ""))
        return {str(link.get("rel")): str(link["url"]) for link in reversed(links)}


def date_of(headers: Mapping[str, str], name: str = "date") -> datetime | None:
    """The instant in one of these headers: when they were sent; None where it is not told."""
    try:
        return bounded(parsedate_to_datetime(headers[name]))
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def failure(problem: OSError | urllib3.exceptions.HTTPError) -> tuple[str, bool]:
    """What to say of an address without an answer, and whether a write may have got there.

    TLS fails after a request was sent too, so but for a certificate it proves nothing.
    """
    kinds = requests.exceptions
    causes = tuple(_causes(problem))

    def within(*kind: type[BaseException]) -> bool:
        return any(isinstance(cause, kind) for cause in causes)

    if within(kinds.ProxyError):
        return "can't be reached through the proxy; check HTTPS_PROXY and NO_PROXY", False
    if within(ssl.SSLCertVerificationError):
        words = "can't be reached: its certificate is not trusted here; set REQUESTS_CA_BUNDLE"
        return words, False
    if within(kinds.ConnectTimeout, urllib3.exceptions.NewConnectionError):
        return "can't be reached; check the network and GITHUB_API_URL", False
    said = one_line(str(problem))[:200]
    if within(kinds.InvalidURL, kinds.InvalidSchema, urllib3.exceptions.LocationValueError):
        return f"can't be reached ({said}); check GITHUB_API_URL and HTTPS_PROXY", False
    if within(kinds.SSLError):
        return "can't be reached: TLS failed; check GITHUB_API_URL and HTTPS_PROXY", True
    if within(kinds.Timeout):
        return "did not answer in time", True
    if within(kinds.RequestException):
        return "closed the connection without an answer", True
    return f"can't be reached ({said}); check the network and REQUESTS_CA_BUNDLE", True


def _causes(problem: object) -> Iterator[BaseException]:
    while isinstance(problem, BaseException):
        yield problem
        problem = getattr(problem, "reason", None) or (problem.args[0] if problem.args else None)


class Plain(HTTPRequestsConnectionClass):
    """A connection to a sandbox, or to a server behind a proxy of its own."""

    def getresponse(self) -> RequestsResponse:
        """The answer, where it is and not where it points to."""
        return _harmless(super().getresponse())


class Encrypted(HTTPSRequestsConnectionClass):
    """A connection to GitHub."""

    def getresponse(self) -> RequestsResponse:
        """The answer, where it is and not where it points to."""
        return _harmless(super().getresponse())


def _harmless(response: RequestsResponse) -> RequestsResponse:
    # PyGithub follows a 301, and only that, itself: uncounted, without the query, and with
    # a POST too. It means the same as a 308, but for what it lets old clients do.
    if response.status == 301:
        response.status = 308
    # It makes numbers of these in every answer, and what is none would end the program.
    for name in ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"):
        try:
            int(float(response.headers.get(name, "0")))
        except (ValueError, OverflowError):
            del response.headers[name]
    return response


def address(api_url: str) -> urllib.parse.SplitResult:
    """The parts of the API's address. Raises ``UsageError`` when it is none."""
    try:
        parts = urllib.parse.urlsplit(api_url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass
    raise UsageError(f"GITHUB_API_URL: {api_url!r} is not an address; write https://api.github.com")
