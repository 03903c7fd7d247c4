from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler.text import cell, code, first_line, visible
from tests.attacks.reading import outside_of_code


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "`plain`"),
        ("@all closes #1 <b>", "`@all closes #1 <b>`"),
        ("a\n\n  b\tc", "`a b c`"),
        ("a`b", "`` a`b ``"),
        ("`a`", "`` `a` ``"),
        ("```", "```` ``` ````"),
        ("a``b```c", "```` a``b```c ````"),
        ("", "(empty)"),
        (" \n\t", "(empty)"),
        ("\x1b[31mred\x07", "`\ufffd[31mred\ufffd`"),
        ("one\r\ntwo\rthree\r", "`one two three`"),
        ("a\u202eb\u200bc", "`a\ufffdb\ufffdc`"),
        ("x" * 501, f"`{'x' * 499}…`"),
        ("x" * 500, f"`{'x' * 500}`"),
        ("x" * 499 + "``", f"`{'x' * 499}…`"),
    ],
)
def test_text_is_shown_as_one_span_of_code(text: str, shown: str) -> None:
    assert code(text) == shown


TEXT = st.lists(
    st.sampled_from(["`", "``", "```", "\n", "@all", "<b>", "#1", "](", "\\", " ", "|", "~~~", "x"])
    | st.text(max_size=3)
).map("".join)


@given(TEXT, st.integers(2, 60))
@example("`", 2)
@example("\\`", 9)
@example("a" * 58 + "```", 60)
def test_nothing_gets_out_of_the_code(text: str, limit: int) -> None:
    shown = code(text, limit)
    assert outside_of_code(f"before {shown} after") in ("before  after", "before (empty) after")
    assert shown.isprintable()
    assert len(shown.strip("` ")) <= limit or shown == "(empty)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("a|b", "a\\|b"), ("`a|b`", "`a\\|b`"), ("a\nb", "a b"), ("a", "a"), ("||", "\\|\\|")],
)
def test_nothing_ends_a_cell(text: str, shown: str) -> None:
    assert cell(text) == shown


@given(TEXT)
def test_a_cell_holds_one_line_and_no_bare_pipe(text: str) -> None:
    shown = cell(code(text))
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)\|", shown)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_however_a_line_ends_it_ends_as_a_line(end: str) -> None:
    assert visible(f"one{end}{end}two\x1b{end}") == "one\n\ntwo\ufffd\n"
    assert first_line(f" {end} one {end}two{end}") == "one"
    assert first_line(end) == ""


@given(st.text() | st.text("a\r\n\x1b"))
def test_what_is_visible_stays_and_what_hides_is_marked(text: str) -> None:
    shown = visible(text)
    for before, after in zip(re.sub(r"\r\n?", "\n", text), shown, strict=True):
        assert after == before if before.isprintable() or before in "\n\t" else after == "\ufffd"


def test_the_check_of_this_file_finds_what_is_outside() -> None:
    assert outside_of_code("`a` @all `b`") == " @all "
    assert outside_of_code("``a`` b ` c") == " b ` c"
    assert outside_of_code("`` a` @b ``` c") == "`` a` @b ``` c"
