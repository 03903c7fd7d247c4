"""The hidden line of a comment: written, read back, and refused where it is damaged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pytest

from scheduler.journal.record import MOST, hidden, shown, typed

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


@dataclass(frozen=True, kw_only=True)
class Sample:
    id: int = 0
    created_at: datetime | None = None
    name: str = ""
    many: int | None = None
    late: float | None = None
    done: bool | None = None
    at: datetime | None = None


def data(line: str) -> Any:
    found = shown(line)
    assert found is not None
    return found[1]


def test_a_record_is_one_line_of_ascii_that_no_reader_sees() -> None:
    line = hidden("claim", Sample(name="a --> b <b> \u202e\n", many=1))
    assert line.startswith("<!-- schedule:claim {")
    assert line.endswith("} -->")
    assert line.isascii()
    assert line.count(">") == 1
    assert "\n" not in line
    assert data(line) == {"name": "a --> b <b> \u202e\n", "many": 1}


def test_what_is_empty_and_what_is_github_s_to_say_is_left_out() -> None:
    sample = Sample(id=9, created_at=NOON, name="", many=0, done=False)
    assert data(hidden("claim", sample)) == {"many": 0, "done": False}


def test_every_type_is_read_back() -> None:
    sample = Sample(name="n", many=MOST, late=-1.5, done=True, at=NOON.replace(microsecond=7))
    line = hidden("journal", sample) + "\nfor people"
    assert shown(line) == ("journal", data(line))
    assert Sample(**typed(Sample, data(line))) == sample


@pytest.mark.parametrize(
    "body",
    [
        "", "text", " <!-- schedule:claim {} -->", "<!-- schedule:other {} -->",
        "<!-- schedule:claim {}\n -->", "<!-- schedule:claim [] -->",
    ],
)  # fmt: skip
def test_what_is_no_record(body: str) -> None:
    assert shown(body) is None


@pytest.mark.parametrize("text", ["{x}", "{}", '{"v":2}', '{"v":"1"}', '{"v":1,}'])
def test_a_record_that_is_damaged_or_of_another_version(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        shown(f"<!-- schedule:claim {text} -->")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("many", "1"), ("many", 1.5), ("many", True), ("many", -1), ("many", MOST + 1),
        ("many", None), ("name", 1), ("late", "1"), ("late", True), ("done", 1), ("done", "true"),
        ("at", "2026-11-23T12:00:00"), ("at", "now"), ("at", "0001-01-01T00:00:00Z"),
        ("at", "9999-12-31T23:59:59Z"), ("at", 1), ("other", 1),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(name: str, value: object) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        typed(Sample, json.loads(json.dumps({name: value})))
