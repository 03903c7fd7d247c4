"""Conditions in the engine: what is skipped, what waits and for how long, what can't be asked."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest

from scheduler.errors import Rejected, Unavailable
from scheduler.gateway import Check
from scheduler.report import TickReport
from scheduler.settings import Defaults, Settings
from tests.fakes import NOON, MemoryQueue
from tests.faults.hub import Pull
from tests.faults.world import World, body, world
from tests.hold_world import hold_world

NOT_FOUND = Rejected("GitHub answers 404: Not Found; check the number", status=404)


@pytest.fixture
def place() -> World:
    """A repository with the issue #1 and the pull request #100."""
    made = world()
    made.hub.open("no job", author="owner")
    made.hub.change(1, labels=("wip",))
    made.hub.pulls[100] = Pull()
    return made


def job(place: World, *lines: str) -> int:
    return place.hub.open(body("j", more="".join(f"{line}\n" for line in lines)))


def tick(place: World, **more: float) -> TickReport:
    place.clock.sleep(timedelta(**more).total_seconds())
    report = place.tick()
    assert report is not None
    return report


def reason(report: TickReport, kind: str, number: int) -> str:
    assert not report.dispatched
    notes = getattr(report, kind)
    assert [note.id for note in notes] == [number], report.as_json()
    return str(notes[0].reason)


def comments(place: World, number: int) -> list[str]:
    return [comment.body.partition("\n")[2] for comment in place.hub.on(number)]


def skipped(place: World, number: int) -> bool:
    ticket = place.hub.ticket(number)
    assert place.hub.sent == []
    return not ticket.open and "schedule:skipped" in ticket.labels


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
    assert reason(report, "retrying", number) == words
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
    assert tick(place).retrying
    report = tick(place, hours=1, minutes=59)
    assert report.retrying
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
    assert tick(place, hours=23, minutes=59).retrying
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
    assert tick(place).retrying
    place.hub.pulls[100].merged = True
    assert [fired.id for fired in tick(place, hours=1).dispatched] == [number]


def test_a_job_that_was_skipped_and_reopened_is_asked_about_again(place: World) -> None:
    number = job(place, "unless: label(#1, wip)", "when: merged(#100)", "patience: 1h")
    assert tick(place).skipped
    place.hub.change(1, labels=())
    place.hub.reopen(number)
    assert tick(place).retrying
    assert tick(place, hours=1).skipped
    place.hub.reopen(number)
    assert tick(place).skipped
    place.hub.reopen(number)
    place.hub.pulls[100].merged = True
    assert [fired.id for fired in tick(place, hours=1).dispatched] == [number]


def test_what_makes_no_sense_any_more_is_not_waited_for(place: World) -> None:
    number = job(place, "unless: closed(#1)", "when: approved(#100)")
    assert tick(place).retrying
    place.hub.close(1)
    assert "unless: closed(#1) holds" in reason(tick(place, minutes=5), "skipped", number)


@pytest.mark.parametrize("key", ["unless", "when"])
@pytest.mark.parametrize(
    "condition",
    ["closed(#99)", "label(#99, wip)", "merged(#1)", "approved(#1)", "checks-pass(#1)"],
)
def test_what_can_not_be_asked_is_not_run_and_says_why(
    place: World, key: str, condition: str
) -> None:
    number = job(place, f"{key}: {condition}")
    words = f"{key}: {condition} can't be asked: GitHub answers 404: Not Found"
    assert reason(tick(place), "skipped", number) == words
    assert skipped(place, number)
    assert [words in said for said in comments(place, number)] == [True]


@pytest.mark.parametrize("key", ["unless", "when"])
@pytest.mark.parametrize("status", [403, 404, 410, 451])
def test_another_repository_that_the_token_can_not_see(place: World, key: str, status: int) -> None:
    place.hub.elsewhere = Rejected(f"GitHub answers {status}: no", status=status)
    number = job(place, f"{key}: closed(octo/private#1)")
    words = f"{key}: closed(octo/private#1) can't be asked: GitHub answers {status}: no"
    assert reason(tick(place), "skipped", number) == words
    assert skipped(place, number)


@pytest.mark.parametrize("key", ["unless", "when"])
def test_an_outage_is_waited_out(place: World, key: str) -> None:
    place.hub.elsewhere = Unavailable("GitHub is away", sent=False)
    number = job(place, f"{key}: closed(octo/other#1)")
    for _ in range(3):
        assert reason(tick(place, minutes=10), "retrying", number) == "GitHub is away"
    assert comments(place, number) == []
    place.hub.elsewhere = None
    place.hub.change(1, open=key == "unless")
    assert [fired.id for fired in tick(place).dispatched] == [number]


