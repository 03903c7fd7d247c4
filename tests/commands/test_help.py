"""The topics of ``schedule help``, without a command line."""

from __future__ import annotations

import pytest

from scheduler.commands.help import Topic, contents, page, topics
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
