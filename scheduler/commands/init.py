"""``schedule init``: which files the user's repository gets, and what is left to do then.

Nothing here reads or writes a file but the package's own: what stands in the clone is given as a
value, and what is to be done is one.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from scheduler.commands import init_files, init_source, init_vendor
from scheduler.commands.init_marks import Whose, whose
from scheduler.commands.init_plan import Does, File, Kind, Step, steps
from scheduler.commands.init_source import Source
from scheduler.errors import Refused, UsageError, options
from scheduler.job.workflow_file import declared
from scheduler.settings import file
from scheduler.settings.model import ROLES, Settings
from scheduler.text import choices, did_you_mean, shown
from scheduler.times import instants

#: What can be had besides, by the word for it: its file, and what it is.
EXTRAS = {
    "agent-message": (init_files.TARGET, "a workflow that can be scheduled as it stands"),
    "issue-form": (init_files.FORM, "a form for jobs under 'New issue'"),
    "agents-md": (init_files.AGENTS, "a paragraph for agents"),
    "skill": (init_files.SKILL, "the same as a skill (agentskills.io)"),
    "mise": (init_files.TASK, "the task 'mise run schedule'"),
    "alarm": ("", "a clock that needs no cron, as a command that is left to do"),
}
#: Inputs by which a workflow shows that it was written to be scheduled.
MEANT = ("message", "schedule_id")
_GLOB = "*?["


@dataclass(frozen=True, kw_only=True)
class Clone:
    """What stands in the clone of the user's repository."""

    #: The texts of the files that may be written, by path; what is not there is missing.
    files: Mapping[str, str]
    #: The texts of all workflows, by the names of their files.
    workflows: Mapping[str, str]
    #: The ``owner/name`` that it is pushed to; empty: nowhere yet.
    repository: str = ""
    #: Whether there is GitHub's own command to do things with.
    gh: bool = True
    #: The branch that is checked out, and the default branch; empty: not known.
    branch: str = ""
    default_branch: str = ""

    @property
    def settings(self) -> Settings | None:
        """Its settings; None: it has none.

        Raises:
            SettingsError: they can't be read.
        """
        text = self.files.get(file.PATH)
        return None if text is None else file.parse(text)

    @property
    def vendored(self) -> bool:
        """Whether the action is a folder of it, by an earlier call."""
        return bool(init_vendor.listed(self.files.get(init_vendor.LIST)))

    @property
    def source(self) -> Source | None:
        """Where an earlier call found the action; None: there was none."""
        text = self.files.get(init_files.WORKFLOW, "")
        return None if whose(text) is Whose.FOREIGN else init_source.in_use(text)

    def has(self, extra: str) -> bool:
        """Whether an earlier call wrote this; it is kept up to date then."""
        text = self.files.get(EXTRAS[extra][0] or " ", "")
        if extra == "agents-md":
            return "<!-- schedule init [" in text
        return whose(text) is not Whose.FOREIGN


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What was chosen."""

    #: Where the action is; None: in the repository itself.
    source: Source | None
    #: What may be scheduled: names of files, or patterns of these.
    workflows: tuple[str, ...]
    #: The least role of a person who may schedule.
    role: str = "write"
    timezone: str | None = None
    #: The label of the issues that are jobs.
    label: str = "schedule"
    #: Words of ``EXTRAS``.
    extras: frozenset[str] = frozenset()
    #: The web server of GitHub.
    server: str = "https://github.com"
    version: str = ""

    @property
    def uses(self) -> str:
        """What ``uses:`` names."""
        return self.source.uses if self.source else init_files.LOCAL


@dataclass(frozen=True, kw_only=True)
class Done:
    """The answer of ``schedule init``."""

    root: str
    choices: Choices
    steps: Sequence[Step]
    left: Sequence[str]
    #: Workflows that could be scheduled, and may not.
    others: Sequence[str] = ()
    dry_run: bool = False

    def as_json(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {
            "root": self.root,
            "uses": self.choices.uses,
            "workflows": [*self.choices.workflows],
            "files": [{"path": each.path, "does": each.does.value} for each in self.steps],
            "left": [*self.left],
            "dry_run": self.dry_run,
        }

    def text(self) -> str:
        """The same for a person."""
        lines = [f"{each.does.value:>9}  {each.path}" for each in _summed(self.steps)]
        lines += [f"the action is {self.choices.uses}"]
        lines += [f"may be scheduled: {', '.join(self.choices.workflows)}"]
        if self.others:
            lines += [f"may not, until --workflow names it: {', '.join(self.others)}"]
        if self.dry_run:
            return "\n".join([*lines, "nothing was written (--dry-run)"])
        return "\n".join([*lines, "left to do:", *(f"  {each}" for each in self.left)])


def could(workflows: Mapping[str, str]) -> list[str]:
    """The workflows that a dispatch can start, but for the scheduler itself."""
    own = init_files.WORKFLOW.rpartition("/")[2]
    return [name for name, text in sorted(workflows.items())
            if name != own and declared(text).dispatchable and declared(text).readable]  # fmt: skip


def meant(workflows: Mapping[str, str]) -> list[str]:
    """Those of them that take what a job has to say, so were written to be scheduled."""
    return [name for name in could(workflows) if {*MEANT} & {*declared(workflows[name]).inputs}]


def defaults(clone: Clone, *, settings: bool = True) -> Choices:
    """What holds already, and for the rest what is best where nobody is asked.

    ``settings`` False: the settings are written anew, whatever they are.

    Raises:
        SettingsError: the settings that are there can't be read.
    """
    own = clone.settings if settings else None
    extras = {extra for extra in EXTRAS if clone.has(extra)}
    if own is not None:
        # Without a list of them, whoever may schedule may schedule all.
        workflows = own.allow.workflows or tuple(could(clone.workflows))
        role, timezone, label = own.trust.role, own.defaults.timezone, own.label
    else:
        workflows, role, timezone = tuple(meant(clone.workflows)), "write", None
        label = "schedule"
    if not workflows:
        extras.add("agent-message")
        workflows = (_name(init_files.TARGET),)
    return Choices(
        source=clone.source, workflows=tuple(workflows), role=role, timezone=timezone,
        label=label, extras=frozenset(extras),
    )  # fmt: skip


def own_settings(found: Iterable[Step], chosen: Choices, clone: Clone) -> list[Step]:
    """The steps, with settings that a person wrote left alone where they say what was chosen."""
    before = defaults(clone)
    chosen_before = (before.workflows, before.role, before.timezone)
    same = (chosen.workflows, chosen.role, chosen.timezone) == chosen_before
    leave = {file.PATH} if same and file.PATH in clone.files else set()
    return [each.kept() if each.path in leave and each.against else each for each in found]


def done(root: str, chosen: Choices, clone: Clone, found: Sequence[Step], *, dry_run: bool) -> Done:
    """The answer."""
    known, allowed = _known(chosen, clone), chosen.workflows
    others = [name for name in known if not any(fnmatchcase(name, each) for each in allowed)]
    return Done(
        root=root, choices=chosen, steps=found, left=left(chosen, clone, found), others=others,
        dry_run=dry_run,
    )  # fmt: skip


def checked(choices_made: Choices, clone: Clone) -> Choices:
    """The choices, if they can be.

    Raises:
        UsageError, Refused: a workflow is not there or can't be dispatched, or there is no such
            role, zone or extra.
    """
    known = _known(choices_made, clone)
    if not choices_made.workflows:
        fix = "write a workflow with 'on: workflow_dispatch', or add --with agent-message"
        raise Refused(f"--workflow: nothing may be scheduled; name what may be, or {fix}")
    for name in choices_made.workflows:
        if {*_GLOB} & {*name} or name in known:
            continue
        if name in clone.workflows:
            why, fix = "can't be dispatched", "add 'workflow_dispatch:' under its 'on:'"
            raise Refused(f"--workflow: {shown(name)} {why}; {fix}")
        fix = choices(name, known, "write one of") if known else "add --with agent-message"
        raise Refused(f"--workflow: {shown(name)} is not in .github/workflows/; {fix}")
    if choices_made.role not in ROLES:
        raise UsageError(
            f"--role: {shown(choices_made.role)} is not a role; write {', '.join(ROLES)}"
        )
    if choices_made.timezone:
        with options():
            instants.zone(choices_made.timezone, field="--timezone")
    for extra in sorted(choices_made.extras):
        if extra not in EXTRAS:
            fix = did_you_mean(extra, EXTRAS, f"write one of {', '.join(EXTRAS)}")
            raise UsageError(f"--with: {shown(extra)} can't be written; {fix}")
    file.parse(_settings(choices_made))
    return choices_made


def plan(chosen: Choices, clone: Clone) -> list[Step]:
    """What is done to each file."""
    listed = init_vendor.listed(clone.files.get(init_vendor.LIST))
    return steps(wanted(chosen), clone.files, listed)


def wanted(chosen: Choices) -> list[File]:
    """All files, as they are to be."""
    uses = chosen.source.noted if chosen.source else init_files.LOCAL
    example = _example(chosen.workflows)
    install = init_files.installing(chosen.uses, chosen.server)
    found = [
        File(path=init_files.WORKFLOW, text=init_files.workflow(uses, chosen.label)),
        File(path=file.PATH, text=_settings(chosen)),
    ]
    made = {
        "agent-message": init_files.target(),
        "issue-form": init_files.form(example, chosen.label),
        "agents-md": init_files.agents(example, install),
        "skill": init_files.skill(example, install),
        "mise": init_files.task(init_files.running(chosen.uses, chosen.server)),
    }
    for extra in sorted(chosen.extras & {*made}):
        kind = Kind.SECTION if extra == "agents-md" else Kind.SEALED
        path = EXTRAS[extra][0]
        found.append(File(path=path, text=made[extra], kind=kind, executable=extra == "mise"))
    return [*found, *(init_vendor.vendored(chosen.version) if chosen.source is None else ())]


def paths(clone_list: str | None, version: str, *, vendor: bool) -> list[str]:
    """The paths of all files that a call may read or write."""
    found = [
        init_files.WORKFLOW,
        file.PATH,
        init_vendor.LIST,
        *(path for path, _ in EXTRAS.values() if path),
    ]
    found += init_vendor.listed(clone_list)
    if vendor:
        found += (each.path for each in init_vendor.vendored(version))
    return [*dict.fromkeys(found)]


def left(chosen: Choices, clone: Clone, steps_done: Sequence[Step]) -> list[str]:
    """What is left to do, as commands; ``gh`` is in them only where it is there."""
    written = [each.path for each in _summed(each for each in steps_done if each.writes)]
    first = any(each.path == init_files.WORKFLOW for each in steps_done if each.before is None)
    found = []
    if written:
        named = " ".join(shlex.quote(path) for path in written)
        found += [f"git add --all -- {named}", "git commit -m 'Schedule workflows by issues'"]
        found += _pushed(clone, chosen.server)
    if first and clone.gh:
        about, label = shlex.quote(init_files.LABEL_TEXT), shlex.quote(chosen.label)
        colour = init_files.LABEL_COLOUR
        found += [f"gh label create {label} --color {colour} --description {about}"]
    token = '"$(gh auth token)"' if clone.gh else "…"
    found += [f"export GITHUB_TOKEN={token} GITHUB_REPOSITORY={clone.repository or 'OWNER/NAME'}"]
    if "alarm" in chosen.extras:
        found += ["schedule clock install alarm"]
    target = shlex.quote(_example(chosen.workflows))
    return [*found, f"schedule --in 10m --workflow {target} --message Hello"]


def _pushed(clone: Clone, server: str) -> list[str]:
    """What brings the commit to the default branch, where alone a workflow of issues works."""
    branch, default = clone.branch or "main", clone.default_branch
    push = f"git push -u origin {shlex.quote(branch)}"
    if clone.repository and clone.gh and default not in ("", branch):
        return [push, f"gh pr create --base {shlex.quote(default)} --fill"]
    if clone.repository:
        return [push]
    if clone.gh:
        return ["gh repo create --source . --push"]
    return [f"git remote add origin {server}/OWNER/NAME.git", push]


def _known(chosen: Choices, clone: Clone) -> list[str]:
    """What can be scheduled once the files are written."""
    target = {_name(init_files.TARGET)} if "agent-message" in chosen.extras else set()
    return sorted({*could(clone.workflows)} | target)


def _settings(chosen: Choices) -> str:
    return init_files.settings(
        chosen.workflows, role=chosen.role, timezone=chosen.timezone, label=chosen.label
    )


def _example(workflows: Sequence[str]) -> str:
    plain = [name for name in workflows if not {*_GLOB} & {*name}]
    return plain[0] if plain else _name(init_files.TARGET)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _summed(found: Iterable[Step]) -> list[Step]:
    """The steps, where all of the action's folder are one that stands for them."""
    given, folder = [*found], f"{init_files.VENDORED}/"
    others = [each for each in given if not each.path.startswith(folder)]
    inside = [each for each in given if each.path.startswith(folder)]
    if not inside:
        return others
    kinds = {each.does for each in inside}
    does = kinds.pop() if len(kinds) == 1 else Does.UPDATED
    return [*others, Step(path=init_files.VENDORED, does=does, before=None, after=None)]
