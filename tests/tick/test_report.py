from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.job.states import State
from scheduler.journal.journal import NEVER_STARTED, Claim, Entry
from scheduler.policy.outcomes import Ended
from scheduler.tick.outcome import Fired, Heading, Outcome, Tally
from scheduler.tick.report import Note, TickReport, summary
from tests.attacks.reading import outside_of_code
from tests.text.test_markdown import TEXT

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
KEY = "42@2026-11-23T12:00:00Z"
RUN = "https://github.com/octo/queue/actions/runs/9"
CLAIM = Claim(
    id=1, created_at=NOON, key=KEY, attempt=2, nonce="n", target="run.yml", made_at=NOON,
    expires_at=NOON + timedelta(seconds=30),
)  # fmt: skip
FULL = TickReport(
    now=NOON, scanned=9, due=3, waiting=2, requests=17, stopped="the limit of requests",
    next_due=NOON + timedelta(hours=1),
    dispatched=[
        Fired(id=1, run_id=9, run_url=RUN, lateness_s=1.5),
        Fired(id=2, run_id=None, run_url="", lateness_s=100.0, reason="not handed over: message"),
    ],
    missed=[Note(id=3, reason="late")], invalid=[Note(id=4, reason="@all | <b>")],
    rejected=[Note(id=5, reason="no")], retrying=[Note(id=6, reason="again")],
    discarded=[Note(id=7, reason="5 attempts")], held=[Note(id=8, reason="unclear")],
    recovered=[Note(id=9, reason="found")], withdrawn=[Note(id=10, reason="closed")],
    skipped=[Note(id=11, reason="closed(#1)")], paused=[Note(id=12, reason="paused")],
    obeyed=[Note(id=13, reason="/snooze")], running=[Note(id=14, reason="under way")],
)  # fmt: skip


def entry(outcome: str, **more: object) -> Entry:
    return Entry(key=KEY, attempt=1, outcome=outcome, at=NOON, **more)  # type: ignore[arg-type]


def test_the_keys_that_other_programs_read() -> None:
    data = FULL.as_json()
    promised = [
        "now", "scanned", "due", "dispatched", "missed", "invalid", "rejected", "retrying",
        "discarded", "held", "recovered", "next_due", "requests", "followed", "failed",
    ]  # fmt: skip
    assert set(data) == {
        *promised, "withdrawn", "skipped", "paused", "obeyed", "running", "waiting", "stopped",
        "notices",
    }  # fmt: skip
    assert set(TickReport(now=NOON).as_json()) == set(data)
    assert data["now"] == "2026-11-23T12:00:00Z"
    assert data["next_due"] == "2026-11-23T13:00:00Z"
    assert data["dispatched"] == [
        {"id": 1, "run_id": 9, "run_url": RUN, "lateness_s": 1.5, "reason": None},
        {
            "id": 2,
            "run_id": None,
            "run_url": None,
            "lateness_s": 100.0,
            "reason": "not handed over: message",
        },
    ]
    for name in TickReport.NOTES:
        assert [set(note) for note in data[name]] == [{"id", "reason"}]
    assert (data["scanned"], data["due"], data["waiting"], data["requests"]) == (9, 3, 2, 17)
    assert data["stopped"] == "the limit of requests"
    assert json.loads(json.dumps(data)) == data


def test_what_a_tick_that_stopped_did_not_come_to_waits() -> None:
    fired = [Fired(id=1, run_id=9, run_url=RUN, lateness_s=1.5)]
    one = TickReport(now=NOON, due=4, dispatched=fired, retrying=[Note(id=2, reason="again")])
    one.invalid = [Note(id=7, reason="no text")]
    assert one.as_json()["waiting"] == 0
    one.stopped = "rate limit"
    assert one.as_json()["waiting"] == 2
    one.missed = [Note(id=number, reason="late") for number in range(3, 9)]
    assert one.as_json()["waiting"] == 0


