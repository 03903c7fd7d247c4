"""Who is answered: programs on this machine that know a token, and no page in a browser.

The sandbox listens on loopback and can run workflows as its user, so two kinds of callers are
kept out. A page in a browser on this machine: it can send requests here, from an origin of its
own, or by a name of its own that it lets point to loopback (DNS rebinding). And whoever else
has an account on this machine, who can connect but knows no token.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable

CONTROL_TOKEN = "SCHEDULE_SANDBOX_TOKEN"  # noqa: S105  (a variable's name)
"""The variable that holds the token of the control routes."""

_HOST = re.compile(
    r"(?i)\A(\[::1\]|\d{1,3}(?:\.\d{1,3}){3}|(?:[a-z0-9-]+\.)*localhost)(?::\d{1,5})?"
)


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(32)


def refusal(host: str, origin: str | None, site: str | None) -> str | None:
    """Why a request is not answered, whatever it asks; None: it may be.

    host: the name that it calls us by. origin, site: what a browser says of the page that
    sends it; programs say nothing.
    https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Origin
    https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
    """
    if not loopback(host):
        return f"Host: {host[:80]!r} is no name of this machine; call 127.0.0.1 or localhost"
    if origin is not None and origin.lower() != f"http://{host}".lower():
        return f"Origin: {origin[:80]!r} is a page, and no page is answered; use a program"
    if site is not None and site not in ("same-origin", "none"):
        return f"Sec-Fetch-Site: {site[:80]!r} is a page, and no page is answered; use a program"
    return None


def loopback(host: str) -> bool:
    """Whether a ``Host`` can only mean this machine: https://www.rfc-editor.org/rfc/rfc6761 ."""
    named = _HOST.fullmatch(host)
    if named is None:
        return False
    if not named[1][0].isdigit():
        return True
    try:
        return ipaddress.ip_address(named[1]).is_loopback
    except ValueError:
        return False


def token_in(authorization: str) -> str:
    """The token of an ``Authorization`` header, ``Bearer`` or ``token``; empty: there is none."""
    scheme, _, text = authorization.partition(" ")
    return text.strip() if scheme.lower() in ("token", "bearer") else ""


def known(given: str, tokens: Iterable[str]) -> str | None:
    """The one of ``tokens`` that was given; how long that takes tells nothing of the others."""
    found = None
    for token in tokens:
        if hmac.compare_digest(token.encode(), given.encode("utf-8", "replace")):
            found = token
    return found
