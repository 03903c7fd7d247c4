"""PyGithub's connections, with the redirects left to us, and what a failure of one means."""

from __future__ import annotations

import urllib.parse

import requests
import urllib3
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    RequestsResponse,
)

from scheduler.errors import UsageError


def never_sent(problem: requests.RequestException) -> bool:
    """Whether a request failed before its first byte: no name, no connection, no trust."""
    early = (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)
    if isinstance(problem, early):
        return True
    reason = getattr(problem.args[0], "reason", None) if problem.args else None
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


class Plain(HTTPRequestsConnectionClass):
    """A connection to a sandbox, or to a server behind a proxy of its own."""

    def getresponse(self) -> RequestsResponse:
        """The answer, where it is and not where it points to."""
        return _unfollowed(super().getresponse())


class Encrypted(HTTPSRequestsConnectionClass):
    """A connection to GitHub."""

    def getresponse(self) -> RequestsResponse:
        """The answer, where it is and not where it points to."""
        return _unfollowed(super().getresponse())


def _unfollowed(response: RequestsResponse) -> RequestsResponse:
    # PyGithub follows a 301, and only that, itself: uncounted, without the query, and with
    # a POST too. It means the same as a 308, but for what it lets old clients do.
    if response.status == 301:
        response.status = 308
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
