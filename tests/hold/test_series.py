"""Series and slash commands while a holder stays."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from scheduler.ports.values import Ticket
from scheduler.settings.model import Settings
from scheduler.settings.profiles import Stay
from scheduler.tick.report import TickReport
from tests.faults.series import m, open_series, sound, title, told
from tests.support.fakes import BOT, MemoryQueue
from tests.support.hold_world import HoldWorld, hold_world


def staying(minutes: float = 45, *, rule: str = "every: 10m", **given: str) -> HoldWorld:
    """A holder's world with a series that begins in five minutes."""
    made = hold_world(hold=60 * minutes)
    open_series(made.hub, rule=rule, run_at=m(5), **given)
    return made


def late(made: HoldWorld) -> list[float]:
    """How late each dispatch of the series was, in seconds."""
    return [round(at % 600 - 300, 3) for at in made.sent_at("s")]


def test_each_instant_is_on_time() -> None:
    made = staying()
    report = made.stays()
    assert late(made) == [0] * 5
    assert len(report.dispatched) == 5
    assert report.next_due == m(55)
    sound(made, 1)


def test_each_instant_is_on_time_where_requests_take_their_time() -> None:
    made = staying()
    made.latency = 0.4
    made.stays()
    assert len(late(made)) == 4 + 1
    assert max(late(made)) < 1
    sound(made, 1)


def test_one_that_ran_before_is_on_time_for_a_holder_that_follows() -> None:
    made = staying(12)
    whole = 0
    for _ in range(5):
        whole += len(made.stays().dispatched)
    assert whole == len(late(made)) == 6
    assert max(late(made)) == 0
    sound(made, 1)


def test_many_series_side_by_side() -> None:
    made = staying(35)
    for name in "abcdefgh":
        open_series(made.hub, name, run_at=m(5))
    made.stays()
    for number, name in enumerate("sabcdefgh", 1):
        assert made.sent_at(name) == [300, 900, 1500, 2100]
        sound(made, number, name)


def test_an_overlap_is_seen_while_holding() -> None:
    made = staying(25)

    def goes_on() -> None:
        name, run = made.hub.runs[0]
        made.hub.runs[0] = (name, type(run)(**{**vars(run), "status": "in_progress"}))

    made.lively.at(400, goes_on)
    made.stays()
    assert told(made) == [("5", 0, "dispatched"), ("15", 0, "skipped"), ("25", 0, "skipped")]
    sound(made, 1)


def test_a_command_is_heard_within_a_poll() -> None:
    made = staying(12)
    said: list[int] = []

    def say(words: str) -> None:
        said.append(made.hub.comment(1, words, by="owner").id)

    made.lively.at(60, lambda: say("/run"))
    made.lively.at(400, lambda: say("/run"))
    made.lively.at(410, lambda: say("/run"))
    made.stays()
    assert [round(at) for at in made.sent_at("s")] == pytest.approx([60, 300, 420, 420], abs=20)
    assert [sent.key for sent in made.hub.sent if "comment" in sent.key] == [
        f"1@comment-{each}" for each in said
    ]
    assert all((BOT, "+1") in made.hub.reactions[each] for each in said)
    sound(made, 1)


def test_pause_snooze_and_cancel_while_holding() -> None:
    made = staying(58)
    for seconds, words in (
        (320, "/pause"),
        (1000, "/resume"),
        (1530, "/snooze 15m"),
        (3200, "/cancel"),
    ):
        made.lively.at(seconds, partial(made.hub.comment, 1, words, by="owner"))
    made.stays()
    # 5; paused over 15; 15 late, on /resume; 25; put off until 40:30, when 35 runs; 45.
    assert [round(at / 60) for at in made.sent_at("s")] == [5, 17, 25, 40, 45]
    assert made.hub.ticket(1).state_reason == "not_planned"


def test_a_command_right_before_the_instant_goes_first() -> None:
    made = staying(8)
    made.lively.at(285, lambda: made.hub.comment(1, "/pause", by="owner"))
    made.stays()
    assert not made.sent_at("s")


def test_a_stranger_s_command_delays_nothing_by_more_than_a_moment() -> None:
    made = staying(26)
    for second in range(60, 1500, 15):
        made.lively.at(second, lambda: made.hub.comment(1, "/cancel", by="stranger"))
    made.stays()
    assert len(late(made)) == 3
    assert max(late(made)) <= 21
    sound(made, 1)


def test_all_that_was_missed_is_made_up_for_while_holding() -> None:
    made = staying(20, more="misfire: all\noverlap: allow\n")
    made.clock.sleep(2200)
    made.stays()
    assert [minute for minute, _, _ in told(made)] == ["5", "15", "25", "35", "45", "55"]
    sound(made, 1)


def test_a_relay_hands_a_series_over() -> None:
    made = staying(7)
    made.stay = Stay.PENDING
    reports: list[TickReport] = [made.stays() for _ in range(3)]
    assert late(made) == [0] * len(late(made))
    assert len(late(made)) >= 2
    assert all(report.next_due for report in reports)
    assert made.hub.ticket(1).title == title(made.reports[-1].next_due or m(0))


class Conditional(MemoryQueue):
    """Answers a poll with nothing where nothing has changed, as GitHub's ETags do."""

    before: list[Ticket] | None = None

    def poll_open(self) -> list[Ticket] | None:
        found = self.open_tickets()
        if found == self.before:
            return None
        self.before = found
        return found


@pytest.mark.parametrize("paused_from", [0, 200])
def test_a_queue_that_is_no_longer_paused_goes_on(paused_from: float) -> None:
    made = staying(50)
    made.read_settings = lambda: Settings(paused=paused_from <= made.seconds < 1200)
    made.settings = made.read_settings()
    holder = made.holder()
    holder.ctx.queue.__class__ = Conditional
    holder.run()
    assert [round(at / 60) for at in made.sent_at("s")] == pytest.approx([21, 25, 35, 45], abs=1)
    assert made.clock.true - m(0) >= timedelta(minutes=50)
