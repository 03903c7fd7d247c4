from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduler.job.model import Job
from scheduler.job.states import State
from scheduler.journal.journal import NEVER_STARTED, Claim, Entry
from scheduler.policy.decide import End, Fire, Wait, after_recovery, decide, used
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

OUTCOMES = [NEVER_STARTED, *(state.value for state in State)]
RECORDS = st.lists(
    st.builds(
        lambda id, attempt, age, key: claim(id, attempt, age=age, key=key),  # noqa: A006
        st.integers(1, 99), st.integers(1, 6), st.integers(-60, 400), st.sampled_from([KEY, OTHER]),
    )
    | st.builds(
        lambda outcome, attempt, of, key: entry(outcome, attempt, of=of, key=key),
        st.sampled_from(OUTCOMES), st.integers(1, 6), st.none() | st.integers(1, 99),
        st.sampled_from([KEY, OTHER]),
    ),
    max_size=6,
)  # fmt: skip
CHOICES = st.fixed_dictionaries(
    {
        "now": st.integers(-200, 9999).map(lambda late: NOON + timedelta(seconds=late)),
        "reopened": st.booleans(),
        "github_now": st.none() | st.integers(-200, 9999).map(lambda s: NOON + s * SECOND),
        "resolution": st.sampled_from([None, AGAIN, RAN]),
        "forged": st.sampled_from([None, None, "forged"]),
        "forbidden": st.sampled_from([None, None, "a rule"]),
    }
)
JOBS = st.sampled_from([JOB, replace(JOB, deadline=SECOND), replace(JOB, deadline=NOON)])


@given(JOBS, RECORDS, CHOICES)
def test_nothing_is_fired_before_its_time_twice_or_under_an_attempt_that_was(
    job: Job, records: list[Claim | Entry], choices: dict[str, object]
) -> None:
    known = history(*records)
    found = decide(job, known, key=KEY, limits=LIMITS, **choices)  # type: ignore[arg-type]
    if isinstance(found, (Fire, End)):
        assert all(each.attempt < found.attempt for each in records if each.key == KEY)
        assert not known.standing
        assert choices["forged"] is None
    if isinstance(found, Fire):
        now = choices["now"]
        assert isinstance(now, datetime)
        assert now >= job.run_at
        assert not any(e.outcome == "dispatched" for e in known.journal.of(KEY))
        assert used(known, KEY) < LIMITS.max_attempts
        assert choices["forbidden"] is None


@given(JOBS, RECORDS, CHOICES)
def test_the_same_facts_give_the_same_decision(
    job: Job, records: list[Claim | Entry], choices: dict[str, object]
) -> None:
    known = history(*records)
    twice = [decide(job, known, key=KEY, limits=LIMITS, **choices) for _ in range(2)]  # type: ignore[arg-type]
    assert twice[0] == twice[1]


@given(RECORDS, st.integers(0, 9999), st.booleans())
def test_after_a_recovery_no_attempt_number_comes_twice(
    records: list[Claim | Entry], late: int, reopened: bool
) -> None:
    dead = claim(1, 1)
    known = history(dead, *records)
    found = after_recovery(
        JOB, known, dead, key=KEY, now=NOON + late * SECOND, limits=LIMITS, reopened=reopened
    )
    if isinstance(found, Wait):
        assert found.until is not None
        assert found.until > NOON + late * SECOND
    else:
        assert isinstance(found, (Fire, End))
        assert found.supersedes == dead
        assert all(each.attempt < found.attempt for each in known.claims if each.key == KEY)
