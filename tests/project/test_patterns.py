"""Every regular expression is linear: 65,536 hostile characters take no time in any of them."""

from __future__ import annotations

import ast
import functools
import importlib
import re
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import scheduler
from tests.support.processor import least_seconds

PACKAGE = Path(scheduler.__file__).parent
Found = dict[str, re.Pattern[str]]
#: Compiled of what whoever runs a sandbox says which of its own paths are to fail.
GIVEN = {"sandbox.http.faults", "sandbox.http.requestlog"}
LONG = 65_536
#: Over so many, what is not linear takes longer than that which is takes over all.
PART = LONG // 8
#: The longest that a pattern may take over so many characters, in seconds of processor time.
LONGEST = 0.05


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        if "sample" not in path.parts and not name.endswith("__main__"):
            yield name.removesuffix(".__init__"), path


def uses(path: Path) -> tuple[list[str], int]:
    """Where ``re`` is used otherwise than to compile a pattern once, and how often it does."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    within = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, (ast.FunctionDef, ast.Lambda))
        for node in ast.walk(outer)
    }
    odd, compiled = [], 0
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "re":
            if node.func.attr == "compile" and id(node) not in within:
                compiled += 1
            elif node.func.attr != "escape":
                odd.append(f"line {node.lineno}: re.{node.func.attr}")
    return odd, compiled


def patterns(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, (list, tuple, set, frozenset)):
        for each in value:
            yield from patterns(each)
    elif isinstance(value, dict):
        yield from patterns(list(value.values()))


@functools.cache
def collected() -> Found:
    """All patterns of the package, by module and name."""
    found = {}
    for name, path in modules():
        if name == "__init__" or uses(path)[1] == 0:
            continue
        for key, value in vars(importlib.import_module(f"scheduler.{name}")).items():
            for number, pattern in enumerate(patterns(value)):
                found[f"{name}.{key}" + (f"[{number}]" if number else "")] = pattern
    return found


def test_every_pattern_is_compiled_once_where_this_test_finds_it() -> None:
    found = collected()
    for name, path in modules():
        odd, compiled = uses(path)
        assert not odd or name in GIVEN, f"{name}: {odd}"
        if compiled:
            here = {p for key, p in found.items() if key.startswith(f"{name}.")}
            assert len(here) >= compiled, name
    assert len(set(found.values())) > 60


def ways(pattern: re.Pattern[str]) -> Iterator[Callable[[str], object]]:
    yield pattern.search
    yield pattern.fullmatch
    yield lambda text: pattern.sub("", text)


def too_long(way: Callable[[str], object], text: str, limit: float) -> bool:
    """Whether one search takes longer than that on a machine of the usual speed."""
    return least_seconds(lambda: way(text), enough=limit / 2) >= limit


def survives(pattern: re.Pattern[str], text: str) -> None:
    for way in ways(pattern):
        # A part of it first: what takes long over that would take minutes over all.
        slow = too_long(way, text[-PART:], LONGEST / 4)
        slow = slow or (len(text) > PART and too_long(way, text, LONGEST))
        assert not slow, f"{pattern.pattern!r} of {text[:40]!r}"


def characters(pattern: re.Pattern[str]) -> list[str]:
    """What stands in the pattern, and what its classes stand for."""
    own = {char for char in pattern.pattern if char in string.punctuation + " "}
    return sorted(own | set("a0 \n\r\x85"))


@pytest.mark.parametrize("long", [PART, pytest.param(LONG, marks=pytest.mark.slow)])
def test_one_character_again_and_again(long: int) -> None:
    for pattern in collected().values():
        for char in characters(pattern):
            survives(pattern, char * (long - 1) + "\0")


@pytest.mark.parametrize("examples", [pytest.param(4, marks=pytest.mark.slow),
                                      pytest.param(20, marks=pytest.mark.soak)])  # fmt: skip
def test_what_it_looks_for_again_and_again(examples: int) -> None:
    """What it finds, the beginnings of that, and what follows them without an end.

    Of each pattern by itself: which others there are says nothing of what it is tried with.
    """

    @settings(
        max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )  # fmt: skip
    @given(st.data())
    def look(pattern: re.Pattern[str], data: st.DataObject) -> None:
        looked_for(pattern, data)

    for pattern in collected().values():
        look(pattern)


def looked_for(pattern: re.Pattern[str], data: st.DataObject) -> None:
    sample = data.draw(st.from_regex(pattern)).strip() or " "
    begin = sample[: data.draw(st.integers(1, len(sample)))]
    char = data.draw(st.sampled_from(characters(pattern)))
    ends = data.draw(st.sampled_from(["", "\0", "\n"]))
    for piece in (sample, begin, begin + char, char + begin):
        survives(pattern, (piece * (LONG // len(piece)))[:LONG] + ends)
    survives(pattern, begin + char * (LONG - len(begin)) + ends)


@pytest.mark.parametrize("quadratic", [r"(?:^|\r)\s*::", r"[0-9]+x"])
def test_a_pattern_that_is_not_linear_is_found_out(quadratic: str) -> None:
    pattern = re.compile(quadratic, re.MULTILINE)
    char = "0" if "0" in quadratic else "\n"
    with pytest.raises(AssertionError):
        survives(pattern, char * LONG)
