from __future__ import annotations

from scheduler.journal.notes import Explanation


def test_the_same_text_is_known_again_and_no_other() -> None:
    assert Explanation.of("a: b") == Explanation.of("a: b")
    assert Explanation.of("a: b") != Explanation.of("a: c")
    assert len(Explanation.of("\ud800" * 9999).text_hash) == 16
