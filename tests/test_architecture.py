"""The rooms of the package, and who may enter which: read from the source, not from memory."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import scheduler

PACKAGE = Path(scheduler.__file__).parent
FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if "sample" not in path.parts
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}

#: Who may import whom: by folder, or by the name of a file that stands in none.
#: What stands in no folder and knows nobody is everybody's.
PURE = {
    "errors": set(),
    "text": {"errors"},
    "times": {"text", "errors"},
    "ports": {"errors"},
    "job": {"times", "text", "errors"},
    "settings": {"job", "times", "text", "errors"},
    "journal": {"job", "times", "text", "ports", "errors"},
    "policy": {"journal", "job", "settings", "times", "ports", "text", "errors"},
}
EDGES = {"commands", "connection", "environment", "streams", "hold", "tick", "clock"}
KNOWS: dict[str, set[str]] = {
    **PURE,
    "__init__": set(),
    "clock": {"errors"},
    "streams": {"text", "errors"},
    "github": {"ports", "errors", "times", "settings", "text"},
    "tick": {*PURE},
    "hold": {*PURE, "tick", "clock"},
    "environment": {"job", "settings", "times", "text", "errors"},
    "connection": {"github", "environment", "settings", "times", "clock", "ports", "errors"},
    "commands": {*PURE, "connection", "environment", "streams", "hold", "tick", "clock"},
    "simulation": {*PURE, "commands", "hold", "tick"},
    "action": {*PURE, *EDGES, "github.workflow_commands"},
    "cli": {*PURE, *EDGES, "github.workflow_commands", "simulation", "sandbox"},
    "sandbox": {"errors"},
    "__main__": {"cli"},
}
#: What reaches into the process or the network, and who may.
OUTSIDE = {"github", "requests", "urllib3", "os", "time", "click", "flask", "subprocess", "socket"}
NETWORK = ("github", "requests", "urllib3", "urllib.request", "http.client", "socket")
#: The last asks a monitor, and no GitHub.
DOORS = {"github.client", "github.transport", "action.heartbeat"}


def room(name: str) -> str:
    return name.partition(".")[0] or "__init__"


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


def offenders(names: Iterable[str], what: Callable[[str], Collection[str]]) -> dict[str, list[str]]:
    """Every module of ``names`` in which something was found, and what."""
    found = {name: sorted(what(name)) for name in sorted(names)}
    return {name: each for name, each in found.items() if each}


def within(*rooms: str) -> list[str]:
    return [name for name in FILES if room(name) in rooms]


def attributes(name: str) -> Iterator[ast.Attribute]:
    return (node for node in ast.walk(TREES[name]) if isinstance(node, ast.Attribute))


def test_every_room_stands_in_the_table() -> None:
    assert {room(name) for name in FILES} == set(KNOWS)


def test_a_room_imports_what_the_table_allows() -> None:
    def others(name: str) -> set[str]:
        allowed = {room(name), *KNOWS[room(name)]}
        return {each for each in own(name) if not {room(each), each} & allowed}

    assert offenders(FILES, others) == {}


def test_no_room_is_above_itself() -> None:
    below = {name: {room(each) for each in known} for name, known in KNOWS.items()}
    while leaves := {name for name, known in below.items() if not known}:
        below = {name: known - leaves for name, known in below.items() if name not in leaves}
    assert below == {}


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = {name: own(name) - {name} for name in FILES}
    while leaves := {name for name, needs in graph.items() if not needs}:
        graph = {name: needs - leaves for name, needs in graph.items() if name not in leaves}
    assert graph == {}


def test_decisions_reach_nothing_outside() -> None:
    assert offenders(within(*PURE), lambda name: outside(name) & OUTSIDE) == {}


def test_a_tick_and_a_hold_reach_nothing_outside_but_signals() -> None:
    assert offenders(within("tick", "hold"), lambda name: outside(name) & OUTSIDE) == {}


def test_the_network_is_reached_through_three_modules() -> None:
    def network(name: str) -> list[str]:
        found = (each for each in imports(name) if each not in FILES)
        return [each for each in found if f"{each}.".startswith(tuple(f"{d}." for d in NETWORK))]

    others = [name for name in FILES if name not in DOORS and room(name) != "sandbox"]
    assert offenders(others, network) == {}


def test_a_command_reaches_github_by_the_ports() -> None:
    def shown(name: str) -> list[str]:
        return [f"{node.lineno}: .{node.attr}" for node in attributes(name) if node.attr == "http"]

    assert offenders(within("commands", "cli", "action", "hold", "tick"), shown) == {}
    (connection,) = (
        node for node in TREES["connection"].body
        if isinstance(node, ast.ClassDef) and node.name == "Connection"
    )  # fmt: skip
    fields = {
        ast.unparse(node.target): ast.unparse(node.annotation)
        for node in connection.body
        if isinstance(node, ast.AnnAssign)
    }
    bodies = (node for name in within("ports") for node in TREES[name].body)
    ports = {node.name for node in bodies if isinstance(node, ast.ClassDef)}
    assert fields["queue"] in ports


def test_the_parts_of_github_know_the_client_and_not_each_other() -> None:
    base = {"github.client", "github.transport", "github.objects"}
    helped = {
        "github.issues": {"github.labels", "github.poll"},
        "github.comments": {"github.written"},
        "github.queue": set(within("github")),
    }

    def others(name: str) -> set[str]:
        parts = {each for each in own(name) if each.startswith("github.")}
        return parts - base - helped.get(name, set())

    assert offenders(within("github"), others) == {}


def test_every_module_of_github_has_its_test() -> None:
    tests = {path.stem for path in (Path(__file__).parent / "github").glob("test_*.py")}
    names = {name.partition(".")[2] for name in within("github")} - {""}
    assert sorted(name for name in names if f"test_{name}" not in tests) == []


def test_click_is_the_command_lines_alone() -> None:
    others = [name for name in FILES if room(name) not in ("cli", "sandbox")]
    assert offenders(others, lambda name: outside(name) & {"click"}) == {}


def test_time_is_an_argument() -> None:
    clocks = {"utcnow", "today", "time_ns", "monotonic_ns", "perf_counter", "now", "monotonic"}

    def asked(name: str) -> list[str]:
        return [f"{node.lineno}: .{node.attr}" for node in attributes(name) if node.attr in clocks]

    pure = [
        name for name in within(*PURE) if name != "ports.clock"
    ]  # which names the port of a clock
    assert offenders(pure, asked) == {}


def test_a_ticks_clock_is_the_one_it_was_given() -> None:
    def asked(name: str) -> list[str]:
        return [
            f"{node.lineno}: datetime.{node.attr}"
            for node in attributes(name)
            if node.attr in ("now", "utcnow", "today")
            and isinstance(node.value, ast.Name)
            and node.value.id in ("datetime", "date")
        ]

    assert offenders(within("tick", "hold", "commands", "simulation"), asked) == {}


def test_no_module_is_named_after_nothing() -> None:
    nothing = re.compile(r"utils?|common|helpers?|misc|shared|stuff")
    assert [name for name in FILES if nothing.fullmatch(name.rsplit(".", 1)[-1])] == []


def test_nothing_is_imported_under_another_name() -> None:
    def renamed(name: str) -> list[str]:
        nodes = (n for n in ast.walk(TREES[name]) if isinstance(n, (ast.Import, ast.ImportFrom)))
        aliases = (alias for node in nodes for alias in node.names)
        return [f"{alias.name} as {alias.asname}" for alias in aliases if alias.asname]

    others = [name for name in FILES if room(name) != "sandbox"]
    assert offenders(others, renamed) == {}


def test_the_tests_stand_in_the_rooms_that_they_test() -> None:
    tests = Path(__file__).parent
    themes = {"attacks", "bench", "faults", "fuzz", "project", "support"}
    folders = {path.name for path in tests.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders - themes <= {room(name) for name in FILES}


def test_each_module_of_the_core_has_tests_of_its_name() -> None:
    tests = Path(__file__).parent
    rooms = ("times", "job", "settings", "journal", "policy", "tick", "hold", "commands")
    # Who may schedule is tested with the rules; this only says with which token it is asked.
    core = [name for name in within(*rooms) if "." in name and name != "commands.rights"]
    untested = [
        name
        for name in core
        if not (tests / name.replace(".", "/")).with_name(f"test_{name.split('.')[1]}.py").exists()
    ]
    assert untested == []
