"""Series and steering over HTTP: what is asked for, what is told, what the next tick does."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from scheduler.job import frontmatter
from scheduler.job.model import Job
from scheduler.times import instants
from scheduler.times.instants import format_instant
from tests.conftest import ISSUES, REPO, Stage, at, body

WORK = ("--workflow", "agent-message.yml", "-m", "Check it")
BERLIN = ("--timezone", "Europe/Berlin")


def explained(stage: Stage, *args: str) -> list[str]:
    """The instants that ``--explain`` shows; nothing is opened."""
    found = stage.run(*args, "--explain", "--json").json["next"]
    assert stage.issues() == []
    return list(found)


def read(stage: Stage, number: int = 1) -> Job:
    return frontmatter.parse(stage.issue(number)["body"])


def journal(stage: Stage, number: int = 1) -> str:
    """The one comment of the scheduler's."""
    (only,) = [text for text in stage.comments(number) if text.startswith("<!-- schedule:")]
    assert only.startswith("<!-- schedule:journal")
    return only


def test_a_cron_series_begins_at_its_first_instant_and_names_its_zone(stage: Stage) -> None:
    made = stage.create("--cron", "0 9 * * mon-fri", *BERLIN, *WORK)
    job = read(stage)
    assert (job.cron, job.timezone) == ("0 9 * * mon-fri", "Europe/Berlin")
    assert instants.format_instant(job.run_at) == made["run_at"]
    assert job.run_at.astimezone(instants.zone("Europe/Berlin", field="-")).hour == 9
    assert made["local"].endswith("Europe/Berlin (+01:00)") or "(+02:00)" in made["local"]


def test_a_series_without_a_zone_is_in_that_of_the_settings_else_in_utc(stage: Stage) -> None:
    stage.create("--cron", "@daily", *WORK)
    stage.settings("defaults: {timezone: Asia/Tokyo}\n")
    stage.create("--rrule", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0", *WORK)
    assert [read(stage, number).timezone for number in (1, 2)] == ["UTC", "Asia/Tokyo"]
    assert read(stage, 2).run_at.hour == 0


def test_every_begins_one_step_from_now(stage: Stage) -> None:
    earliest = at(7200)
    stage.create("--every", "2h", "--count", "3", "--jitter", "10m", *WORK)
    job = read(stage)
    assert (job.every, job.count, job.jitter) == (
        timedelta(hours=2), 3, timedelta(minutes=10),
    )  # fmt: skip
    assert earliest <= format_instant(job.run_at) <= at(7201)
    assert job.timezone is None


def test_a_request_in_json_takes_the_same_keys(stage: Stage) -> None:
    asked = {"every": "1h", "count": 2, "misfire": "all", "overlap": "allow",
             "unless": "closed(#7)", "workflow": "agent-message.yml", "message": "m"}  # fmt: skip
    stage.run("create", "--json", "-", stdin=json.dumps(asked)).json  # noqa: B018
    job = read(stage)
    assert (job.count, job.misfire, job.overlap, job.unless) == (2, "all", "allow", "closed(#7)")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--cron", "0 0 30 2 *"), ("schedule: --cron: '0 0 30 2 *' never fires",)),
        (("--cron", "* * * * *"), ("comes 1m apart", "limits.shortest-interval", "5m")),
        (("--every", "1s"), ("--every: '1s' comes 1s apart", "limits.shortest-interval")),
        (("--rrule", "FREQ=SECONDLY"), ("comes every second", "limits.shortest-interval")),
        (("--every", "2h", "--count", "0"), ("--count: '0' is not a number", "such as 10")),
        (("--every", "2h", "--until", "2020-01-01T00:00Z"), ("--until: '2020", "is before run-at")),
        (("--cron", "@daily", "--rrule", "FREQ=DAILY"), ("--rrule: 'FREQ", "stands beside cron")),
        (("--cron", "@daily", "--timezone", "Mars/Base"), ("--timezone", "Mars/Base")),
        (("--cron", "61 * * * *"), ("minute", "'61'", "0-59")),
        (("--in", "2h", "--count", "3"), ("--count: '3' ", "is for a job that comes again")),
        (("--in", "2h", "--misfire", "all"), ("--misfire", "is for a job that comes again")),
        (("--in", "2h", "--until", "2999-01-01T00:00Z"), ("--until: '2999-01-01T00:00:00Z' ",)),
        (("--every", "2h", "--misfire", "some"), ("--misfire", "skip, latest, all")),
        (("--every", "2h", "--jitter", "2d"), ("--jitter", "is longer than a day")),
        (("--in", "2h", "--unless", "open(#1)"), ("--unless", "open(#1)", "closed")),
        (("--in", "2h", "--patience", "2h"), ("--patience", "waits for nothing")),
        (("--every", "2h", "--at", "2020-01-01T00:00:00Z"), ("--at", "ago", "--allow-past")),
    ],
)  # fmt: skip
def test_what_is_refused(stage: Stage, args: tuple[str, ...], words: tuple[str, ...]) -> None:
    stage.run(*args, *WORK).refused(3, *words)
    stage.untouched()


