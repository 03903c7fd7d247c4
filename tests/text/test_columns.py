"""Text fitted to the columns of a terminal."""

from __future__ import annotations

import io
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import streams
from scheduler.text import columns, cut, filled

WORDS = st.lists(st.text("aé漢⏰:-", max_size=12) | st.just(""), max_size=30).map(" ".join)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one two three", "one two\n  three"), ("one two", "one two"), ("", ""),
        ("a\n\nb", "a\n\nb"),
        ("  one two three", "  one two\n    three"), ("  one twos", "  one\n    twos"),
        ("see http://127.0.0.1/a-b-c", "see\n  http://127.0.0.1/a-b-c"),
        ("漢字 漢字 漢字", "漢字 漢字\n  漢字"), ("one   two", "one   two"),
    ],
)  # fmt: skip
def test_a_line_is_broken_between_words(text: str, shown: str) -> None:
    assert filled(text, 9) == shown


@given(WORDS, st.integers(20, 60))
def test_no_line_is_wider_and_no_word_is_lost(text: str, width: int) -> None:
    shown = filled(text, width)
    assert shown.split() == text.split()
    assert all(columns(line) <= width or " " not in line.strip() for line in shown.split("\n"))
    assert columns(cut(text, width)) <= width
    assert cut(text, width) == text or cut(text, width).endswith("…")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "said", "width"),
    [
        (Terminal(), None, 79), (Terminal(), "120", 119), (Terminal(), "0", 79),
        (Terminal(), "-5", 79), (Terminal(), "wide", 79), (Terminal(), "3", 19),
        (io.StringIO(), "120", None),
    ],
)  # fmt: skip
def test_how_wide_a_terminal_is(
    monkeypatch: pytest.MonkeyPatch, stream: TextIO, said: str | None, width: int | None
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    if said is not None:
        monkeypatch.setenv("COLUMNS", said)
    assert streams.width(stream) == width
