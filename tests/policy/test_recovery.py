from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from scheduler.journal.journal import Claim
from scheduler.policy.recovery import Found, NeverStarted, Unclear, match, named, overlap, window
from scheduler.ports.values import Run
from scheduler.settings.model import CLAIM_VALIDITY, IN_FLIGHT, ROUNDING

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
KEY = "1@2026-11-23T12:00:00Z"
SECOND = timedelta(seconds=1)
BOT = "github-actions[bot]"
CLAIM = Claim(
    id=5, created_at=NOON, key=KEY, attempt=1, nonce="n", target="run.yml", made_at=NOON,
    expires_at=NOON + CLAIM_VALIDITY, newest_run=100,
)  # fmt: skip
LATEST = NOON + CLAIM_VALIDITY + IN_FLIGHT


def run(
    id: int = 101,  # noqa: A002
    title: str = "Run",
    *,
    at: datetime | None = NOON,
    actor: str = BOT,
    event: str = "workflow_dispatch",
) -> Run:
    return Run(id=id, title=title, actor=actor, event=event, created_at=at)


def ids(outcome: Found | NeverStarted | Unclear) -> int | type:
    return outcome.run.id if isinstance(outcome, Found) else type(outcome)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        (KEY, True),
        (f"for probe [{KEY}]", True),
        (f"({KEY})", True),
        (f"{KEY}: check", True),
        (f"1{KEY}", False),
        (f"4{KEY} and {KEY}", True),
        (f"octo/queue#{KEY}", False),
        (f"#{KEY}", True),
        ("1@2026-11-23T12:00:01Z", False),
        ("1@2026-11-23T12:00:00", False),
        ("1", False),
        ("", False),
    ],
)
def test_a_title_names_a_key_exactly(title: str, shown: bool) -> None:
    assert named(run(title=title), KEY) == shown


def test_a_key_of_another_repository_names_its_queue() -> None:
    key = f"octo/queue#{KEY}"
    assert named(run(title=f"run [{key}]"), key)
    assert not named(run(title=f"run [{KEY}]"), key)
    assert not named(run(title=f"run [other/queue#{KEY}]"), key)


@pytest.mark.parametrize(
    ("runs", "outcome"),
    [
        ([], NeverStarted),
        ([run(title=KEY)], 101),
        ([run(title=KEY, actor="somebody")], 101),
        ([run(title=KEY, at=LATEST + timedelta(hours=1))], 101),
        ([run(50, title=KEY)], 50),
        ([run(title=KEY, at=None)], 101),
        ([run(title=KEY, at=NOON - 2 * SECOND)], NeverStarted),
        ([run(title=KEY, event="push")], NeverStarted),
        ([run(title=KEY, event="")], 101),
        ([run(title=f"1{KEY}")], NeverStarted),
        ([run(title=f"1{KEY}"), run(102, KEY)], 102),
        ([run(title=KEY), run(102)], 101),
        ([run(title=KEY), run(102, KEY)], Unclear),
        ([run(title=f"{KEY} 2{KEY}")], Unclear),
        ([run(title="2@2026-11-23T12:00:00Z")], NeverStarted),
    ],
)
def test_a_run_is_known_by_the_key_in_its_title(runs: list[Run], outcome: int | type) -> None:
    for rivals in ((), ("another job",)):
        assert ids(match(CLAIM, runs, login=BOT, rivals=rivals)) == outcome


@pytest.mark.parametrize(
    ("runs", "outcome"),
    [
        ([run()], 101),
        ([run(100)], NeverStarted),
        ([run(99), run(101)], 101),
        ([run(at=NOON - ROUNDING)], 101),
        ([run(at=NOON - ROUNDING - timedelta(microseconds=1))], NeverStarted),
        ([run(at=LATEST)], 101),
        ([run(at=LATEST + timedelta(microseconds=1))], NeverStarted),
        ([run(at=None)], 101),
        ([run(actor=BOT.upper())], 101),
        ([run(actor="")], 101),
        ([run(event="push")], NeverStarted),
        ([run(event="repository_dispatch")], NeverStarted),
        ([run(), run(102)], Unclear),
        ([run(), run(102, actor="somebody")], 101),
        ([run(), run(102, "9@2026-11-23T12:00:00Z")], 101),
    ],
)
def test_else_it_must_be_the_only_one_that_can_be_meant(
    runs: list[Run], outcome: int | type
) -> None:
    assert ids(match(CLAIM, runs, login=BOT)) == outcome
    assert ids(match(CLAIM, list(reversed(runs)), login=BOT)) == outcome
    assert ids(match(CLAIM, runs, login=BOT.upper())) == outcome
    assert ids(match(CLAIM, runs, login=BOT, rivals=iter(()))) == outcome


