"""What is shown on a terminal is as wide as it is; in a pipe each sentence is a line."""

from __future__ import annotations

import pytest

from scheduler.text import columns
from tests.conftest import Stage, body
from tests.support.terminal import screen

LONG = "Look at the pull request again, and tell everybody who has asked for a review of it " * 3


def widest(text: str) -> int:
    return max(columns(line) for line in text.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("wide", [60, 80, 160])
def test_a_list_is_as_wide_as_the_terminal(stage: Stage, wide: int) -> None:
    stage.open(body(3600, message=LONG))
    shown = screen(stage, "list", columns=wide)
    _, row = shown.out.splitlines()
    assert row.endswith("…")
    assert wide - 3 <= columns(row) < wide


@pytest.mark.slow
def test_the_variable_counts_where_it_is_set(stage: Stage) -> None:
    stage.open(body(3600, message=LONG))
    assert 117 <= widest(screen(stage, "list", columns=80, COLUMNS="120").out) < 120
    assert widest(screen(stage, "list", columns=80, COLUMNS="wide").out) < 80


@pytest.mark.parametrize("variable", [{}, {"COLUMNS": "40"}])
def test_a_list_in_a_pipe_is_not_cut(stage: Stage, variable: dict[str, str]) -> None:
    name = f"{'agent-message-' * 5}.yml"
    stage.open(body(3600, name, message=LONG))
    (_, row) = stage.process("list", **variable).out.splitlines()
    assert row.endswith(LONG.rstrip())
    assert name in row


def test_an_error_is_one_line_in_a_pipe_and_filled_on_a_terminal(stage: Stage) -> None:
    wrong = ("create", "--in", "1h", "-m", "x", "--workflow", "a/b/c.yml")
    whole = stage.process(*wrong)
    assert (whole.status, whole.out, whole.err.count("\n")) == (3, "", 1)
    shown = screen(stage, *wrong, columns=50)
    assert shown.status == 3
    assert widest(shown.out) < 50
    assert shown.out.count("\n") > 1
    assert " ".join(shown.out.split()) == whole.err.strip()


@pytest.mark.slow
def test_a_result_is_filled_between_words_and_an_address_stays_whole(stage: Stage) -> None:
    make = ("create", "--in", "3h", "-m", "x", "--workflow", "agent-message.yml")
    shown = screen(stage, *make, columns=46)
    assert shown.status == 0
    lines = shown.out.splitlines()
    assert stage.issue(1)["html_url"] in lines
    assert all(len(line) < 46 for line in lines if "/issues/" not in line)
    *_, expect = stage.process(*make).out.splitlines()
    assert len(expect) > 46
    assert " ".join(shown.out.split()).endswith(expect)


@pytest.mark.slow
def test_what_may_be_copied_is_not_broken(stage: Stage) -> None:
    stage.open(body(3600, message=LONG))
    rehearse = ("create", "--in", "1h", "--workflow", "agent-message.yml", "--dry-run")
    for args in (("show", "1"), (*rehearse, "-m", LONG)):
        shown = screen(stage, *args, columns=60).out
        assert LONG.rstrip() in shown
        assert widest(shown.partition("\n\n")[0]) < 60


@pytest.mark.slow
def test_json_is_never_broken(stage: Stage) -> None:
    stage.open(body(3600, message=LONG))
    told = screen(stage, "list", "--json", columns=40)
    assert told.json[0]["message"] == LONG
