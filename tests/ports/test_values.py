"""What the ports' own values say of themselves."""

from __future__ import annotations

import pytest

from scheduler.ports.values import Target

HERE = "octo/queue"


@pytest.mark.parametrize(
    ("target", "word"),
    [
        (Target(repo=HERE, ref="main", workflow="run.yml"), "octo/queue run.yml@main"),
        (Target(repo=HERE, ref="", workflow="run.yml"), "octo/queue run.yml@"),
        (Target(repo=HERE, ref="a@b", workflow="a b.yml"), "octo/queue a b.yml@a@b"),
        (Target(repo=HERE, ref="main", workflow="a@b.yml"), "octo/queue a%40b.yml@main"),
        (Target(repo=HERE, ref="x%40", workflow="%40@.yml"), "octo/queue %2540%40.yml@x%40"),
        (Target(repo=HERE, ref="", event="check"), "octo/queue check"),
        (Target(repo=HERE, ref="", event="deploy@prod 1"), "octo/queue deploy%40prod 1"),
    ],
)
def test_a_target_is_read_from_the_word_that_a_claim_has_for_it(target: Target, word: str) -> None:
    assert target.word == word
    assert Target.of(word) == target
