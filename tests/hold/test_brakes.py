"""A holder and the brakes of a queue's owner."""

from __future__ import annotations

from dataclasses import replace

from scheduler.settings.model import Limits, Settings
from tests.hold.test_follow import end
from tests.support.hold_world import HoldWorld, hold_world

ONE = Settings(limits=Limits(running=1))


def sent(made: HoldWorld) -> list[tuple[str, int]]:
    """What was dispatched, and how many seconds after the beginning."""
    began = made.hub.sent[0].at if made.hub.sent else made.clock.true
    return [(each.name, round((each.at - began).total_seconds())) for each in made.hub.sent]


def test_jobs_of_one_instant_run_one_after_another() -> None:
    made = hold_world(hold=400)
    made.settings = ONE
    made.hub.begins = "in_progress"
    for name in ("1", "2", "3"):
        made.open(name, 30)
    end(made, 100, place=0)
    made.stays()
    (first, _), (second, later) = sent(made)
    assert {first, second} < {"1", "2", "3"}
    assert 70 <= later <= 200
    under_way = [run for _, run in made.hub.runs if not run.conclusion]
    assert len(under_way) == 1


def test_what_is_approved_meanwhile_is_dispatched_by_the_same_tick() -> None:
    made = hold_world(hold=400)
    made.settings = replace(Settings(), approve="all")
    made.open("1", 0)
    made.open("2", 60)
    made.lively.at(120, lambda: made.hub.comment(1, "/approve", by="owner"))
    made.lively.at(150, lambda: made.hub.take_off(2, "schedule:approve", by="owner"))
    made.stays()
    assert sorted(name for name, _ in sent(made)) == ["1", "2"]
    late = [made.history(number).journal.entries[-1].lateness_s for number in (1, 2)]
    assert all(each is not None and each < 60 for each in late)


def test_a_run_that_grows_too_long_is_cancelled_once() -> None:
    made = hold_world(hold=600)
    made.hub.begins = "in_progress"
    made.open("1", 0, more="max-runtime: 2m\n")
    report = made.stays()
    assert [name for _, name in made.done].count("cancel_run") == 1
    assert [(e["id"], e["conclusion"]) for e in report.as_json()["failed"]] == [(1, "cancelled")]
