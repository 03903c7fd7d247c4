"""``schedule init``: sets a repository up, in a clone of it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scheduler import __version__
from scheduler.cli.group import JSON, tell
from scheduler.errors import UsageError

if TYPE_CHECKING:
    from scheduler.commands.init import Choices, Clone
    from scheduler.commands.init_plan import Step
    from scheduler.commands.init_source import Source


@click.command()
@click.option(
    "--action", metavar="OWNER/NAME@REF", help="Where the action is; else where this came from."
)
@click.option("--pin", is_flag=True, help="Name the action by its commit.")
@click.option("--vendor", is_flag=True, help="Copy the action into the repository instead.")
@click.option(
    "--workflow",
    "workflows",
    multiple=True,
    metavar="FILE",
    help="What may be scheduled, such as nightly.yml or 'agent-*.yml'; once or more.",
)
@click.option("--role", metavar="ROLE", help="The least role of people who may schedule.")
@click.option("--timezone", metavar="ZONE", help="The zone of times that name none.")
@click.option(
    "--with",
    "extras",
    multiple=True,
    metavar="WHAT",
    help="Add agent-message, issue-form, agents-md, skill, mise or alarm; once or more.",
)
@click.option("-y", "--yes", is_flag=True, help="Ask nothing; take what is given, else defaults.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--keep", is_flag=True, help="Leave files that people changed as they are.")
@click.option("--overwrite", is_flag=True, help="Replace files that people changed.")
@click.option("--allow-dirty", is_flag=True, help="Write beside changes that are not committed.")
@JSON
def init(**given: Any) -> None:
    """Set a repository up, in a clone of it.

    Its workflow and settings are written. It can be called again: what it wrote is brought up to
    date, and what people changed since is left to them.
    """
    try:
        _init(**given)
    except click.Abort:
        click.echo(err=True)  # the question stands alone on its line
        raise UsageError(
            "init: no answer came, so nothing was written; --yes takes the defaults"
        ) from None


def _init(
    *, yes: bool, dry_run: bool, keep: bool, overwrite: bool, allow_dirty: bool, as_json: bool,
    **given: Any,
) -> None:  # fmt: skip
    from scheduler.cli.init_clone import WorkTree
    from scheduler.commands import init_plan
    from scheduler.commands.init import Clone, checked, done, own_settings, paths, plan
    from scheduler.commands.init_files import WORKFLOW
    from scheduler.commands.init_vendor import LIST
    from scheduler.environment import Environment
    from scheduler.errors import Refused

    if keep and overwrite:
        raise UsageError("init: --keep and --overwrite can't both be meant")
    if given["vendor"] and (given["action"] or given["pin"]):
        raise UsageError("init: --vendor needs no --action and no --pin: it copies the action")
    server = Environment.read(os.environ).server_url
    tree = WorkTree.at(Path.cwd())
    older = Clone(files=tree.read([LIST, WORKFLOW]), workflows={})
    source = _source(older, given, server, ask=not yes)
    listed = older.files.get(LIST)
    clone = tree.clone(paths(listed, __version__, vendor=source is None), server)
    chosen = _chosen(clone, given, settings=not overwrite)
    chosen = replace(chosen, source=source, server=server, version=__version__)
    if not yes:
        chosen = _asked(chosen, clone, given)
    chosen = checked(chosen, clone)
    found = plan(chosen, clone)
    if not overwrite:
        found = own_settings(found, chosen, clone)
    if not yes and not overwrite:
        found = [_decided(step) for step in found]
    found = init_plan.settled(found, keep=keep, overwrite=overwrite or not yes)
    if not allow_dirty:
        init_plan.dirty(tree.changed(), found)
    if ignored := tree.ignored([each.path for each in found if each.after is not None]):
        raise Refused(
            f"{ignored[0]}: git ignores it, so it would not be pushed; add '!{ignored[0]}' to "
            ".gitignore"
        )
    _show(found, err=as_json)
    if not yes and not dry_run and any(each.writes for each in found):
        click.confirm("Write these files?", default=True, abort=True, err=True)
    if not dry_run:
        tree.carry_out(found)
    tell(done(str(tree.root), chosen, clone, found, dry_run=dry_run), as_json=as_json)


def _chosen(clone: Clone, given: dict[str, Any], *, settings: bool) -> Choices:
    """What the flags say, and else what holds already."""
    from scheduler.commands.init import defaults

    before = defaults(clone, settings=settings)
    workflows = given["workflows"] or before.workflows
    if "agent-message" in {*given["extras"]} - before.extras and not given["workflows"]:
        workflows = tuple(dict.fromkeys((*workflows, "agent-message.yml")))
    return replace(
        before,
        workflows=workflows,
        role=given["role"] or before.role,
        timezone=given["timezone"] or before.timezone,
        extras=before.extras | {*given["extras"]},
    )


def _source(older: Clone, given: dict[str, Any], server: str, *, ask: bool) -> Source | None:
    """Where the action is; None: in the repository itself.

    Raises:
        UsageError: nobody says so.
    """
    from scheduler.cli.init_clone import commit_of, installed
    from scheduler.commands import init_source

    host = server.partition("://")[2]
    source = None
    if given["vendor"] or (older.vendored and not given["action"]):
        return None
    if not given["action"]:
        source = init_source.newest(older.source, init_source.of_installation(installed(), host))
    if source is None:
        action = given["action"]
        if not action and not ask:
            raise UsageError(f"--action: is missing; {init_source.WHERE}")
        if not action:
            question = "Where is the action (OWNER/NAME@REF), or shall it be copied ('vendor')?"
            action = click.prompt(question, default="vendor", err=True)
        if action == "vendor":
            return None
        source = init_source.named(action)
    if not (given["pin"] or source.pinned):
        return source
    return source.pin(source.commit or commit_of(source.repository, source.ref, server))


def _asked(chosen: Choices, clone: Clone, given: dict[str, Any]) -> Choices:
    """What a person answers where no flag did."""
    from scheduler.commands.init import EXTRAS, could

    extras = {*chosen.extras}
    if not given["extras"]:
        for extra, (path, what) in EXTRAS.items():
            if extra not in extras and click.confirm(
                f"Add {what}{path and f' ({path})'}?", err=True
            ):
                extras.add(extra)
    workflows = chosen.workflows
    if not given["workflows"]:
        known = could(clone.workflows)
        click.echo(f"What can be dispatched: {', '.join(known) or 'nothing yet'}", err=True)
        meant = dict.fromkeys(workflows)
        if "agent-message" in extras:
            meant["agent-message.yml"] = None
        text = click.prompt(
            "What may be scheduled (file names with commas between)",
            default=", ".join(meant), show_default=bool(meant), err=True,
        )  # fmt: skip
        workflows = tuple(each.strip() for each in text.split(",") if each.strip())
    role, timezone = chosen.role, chosen.timezone
    if not given["role"]:
        role = click.prompt("The least role of people who may schedule", default=role, err=True)
    if not given["timezone"]:
        timezone = click.prompt(
            "The zone of times that name none, such as Europe/Berlin (empty: each time names one)",
            default=timezone or "", show_default=bool(timezone), err=True,
        ).strip() or None  # fmt: skip
    return replace(
        chosen, workflows=workflows, role=role.strip(), timezone=timezone,
        extras=frozenset(extras),
    )  # fmt: skip


def _decided(step: Step) -> Step:
    """The step, or what stands there as it is: as a person says who saw the difference."""
    if not step.against:
        return step
    click.echo(step.diff(), err=True)
    question = f"{step.path} {step.whose.value}. Replace it?"
    return step if click.confirm(question, default=False, err=True) else step.kept()


def _show(found: list[Step], *, err: bool) -> None:
    """Show what changes in what is there; of the action's own files only which."""
    from scheduler.commands.init_files import VENDORED

    for step in found:
        if text := step.diff():
            folded = step.path.startswith(f"{VENDORED}/") and not step.against
            click.echo(f"changes: {step.path}" if folded else text, err=err)
