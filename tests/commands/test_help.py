"""The topics of ``schedule help``, without a command line."""

from __future__ import annotations

import pytest

from scheduler.commands.help import Topic, contents, fitted, page, topics
from scheduler.errors import UsageError

TWO = [Topic(name="glossary", text="# The words\n\nTick: …\n"), Topic(name="servers", text="Which")]


def test_the_pages_of_the_package_are_its_topics() -> None:
    assert {"glossary", "servers"} <= {topic.name for topic in topics()}
    assert [topic.name for topic in topics() if not topic.first] == []


def test_the_contents_are_each_topic_s_first_line() -> None:
    assert contents(TWO).splitlines()[1:] == ["  glossary  The words", "  servers   Which"]


@pytest.mark.parametrize("name", ["glossary", "GLOSSARY"])
def test_a_page_is_shown_as_it_stands(name: str) -> None:
    assert page(name, TWO, ()) == "# The words\n\nTick: …"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("glosary", "did you mean 'glossary'?"),
        ("xyz", "the topics are glossary, servers"),
        ("list", "write 'schedule list --help'"),
    ],
)
def test_what_is_no_topic_is_refused_with_a_fix(name: str, fix: str) -> None:
    with pytest.raises(UsageError) as refused:
        page(name, TWO, ["list"])
    assert str(refused.value).startswith(f"TOPIC: {name!r} is ")
    assert str(refused.value).endswith(fix)


TABLE = """\
| it says | so |  |
|---|---|---|
| `a` | no tick | start it |
| b \\| c |  | end it |"""


def test_a_table_that_is_wider_than_the_terminal_is_a_list() -> None:
    assert fitted(f"# T\n\n{TABLE}\n\nEnd", 30) == f"# T\n\n{TABLE}\n\nEnd"
    told = fitted(f"# T\n\n{TABLE}\n\nEnd", 20).splitlines()
    rows = ["it says:", "- `a`", "  so: no tick", "  start it", "- b \\| c", "  end it"]
    assert told == ["# T", "", *rows, "", "End"]


@pytest.mark.parametrize("topic", topics(), ids=lambda topic: topic.name)
def test_no_line_of_a_page_is_wider_than_a_terminal(topic: Topic) -> None:
    told = fitted(topic.text, 80)
    assert [line for line in told.splitlines() if len(line) > 80 and " " in line.strip()] == []
    words = {*topic.text.replace("|", " ").split()}
    assert {*told.replace(":", "").split()} >= {word for word in words if word.isalpha()}
