"""A holder looks what became of the runs that it has started, and stays for none of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from scheduler.errors import RateLimited
from scheduler.settings.profiles import Stay
from tests.faults.series import open_series
from tests.support.hold_world import HoldWorld, hold_world


def end(made: HoldWorld, at: float, conclusion: str = "success", place: int = 0) -> None:
    """Have a run end so many seconds after the beginning."""

    def ends() -> None:
        made.hub.mark(made.hub.runs[place][1].id, "completed", conclusion)

    made.lively.at(at, ends)


def looks(made: HoldWorld) -> list[float]:
    return [round(at) for at, _ in made.named("recent_runs")]


def test_the_first_look_is_soon_and_its_pauses_double_up_to_a_minute() -> None:
    made = hold_world(hold=400)
    made.open("1", 0)
    made.stays()
    first, *more = looks(made)
    assert 15 <= first <= 17
    assert [later - earlier for earlier, later in zip([first, *more], more, strict=False)] == [
        30, 60, 60, 60, 60, 60
    ]  # fmt: skip


def test_what_ended_is_told_in_the_same_tick_and_not_looked_at_again() -> None:
    made = hold_world(hold=300)
    made.open("1", 30)
    made.open("2", 31)
    end(made, 35, "failure", 0)
    end(made, 70, "success", 1)
    report = made.stays()
    assert [(end["id"], end["conclusion"]) for end in report.as_json()["followed"]] == [
        (1, "failure"), (2, "success"),
    ]  # fmt: skip
    assert made.hub.ticket(1).labels[-1] == "schedule:failed"
    assert len(looks(made)) == 2
    assert made.hub.sent[1].at - made.hub.sent[0].at < timedelta(seconds=3)


def test_a_success_that_is_seen_at_once_costs_a_list_and_an_edit() -> None:
    made, other = hold_world(hold=300), hold_world(hold=300)
    other.settings = replace(other.settings, follow=timedelta(0))
    for each in (made, other):
        each.open("1", 60)
        end(each, 62)
        each.stays()
    more = sorted(name for _, name in made.done)
    for _, name in other.done:
        more.remove(name)
    assert more == ["edit_comment", "recent_runs"]


def test_nobody_stays_for_a_run() -> None:
    for stay in (Stay.DUE, Stay.PENDING):
        made = hold_world(hold=600, stay=stay)
        made.open("1", 0)
        made.open("2", 20)
        made.stays()
        assert made.seconds < 60
        assert not [at for at in looks(made) if at > 50]


def test_a_look_keeps_no_dispatch_waiting() -> None:
    instants, made = [], hold_world()
    for follow in (timedelta(0), timedelta(hours=6)):
        made = hold_world(hold=300, latency=0.4)
        made.settings = replace(made.settings, follow=follow)
        for n in range(20):
            made.open(str(n), 10 + n * 13)
        made.stays()
        instants.append([each.at for each in made.hub.sent])
    assert instants[0] == instants[1]
    assert looks(made)


def test_a_series_is_told_of_between_its_instants() -> None:
    made = hold_world(hold=900)
    open_series(made.hub, rule="every: 10m")
    end(made, 10, "failure", 0)
    end(made, 610, "failure", 1)
    made.stays()
    entries = made.history(1).journal.entries
    assert [each.conclusion for each in entries] == ["failure", "failure"]
    assert len(made.history(1).news) == 1
    assert made.sent_at("s")[1] < 601


def test_what_the_pass_has_found_under_way_is_looked_at_in_the_hold() -> None:
    made = hold_world(hold=0)
    made.open("1", 0)
    made.stays()
    made.hold = 120
    end(made, 40, "failure")
    made.clock.sleep(10)
    report = made.stays()
    assert [each["conclusion"] for each in report.as_json()["failed"]] == ["failure"]


def test_where_the_limit_is_reached_the_next_look_is_later() -> None:
    made = hold_world(hold=300)
    made.open("1", 0)
    refused: list[str] = []

    def limited(index: int, name: str, act: object) -> object:
        if name == "recent_runs" and not refused:
            refused.append(name)
            raise RateLimited("slow", retry_at=made.clock.now() + timedelta(seconds=20))
        return act()  # type: ignore[operator]

    end(made, 5)
    report = made.stays(limited)
    assert report.stopped == ""
    assert [each["conclusion"] for each in report.as_json()["followed"]] == ["success"]


def test_a_run_that_failed_is_tried_again_by_the_same_holder_on_its_instant() -> None:
    made = hold_world(hold=600)
    made.open("1", 30, more="retries: 2\nretry-after: 1m\n")
    end(made, 40, "failure", 0)
    end(made, 130, "success", 1)
    report = made.stays()
    first, second = made.sent_at("1")
    assert 30 <= first < 32
    # A minute after the run's end.
    assert 100 <= second < 102
    assert [each.conclusion for _, each in report.followed] == ["failure", "success"]
    ticket = made.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "completed")


def test_who_closes_a_job_while_it_runs_has_nothing_tried_again() -> None:
    made = hold_world(hold=300)
    made.open("1", 30, more="retries: 2\nretry-after: 0s\n")
    made.lively.at(45, lambda: made.hub.close(1))
    end(made, 50, "failure", 0)
    made.stays()
    assert len(made.sent_at("1")) == 1
    assert not made.hub.ticket(1).open
