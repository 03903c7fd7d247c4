"""JSON as it is written: the name that comes twice, and each digit of a number."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.job.strict_json import Object, load


@pytest.mark.parametrize(
    ("text", "twice"),
    [
        ("{}", None), ('{"a": 1, "b": 1}', None), ('{"a": 1, "a": 1}', "a"),
        ('{"a": 1, "b": 2, "b": 3, "a": 4}', "b"), ('{"a": 1, "\\u0061": 2}', "a"),
        ('{"": 1, "": 2}', ""), ('{"a": {"b": 1, "b": 2}}', None),
    ],
)  # fmt: skip
def test_an_object_names_what_it_says_twice(text: str, twice: str | None) -> None:
    found = load(text)
    assert isinstance(found, Object)
    assert found.twice == twice
    assert found == json.loads(text)


def test_an_object_within_another_names_its_own() -> None:
    found = load('{"a": [{"b": 1, "b": 2}]}')
    assert (found.twice, found["a"][0].twice) == (None, "b")


@pytest.mark.parametrize("text", ["1.5", "1.50", "-0.0", "1e5", "1E-5", "0.12345678901234567890"])
def test_a_number_stays_as_it_was_written(text: str) -> None:
    found = load(text)
    assert str(found) == text
    assert found == float(text)


def test_a_number_that_is_too_large_is_infinite_and_keeps_its_digits() -> None:
    found = load("1e999")
    assert math.isinf(found)
    assert str(found) == "1e999"
    assert load("9" * 40) == int("9" * 40)


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", "-Infinity", '{"a": Infinity}', "'a'", "9" * 9999]
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        load(text)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_what_was_written_is_read(value: Any) -> None:
    assert load(json.dumps(value)) == value
