"""Lengths of time in words."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.times.spans import in_words, length, plain, says_twice


@pytest.mark.parametrize(
    ("spoken", "seconds"),
    [
        ("2 hours", 7200),
        ("1 hour and 30 minutes", 5400),
        ("1 hour 30 minutes", 5400),
        ("an hour", 3600),
        ("half an hour", 1800),
        ("a minute", 60),
        ("twelve secs", 12),
        ("1.5 days", 129_600),
        ("0.01 seconds", 0.01),
        ("2 weeks", 1_209_600),
        ("1 day 2 hrs 3 mins 4 secs", 93_784),
    ],
)
def test_how_long_it_is(spoken: str, seconds: float) -> None:
    assert in_words(spoken)
    assert length(spoken) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "spoken", ["", "2h", "hours", "2 months", "two and a half hours", "123456 hours", "1.234 days",
               "2 hours or 3", "in 2 hours"],
)  # fmt: skip
def test_what_is_no_length(spoken: str) -> None:
    assert not in_words(spoken)


@pytest.mark.parametrize(
    ("spoken", "twice"),
    [("1 hour 30 minutes", False), ("1 hour 2 hours", True), ("1 hour and 2 hrs", True)],
)
def test_a_unit_that_is_said_twice(spoken: str, twice: bool) -> None:
    assert says_twice(spoken) is twice


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("9:00\u202fAM", "9:00 AM"),
        ("\u00a0 in \u3000 2\u2009hours ", "in 2 hours"),
        ("a\tb\n", "a\tb\n"),
        ("", ""),
    ],
)
def test_every_width_of_space_is_one_plain_space(text: str, wanted: str) -> None:
    assert plain(text) == wanted
