"""The model of GitHub: cron as it was measured, one run at a time, minutes, limits."""

from __future__ import annotations

import itertools
import random
import statistics
from collections.abc import Callable

import pytest

from scheduler.errors import RateLimited, UsageError
from scheduler.ports.values import Run
from scheduler.settings.model import Settings
from scheduler.simulation.actions import Actions, RunnerClock
from scheduler.simulation.meter import MeteredHub
from scheduler.simulation.scenario import DAY, Cron, Lead, Platform, Scenario, every
from scheduler.simulation.timeline import Timeline

STEADY = Platform(start=(10.0, 10.0), installing=5.0)


def test_a_frequent_cron_shows_the_gaps_that_were_measured() -> None:
    """Median 65 minutes of a */5 cron: https://github.com/Illospace/illospace/issues/512"""
    fires = Cron(kept=0.05, every=300, first=0).fires(60 * DAY, random.Random(1))
    gaps = sorted(later - one for one, later in itertools.pairwise(fires))
    assert statistics.median(gaps) / 60 == pytest.approx(65, rel=0.15)
    assert gaps[-1] > 4 * 3600


def test_a_daily_cron_is_as_late_as_was_measured() -> None:
    """Of 25 days: 44 min, median 4 h 46, 12 h 12: .../robhunter/agentdeals/issues/1848"""
    days = 400
    fires = Cron(kept=1.0, every=DAY, first=0).fires(days * DAY, random.Random(1))
    late = [at % DAY for at in fires]
    assert len(fires) == pytest.approx(days, abs=1)
    assert statistics.median(late) == pytest.approx(286 * 60, rel=0.1)
    assert 20 * 60 < min(late) < 80 * 60
    assert max(late) == 732 * 60


@pytest.mark.parametrize("kept", [0.0, 0.022, 0.08, 1.0])
def test_cron_keeps_the_share_that_it_is_told(kept: float) -> None:
    fires = Cron(kept=kept).fires(100 * DAY, random.Random(2))
    assert len(fires) == pytest.approx(kept * 9600, rel=0.1, abs=1)
    assert fires == sorted(fires)
    assert all(at >= 0 for at in fires)


def test_leads_are_read_and_drawn_over_their_whole_range() -> None:
    lead, chance = Lead.read("2m..3d"), random.Random(3)
    drawn = [lead.draw(chance) for _ in range(2000)]
    assert (lead.shortest, lead.longest) == (120, 3 * DAY)
    assert 120 <= min(drawn) < 130
    assert 2.9 * DAY < max(drawn) <= 3 * DAY
    assert Lead.read("2h").draw(chance) == pytest.approx(7200)
    for wrong in ("", "3d..2m", "2m..", "..3d", "soon", "0s", "-1m"):
        with pytest.raises(UsageError, match="--lead"):
            Lead.read(wrong)


def test_jobs_are_the_same_for_every_profile_and_due_on_whole_seconds() -> None:
    one, other = (
        list(Scenario(profile=name, jobs_a_day=40, days=5, people=0.5).arrivals())
        for name in ("cron", "punctual")
    )
    assert one == other
    assert len(one) == 200
    assert all(each.due >= each.created + 120 for each in one)
    assert 60 < sum(each.by_person for each in one) < 140


Tick = Callable[[RunnerClock, Run], None]


def actions(tick: Tick) -> tuple[Timeline, Actions]:
    timeline = Timeline()
    hub = MeteredHub(timeline, Settings(), STEADY)
    return timeline, Actions(hub, STEADY, random.Random(1), tick)


def start(timeline: Timeline, made: Actions, *seconds: float) -> list[Run]:
    runs: list[Run] = []
    for at in seconds:
        timeline.after(at, lambda: runs.append(made.start("workflow_dispatch")))
    return runs


def conclusions(made: Actions) -> list[str | None]:
    return [run.conclusion for _, run in made._hub.runs]


def test_one_runs_one_waits_and_a_newer_one_takes_its_place() -> None:
    timeline, made = actions(lambda clock, _: clock.sleep(100))
    runs = start(timeline, made, 0, 20, 30)
    timeline.run(lambda: False)
    assert [job.run.id for job in made.jobs] == [runs[0].id, runs[2].id]
    # A runner takes ten seconds to start, five of which are billed.
    assert [(job.began, job.ended) for job in made.jobs] == [(5, 110), (115, 220)]
    assert conclusions(made) == ["success", "cancelled", "success"]


def test_a_run_that_waits_can_be_cancelled_and_costs_nothing() -> None:
    timeline, made = actions(lambda clock, _: clock.sleep(100))
    runs = start(timeline, made, 0, 20)
    answers: list[bool] = []
    timeline.after(30, lambda: answers.append(made.cancel(runs[1].id)))
    timeline.after(31, lambda: answers.append(made.cancel(runs[1].id)))
    timeline.run(lambda: False)
    assert answers == [True, False]
    assert len(made.jobs) == 1


