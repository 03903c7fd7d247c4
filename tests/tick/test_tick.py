"""In which order a tick takes up what is due, whose fault a failure is, and where it stops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from scheduler.errors import NotPermitted, Rejected, Unavailable
from scheduler.settings.model import Limits, Quotas, Settings
from scheduler.tick.report import TickReport
from scheduler.tick.tick import OUTAGES, Tick
from tests.faults.series import open_series
from tests.faults.test_holes import at
from tests.faults.world import World, body, world
from tests.support.contexts import context
from tests.support.fakes import NOON, MemoryQueue, Through

MANY = 3 * OUTAGES + 2


def limited(per_tick: int) -> World:
    return world(settings=Settings(limits=Limits(per_tick=per_tick)))


def crowd(number: int = MANY, *, to: str = "workflow: titled.yml") -> World:
    """So many jobs that are due, the lowest number first."""
    made = world()
    for each in range(number):
        made.hub.open(body(f"{each + 1}", run_at=NOON - timedelta(minutes=number - each), to=to))
    return made


def ticks(made: World, through: Through | None = None) -> TickReport:
    report = made.tick(through)
    assert report is not None
    return report


def failing(
    error: Callable[[], Exception], *, at: str = "dispatch", but: tuple[int, ...] = ()
) -> Through:
    """Each request called ``at`` fails, but for those that come first, third …"""
    asked: list[int] = []

    def through(index: int, name: str, act: Callable[[], object]) -> object:
        if name == at:
            asked.append(index)
            if len(asked) not in but:
                raise error()
        return act()

    return through


def denied() -> Exception:
    return NotPermitted("token: lacks actions: write")


def silent() -> Exception:
    return Unavailable("no answer", sent=False)


# The order.


def test_what_people_ask_for_waits_for_every_job_that_is_due() -> None:
    made = limited(1)
    made.hub.open(body("asked", run_at=NOON - timedelta(hours=2)))
    made.hub.comment(1, "/pause", by="owner")
    made.hub.open(body("missed", run_at=NOON - timedelta(hours=3), more="deadline: 1h\n"))
    made.hub.open(body("due"))
    done = []
    for _ in range(3):
        report = ticks(made)
        done += [f.id for f in report.dispatched] + [n.id for n in report.missed + report.obeyed]
    assert done == [3, 2, 1]


def test_of_jobs_that_are_due_the_oldest_goes_first_and_none_twice() -> None:
    made = world()
    for name, minutes in (("1", 5), ("2", 9), ("3", 5), ("4", 1)):
        made.hub.open(body(name, run_at=NOON - timedelta(minutes=minutes)))
    ticks(made)
    assert [sent.name for sent in made.hub.sent] == ["2", "1", "3", "4"]


def test_a_series_that_makes_up_for_much_lets_the_others_go_first() -> None:
    made = world(settings=Settings(limits=Limits(per_tick=4)))
    open_series(
        made.hub, run_at=NOON - timedelta(minutes=55), more="misfire: all\noverlap: allow\n"
    )
    made.hub.open(body("1"))
    report = ticks(made)
    assert [sent.name for sent in made.hub.sent] == ["s", "1", "s", "s"]
    assert report.waiting == 1
    assert report.next_due is not None
    assert report.next_due <= made.clock.now()


# Whose fault it is.


@pytest.mark.parametrize("first", [(), (1,)])
def test_jobs_that_are_denied_in_a_row_end_a_tick_in_which_nothing_worked(
    first: tuple[int, ...],
) -> None:
    made = crowd()
    report = ticks(made, failing(denied, but=first))
    tried = [note.id for note in report.retrying]
    if first:
        assert report.error is None, "the token does for some"
        assert tried == list(range(2, MANY + 1))
    else:
        assert isinstance(report.error, NotPermitted)
        assert "actions: write" in report.stopped
        assert tried == list(range(1, OUTAGES + 1))
    assert all("actions: write" in note.reason for note in report.retrying)
    assert not any("schedule:claim" in each.body for each in made.hub.comments.values())
    assert report.next_due is not None
    assert report.next_due <= made.clock.now()


def test_one_job_that_is_denied_is_told_of_and_the_only_one_fails_the_tick() -> None:
    both = crowd(2)
    report = ticks(both, failing(denied, but=(2,)))
    assert [note.id for note in report.retrying] == [1]
    assert report.error is None
    assert both.count("2") == 1
    alone = ticks(crowd(1), failing(denied))
    assert isinstance(alone.error, NotPermitted)


def test_an_outage_ends_the_tick_and_issues_that_can_not_be_shown_do_not() -> None:
    out = crowd()
    report = ticks(out, failing(silent, at="add_comment"))
    assert report.stopped == "", "the issues themselves are shown"
    assert len(report.retrying) == MANY
    out = crowd()
    gone: list[str] = []

    def through(_: int, name: str, act: Callable[[], object]) -> object:
        gone.extend([name] * (name == "add_comment"))
        if gone:
            raise silent()
        return act()

    report = ticks(out, through)
    assert report.stopped == "no answer"
    assert report.error is None
    assert [note.id for note in report.retrying] == [1, 2, 3][:OUTAGES]
    assert out.hub.sent == []
    out.until_quiet()
    assert len(out.hub.sent) == MANY


def test_one_that_works_in_between_shows_that_it_is_no_outage() -> None:
    made = crowd(6)
    asked: list[str] = []

    def through(_: int, name: str, act: Callable[[], object]) -> object:
        asked.append(name)
        if name == "add_comment" and asked.count(name) in (1, 2, 4, 5):
            raise silent()
        return act()

    report = ticks(made, through)
    assert [note.id for note in report.retrying] == [1, 2, 4, 5]
    # Only what is claimed is read again.
    assert asked.count("ticket") == 2


def test_a_fault_of_the_program_s_own_hides_no_other_job() -> None:
    made = crowd(2)
    report = ticks(made, failing(lambda: ZeroDivisionError("zero"), at="add_comment", but=(2,)))
    assert [note.id for note in report.retrying] == [1]
    assert "ZeroDivisionError" in report.retrying[0].reason
    assert made.count("2") == 1
    assert report.next_due is not None


@pytest.mark.parametrize(
    "error", [denied, silent, lambda: Rejected("GitHub answers 410: Gone", status=410)]
)
def test_a_job_whose_place_can_not_be_found_keeps_no_other_from_running(
    error: Callable[[], Exception],
) -> None:
    made = world()
    open_series(made.hub, rule="every: 1h", run_at=NOON - timedelta(days=20))
    made.hub.comment(1, "What for?", by="owner")
    made.clock.sleep(86400)
    made.hub.unreadable[1] = error()
    made.hub.comment_list = False
    made.hub.open(body("1"))
    report = ticks(made)
    assert [note.id for note in report.retrying] == [1]
    assert made.count("1") == 1


@pytest.mark.parametrize("error", [denied, silent, lambda: Rejected("403: locked", status=403)])
def test_an_author_who_can_not_be_told_keeps_no_other_from_being_told(
    error: Callable[[], Exception],
) -> None:
    made = world()
    for _ in range(3):
        made.hub.open("no job")
    report = ticks(made, failing(error, at="add_comment", but=(2, 3)))
    assert report.stopped == ""
    assert [note.id for note in report.retrying] == [1]
    assert [len(made.hub.on(number)) for number in (1, 2, 3)] == [0, 1, 1]


def test_a_job_without_a_target_is_told_so() -> None:
    made = world()
    made.hub.open(body("1", to="timezone: UTC"))
    assert "workflow: is missing" in ticks(made).invalid[0].reason


# How much at once.


def test_so_many_authors_are_told_in_one_tick_and_the_next_goes_on() -> None:
    made = limited(2)
    for _ in range(5):
        made.hub.open("no job")
    for told in (2, 4, 5):
        report = ticks(made)
        assert len(made.hub.comments) == told
        again = report.next_due is not None and report.next_due <= made.clock.now()
        assert again == (told < 5)
        assert len(report.invalid) == 5


def test_those_who_can_not_be_told_count_too() -> None:
    made = limited(2)
    for _ in range(5):
        made.hub.open("no job")
    queue = MemoryQueue(made.hub, through=failing(denied, at="add_comment"))
    made.tick(queue=queue)
    assert queue.calls.count("add_comment") == 2


def test_so_many_are_rejected_in_one_tick_and_the_next_goes_on() -> None:
    strict = Settings(limits=Limits(per_tick=2), quotas=Quotas(horizon=timedelta(days=1)))
    made = world(settings=strict)
    for each in range(5):
        made.hub.open(body(f"{each}", run_at=NOON + timedelta(days=9)))
    for rejected in (2, 2, 1):
        report = ticks(made)
        assert len(report.rejected) == rejected
        again = report.next_due is not None and report.next_due <= made.clock.now()
        assert again == (rejected == 2)


# What a report says.


def test_what_stays_on_hold_is_told_of_without_being_read() -> None:
    made = world()
    made.hub.open(body("1"))
    made.hub.comment(1, "why it is on hold", by="owner")
    made.hub.change(1, labels=("schedule", "schedule:held"))
    made.clock.sleep(86400 + 60)
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    (note,) = made.reports[-1].held
    assert (note.id, note.reason) == (1, "on hold; 'schedule show 1' says why")
    assert queue.calls == ["open_tickets", "closed_tickets"]


@pytest.mark.parametrize("graphql", [True, False])
@pytest.mark.parametrize("talk", [0, 2])
def test_a_hold_is_explained_once_whatever_else_is_said(*, graphql: bool, talk: int) -> None:
    made = world()
    made.hub.graphql = graphql
    made.hub.open(body("1"))
    made.hub.change(1, labels=("schedule", "schedule:held"))
    for _ in range(talk):
        made.hub.comment(1, "Why does it not run?", by="owner")
    for _ in range(3):
        made.tick()
        assert [note.id for note in made.reports[-1].held] == [1]
    assert len(made.hub.on(1)) == talk + 1
    assert "This job is on hold" in made.hub.on(1)[-1].body


def test_what_its_label_alone_keeps_on_hold_is_explained_once_it_is_due() -> None:
    made = world()
    for number, hours in ((1, 0), (2, 72)):
        made.hub.open(body(str(number), run_at=NOON + timedelta(hours=hours)))
        made.hub.change(number, labels=("schedule", "schedule:held"))
    made.clock.sleep(86400 + 60)
    made.tick()
    reasons = {note.id: note.reason for note in made.reports[-1].held}
    assert reasons == {1: "on hold; its comments say why", 2: "on hold by its label"}
    (said,) = made.hub.on(1)
    assert "only the label 'schedule:held' says so" in said.body
    made.clock.sleep(86400 + 60)
    queue = MemoryQueue(made.hub)
    made.tick(queue=queue)
    assert len(made.hub.on(1)) == 1
    assert queue.calls == ["open_tickets", "closed_tickets"]


# A tick that is to take no more.


def of(made: World, through: Through | None = None) -> Tick:
    return Tick(context(MemoryQueue(made.hub, through=through), made.settings))


def test_a_tick_that_takes_no_more_leaves_all_to_the_next_and_says_so() -> None:
    made = world()
    for name in ("1", "2"):
        made.hub.open(body(name))
    wrong = made.hub.open("no job at all")
    leaving = of(made)
    leaving.taking = False
    report = leaving.run()
    assert (report.dispatched, report.waiting, report.next_due) == ([], 2, report.now)
    assert [note.id for note in report.invalid] == [wrong]
    assert made.hub.on(wrong) == []
    assert leaving.ctx.settings == made.settings


def test_what_is_in_hand_when_no_more_is_taken_is_finished() -> None:
    made = world()
    for name in ("1", "2"):
        made.hub.open(body(name))
    leaving = of(made, at("dispatch", lambda: setattr(leaving, "taking", False)))
    report = leaving.run()
    assert [fired.id for fired in report.dispatched] == [1]
    assert not made.hub.ticket(1).open
    assert (report.waiting, made.count("2")) == (1, 0)
