"""Tells a monitor that the scheduler lives: one request after each tick.

A monitor raises the alarm when none comes, which the scheduler itself could not do. The protocol
is that of Healthchecks.io, which others follow: the address itself after a tick that ended well,
and the same with ``/fail`` after one that stopped. https://healthchecks.io/docs/http_api/
"""

from __future__ import annotations

import http.client
import threading
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from scheduler.errors import UsageError

#: The longest wait for a monitor, in seconds. A tick may not hang on it.
PATIENCE = 5.0
#: The same for a tick that was asked to leave: its runner kills it soon.
HURRY = 1.0

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing: whoever answers must not send the secret address elsewhere."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def address(text: str, *, failed: bool) -> str:
    """The address to ask for; ``text`` is that of the input ``heartbeat-url``.

    Raises:
        UsageError: it is no https address. The message does not show it: it is a secret.
    """
    try:
        parts = urlsplit(text.strip())
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK)
    visible = text.strip().isascii() and text.strip().isprintable() and " " not in text.strip()
    if not (secure and host and visible):
        raise UsageError(
            "heartbeat-url: is no https address (it is not shown, as it is a secret); write one "
            "such as https://hc-ping.com/UUID"
        )
    path = parts.path.rstrip("/") + "/fail" if failed else parts.path
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def beat(text: str, *, failed: bool, hurried: bool = False) -> str | None:
    """Ask for the address once; None, or one line that says why the monitor was not told.

    Nothing is raised, and nothing takes longer than `PATIENCE`, or `HURRY` if it is ``hurried``: a
    monitor is no reason to fail.
    """
    seconds = HURRY if hurried else PATIENCE
    try:
        asked = address(text, failed=failed)
    except UsageError as wrong:
        return str(wrong)
    said: list[str | None] = []
    # A server that sends one byte a second would else outlast every timeout of its parts.
    asking = threading.Thread(target=lambda: said.append(_ask(asked, seconds)), daemon=True)
    asking.start()
    asking.join(seconds)
    return said[0] if said else f"heartbeat-url: gives no answer within {seconds:g} s; check it"


def _ask(asked: str, seconds: float) -> str | None:
    opener = urllib.request.build_opener(_NoRedirect)
    request = urllib.request.Request(asked, headers={"User-Agent": "issue-scheduler"})  # noqa: S310
    try:
        with opener.open(request, timeout=seconds):
            return None
    except urllib.error.HTTPError as answer:
        answer.close()
        fix = "give the address that it names" if 300 <= answer.code < 400 else "check it"
        return f"heartbeat-url: answers with {answer.code}; {fix}"
    except TimeoutError:
        return f"heartbeat-url: gives no answer within {seconds:g} s; check it"
    except (OSError, http.client.HTTPException, ValueError):
        # Their texts may hold the address.
        return "heartbeat-url: can't be reached; check it"