def summer_time() -> date:
    """The next day from ten days on that has no 02:30 in Berlin: March's last Sunday."""
    soonest = datetime.now(timezone.utc).date() + timedelta(days=10)
    ends = [date(year, 3, 31) for year in (soonest.year, soonest.year + 1)]
    return next(
        day for end in ends if (day := end - timedelta(days=end.isoweekday() % 7)) > soonest
    )


def test_explain_shows_the_next_five_of_anything(stage: Stage) -> None:
    sunday = summer_time()

    def around(days: int, clock: str) -> str:
        return f"{sunday + timedelta(days=days)}T{clock}:00Z"

    start = ("--at", around(-2, "12:00"))
    assert explained(stage, "--cron", "30 2 * * *", *BERLIN, *start) == [
        around(-1, "01:30"), around(0, "01:00"), around(1, "00:30"),
        around(2, "00:30"), around(3, "00:30"),
    ]  # fmt: skip
    assert explained(stage, "--every", "12h", *start, "--count", "2") == [
        around(-2, "12:00"), around(-1, "00:00"),
    ]  # fmt: skip
    assert explained(stage, *start) == [around(-2, "12:00")]
    assert len(explained(stage, "--rrule", "FREQ=WEEKLY;BYDAY=MO,WE")) == 5
    assert len(explained(stage, "--at", "tomorrow 9am", *BERLIN)) == 1


def test_explain_says_what_would_be_refused_as_a_job(stage: Stage) -> None:
    shown = stage.run("--every", "1m", "--explain", "--json").json
    assert len(shown["next"]) == 5
    assert "limits.shortest-interval" in shown["refused"]
    assert "as a job it is refused: --every: '1m'" in stage.run("--every", "1m", "--explain").out
    stage.settings("limits: {shortest-interval: 1m}\n")
    assert list(stage.run("--cron", "* * * * *", "--explain", "--json").json) == ["next"]


def test_a_series_that_is_moved_says_its_next_instant(stage: Stage) -> None:
    stage.create("--cron", "0 9 * * *", *WORK)
    day = datetime.now(timezone.utc).date() + timedelta(days=90)
    moved = stage.run("reschedule", "1", "--at", f"{day}T12:00:00Z", "--json").json
    assert moved["run_at"] == f"{day + timedelta(days=1)}T09:00:00Z"


