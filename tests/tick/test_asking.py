"""What a condition's answer is made of, and what can't be asked."""

from __future__ import annotations

import pytest

from scheduler.errors import Rejected, Unavailable
from scheduler.ports.values import Check
from tests.faults.world import World
from tests.support.condition_world import asked_about, comments, job, reason, skipped, tick
from tests.support.fakes import MemoryQueue


@pytest.fixture
def place() -> World:
    return asked_about()


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
    assert bool(report.conditional) == (not runs)


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
        assert f"{seen} commit c0ffee0 of #100" in report.conditional[0].reason
