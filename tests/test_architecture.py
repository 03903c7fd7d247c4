"""The rooms of the package, and who may enter which: read from the source, not from memory."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

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
    "commands", "conditions", "cron_rule", "errors", "fields", "frontmatter", "gateway", "instants",
    "job_text", "journal", "journal_head", "known", "markdown", "model", "pace", "policy", "quotas",
    "readings", "records", "recovery", "recurrence", "report", "report_series", "rereading",
    "rrule_days", "rrule_rule",
    "series", "series_keys", "settings", "settings_file", "signing", "states", "strict_yaml",
    "target", "trust", "wall_times", "when", "words", "workflow_commands",
}  # fmt: skip
#: What a room of the core may know of the others: each may import those before it.
ORDER = [
    {
        "errors",
        "instants",
        "states",
        "markdown",
        "strict_yaml",
        "pace",
        "wall_times",
        "workflow_commands",
    },
    {"model", "records"},
    {"when", "commands", "fields", "gateway", "journal", "rereading", "rrule_days", "settings"},
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
    "github_content", "github_http", "github_marks", "github_objects", "github_people",
    "github_poll", "github_queue", "github_repository", "history", "keepalive", "leaving",
    "listing", "manage", "request", "requested", "saying", "seen", "steering", "streams", "ticking",
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


def room(name: str) -> str:
    return name.partition(".")[0]


def offenders(names: Iterable[str], what: Callable[[str], Collection[str]]) -> dict[str, list[str]]:
    """Every module of ``names`` in which something was found, and what."""
    found = {name: sorted(what(name)) for name in sorted(names)}
    return {name: each for name, each in found.items() if each}


def test_the_rooms_exist() -> None:
    assert set().union(*ORDER) <= CORE
    assert {"errors", "model", "policy", "cli", "github_http"} <= set(FILES)
    assert {"claims", "engine", "facts", "lifecycle", "settlement"} <= ENGINE


def test_the_core_reaches_nothing_outside() -> None:
    core = sorted(CORE & set(FILES))
    assert offenders(core, lambda name: outside(name) & OUTSIDE) == {}
    assert offenders(core, lambda name: own(name) - CORE) == {}


def test_the_core_imports_in_one_direction() -> None:
    allowed = {
        name: set().union(*ORDER[: level + 1])
        for level, rooms in enumerate(ORDER)
        for name in rooms & set(FILES)
    }
    assert offenders(allowed, lambda name: own(name) - allowed[name]) == {}


def test_the_engine_knows_github_only_by_its_protocols() -> None:
    assert offenders(ENGINE, lambda name: outside(name) & OUTSIDE) == {}
    assert offenders(ENGINE, lambda name: own(name) - CORE - ENGINE) == {}


def test_github_is_reached_through_one_module() -> None:
    through = {"github_connection", "github_http"}
    others = [name for name in PRODUCT if name not in through]
    assert offenders(others, lambda name: outside(name) & {"github", "requests", "urllib3"}) == {}


def test_nothing_enters_the_sandbox_but_the_command_line() -> None:
    others = [name for name in PRODUCT if name != "cli" and not name.startswith("sandbox")]
    assert offenders(others, lambda name: [n for n in imports(name) if room(n) == "sandbox"]) == {}


def test_the_sandbox_is_no_part_of_the_product() -> None:
    """It shares words with the product, never a decision: or both could be wrong together."""
    decisions = ENGINE | {"policy", "recovery", "journal", "github_http"}
    assert offenders(set(FILES) - set(PRODUCT), lambda name: own(name) & decisions) == {}


def attributes(name: str) -> Iterator[ast.Attribute]:
    return (node for node in ast.walk(TREES[name]) if isinstance(node, ast.Attribute))


def test_time_is_an_argument() -> None:
    clocks = {"utcnow", "today", "time_ns", "monotonic_ns", "perf_counter"}

    def asked(name: str) -> list[str]:
        banned = clocks | ({"now", "monotonic"} if name in CORE - {"gateway"} else set())
        told = {"report": {"now"}}.get(name, set())
        return [f"{n.lineno}: .{n.attr}" for n in attributes(name) if n.attr in banned - told]

    assert offenders((CORE | ENGINE) & set(FILES), asked) == {}


def test_the_engines_clock_is_the_one_it_was_given() -> None:
    def asked(name: str) -> list[str]:
        return [
            f"{node.lineno}: datetime.{node.attr}"
            for node in attributes(name)
            if node.attr in ("now", "monotonic", "sleep")
            and isinstance(node.value, ast.Name)
            and node.value.id == "datetime"
        ]

    assert offenders(ENGINE, asked) == {}


def test_there_is_no_cycle() -> None:
    graph = {name: own(name) - {name} for name in FILES}
    while leaves := {name for name, needs in graph.items() if not needs}:
        graph = {name: needs - leaves for name, needs in graph.items() if name not in leaves}
    assert graph == {}


def test_a_module_fits_in_the_head() -> None:
    lines = {name: len(path.read_text("utf-8").splitlines()) for name, path in FILES.items()}
    assert {name: count for name, count in lines.items() if count > 400} == {}


def test_no_module_is_named_after_nothing() -> None:
    nothing = {"util", "utils", "common", "helpers", "misc"}
    assert [name for name in FILES if name.rsplit(".", 1)[-1] in nothing] == []
