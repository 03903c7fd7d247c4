"""Series through the engine: what is missed, what overlaps, what stops one, how it ends."""

from __future__ import annotations

import pytest

from scheduler.job.model import occurrence_instant
from scheduler.settings.model import Limits, Settings
from tests.faults.series import (
    TEN,
    entries,
    forward,
    goes,
    m,
    open_series,
    series_world,
    set_status,
    sound,
    title,
    told,
)
from tests.faults.test_holes import at
from tests.faults.world import World, body
from tests.support.fakes import Crash


def _die() -> None:
    raise Crash


def test_every_instant_runs_once_and_on_its_own_time() -> None:
    every = series_world()
    goes(every, 61)
    assert [sent.key for sent in every.hub.sent] == [f"1@{m(k):%Y-%m-%dT%H:%M:%SZ}" for k in
                                                    range(0, 61, 10)]  # fmt: skip
    assert [sent.request.inputs["schedule_id"] for sent in every.hub.sent] == [
        sent.key for sent in every.hub.sent
    ]
    assert sound(every, 1)["dispatched"] == 7
    assert every.hub.ticket(1).title == title(m(70))


def test_a_rule_in_a_zone_says_its_next_instant_in_both() -> None:
    local = series_world("cron: 30 13 * * *", "timezone: Europe/Berlin\n")
    goes(local, 31)
    [comment] = local.hub.on(1)
    assert "\nNext: 2026-11-24T12:30:00Z (Tuesday 2026-11-24 13:30" in comment.body
    assert local.hub.ticket(1).title == title(m(24 * 60 + 30))


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", [("0", 0, "dispatched"), ("60", 5, "dispatched")]),
        ("misfire: latest\n", [("0", 0, "dispatched"), ("60", 5, "dispatched")]),
        ("misfire: skip\n", [("0", 0, "dispatched"), ("60", 5, "skipped")]),
        ("misfire: all\n", [(str(k), 0, "dispatched") for k in range(0, 61, 10)]),
        (
            "misfire: all\ndeadline: 25m\n",
            [("0", 0, "dispatched"), ("30", 2, "missed")]
            + [(str(k), 0, "dispatched") for k in (40, 50, 60)],
        ),
        ("deadline: 1m\n", [("0", 0, "dispatched"), ("60", 5, "missed")]),
    ],
)
def test_after_an_outage(more: str, expected: list[tuple[str, int, str]]) -> None:
    out = series_world(more=more)
    out.tick()
    forward(out, m(64))
    out.tick()
    assert told(out) == expected
    sound(out, 1)
    goes(out, 71)
    assert told(out) == [*expected, ("70", 0, "dispatched")]
    sound(out, 1)


def test_what_is_skipped_says_how_many_and_why() -> None:
    out = series_world(more="misfire: skip\n")
    out.tick()
    forward(out, m(64))
    report = out.tick()
    assert report is not None
    assert [note.reason for note in report.skipped] == [
        "6 instants passed before it could run, and misfire is 'skip'"
    ]
    assert report.next_due == m(70)


def test_one_with_much_to_make_up_for_lets_others_go_first() -> None:
    out = series_world(more="misfire: all\n", settings=Settings(limits=Limits(per_tick=4)))
    out.hub.open(body("one-off", run_at=m(55)))
    forward(out, m(64))
    report = out.tick()
    assert report is not None
    assert [fired.id for fired in report.dispatched] == [1, 2, 1, 1]
    assert report.waiting == 1
    assert report.next_due == report.now
    out.tick()
    assert [sent.name for sent in out.hub.sent].count("s") == 7
    sound(out, 1)


def test_no_second_run_beside_one_that_goes_on() -> None:
    busy = series_world()
    goes(busy, 1)
    set_status(busy, 0, "in_progress")
    goes(busy, 11)
    assert told(busy) == [("0", 0, "dispatched"), ("10", 0, "skipped")]
    assert "is still in_progress, and overlap is 'skip'" in entries(busy)[-1].reason
    set_status(busy, 0, "completed")
    goes(busy, 21)
    assert told(busy)[-1] == ("20", 0, "dispatched")
    sound(busy, 1)


def test_two_at_once_where_that_is_allowed() -> None:
    busy = series_world(more="overlap: allow\n")
    goes(busy, 1)
    set_status(busy, 0, "in_progress")
    goes(busy, 11)
    assert [outcome for _, _, outcome in told(busy)] == ["dispatched"] * 2
    sound(busy, 1)


def test_all_of_them_one_after_another() -> None:
    busy = series_world(more="misfire: all\n")
    goes(busy, 1)
    set_status(busy, 0, "queued")
    goes(busy, 25)
    assert told(busy) == [("0", 0, "dispatched")]
    assert "it runs after it" in busy.reports[-1].conditional[0].reason
    set_status(busy, 0, "completed")
    busy.tick()
    # The first of them to be started goes on at once, as far as anybody can see.
    set_status(busy, 1, "completed")
    busy.tick()
    goes(busy, 27)
    assert told(busy) == [(str(k), 0, "dispatched") for k in (0, 10, 20)]
    sound(busy, 1)


