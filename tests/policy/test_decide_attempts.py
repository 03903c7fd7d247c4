from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.job.model import Job
from scheduler.job.states import State
from scheduler.journal.journal import NEVER_STARTED, Claim, Entry, History, Journal
from scheduler.policy.decide import (
    LONGEST_BACKOFF,
    Decision,
    End,
    Fire,
    Limits,
    PutOnHold,
    Wait,
    after_recovery,
    backoff,
    before,
    confirms,
    decide,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
KEY = "42@2026-11-23T12:00:00Z"
OTHER = "42@2026-11-24T12:00:00Z"
SECOND = timedelta(seconds=1)
JOB = Job(run_at=NOON, workflow="run.yml")
LIMITS = Limits(recover_after=120 * SECOND, backoff=30 * SECOND, max_attempts=3)
FIRE = Fire(attempt=1)
MISSED = End(state=State.MISSED, reason="late", attempt=1)
REJECTED = End(state=State.REJECTED, reason="a rule", attempt=1)


def claim(id: int = 1, attempt: int = 1, key: str = KEY) -> Claim:  # noqa: A002
    return Claim(
        id=id, created_at=NOON, key=key, attempt=attempt, nonce=f"n{id}", target="run.yml",
        made_at=NOON, expires_at=NOON + 30 * SECOND,
    )  # fmt: skip


BASES = st.integers(0, 7_200).map(lambda seconds: timedelta(seconds=seconds))


@given(BASES, st.text(), st.integers(1, 99))
def test_the_pause_doubles_within_bounds_and_is_the_same_for_every_tick(
    base: timedelta, key: str, attempt: int
) -> None:
    pause = backoff(base, key=key, attempt=attempt)
    assert pause == backoff(base, key=key, attempt=attempt)
    doubled = min(base * 2 ** min(attempt - 1, 20), LONGEST_BACKOFF)
    assert doubled * 0.75 <= pause <= doubled * 1.25


def test_the_pause_differs_between_jobs_and_is_nothing_of_nothing() -> None:
    pauses = {backoff(30 * SECOND, key=f"{n}@x", attempt=1) for n in range(40)}
    assert len(pauses) > 20
    assert min(pauses) < 28 * SECOND < 32 * SECOND < max(pauses)
    assert backoff(timedelta(0), key=KEY, attempt=9) == timedelta(0)
    assert backoff(SECOND, key=KEY, attempt=10**9) <= LONGEST_BACKOFF * 1.25


def test_after_a_recovery_the_next_attempt_waits_and_then_supersedes() -> None:
    dead = claim(8)
    again = NOON + backoff(LIMITS.backoff, key=KEY, attempt=1)

    def found(now: datetime, github: datetime | None = None, job: Job = JOB) -> Decision:
        known = History(claims=(dead,))
        return after_recovery(job, known, dead, key=KEY, now=now, limits=LIMITS, github_now=github)

    wait = Wait(reason="attempt 1 did not start it", until=again)
    fire = Fire(attempt=2, supersedes=dead)
    assert found(again - SECOND) == wait
    assert found(again) == fire
    assert found(again - SECOND, again - SECOND) == wait
    assert found(again - SECOND, again) == fire
    assert found(again, again - SECOND) == fire
    late = found(again, job=replace(JOB, deadline=SECOND))
    assert isinstance(late, End)
    assert (late.state, late.attempt, late.supersedes) == (State.MISSED, 2, dead)


def test_after_the_last_attempt_it_is_given_up() -> None:
    dead = claim(3, 3)
    tried = tuple(Entry(key=KEY, attempt=n, outcome=NEVER_STARTED, at=NOON) for n in (1, 2))
    known = History(claims=(dead,), journal=Journal(entries=tried))
    found = after_recovery(JOB, known, dead, key=KEY, now=NOON + timedelta(days=1), limits=LIMITS)
    assert isinstance(found, End)
    assert (found.state, found.attempt, found.supersedes) == (State.DISCARDED, 4, dead)


@pytest.mark.parametrize("reopened", [False, True])
def test_a_missed_job_that_was_reopened_runs_late_at_a_further_attempt_too(reopened: bool) -> None:
    dead = claim(3, 2)
    missed = Entry(key=KEY, attempt=1, outcome="missed", at=NOON)
    known = History(claims=(dead,), journal=Journal(entries=(missed,)))
    found = after_recovery(
        replace(JOB, deadline=SECOND), known, dead, key=KEY, now=NOON + timedelta(hours=2),
        limits=LIMITS, reopened=reopened,
    )  # fmt: skip
    assert isinstance(found, Fire if reopened else End)


@pytest.mark.parametrize(
    ("others", "confirmed"),
    [
        ([], True),
        ([claim(9)], True),
        ([claim(4)], False),
        ([claim(9, 2)], False),
        ([claim(4, 2)], False),
        ([claim(4, key=OTHER)], True),
        ([claim(9, 7, key=OTHER)], True),
        ([claim(9), claim(4)], False),
    ],
)
def test_the_lowest_claim_to_an_attempt_wins_and_a_higher_attempt_knows_more(
    others: list[Claim], confirmed: bool
) -> None:
    own = claim(5)
    for known in ((own, *others), (*others, own)):
        assert confirms(FIRE, own, History(claims=known), FIRE) == confirmed


@pytest.mark.parametrize(
    ("id", "seconds", "confirmed"),
    [(9, 0, True), (9, 1, True), (4, 1, False), (9, -1, False), (4, -1, False)],
)
def test_a_claim_that_was_made_earlier_wins_as_well_as_a_lower_id(
    id: int,  # noqa: A002
    seconds: int,
    confirmed: bool,
) -> None:
    """Nobody promises that ids rise as comments are written: both withdraw rather than none."""
    own = claim(5)
    other = replace(claim(id), created_at=NOON + seconds * SECOND)
    assert confirms(FIRE, own, History(claims=(own, other)), FIRE) == confirmed
    if confirmed:
        assert not confirms(FIRE, other, History(claims=(own, other)), FIRE)


def test_a_lower_attempt_does_not_stop_the_one_that_supersedes_it() -> None:
    own = claim(5, 2)
    assert confirms(Fire(attempt=2), own, History(claims=(claim(4), own)), Fire(attempt=2))


@pytest.mark.parametrize(
    ("decision", "fresh", "confirmed"),
    [
        (FIRE, FIRE, True),
        (FIRE, Fire(attempt=2), False),
        (FIRE, Wait(reason="not yet due"), False),
        (FIRE, PutOnHold(reason="forged"), False),
        (FIRE, MISSED, False),
        (MISSED, MISSED, True),
        (MISSED, replace(MISSED, reason="later still"), True),
        (MISSED, replace(MISSED, attempt=2), False),
        (MISSED, FIRE, False),
        (MISSED, REJECTED, False),
        (REJECTED, FIRE, True),
        (REJECTED, REJECTED, True),
        (REJECTED, MISSED, False),
        (REJECTED, Wait(reason="not yet due"), False),
    ],
)
def test_both_readings_must_say_the_same(
    decision: Fire | End, fresh: Decision, confirmed: bool
) -> None:
    own = claim(5)
    assert confirms(decision, own, History(claims=(own,)), fresh) == confirmed


def test_before_a_claim_is_what_was_known_without_it_and_its_rivals() -> None:
    own = claim(5, 2)
    kept = (claim(1), claim(4, 2, OTHER), claim(8, 3))
    known = History(claims=(*kept, own, claim(6, 2), claim(4, 2)), foreign=(("stranger", 1),))
    assert before(known, own) == History(claims=kept, foreign=(("stranger", 1),))


def test_attempts_that_ran_out_count_before_a_deadline_that_passed() -> None:
    job = replace(JOB, deadline=SECOND)
    tried = tuple(Entry(key=KEY, attempt=n, outcome=NEVER_STARTED, at=NOON) for n in (1, 2, 3))
    found = decide(
        job, History(journal=Journal(entries=tried)), key=KEY, now=NOON + 9 * SECOND, limits=LIMITS
    )
    assert isinstance(found, End)
    assert found.state is State.DISCARDED


@pytest.mark.parametrize("shown", [True, False])
def test_the_pause_counts_from_when_github_shows_the_claim(shown: bool) -> None:
    made = replace(claim(), made_at=NOON - 3600 * SECOND, created_at=NOON if shown else None)
    begins = NOON if shown else made.made_at
    pause = backoff(LIMITS.backoff, key=KEY, attempt=1)
    for after, waits in ((pause - SECOND, True), (pause, False)):
        found = after_recovery(
            JOB, History(claims=(made,)), made, key=KEY, now=begins + after, limits=LIMITS
        )
        assert isinstance(found, Wait) == waits
