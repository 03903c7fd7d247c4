from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from scheduler.job.states import TERMINAL, State
from scheduler.journal.journal import NEVER_STARTED, Claim, Entry, History
from scheduler.journal.notes import News
from scheduler.journal.slash import Command, Resolution
from scheduler.policy.decide import (
    Decision,
    End,
    Finish,
    Fire,
    PutOnHold,
    Recover,
    Resolve,
    Wait,
    Wanted,
    decide,
    next_attempt,
    used,
)
from tests.support.records import (
    AGAIN,
    JOB,
    KEY,
    LIMITS,
    NOON,
    OTHER,
    RAN,
    SECOND,
    claim,
    entry,
    history,
)

ENDS = ["missed", "rejected", "discarded", "cancelled", "skipped"]


@pytest.mark.parametrize(
    ("late", "deadline", "expected"),
    [
        (-SECOND, None, Wait(reason="not yet due", until=NOON)),
        (timedelta(microseconds=-1), None, Wait(reason="not yet due", until=NOON)),
        (timedelta(0), None, Fire(attempt=1)),
        (timedelta(days=400), None, Fire(attempt=1)),
        (-SECOND, timedelta(hours=1), Wait(reason="not yet due", until=NOON)),
        (timedelta(0), timedelta(hours=1), Fire(attempt=1)),
        (timedelta(hours=1), timedelta(hours=1), Fire(attempt=1)),
        (
            timedelta(hours=1) + SECOND,
            timedelta(hours=1),
            End(
                state=State.MISSED,
                reason="its deadline passed at 2026-11-23 13:00:00 UTC; it would be 1:00:01 late",
                attempt=1,
            ),
        ),
        (timedelta(hours=1), NOON + timedelta(hours=1), Fire(attempt=1)),
        (
            timedelta(days=2),
            NOON + timedelta(hours=1),
            End(
                state=State.MISSED,
                reason="its deadline passed at 2026-11-23 13:00:00 UTC; "
                "it would be 2 days, 0:00:00 late",
                attempt=1,
            ),
        ),
        (timedelta(0), timedelta(microseconds=1), Fire(attempt=1)),
    ],
)  # fmt: skip
def test_how_late_decides(
    late: timedelta, deadline: timedelta | datetime | None, expected: Decision
) -> None:
    job = replace(JOB, deadline=deadline)
    assert decide(job, History(), key=KEY, now=NOON + late, limits=LIMITS) == expected


CLAIMED = Wait(reason="a tick has claimed it", state=State.DISPATCHING)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ([claim(age=0)], CLAIMED),
        ([claim(age=119)], CLAIMED),
        ([claim(age=120)], Recover(claim=claim(age=120))),
        ([claim(age=-60)], CLAIMED),
        ([claim(1, age=500), claim(2, 2, age=119)], CLAIMED),
        ([claim(1, age=500), claim(2, 2, age=120)], Recover(claim=claim(1, age=500))),
        ([claim(1, age=500), claim(2, age=130)], Recover(claim=claim(1, age=500))),
        ([claim(age=119, key=OTHER)], CLAIMED),
        ([claim(age=120, key=OTHER)], Recover(claim=claim(age=120, key=OTHER))),
    ],
)
def test_a_claim_that_stands_is_waited_for_and_then_recovered(
    claims: list[Claim], expected: Decision
) -> None:
    for job in (JOB, replace(JOB, run_at=NOON + timedelta(days=1)), replace(JOB, deadline=SECOND)):
        assert decide(job, history(*claims), key=KEY, now=NOON, limits=LIMITS) == expected


@pytest.mark.parametrize(
    ("own", "github", "recovers"),
    [(0, 119, False), (0, 120, True), (9999, 119, False), (-9999, 120, True), (120, None, True)],
)
def test_the_age_of_a_claim_is_told_by_githubs_clock(
    own: int, github: int | None, recovers: bool
) -> None:
    found = decide(
        JOB,
        history(claim()),
        key=KEY,
        now=NOON + own * SECOND,
        github_now=None if github is None else NOON + github * SECOND,
        limits=LIMITS,
    )
    assert found == (Recover(claim=claim()) if recovers else CLAIMED)


@pytest.mark.parametrize("ahead", [-3600, 3600])
def test_the_clock_of_whoever_made_a_claim_does_not_count(ahead: int) -> None:
    made = replace(claim(), made_at=NOON + ahead * SECOND)
    for age, expected in ((119, CLAIMED), (120, Recover(claim=made))):
        now = NOON + age * SECOND
        assert decide(JOB, history(made), key=KEY, now=now, limits=LIMITS) == expected