def test_a_headline_of_hundreds_fits_on_a_terminal() -> None:
    fired = [Fired(id=1, run_id=9, run_url=RUN, lateness_s=1.5)] * 100
    many = TickReport(now=NOON, scanned=100, due=100, dispatched=fired, requests=100, next_due=NOON)
    assert len(many.headline()) <= 80


def test_an_empty_tick_says_nothing_as_null() -> None:
    data = TickReport(now=NOON).as_json()
    assert (data["next_due"], data["stopped"], data["dispatched"]) == (None, None, [])


def test_every_list_has_its_line_on_a_terminal() -> None:
    lines = list(FULL.lines())
    assert lines[0] == f"dispatched #1 2 s late: {RUN}"
    assert lines[1] == (
        "dispatched #2 2 min late: the run's id is not known; not handed over: message"
    )
    for name in TickReport.NOTES:
        assert any(line.startswith(f"{name} #") for line in lines)
    assert lines[-2:] == [
        "stopped early: the limit of requests",
        "9 open jobs, 3 due, 2 dispatched; next 2026-11-23T13:00:00Z (17 requests)",
    ]
    one = TickReport(now=NOON, scanned=1).headline()
    assert one == "1 open job, 0 due, 0 dispatched; nothing waits (0 requests)"


DANGEROUS = re.compile(r"@|<|#|\]\(|\|")
OUTCOMES = st.sampled_from([*(state.value for state in State), NEVER_STARTED])
HOSTILE = st.sampled_from(
    ["closes #1 @all", "<img src=x>", "[x](http://y)", "` @all `", "```\n<b>\n```", "-->", "a|b"]
)


