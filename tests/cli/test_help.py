"""``schedule help``: topics without a server, a token or a queue."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import scheduler
from scheduler.cli.main import cli

DOCS = sorted((Path(scheduler.__file__).parent / "docs").glob("*.md"))


def test_without_a_topic_all_are_listed_with_their_first_lines() -> None:
    result = CliRunner().invoke(cli, ["help"])
    assert (result.exit_code, result.stderr) == (0, "")
    _, *lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [page.stem for page in DOCS]
    for line, page in zip(lines, DOCS, strict=True):
        assert line.endswith(page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# "))
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_a_topic_is_printed_as_it_stands(page: Path) -> None:
    result = CliRunner().invoke(cli, ["help", page.stem])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == page.read_text(encoding="utf-8")


def test_an_unknown_topic_is_one_line_with_the_nearest() -> None:
    result = CliRunner().invoke(cli, ["help", "glosary"])
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("schedule: TOPIC: 'glosary' is not a topic; ")
    assert line.endswith("did you mean 'glossary'?")
