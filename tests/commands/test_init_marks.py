"""What `schedule init` wrote, what a person changed, and what was never its own."""

from __future__ import annotations

import pytest
import yaml

from scheduler.commands.init_marks import Whose, sealed, whose, with_section

TEXTS = {
    "yaml": "name: a\non: push\n",
    "front matter": "---\nname: b\n---\nText\n",
    "script": "#!/bin/sh\n#MISE x\ntrue\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_was_written_is_told_from_what_was_changed(text: str) -> None:
    written = sealed(text)
    assert whose(written) is Whose.OURS
    assert whose(written.replace("\n", "\r\n")) is Whose.OURS
    assert whose(f"{written}more\n") is Whose.CHANGED
    assert whose(text) is Whose.FOREIGN
    assert written.splitlines()[0] == text.splitlines()[0] or text == TEXTS["yaml"]


def test_front_matter_stays_first_and_can_be_read() -> None:
    head = sealed(TEXTS["front matter"]).split("---\n")[1]
    assert yaml.safe_load(head) == {"name": "b"}


def test_a_section_comes_after_what_people_wrote_and_is_replaced_in_its_place() -> None:
    text, state = with_section("# Ours\n", "one\n")
    assert state is Whose.OURS
    assert text.startswith("# Ours\n\n<!-- schedule init [")
    text, state = with_section(f"{text}\nLast words\n", "two\n")
    assert state is Whose.OURS
    assert "one" not in text
    assert text.index("# Ours") < text.index("two\n") < text.index("Last words")
    assert with_section(text, "two\n") == (text, Whose.OURS)


def test_a_section_that_a_person_changed_is_told() -> None:
    text, _ = with_section("", "one\n")
    _, state = with_section(text.replace("one", "1"), "two\n")
    assert state is Whose.CHANGED


def test_of_a_section_without_an_end_nothing_is_lost() -> None:
    text, _ = with_section("", "one\n")
    cut = text.partition("<!-- end")[0] + "Words of a person\n"
    made, state = with_section(cut, "two\n")
    assert state is Whose.CHANGED
    assert made.endswith("one\nWords of a person\n")
