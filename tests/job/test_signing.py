"""Signatures: the documented vectors, every single change, times, keys and modes."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import InvalidJob
from scheduler.job import frontmatter
from scheduler.job.keys import IN_ISSUE
from scheduler.job.model import Job
from scheduler.job.signing import Keys, Signature, canonical, nonce_of, refusal, sign

DOCUMENT = (Path(__file__).resolve().parents[2] / ".github" / "SECURITY.md").read_text("utf-8")
KEY = "documented-test-key-not-a-secret"
QUEUE = "Octo/Queue"
NONCE = "AbCdEfGhIjKlMnOpQrStUvWx"
ISSUED = datetime(2026, 11, 23, 8, 30, tzinfo=timezone.utc)
JOB = Job(
    run_at=datetime(2026, 11, 23, 9, tzinfo=timezone.utc),
    workflow="agent-message.yml",
    agent="probe-1",
    message="Check PR #123 status",
)
SIGNED = sign(JOB, KEY, repository=QUEUE, issued_at=ISSUED, nonce=NONCE)
KEYS = Keys({"probe-1": (KEY,)})


def reason(
    job: Job = SIGNED, keys: Keys = KEYS, *, mode: str = "required", queue: str = QUEUE,
    created_at: datetime = ISSUED,
) -> str | None:  # fmt: skip
    return refusal(job, keys, mode=mode, repository=queue, created_at=created_at)


# The document.


def documented() -> list[tuple[str, str]]:
    """The bodies and the canonical forms that the document shows, in pairs."""
    bodies = re.findall(r"```text\n(---\n.*?)\n```\n", DOCUMENT, re.DOTALL)
    forms = re.findall(r"```json\n(\{.*?\})\n```\n", DOCUMENT, re.DOTALL)
    assert len(bodies) == len(forms) == 4
    return list(zip(bodies, forms, strict=True))


@pytest.mark.parametrize("vector", [0, 1, 2, 3])
def test_the_documented_vectors_are_what_the_code_makes(vector: int) -> None:
    body, form = documented()[vector]
    job = frontmatter.parse(body)
    assert f"With the key `{KEY}`, in the queue `{QUEUE}`" in DOCUMENT
    assert canonical(job, repository=QUEUE, issued_at=ISSUED, nonce=NONCE) == form.encode("ascii")
    mac = hmac.new(KEY.encode(), form.encode(), hashlib.sha256).hexdigest()
    assert job.signature == f"v1 issued-at=2026-11-23T08:30:00Z nonce={NONCE} mac={mac}"
    assert sign(job, KEY, repository=QUEUE, issued_at=ISSUED, nonce=NONCE) == job
    assert reason(job) is None


def test_the_documented_vectors_use_every_key() -> None:
    shown = {"signature", "event", "rrule"}
    for _, form in documented():
        shown |= set(json.loads(form)["job"])
    assert shown == set(IN_ISSUE)


def test_the_bytes_and_the_code_of_one_vector() -> None:
    assert canonical(JOB, repository=QUEUE, issued_at=ISSUED, nonce=NONCE) == (
        b'{"issued-at":"2026-11-23T08:30:00Z","job":{"agent":"probe-1","run-at":"2026-11-23T09:00:00Z",'
        b'"workflow":"agent-message.yml"},"message":"Check PR #123 status",'
        b'"nonce":"AbCdEfGhIjKlMnOpQrStUvWx","repository":"octo/queue","version":"v1"}'
    )
    assert SIGNED.signature == (
        "v1 issued-at=2026-11-23T08:30:00Z nonce=AbCdEfGhIjKlMnOpQrStUvWx "
        "mac=193e6bb783953edd363ac63bc56a8ca8f5baebb1363b3a90b947e59abd379c1d"
    )


# What is signed.

OTHERS: dict[str, Any] = {
    "run_at": JOB.run_at + timedelta(seconds=1), "workflow": "other.yml", "event": "wake",
    "timezone": "UTC", "repo": "octo/other", "ref": "main", "agent": "probe-1 ",
    "inputs": {"model": "opus"}, "deadline": timedelta(hours=6), "dedup_key": "k",
    "request_id": "r", "max_attempts": 5, "parent": "run:1", "cron": "0 9 * * *",
    "rrule": "FREQ=DAILY", "every": timedelta(hours=2), "until": JOB.run_at + timedelta(days=9),
    "count": 3, "misfire": "all", "overlap": "allow", "jitter": timedelta(minutes=10),
    "unless": "closed(#1)", "when": "approved(#1)", "patience": timedelta(hours=2),
    "pause_after": 3, "retries": 1, "retry_on": ("stale",), "retry_after": timedelta(0),
    "max_runtime": timedelta(hours=1), "reply_to": "#5", "reply": "failure",
    "tolerance": timedelta(hours=2), "message": JOB.message + "\n",
}  # fmt: skip


@pytest.mark.parametrize("name", [each.name for each in fields(Job) if each.name != "signature"])
def test_every_part_of_a_job_is_signed(name: str) -> None:
    changed = replace(SIGNED, **{name: OTHERS[name]})
    keys = Keys({changed.agent or "": (KEY,)})
    assert str(reason(changed, keys)).startswith("signature: does not fit the job; ")
    again = sign(changed, KEY, repository=QUEUE, issued_at=ISSUED, nonce=NONCE)
    assert reason(again, keys) is None


def test_the_queue_the_time_and_the_nonce_are_signed() -> None:
    assert reason() is None
    assert reason(queue="octo/QUEUE") is None
    assert "does not fit" in str(reason(queue="octo/other"))
    text = str(SIGNED.signature)
    for old, new in (("08:30:00Z", "08:30:01Z"), ("AbCd", "AbCe"), ("mac=1", "mac=2")):
        assert "does not fit" in str(reason(replace(SIGNED, signature=text.replace(old, new, 1))))


SECONDS = st.datetimes(datetime(2000, 1, 2), datetime(2999, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=timezone.utc, microsecond=0)
)
NAME = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True)
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
JOBS = st.builds(
    Job, run_at=SECONDS, workflow=st.just("a.yml"), agent=st.sampled_from([None, "alice", "ä"]),
    inputs=st.dictionaries(NAME, TEXT, max_size=3), message=TEXT,
    deadline=st.none() | SECONDS | st.integers(1, 10**9).map(lambda s: timedelta(seconds=s)),
)  # fmt: skip


@given(JOBS, JOBS, SECONDS)
def test_two_jobs_have_one_form_only_if_they_are_the_same(
    one: Job, other: Job, issued_at: datetime
) -> None:
    first, second = (
        canonical(job, repository="o/r", issued_at=issued_at, nonce=NONCE) for job in (one, other)
    )
    assert (first == second) == (one == other)
    assert first == canonical(
        replace(one, inputs=dict(reversed(list(one.inputs.items())))),
        repository="O/R", issued_at=issued_at, nonce=NONCE,
    )  # fmt: skip
    assert first.isascii()
    data = json.loads(first)
    assert data["message"] == one.message
    assert set(data["job"]) <= set(IN_ISSUE)


@given(JOBS, SECONDS)
def test_what_is_signed_is_accepted_as_the_issue_says_it(job: Job, issued_at: datetime) -> None:
    signed = sign(job, KEY, repository=QUEUE, issued_at=issued_at, nonce=NONCE)
    try:
        stands = frontmatter.parse(frontmatter.render(signed))
    except InvalidJob:
        return  # an input's value may be text that no issue can hold
    keys = Keys({job.agent or "": (KEY,)})
    assert reason(stands, keys, created_at=issued_at) is None


# When and with what.


@pytest.mark.parametrize(
    ("apart", "may"), [(0, True), (600, True), (-600, True), (601, False), (-601, False)]
)
def test_issue_and_creation_are_at_most_ten_minutes_apart(apart: int, may: bool) -> None:
    found = reason(created_at=ISSUED + timedelta(seconds=apart))
    assert (found is None) == may
    assert may or found == (
        "signature: was issued at 2026-11-23T08:30:00Z, more than 10 minutes from the issue's "
        "creation; create it anew"
    )


UNSIGNED = replace(SIGNED, signature=None)
NOBODY = replace(UNSIGNED, agent=None)
BROKEN = replace(SIGNED, signature="v1 mac=0")
FOREIGN = sign(JOB, "b" * 32, repository=QUEUE, issued_at=ISSUED, nonce=NONCE)
UNKNOWN = sign(replace(JOB, agent="carol"), KEY, repository=QUEUE, issued_at=ISSUED, nonce=NONCE)


@pytest.mark.parametrize(
    ("job", "optional", "required"),
    [
        (SIGNED, None, None),
        (UNSIGNED, "is missing", "is missing"),
        (NOBODY, None, "is missing, and jobs of 'no agent'"),
        (replace(UNSIGNED, agent="carol"), None, "is missing, and jobs of 'carol'"),
        (BROKEN, "is not of the form", "is not of the form"),
        (FOREIGN, "does not fit", "does not fit"),
        (UNKNOWN, "no key is known for the agent 'carol'", "no key is known for the agent 'carol'"),
    ],
)
def test_the_modes(job: Job, optional: str | None, required: str | None) -> None:
    assert reason(job, mode="off") is None
    for mode, words in (("optional", optional), ("required", required)):
        found = reason(job, mode=mode)
        assert (found is None) == (words is None)
        assert words is None or (words in str(found) and str(found).startswith("signature: "))


def test_any_of_an_agent_s_keys_will_do_and_none_of_another_s() -> None:
    assert reason(keys=Keys({"probe-1": ("n" * 32, KEY)})) is None
    assert "does not fit" in str(reason(keys=Keys({"probe-1": ("n" * 32,), "probe-2": (KEY,)})))
    assert "no key is known" in str(reason(keys=Keys({"Probe-1": (KEY,)})))


def test_codes_are_compared_in_constant_time_and_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    monkeypatch.setattr("scheduler.job.signing.hmac.compare_digest", compare)
    assert reason(keys=Keys({"probe-1": (KEY, "n" * 32, "o" * 32)})) is None
    assert len(compared) == 3


MAC = "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        "", "v1", MAC, f"v2 issued-at=2026-11-23T08:30:00Z nonce={NONCE} mac={MAC}",
        f"v1 nonce={NONCE} issued-at=2026-11-23T08:30:00Z mac={MAC}",
        f"v1  issued-at=2026-11-23T08:30:00Z nonce={NONCE} mac={MAC}",
        f"v1 issued-at=2026-11-23T08:30:00+00:00 nonce={NONCE} mac={MAC}",
        f"v1 issued-at=2026-11-23T08:30:00.5Z nonce={NONCE} mac={MAC}",
        f"v1 issued-at=2026-02-30T08:30:00Z nonce={NONCE} mac={MAC}",
        f"v1 issued-at=0001-01-01T00:00:00Z nonce={NONCE} mac={MAC}",
        f"v1 issued-at=\u0662026-11-23T08:30:00Z nonce={NONCE} mac={MAC}",
        f"v1 issued-at=2026-11-23T08:30:00Z nonce={'n' * 15} mac={MAC}",
        f"v1 issued-at=2026-11-23T08:30:00Z nonce={'n' * 65} mac={MAC}",
        f"v1 issued-at=2026-11-23T08:30:00Z nonce={NONCE}! mac={MAC}",
        f"v1 issued-at=2026-11-23T08:30:00Z nonce={NONCE} mac={MAC[1:]}",
        f"v1 issued-at=2026-11-23T08:30:00Z nonce={NONCE} mac={'A' * 64}",
        f"v1 issued-at=2026-11-23T08:30:00Z nonce={NONCE} mac={MAC}\n",
        f" v1 issued-at=2026-11-23T08:30:00Z nonce={NONCE} mac={MAC}",
    ],
)  # fmt: skip
def test_what_is_no_signature(text: str) -> None:
    assert Signature.read(text) is None
    assert nonce_of(replace(JOB, signature=text)) is None
    assert "is not of the form" in str(reason(replace(SIGNED, signature=text)))


def test_a_signature_is_written_as_it_is_read() -> None:
    signature = Signature.read(str(SIGNED.signature))
    assert signature
    assert (signature.issued_at, signature.nonce) == (ISSUED, NONCE)
    assert signature.text() == SIGNED.signature
    assert (nonce_of(SIGNED), nonce_of(JOB)) == (NONCE, None)
