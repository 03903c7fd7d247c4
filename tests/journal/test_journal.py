from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler.job.states import State
from scheduler.journal.comments import head, journal_comment
from scheduler.journal.journal import (
    NEVER_STARTED,
    Claim,
    Entry,
    History,
    Journal,
    claim_of,
    highest_attempt,
    never_started,
    read,
)
from scheduler.journal.notes import Explanation, News
from scheduler.ports.values import Comment, User
from scheduler.times.bounds import EARLIEST, LATEST

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
KEY = "42@2026-11-23T12:00:00Z"
OTHER = "42@2026-11-24T12:00:00Z"
BOT = "github-actions[bot]"


def claim(id: int = 1, attempt: int = 1, key: str = KEY, supersedes: int | None = None) -> Claim:  # noqa: A002
    return Claim(
        id=id,
        created_at=NOON,
        key=key,
        attempt=attempt,
        nonce=f"n{id}",
        target="run.yml",
        made_at=NOON,
        expires_at=NOON + timedelta(seconds=30),
        supersedes=supersedes,
    )


def entry(outcome: str = "dispatched", attempt: int = 1, key: str = KEY) -> Entry:
    return Entry(key=key, attempt=attempt, outcome=outcome, at=NOON)


def comment(body: str, id: int = 1, login: str = BOT) -> Comment:  # noqa: A002
    return Comment(id=id, issue=42, body=body, author=User(login=login), created_at=NOON)


def history(*bodies: str) -> History:
    return read([comment(body, number) for number, body in enumerate(bodies, 1)], login=BOT)


TEXT = st.text() | st.sampled_from([
    "-->", "--!>", "\n<!-- schedule:claim {} -->", "<script>", "\r\n", "\u2028", '"}', "\\", "@all",
    '<!-- schedule:journal {"v":1,"entries":[]} -->', "`", "\x00", "\ud800", "</details>",
])  # fmt: skip
SOME = TEXT.filter(bool)
IDS = st.integers(0, 2**62)
INSTANTS = st.datetimes(
    EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None), timezones=st.just(timezone.utc)
)
CLAIMS = st.builds(
    Claim, id=st.just(7), created_at=st.just(NOON), key=SOME, attempt=IDS, nonce=SOME,
    target=SOME, made_at=INSTANTS, expires_at=INSTANTS, newest_run=st.none() | IDS,
    supersedes=st.none() | IDS, title=TEXT,
)  # fmt: skip
ENTRIES = st.builds(
    Entry, key=SOME, attempt=IDS, at=INSTANTS, reason=TEXT, run_id=st.none() | IDS, run_url=TEXT,
    outcome=st.sampled_from([*(state.value for state in State), NEVER_STARTED]),
    lateness_s=st.none() | st.floats(allow_nan=False, allow_infinity=False), matched=TEXT,
    claim=st.none() | IDS, target=TEXT, seen=st.none() | IDS, conclusion=TEXT,
    ended_at=st.none() | INSTANTS, told=TEXT,
    took_s=st.none() | st.floats(min_value=0, allow_nan=False, allow_infinity=False),
)  # fmt: skip
JOURNALS = st.lists(ENTRIES, max_size=4, unique=True).map(lambda e: Journal(id=7, entries=tuple(e)))
EXPLANATIONS = st.builds(Explanation, id=st.just(7), text_hash=SOME)


def believed(found: History) -> Iterable[Claim | Journal | Explanation]:
    journals = [found.journal] if found.journal.id else []
    return [*found.claims, *journals, *found.explanations]


@given(CLAIMS | JOURNALS | EXPLANATIONS, TEXT)
def test_what_is_written_is_read_as_the_same(
    record: Claim | Journal | Explanation, below: str
) -> None:
    found = read([comment(f"{head(record)}\n{below}", 7)], login=BOT)
    assert list(believed(found)) == [record]
    assert (found.unreadable, found.foreign) == ((), ())


@given(CLAIMS | JOURNALS | EXPLANATIONS)
@example(Journal(entries=(Entry(key="k", attempt=1, outcome="held", at=NOON, reason="--> @all"),)))
def test_no_text_ends_the_hidden_comment(record: Claim | Journal | Explanation) -> None:
    text = head(record)
    assert text.startswith("<!-- schedule:")
    assert text.endswith(" -->")
    inner = text[4:-3]
    assert "<" not in inner
    assert ">" not in inner
    assert inner.isascii()
    assert inner.isprintable()


