"""What a comment can't hold of a journal falls out of it; what still decides never does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.job.model import Job, occurrence_comment, occurrence_instant
from scheduler.job.states import State
from scheduler.journal import comments
from scheduler.journal import journal as written
from scheduler.journal.comments import LONGEST_LINE, head
from scheduler.journal.journal import ENDS, NEVER_STARTED, Claim, Entry, History, Journal, read
from scheduler.policy import decide
from scheduler.ports.values import Comment, User
from tests.faults.series import entries as told
from tests.tick.test_slash_commands import say
from tests.tick.test_slash_faults import held

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
LIMITS = decide.Limits(
    recover_after=timedelta(minutes=2), backoff=timedelta(seconds=30), max_attempts=5
)
BOT = "github-actions[bot]"
KEYS = [f"42@{NOON + timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(6)]
ASKED = [f"42@comment-{n}" for n in range(101, 109)]
OUTCOMES = [
    State.DISPATCHED, State.MISSED, State.REJECTED, State.DISCARDED, State.HELD, State.PENDING,
    State.PAUSED, State.CANCELLED, State.SKIPPED,
]  # fmt: skip


def kept(journal: Journal) -> Journal:
    """The journal as the next tick reads it."""
    body = f"{head(journal)}\nwords"
    comment = Comment(id=7, issue=42, body=body, author=User(login=BOT), created_at=NOON)
    found = read([comment], login=BOT)
    assert not found.unreadable
    return found.journal


@st.composite
def entry(draw: st.DrawFn, keys: list[str]) -> Entry:
    key = draw(st.sampled_from(keys))
    outcome = draw(st.sampled_from([each.value for each in OUTCOMES] + [NEVER_STARTED] * 3))
    asked = outcome == State.DISPATCHED.value and "comment" in key
    over = outcome not in (State.HELD.value, NEVER_STARTED)
    return Entry(
        key=key,
        attempt=draw(st.integers(1, 4)),
        outcome=outcome,
        at=NOON,
        reason="because of it",
        run_id=draw(st.integers(1, 9)) if outcome == State.DISPATCHED.value else None,
        target="octo/queue run.yml@main",
        seen=draw(st.none() | st.integers(1, 99)) if over else draw(st.integers(1, 99)),
        until=NOON if outcome == State.PENDING.value and draw(st.booleans()) else None,
        instead_of=NOON if asked and draw(st.booleans()) else None,
    )


def noise(number: int) -> Entry:
    """What a command leaves behind that asks for nothing."""
    return Entry(
        key=f"42@comment-{number}", attempt=1, outcome=State.REJECTED.value, at=NOON,
        reason="no command",
    )  # fmt: skip


def undecided(journal: Journal) -> list[str]:
    """The occurrences that may be looked at again."""
    reached = occurrence_instant(journal.furthest.key) if journal.furthest else None

    def looked_at(key: str) -> bool:
        instant = occurrence_instant(key)
        if instant is None:
            return occurrence_comment(key) > (journal.handled or 0)
        return reached is None or instant >= reached

    last = {each.key: each.outcome for each in journal.entries}
    return sorted(key for key, end in last.items() if looked_at(key) or end == State.HELD.value)


def decisions(journal: Journal, keys: Iterable[str]) -> list[object]:
    """Everything that is decided by a journal."""
    last = next((e for e in reversed(journal.entries) if e.run_id), None)
    found: list[object] = [
        journal.held, journal.handled, journal.furthest and journal.furthest.key,
        journal.put_off and journal.put_off.until, journal.instead and journal.instead.key,
        journal.parted and journal.parted.seen, journal.resumed and journal.resumed.key,
        journal.retried and journal.retried.again, last and (last.run_id, last.target),
    ]  # fmt: skip
    for key in keys:
        job = Job(run_at=NOON, workflow="run.yml", deadline=timedelta(days=9))
        claim = Claim(
            id=1, key=key, attempt=1, nonce="n", target="t", made_at=NOON, expires_at=NOON
        )
        known = History(journal=journal)
        found += [key, decide.used(known, key), decide.next_attempt(known, key)]
        found += [journal.keeps(claim), [e.seen for e in journal.of(key)[-1:]]]
        for reopened in (False, True):
            for late in (timedelta(1), timedelta(99)):
                decision = decide.decide(
                    job, known, key=key, now=NOON + late, limits=LIMITS, reopened=reopened
                )
                if isinstance(decision, decide.Finish):
                    entry = replace(decision.entry, run_url="", reason="", target="")
                    decision = replace(decision, entry=entry)
                found.append(str(decision))
    return found


def in_order(told: list[Entry]) -> list[Entry]:
    """The entries that a tick can have written in this order.

    An attempt is numbered above all before it. Nothing is written any more of what was
    dispatched, nor, but where it is on hold, of a command that was handled or an instant that
    is behind the latest that ended.
    """
    found: list[Entry] = []
    highest: dict[str, int] = {}
    ran, on_hold = set(), set()
    handled, reached = 0, NOON
    for each in told:
        comment, instant = occurrence_comment(each.key), occurrence_instant(each.key)
        behind = comment <= handled if instant is None else instant < reached
        if each.key in ran or (behind and each.key not in on_hold):
            continue
        if each.outcome == State.HELD.value:
            on_hold.add(each.key)
        elif each.outcome != NEVER_STARTED:
            on_hold.discard(each.key)
            handled = max(handled, comment)
        if each.outcome in ENDS:
            reached = max(reached, instant or reached)
        if each.outcome == State.DISPATCHED.value:
            ran.add(each.key)
        highest[each.key] = max(each.attempt, highest.get(each.key, 1))
        found.append(replace(each, attempt=highest[each.key]))
    return found


histories = st.lists(entry(KEYS + ASKED), max_size=30).map(in_order)


@given(histories, st.integers(0, 12))
@settings(deadline=None)
def test_what_still_decides_never_falls_out(told: list[Entry], more: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        for module in (written, comments):
            patched.setattr(module, "WHOLE", 1)
            patched.setattr(module, "OLDER", 2)
        whole = bounded = Journal()
        for each in (*told, *(noise(n) for n in range(1, more + 1))):
            whole, bounded = whole.with_entry(each), kept(bounded.with_entry(each))
            keys = undecided(whole)
            assert keys == undecided(bounded)
            assert decisions(bounded, keys) == decisions(whole, keys)


@given(histories)
@settings(max_examples=20, deadline=None)
def test_200_refusals_push_out_nothing_that_decides(told: list[Entry]) -> None:
    whole = Journal()
    for each in (*told, *(noise(n) for n in range(200, 400))):
        whole = whole.with_entry(each)
    bounded = kept(whole)
    keys = undecided(whole)
    assert decisions(bounded, keys) == decisions(whole, keys)
    assert len(head(bounded)) <= LONGEST_LINE + 100


@pytest.mark.slow
def test_a_held_job_stays_held_however_many_commands_are_refused() -> None:
    made = held()
    on_hold = told(made)[-1]
    for _ in range(170):
        say(made, "/run")
    for _ in range(3):
        made.clock.sleep(60)
        made.tick()
    assert len(told(made)) > 150
    assert made.history(1).journal.held == on_hold.key
    assert "schedule:held" in made.hub.ticket(1).labels
    assert made.count("s") == 1
    say(made, "/resolve again")
    made.clock.sleep(60)
    made.tick()
    assert [sent.key for sent in made.hub.sent] == [on_hold.key] * 2


@pytest.mark.slow
def test_attempts_that_count_are_counted_however_much_was_said_between() -> None:
    tried = [Entry(key=KEYS[0], attempt=n, outcome=NEVER_STARTED, at=NOON) for n in (1, 2, 3)]
    journal = Journal()
    for each in tried:
        for number in range(60):
            journal = journal.with_entry(noise(number + 1))
        journal = kept(journal.with_entry(each))
    for number in range(170):
        journal = kept(journal.with_entry(noise(number + 1)))
    assert decide.used(History(journal=journal), KEYS[0]) == 3
    assert decide.next_attempt(History(journal=journal), KEYS[0]) == 4


@pytest.mark.slow
def test_what_decides_fits_into_a_comment_even_where_it_is_very_much() -> None:
    journal = Journal()
    for n in range(500):
        key = f"octo/{'q' * 90}#42@{NOON + timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ}"
        end = State.REJECTED if n else State.DISPATCHED
        journal = journal.with_entry(
            Entry(key=key, attempt=1, outcome=end.value, at=NOON, reason="no " * 60, run_id=5)
        )
    assert len(head(journal)) <= LONGEST_LINE + 100
    found = kept(journal)
    assert found.furthest is not None
    assert found.furthest.key == journal.entries[0].key
    assert found.entries[-1].key == journal.entries[-1].key


def test_what_did_not_fit_does_not_come_back_from_an_older_copy() -> None:
    where = f"octo/{'q' * 90}#42"
    at = [NOON + timedelta(hours=n) for n in range(400)]
    journal = Journal()
    for n, instant in enumerate(at):
        until = instant if n in {3, 399} else None
        journal = journal.with_entry(
            Entry(
                key=f"{where}@comment-{n + 1}", attempt=1, outcome="pending", at=instant,
                target="t " * 40, until=until, run_url="u" * 200,
            )
        )  # fmt: skip
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(comments, "LONGEST_LINE", 9_000)
        newest = kept(journal)
    assert len(newest.entries) < written.WHOLE + written.OLDER
    assert newest.joined(journal).entries == newest.entries
    later = journal.with_entry(replace(noise(999), at=NOON + timedelta(days=99)))
    assert newest.joined(later).entries[-1].key == "42@comment-999"
    assert newest.joined(later).put_off == newest.put_off


@pytest.mark.slow
def test_a_series_of_years_keeps_its_place_and_its_last_run() -> None:
    journal = Journal()
    for n in range(200):
        key = f"42@{NOON + timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ}"
        journal = kept(
            journal.with_entry(
                Entry(key=key, attempt=1, outcome="dispatched", at=NOON, run_id=n, target="o/q x@m")
            )
        )
    assert len(journal.entries) == written.WHOLE + written.OLDER


def test_a_long_journal_keeps_how_each_run_ended_and_how_long_it_took() -> None:
    ended = [
        Entry(
            key=f"42@2026-11-{1 + n % 28:02}T{n % 24:02}:{n % 60:02}:00Z", attempt=1, at=NOON,
            outcome=State.DISPATCHED.value, run_id=n, target="octo/queue run.yml@main",
            conclusion="failure", ended_at=NOON, took_s=float(n), told="why " * 99,
        )
        for n in range(1, 161)
    ]  # fmt: skip
    journal = kept(kept(Journal(entries=tuple(ended))))
    assert len(head(journal)) <= LONGEST_LINE + 200
    assert len(journal.entries) == 160
    assert {e.conclusion for e in journal.entries} == {"failure"}
    assert [e.took_s for e in journal.entries] == [e.took_s for e in ended]
    whole = [e for e in journal.entries if e.told]
    assert {len(e.told) for e in whole} == {written.LONGEST_REASON}
    assert {*journal.entries[-10:]} <= {*whole}
    assert len(whole) <= 11  # and the one that says how far the series is