def test_the_claim_on_what_is_looked_at_is_settled_before_any_other() -> None:
    other, own = claim(1, key=OTHER, age=300), claim(2, age=300)
    for records, expected in (((other, own), own), ((other,), other)):
        found = decide(JOB, history(*records), key=KEY, now=NOON, limits=LIMITS)
        assert found == Recover(claim=expected)


def test_a_person_s_command_is_done_though_a_rule_forbids_the_job() -> None:
    cancel = Command(comment_id=5, by="owner", name="cancel", said_at=NOON)
    found = decide(
        JOB, history(), key=KEY, now=NOON, limits=LIMITS, forbidden="quotas.depth: too deep",
        wanted=Wanted(command=cancel),
    )  # fmt: skip
    assert found == End(state=State.CANCELLED, reason="/cancel by 'owner'", attempt=1)


def test_a_claim_that_was_not_yet_shown_counts_from_its_own_time() -> None:
    fresh = replace(claim(), created_at=None)
    assert decide(JOB, history(fresh), key=KEY, now=NOON + 119 * SECOND, limits=LIMITS) == CLAIMED
    late = decide(JOB, history(fresh), key=KEY, now=NOON + 120 * SECOND, limits=LIMITS)
    assert late == Recover(claim=fresh)


@pytest.mark.parametrize("reopened", [False, True])
@pytest.mark.parametrize(
    "records",
    [
        [entry("dispatched")],
        [entry("dispatched"), entry("held", 2)],
        [entry("missed"), entry("dispatched", 2)],
        [entry("dispatched"), entry("discarded", 2)],
        [entry("dispatched"), claim(5, 2, age=999)],
    ],
)
def test_what_was_dispatched_is_never_repeated(
    records: list[Claim | Entry], reopened: bool
) -> None:
    for said in (None, AGAIN, RAN):
        found = decide(
            JOB, history(*records), key=KEY, now=NOON, limits=LIMITS, reopened=reopened,
            resolution=said,
        )  # fmt: skip
        assert isinstance(found, Finish)
        assert (found.state, found.entry.outcome) == (State.DISPATCHED, "dispatched")


@pytest.mark.parametrize(
    ("ran", "news", "state"),
    [
        ({"run_id": 7}, News(key=KEY, run_id=7), State.FAILED),
        ({}, News(key=KEY, run_id=7), State.FAILED),
        ({}, News(key=KEY), State.FAILED),
        ({"run_id": 7}, News(key=KEY, run_id=8), State.DISPATCHED),
        ({"run_id": 7}, News(key=OTHER, run_id=7), State.DISPATCHED),
        ({"run_id": 7}, News(key=KEY, run_id=7, state="held"), State.DISPATCHED),
        ({"run_id": 7, "conclusion": "success"}, News(key=KEY, run_id=7), State.DISPATCHED),
    ],
)
def test_a_run_of_which_people_were_told_has_failed(
    ran: dict[str, Any], news: News, state: State
) -> None:
    told = replace(history(replace(entry("dispatched"), **ran)), news=(news,))
    found = decide(JOB, told, key=KEY, now=NOON, limits=LIMITS)
    assert isinstance(found, Finish)
    assert found.state is state


@pytest.mark.parametrize("outcome", ENDS)
def test_what_ended_is_finished_and_begins_anew_when_reopened(outcome: str) -> None:
    ended = history(claim(1, age=999), entry(outcome, of=1))
    job = replace(JOB, deadline=SECOND)
    late = NOON + timedelta(hours=1)
    found = decide(job, ended, key=KEY, now=late, limits=LIMITS)
    assert found == Finish(state=State(outcome), entry=entry(outcome, of=1))
    again = decide(job, ended, key=KEY, now=late, limits=LIMITS, reopened=True)
    if outcome == "missed":
        assert again == Fire(attempt=2)
    else:
        assert isinstance(again, End)
        assert (again.state, again.attempt) == (State.MISSED, 2)
    early = replace(JOB, run_at=NOON + SECOND)
    wait = decide(early, ended, key=KEY, now=NOON, limits=LIMITS, reopened=True)
    assert wait == Wait(reason="not yet due", until=NOON + SECOND)


def test_another_occurrence_that_ended_says_nothing_of_this_one() -> None:
    for outcome in ("dispatched", "missed", "held"):
        found = history(entry(outcome, 4, key=OTHER))
        assert decide(JOB, found, key=KEY, now=NOON, limits=LIMITS) == Fire(attempt=1)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, Wait(reason="was held", state=State.HELD)),
        (RAN, Resolve(resolution=RAN)),
        (AGAIN, Fire(attempt=2)),
    ],
)
def test_a_held_job_waits_for_a_persons_word(said: Resolution | None, expected: Decision) -> None:
    held = history(claim(1, age=999), entry("held", of=1))
    for reopened in (False, True):
        found = decide(
            JOB, held, key=KEY, now=NOON, limits=LIMITS, resolution=said, reopened=reopened
        )
        assert found == expected


