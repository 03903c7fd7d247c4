"""Conditions in the engine: what is skipped, what waits and for how long, what can't be asked."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from scheduler.errors import Rejected
from scheduler.ports.values import Check
from scheduler.settings.model import Defaults, Settings
from tests.faults.world import World, body
from tests.support.condition_world import asked_about, comments, job, reason, skipped, tick
from tests.support.fakes import NOON, MemoryQueue, Pull
from tests.support.hold_world import hold_world


@pytest.fixture
def place() -> World:
    return asked_about()


@pytest.mark.parametrize(
    ("unless", "seen"),
    [
        ("label(#1, WIP)", "#1 has the label 'WIP'"),
        ("label(octo/queue#1, wip)", "octo/queue#1 has the label 'wip'"),
        ("closed(#1)", "#1 is closed as completed"),
        ("merged(#100)", "#100 is merged"),
        ("approved(#100)", "#100 is approved by 'owner'"),
        ("checks-pass(#100)", "all 2 checks passed on commit c0ffee0 of #100"),
    ],
)
def test_what_makes_no_sense_any_more_is_skipped(place: World, unless: str, seen: str) -> None:
    place.hub.close(1)
    pull = place.hub.pulls[100]
    pull.open, pull.merged = False, True
    pull.review("APPROVED")
    place.hub.check_runs[pull.head] = [Check(name="build", state="passed")]
    place.hub.statuses[pull.head] = [Check(name="ci", state="passed")]
    number = job(place, f"unless: {unless}")
    assert reason(tick(place), "skipped", number) == f"unless: {unless} holds: {seen}"
    assert skipped(place, number)
    assert len(comments(place, number)) == 1
    assert f"unless: {unless} holds: {seen}" in comments(place, number)[0]
    tick(place, hours=1)
    assert len(comments(place, number)) == 1


@pytest.mark.parametrize(
    "unless",
    ["label(#1, other)", "closed(#1)", "merged(#100)", "approved(#100)", "checks-pass(#100)"],
)
def test_what_still_makes_sense_runs(place: World, unless: str) -> None:
    number = job(place, f"unless: {unless}")
    assert [fired.id for fired in tick(place).dispatched] == [number]


def test_what_waits_says_so_once_and_runs_when_it_may(place: World) -> None:
    number = job(place, "when: approved(#100)", "patience: 2h")
    report = tick(place)
    words = "when: approved(#100) does not hold yet: nobody who may write there approves #100"
    assert reason(report, "conditional", number) == words
    assert report.next_due == place.clock.now() + timedelta(minutes=1)
    said = comments(place, number)
    assert len(said) == 1
    assert f"`{words}`" in said[0]
    assert "until 2026-11-23T14:00:00Z" in said[0]
    report = tick(place, minutes=30)
    assert report.next_due is not None
    assert timedelta(minutes=3) < report.next_due - place.clock.now() < timedelta(minutes=3.1)
    assert comments(place, number) == said
    place.hub.pulls[100].review("APPROVED")
    assert [fired.id for fired in tick(place, minutes=5).dispatched] == [number]
    assert comments(place, number)[:1] == said
    assert not place.hub.ticket(number).open


def test_patience_is_over_at_its_end_and_not_before(place: World) -> None:
    number = job(place, "when: merged(#100)", "patience: 2h")
    assert tick(place).conditional
    report = tick(place, hours=1, minutes=59)
    assert report.conditional
    assert report.next_due == NOON + timedelta(hours=2)
    words = "when: merged(#100) did not hold within 2h: #100 is open"
    assert reason(tick(place, minutes=1), "skipped", number) == words
    assert skipped(place, number)


def test_it_is_asked_once_more_however_late_the_tick_is(place: World) -> None:
    number = job(place, "when: merged(#100)", "patience: 2h")
    place.hub.pulls[100].merged = True
    assert [fired.id for fired in tick(place, days=3).dispatched] == [number]


def test_without_patience_a_day_is_waited(place: World) -> None:
    number = job(place, "when: merged(#100)")
    assert tick(place, hours=23, minutes=59).conditional
    words = "when: merged(#100) did not hold within 1d: #100 is open"
    assert reason(tick(place, minutes=1), "skipped", number) == words


@pytest.mark.parametrize("own", [True, False])
def test_a_deadline_ends_the_wait(place: World, own: bool) -> None:
    lines = ["deadline: 3d"] if own else []
    if not own:
        place.settings = Settings(defaults=Defaults(deadline=timedelta(days=3)))
    number = job(place, "when: merged(#100)", *lines)
    report = tick(place, days=2, hours=23, minutes=59)
    assert report.next_due == NOON + timedelta(days=3, seconds=1)
    assert "until 2026-11-26T12:00:01Z" in comments(place, number)[0]
    assert "deadline passed" in reason(tick(place, minutes=1), "missed", number)


def test_a_job_that_was_missed_and_reopened_is_asked_about_again(place: World) -> None:
    number = job(place, "when: merged(#100)", "deadline: 1h")
    assert tick(place, hours=2).missed
    place.hub.reopen(number)
    assert tick(place).conditional
    place.hub.pulls[100].merged = True
    assert [fired.id for fired in tick(place, hours=1).dispatched] == [number]


def test_a_job_that_was_skipped_and_reopened_is_asked_about_again(place: World) -> None:
    number = job(place, "unless: label(#1, wip)", "when: merged(#100)", "patience: 1h")
    assert tick(place).skipped
    place.hub.change(1, labels=())
    place.hub.reopen(number)
    assert tick(place).conditional
    assert tick(place, hours=1).skipped
    place.hub.reopen(number)
    assert tick(place).skipped
    place.hub.reopen(number)
    place.hub.pulls[100].merged = True
    assert [fired.id for fired in tick(place, hours=1).dispatched] == [number]


def test_what_makes_no_sense_any_more_is_not_waited_for(place: World) -> None:
    number = job(place, "unless: closed(#1)", "when: approved(#100)")
    assert tick(place).conditional
    place.hub.close(1)
    assert "unless: closed(#1) holds" in reason(tick(place, minutes=5), "skipped", number)


def test_what_is_not_due_or_may_not_run_asks_nothing(place: World) -> None:
    later = place.hub.open(body("l", run_at=NOON + timedelta(days=1), more="when: merged(#100)\n"))
    strange = place.hub.open(body("s", more="unless: merged(#100)\n"), author="stranger")
    queue = MemoryQueue(place.hub)
    report = place.tick(queue=queue)
    assert report is not None
    assert "pull_request" not in queue.calls
    assert [note.id for note in report.rejected] == [strange]
    assert place.hub.ticket(later).open


def test_a_comment_that_can_not_be_written_changes_nothing(place: World) -> None:
    number = job(place, "when: merged(#100)")

    def refused(index: int, name: str, act: object) -> object:
        if name == "add_comment":
            raise Rejected("GitHub answers 403: no", status=403)
        return act()  # type: ignore[operator]

    report = place.tick(refused)
    assert report is not None
    assert report.conditional
    assert tick(place).conditional
    assert len(comments(place, number)) == 1


def test_without_a_known_login_nothing_is_said_again_and_again(place: World) -> None:
    place.hub.graphql = False
    number = job(place, "when: merged(#100)", "patience: 2h")
    for _ in range(4):
        assert reason(tick(place, minutes=5), "conditional", number)
    assert len(comments(place, number)) == 1
    place.hub.pulls[100].merged = True
    assert [fired.id for fired in tick(place, minutes=5).dispatched] == [number]


def test_a_holder_asks_again_by_and_by_and_says_it_once() -> None:
    holding = hold_world(hold=600)
    pull = holding.hub.pulls[100] = Pull()
    number = holding.open("j", 30, more="when: merged(#100)\npatience: 1h\n")

    def merge() -> None:
        pull.merged = True

    holding.lively.at(400, merge)
    report = holding.stays()
    asked = [at for at, _ in holding.named("pull_request")]
    assert len(asked) <= 10
    assert all(later - at > 5 for at, later in itertools.pairwise(asked))
    assert [fired.id for fired in report.dispatched] == [number]
    assert 400 <= holding.sent_at("j")[0] <= 480
    assert len([said for said in comments(holding, number) if "waits" in said]) == 1
    assert report.conditional == []


def test_a_holder_asks_before_it_claims_early() -> None:
    holding = hold_world(hold=120)
    holding.hub.pulls[100] = Pull(merged=True)
    holding.open("runs", 60, more="when: merged(#100)\n")
    skipped = holding.open("skipped", 60, more="unless: merged(#100)\n")
    report = holding.stays()
    assert holding.sent_at("runs") == [60]
    assert holding.sent_at("skipped") == []
    assert [note.id for note in report.skipped] == [skipped]


def test_a_holder_asks_now_and_then_although_it_was_put_off_past_the_next_instant() -> None:
    holding = hold_world(hold=2400)
    pull = holding.hub.pulls[100] = Pull()
    number = holding.open("j", 300, more="every: 10m\nwhen: merged(#100)\npatience: 4m\n")
    holding.lively.at(200, lambda: holding.hub.comment(number, "/snooze 15m", by="owner"))

    def merge() -> None:
        assert len(holding.named("pull_request")) < 15
        pull.merged = True

    holding.lively.at(1200, merge)
    holding.stays()
    assert holding.sent_at("j") == [1221, 1500, 2100]


# Of a series each occurrence asks for itself.


def test_a_series_skips_an_occurrence_and_goes_on(place: World) -> None:
    number = job(place, "every: 1h", "unless: label(#1, wip)", "overlap: allow")
    assert reason(tick(place), "skipped", number).startswith("unless: label(#1, wip) holds")
    assert place.hub.ticket(number).open
    assert tick(place, hours=1).skipped
    place.hub.change(1, labels=())
    assert [fired.id for fired in tick(place, hours=1).dispatched] == [number]
    assert place.hub.sent[-1].key == f"{number}@2026-11-23T14:00:00Z"
    assert len(comments(place, number)) == 1


def test_a_series_that_can_not_ask_stays_open_and_shows_why(place: World) -> None:
    number = job(place, "every: 1h", "unless: closed(#99)", "overlap: allow")
    for _ in range(2):
        assert "can't be asked" in reason(tick(place, hours=1), "skipped", number)
    assert place.hub.ticket(number).open
    said = comments(place, number)
    assert len(said) == 1
    assert said[0].count("can't be asked") == 2


def test_a_series_waits_at_each_occurrence_and_says_so_once(place: World) -> None:
    pull = place.hub.pulls[100]
    number = job(place, "every: 1d", "when: merged(#100)", "patience: 2h", "overlap: allow")
    assert tick(place).conditional
    assert "did not hold within 2h" in reason(tick(place, hours=2), "skipped", number)
    assert tick(place, hours=22).conditional
    pull.merged = True
    assert [fired.id for fired in tick(place, hours=1).dispatched] == [number]
    assert place.hub.sent[-1].key == f"{number}@2026-11-24T12:00:00Z"
    assert len([said for said in comments(place, number) if "waits" in said]) == 1
    assert len(comments(place, number)) == 2


def test_with_misfire_skip_each_occurrence_asks_for_itself(place: World) -> None:
    number = job(place, "every: 1h", "when: merged(#100)", "overlap: allow", "misfire: skip")
    for _ in range(4):
        assert tick(place, minutes=30).conditional
    place.hub.pulls[100].merged = True
    assert tick(place, minutes=15).dispatched
    told = [(entry.key[-9:], entry.outcome) for entry in place.history(number).journal.entries]
    assert told == [("12:00:00Z", "skipped"), ("13:00:00Z", "skipped"), ("14:00:00Z", "dispatched")]


def test_the_next_occurrence_takes_the_place_of_one_that_waits(place: World) -> None:
    number = job(place, "every: 1h", "when: merged(#100)", "patience: 3h", "overlap: allow")
    assert tick(place).conditional
    assert tick(place, hours=1, minutes=10).conditional
    place.hub.pulls[100].merged = True
    assert tick(place, minutes=5).dispatched
    assert [sent.key for sent in place.hub.sent] == [f"{number}@2026-11-23T13:00:00Z"]
    entries = place.history(number).journal.entries
    assert [entry.passed for entry in entries] == [1]