@given(TEXT | HOSTILE, st.sampled_from(TickReport.NOTES))
def test_no_text_of_others_gets_out_of_its_cell_in_the_summary(reason: str, name: str) -> None:
    report = TickReport(now=NOON, stopped=reason)
    report.notes[name].append(Note(id=4, reason=reason))
    lines = summary(report, repository="octo/queue").splitlines()
    (row,) = [line for line in lines if line.startswith("| [#4]")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 4
    own = "[#4](https://github.com/octo/queue/issues/4)"
    assert not re.search(r"@|<|#|\]\(", outside_of_code(row.replace(own, "")))
    (stopped,) = [line for line in lines if line.startswith("Stopped early: ")] or ["Stopped"]
    assert not DANGEROUS.search(outside_of_code(stopped))


def test_the_summary_is_a_headline_and_a_table() -> None:
    lines = summary(FULL, repository="octo/queue", server="https://ghe.example").splitlines()
    assert lines[0] == f"### Schedule: {FULL.headline()}"
    assert lines[2:4] == ["| jobs | result | |", "|---|---|---|"]
    job = "https://ghe.example/octo/queue/issues"
    assert f"| [#1]({job}/1) | ✅ dispatched | [run 9]({RUN}), 2 s late |" in lines
    short = "run not named, 2 min late; ⚠️ `not handed over: message`"
    assert f"| [#2]({job}/2) | ✅ dispatched | {short} |" in lines
    assert f"| [#4]({job}/4) | ⚠️ invalid | `@all \\| <b>` |" in lines
    assert len(lines) == 4 + 2 + len(TickReport.NOTES) + 2
    assert lines[-1] == "Stopped early: `the limit of requests`"


def test_the_summary_begins_with_what_somebody_should_look_at() -> None:
    rows = [line for line in summary(FULL, repository="octo/queue").splitlines() if "[#" in line]
    assert [row.split(" | ")[1].split()[-1] for row in rows] == [
        "held", "invalid", "rejected", "discarded", "missed", "retrying", "dispatched",
        "dispatched", "recovered", "withdrawn", "skipped", "paused", "obeyed", "running",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("numbers", "named"),
    [
        ([1], "#1"), ([2, 1], "#2, #1"), ([1, 2, 3], "#1, #2, #3"),
        ([1, 2, 3, 4], "#1, #2, #3 and 1 more"), ([*range(1, 11)], "#1, #2, #3 and 7 more"),
    ],
)  # fmt: skip
def test_jobs_of_one_reason_share_a_row(numbers: list[int], named: str) -> None:
    same = [Note(id=number, reason="late") for number in numbers]
    report = TickReport(now=NOON, missed=[*same, Note(id=99, reason="later")], held=same)
    shown = [
        re.sub(r"\(http[^)]*\)", "", line) for line in summary(report, repository="o/q").split("\n")
    ]
    linked = re.sub(r"#[0-9]+", r"[\g<0>]", named)
    assert shown[4:7] == [
        f"| {linked} | ✋ held | `late` |",
        f"| {linked} | ⌛ missed | `late` |",
        "| [#99] | ⌛ missed | `later` |",
    ]


def test_the_summary_says_who_asked() -> None:
    report = TickReport(now=NOON, obeyed=[Note(id=1, reason="/snooze by 'owner'")])
    assert "| `/snooze` by `@owner` |" in summary(report, repository="octo/queue")


def test_a_tick_that_did_nothing_has_no_table() -> None:
    text = summary(TickReport(now=NOON, scanned=2), repository="octo/queue")
    assert text == (
        "### Schedule: 2 open jobs, 0 due, 0 dispatched; nothing waits (0 requests)\n\n"
    )


def test_what_waits_is_told_beside_the_lists() -> None:
    waits = [Note(id=number, reason="when: no") for number in (3, 5)]
    report = TickReport(now=NOON, due=2, conditional=waits, notices=["first"], stopped="early")
    data = report.as_json()
    assert (data["retrying"], data["waiting"]) == ([], 0)
    assert data["notices"] == ["first", "#3 waits: when: no", "#5 waits: when: no"]
    assert "waiting #3: when: no" in report.lines()
    assert "⏳ waiting | `when: no` |" in summary(report, repository="o/r")


def test_what_has_ended_in_a_tick_is_not_under_way_any_more() -> None:
    end = Ended(key="7@x", attempt=1, run_id=9, url=RUN, conclusion="success", took_s=61.0)
    tally = Tally()
    for number in (7, 8):
        tally.note(number, Heading.RUNNING, "under way")
    tally.add(Outcome(number=7, followed=(end,)))
    tally.note(7, Heading.RETRYING, "again")
    report = TickReport.of(tally, now=NOON, requests=1)
    assert [note.id for note in report.running] == [8]
    assert [note.id for note in report.retrying] == [7]
    tally.note(7, Heading.RUNNING, "the next try is")
    assert len(TickReport.of(tally, now=NOON, requests=1).running) == 2


def test_what_runs_came_to_is_told_in_lines_json_and_summary() -> None:
    good = Ended(key="7@x", attempt=1, run_id=9, url=RUN, conclusion="success", took_s=61.0)
    bad = replace(good, run_id=10, conclusion="never ran", took_s=None, told="so")
    lost = replace(good, run_id=None, url="", conclusion="unknown", told="gone")
    found = TickReport(now=NOON, followed=[(7, good), (8, bad), (9, lost)])
    data = found.as_json()
    assert data["followed"] == [
        {"id": 7, "run_id": 9, "conclusion": "success"},
        {"id": 8, "run_id": 10, "conclusion": "never ran"},
        {"id": 9, "run_id": None, "conclusion": "unknown"},
    ]
    assert data["failed"] == data["followed"][1:2]
    assert list(found.lines())[:3] == [
        f"followed #7: success: {RUN}",
        f"failed #8: never ran: {RUN} (so)",
        "followed #9: unknown: its run (gone)",
    ]
    told = summary(found, repository="octo/queue").splitlines()
    here = "https://github.com/octo/queue/issues"
    assert f"| [#8]({here}/8) | ❌ failed | [run 10]({RUN}), `never ran`, `so` |" in told
    assert f"| [#7]({here}/7) | ✅ success | [run 9]({RUN}), after 61 s |" in told
    assert told.index(f"| [#8]({here}/8) | ❌ failed | [run 10]({RUN}), `never ran`, `so` |") < 7
