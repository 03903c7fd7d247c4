"""What all commands share: the group, its default command, the one exit for errors."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, runtime_checkable

import click

from scheduler import streams
from scheduler.errors import SchedulerError
from scheduler.job.keys import IN_REQUEST
from scheduler.text import filled, inert, nearest, shown

if TYPE_CHECKING:
    from scheduler.connection import Connection

#: What the help says of a default and of bounds, which belongs on one line.
DEFAULT = re.compile(r"\[default: [^][]*\]")
#: What click says of a slip, which is not always in brackets.
MEANT = re.compile(r"\. \(?D(id you mean [^?]{1,200}\?)\)?$")
#: What click calls a number that has bounds.
RANGE = re.compile(r"\bvalid (?:integer|float) range\b")

Command = TypeVar("Command", bound=Callable[..., Any])


class Answer(Protocol):
    """The answer of a command, for a program and for a person."""

    def as_json(self) -> Any:
        """The value that ``--json`` prints."""

    def text(self) -> str:
        """The same for a person, whole: in a pipe each sentence is one line."""


@runtime_checkable
class Fitted(Protocol):
    """An answer that has a text of its own for a terminal, where not each line may be broken."""

    def fitted(self, width: int) -> str:
        """The text for a terminal of so many columns."""


#: Every command: where it stands, and its line in the list, so that the list imports nothing.
COMMANDS = {
    "create": ("scheduler.cli.create:create", "Open a job (the default command)."),
    "list": ("scheduler.cli.listing:list_jobs", "List the jobs that wait."),
    "show": ("scheduler.cli.listing:show_job", "Show one job and what happened to it."),
    "cancel": ("scheduler.cli.manage:cancel", "Close a job, so that it does not run."),
    "reschedule": ("scheduler.cli.manage:reschedule", "Move a job to another time."),
    "retry": ("scheduler.cli.manage:retry", "Try a job again that did not run, or failed."),
    "resolve": ("scheduler.cli.manage:resolve", "Say what became of a job that is on hold."),
    "tick": ("scheduler.cli.tick:tick", "Do one pass over the queue; the action runs this."),
    "pause": ("scheduler.cli.steer:pause", "Keep a job from running until it is resumed."),
    "resume": ("scheduler.cli.steer:resume", "Let a job that was paused go on."),
    "snooze": ("scheduler.cli.steer:snooze", "Put a job off: not before so long from now."),
    "run": ("scheduler.cli.steer:run", "Run a job now, besides its own time."),
    "stats": ("scheduler.cli.stats:stats", "Show how late jobs were dispatched."),
    "init": ("scheduler.cli.init:init", "Set a repository up, in a clone of it."),
    "clock": ("scheduler.cli.clock:clock", "Show what wakes the scheduler, or set up a clock."),
    "simulate": (
        "scheduler.cli.simulate:simulate",
        "Play a month of each profile against a model of GitHub.",
    ),
    "sandbox": (
        "scheduler.sandbox.command:sandbox",
        "Run a local GitHub to try everything against.",
    ),
    "demo": (
        "scheduler.sandbox.demo.command:demo",
        "Play the whole story against a local GitHub.",
    ),
    "help": ("scheduler.cli.help:show_help", "Show a topic, or which there are."),
}


class Help(click.HelpFormatter):
    """The help of a command, in which no line ends within ``[default: 5]``."""

    def write_dl(self, rows: Iterable[tuple[str, str]], *args: Any, **more: Any) -> None:
        """Write options or commands, and what is said of each."""
        whole = [(name, DEFAULT.sub(lambda part: part[0].replace(" ", "\u00a0"), text))
                 for name, text in rows]  # fmt: skip
        super().write_dl(whole, *args, **more)
        self.buffer = [part.replace("\u00a0", " ") for part in self.buffer]


class Context(click.Context):
    """What a command is called with; its help is that of ``Help``."""

    formatter_class = Help


class Schedule(click.Group):
    """The group: ``create`` is its default command, and all errors leave through it."""

    context_class = Context

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let options without a command mean ``create``."""
        if args and args[0].startswith("-") and args[0] not in ("--help", "-h", "--version"):
            args = ["create", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of their use."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name, imported when it is named; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        command.context_class = Context
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named first; where there is none, the nearest is told."""
        name = args[0]
        if self.get_command(ctx, name) is None and (near := nearest(name, COMMANDS)):
            ctx.fail(f"No such command {shown(name)} (did you mean {near!r}?)")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, with nothing imported for its sake."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        """Read the command line, or print the help."""
        try:
            return super().make_context(*args, **more)
        except BrokenPipeError as problem:
            _unread(problem)
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what went wrong is one line on standard error."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as problem:
            _unread(problem)
            ctx.exit(1)
        except KeyboardInterrupt:
            streams.complain("interrupted; what was begun may be done: 'schedule list' shows it")
            ctx.exit(1)
        except SchedulerError as problem:
            streams.complain(str(problem))
            ctx.exit(problem.exit_status)
        except click.ClickException as problem:
            streams.complain(_usage(problem, ctx))
            ctx.exit(problem.exit_code)


def _unread(problem: BrokenPipeError) -> None:
    """Say that the reader of a pipe has left."""
    streams.abandon(sys.stdout)
    streams.complain(streams.lost(problem))


def _usage(problem: click.ClickException, group: click.Context) -> str:
    text = " ".join(problem.format_message().split()).rstrip(".")
    text = MEANT.sub(r" (d\1)", RANGE.sub("valid number", text))
    path = f"{group.command_path} {group.invoked_subcommand or ''}".strip()
    if isinstance(problem, click.UsageError) and problem.ctx:
        path = problem.ctx.command_path
    return f"{text[:1].lower()}{text[1:]}; see '{path} --help'"


def connected(queue: str | None) -> Connection:
    """The queue's repository and its settings, by this process's environment."""
    from scheduler.connection import connect
    from scheduler.environment import Environment

    return connect(Environment.read(os.environ), repository=queue)


def at_job(job_id: str, queue: str | None) -> tuple[Connection, int]:
    """The queue of a job as it is named, else ``queue``, and the job's number in it."""
    from scheduler.commands.find import parse_id

    repository, number = parse_id(job_id)
    return connected(repository or queue), number


def tell(answer: Answer, *, as_json: bool) -> None:
    """Print what a command did, for a program or for a person."""
    wide = streams.width(sys.stdout)
    if wide is None or as_json:
        text = answer.text()
    elif isinstance(answer, Fitted):
        text = answer.fitted(wide)
    else:
        text = filled(answer.text(), wide)
    show(answer.as_json(), as_json, text)


def show(data: Any, as_json: bool, text: str) -> None:
    """Print an answer, for a program or for a person."""
    said = text
    if as_json:
        # The same value, with nothing in it that a terminal or the Actions runner acts on.
        written = json.dumps(data, indent=2, ensure_ascii=False).replace("##[", "#\\u0023[")
        said = "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in written)
    try:
        click.echo(said if as_json else inert(text))
    except OSError as problem:
        streams.abandon(sys.stdout)
        # What was done begins with the number of the job that it was done to.
        done = f"what it was to say: {text.splitlines()[0]}" if text.startswith("#") else ""
        raise streams.lost(problem, done) from problem


def watch(connection: Connection, *, nudge: bool = True, done: int | None = None) -> None:
    """Wake the scheduler if the jobs that were seen show that it stays away, and say so.

    ``done`` is the job that the command has dealt with, for which nothing is woken.
    """
    from scheduler.commands.revive import revive

    if line := revive(connection, nudge=nudge, done=done):
        streams.complain(line)


def changed(connection: Connection, number: int, *, nudge: bool) -> None:
    """Wake the scheduler for a job that a command has set going; say so where that failed."""
    from scheduler.commands.revive import rouse

    woken = rouse(connection, nudge=nudge)
    if woken is None:
        watch(connection, nudge=nudge, done=number)
    elif not woken.sent:
        streams.complain(woken.reason)


def key_options(*names: str) -> Callable[[Command], Command]:
    """Give a command the options of these keys of a request; without names, of all of them."""
    wanted = [IN_REQUEST[name] for name in names]
    # What most jobs need comes first.
    keys = wanted or sorted(IN_REQUEST.values(), key=lambda key: key.series)

    def decorate(command: Command) -> Command:
        for key in reversed(keys):
            names = (*(key.options or (key.option,)), key.field)
            told = f"{key.help}  [default: {key.assumed}]" if key.assumed else key.help
            option = click.option(*names, metavar=key.metavar or None, multiple=key.many, help=told)
            command = option(command)
        return command

    return decorate


def texts_in(given: dict[str, Any]) -> dict[str, str]:
    """Take out of a command's options the keys of a request, and what was said of each."""
    said = {name: given.pop(key.field, None) for name, key in IN_REQUEST.items() if not key.many}
    return {name: text for name, text in said.items() if text is not None}


QUEUE = click.option("--queue", metavar="OWNER/NAME", help="The repository whose issues are used.")
NUDGE = click.option(
    "--nudge/--no-nudge", default=True, help="Wake a scheduler that stays away.  [default: nudge]"
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
