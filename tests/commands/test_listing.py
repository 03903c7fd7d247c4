"""Jobs as a table, in detail, and as JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from scheduler.commands.listing import Details, Listing
from scheduler.commands.look import SAID, Seen
from scheduler.job.model import Job
from scheduler.job.states import State
from scheduler.journal.journal import Entry
from scheduler.ports.values import Ticket, User
from scheduler.text import columns, visible

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
ISSUE = Ticket(number=7, author=User(login="a"), url="U", created_at=NOON, updated_at=NOON)
JOB = Job(run_at=NOON + HOUR, workflow="run.yml", message="Check it\nand more", agent="probe")
SEEN = Seen(
    ticket=ISSUE, said=JOB, job=JOB, problem="", state=State.PENDING, run_at=JOB.run_at
)  # fmt: skip
WRONG = Seen(ticket=ISSUE, said=None, job=None, problem="run-at: is missing", state=State.INVALID)


def test_a_job_is_a_line_of_the_table() -> None:
    head, line, wrong = Listing(seen=[SEEN, WRONG], now=NOON).text().splitlines()
    assert head.split() == ["ID", "STATE", "RUN", "AT", "IN", "TARGET", "MESSAGE"]
    assert line.split(None, 6) == [
        "#7", "pending", "2026-11-23T13:00:00Z", "in", "1h", "run.yml", "Check it",
    ]  # fmt: skip
    assert wrong.split(None, 5) == ["#7", "invalid", "-", "-", "-", "run-at: is missing"]


def test_a_queue_without_jobs_says_so() -> None:
    empty = Listing(seen=[], now=NOON)
    assert (empty.text(), empty.as_json()) == ("no jobs wait", [])
    assert replace(empty, agent="a").text() == "no jobs of agent 'a' wait"
    every = replace(empty, everything=True, agent="a", more=True).text().splitlines()
    assert every == ["there are no jobs of agent 'a'", "", "among the newest 30; there are more"]
    every = replace(empty, everything=True, more=True, total=311).text().splitlines()
    assert every[-1] == "among the newest 30 of 311"


@pytest.mark.parametrize("message", ["x" * 200, "漢" * 200, "⏰" * 99, "\x1b[2J" * 30])
def test_no_line_is_wider_than_a_terminal_or_moves_its_cursor(message: str) -> None:
    job = replace(JOB, message=message, workflow="w" * 60 + ".yml")
    listing = Listing(seen=[replace(SEEN, job=job)], now=NOON)
    for width in (39, 60, 79, 119):
        for line in listing.fitted(width).splitlines():
            assert line.isprintable()
            assert columns(line) <= width
        assert line.endswith("…")
    whole = listing.text().splitlines()[1]
    assert whole.endswith(visible(message))
    assert f" {job.workflow} " in whole


def test_a_narrow_terminal_shows_the_message_and_not_the_instant() -> None:
    narrow, wide = (Listing(seen=[SEEN], now=NOON).fitted(width) for width in (50, 79))
    assert ("RUN AT" in narrow, "RUN AT" in wide) == (False, True)
    assert narrow.splitlines()[1].split(None, 4) == [
        "#7",
        "pending",
        "in",
        "1h",
        "run.yml  Check it",
    ]


def test_three_hundred_jobs_can_be_read_on_80_columns() -> None:
    states = [*State]
    seen = [
        replace(
            SEEN, ticket=replace(ISSUE, number=number), state=states[number % len(states)],
            run_at=NOON + number * HOUR * 7, job=replace(JOB, workflow=f"agent-{number}-of-a.yml"),
        )
        for number in range(1, 301)
    ]  # fmt: skip
    head, *lines = Listing(seen=seen, now=NOON).fitted(79).splitlines()
    assert [line.split()[0] for line in lines[:300]] == [f"#{each.ticket.number}" for each in seen]
    assert max(map(columns, lines)) <= 79
    place, target = head.index("MESSAGE"), head.index("TARGET")
    assert place - target >= 12
    assert all(line[place:].startswith("Check") for line in lines[:300])
    assert all(line[target:].startswith("agent-") for line in lines[:300])


def test_a_job_in_detail_is_a_fact_a_line() -> None:
    entry = Entry(key="7@2026-11-23T13:00:00Z", attempt=1, outcome="missed", at=NOON, reason="late")
    lines = Details(seen=replace(SEEN, entries=(entry,)), now=NOON).text().splitlines()
    assert lines[0] == "#7 pending"
    assert lines[1:4] == [
        "  run-at:    2026-11-23T13:00:00Z", "  in:        in 1h", "  workflow:  run.yml",
    ]  # fmt: skip
    assert any(line.startswith("  ⌛ Missed: ") for line in lines)
    assert lines[-3:] == ["", "Check it", "and more"]
    assert "  problem:   run-at: is missing" in Details(seen=WRONG, now=NOON).text()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_message_is_shown_in_its_lines_however_they_end(end: str) -> None:
    job = replace(JOB, message=f"Check it{end}{end}and more{end}")
    seen = replace(SEEN, job=job)
    assert Listing(seen=[seen], now=NOON).text().endswith("  Check it")
    assert Details(seen=seen, now=NOON).text().endswith("\n\nCheck it\n\nand more")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_input_s_line_ends_begin_no_line(end: str) -> None:
    job = replace(JOB, inputs={"a": f"x{end}#8 pending"})
    lines = Details(seen=replace(SEEN, job=job), now=NOON).text().splitlines()
    assert "  input:     a=x\\n#8 pending" in lines


def test_what_a_job_asks_for_after_its_run_is_shown_as_it_says_it() -> None:
    job = replace(
        JOB, retries=2, retry_on=("failure", "never ran"), retry_after=timedelta(0),
        max_runtime=HOUR, reply_to="#3", reply="failure",
    )  # fmt: skip
    details = Details(seen=replace(SEEN, said=job, job=job), now=NOON)
    lines = details.text().splitlines()
    assert "  retries:   2" in lines
    assert "  retry-on:  failure, never ran" in lines
    assert {"  retry-after: 0s", "  max-runtime: 1h", "  reply-to:  #3"} <= {*lines}
    told = details.as_json()
    assert (told["retries"], told["retry_after"], told["pause_after"]) == (2, "0s", None)


def test_what_a_job_does_not_say_is_null_in_json() -> None:
    told = Details(seen=SEEN, now=NOON).as_json()
    assert {told[key.replace("-", "_")] for key in SAID} == {None}
    assert (told["id"], told["workflow"], told["inputs"], told["attempts"]) == (
        7, "run.yml", {}, 0,
    )  # fmt: skip
    assert Details(seen=WRONG, now=NOON).as_json()["reason"] == "run-at: is missing"


@pytest.mark.parametrize(
    ("run_at", "said", "seconds"),
    [
        (NOON + HOUR, "in 1h", 3600), (NOON - HOUR, "1h ago", -3600), (NOON, "now", 0),
        (None, None, None),
    ],
)  # fmt: skip
def test_a_distance_stands_in_words_and_in_seconds(
    run_at: datetime | None, said: str | None, seconds: int | None
) -> None:
    (told,) = Listing(seen=[replace(SEEN, run_at=run_at)], now=NOON).as_json()
    assert (told["in"], told["in_s"]) == (said, seconds)
    detail = Details(seen=replace(SEEN, run_at=run_at), now=NOON).as_json()
    assert detail.items() >= told.items()


def test_what_the_settings_say_for_it_is_not_said_by_the_job() -> None:
    job = replace(JOB, timezone="Europe/Berlin", deadline=HOUR)
    told = replace(SEEN, job=job).as_json(NOON)
    assert (told["timezone"], told["deadline"]) == (None, None)