@pytest.mark.parametrize(
    ("reviews", "runs"),
    [
        ([("stranger", "APPROVED")], False),
        ([("stranger", "APPROVED"), ("agent", "APPROVED")], True),
        ([("agent", "APPROVED"), ("stranger", "CHANGES_REQUESTED")], True),
        ([("agent", "APPROVED"), ("owner", "CHANGES_REQUESTED")], False),
        ([("owner", "CHANGES_REQUESTED"), ("owner", "DISMISSED"), ("agent", "APPROVED")], True),
        ([("agent", "APPROVED"), ("agent", "CHANGES_REQUESTED")], False),
        ([("agent", "APPROVED"), ("agent", "COMMENTED")], True),
        ([(f"s{n}", "APPROVED") for n in range(20)], False),
    ],
)
def test_only_the_opinions_of_those_who_may_write_count(
    place: World, reviews: list[tuple[str, str]], runs: bool
) -> None:
    for login, state in reviews:
        place.hub.pulls[100].review(state, by=login)
    number = job(place, "when: approved(#100)")
    report = tick(place)
    assert [fired.id for fired in report.dispatched] == ([number] if runs else [])
    assert bool(report.retrying) == (not runs)


def test_a_crowd_of_reviewers_is_not_asked_about(place: World) -> None:
    for n in range(21):
        place.hub.pulls[100].review("APPROVED", by=f"stranger-{n}")
    number = job(place, "when: approved(#100)")
    queue = MemoryQueue(place.hub)
    report = place.tick(queue=queue)
    assert report is not None
    assert "more than 20 people have reviewed" in reason(report, "skipped", number)
    assert queue.calls.count("role") == 1  # the job's author


@pytest.mark.parametrize(
    ("runs", "statuses", "asked", "seen"),
    [
        ([], [], ["check_runs", "statuses"], "no check has reported on"),
        (["pending"], ["passed"], ["check_runs"], "'r1' is not done on"),
        (["passed", "failed"], ["passed"], ["check_runs"], "'r2' failed on"),
        (["passed"], ["pending"], ["check_runs", "statuses"], "'s1' is not done on"),
        ([], ["failed"], ["check_runs", "statuses"], "'s1' failed on"),
        (["passed"], [], ["check_runs", "statuses"], None),
        ([], ["passed"], ["check_runs", "statuses"], None),
    ],
)
def test_checks_are_check_runs_and_statuses(
    place: World, runs: list[str], statuses: list[str], asked: list[str], seen: str | None
) -> None:
    head = place.hub.pulls[100].head
    place.hub.check_runs[head] = [Check(name=f"r{n}", state=s) for n, s in enumerate(runs, 1)]
    place.hub.statuses[head] = [Check(name=f"s{n}", state=s) for n, s in enumerate(statuses, 1)]
    job(place, "when: checks-pass(#100)")
    queue = MemoryQueue(place.hub)
    report = place.tick(queue=queue)
    assert report is not None
    known = {"issue", "pull_request", "reviews", "check_runs", "statuses"}
    assert [call for call in queue.calls if call in known] == ["pull_request", *asked]
    if seen is None:
        assert report.dispatched
    else:
        assert f"{seen} commit c0ffee0 of #100" in report.retrying[0].reason


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
    assert report.retrying
    assert tick(place).retrying
    assert len(comments(place, number)) == 1


def test_without_a_known_login_nothing_is_said_again_and_again(place: World) -> None:
    place.hub.graphql = False
    number = job(place, "when: merged(#100)", "patience: 2h")
    for _ in range(4):
        assert reason(tick(place, minutes=5), "retrying", number)
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
    assert report.retrying == []


def test_a_holder_asks_before_it_claims_early() -> None:
    holding = hold_world(hold=120)
    holding.hub.pulls[100] = Pull(merged=True)
    holding.open("runs", 60, more="when: merged(#100)\n")
    skipped = holding.open("skipped", 60, more="unless: merged(#100)\n")
    report = holding.stays()
    assert holding.sent_at("runs") == [60]
    assert holding.sent_at("skipped") == []
    assert [note.id for note in report.skipped] == [skipped]