def test_an_alarm_waits_without_a_runner_and_beside_the_tick_that_runs() -> None:
    timeline, made = actions(lambda clock, _: clock.sleep(100))
    timeline.after(0, lambda: made.start("workflow_dispatch", title="alarm", timer=120))
    start(timeline, made, 0)
    states: list[str] = []
    for at in (60, 121, 200):
        timeline.after(at, lambda: states.append(made._hub.runs[0][1].status))
    timeline.run(lambda: False)
    assert states == ["waiting", "queued", "in_progress"]
    # Its own job takes a runner, as the tick behind it does, and a minute of each is billed.
    alarm, tick = made.jobs[1:]
    assert (alarm.began, alarm.ended, alarm.ticks, alarm.minutes) == (125, 128, False, 1)
    assert (tick.began, tick.ended, tick.ticks) == (133, 238, True)
    assert (alarm.asleep, tick.asleep) == (0, 100)
    assert not made._hub.waiting


def test_an_alarm_that_rings_waits_for_the_tick_that_runs() -> None:
    timeline, made = actions(lambda clock, _: clock.sleep(100))
    timeline.after(0, lambda: made.start("workflow_dispatch", title="alarm", timer=60))
    start(timeline, made, 50)
    timeline.run(lambda: False)
    assert [(job.began, job.ticks) for job in made.jobs] == [(55, True), (65, False), (165, True)]


def test_an_alarm_that_was_cancelled_never_rings() -> None:
    timeline, made = actions(lambda clock, _: clock.sleep(100))
    runs: list[Run] = []
    timeline.after(0, lambda: runs.append(made.start("workflow_dispatch", timer=60)))
    answers: list[bool] = []
    for at in (30, 31):
        timeline.after(at, lambda: answers.append(made.cancel(runs[0].id)))
    timeline.run(lambda: False)
    assert (answers, made.jobs) == ([True, False], [])


def test_a_lent_alarm_dispatches_the_scheduler_and_bills_nothing() -> None:
    timeline, made = actions(lambda clock, _: clock.sleep(10))
    timeline.after(0, lambda: made.lend("alarm schedule-2m octo/queue", 120))
    timeline.run(lambda: False)
    alarm, tick = made.jobs
    assert (alarm.ended, alarm.minutes, alarm.run.title) == (128, 0, "alarm schedule-2m octo/queue")
    assert (tick.began, tick.minutes, tick.run.event) == (133, 1, "workflow_dispatch")
    assert conclusions(made) == ["success", "success"]


def test_a_clock_pings_and_rides_come_as_often_as_is_said() -> None:
    scenario = Scenario(profile="cron", clock=every("5m"), rides=10)
    signs = list(scenario.signs(DAY))
    assert [at for at, event in signs if event == "repository_dispatch"][:2] == [300, 600]
    assert len(signs) == 287 + 10
    assert all(0 <= at < DAY for at, _ in signs)
    assert list(Scenario(profile="cron").signs(DAY)) == []
    for wrong in ("often", "30s", "0s"):
        with pytest.raises(UsageError, match="--clock"):
            every(wrong)


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (55, 1), (55.001, 2), (115, 2)])
def test_every_minute_that_was_begun_is_billed(seconds: float, minutes: int) -> None:
    timeline, made = actions(lambda clock, _: clock.sleep(seconds))
    start(timeline, made, 0)
    timeline.run(lambda: False)
    assert made.jobs[0].minutes == minutes


def test_at_its_limit_a_job_is_asked_to_leave_and_then_killed() -> None:
    def polite(clock: RunnerClock, _: Run) -> None:
        while not clock.stopped:
            clock.sleep(1000)

    def busy(clock: RunnerClock, _: Run) -> None:
        while True:
            clock.request(2)

    for tick, ended, killed in ((polite, 845, 0), (busy, 852.5, 1)):
        timeline, made = actions(tick)
        start(timeline, made, 0)
        timeline.run(lambda: False)
        assert made.jobs[0].ended == ended
        assert made.killed == killed


def test_requests_are_counted_by_the_hour_and_limited() -> None:
    timeline = Timeline()
    meter = MeteredHub(timeline, Settings(), Platform(requests_per_hour=3)).meter
    meter.charge(2, unchanged=7)
    meter.charge(1)
    with pytest.raises(RateLimited) as limited:
        meter.charge(1)
    assert (limited.value.retry_at - timeline.now()).total_seconds() == 3600
    timeline.wait(3600)
    meter.charge(1)
    assert (meter.counted, meter.unchanged) == ({0: 3, 1: 1}, {0: 7, 1: 0})


def test_content_is_limited_by_the_minute_and_by_the_hour() -> None:
    timeline = Timeline()
    meter = MeteredHub(
        timeline, Settings(), Platform(content_per_minute=2, content_per_hour=3)
    ).meter
    for _ in range(2):
        meter.charge(1, content=True)
    with pytest.raises(RateLimited, match="a minute"):
        meter.charge(1, content=True)
    timeline.wait(61)
    meter.charge(1, content=True)
    with pytest.raises(RateLimited, match="an hour"):
        meter.charge(1, content=True)
