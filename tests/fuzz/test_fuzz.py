"""Hypothesis on every reader of text that somebody else wrote; and the worst that is known."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import InvalidJob
from tests.fuzz.seeds import PIECES, SEEDS
from tests.fuzz.targets import TARGETS, Broken, refused, timed

ANY = st.text(st.characters(codec=None), max_size=60)
PIECE = st.sampled_from(PIECES) | ANY


@st.composite
def mutated(draw: st.DrawFn, name: str) -> str:
    """A good text in which something was put in, taken out or repeated, a few times."""
    text = draw(st.sampled_from(SEEDS[name]))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(len(text), begin + 12)))
        text = text[:begin] + draw(PIECE) * draw(st.integers(0, 3)) + text[end:]
    return text


@pytest.mark.parametrize("name", TARGETS)
@given(st.data())
def test_a_good_text_with_something_wrong(name: str, data: st.DataObject) -> None:
    TARGETS[name](data.draw(mutated(name)))


@pytest.mark.parametrize("name", TARGETS)
@given(st.lists(PIECE, max_size=20).map("".join))
def test_any_text(name: str, text: str) -> None:
    TARGETS[name](text)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
KEY = "k" * 60_000
WORST = {
    "brackets": "[" * 65_536,
    "braces": "{" * 65_536,
    "keys": "? " * 32_768,
    "lists": "- " * 32_768,
    "mappings": "{a: " * 16_384,
    "indents": "".join(f"{' ' * n}a:\n" for n in range(360)),
    "aliases": BOMB,
    "an alias of itself": "a: &a [*a]\n",
    "tags": "!!python/object/apply:os.system [id]\n",
    "merge": "a: &a {x: y}\nb: {<<: *a}\n",
    "many keys": "".join(f"k{n}: v\n" for n in range(8_000)),
    "one key again": "run-at: x\n" * 6_000,
    "long key": f"? {KEY}\n: v\n",
    "long quoted key": f'? "{KEY}"\n: v\n',
    "long value": f"agent: {KEY}\n",
    "long plain lines": "a: " + "x\n  " * 16_000,
    "quotes": "a: " + "'" * 65_000,
    "escapes": 'a: "' + "\\x41" * 16_000 + '"',
    "unclosed": 'a: "' + "x\n" * 32_000,
    "block": "a: |\n" + " x\n" * 20_000,
    "tabs": "\t" * 65_536,
    "colons": ":" * 65_536,
    "hyphens": "-" * 65_536,
    "fences": "---\n" * 16_384,
    "line ends": "\n" * 65_536,
    "carriage returns": "\r" * 65_536,
    "marks": "\ufeff" * 65_536,
    "surrogates": "\ud800" * 65_536,
    "nulls": "\0" * 65_536,
    "nines": "9" * 65_536,
    "durations": "run-at: " + "1d" * 32_000,
    "inputs": "inputs: {" + ", ".join(f"i{n}: x" for n in range(9_000)) + "}\n",
    "globs": "allow: {workflows: [" + "*a" * 99 + ".yml]}\n",
    "listed globs": "allow: {workflows: [" + ", ".join(["'*'"] * 1_900) + "]}\n",
    "comments": "#" * 65_536,
    "directives": "%YAML 1.1\n" * 6_000,
    "documents": "--- a\n" * 10_000,
    "spaces": " " * 65_536,
    "json": '{"a":' * 10_000,
    "numbers": '{"v":1,"entries":[{"attempt":' + "9" * 60_000 + "}]}",
    "too long": "x" * 70_000,
    "far too long": "a: b\n" * 1_000_000,
}
SHELLS = {
    "front matter": "---\n%s\n---\nx",
    "front matter without its end": "---\n%s",
    "front matter around": "---\nrun-at: 2026-11-23T09:00:00Z\nworkflow: a.yml\n%s\n---\nx",
    "settings": "%s",
    "journal": "<!-- schedule:journal %s -->",
    "journal in an object": '<!-- schedule:claim {"v":1,"key":%s} -->',
    "signature": "%s",
    "signature of a kind": "v1 issued-at=2026-11-23T12:00:00Z nonce=%s mac=%s",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_worst_takes_no_time_and_no_memory(shell: str) -> None:
    target = TARGETS[next(each for each in TARGETS if shell.startswith(each))]
    problems = {}
    for name, worst in WORST.items():
        text = SHELLS[shell].replace("%s", worst)
        try:
            timed(target, text)
            most = memory(target, text)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the others are looked at
            problems[name] = repr(problem)
        else:
            if most > 32 * 1024 * 1024 + 12 * len(text):
                problems[name] = f"{most} bytes"
    assert problems == {}


def memory(target: Callable[[str], None], text: str) -> int:
    """The most bytes that a target holds at a time."""
    tracemalloc.start()
    try:
        target(text)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", SEEDS)
def test_where_fuzzing_begins_is_accepted(name: str) -> None:
    for text in SEEDS[name]:
        timed(TARGETS[name], text)


def _slow(text: str) -> None:
    sum(range(10**6))


def test_what_breaks_is_told() -> None:
    with pytest.raises(Broken, match="one printable line"):
        refused(InvalidJob("a\nb: c; d"))
    with pytest.raises(Broken, match="no fix"):
        refused(InvalidJob("a: b is wrong"))
    with pytest.raises(Broken, match="took"):
        timed(_slow, "", longest=1e-5)


def test_a_check_that_accepts_everything_would_be_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scheduler.job.signing.refusal", lambda *_, **__: None)
    with pytest.raises(Broken, match="nobody made"):
        TARGETS["signature"]("x")
