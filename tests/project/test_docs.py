"""One word for one thing: the glossary, the docs and the code say the same."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import scheduler

PACKAGE = Path(scheduler.__file__).parent
ROOT = PACKAGE.parent
PAGES = sorted((PACKAGE / "docs").glob("*.md"))
DOCS = [ROOT / "README.md", *sorted((ROOT / ".github").glob("*.md")), *PAGES]
SOURCES = [path for path in sorted(PACKAGE.rglob("*.py")) if "sample" not in path.parts]
GLOSSARY = (PACKAGE / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS = re.findall(r"\*\*(.+?)\*\*", GLOSSARY)
#: What others call it, and the one word that we have for it.
BANNED = {
    "lease": "claim", "lock comment": "claim", "reservation": "claim", "ledger": "journal",
    "audit comment": "journal", "heartbeat": "tick", "sweep": "tick", "engine": "scheduler",
    "daemon": "holder", "keeper": "holder", "watcher": "holder", "hand-over run": "successor",
    "work item": "job", "ticket": "issue", "reminder issue": "job", "suspended": "paused",
    "frozen job": "job on hold", "blocked job": "job on hold", "tardiness": "lateness",
    "execution time": "run-at", "fire time": "run-at", "trigger time": "run-at",
}  # fmt: skip


def words(text: str) -> str:
    """A text in small letters on one line, without what links point to and code blocks show."""
    text = re.sub(r"```.*?```|\]\([^)]*\)|<[^>]*>", " ", text, flags=re.DOTALL)
    return " ".join(text.split()).lower()


def test_every_term_is_used_in_the_package() -> None:
    sources = [path.read_text(encoding="utf-8").lower() for path in PACKAGE.rglob("*.py")]
    spoken = " ".join(" ".join(sources).split()).replace("_", "-")
    assert len(TERMS) > 40
    assert [term for term in TERMS if term.lower() not in spoken] == []


def test_every_term_is_explained_once() -> None:
    heads = re.findall(r"^- \*\*(.+?)\*\*", GLOSSARY, re.MULTILINE)
    assert heads
    assert sorted(set(heads)) == sorted(heads)
    assert [head for head in heads if head in BANNED] == []


def test_the_docs_have_no_second_word_for_a_thing() -> None:
    found = [
        f"{path.name}: {other!r}; write {ours!r}"
        for path in DOCS
        for other, ours in BANNED.items()
        if re.search(rf"\b{re.escape(other)}s?\b", words(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_a_hold_is_a_tick_that_stays_and_a_job_is_on_hold() -> None:
    """The two senses of the word never meet: a job is held, a hold holds no job."""
    for path in DOCS:
        text = words(path.read_text(encoding="utf-8"))
        assert not re.search(r"\b(?:holds? (?:a|the|this) job|job's hold|jobs? in hold)\b", text), (
            path.name
        )


def test_each_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT).as_posix() for path in DOCS if path.name != "README.md"]
    linked = {page for page in pages if f"({page}" in readme}
    # Who contributes is shown that page by GitHub itself.
    assert set(pages) - linked <= {".github/CONTRIBUTING.md"}


def anchor(heading: str) -> str:
    """The address of a heading within its page, as GitHub makes it."""
    return "#" + re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")


def test_the_readme_begins_with_its_contents_and_no_link_within_it_is_broken() -> None:
    text = re.sub(
        r"```.*?```", "", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL
    )
    headings = [anchor(each) for each in re.findall(r"^##+ (.+)$", text, re.MULTILINE)]
    assert len(set(headings)) == len(headings)
    contents = re.findall(r"\]\((#[^)]*)\)", text.partition("\n## ")[0].partition("| to |")[2])
    assert sorted(contents) == sorted(headings)
    assert set(re.findall(r"\]\((#[^)]*)\)", text)) <= set(headings)


def test_each_page_begins_with_a_heading_and_fits_a_terminal() -> None:
    for page in PAGES:
        lines = page.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# ")
        assert [line for line in lines if len(line) > 79 and not line.startswith("|")] == []


def test_the_map_names_every_room_and_is_the_same_in_both_places() -> None:
    maps = []
    for path in (ROOT / "README.md", ROOT / ".github" / "CONTRIBUTING.md"):
        text = path.read_text(encoding="utf-8")
        (found,) = re.findall(r"```text\n(scheduler/\n.*?)```", text, re.DOTALL)
        maps.append(found)
    assert maps[0] == maps[1]
    assert len(maps[0].splitlines()) <= 10
    rooms = {path.stem for path in PACKAGE.iterdir() if path.name[0] not in "_."}
    rooms -= {"py", "requirements", "settings.schema"}
    assert [room for room in sorted(rooms) if not re.search(rf"\b{room}\b", maps[0])] == []


def test_no_page_names_a_module_that_is_gone() -> None:
    """Names of before the rooms, in docs and docstrings."""
    gone = re.compile(
        r"\b(github_http|github_queue|github_repository|cli_group|cli_series|journal_head|"
        r"lifecycle|`+(?:engine|desk|fields|ticking|holding|circumstances|when)\.?py?`+)\b"
    )
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in (*DOCS, *SOURCES)
        for match in gone.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


#: ``module.name`` in a docstring or a comment.
NAMED = re.compile(r"`(?P<names>[a-z_]+(?:\.[A-Za-z_]+)+)`")
#: What else is written like that: files, the settings' keys, values of the standard library.
OTHERS = re.compile(
    r".+\.(?:yml|json|h)|(?:scheduler|trust|allow|quotas|limits|defaults)\.[a-z_]+|ctx\..+"
    r"|timezone\.utc|date\.toordinal"
)


def test_what_a_docstring_names_is_there() -> None:
    inside = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): {
            *re.findall(r"^(?:class |def |)(\w+)\b", path.read_text(encoding="utf-8"), re.MULTILINE)
        }
        for path in SOURCES
    }
    ends: dict[str, set[str]] = {}
    for module, names in inside.items():
        parts = module.split(".")
        for place in range(len(parts)):
            end = ".".join(parts[place:])
            ends[end] = ends.get(end, set()) | names | {""}

    def is_there(names: str) -> bool:
        parts = names.removeprefix("scheduler.").split(".")
        heads = ((".".join(parts[:n]), (*parts, "")[n]) for n in range(1, len(parts) + 1))
        return any(name in ends.get(module, ()) for module, name in heads)

    found = [
        f"{path.relative_to(ROOT)}: {match['names']}"
        for path in SOURCES
        if "sandbox" not in path.parts
        for match in NAMED.finditer(path.read_text(encoding="utf-8"))
        if not is_there(match["names"]) and not OTHERS.fullmatch(match["names"])
    ]
    assert found == []


#: The rooms whose values explain each field by itself.
EXPLAINED = ("times", "job", "settings", "journal", "policy")


def fields(path: Path) -> Iterator[tuple[str, list[int]]]:
    """The public dataclasses of a file, and the lines on which their fields stand."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in (each for each in ast.walk(tree) if isinstance(each, ast.ClassDef)):
        value = any("dataclass" in ast.unparse(each) for each in node.decorator_list)
        if value and not node.name.startswith("_"):
            annotated = (each for each in node.body if isinstance(each, ast.AnnAssign))
            yield node.name, [each.lineno for each in annotated]


def test_a_value_explains_its_fields_one_by_one() -> None:
    """By a line of ``#:`` above each, or above a few that belong together."""
    found = []
    for room in EXPLAINED:
        for path in sorted((PACKAGE / room).glob("*.py")):
            lines = path.read_text(encoding="utf-8").splitlines()
            for name, places in fields(path):
                said = [lines[place - 2].lstrip().startswith("#:") for place in places]
                if len(places) > 1 and not (said[0] and sum(said) > len(said) / 2):
                    found.append(f"{room}/{path.name}: {name}")
    assert found == []