def test_what_a_job_does_not_say_is_null(stage: Stage) -> None:
    stage.create("--in", "1h", *WORK)
    stage.create("--every", "1h", "--until", at(90_000), "--when", "closed(#1)", *WORK)
    once, often = (stage.run("show", number, "--json").json for number in "12")
    assert [once[key] for key in ("cron", "rrule", "every", "until", "when")] == [None] * 5
    assert (often["every"], often["when"]) == ("1h", "closed(#1)")
    assert "None" not in stage.run("show", "1").out
    assert "when:" in stage.run("show", "2").out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), ("--at", "--in", "--cron")),
        (("--at", "9am UTC", "--in", "1h"), ("--at stands beside --in",)),
    ],
)
def test_a_time_is_said_once(stage: Stage, args: tuple[str, ...], words: tuple[str, ...]) -> None:
    stage.run("create", *args, *WORK).refused(2, *words)


def test_explain_needs_no_token_and_no_repository(stage: Stage) -> None:
    names = ("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL")
    bare: dict[str, Any] = dict.fromkeys(names)
    found = stage.run("--cron", "@daily", "--explain", **bare)
    assert (found.status, found.err) == (0, "")
    assert len(found.out.splitlines()) == 5
    shown = stage.run("--cron", "@daily", *BERLIN, "--count", "2", "--explain", **bare).out
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "  that is " in shown
    assert shown.endswith("that is all: the series ends there\n")
    assert stage.requests == []


def test_a_due_occurrence_runs_and_its_issue_stays_open(stage: Stage) -> None:
    start = at(-30)
    stage.open(body(start, "agent-message.yml", "every: 1h"))
    report = stage.tick()
    assert [fired["id"] for fired in report["dispatched"]] == [1]
    issue = stage.issue(1)
    assert issue["state"] == "open"
    assert stage.labels(1) == {"schedule", "schedule:recurring"}
    following = report["next_due"]
    assert following > start
    assert f"Next: {following}" in journal(stage)
    assert stage.tick()["dispatched"] == []
    seen = stage.run("show", "1", "--json").json
    assert (seen["status"], seen["run_at"], seen["every"]) == ("pending", following, "1h")
    assert seen["run_id"] == report["dispatched"][0]["run_id"]
    listed = stage.run("list").out
    assert following in listed
    told = stage.run("show", "1").out
    assert re.search(rf"{start}  ✅ dispatched: run \d+", told)
    assert {f"{run.inputs['scheduled_for']}" for run in stage.runs()} == {start}


def test_after_its_count_a_series_is_completed(stage: Stage) -> None:
    stage.open(body(-30, "agent-message.yml", "every: 1h", "count: 1"))
    stage.tick()
    issue = stage.issue(1)
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    assert stage.run("show", "1", "--json").json["status"] == "dispatched"
    assert "The series is over" in journal(stage)


def test_a_series_that_comes_too_often_is_invalid_and_says_why(stage: Stage) -> None:
    stage.open(body(-30, "agent-message.yml", "every: 10s"))
    for _ in range(2):
        (note,) = stage.tick()["invalid"]
        assert "limits.shortest-interval" in note["reason"]
    assert len(stage.comments(1)) == 1
    assert stage.runs() == []


@pytest.mark.parametrize("label", ["schedule:paused", "Schedule:Paused"])
def test_pause_and_resume(stage: Stage, label: str) -> None:
    stage.call("POST", f"{REPO}/labels", {"name": label})
    stage.open(body(-30))
    paused = stage.run("pause", "1")
    assert paused.out == "#1 is paused; 'schedule resume 1' lets it go on\n"
    assert stage.run("pause", "1", "--json").json["changed"] is False
    report = stage.tick()
    assert [note["id"] for note in report["paused"]] == [1]
    assert stage.run("show", "1", "--json").json["status"] == "paused"
    assert stage.run("list").out.splitlines()[1].split()[1] == "paused"
    assert stage.runs() == []
    assert stage.labels(1) == {"schedule", label}
    assert stage.run("resume", "1").out == "#1 is resumed; it runs when due\n"
    assert stage.labels(1) == {"schedule"}
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [1]


def test_who_may_not_label_pauses_nothing(stage: Stage) -> None:
    stage.open(body(-30))
    stage.run("pause", "1", user="stranger").refused(5, "issues: write")
    assert stage.labels(1) == {"schedule"}


