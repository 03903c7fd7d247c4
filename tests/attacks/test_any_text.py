"""What holds of any text on its way out."""

from __future__ import annotations

from datetime import datetime, timezone

from hypothesis import given
from hypothesis import strategies as st

from scheduler.text import cell, code, inert
from scheduler.tick.report import Note, TickReport, summary
from tests.attacks import reading

TEXT = st.lists(
    st.sampled_from(
        [
            "`",
            "```",
            "|",
            "\\",
            "\\|",
            "@all",
            "#1",
            "<b>",
            "::",
            "##[",
            "]",
            "\n",
            "\r",
            " ",
            "x",
            "::error::",
        ]
    )
    | st.text(max_size=3)
).map("".join)


@given(TEXT)
def test_no_reason_leaves_its_cell_or_its_code(reason: str) -> None:
    report = TickReport(now=datetime(2026, 11, 23, tzinfo=timezone.utc))
    report.invalid.append(Note(id=1, reason=reason))
    text = summary(report, repository="o/r")
    row = text.splitlines()[4]
    _, _, shown = reading.cells(row)
    assert reading.outside_of_code(shown).strip() in ("", "(empty)")


@given(TEXT)
def test_a_pipe_after_a_backslash_ends_no_cell(text: str) -> None:
    assert len(reading.cells(f"| {cell(code(text))} |")) == 1
    assert len(reading.cells(f"| {cell(text)} |")) == 1


@given(TEXT)
def test_inert_text_holds_no_command(text: str) -> None:
    shown = inert(text)
    assert reading.commands(shown) == []
    assert shown.replace(" ", "") == text.replace(" ", "")


def test_the_readers_of_this_file_find_what_they_are_to_find() -> None:
    line = (
        "x\n  ::error file=a::b\r##[warning]c\n::stop-commands::t\n::error::no\n::t::\n::debug::d"
    )
    assert reading.commands(line) == [("error", "b"), ("warning", "c"), ("debug", "d")]
    assert reading.cells(r"| a\|b | c\\| d |") == [" a|b ", r" c\\", " d "]
    assert reading.outside_of_code("`a` @all ``b`") == " @all ``b`"
    assert reading.moves("a\x1b\u202e\n") == ["\x1b", "\u202e"]
