"""The rooms of the package, and who may enter which: read from the source, not from memory."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import scheduler

PACKAGE = Path(scheduler.__file__).parent
FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "sample" not in path.parts
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
PRODUCT = [name for name in FILES if not name.startswith("sandbox.")]

#: Pure: what they decide follows from their arguments, time included.
CORE = {
    "commands", "conditions", "cron_rule", "errors", "fields", "frontmatter", "gateway", "job_text",
    "journal", "journal_head", "known", "markdown", "model", "pace", "policy", "quotas",
    "readings", "records", "recovery", "recurrence", "report", "report_series", "rrule_rule",
    "series", "series_keys", "settings", "settings_file", "signing", "states", "strict_yaml",
    "target", "trust", "when", "words", "workflow_commands",
}  # fmt: skip
#: What a room of the core may know of the others: each may import those before it.
ORDER = [
    {"errors", "states", "markdown", "strict_yaml", "pace", "workflow_commands"},
    {"model", "records"},
    {"when", "commands", "fields", "gateway", "journal", "settings"},
    {"conditions", "cron_rule", "rrule_rule"},
    {"series_keys", "recurrence", "readings", "journal_head"},
    {"frontmatter", "policy", "series", "words"},
    {"recovery", "target", "trust", "report", "signing", "quotas"},
    {"job_text", "report_series", "settings_file"},
]
#: The edges: the process's own world, GitHub's, and what brings both to the rest.
WIRING = {
    "__init__", "__main__", "action", "admission", "bootstrap", "cli", "clock", "connect",
    "create", "demo", "environment", "explain", "github_conditions", "github_connection",
    "github_http", "github_marks", "github_objects", "github_people", "github_queue",
    "github_repository", "history", "keepalive", "leaving", "listing", "manage", "request",
    "requested", "seen", "steering", "ticking",
}  # fmt: skip
WIRING |= {name for name in FILES if name.startswith("cli_")}
#: The rest performs what the core decides, through the protocols of `gateway` alone.
ENGINE = {name for name in PRODUCT if name not in CORE | WIRING and name.split(".")[0] != "sandbox"}
OUTSIDE = {"github", "requests", "urllib3", "os", "time", "click", "flask", "subprocess", "socket"}


def imports(name: str) -> Iterator[str]:
    """What a module imports, within functions too: ``scheduler.x`` as ``x``."""
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: imports are absolute"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found = [each for each in inner if each.removeprefix("scheduler.") in FILES]
            found = found or [str(node.module)]
        else:
            continue
        yield from (each.removeprefix("scheduler.") for each in found)


def own(name: str) -> set[str]:
    return {each for each in imports(name) if each in FILES}


def outside(name: str) -> set[str]:
    return {each.split(".")[0] for each in imports(name) if each not in FILES}


def test_the_rooms_exist() -> None:
    assert set().union(*ORDER) <= CORE
    assert {"errors", "model", "policy", "cli", "github_http"} <= set(FILES)
    assert {"claims", "engine", "facts", "lifecycle", "settlement"} <= ENGINE


@pytest.mark.parametrize("name", sorted(CORE & set(FILES)))
def test_the_core_reaches_nothing_outside(name: str) -> None:
    assert not outside(name) & OUTSIDE
    assert own(name) <= CORE


@pytest.mark.parametrize(("level", "rooms"), list(enumerate(ORDER)))
def test_the_core_imports_in_one_direction(level: int, rooms: set[str]) -> None:
    below = set().union(*ORDER[: level + 1])
    for name in rooms & set(FILES):
        assert own(name) <= below, name


@pytest.mark.parametrize("name", sorted(ENGINE))
def test_the_engine_knows_github_only_by_its_protocols(name: str) -> None:
    assert not outside(name) & OUTSIDE
    assert own(name) <= CORE | ENGINE


@pytest.mark.parametrize("name", PRODUCT)
def test_github_is_reached_through_one_module(name: str) -> None:
    assert outside(name) & {"github", "requests", "urllib3"} == set() or name in (
        "github_connection",
        "github_http",
    )


@pytest.mark.parametrize("name", PRODUCT)
def test_nothing_enters_the_sandbox_but_the_command_line(name: str) -> None:
    entered = {each for each in imports(name) if each.split(".")[0] == "sandbox"}
    assert not entered or name == "cli" or name.startswith("sandbox")


def test_the_sandbox_is_no_part_of_the_product() -> None:
    """It shares words with the product, never a decision: or both could be wrong together."""
    for name in set(FILES) - set(PRODUCT):
        assert not own(name) & (ENGINE | {"policy", "recovery", "journal", "github_http"})


def calls(name: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Attribute):
            yield node.attr, node.lineno


@pytest.mark.parametrize("name", sorted((CORE | ENGINE) & set(FILES)))
def test_time_is_an_argument(name: str) -> None:
    clocks = {"utcnow", "today", "time_ns", "monotonic_ns", "perf_counter"}
    if name in CORE - {"gateway"}:
        clocks |= {"now", "monotonic"}
    told = {"report": {"now"}}.get(name, set())
    found = [f"{name}.py:{line}: .{attr}" for attr, line in calls(name) if attr in clocks - told]
    assert not found


@pytest.mark.parametrize("name", sorted(ENGINE))
def test_the_engines_clock_is_the_one_it_was_given(name: str) -> None:
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.Attribute) and node.attr in ("now", "monotonic", "sleep"):
            assert not (isinstance(node.value, ast.Name) and node.value.id == "datetime")


def test_there_is_no_cycle() -> None:
    graph = {name: own(name) - {name} for name in FILES}
    while leaves := {name for name, needs in graph.items() if not needs}:
        graph = {name: needs - leaves for name, needs in graph.items() if name not in leaves}
    assert graph == {}


@pytest.mark.parametrize("name", FILES)
def test_a_module_fits_in_the_head(name: str) -> None:
    assert len(FILES[name].read_text(encoding="utf-8").splitlines()) <= 320


@pytest.mark.parametrize("name", FILES)
def test_no_module_is_named_after_nothing(name: str) -> None:
    assert name.rsplit(".", 1)[-1] not in {"util", "utils", "common", "helpers", "misc"}
