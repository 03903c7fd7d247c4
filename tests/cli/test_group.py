"""What all commands share: the table of commands, the options of keys, the one way out."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import click
import pytest
from click.testing import CliRunner

from scheduler import streams
from scheduler.cli.group import COMMANDS, Schedule, key_options, show, texts_in
from scheduler.cli.main import cli
from scheduler.errors import NoSuchJob, SchedulerError, Unavailable, UsageError
from scheduler.job.keys import IN_REQUEST


def test_every_command_stands_where_the_table_says_with_that_line() -> None:
    context = click.Context(cli)
    for name, (place, line) in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name
        # The sandbox's own say more of their arguments than the list has room for.
        assert "sandbox" in place or command.get_short_help_str(limit=80) == line
    assert cli.get_command(context, "nope") is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("simulate", "--cron-kept", "8%"), "'--cron-kept': '8%' is not a valid number; see"),
        (("sandbox", "--port", "web"), "'--port': 'web' is not a valid number; see"),
    ],
)
def test_what_is_no_number_is_called_so(given: tuple[str, ...], said: str) -> None:
    ran = CliRunner().invoke(cli, given)
    assert (ran.exit_code, said in ran.output) == (2, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("clock", "shw"), "no such command 'shw' (did you mean 'show'?); see '"),
        (("tick", "--hodl", "1m"), "no such option '--hodl' (did you mean "),
    ],
)
def test_what_was_meant_by_a_slip_is_said_in_brackets(given: tuple[str, ...], said: str) -> None:
    ran = CliRunner().invoke(cli, given)
    assert (ran.exit_code, said in ran.output) == (2, True), ran.output


def test_the_options_of_keys_are_those_of_the_table() -> None:
    @click.command()
    @key_options("run-at", "inputs")
    def some(**given: Any) -> None: ...

    assert [option.opts for option in some.params] == [["--at"], ["--input"]]

    @click.command()
    @key_options()
    def every(**given: Any) -> None: ...

    assert {option.name for option in every.params} == {key.field for key in IN_REQUEST.values()}


def test_texts_are_taken_out_of_the_options() -> None:
    given: dict[str, Any] = {"run_at": "noon", "message": None, "allow_past": True, "inputs": ()}
    assert texts_in(given) == {"run-at": "noon"}
    assert given == {"allow_past": True, "inputs": ()}


@pytest.mark.parametrize(
    ("problem", "status"),
    [
        (SchedulerError("x"), 1), (UsageError("x"), 2), (NoSuchJob("x"), 4),
        (Unavailable("x"), 75),
    ],
)  # fmt: skip
def test_every_error_is_one_line_and_its_status(problem: SchedulerError, status: int) -> None:
    @click.command()
    def fails() -> None:
        problem.args = ("a\nb\x1b[2J",)
        raise problem

    class One(Schedule):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
            return fails

    result = CliRunner().invoke(One(name="schedule"), ["fails"])
    assert (result.exit_code, result.stdout) == (status, "")
    assert result.stderr == "schedule: a b\ufffd[2J\n"


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (KeyboardInterrupt(), "interrupted; what was begun may be done: "),
        (BrokenPipeError(32, "Broken pipe"), "standard output: can't be used (Broken pipe): "),
    ],
)
def test_every_ending_is_one_line(problem: BaseException, words: str) -> None:
    @click.command()
    def ends() -> None:
        raise problem

    class One(Schedule):
        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
            return ends

    with mock.patch.object(streams, "abandon"):
        result = CliRunner().invoke(One(name="schedule"), ["ends"])
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"schedule: {words}")


def test_an_answer_as_json_is_the_same_value_and_commands_no_runner() -> None:
    data = {"text": "##[group]\x1b[2J\u202e", "list": ["é", None]}

    @click.command()
    def some() -> None:
        show(data, as_json=True, text="")

    out = CliRunner().invoke(some).stdout
    assert json.loads(out) == data
    assert "##[" not in out
    assert all(line.isprintable() for line in out.splitlines())
