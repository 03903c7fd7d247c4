"""What a journal answers when it is asked how far a job is, and what of it still decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scheduler.job.model import occurrence_key
from scheduler.journal.comments import head
from scheduler.journal.journal import (
    NEVER_STARTED,
    Claim,
    Entry,
    History,
    Journal,
    highest_attempt,
    read,
)
from scheduler.ports.values import Comment, User
from tests.support.records import NOON, claim

HOUR = timedelta(hours=1)
BOT = "github-actions[bot]"


def key(at: datetime | int) -> str:
    return occurrence_key(42, at)


def of(at: float | str, outcome: str = "dispatched", attempt: int = 1, **more: object) -> Entry:
    """An entry of the instant so many hours after noon, or of a comment: ``"#5"``."""
    name = key(int(at[1:])) if isinstance(at, str) else key(NOON + at * HOUR)
    made = Entry(key=name, attempt=attempt, outcome=outcome, at=NOON)
    return replace(made, **more)  # type: ignore[arg-type]


def journal(*entries: Entry, handled: int | None = None) -> Journal:
    return Journal(id=9, entries=entries, handled=handled)


A, B, C = of(0), of(1, "missed"), of(2, "skipped")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((), None),
        ((A, B, C), C), ((C, A, B), C),
        # Only an end of an instant counts.
        ((A, of(1, NEVER_STARTED)), A), ((A, of(1, "held")), A), ((A, of("#5")), A),
        # Of one that ended twice, the later end.
        ((of(1, "missed"), of(1, attempt=2)), of(1, attempt=2)),
    ],
)  # fmt: skip
def test_the_furthest_instant_that_was_dealt_with(
    entries: tuple[Entry, ...], expected: Entry | None
) -> None:
    assert journal(*entries).furthest == expected


def test_the_last_word_of_each_kind() -> None:
    snoozed = [of(f"#{n}", "pending", until=NOON + n * HOUR) for n in (5, 6)]
    resumed = [of(f"#{n}", "pending") for n in (7, 8)]
    retried = [of(f"#{n}", "pending", again=f"{key(NOON)}~{n}") for n in (2, 3)]
    instead = [of(f"#{n}", instead_of=NOON + n * HOUR) for n in (1, 2)]
    parted = [of(n, "skipped", seen=n) for n in (3, 4)]
    other = [of(9, "pending"), of(9, "held", seen=99), of(8, "missed")]
    found = journal(*resumed, *retried, *snoozed, *instead, *parted, *other)
    assert found.put_off == snoozed[1]
    assert found.resumed == resumed[1]
    assert found.retried == retried[1]
    assert found.instead == instead[1]
    assert found.parted == parted[1]
    assert found.ran == instead[1]
    nothing = journal(*other)
    assert (nothing.put_off, nothing.resumed, nothing.instead, nothing.parted, nothing.ran) == (
        (None,) * 5
    )


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((A, of(1, "held")), 1), ((of(1, "held"), A), 1), ((of(1, "held"), of(1)), None),
        ((of(1, "held"), of(1, NEVER_STARTED)), None), ((of(2, "held"), of(1, "held")), 2),
        ((of(1, "held"), of(2, "held"), of(1, NEVER_STARTED)), 2), ((A, B), None),
    ],
)  # fmt: skip
def test_what_a_person_has_to_say_something_of(
    entries: tuple[Entry, ...], expected: int | None
) -> None:
    assert journal(*entries).held == (None if expected is None else key(NOON + expected * HOUR))


@pytest.mark.parametrize(
    ("entries", "kept", "settled"),
    [
        ((), False, False),
        ((of(0, "held"),), True, True), ((of(0, "held"), of(0, NEVER_STARTED)), False, True),
        ((of(0, NEVER_STARTED),), False, True), ((of(0, NEVER_STARTED, 2),), False, False),
        ((of(0, attempt=2),), False, True), ((of(1, "held"),), False, False),
    ],
)  # fmt: skip
def test_which_claim_is_kept_and_which_is_settled(
    entries: tuple[Entry, ...], kept: bool, settled: bool
) -> None:
    made = claim(key=key(NOON))
    assert journal(*entries).keeps(made) == kept
    assert journal(*entries).records(made) == settled


@pytest.mark.parametrize(
    ("before", "entry", "handled"),
    [
        (None, of("#5"), 5), (3, of("#5", "rejected"), 5), (7, of("#5"), 7), (3, of(1), 3),
        (None, of(1), None), (3, of("#5", "held"), 3), (3, of("#5", NEVER_STARTED), 3),
    ],
)  # fmt: skip
def test_a_comment_is_handled_by_the_end_of_its_occurrence(
    before: int | None, entry: Entry, handled: int | None
) -> None:
    found = journal(A, handled=before).with_entry(entry)
    assert found.handled == handled
    assert found.entries == (A, entry)


def test_of_one_dispatch_only_the_first_telling_is_kept_and_of_all_else_each() -> None:
    told = journal(of(0, run_id=1))
    assert told.with_entry(of(0, run_id=2)).entries == (of(0, run_id=1),)
    assert len(told.with_entry(of(0, attempt=2)).entries) == 2
    held = journal(of(0, "held", seen=5))
    assert held.with_entry(of(0, "held", seen=9)).entries[-1].seen == 9


@pytest.mark.parametrize(
    ("one", "other", "handled"),
    [(None, None, None), (3, None, 3), (None, 3, 3), (3, 5, 5), (5, 3, 5)],
)
def test_two_copies_join_to_what_either_says(
    one: int | None, other: int | None, handled: int | None
) -> None:
    found = journal(A, B, handled=one).joined(replace(journal(B, C, handled=other), id=8))
    assert found == Journal(id=9, entries=(A, B, C), handled=handled)
    assert Journal().joined(journal(A)).id == 9


def test_what_one_copy_left_out_does_not_come_back_from_the_other() -> None:
    older, newer = replace(A, at=NOON), replace(B, at=NOON + timedelta(seconds=1))
    one = replace(journal(C), left_out=NOON)
    assert one.joined(journal(older, newer)).entries == (C, newer)
    for found in (one.joined(replace(journal(), left_out=NOON + HOUR)),
                  replace(journal(), left_out=NOON + HOUR).joined(one)):  # fmt: skip
        assert found.left_out == NOON + HOUR


def comments(*records: object, by: str = BOT) -> list[Comment]:
    return [
        Comment(
            id=number, issue=42, author=User(login=by), created_at=NOON,
            body=record if isinstance(record, str) else head(record),  # type: ignore[arg-type]
        )
        for number, record in enumerate(records, 1)
    ]  # fmt: skip


def test_a_record_that_was_left_behind_is_lost_no_more() -> None:
    history = History(journal=journal(of(0, "skipped", seen=5)), unreadable=(4, 5, 6))
    assert history.lost == (6,)
    assert replace(history, journal=journal(A)).lost == (4, 5, 6)


def test_of_one_attempt_only_the_first_claim_by_its_instant_stands() -> None:
    one, two = claim(2, age=5), claim(1, age=0)
    assert History(claims=(two, one)).standing == (one,)
    unseen = replace(claim(3, age=9), created_at=None)
    assert History(claims=(two, one, unseen)).standing == (unseen,)


def test_attempts_are_counted_for_the_one_occurrence() -> None:
    mine, other = claim(attempt=3), claim(attempt=7, key=key(NOON + HOUR))
    records: list[Claim | Journal] = [
        mine, other, journal(of(0, attempt=4), of(1, attempt=9)),
    ]  # fmt: skip
    assert highest_attempt(comments(*records), key(NOON)) == 4
    assert highest_attempt(comments(*records[:2]), key(NOON)) == 3
    assert highest_attempt([], key(NOON)) == 0


def test_a_login_is_the_same_in_any_letter_case_on_either_side() -> None:
    for by, login in ((BOT.upper(), BOT), (BOT, BOT.upper())):
        assert read(comments(journal(A), by=by), login=login).journal.entries == (A,)


def test_a_copy_is_taken_in_and_named() -> None:
    found = read(comments(journal(A), "a word", journal(B)), login=BOT)
    assert (found.journal.id, found.journal.entries, found.copies) == (1, (A, B), (3,))


def test_one_outcome_that_nobody_knows_makes_a_journal_unreadable() -> None:
    wrong = head(journal(A, B)).replace('"missed"', '"vanished"')
    assert read(comments(wrong), login=BOT).unreadable == (1,)