def test_a_run_that_was_deleted_is_over() -> None:
    gone = series_world()
    goes(gone, 1)
    gone.hub.runs.clear()
    goes(gone, 11)
    assert told(gone)[-1] == ("10", 0, "dispatched")


@pytest.mark.parametrize(
    ("rule", "more"),
    [
        ("every: 10m", "count: 3\n"),
        ("every: 10m", "until: 2026-11-23T12:20:00Z\n"),
        ("every: 10m", "until: 2026-11-23T12:29:00Z\n"),
        ("rrule: FREQ=MINUTELY;INTERVAL=10;COUNT=3", ""),
    ],
)
@pytest.mark.parametrize("outage", [False, True])
def test_the_last_one_closes_it_as_completed(rule: str, more: str, outage: bool) -> None:
    ends = series_world(rule, more)
    if not outage:
        goes(ends, 21)
    forward(ends, m(40))
    ends.tick()
    ticket = ends.hub.ticket(1)
    assert (ticket.open, ticket.state_reason) == (False, "completed")
    assert ends.count("s") == (1 if outage else 3)
    assert told(ends)[-1] == ("20", 2 if outage else 0, "dispatched")
    [comment] = ends.hub.on(1)
    assert "The series is over: nothing comes after this." in comment.body
    # Reopened, it has nothing left to do.
    ends.hub.reopen(1)
    ends.tick()
    assert not ends.hub.ticket(1).open
    assert ends.count("s") == (1 if outage else 3)


def test_it_is_closed_although_the_last_tick_died_before_that() -> None:
    for name in ("delete_comment", "set_state"):
        ends = series_world(more="count: 2\n")
        ends.tick()
        forward(ends, m(11))
        ends.tick(at(name, _die))
        assert ends.hub.ticket(1).open
        ends.tick()
        ticket = ends.hub.ticket(1)
        assert (ticket.open, ticket.state_reason) == (False, "completed")
        assert len(ends.hub.on(1)) == 1
        assert ends.count("s") == 2


def test_jitter_spreads_them_and_moves_none() -> None:
    spread = series_world(more="jitter: 5m\n")
    other = open_series(spread.hub, "t", more="jitter: 5m\n")
    goes(spread, 66, step=0.25)
    late = {
        name: [
            (sent.at - instant).total_seconds()
            for sent in spread.hub.sent
            if sent.name == name and (instant := occurrence_instant(sent.key))
        ]
        for name in ("s", "t")
    }
    assert all(0 <= each <= 316 for found in late.values() for each in found)
    assert len(late["s"]) == len(late["t"]) == 7
    assert len({round(each) // 15 for each in (*late["s"], *late["t"])}) > 8
    assert sound(spread, 1) == sound(spread, other, "t")


def test_settings_can_pause_the_whole_queue() -> None:
    paused = series_world(settings=Settings(paused=True))
    paused.hub.open(body("one-off"))
    paused.hub.comment(1, "/run", by="owner")
    goes(paused, 31)
    assert not paused.hub.sent
    assert "paused: true" in paused.reports[-1].notices[0]
    assert [comment.author.login for comment in paused.hub.on(1)] == ["owner"]
    paused.settings = Settings()
    paused.tick()
    assert sorted(sent.name for sent in paused.hub.sent) == ["one-off", "s", "s"]


def test_a_label_pauses_one_series() -> None:
    paused = series_world()
    goes(paused, 1)
    labels = paused.hub.ticket(1).labels
    paused.hub.change(1, labels=(*labels, "schedule:paused"))
    goes(paused, 35)
    assert paused.count("s") == 1
    assert [note.id for note in paused.reports[-1].paused] == [1]
    paused.hub.change(1, labels=labels)
    goes(paused, 41)
    assert told(paused)[1:] == [("30", 2, "dispatched"), ("40", 0, "dispatched")]
    sound(paused, 1)


def test_a_pause_between_claim_and_second_look_is_heeded() -> None:
    paused = series_world()
    labels = ("schedule", "schedule:paused")
    paused.tick(at("add_comment", lambda: paused.hub.change(1, labels=labels)))
    assert not paused.hub.sent
    assert not paused.history(1).claims


def test_closing_between_claim_and_second_look_is_heeded() -> None:
    closed = series_world()
    goes(closed, 1)
    forward(closed, m(10))
    closed.tick(at("comments", lambda: closed.hub.close(1)))
    goes(closed, 31)
    assert closed.count("s") == 1
    assert not closed.history(1).claims
    closed.hub.reopen(1)
    goes(closed, 41)
    assert told(closed)[1:] == [("30", 2, "dispatched"), ("40", 0, "dispatched")]
    sound(closed, 1)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("every: 1m", "limits.shortest-interval allows 5m or more"),
        ("cron: '* * * * *'", "limits.shortest-interval allows 5m or more"),
        ("cron: 0 0 30 2 *", "never fires"),
        ("every: 10m\ncron: 0 0 * * *", "stands beside"),
        ("every: 10m\ncount: 0", "is not a number from 1"),
        ("every: 10m\nuntil: 2026-11-22T00:00:00Z", "is before run-at"),
        ("misfire: all", "is for a job that comes again"),
    ],
)
def test_a_rule_that_is_none_gets_one_comment(rule: str, words: str) -> None:
    wrong = series_world(rule)
    goes(wrong, 90, step=15)
    [comment] = wrong.hub.on(1)
    assert words in comment.body
    assert "schedule:invalid" in wrong.hub.ticket(1).labels
    assert not wrong.hub.sent
    wrong.hub.change(1, body=body("s", run_at=m(90), more="every: 10m\n"))
    goes(wrong, 101)
    assert wrong.count("s") == 2
    assert "schedule:invalid" not in wrong.hub.ticket(1).labels


