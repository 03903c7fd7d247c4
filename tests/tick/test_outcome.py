"""What was done about a job: how it is gathered, counted, and folded into a report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler.errors import InvalidJob, Rejected, Unavailable
from scheduler.tick.outcome import (
    FINAL,
    PASSING,
    Fired,
    Heading,
    Outcome,
    Progress,
    Tally,
    Withdrawn,
    attempt,
    note_of,
)
from scheduler.tick.report import Note, TickReport
from tests.faults.world import body
from tests.support.contexts import context, known
from tests.support.fakes import NOON, Crash, FakeClock, MemoryHub

HOUR = timedelta(hours=1)
RUN = Fired(id=7, run_id=70, run_url="", lateness_s=1.0)


def report(*outcomes: Outcome) -> TickReport:
    tally = Tally()
    for each in outcomes:
        tally.add(each)
    return TickReport.of(tally, now=NOON, requests=3)


def noted(number: int, kind: Heading, reason: str) -> Outcome:
    return Outcome(number=number, notes=((kind, reason),))


def half_done(error: BaseException) -> Callable[[Progress], None]:
    """Something that is noted, sent and then fails."""

    def act(done: Progress) -> None:
        done.note(Heading.HELD, "why")
        done.sent += 1
        done.look_again(NOON + HOUR)
        raise error

    return act


@pytest.mark.parametrize("error", [Unavailable("502"), ValueError("a bug")])
def test_what_was_done_before_an_exception_stands_in_the_outcome(error: Exception) -> None:
    tally = Tally()
    outcome = attempt(7, half_done(error), tally)
    assert outcome == Outcome(
        number=7, notes=((Heading.HELD, "why"),), sent=1, again=NOON + HOUR, problem=error
    )
    assert tally.outcomes == [outcome]
    assert (tally.sent, tally.ended, tally.next_due) == (1, 0, NOON + HOUR)


def test_what_was_done_before_the_process_ends_is_counted() -> None:
    tally = Tally()
    with pytest.raises(Crash):
        attempt(7, half_done(Crash()), tally)
    assert tally.outcomes == [
        Outcome(number=7, notes=((Heading.HELD, "why"),), sent=1, again=NOON + HOUR)
    ]


def test_the_earliest_instant_comes_next() -> None:
    tally = Tally()
    tally.comes_next()
    assert tally.next_due is None
    tally.comes_next(NOON + 2 * HOUR, NOON + HOUR)
    tally.comes_next(NOON + 3 * HOUR)
    tally.add(Outcome(number=7))
    assert tally.next_due == NOON + HOUR
    tally.note(7, Heading.RETRYING, "502", again=NOON)
    assert tally.next_due == NOON


def test_an_outcome_tells_of_the_earliest_instant_alone() -> None:
    done = Progress(7)
    done.look_again(NOON + HOUR)
    done.look_again(NOON)
    assert done.outcome().again == NOON


def said(found: TickReport, kind: Heading) -> list[Note]:
    return found.conditional if kind is Heading.WAITING else found.notes[kind.value]


@pytest.mark.parametrize("kind", Heading)
def test_what_is_said_in_passing_is_replaced_by_what_follows(kind: Heading) -> None:
    before = [noted(7, kind, "first"), noted(8, kind, "another job")]
    found = report(*before, Outcome(number=7, anew=True), noted(7, Heading.OBEYED, "last"))
    reasons = [note.reason for note in said(found, kind) if note.id == 7]
    expected = [] if kind in PASSING else ["first"]
    assert reasons == (["first", "last"] if kind is Heading.OBEYED else expected)
    assert Note(id=8, reason="another job") in said(found, kind)
    assert found.obeyed[-1] == Note(id=7, reason="last")


def test_a_report_lists_what_was_dispatched_and_counts_what_was_counted() -> None:
    tally = Tally(scanned=5, due=2, left=1, stopped="limit")
    tally.add(Outcome(number=7, fired=RUN, sent=1))
    tally.note(8, Heading.MISSED, "late")
    found = TickReport.of(tally, now=NOON, requests=3)
    assert (found.scanned, found.due, found.waiting, found.requests) == (5, 2, 1, 3)
    assert (found.dispatched, found.missed) == ([RUN], [Note(id=8, reason="late")])
    assert (found.stopped, found.now) == ("limit", NOON)
    assert tally.named() == {7, 8}


def test_what_only_replaces_names_no_job() -> None:
    tally = Tally()
    tally.forget(7)
    assert tally.named() == set()


@pytest.mark.parametrize("kind", Heading)
def test_after_what_nothing_more_is_to_be_done(kind: Heading) -> None:
    done = Progress(7)
    done.note(kind, "x")
    assert done.final == (kind in FINAL)
    assert not Progress(7).final
    done.fired = RUN
    assert done.final


@pytest.mark.parametrize(
    ("problem", "kind", "words"),
    [
        (Withdrawn("the issue was closed"), Heading.WITHDRAWN, "the issue was closed"),
        (InvalidJob("cron: is wrong"), Heading.INVALID, "cron: is wrong"),
        (Rejected("no", status=422), Heading.RETRYING, "no"),
        (Unavailable("502"), Heading.RETRYING, "502"),
        (IndexError("x"), Heading.RETRYING, "internal error: IndexError('x'); report it"),
    ],
)
def test_what_is_said_of_what_went_wrong(problem: Exception, kind: Heading, words: str) -> None:
    assert note_of(problem) == (kind, words)


def test_what_tolerates_it_needs_a_tick_later() -> None:
    hub = MemoryHub(clock=FakeClock(NOON))
    hub.open(body("1", run_at=NOON + HOUR, more="tolerance: 3h\n"))
    tally = Tally()
    tally.waits(known(context(hub)))
    assert (tally.next_due, tally.needed) == (NOON + HOUR, NOON + 4 * HOUR)
    tally.comes_next(NOON + 2 * HOUR)
    assert (tally.next_due, tally.needed) == (NOON + HOUR, NOON + 2 * HOUR)
    told = TickReport.of(tally, now=NOON, requests=0)
    assert (told.next_due, told.needed) == (tally.next_due, tally.needed)
