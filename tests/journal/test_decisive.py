"""Which entries of a journal still decide something."""

from __future__ import annotations

import pytest

from scheduler.journal.decisive import decisive
from scheduler.journal.journal import NEVER_STARTED, Entry
from tests.journal.test_journal_answers import journal, of


@pytest.mark.parametrize(
    ("entries", "handled", "expected"),
    [
        # An instant that is behind the furthest is never looked at again; that one may be.
        ((of(0), of(1)), None, {1}),
        ((of(0, "held"), of(1)), None, {0, 1}),
        ((of(1, NEVER_STARTED), of(1, NEVER_STARTED, 2), of(1, attempt=3)), None, {2}),
        ((of(1, NEVER_STARTED), of(1, NEVER_STARTED, 2)), None, {0, 1}),
        # What ran last may be tried again, though a later instant was skipped.
        ((of(0), of(1), of(2, "skipped")), None, {1, 2}),
        # What ran after it was missed and reopened.
        ((of(1, "missed"), of(1, attempt=2), of(1, "missed", 3)), None, {1, 2}),
        # A command that was not dealt with, and one that was.
        ((of(1), of("#5", NEVER_STARTED)), 4, {0, 1}),
        ((of(1), of("#5", NEVER_STARTED)), 5, {0}),
    ],
)
def test_which_entries_still_decide_something(
    entries: tuple[Entry, ...], handled: int | None, expected: set[int]
) -> None:
    assert decisive(journal(*entries, handled=handled)) == expected
