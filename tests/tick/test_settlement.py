"""What became of a claim, asked of the runs and of all journals: never a run of somebody else's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.journal.comments import head
from scheduler.journal.journal import NEVER_STARTED, Claim, Entry, Journal
from scheduler.policy.recovery import Found, NeverStarted, Outcome, Unclear, window
from scheduler.ports.values import Dispatch, Target
from scheduler.settings.model import LEAST_RECOVERY, Scheduler, Settings
from scheduler.tick import settlement
from scheduler.tick.context import Context
from scheduler.tick.settlement import PAUSE
from tests.faults.world import PLAIN, TITLED, body
from tests.support import contexts
from tests.support.fakes import BOT, NOON, FakeClock, MemoryHub, MemoryQueue

KEY, OTHER = "1@2026-11-23T12:00:00Z", "2@2026-11-23T12:00:00Z"
TARGET = "octo/queue plain.yml@main"
SECOND = timedelta(seconds=1)
CLAIM = Claim(
    key=KEY, attempt=1, nonce="n1", target=TARGET, made_at=NOON, expires_at=NOON + 30 * SECOND,
    newest_run=1,
)  # fmt: skip
RIVAL = replace(CLAIM, key=OTHER, nonce="n2")
ENTRY = Entry(key=OTHER, attempt=1, outcome="dispatched", at=NOON, target=TARGET)


def hub() -> MemoryHub:
    """Two jobs."""
    made = MemoryHub(clock=FakeClock(NOON))
    made.workflows = {"plain.yml": PLAIN, "titled.yml": TITLED}
    for name in ("1", "2"):
        made.open(body(name, to="workflow: plain.yml"))
    return made


def context(made: MemoryHub, queue: MemoryQueue | None = None) -> Context:
    return contexts.context(queue or made, Settings(scheduler=Scheduler(login=BOT)))


def claims(made: MemoryHub, claim: Claim = CLAIM, *, on: int = 1, by: str = BOT) -> Claim:
    """The claim as it stands on an issue."""
    comment = made.comment(on, head(claim), by=by)
    return replace(claim, id=comment.id, created_at=comment.created_at)


def runs(made: MemoryHub, workflow: str = "plain.yml", key: str = KEY, *, by: str = BOT) -> int:
    target = Target(repo="octo/queue", ref="main", workflow=workflow)
    run = made.start(Dispatch(target=target, inputs={"schedule_id": key, "job": "1"}), by)
    assert run is not None
    return run.id


def told(outcome: Outcome) -> int | str:
    return outcome.run.id if isinstance(outcome, Found) else type(outcome).__name__


def asked(made: MemoryHub, claim: Claim) -> Outcome:
    made.clock.sleep(LEAST_RECOVERY.total_seconds() + 1)
    return settlement.ask(context(made), claim, 1)


# Who else may have started the run.

EARLIEST, LATEST = window(replace(CLAIM, created_at=NOON))
TICK = timedelta(milliseconds=1)


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize(
    ("records", "clear"),
    [
        ((), True),
        # Another claim of which nobody knows whether it started this run.
        ((RIVAL,), False),
        ((RIVAL, replace(ENTRY, outcome="held")), False),
        ((RIVAL, replace(ENTRY, outcome=NEVER_STARTED)), True),
        ((RIVAL, replace(ENTRY, run_id=77)), True),
        ((replace(RIVAL, target="octo/queue titled.yml@main"),), True),
        ((replace(RIVAL, ends="missed"),), True),
        # A dispatch whose run nobody named.
        ((ENTRY,), False),
        ((replace(ENTRY, run_id=77),), True),
        ((replace(ENTRY, outcome="discarded"),), True),
        ((replace(ENTRY, target="octo/queue titled.yml@main"),), True),
        ((replace(ENTRY, at=EARLIEST),), False),
        ((replace(ENTRY, at=EARLIEST - TICK),), True),
        ((replace(ENTRY, at=LATEST),), False),
        ((replace(ENTRY, at=LATEST + TICK),), True),
    ],
)
def test_the_only_run_is_the_claim_s_if_nobody_else_can_have_started_it(
    records: tuple[Claim | Entry, ...], clear: bool, listed: bool
) -> None:
    made = hub()
    made.comment_list = listed
    claim = claims(made)
    for record in records:
        if isinstance(record, Claim):
            claims(made, record, on=2)
        else:
            made.comment(2, head(Journal(entries=(record,))), by=BOT)
    run = runs(made)
    outcome = asked(made, claim)
    assert told(outcome) == (run if clear else "Unclear")
    if isinstance(outcome, Unclear):
        assert outcome.reason.endswith(" or that of #2")


@pytest.mark.parametrize("listed", [True, False])
def test_a_run_that_another_journal_holds_is_not_the_claim_s(listed: bool) -> None:
    made = hub()
    made.comment_list = listed
    claim = claims(made)
    run = runs(made)
    made.comment(2, head(Journal(entries=(replace(ENTRY, run_id=run),))), by=BOT)
    assert asked(made, claim) == NeverStarted()


@pytest.mark.parametrize("record", [RIVAL, Journal(entries=(ENTRY,))])
def test_what_somebody_else_writes_takes_no_run_and_no_proof(record: Claim | Journal) -> None:
    made = hub()
    claim = claims(made)
    run = runs(made)
    made.comment(2, head(record), by="owner")
    made.comment(2, head(Journal(entries=(replace(ENTRY, run_id=run),))), by="owner")
    assert told(asked(made, claim)) == run


@pytest.mark.parametrize(("earlier", "clear"), [(71, False), (72, True)])
def test_an_earlier_claim_is_a_rival_as_long_as_its_run_may_still_come(
    earlier: int, clear: bool
) -> None:
    made = hub()
    claims(made, RIVAL, on=2)
    made.clock.sleep(earlier)
    claim = claims(made, replace(CLAIM, made_at=made.clock.now()))
    run = runs(made)
    assert told(asked(made, claim)) == (run if clear else "Unclear")


@pytest.mark.parametrize(("listed", "read"), [(True, []), (False, [1, 2, 3])])
def test_only_without_a_list_what_has_changed_is_read_one_by_one(
    listed: bool, read: list[int]
) -> None:
    made = hub()
    made.comment_list = listed
    for _ in range(3):
        made.open(body("x"))
    made.comment(4, "long ago", by="owner")
    made.clock.sleep(200)
    made.comment(3, "just in time", by="owner")
    made.clock.sleep(LEAST_RECOVERY.total_seconds() + 1)
    claim = claims(made, replace(CLAIM, made_at=made.clock.now()))
    made.comment(2, "now", by="owner")
    made.change(5, title="without a comment")
    run = runs(made)
    made.clock.sleep(80)
    queue = MemoryQueue(made)
    assert told(settlement.ask(context(made, queue), claim, 1)) == run
    assert queue.calls.count("comments") == len(read)


# What is asked at all.


def test_of_what_can_have_no_run_nothing_is_asked() -> None:
    made = hub()
    queue = MemoryQueue(made)
    place = context(made, queue)
    assert settlement.ask(place, replace(CLAIM, ends="missed"), 1) == NeverStarted()
    wake = replace(CLAIM, target="octo/queue wake")
    outcome = settlement.ask(place, wake, 1)
    assert isinstance(outcome, Unclear)
    assert "'wake'" in outcome.reason
    assert settlement.by_title(place, wake) is None
    assert queue.calls == []


def test_a_run_that_names_the_claim_is_its_beside_rivals_if_no_journal_holds_it() -> None:
    made = hub()
    shown = replace(CLAIM, target="octo/queue titled.yml@main", title=KEY)
    claim = claims(made, shown)
    run = runs(made, "titled.yml")
    claims(made, replace(RIVAL, target=claim.target), on=2)
    queue = MemoryQueue(made)
    place = context(made, queue)
    assert told(settlement.ask(place, claim, 1)) == run
    found = settlement.by_title(place, claim, 1)
    assert found
    assert found.run.id == run
    assert queue.calls == ["runs", "recent_comments", "runs"]
    # Where the workflow may show anything, a title decides nothing between two.
    assert told(settlement.ask(place, replace(claim, title=""), 1)) == "Unclear"
    assert settlement.by_title(place, replace(claim, title=""), 1) is None
    place.facts.started[run] = "7@2026-11-23T12:00:00Z"
    assert told(settlement.ask(place, claim, 1)) == "NeverStarted"
    assert settlement.by_title(place, claim, 1) is None


def test_only_a_title_proves_a_run_while_others_may_still_come() -> None:
    made = hub()
    claim = claims(made)
    runs(made)
    assert settlement.by_title(context(made), claim) is None


REFUSALS: list[Callable[[], Exception]] = [
    lambda: Rejected("GitHub answers 404: Not Found", status=404),
    lambda: NotPermitted("token: lacks actions: read"),
]


def failing(made: MemoryHub, error: Callable[[], Exception]) -> MemoryQueue:
    def through(_: int, name: str, act: Callable[[], object]) -> object:
        if name == "runs":
            raise error()
        return act()

    return MemoryQueue(made, through=through)


@pytest.mark.parametrize("error", REFUSALS)
def test_runs_that_can_not_be_read_leave_it_unclear_and_say_why(
    error: Callable[[], Exception],
) -> None:
    made = hub()
    claim = claims(made)
    place = context(made, failing(made, error))
    outcome = settlement.ask(place, claim, 1)
    assert isinstance(outcome, Unclear)
    assert f"plain.yml can't be read: {error()}" in outcome.reason
    assert settlement.by_title(place, claim) is None


def test_an_outage_is_no_answer() -> None:
    made = hub()
    claim = claims(made)
    place = context(made, failing(made, lambda: Unavailable("no answer")))
    with pytest.raises(Unavailable):
        settlement.ask(place, claim, 1)
    assert settlement.by_title(place, claim) is None


# Right after a dispatch that was accepted without a word of its run.


def named(made: MemoryHub, claim: Claim, queue: MemoryQueue | None = None) -> Entry:
    entry = Entry(key=KEY, attempt=1, outcome="dispatched", at=NOON, target=TARGET)
    return settlement.identify(context(made, queue), entry, claim, 1)


@pytest.mark.parametrize(("late", "slept"), [(0.0, 0.0), (PAUSE, PAUSE), (60.0, PAUSE)])
def test_a_run_is_looked_for_twice(late: float, slept: float) -> None:
    made = hub()
    made.stale["runs"] = late
    claim = claims(made)
    run = runs(made)
    began = made.clock.monotonic()
    entry = named(made, claim)
    assert entry.run_id == (run if late <= PAUSE else None)
    assert entry.matched == ("the only run that it can have started" if entry.run_id else "")
    assert entry.run_url.endswith(f"/actions/runs/{run}") == bool(entry.run_id)
    assert made.clock.monotonic() - began == slept


@pytest.mark.parametrize("error", [*REFUSALS, lambda: Unavailable("no answer")])
def test_one_that_can_not_be_looked_for_is_recorded_without_its_name(
    error: Callable[[], Exception],
) -> None:
    made = hub()
    claim = claims(made)
    runs(made)
    queue = failing(made, error)
    assert named(made, claim, queue).run_id is None
    assert queue.calls == ["runs"]


def test_nor_is_it_where_the_other_journals_can_not_be_read() -> None:
    for error in REFUSALS:
        made = hub()
        made.comment_list = False
        claim = claims(made)
        made.comment(2, "hi", by="owner")
        made.unreadable[2] = error()
        runs(made)
        assert named(made, claim).run_id is None


def test_what_is_unclear_is_not_looked_at_twice() -> None:
    made = hub()
    claim = claims(made)
    runs(made)
    runs(made)
    began = made.clock.monotonic()
    assert named(made, claim).run_id is None
    assert made.clock.monotonic() == began


def test_a_claim_that_came_meanwhile_is_seen() -> None:
    made = hub()
    place = context(made)
    claim = claims(made)
    assert place.facts.recent_comments(NOON - timedelta(hours=1)) is not None
    claims(made, RIVAL, on=2)
    runs(made)
    entry = Entry(key=KEY, attempt=1, outcome="dispatched", at=NOON, target=TARGET)
    assert settlement.identify(place, entry, claim, 1).run_id is None