@pytest.mark.parametrize(
    ("runs", "outcome"),
    [
        ([run(actor="somebody")], Unclear),
        ([run(100, actor="somebody")], NeverStarted),
        ([run(at=LATEST + timedelta(microseconds=1), actor="somebody")], NeverStarted),
        ([run(at=NOON - 2 * SECOND, actor="somebody")], NeverStarted),
        ([run(event="push", actor="somebody")], NeverStarted),
        ([run(title="9@2026-11-23T12:00:00Z", actor="somebody")], NeverStarted),
    ],
)
def test_another_s_run_is_no_proof_that_none_was_started(runs: list[Run], outcome: type) -> None:
    """A server may show a dispatch as another's than its token's own login."""
    assert ids(match(CLAIM, runs, login=BOT)) == outcome
    assert match(CLAIM, runs, login=BOT, taken=[run.id for run in runs]) == NeverStarted()
    # Its own would show the key: somebody simply started the same workflow.
    assert match(replace(CLAIM, title=KEY), runs, login=BOT) == NeverStarted()


def test_without_a_newest_run_any_id_may_be_meant() -> None:
    assert ids(match(replace(CLAIM, newest_run=None), [run(1)], login=BOT)) == 1


def test_a_run_that_stands_in_a_journal_is_taken() -> None:
    assert match(CLAIM, [run()], login=BOT, taken=[101]) == NeverStarted()
    assert match(CLAIM, [run(title=KEY)], login=BOT, taken=[101]) == NeverStarted()
    assert ids(match(CLAIM, [run(), run(102)], login=BOT, taken=iter([101]))) == 102


def test_what_else_may_have_started_it_makes_it_unclear() -> None:
    found = match(CLAIM, [run()], login=BOT, rivals=iter(["#7", "#8"]))
    assert found == Unclear(reason="run 101 may be its run or that of #7, #8")
    assert match(CLAIM, [], login=BOT, rivals=["#7"]) == NeverStarted()


def test_why_it_is_found_or_unclear_is_said() -> None:
    both = match(CLAIM, [run(), run(102)], login=BOT)
    assert both == Unclear(reason="run 101 and run 102 may each be its run")
    foreign = match(CLAIM, [run(actor="eve")], login=BOT)
    assert foreign == Unclear(reason="run 101 may be its run, though started by 'eve'")
    titled = match(CLAIM, [run(title=KEY), run(102, KEY)], login=BOT)
    assert titled == Unclear(reason="run 101 and run 102 all show its occurrence key")
    beside = match(CLAIM, [run(title=f"{KEY} 2{KEY}")], login=BOT)
    assert beside == Unclear(reason="run 101 shows other occurrence keys beside its own")
    named_run = match(CLAIM, [run(title=KEY)], login=BOT)
    assert named_run == Found(run=run(title=KEY), matched="the occurrence key in its title")
    only = match(CLAIM, [run()], login=BOT)
    assert only == Found(run=run(), matched="the only run that it can have started")


@pytest.mark.parametrize(
    ("later", "meets"), [(0, True), (71, True), (72, False), (-71, True), (-72, False)]
)
def test_two_claims_overlap_when_one_run_could_be_of_either(later: int, meets: bool) -> None:
    other = replace(CLAIM, id=6, created_at=NOON + later * SECOND)
    assert overlap(CLAIM, other) == overlap(other, CLAIM) == meets
    assert not overlap(CLAIM, replace(other, target="other.yml"))
    on = [replace(each, target=f"run.yml@{ref}") for each, ref in ((CLAIM, "a"), (other, "b"))]
    assert overlap(*on) == meets, "a workflow's runs are listed together, whatever their branch"


def test_under_a_claim_that_only_ends_a_job_no_run_is_started() -> None:
    ending = replace(CLAIM, id=6, ends="missed")
    assert not overlap(CLAIM, ending)
    assert not overlap(ending, CLAIM)


def test_the_window_is_told_by_githubs_clock_where_it_is_known() -> None:
    assert window(CLAIM) == (NOON - ROUNDING, LATEST)
    skewed = replace(CLAIM, made_at=NOON + timedelta(hours=1))
    assert window(skewed) == window(CLAIM)
    assert window(replace(skewed, created_at=None))[0] == NOON + timedelta(hours=1) - ROUNDING