def test_a_person_says_it_ran_before_it_was_due_again() -> None:
    held = history(entry("held"))
    early = replace(JOB, run_at=NOON + SECOND)
    found = decide(early, held, key=KEY, now=NOON, limits=LIMITS, resolution=AGAIN)
    assert found == Wait(reason="not yet due", until=NOON + SECOND)


@pytest.mark.parametrize(
    ("unreadable", "said", "held"),
    [
        ((3,), None, True),
        ((3,), AGAIN, False),
        ((50,), AGAIN, False),
        ((51,), AGAIN, True),
        ((3, 51), AGAIN, True),
    ],
)
def test_a_record_that_cannot_be_read_holds_the_job_until_a_later_word(
    unreadable: tuple[int, ...], said: Resolution | None, held: bool
) -> None:
    for records in ([], [entry("dispatched")], [claim()]):
        found = history(*records, unreadable=unreadable)
        decided = decide(JOB, found, key=KEY, now=NOON, limits=LIMITS, resolution=said)
        assert isinstance(decided, PutOnHold) == held
        if isinstance(decided, PutOnHold):
            assert f"comment {', '.join(str(n) for n in unreadable if not said or n > 50)})" in (
                decided.reason
            )


def test_a_forged_record_holds_the_job_whatever_else_is_known() -> None:
    for records in ([], [entry("dispatched")], [entry("held")], [claim(age=999)]):
        for said in (None, AGAIN, RAN):
            found = decide(
                JOB, history(*records), key=KEY, now=NOON, limits=LIMITS, resolution=said,
                forged="somebody's record",
            )  # fmt: skip
            assert found == PutOnHold(reason="somebody's record")


def test_a_rule_that_forbids_ends_the_job_before_it_is_due_but_not_under_a_claim() -> None:
    early = replace(JOB, run_at=NOON + SECOND)
    found = decide(early, History(), key=KEY, now=NOON, limits=LIMITS, forbidden="a rule")
    assert found == End(state=State.REJECTED, reason="a rule", attempt=1)
    found = decide(JOB, history(claim()), key=KEY, now=NOON, limits=LIMITS, forbidden="a rule")
    assert found == CLAIMED


@pytest.mark.parametrize(
    ("records", "attempt", "count"),
    [
        ([], 1, 0),
        ([claim(1)], 2, 1),
        ([claim(1), claim(2)], 2, 1),
        ([claim(1), claim(2, 2)], 3, 2),
        ([entry(NEVER_STARTED, 1, of=1)], 2, 1),
        ([claim(1), entry(NEVER_STARTED, 1, of=1)], 2, 1),
        ([claim(1), entry(NEVER_STARTED, 1, of=1), claim(2, 2)], 3, 2),
        ([entry("held", 4, of=1)], 5, 1),
        ([claim(1, 5), entry("missed", 5, of=1)], 6, 0),
        ([claim(1, 5), entry("missed", 5, of=1), claim(2, 6)], 7, 1),
        ([entry(NEVER_STARTED, 1), entry("discarded", 2), entry(NEVER_STARTED, 3)], 4, 1),
        ([entry("missed", 9, key=OTHER), claim(1, 8, key=OTHER)], 1, 0),
    ],
)
def test_attempts_are_counted(records: list[Claim | Entry], attempt: int, count: int) -> None:
    assert next_attempt(history(*records), KEY) == attempt
    assert used(history(*records), KEY) == count


def test_attempts_run_out_and_are_counted_anew_after_a_reopening() -> None:
    tried = [entry(NEVER_STARTED, n, of=n) for n in (1, 2, 3)]
    assert decide(JOB, history(*tried[:2]), key=KEY, now=NOON, limits=LIMITS) == Fire(attempt=3)
    assert decide(JOB, history(*tried), key=KEY, now=NOON, limits=LIMITS) == End(
        state=State.DISCARDED,
        reason="all 3 attempts were made and no run was started",
        attempt=4,
    )
    ended = history(*tried, entry("discarded", 4))
    found = decide(JOB, ended, key=KEY, now=NOON, limits=LIMITS, reopened=True)
    assert found == Fire(attempt=5)


def test_every_state_that_ends_is_tested_here() -> None:
    assert {State(outcome) for outcome in ENDS} == TERMINAL - {State.DISPATCHED, State.FAILED}
