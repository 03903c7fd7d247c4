"""How much is too much, at every edge; and who came second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.job.model import Job
from scheduler.policy.quotas import (
    DAY,
    Entered,
    depth,
    duplicate,
    over,
    refusals,
    too_deep,
    too_far,
)
from scheduler.settings.model import Quotas
from tests.support.reasons import refuses

NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
JOB = Job(run_at=NOW + timedelta(hours=1), workflow="a.yml", agent="probe-1")
LAX = Quotas(open_per_agent=1000, new_per_agent_per_day=1000)


def job(
    number: int,
    *,
    age: timedelta = timedelta(0),
    author: str = "octo[bot]",
    is_open: bool = True,
    bot: bool = True,
    **changes: object,
) -> Entered:
    return Entered(
        number=number, author=author, created_at=NOW - age, open=is_open, bot=bot,
        job=replace(JOB, **changes),  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("waiting", "limit", "room"),
    [(0, 1, True), (1, 1, False), (1, 2, True), (2, 2, False), (3, 2, False)],
)
def test_open_jobs_of_one_owner(waiting: int, limit: int, room: bool) -> None:
    before = [job(n, run_at=NOW + timedelta(hours=9 - n)) for n in range(waiting)]
    closed = [job(100 + n, is_open=False) for n in range(5)]
    found = over(JOB, [*before, *closed], replace(LAX, open_per_agent=limit), now=NOW)
    assert (found is None) == room
    if not room:
        soonest = 21 - (waiting - 1)
        said = ("'probe-1'", f"{waiting} open jobs of {limit}")
        at = f"2026-11-23T{soonest}:00:00Z"
        assert refuses(found, "quotas.open-per-agent", *said, fix=at)


@pytest.mark.parametrize(
    ("ages", "limit", "room_at"),
    [
        ([], 1, None),
        ([DAY], 1, None),  # a day ago is out of the window
        ([DAY - SECOND], 1, "2026-11-23T12:00:01Z"),
        ([timedelta(0)], 1, "2026-11-24T12:00:00Z"),
        ([timedelta(hours=20), timedelta(hours=1)], 2, "2026-11-23T16:00:00Z"),
        ([timedelta(hours=20), timedelta(hours=1)], 3, None),
        # Three where two may be: the second to leave makes room, not the first.
        ([timedelta(hours=20), timedelta(hours=8), timedelta(0)], 2, "2026-11-24T04:00:00Z"),
        ([DAY, DAY + SECOND, timedelta(hours=20)], 2, None),
    ],
)
def test_new_jobs_of_one_owner_in_a_day(
    ages: list[timedelta], limit: int, room_at: str | None
) -> None:
    before = [job(n, age=age, is_open=False) for n, age in enumerate(ages)]
    found = over(JOB, before, replace(LAX, new_per_agent_per_day=limit), now=NOW)
    assert (found is None) == (room_at is None)
    if found:
        assert found.startswith("quotas.new-per-agent-per-day: agent 'probe-1' opened ")
        assert found.endswith(f" jobs of {limit} in 24 hours; there is room again at {room_at}")
        at = datetime.fromisoformat(str(room_at).replace("Z", "+00:00"))
        quotas = replace(LAX, new_per_agent_per_day=limit)
        assert over(JOB, before, quotas, now=at) is None
        assert over(JOB, before, quotas, now=at - SECOND) is not None


@pytest.mark.parametrize("key", ["open-per-agent", "new-per-agent-per-day"])
def test_a_limit_of_nothing_lets_nothing_in(key: str) -> None:
    changes: dict[str, Any] = {key.replace("-", "_"): 0}
    none = replace(LAX, **changes)
    found = over(JOB, [], none, now=NOW)
    assert refuses(found, f"quotas.{key}", "0", "'probe-1'", fix=".github/scheduler.yml")
    assert list(refusals([job(1), job(2)], quotas=none, now=NOW)) == [1, 2]


def test_who_came_first_is_within() -> None:
    entered = [job(n) for n in (5, 3, 4, 1, 2)]
    found = refusals(entered, quotas=replace(LAX, open_per_agent=2), now=NOW)
    assert sorted(found) == [3, 4, 5]
    found = refusals(entered, quotas=replace(LAX, new_per_agent_per_day=4), now=NOW)
    assert sorted(found) == [5]


def test_each_account_counts_for_itself_in_each_agent_s_name() -> None:
    owners: list[dict[str, object]] = [
        {"author": "octo[bot]"}, {"author": "Stranger", "bot": False}, {"agent": "probe-2"},
        {"agent": None}, {"author": "other[bot]"},
    ]  # fmt: skip
    entered = [job(n, **each) for n, each in enumerate(owners * 2)]  # type: ignore[arg-type]
    entered.append(job(99, author="STRANGER", bot=False))
    found = refusals(entered, quotas=replace(LAX, open_per_agent=1), now=NOW)
    assert sorted(found) == [*range(5, 10), 99]


def test_a_person_s_own_jobs_are_not_bound() -> None:
    entered = [job(n, agent=None, author="owner", bot=False) for n in range(9)]
    assert refusals(entered, quotas=replace(LAX, open_per_agent=1), now=NOW) == {}
    assert not entered[0].limited
    assert replace(entered[0], bot=True).limited


def test_what_was_refused_uses_up_nothing() -> None:
    entered = [job(n) for n in range(1, 6)]
    found = refusals(entered, quotas=replace(LAX, open_per_agent=2), now=NOW)
    assert all("has 2 open jobs of 2" in reason for reason in found.values())


@pytest.mark.parametrize(
    ("first", "second", "twice"),
    [
        ({"dedup_key": "k"}, {"dedup_key": "k"}, True),
        ({"dedup_key": "k"}, {"dedup_key": "K"}, False),
        ({"dedup_key": "k"}, {}, False),
        ({}, {}, False),
        ({"dedup_key": "k", "is_open": False}, {"dedup_key": "k"}, False),
        ({"dedup_key": "k", "agent": "probe-2"}, {"dedup_key": "k"}, False),
        ({"dedup_key": "k", "author": "stranger"}, {"dedup_key": "k"}, False),
        ({"dedup_key": "k", "author": "OCTO[bot]"}, {"dedup_key": "k"}, True),
        ({"dedup_key": "k", "agent": None}, {"dedup_key": "k", "agent": None}, True),
    ],
)
def test_of_two_with_one_key_the_older_is_kept(
    first: dict[str, object], second: dict[str, object], twice: bool
) -> None:
    pair = [job(9, **second), job(4, **first)]  # type: ignore[arg-type]
    found = refusals(pair, quotas=LAX, now=NOW)
    assert (list(found) == [9]) == twice
    if twice:
        assert refuses(found[9], "dedup-key", "'k'", "#4", fix="wait")


def test_of_three_with_one_key_one_is_kept() -> None:
    three = [job(n, dedup_key="k") for n in (3, 1, 2)]
    found = refusals(three, quotas=LAX, now=NOW)
    assert sorted(found) == [2, 3]
    assert all("#1" in reason for reason in found.values())
    assert duplicate(job(2, dedup_key="k"), [job(1, dedup_key="k")]) is not None


@pytest.mark.parametrize(("ahead", "may"), [(-1, True), (0, True), (1, False)])
def test_the_horizon_is_counted_from_when_it_was_asked_for(ahead: int, may: bool) -> None:
    quotas = replace(LAX, horizon=timedelta(days=400))
    far = replace(JOB, run_at=NOW + timedelta(days=400, seconds=ahead))
    found = too_far(far, NOW, quotas)
    assert (found is None) == may
    until = "quotas.horizon allows until 2027-12-28T12:00:00Z"
    assert may or refuses(found, "run-at", "2027-12-28T12:00:01Z", fix=until)


@pytest.mark.parametrize(
    ("parent", "deep"),
    [
        (None, 0), ("run:77", 0), ("", 0), ("anything else", 0),
        ("42@2026-11-23T09:00:00Z", 1), ("octo/queue#42@2026-11-23T09:00:00Z", 1),
        ("42@2026-11-23T09:00:00Z depth=0", 0), ("42@2026-11-23T09:00:00Z depth=3", 3),
        ("42@2026-11-23T09:00:00Z depth=03", 3), ("x depth=9999999999", 9_999_999_999),
        ("x depth=-1", 1), ("x depth=", 1), ("x depth=\u0663", 1), ("x depth=1 depth=2", 2),
    ],
)  # fmt: skip
def test_how_deep_a_parent_says_that_a_job_is(parent: str | None, deep: int) -> None:
    child = replace(JOB, parent=parent)
    assert depth(child) == deep
    assert (too_deep(child, replace(LAX, depth=3)) is None) == (deep <= 3)


def test_what_is_too_deep_is_told_with_its_numbers() -> None:
    found = too_deep(replace(JOB, parent="7@2026-11-23T09:00:00Z depth=11"), Quotas())
    words = ("'7@2026-11-23T09:00:00Z depth=11'", "number 11", "quotas.depth allows 10")
    assert refuses(found, "parent", *words, fix="a person")


ENTERED = st.builds(
    job,
    st.integers(1, 40),
    age=st.integers(0, 30).map(lambda hours: timedelta(hours=hours)),
    author=st.sampled_from(["a", "b[bot]"]),
    is_open=st.booleans(),
    bot=st.booleans(),
    agent=st.sampled_from([None, "x", "y"]),
    dedup_key=st.sampled_from([None, "k", "l"]),
)
JOBS = st.lists(ENTERED, unique_by=lambda each: each.number, max_size=25)


@given(JOBS, st.integers(1, 4), st.integers(1, 4))
def test_what_is_left_is_within_every_limit(jobs: list[Entered], waiting: int, new: int) -> None:
    quotas = replace(LAX, open_per_agent=waiting, new_per_agent_per_day=new)
    found = refusals(jobs, quotas=quotas, now=NOW)
    kept = [each for each in jobs if each.open and each.number not in found]
    for owner in {each.owner for each in kept}:
        mine = [each for each in kept if each.owner == owner]
        keys = [each.job.dedup_key for each in mine if each.job.dedup_key]
        assert len(keys) == len(set(keys))
        if all(each.limited for each in mine):
            assert len(mine) <= waiting
    assert all(each.open for each in jobs if each.number in found)


@given(JOBS, st.randoms())
def test_neither_the_order_nor_others_jobs_matter(jobs: list[Entered], random: object) -> None:
    quotas = replace(LAX, open_per_agent=2, new_per_agent_per_day=3)
    found = refusals(jobs, quotas=quotas, now=NOW)
    shuffled: Sequence[Entered] = sorted(jobs, key=lambda each: hash((each.number, str(random))))
    assert refusals(shuffled, quotas=quotas, now=NOW) == found
    for owner in {each.owner for each in jobs}:
        alone = [each for each in jobs if each.owner == owner]
        mine = {number: why for number, why in found.items() if number in {e.number for e in alone}}
        assert refusals(alone, quotas=quotas, now=NOW) == mine
