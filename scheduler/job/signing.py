"""Signatures: they verify which agent a job is from, where many agents share one account.

A signature is an HMAC-SHA256 (RFC 2104) by the agent's key over a canonical form of the whole
job. The form is JSON, which any language can write; `.github/SECURITY.md` has test vectors.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.errors import InvalidJob, UsageError
from scheduler.job.keys import values_of, written
from scheduler.job.model import Job
from scheduler.times.instants import format_instant, instant

#: How far ``issued-at`` and the issue's creation may be apart.
SKEW = timedelta(minutes=10)
#: The shortest key, in bytes: RFC 2104 section 3 advises the hash's length.
SHORTEST_KEY = 16
SIGNATURE = re.compile(
    r"v1 issued-at=(?P<issued_at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) "
    r"nonce=(?P<nonce>[A-Za-z0-9_-]{16,64}) mac=(?P<mac>[0-9a-f]{64})"
)


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The value of the key ``signature``, in parts."""

    #: When it was made, in UTC.
    issued_at: datetime
    #: A text that is used once.
    nonce: str
    #: The HMAC, in hexadecimal digits.
    mac: str

    @classmethod
    def read(cls, text: str) -> Signature | None:
        """The parts of a signature's text; None: it is no signature."""
        match = SIGNATURE.fullmatch(text)
        if not match:
            return None
        try:
            issued_at = instant(match["issued_at"], field="issued-at", timezone=None)
        except InvalidJob:
            return None
        return cls(issued_at=issued_at, nonce=match["nonce"], mac=match["mac"])

    def text(self) -> str:
        """The value of the key ``signature``."""
        return f"v1 issued-at={format_instant(self.issued_at)} nonce={self.nonce} mac={self.mac}"


def canonical(job: Job, *, repository: str, issued_at: datetime, nonce: str) -> bytes:
    """The bytes that are signed: one JSON object, keys sorted, no spaces, ASCII only.

    It holds the queue's repository in lower case, every front-matter key of the job but
    ``signature`` (instants in UTC as ``…Z``, durations in whole seconds as text), and the message.
    """
    keys = {
        key.name: _seconds(value) if isinstance(value, timedelta) else written(value)
        for key, value in values_of(job)
        if key.name != "signature"
    }
    signed = {
        "issued-at": format_instant(issued_at),
        "job": keys,
        "message": job.message,
        "nonce": nonce,
        "repository": repository.lower(),
        "version": "v1",
    }
    return json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _seconds(length: timedelta) -> str:
    return str(int(length.total_seconds()))


def sign(job: Job, key: str, *, repository: str, issued_at: datetime, nonce: str) -> Job:
    """``job`` with its signature, made at ``issued_at`` with a ``nonce`` that is used once.

    Raises:
        UsageError: the key is too short; the message does not show it.
    """
    if not _usable(key):
        raise UsageError(
            f"SCHEDULE_SIGNING_KEY: is no text of at least {SHORTEST_KEY} bytes; make one with "
            "'openssl rand -hex 32'"
        )
    text = canonical(job, repository=repository, issued_at=issued_at, nonce=nonce)
    signature = Signature(issued_at=issued_at, nonce=nonce, mac=_mac(key, text))
    return replace(job, signature=signature.text())


def _usable(key: object) -> bool:
    try:
        return isinstance(key, str) and len(key.encode()) >= SHORTEST_KEY
    except UnicodeEncodeError:
        return False


def _mac(key: str, text: bytes) -> str:
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Keys:
    """The keys that verify signatures; a ``repr`` shows none."""

    #: Agent to keys; several while one replaces another.
    by_agent: Mapping[str, tuple[str, ...]]

    def __repr__(self) -> str:
        return f"Keys({', '.join(sorted(self.by_agent)) or 'none'})"

    @classmethod
    def read(cls, text: str | None) -> Keys:
        """The keys in a JSON object: agent to key, or to a list of keys.

        Raises:
            UsageError: it has another form; the message shows no value.
        """
        if not text:
            return cls({})
        form = 'write {"agent": "key", "other": ["new key", "old key"]}'
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise UsageError(f"SCHEDULE_SIGNING_KEYS: is not JSON; {form}") from None
        if not isinstance(data, dict):
            raise UsageError(f"SCHEDULE_SIGNING_KEYS: is not a JSON object; {form}")
        found: dict[str, tuple[str, ...]] = {}
        for place, (agent, given) in enumerate(data.items(), start=1):
            keys = given if isinstance(given, list) else [given]
            if not keys or not all(map(_usable, keys)):
                # The agent's name is not shown: whoever swapped the two has put a key there.
                raise UsageError(
                    f"SCHEDULE_SIGNING_KEYS: a key of its agent number {place} is no text of at "
                    f"least {SHORTEST_KEY} bytes; {form}"
                )
            found[agent] = tuple(keys)
        return cls(found)


def refusal(
    job: Job, keys: Keys, *, mode: str, repository: str, created_at: datetime
) -> str | None:
    """Why the job's signature keeps it from being run; None: it does not.

    ``mode`` is the setting ``signing``: ``off`` checks nothing, ``optional`` accepts an unsigned
    job of an agent without a key, ``required`` accepts none. Whether the nonce was used before is
    checked elsewhere.
    """
    if mode == "off":
        return None
    known = keys.by_agent.get(job.agent or "", ())
    if job.signature is None:
        if mode == "optional" and not known:
            return None
        return (
            f"signature: is missing, and jobs of {job.agent or 'no agent'!r} must be signed; "
            "create the job with SCHEDULE_SIGNING_KEY set"
        )
    signature = Signature.read(job.signature)
    if signature is None:
        return "signature: is not of the form 'v1 issued-at=… nonce=… mac=…'; create the job anew"
    if not known:
        return (
            f"signature: no key is known for the agent {job.agent or ''!r}; add it to the action's "
            "signing-keys"
        )
    text = canonical(
        job, repository=repository, issued_at=signature.issued_at, nonce=signature.nonce
    )
    # Every key is tried, so that the time it takes does not tell which one fits.
    fitting = [key for key in known if hmac.compare_digest(_mac(key, text), signature.mac)]
    if not fitting:
        return (
            "signature: does not fit the job; it was changed after it was signed, or signed with "
            "another key; create it anew"
        )
    if abs(created_at - signature.issued_at) > SKEW:
        return (
            f"signature: was issued at {format_instant(signature.issued_at)}, more than "
            f"{int(SKEW.total_seconds()) // 60} minutes from the issue's creation; create it anew"
        )
    return None


def nonce_of(job: Job) -> str | None:
    """The nonce of a job's signature; None: it has none, or one that is malformed."""
    signature = Signature.read(job.signature) if job.signature else None
    return signature.nonce if signature else None
