"""Signing keys: which are none, and that none is ever shown."""

from __future__ import annotations

import pytest

from scheduler.errors import UsageError
from scheduler.job.signing import Keys, sign
from tests.job.test_signing import ISSUED, JOB, NONCE, QUEUE


@pytest.mark.parametrize("key", ["", "x" * 15, "\u00e4" * 7, "\udcff" * 20])
def test_a_short_key_signs_nothing_and_is_not_shown(key: str) -> None:
    with pytest.raises(UsageError) as told:
        sign(JOB, key, repository=QUEUE, issued_at=ISSUED, nonce=NONCE)
    assert str(told.value) == (
        "SCHEDULE_SIGNING_KEY: is no text of at least 16 bytes; make one with "
        "'openssl rand -hex 32'"
    )
    for length in ("x" * 16, "\u00e4" * 8):
        assert sign(JOB, length, repository=QUEUE, issued_at=ISSUED, nonce=NONCE).signature


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (None, {}), ("", {}), ("{}", {}),
        ('{"a": "0123456789abcdef"}', {"a": ("0123456789abcdef",)}),
        ('{"a": ["0123456789abcdef", "fedcba9876543210"], "b": ["0123456789abcdeg"]}',
         {"a": ("0123456789abcdef", "fedcba9876543210"), "b": ("0123456789abcdeg",)}),
    ],
)  # fmt: skip
def test_keys_by_agent(text: str | None, keys: dict[str, tuple[str, ...]]) -> None:
    assert Keys.read(text).by_agent == keys


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hush-hush", "is not JSON"), ('{"a": "hush-hush"', "is not JSON"),
        ("[" * 99_999, "is not JSON"),
        ('["hush-hush"]', "is not a JSON object"), ('"hush-hush"', "is not a JSON object"),
        ("5", "is not a JSON object"), ("null", "is not a JSON object"),
        ('{"a": "hush-hush"}', "a key of its agent number 1"),
        ('{"b": "0123456789abcdef", "a": ["0123456789abcdef", "hush-hush"]}', "agent number 2"),
        ('{"a": []}', "agent number 1"), ('{"a": 5}', "agent number 1"),
        ('{"a": {}}', "agent number 1"), ('{"a": [["0123456789abcdef"]]}', "agent number 1"),
        ('{"hush-hush": null}', "agent number 1"),
        ('{"a": "0123456789abcdef\\ud800"}', "agent number 1"),
    ],
)  # fmt: skip
def test_keys_that_are_none_are_refused_and_not_shown(text: str, words: str) -> None:
    with pytest.raises(UsageError) as told:
        Keys.read(text)
    line = str(told.value)
    assert line.startswith("SCHEDULE_SIGNING_KEYS: ")
    assert words in line
    assert "; write " in line
    assert "hush" not in line
    assert "0123456789" not in line
    assert told.value.__cause__ is None


def test_keys_are_not_shown() -> None:
    assert repr(Keys({"b": ("0123456789abcdef",), "a": ()})) == str(Keys({"a": (), "b": ()}))
    assert repr(Keys({})) == "Keys(none)"
    assert repr(Keys({"b": ("x",), "a": ()})) == "Keys(a, b)"