def test_the_shape_that_other_programs_may_read() -> None:
    assert head(claim(supersedes=3)) == (
        '<!-- schedule:claim {"v":1,"key":"42@2026-11-23T12:00:00Z","attempt":1,"nonce":"n1",'
        '"target":"run.yml","made_at":"2026-11-23T12:00:00.000000Z",'
        '"expires_at":"2026-11-23T12:00:30.000000Z","supersedes":3} -->'
    )
    journal = Journal(id=5, entries=(entry("missed"),))
    assert head(journal) == (
        '<!-- schedule:journal {"v":1,"entries":[{"key":"42@2026-11-23T12:00:00Z","attempt":1,'
        '"outcome":"missed","at":"2026-11-23T12:00:00.000000Z"}]} -->'
    )
    assert head(Explanation(text_hash="a")) == '<!-- schedule:invalid {"v":1,"text_hash":"a"} -->'


def test_the_id_and_time_of_a_claim_are_those_of_its_comment() -> None:
    lying = head(claim()).replace('"v":1', '"v":1,"id":1,"created_at":"2001-01-01T00:00:00Z"')
    (found,) = read([comment(lying, 99)], login=BOT).claims
    assert (found.id, found.created_at) == (99, NOON)


@pytest.mark.parametrize("login", [BOT, BOT.upper(), "GitHub-Actions[bot]"])
def test_records_of_the_own_login_in_any_case_are_believed(login: str) -> None:
    assert len(read([comment(head(claim()), login=login)], login=BOT).claims) == 1


@pytest.mark.parametrize("login", ["stranger", "github-actions", "github-actions[bot]x", ""])
def test_records_of_others_are_foreign_and_not_believed(login: str) -> None:
    bodies = [head(claim()), head(Journal(entries=(entry(),))), head(Explanation(text_hash="x"))]
    found = read([comment(b, n, login) for n, b in enumerate(bodies, 1)], login=BOT)
    assert found.foreign == ((login, 1), (login, 2))
    assert list(believed(found)) == []
    assert found.unreadable == ()


def test_what_others_write_badly_is_only_text() -> None:
    assert read([comment("<!-- schedule:claim {} -->", login="stranger")], login=BOT) == History()


@pytest.mark.parametrize(
    "body",
    ["hello", *(before + head(claim()) for before in (" ", "> ", "\n", "```\n", "\ufeff"))],
)
def test_a_record_stands_at_the_very_head(body: str) -> None:
    assert history(body) == History()
    assert not claim_of(comment(body))


GOOD = json.loads(head(claim()).removeprefix("<!-- schedule:claim ").removesuffix(" -->"))


def as_claim(**changes: object) -> str:
    data = {name: value for name, value in {**GOOD, **changes}.items() if value != "(gone)"}
    return f"<!-- schedule:claim {json.dumps(data)} -->"


def as_journal(entries: object, v: object = 1) -> str:
    return f"<!-- schedule:journal {json.dumps({'v': v, 'entries': entries})} -->"


ENTRY = {"key": KEY, "attempt": 1, "outcome": "held", "at": "2026-11-23T12:00:00Z"}
BROKEN = [
    as_claim(v=2), as_claim(v="1"), as_claim(v=None), as_claim(v="(gone)"), as_claim(key=1),
    as_claim(key=None), as_claim(key="(gone)"), as_claim(attempt="1"), as_claim(attempt=True),
    as_claim(attempt=1.5), as_claim(attempt=-1), as_claim(newest_run=2**63),
    as_claim(made_at="soon"), as_claim(made_at=5), as_claim(made_at=None),
    as_claim(extra=1), as_claim(newest_run="1"), as_claim(target=["x"]),
    as_claim(made_at="0001-01-01T00:00:00+23:59"), as_claim(made_at="9999-12-31T23:59:59Z"),
    as_claim(made_at="2026-11-23T12:00:00"),
    as_claim()[:-5], as_claim()[:-4] + "\n-->", as_claim().replace('"v"', "v"),
    "<!-- schedule:claim {} -->", "<!-- schedule:claim [] -->", "<!-- schedule:claim",
    "<!-- schedule:claim " + '{"a":' * 9999 + "1" + "}" * 9999 + " -->",
    "<!-- schedule:paused {} -->", as_journal(None), as_journal("abc"), as_journal([1]),
    as_journal([ENTRY], v=2), as_journal([{**ENTRY, "outcome": "gone"}]),
    as_journal([{**ENTRY, "lateness_s": "1"}]), as_journal([{**ENTRY, "more": 1}]),
    as_journal([ENTRY, {"key": KEY}]), '<!-- schedule:journal {"v":1} -->',
    '<!-- schedule:invalid {"v":1} -->', '<!-- schedule:invalid {"v":1,"text_hash":1} -->',
]  # fmt: skip