def quiet_world() -> World:
    """A daily series that ran at noon, ten hours ago."""
    quiet = series_world("every: 1d")
    quiet.tick()
    forward(quiet, m(600))
    return quiet


@pytest.mark.parametrize(("rule", "days"), [("every: 1d", 0), ("every: 5d", 2)])
def test_series_that_are_quiet_cost_an_idle_tick_one_list(rule: str, days: int) -> None:
    quiet = series_world(rule)
    for name in ("a", "b", "c", "d"):
        open_series(quiet.hub, name, rule=rule)
    quiet.tick()
    assert len(quiet.hub.sent) == 5
    forward(quiet, m(10 * 60 + days * 24 * 60))
    report = quiet.tick()
    assert report is not None
    assert (report.due, len(quiet.hub.sent)) == (0, 5)
    assert report.requests <= 4


def test_of_a_series_that_is_quiet_for_long_its_own_comments_are_read() -> None:
    quiet = series_world("every: 30d")
    quiet.tick()
    forward(quiet, m(20 * 24 * 60))
    report = quiet.tick()
    assert report is not None
    assert report.due == 0
    assert report.requests <= 4
    forward(quiet, m(30 * 24 * 60))
    quiet.tick()
    assert sound(quiet, 1)["dispatched"] == 2


@pytest.mark.parametrize("own", ["Nightly check", title(m(2 * 24 * 60))])
def test_no_title_hides_an_instant(own: str) -> None:
    moved = quiet_world()
    moved.hub.change(1, title=own)
    forward(moved, m(24 * 60 + 600))
    moved.tick()
    assert len(moved.hub.sent) == 2


def test_a_rule_that_was_edited_hides_no_instant() -> None:
    edited = series_world("every: 1d")
    edited.tick()
    forward(edited, m(60))
    text = edited.hub.ticket(1).body
    edited.hub.change(1, body=text.replace("every: 1d", "every: 12h"))
    forward(edited, m(19 * 60))
    edited.tick()
    assert [sent.key for sent in edited.hub.sent][1:] == [f"1@{m(720):%Y-%m-%dT%H:%M:%SZ}"]


@pytest.mark.slow
def test_a_long_series_that_becomes_a_single_job_does_not_begin_again() -> None:
    long = series_world()
    goes(long, 10 * 200)
    text, ran = long.hub.ticket(1).body, len(long.hub.sent)
    long.hub.change(1, body=text.replace("every: 10m\n", ""))
    forward(long, m(10 * 201))
    long.tick()
    assert len(long.hub.sent) == ran


def test_jitter_hides_no_instant_whose_journal_is_old() -> None:
    late = series_world("every: 3d", "jitter: 20h\n")
    forward(late, m(24 * 60))
    late.tick()
    assert len(late.hub.sent) == 1
    instant = m(3 * 24 * 60)
    forward(late, instant + TEN)
    first = late.tick()
    assert first is not None
    assert first.next_due is not None
    assert instant <= first.next_due <= instant + 120 * TEN
    forward(late, first.next_due)
    late.tick()
    assert len(late.hub.sent) == 2


def test_a_series_that_has_ended_is_not_due_again() -> None:
    last = series_world(more="misfire: all\ncount: 3\n")
    forward(last, m(65))
    report = last.tick()
    assert report is not None
    assert len(report.dispatched) == 3
    assert not last.hub.ticket(1).open
    assert report.next_due is None


def test_without_a_known_login_an_idle_tick_writes_nothing() -> None:
    blind = series_world("every: 1h")
    blind.hub.graphql = False
    blind.tick()
    forward(blind, m(20))
    before = dict(blind.hub.comments)
    report = blind.tick()
    assert report is not None
    assert (report.due, report.next_due) == (0, m(60))
    assert blind.hub.comments == before
    goes(blind, 61)
    assert len(blind.hub.sent) == 2
    sound(blind, 1)
