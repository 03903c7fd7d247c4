"""Workflow files as GitHub reads them: triggers, inputs, jobs, ``concurrency``.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.constructor import BaseConstructor
from yaml.cyaml import CParser  # type: ignore[attr-defined]
from yaml.resolver import BaseResolver

WORKFLOWS = ".github/workflows"
#: GitHub runs a file of 510,313 bytes and refuses one of 513,306:
#: https://github.com/jikig-ai/soleur/issues/8361
MAX_BYTES = 512_000


class _Loader(Composer, CParser, BaseConstructor, BaseResolver):
    """Reads as GitHub does: tabs between tokens, and an anchor's name given twice."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        BaseConstructor.__init__(self)
        BaseResolver.__init__(self)

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose one node; the last anchor of a name counts."""
        event = self.peek_event()
        if not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(getattr(event, "anchor", None), None)
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


@dataclass(frozen=True, kw_only=True)
class Concurrency:
    """A ``concurrency`` key. group: text in which expressions are not yet expanded."""

    group: str
    cancel_in_progress: str = "false"
    queue_max: bool = False


@dataclass(frozen=True, kw_only=True)
class JobDefinition:
    """What a run needs to know of a job before it starts.

    condition: its ``if``. environment: the name of that in which it waits, not yet expanded.
    uses: the workflow that it calls.
    """

    key: str
    name: str
    runs_on: list[str]
    concurrency: Concurrency | None
    needs: tuple[str, ...] = ()
    condition: str | None = None
    environment: str | None = None
    uses: str = ""


@dataclass(frozen=True, kw_only=True)
class WorkflowFile:
    """A parsed file. triggers: event → its settings; problem: why GitHub rejects it."""

    path: str
    name: str
    run_name: str | None = None
    triggers: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: tuple[JobDefinition, ...] = ()
    concurrency: Concurrency | None = None
    problem: str | None = None

    @property
    def inputs(self) -> dict[str, dict[str, Any]]:
        """The inputs that ``workflow_dispatch`` declares, by name."""
        declared = self.triggers.get("workflow_dispatch", {}).get("inputs")
        if not isinstance(declared, dict):
            return {}
        return {name: spec if isinstance(spec, dict) else {} for name, spec in declared.items()}

    def listens(self, event: str, kind: str | None) -> bool:
        """Whether the event, of activity type ``kind``, starts this workflow."""
        if event not in self.triggers:
            return False
        types = self.triggers[event].get("types")
        if not types:
            return True
        return kind in ([types] if isinstance(types, str) else types)


@lru_cache(maxsize=64)  # a compiled one has hundreds of kilobytes, and each request asks for all
def parse(path: str, text: str) -> WorkflowFile:
    """Read one file; what is not YAML or not a workflow has its ``problem`` set.

    Scalars stay text (``on`` is a key, not the boolean true).
    """
    if len(text.encode()) > MAX_BYTES:
        return WorkflowFile(path=path, name=path, problem="larger than 500 KB")
    lines = ("" if line.isspace() else line for line in text.split("\n"))
    try:
        document = _Loader("\n".join(lines)).get_single_data()
    except (yaml.YAMLError, RecursionError) as exc:
        return WorkflowFile(path=path, name=path, problem=f"not YAML: {str(exc).splitlines()[0]}")
    if not isinstance(document, dict) or not isinstance(document.get("jobs"), dict):
        return WorkflowFile(path=path, name=path, problem="no 'jobs' mapping")
    return WorkflowFile(
        path=path,
        name=str(document.get("name") or path),
        run_name=document.get("run-name"),
        triggers=_triggers(document.get("on")),
        jobs=tuple(_jobs(document["jobs"])),
        concurrency=_concurrency(document.get("concurrency")),
    )


def read(folder: Path, path: str) -> WorkflowFile | None:
    """The file at ``path`` of a work tree, or ``None`` where there is none."""
    try:
        return parse(path, (folder / path).read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except UnicodeDecodeError:
        return WorkflowFile(path=path, name=path, problem="not UTF-8")


def paths(folder: Path) -> list[str]:
    """The workflow files of a work tree, relative to it, in order."""
    directory = folder / WORKFLOWS
    if not directory.is_dir():
        return []
    names = (entry.name for entry in directory.iterdir() if entry.is_file())
    return sorted(f"{WORKFLOWS}/{name}" for name in names if name.endswith((".yml", ".yaml")))


def unstartable(folder: Path, file: WorkflowFile) -> str | None:
    """Why no run of a file that GitHub accepts a dispatch of begins; None: one does.

    What a called workflow lacks is found when the run is created.
    https://docs.github.com/actions/how-tos/reuse-automations/reuse-workflows
    """
    for job in file.jobs:
        called = job.uses.removeprefix("./") if job.uses.startswith("./") else ""
        if called and read(folder, called) is None:
            return f"error parsing called workflow {job.uses!r}: workflow was not found"
    return file.problem


def _triggers(on: Any) -> dict[str, dict[str, Any]]:
    if isinstance(on, str):
        return {on: {}}
    if isinstance(on, list):
        return {str(event): {} for event in on}
    if isinstance(on, dict):
        return {event: spec if isinstance(spec, dict) else {} for event, spec in on.items()}
    return {}


def _jobs(jobs: dict[str, Any]) -> Iterator[JobDefinition]:
    for key, spec in jobs.items():
        if not isinstance(spec, dict):
            continue
        runs_on = spec.get("runs-on", [])
        if isinstance(runs_on, dict):
            runs_on = runs_on.get("labels", [])
        needs = spec.get("needs", [])
        yield JobDefinition(
            key=key,
            name=str(spec.get("name") or key),
            runs_on=[runs_on] if isinstance(runs_on, str) else [str(label) for label in runs_on],
            concurrency=_concurrency(spec.get("concurrency")),
            needs=(needs,) if isinstance(needs, str) else tuple(map(str, needs)),
            condition=spec["if"] if isinstance(spec.get("if"), str) else None,
            environment=_environment(spec.get("environment")),
            uses=str(spec.get("uses") or ""),
        )


def _environment(spec: Any) -> str | None:
    name = spec.get("name") if isinstance(spec, dict) else spec
    return name if isinstance(name, str) and name else None


def without_environments(text: str, failed: Collection[str]) -> str:
    """A workflow for a runner that knows no ``deployment`` and makes no job wait.

    failed: keys of jobs that fail, whatever their steps say.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    for key, job in _entries(_value(root, "jobs")):
        if not isinstance(job, yaml.MappingNode):
            continue
        left_out = {"environment", "steps"} if key in failed else {"environment"}
        job.value = [each for each in job.value if each[0].value not in left_out]
        if key in failed:
            failing = yaml.compose("steps: [{run: exit 1}]", Loader=yaml.SafeLoader)
            job.value += failing.value if isinstance(failing, yaml.MappingNode) else []
    return str(yaml.serialize(root, Dumper=yaml.SafeDumper, width=1_000))


def _entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((str(key.value), value) for key, value in node.value)


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    return next((value for name, value in _entries(node) if name == key), None)


def _concurrency(spec: Any) -> Concurrency | None:
    if isinstance(spec, str) and spec:
        return Concurrency(group=spec)
    if isinstance(spec, dict) and spec.get("group"):
        return Concurrency(
            group=str(spec["group"]),
            cancel_in_progress=str(spec.get("cancel-in-progress", "false")),
            queue_max=spec.get("queue") == "max",
        )
    return None