@pytest.mark.parametrize("body", BROKEN)
def test_an_own_record_that_is_damaged_or_newer_is_unreadable(body: str) -> None:
    found = history(head(claim()), body)
    assert found.unreadable == (2,)
    assert [each.id for each in found.claims] == [1]
    assert read([comment(body, login="stranger")], login=BOT) == History()


@given(st.text(max_size=40), st.sampled_from(["claim", "journal", "invalid", "x"]))
def test_no_comment_breaks_the_reading(text: str, kind: str) -> None:
    found = history(f"<!-- schedule:{kind} {{{text}}} -->", f"<!-- schedule:{kind}{text}")
    assert len(found.unreadable) <= 2


def test_two_journals_count_as_one() -> None:
    both = [Journal(entries=(entry("held"),)), Journal(entries=(entry("held"), entry(attempt=2)))]
    found = history(*map(head, both))
    assert found.journal == Journal(id=1, entries=(entry("held"), entry(attempt=2)))


def ended(word: str, **changes: object) -> Entry:
    return replace(entry(), conclusion=word, **changes)  # type: ignore[arg-type]


def test_the_end_of_a_run_is_written_once_and_no_other_tick_takes_it_back() -> None:
    fresh = Journal(entries=(entry(attempt=1), entry(attempt=2), entry("held", key=OTHER)))
    assert [e.attempt for e in fresh.unknown] == [1, 2]
    told = fresh.with_ends([ended("success", run_id=7, took_s=2.0, told="so")])
    assert told.entries[0] == ended("success", run_id=7, took_s=2.0, told="so")
    assert told.entries[1:] == fresh.entries[1:]
    assert told.with_ends([ended("failure", run_id=8)]) == told
    assert told.with_ends([entry("held", key=OTHER)]) is told
    for joined in (told.joined(fresh), fresh.joined(told)):
        assert joined.entries == told.entries


def test_a_run_that_was_found_later_stands_in_the_entry_with_its_end() -> None:
    named = replace(entry(), run_id=3, run_url="there", matched="its key")
    assert Journal(entries=(named,)).with_ends([ended("success", run_id=9)]).entries == (
        replace(named, conclusion="success"),
    )
    later = ended("success", run_id=9, run_url="here", matched="its title")
    assert Journal(entries=(entry(),)).with_ends([later]).entries == (later,)


def test_what_was_told_of_a_run_is_found_again() -> None:
    found = history(head(News(key=KEY, run_id=7)), head(News(key=OTHER)))
    assert found.news == (News(id=1, key=KEY, run_id=7), News(id=2, key=OTHER))
    assert not found.unreadable
    other = read([comment(head(News(key=KEY)), login="stranger")], login=BOT)
    assert (other.news, other.foreign, other.unreadable) == ((), (), ())


def test_of_what_was_told_twice_all_but_the_first_is_known() -> None:
    one, other = News(key=KEY, run_id=7), News(key=KEY, run_id=8)
    found = history(head(one), head(other), head(one), head(News(key=OTHER, run_id=7)), head(one))
    assert found.told_twice == (3, 5)
    assert history(head(one), head(other)).told_twice == ()


def test_what_a_full_journal_left_out_does_not_come_back_from_an_older_copy() -> None:
    def nth(number: int) -> Entry:
        return replace(entry(key=f"{number}@x"), at=NOON + timedelta(minutes=number))

    older = Journal(entries=tuple(nth(number) for number in range(170)))
    since = Journal(entries=older.entries[10:])
    assert since.joined(older).entries == since.entries
    recent = (*older.entries, nth(170))
    assert since.joined(Journal(entries=recent)).entries[-1] == nth(170)
    assert set(Journal(entries=recent[100:130]).joined(older).entries) == {
        *recent[100:130], *older.entries
    }, "one that is not full has left nothing out"  # fmt: skip


