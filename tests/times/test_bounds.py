"""Dates that no calendar goes beyond: a server and a comment may hold them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.clock import SystemClock
from scheduler.github.objects import comment_of, run_of, ticket_of
from scheduler.github.transport import date_of
from scheduler.times.bounds import EARLIEST, LATEST, bounded
from scheduler.times.instants import LONGEST, format_instant
from tests.conftest import Stage, body
from tests.support.lesser import Lesser, before
from tests.support.sampled import one_in

OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
EXTREMES = (
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59", "0001-01-01T00:00:00",
)  # fmt: skip


@given(st.datetimes(timezones=st.none() | OFFSETS))
def test_a_century_can_be_added_to_and_taken_from_every_instant(moment: datetime) -> None:
    found = bounded(moment)
    assert EARLIEST <= found <= LATEST
    assert found.tzinfo is timezone.utc
    assert found - LONGEST < found < found + LONGEST
    assert len(format_instant(found - LONGEST)) == len("2026-11-23T09:00:00Z")
    own = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    if EARLIEST <= own <= LATEST:
        assert found == own


@pytest.mark.parametrize("text", EXTREMES)
def test_an_object_with_such_a_date_is_read(text: str) -> None:
    believed = LATEST if text.startswith("9") else EARLIEST
    user, dates = {"login": "a"}, {"created_at": text, "updated_at": text, "closed_at": text}
    ticket = ticket_of({"number": 1, "state": "open", "title": "", "user": user, **dates})
    comment = comment_of({"id": 1, "body": "", "user": user, **dates}, 1)
    run = run_of({"id": 1, "html_url": "", **dates})
    assert ticket.created_at == ticket.updated_at == ticket.closed_at == believed
    assert comment.created_at == run.created_at == believed


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 -2359",
        "Mon, 01 Jan 0001 00:00:00 +2359", "Mon, 01 Jan 0001 00:00:00 GMT",
    ],
)  # fmt: skip
def test_a_header_with_such_a_date_moves_no_clock(text: str) -> None:
    clock, asked = SystemClock(), datetime.now(timezone.utc)
    date = date_of({"date": text})
    assert date is not None
    clock.answered(date, asked)
    assert abs(clock.now() - datetime.now(timezone.utc)) < timedelta(days=1)


SOON = ("create", "--in", "2h", "-m", "x", "--workflow", "agent-message.yml", "--no-nudge")
JOBS = {
    "agent": ("agent: probe-1",),
    "deadline": ("deadline: 36525d",),
    "tolerance": ("tolerance: 36525d",),
    "condition": ("when: issue 1 is closed", "patience: 36525d"),
    "series": ("every: 1d", "jitter: 1h"),
    "signed": ("signature: v1 issued-at=2999-12-31T23:59:59Z nonce=aaaaaaaa mac=bbbb",),
}


def lines_of(result: Any) -> None:
    """A right answer, or one line with a status that the README has."""
    assert result.status in (0, 1, 2, 3, 4, 5, 75), result
    assert "Traceback" not in result.err
    assert result.status == 0 or len(result.err.splitlines()) == 1, result


@pytest.mark.slow
@pytest.mark.parametrize("text", [EXTREMES[0], EXTREMES[2]])
def test_every_command_works_before_a_server_that_dates_everything_so(
    stage: Stage, text: str
) -> None:
    stage.settings(
        "quotas: {new-per-agent-per-day: 2, open-per-agent: 3, horizon: 36525d}\n"
        "limits: {recover-after: 71s}\n"
    )
    for lines in JOBS.values():
        stage.open(body(3600, "agent-message.yml", *lines))
    for _ in range(4):
        stage.open(body(3600, "agent-message.yml", "agent: probe-1"))
    due = stage.open(body(-60))
    closed = stage.open(body(3600))
    stage.edit(closed, state="closed")
    lesser = Lesser(instants=lambda _: text)
    with before(stage.sandbox.url, lesser) as url:
        report = stage.tick(GITHUB_API_URL=url)
        again = stage.run("tick", "--json", user="bot", GITHUB_API_URL=url)
        for args in (
            ("list",), ("list", "--all", "--json"), ("show", "1"), ("show", str(due), "--json"),
            ("stats", "--json"), ("stats", "--since", "36525d"), ("stats", "--overdue"), SOON,
            ("snooze", "2", "--for", "400d"), ("pause", "2"), ("resume", "2"), ("run", "2"),
            ("reschedule", "1", "--in", "3h"), ("cancel", "1"), ("retry", str(closed)),
        ):  # fmt: skip
            result = stage.run(*args, GITHUB_API_URL=url)
            lines_of(result)
            if args[0] in ("list", "show", "cancel") or args is SOON:
                assert result.status == 0, (args, result)
        lines_of(stage.run("tick", user="bot", GITHUB_API_URL=url))
    lines_of(again)
    assert [fired["id"] for fired in report["dispatched"]] == [due]
    assert [run.id for run in stage.runs()].count(report["dispatched"][0]["run_id"]) == 1


FIRST = datetime(2001, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize("text", one_in(4, [*EXTREMES[:4], "9999-12-31T23:59:59.999999999Z"]))
def test_what_stands_beside_an_issue_that_is_dated_so_runs(stage: Stage, text: str) -> None:
    stage.settings("quotas: {new-per-agent-per-day: 2}\n")
    odd = [stage.open(body(3600, "agent-message.yml", *lines)) for lines in JOBS.values()]
    odd += [stage.open(body(-60, "agent-message.yml", "agent: probe-1")) for _ in range(3)]
    stage.edit(odd[0], state="closed")
    due = stage.open(body(-60))
    for number in odd:
        issue = stage.sandbox.repository().issues[number]
        issue.created_at = FIRST
        closed_at = FIRST if issue.view.closed_at else None
        issue.view = replace(issue.view, updated_at=FIRST, closed_at=closed_at)
    of_first = f"{FIRST:%Y-%m-%dT%H:%M:%S}"
    lesser = Lesser(instants=lambda shown: text if shown == of_first else f"{shown}Z")
    with before(stage.sandbox.url, lesser) as url:
        report = stage.tick(GITHUB_API_URL=url)
        listed = stage.run("list", "--all", "--json", GITHUB_API_URL=url).json
        shown = stage.run("show", str(odd[2]), "--json", GITHUB_API_URL=url).json
        made = stage.create(*SOON[1:], GITHUB_API_URL=url)
        lines_of(stage.run("stats", GITHUB_API_URL=url))
        lines_of(stage.run("cancel", str(odd[3]), GITHUB_API_URL=url))
    assert due in [fired["id"] for fired in report["dispatched"]]
    assert {*odd, due} <= {job["id"] for job in listed}
    assert made["id"] > due
    assert shown["id"] == odd[2]
    assert stage.issue(odd[3])["state"] == "closed"
