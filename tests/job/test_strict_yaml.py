from __future__ import annotations

import contextlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scheduler.job import strict_yaml
from scheduler.job.strict_yaml import YamlProblem
from tests.support.processor import least_seconds

LOADERS = [yaml.BaseLoader, getattr(yaml, "CBaseLoader", yaml.BaseLoader)]


@pytest.fixture(params=LOADERS, ids=["python", "libyaml"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(strict_yaml, "_LOADER", request.param)
    return request.param


def load(text: str, *, allow_newlines: bool = True) -> yaml.MappingNode:
    return strict_yaml.load(text, max_chars=65_536, max_depth=4, allow_newlines=allow_newlines)


def plain(node: yaml.Node) -> object:
    if isinstance(node, yaml.SequenceNode):
        return [plain(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return {key.value: plain(value) for key, value in node.value}
    return node.value


def test_nodes_know_their_lines_and_quotes() -> None:
    root = load('# hi\na: off\nb:\n  - "off"\n  - {c: 0123}\nd:\n')
    assert plain(root) == {"a": "off", "b": ["off", {"c": "0123"}], "d": ""}
    assert strict_yaml.line(root) == 2
    assert [strict_yaml.line(key) for key, _ in root.value] == [2, 3, 6]
    (_, off), (_, listed), (_, empty) = root.value
    quoted, inner = listed.value
    assert [strict_yaml.line(each) for each in (off, listed, quoted, inner, empty)] == [
        2,
        4,
        4,
        5,
        6,
    ]
    assert [bool(each.style) for each in (off, quoted, inner.value[0][1], empty)] == [
        False, True, False, False
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "\ufeff", "{}", "---\n...\n"])
def test_nothing_is_an_empty_mapping(text: str) -> None:
    assert load(text).value == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: no\nb: 12:30\nc: 0x1f\nd: ~\ne: 2026-11-23\n", None),
        ("\ufeffa: 1\r\nb: 2\r\n", {"a": "1", "b": "2"}),
        ("a: |\n  x\n  y\nb: 'p\n\n  q'\n", {"a": "x\ny\n", "b": "p\nq"}),
        ('a: "\\t\\n\\r\\u2028"\n', {"a": "\t\n\r\u2028"}),
        ("'<<': x\n", {"<<": "x"}),
        ("a: 🕐\n", {"a": "🕐"}),
    ],
)
def test_text_stays_text(text: str, expected: object) -> None:
    lines = (line.split(": ") for line in text.split("\n") if line)
    assert plain(load(text)) == (expected or dict(lines))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "line 3 gives 'a' a second time; remove one"),
        ("a: 1\n'a': 3", "line 2 gives 'a' a second time; remove one"),
        ("a: &x 1", "line 1 has an anchor; write the value out"),
        ("a: 1\n&x b: 1", "line 2 has an anchor; write the value out"),
        ("a: *x", "line 1 has an alias; write the value out"),
        ("a: !!python/object:os.system x", "line 1 has a tag; write plain text"),
        ("a: ! x", "line 1 has a tag; write plain text"),
        ("a: !x!y z", "line 1 has a tag; write plain text"),
        ("<<: {a: 1}", "line 1 has a merge key; write the keys out"),
        ("a: 1\n---\nb: 2", "line 2 begins a second document; only one is accepted"),
        ("a: 1\n...\nb: 1", "line 3 has text after the end of the document; remove it"),
        ("%YAML 1.1\n---\na: 1", "line 1 begins with '%'; remove the line"),
        ("- a", "line 1 is not a mapping; write 'key: value' lines"),
        ("a", "line 1 is not a mapping; write 'key: value' lines"),
        ("? [a]\n: b", "line 1 has a list or a mapping as a key; write text"),
        ('"a\\nb": c', "line 1 has a line break in a key; remove it"),
        ("a: b: c", "line 1 has a ':' where none can be; put the value in quotes"),
        (
            "a:\n\tb: 1",
            "line 2 has a tab, or a value that needs quotes; indent with spaces, or add the quotes",
        ),
        (
            "a: @x",
            "line 1 has a tab, or a value that needs quotes; indent with spaces, or add the quotes",
        ),
        ("b: 1\na: 'x", "line 2 opens a quote that nothing closes; close it"),
        ("a: [1\n\n", "line 1 opens a bracket that nothing closes, or lacks a comma; add it"),
        ("a: 'b' c", "line 1 has text that fits nowhere; check its indentation and quotes"),
        ("a: 1\nb: \x07", "line 2 has the control character U+0007; remove it"),
        ("a: \u202e\nb: \u2028", "line 2 has the control character U+2028; remove it"),
        ("a: \ud800", "line 1 has the control character U+D800; remove it"),
        ('a: "\\e[2J"', "line 1 has the control character U+001B in a value; remove it"),
        ('a: "\\0"', "line 1 has the control character U+0000 in a value; remove it"),
        ("a: {b: {c: {d: [x]}}}", "line 1 is nested over 4 levels deep; flatten it"),
        ("#" * 65_537, "line 1 begins a text of 65537 characters; write at most 65536"),
        ("a: [" + "1," * 2_000 + "]", "line 1 is beyond 2000 keys and values; write fewer"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(YamlProblem) as caught:
        load(text)
    assert str(caught.value) == message
    assert message == f"line {caught.value.line} {caught.value.message}"


def test_what_is_just_within_the_limits() -> None:
    assert plain(load("a: {b: {c: {d: x}}}")) == {"a": {"b": {"c": {"d": "x"}}}}
    assert len(load("a:\n" + "".join(f"k{index}:\n" for index in range(999))).value) == 1_000
    assert load("#" * 65_536).value == []


@pytest.mark.parametrize("escape", ["\\uD800", "\\UFFFFFFFF", "\\q"])
def test_escapes_that_are_none(escape: str) -> None:
    with pytest.raises(YamlProblem):
        load(f'a: "{escape}"')


@pytest.mark.parametrize(("escape", "name"), [("\\n", "a line break"), ("\\t", "a tab")])
def test_one_line_values_where_asked(escape: str, name: str) -> None:
    with pytest.raises(YamlProblem, match=f"has {name} in a value"):
        load(f'a: "{escape}"', allow_newlines=False)


HOSTILE = {
    "[": "[" * 65_536,
    "{": "{" * 65_536,
    "[a: ": "[a: " * 16_384,
    "- ": "- " * 32_768,
    "? ": "? " * 32_768,
    "deep": "\n".join(" " * depth + "a:" for depth in range(350)),
    "escapes": 'a: "' + "\\x41" * 16_000 + '"',
    "items": "a: [" + "1," * 32_000 + "]",
    "keys": "\n".join(f"k{index}:" for index in range(8_000)),
    "words": "a: " + "b " * 32_000,
    "block": "a: |\n" + " x\n" * 21_000,
    "lines": "\n" * 65_536,
    "comments": "# \n" * 21_000,
    "tag": "!" * 65_536,
    "anchors": "a: [" + "&a 1," * 10_000 + "]",
    "quotes": "a: '" + "''" * 32_000 + "'",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_answered_at_once(text: str, loader: object) -> None:
    def read() -> None:
        with contextlib.suppress(YamlProblem):
            load(text)

    # A few milliseconds with libyaml, up to 0.2 s without; the rest is for slow machines.
    most = 0.25 if loader is not yaml.BaseLoader else 2.5
    assert least_seconds(read, enough=most) <= most


@given(st.text() | st.text("ab:-[]{},&*!|>'\"%@`#? \n\t", max_size=40))
def test_whatever_is_written_only_yaml_problem_escapes(text: str) -> None:
    with contextlib.suppress(YamlProblem):
        load(text)


NESTED = st.recursive(
    st.text(st.characters(exclude_categories=("Cs", "Cc"))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abcäß <:#"), NESTED, max_size=4))
def test_what_pyyaml_writes_is_read_as_it_was(value: dict[str, object]) -> None:
    text = yaml.safe_dump(value, default_style='"')
    assert plain(strict_yaml.load(text, max_chars=65_536, max_depth=20)) == value


@given(st.text("ab:-[]{},|>'\"#? \n", max_size=40))
def test_both_parsers_read_the_same(text: str) -> None:
    """A text means the same with and without libyaml, where both accept it."""
    found = []
    for each in LOADERS:
        strict_yaml._LOADER = each
        with contextlib.suppress(YamlProblem):
            found.append(plain(load(text)))
    assert len(found) < 2 or found[0] == found[1]