def test_what_ran_after_it_was_missed_is_kept_however_much_is_written_since() -> None:
    ran = entry(attempt=2)
    since = [entry("rejected", key=f"1@comment-{number}") for number in range(1, 200)]
    found = history(head(Journal(entries=(entry("missed"), ran, *since)))).journal
    assert found.of(KEY) == (ran,)
    assert found.furthest == ran


def test_that_a_job_was_missed_is_kept_whatever_ended_it_since() -> None:
    """Reopened once more it still has no deadline."""
    missed, skipped = entry("missed"), entry("skipped", attempt=2)
    since = [entry("rejected", key=f"1@comment-{number}") for number in range(1, 200)]
    found = history(head(Journal(entries=(missed, skipped, *since)))).journal
    assert found.of(KEY) == (missed, skipped)


def test_a_journal_grows_and_tells_occurrences_apart() -> None:
    journal = Journal(id=3).with_entry(entry("held")).with_entry(entry(key=OTHER))
    assert journal == Journal(id=3, entries=(entry("held"), entry(key=OTHER)))
    assert journal.of(KEY) == (entry("held"),)
    assert journal.of("1@2026-11-23T12:00:00Z") == ()


def test_of_two_claims_to_one_attempt_the_earlier_may_have_a_run() -> None:
    first, lower = claim(9), replace(claim(2), created_at=NOON + timedelta(seconds=1))
    assert History(claims=(lower, first)).standing == (first,)


@pytest.mark.parametrize(
    ("claims", "entries", "standing"),
    [
        ([], [], []),
        ([claim(1)], [], [1]),
        ([claim(2), claim(1)], [], [1]),
        ([claim(1), claim(2, 2)], [], [1, 2]),
        ([claim(1), claim(2, 2, supersedes=1)], [], [2]),
        ([claim(1), claim(2, 2, supersedes=1), claim(3, 3, supersedes=2)], [], [3]),
        ([claim(5), claim(6, 2, supersedes=5), claim(7, 2, supersedes=5)], [], [6]),
        ([claim(1)], [entry()], []),
        ([claim(1)], [entry(NEVER_STARTED)], []),
        ([claim(1)], [entry("held")], []),
        ([claim(1)], [entry("held", 2)], [1]),
        ([claim(1)], [entry(attempt=2)], []),
        ([claim(1)], [entry(key=OTHER)], [1]),
        ([claim(1), claim(2, 2)], [entry("held")], [2]),
        ([claim(1), claim(2, 2)], [entry()], []),
        ([claim(1), claim(2, key=OTHER)], [entry()], [2]),
        ([claim(1), claim(2)], [entry()], []),
    ],
)
def test_which_claims_stand(claims: list[Claim], entries: list[Entry], standing: list[int]) -> None:
    found = History(claims=tuple(claims), journal=Journal(id=9, entries=tuple(entries)))
    assert [each.id for each in found.standing] == standing


def test_that_nothing_started_settles_a_claim() -> None:
    settled = never_started(claim(8, 3), NOON)
    assert (settled.key, settled.attempt, settled.claim, settled.target) == (KEY, 3, 8, "run.yml")
    assert settled.outcome == NEVER_STARTED
    assert History(claims=(claim(8, 3),), journal=Journal(entries=(settled,))).standing == ()


def test_the_highest_attempt_counts_whoever_wrote_it() -> None:
    comments = [
        comment(head(claim(attempt=2)), 1),
        comment(head(claim(attempt=7)), 2, "stranger"),
        comment(head(Journal(entries=(entry(attempt=4), entry(attempt=9, key=OTHER)))), 3),
        comment("text", 4),
    ]
    assert highest_attempt(comments, KEY) == 7
    assert highest_attempt(comments[2:], KEY) == 4
    assert highest_attempt(comments, OTHER) == 9
    assert highest_attempt([], KEY) == 0


def test_only_a_claim_is_a_claim() -> None:
    assert claim_of(comment(head(claim())))
    assert not claim_of(comment(head(Journal(entries=(entry(),)))))
    assert not claim_of(comment(as_claim(v=2)))


def test_the_longest_journal_fits_into_a_comment() -> None:
    many = tuple(
        Entry(key=KEY, attempt=n, outcome=State.DISCARDED.value, at=NOON, reason="ü" * 500, claim=n)
        for n in range(1, 600)
    )
    body = journal_comment(Journal(id=1, entries=many))
    assert len(body) < 65_536
    assert f'"attempt":{many[-1].attempt}' in body
