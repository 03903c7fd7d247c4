from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import text as the_text
from scheduler.github import workflow_commands as wc
from scheduler.github.workflow_commands import Annotation

DELIMITER = "ghadelimiter_0123456789abcdef"


def runner_data(text: str) -> str:
    """Decode as the runner does: ActionCommand.cs, UnescapeData."""
    return text.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


def runner_property(text: str) -> str:
    """Decode as the runner does: ActionCommand.cs, UnescapeProperty."""
    for escape, plain in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ",")):
        text = text.replace(escape, plain)
    return text.replace("%25", "%")


def runner_command(line: str) -> tuple[str, dict[str, str], str]:
    """Parse a command line as the runner does: ActionCommand.cs, TryParseV2."""
    assert line.startswith("::")
    head, data = line[2:].split("::", 1)
    name, _, properties = head.partition(" ")
    pairs = (pair.split("=", 1) for pair in properties.split(",") if pair)
    return name, {key: runner_property(text) for key, text in pairs}, runner_data(data)


def runner_outputs(text: str) -> dict[str, str]:
    """Read GITHUB_OUTPUT as the runner does: FileCommandManager.cs, ProcessCommand."""
    found = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if line:
            name, delimiter = line.split("<<", 1)
            value = []
            while (following := next(lines)) != delimiter:
                value.append(following)
            found[name] = "\n".join(value)
    return found


@given(st.text())
def test_what_is_escaped_is_one_line_and_comes_back(text: str) -> None:
    for escaped in (wc.escape_data(text), wc.escape_property(text)):
        assert "\n" not in escaped
        assert "\r" not in escaped
    assert runner_data(wc.escape_data(text)) == text
    assert runner_property(wc.escape_property(text)) == text


@given(
    st.sampled_from(["error", "warning", "notice"]),
    st.text(),
    st.none() | st.text(min_size=1),
)
def test_the_runner_reads_what_was_said(level: wc.Level, message: str, title: str | None) -> None:
    said = wc.annotation(level, message, title=title)
    assert not {"\n", "\r"} & set(said)
    assert runner_command(said) == (level, {"title": title} if title else {}, message)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (wc.annotation("error", "no"), "::error::no"),
        (
            wc.annotation("notice", "50%\r\n::stop-commands::x"),
            "::notice::50%25%0D%0A::stop-commands::x",
        ),
        (
            wc.annotation("warning", "m", title="a: b, c"),
            "::warning title=a%3A b%2C c::m",
        ),
        (wc.annotation("error", "m", title=""), "::error::m"),
    ],
)
def test_annotations_as_documented(said: str, expected: str) -> None:
    assert said == expected


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]*", fullmatch=True), st.text()))
def test_the_runner_reads_every_output(outputs: dict[str, str]) -> None:
    text = "".join(wc.output(name, text, delimiter=DELIMITER) for name, text in outputs.items())
    assert runner_outputs(text) == outputs


def test_a_value_can_not_begin_another_output() -> None:
    attack = f"x\n{DELIMITER}\nother<<{DELIMITER}\nevil"
    with pytest.raises(ValueError, match="holds its delimiter"):
        wc.output("result", attack, delimiter=DELIMITER)
    other = "ghadelimiter_fedcba9876543210"
    assert runner_outputs(wc.output("result", attack, delimiter=other)) == {"result": attack}


@pytest.mark.parametrize(
    ("name", "delimiter"),
    [("", DELIMITER), ("a b", DELIMITER), ("a<<b", DELIMITER), ("a\nb", DELIMITER), ("a", "EOF"),
     ("a", ""), ("a", "x" * 16 + "\n")],
)  # fmt: skip
def test_names_and_delimiters_that_are_none(name: str, delimiter: str) -> None:
    with pytest.raises(ValueError, match=r"name of an output|delimiter is not"):
        wc.output(name, "value", delimiter=delimiter)


def notes(number: int) -> list[Annotation]:
    return [Annotation(level="notice", message=str(index)) for index in range(number)]


@pytest.mark.parametrize("number", [0, 1, 9, 10])
def test_ten_annotations_are_all_kept(number: int) -> None:
    assert wc.limit(notes(number)) == notes(number)


@pytest.mark.parametrize("number", [11, 12, 500])
def test_the_tenth_says_how_many_more_there_are(number: int) -> None:
    kept = wc.limit(notes(number))
    assert kept[:9] == notes(9)
    assert [each.message for each in kept[9:]] == [f"9\n… and {number - 10} more"]


def test_levels_are_counted_apart_and_stay_in_order() -> None:
    error = Annotation(level="error", message="first", title="t")
    kept = wc.limit([error, *notes(12), error])
    assert kept[0] == kept[-1] == error
    assert len(kept) == 12
    lines = wc.annotation_lines([error, *notes(12)])
    assert lines[0] == "::error title=t::first"
    assert lines[-1] == "::notice::9%0A… and 2 more"


def test_a_summary_that_fits_is_left_alone() -> None:
    text = "ä" * (wc.MAX_SUMMARY // 2)
    assert wc.summary(text) == text


def test_a_summary_is_cut_by_whole_lines() -> None:
    text = "".join(f"| {index} | ä |\n" for index in range(100_000))
    cut = wc.summary(text)
    assert wc.MAX_SUMMARY - 100 < len(cut.encode()) <= wc.MAX_SUMMARY
    body, note = cut.rsplit("\n_The rest", 1)
    assert text.startswith(body)
    assert body.endswith("|\n")
    assert note == " does not fit: GitHub shows at most 1 MiB._\n"


@given(st.text(), st.integers(100, 200))
def test_a_summary_is_never_too_long(text: str, most: int) -> None:
    assert len(wc.summary(text * 20, most=most).encode("utf-8", "replace")) <= most


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", ": :error::x"),
        ("a\n \t::x", "a\n \t: :x"),
        ("\n\n  \n::x", "\n\n  \n: :x"),
        ("a\r::x\r\n ::y", "a\r: :x\r\n : :y"),
        ("\u2003\x0b::x", "\u2003\x0b: :x"),
        ("a ::x", "a ::x"),
        ("a ##[error]", "a ## [error]"),
        ("plain", "plain"),
    ],
)
def test_what_the_runner_would_take_for_a_command_is_none(text: str, shown: str) -> None:
    assert the_text.inert(text) == shown


@given(st.text(st.sampled_from("a: \t\r\n#[\x0b\u2003")))
def test_no_line_begins_with_a_command(text: str) -> None:
    shown = the_text.inert(text)
    for line in shown.replace("\r", "\n").split("\n"):
        assert not line.lstrip().startswith("::")
    assert "##[" not in shown