def test_snooze_puts_a_job_off(stage: Stage) -> None:
    stage.open(body(-30))
    before = instants.format_instant(read(stage).run_at)
    done = stage.run("snooze", "1", "--for", "2h", "--json").json
    assert stage.comments(1) == ["/snooze 2h"]
    report = stage.tick()
    assert report["dispatched"] == []
    assert [note["id"] for note in report["obeyed"]] == [1]
    assert stage.run("show", "1", "--json").json["run_at"] == done["not_before"]
    again = stage.tick()
    assert (again["dispatched"], again["obeyed"]) == ([], [])
    assert again["next_due"] == done["not_before"]
    assert stage.run("list", "--json").json[0]["run_at"] in (done["not_before"], before)


def test_what_was_put_off_says_so_in_its_title(stage: Stage) -> None:
    stage.create("--in", "1h", *WORK)
    done = stage.run("snooze", "1", "--for", "2h", "--json").json
    stage.tick()
    assert f" at {done['not_before']}: Check it" in stage.issue(1)["title"]
    assert stage.run("list", "--json").json[0]["run_at"] == done["not_before"]
    asked = stage.run("snooze", "1", "--for", "3h").out
    assert asked.startswith("#1 not before 20")
    assert "the next tick sees to it" in asked
    assert stage.run("run", "1", user="owner").out.startswith("#1 now: asked for\n")


def test_run_now_runs_a_job_that_is_not_due_once(stage: Stage) -> None:
    stage.open(body(7200))
    answer = stage.run("run", "1", "--json").json
    assert answer["nudged"] is True
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [1]
    assert stage.issue(1)["state"] == "closed"
    assert stage.tick()["dispatched"] == []
    assert stage.run("show", "1", "--json").json["status"] == "dispatched"


def test_a_job_that_was_run_now_can_be_moved(stage: Stage) -> None:
    stage.open(body(7200))
    stage.run("run", "1")
    stage.tick()
    stage.run("reschedule", "1", "--at", at(-1), "--allow-past")
    assert stage.run("show", "1", "--json").json["status"] == "pending"
    assert [fired["id"] for fired in stage.tick()["dispatched"]] == [1]


def test_a_series_that_a_person_closes_is_cancelled_however_they_call_it(stage: Stage) -> None:
    stage.open(body(-60, "agent-message.yml", "every: 1h"))
    stage.tick()
    close = {"state": "closed", "state_reason": "completed"}
    stage.sandbox.call("owner", "PATCH", f"{ISSUES}/1", close)
    assert stage.run("show", "1", "--json").json["status"] == "cancelled"
    assert stage.run("retry", "1", "--json").json["was"] == "cancelled"
    assert stage.issue(1)["state"] == "open"


def test_run_now_leaves_a_series_where_it_is(stage: Stage) -> None:
    stage.open(body(7200, "agent-message.yml", "every: 1h"))
    before = read(stage).run_at
    stage.run("run", "1")
    report = stage.tick()
    assert [fired["id"] for fired in report["dispatched"]] == [1]
    assert report["next_due"] == instants.format_instant(before)
    assert stage.issue(1)["state"] == "open"


def test_a_stranger_s_word_is_no_command(stage: Stage) -> None:
    stage.open(body(7200))
    stage.call("POST", f"{ISSUES}/1/comments", {"body": "/run"}, user="stranger")
    stage.call("POST", f"{ISSUES}/1/comments", {"body": "> /run"}, user="agent")
    report = stage.tick()
    assert report["dispatched"] == report["rejected"] == report["obeyed"] == []
    assert stage.comments(1) == ["/run", "> /run"]
    assert stage.issue(1)["state"] == "open"
    assert stage.runs() == []


@pytest.mark.parametrize("user", ["stranger", "triage", "bot"])
@pytest.mark.parametrize("words", [("run", "1"), ("snooze", "1", "--for", "1h")])
def test_who_may_not_schedule_is_told_so_and_says_nothing(
    stage: Stage, user: str, words: tuple[str, ...]
) -> None:
    stage.open(body(7200))
    name = "github-actions[bot]" if user == "bot" else user
    stage.run(*words, user=user).refused(3, repr(name), f"/{words[0]}")
    assert stage.comments(1) == []
    stage.settings('trust: {bots: ["github-actions[bot]"]}\nallow: {workflows: ["agent-*"]}\n')
    assert stage.run(*words, user="bot").status == 0


@pytest.mark.parametrize("user", ["stranger", "triage", "bot"])
def test_who_may_not_say_what_became_of_a_job_is_told_so(stage: Stage, user: str) -> None:
    stage.settings('trust: {bots: ["github-actions[bot]"]}\nallow: {workflows: ["agent-*"]}\n')
    stage.open(body(7200))
    stage.edit(1, labels=["schedule", "schedule:held"])
    stage.run("resolve", "1", "--again", user=user).refused(3, "/resolve")
    assert stage.comments(1) == []
    assert "schedule:held" in stage.labels(1)


def test_a_word_on_a_closed_job_is_refused(stage: Stage) -> None:
    stage.open(body(7200))
    stage.run("cancel", "1")
    for words in (("pause", "1"), ("snooze", "1", "--for", "1h"), ("run", "1")):
        stage.run(*words).refused(3, "#1 is closed", "schedule retry 1")
    stage.open(body(-30))
    stage.tick()
    stage.run("pause", "2").refused(3, "#2 is done", "schedule reschedule 2")
    stage.run("snooze", "1", "--for", "soon").refused(2, "--for: 'soon'", "write it like")
    stage.run("run", "77").refused(4, "#77")


def test_a_series_is_cancelled_with_its_last_run_and_goes_on_when_it_is_reopened(
    stage: Stage,
) -> None:
    stage.open(body(-30, "agent-message.yml", "every: 1h", "count: 9"))
    start = read(stage).run_at
    stage.tick()
    (run,) = stage.runs()
    told = stage.run("cancel", "1", "--run").out
    assert told == f"#1 is cancelled; run {run.id} is being cancelled\n"
    following = instants.format_instant(start + timedelta(hours=1))
    told = stage.run("retry", "1").out
    assert told == f"#1 was cancelled; it runs when due, at {following}\n"
    shown = stage.run("show", "1", "--json").json
    assert (shown["run_at"], shown["count"]) == (following, 9)


def test_a_word_that_no_tick_would_carry_out_is_not_said(stage: Stage) -> None:
    stage.open(body("tomorrow"))
    stage.open(body(7200))
    stage.edit(2, labels=["schedule", "schedule:held"])
    for words in (("run",), ("snooze", "--for", "1h")):
        stage.run(*words, "1").refused(3, "#1 can't be read (run-at: 'tomorrow'", "mend its text")
        stage.run(*words, "2").refused(3, "#2 is on hold", "'schedule resolve 2'")
    assert stage.comments(1) == stage.comments(2) == []


def test_paused_settings_hold_the_queue(stage: Stage) -> None:
    stage.open(body(-30))
    stage.settings("paused: true\n")
    report = stage.tick()
    assert report["dispatched"] == []
    assert any("paused: true" in notice for notice in report["notices"])
    stage.settings("paused: false\n")
    assert len(stage.tick()["dispatched"]) == 1


def test_who_says_run_it_is_not_asked_whether_it_makes_sense(stage: Stage) -> None:
    stage.call("POST", ISSUES, {"title": "a question", "body": "?"})
    stage.edit(1, state="closed")
    stage.open(body(7200, "agent-message.yml", 'unless: "closed(#1)"'))
    stage.open(body(-30, "agent-message.yml", 'unless: "closed(#1)"'))
    stage.run("run", "2")
    report = stage.tick()
    assert [fired["id"] for fired in report["dispatched"]] == [2]
    assert [note["id"] for note in report["skipped"]] == [3]
