"""Seeing, stopping and moving jobs over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.commands import listing
from tests.conftest import QUEUE, Stage, at, body, evening
from tests.support.terminal import screen

SOON = ("--in", "2h", "--message", "Check PR 123", "--workflow", "agent-message.yml")
FORMS = ["1", "#1", f"{QUEUE}#1", "{url}", "{url}#issuecomment-5", "{url}?notification=1", " 1 "]


@pytest.fixture
def job(stage: Stage) -> Any:
    return stage.create(*SOON, "--agent", "probe-1")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("command", ["show", "cancel", "reschedule"])
def test_an_id_has_four_forms(stage: Stage, job: Any, command: str, form: str) -> None:
    more = ("--in", "3h") if command == "reschedule" else ()
    elsewhere = {} if form.strip() in ("1", "#1") else {"GITHUB_REPOSITORY": "octo/other"}
    text = form.format(url=job["url"])
    answer = stage.run(command, text, "--json", *more, **elsewhere).json
    assert answer["id"] == 1
    assert answer["url"] == job["url"]


@pytest.mark.parametrize("text", ["x", "0", "-1", "#", "1x", "o/r", "o#1", "https://x/1", "", "²"])
@pytest.mark.parametrize("command", [("show",), ("cancel",), ("reschedule", "--in", "1h")])
def test_what_is_no_id(stage: Stage, command: tuple[str, ...], text: str) -> None:
    stage.run(*command, "--", text).refused(2, "ID: ", "write 42, '#42', 'owner/repo#42'")
    assert len(stage.sandbox.requests) == 0


@pytest.mark.parametrize("command", [("show",), ("cancel",), ("reschedule", "--in", "1h")])
def test_what_is_no_job(stage: Stage, command: tuple[str, ...]) -> None:
    stage.open("an issue like any other", label="bug")
    stage.sandbox.open_pull("a pull request")
    gone = stage.open(body())
    stage.sandbox.delete_issue(gone)
    stage.run(*command, "1").refused(4, "#1 of octo/queue is no job", "lacks the label 'schedule'")
    stage.run(*command, "2").refused(4, "octo/queue has no issue #2", "schedule list")
    stage.run(*command, str(gone)).refused(4, "has no issue #3")
    stage.run(*command, "99").refused(4, "has no issue #99")
    stage.run(*command, "octo/nope#1").refused(5, "'octo/nope' does not exist")
    assert stage.issue(1)["state"] == "open"


def test_the_list_is_a_table_of_what_waits_soonest_first(stage: Stage) -> None:
    assert stage.run("list").out == "no jobs wait\n"
    assert stage.run("list", "--json").json == []
    stage.create(*SOON, "--agent", "late")
    stage.create("--in", "1h", "-m", "⏰ long " * 30, "--workflow", "agent-message.yml")
    stage.open("no front matter")
    stage.open(body(3600), label="bug")
    result = stage.run("list")
    lines = result.out.splitlines()
    assert [line.split()[0] for line in lines] == ["ID", "#2", "#1", "#3"]
    assert "pending" in lines[1]
    assert "invalid" in lines[3]
    assert lines[1].endswith("⏰ long " * 29 + "⏰ long")
    assert [each["id"] for each in stage.run("list", "--json").json] == [2, 1, 3]
    assert [each["id"] for each in stage.run("list", "--json", "--agent", "late").json] == [1]


def test_wide_characters_stay_within_80_columns(stage: Stage) -> None:
    stage.create("--in", "1h", "-m", "確認" * 40, "--workflow", "agent-message.yml")
    (_, line) = screen(stage, "list", columns=80).out.splitlines()
    wide = sum(c in "確認" for c in line)
    assert len(line) + wide <= 80


def test_the_list_of_all_holds_closed_jobs_and_what_became_of_them(stage: Stage) -> None:
    stage.create(*SOON)
    stage.open(body())
    stage.open(body(-60, "agent-message.yml", "deadline: 5s"))
    stage.edit(stage.open(body(), user="stranger"), labels=["schedule"])
    stage.create(*SOON)
    stage.run("cancel", "5")
    stage.tick()
    states = {each["id"]: each["status"] for each in stage.run("list", "--all", "--json").json}
    assert states == {1: "pending", 2: "dispatched", 3: "missed", 4: "rejected", 5: "cancelled"}
    assert "dispatched" in stage.run("list", "--all").out


def test_the_list_of_all_says_where_it_ends(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stage.run("list", "--all").out == "there are no jobs\n"
    monkeypatch.setattr(listing, "RECENT", 2)
    for agent in ("a", "b", "b"):
        stage.open(body(3600, "agent-message.yml", f"agent: {agent}"))
    shown = stage.run("list", "--all").out
    assert shown.endswith("\n\nthe newest 2 of 3\n")
    assert len(shown.splitlines()) == 5
    assert stage.run("list", "--all", "--agent", "a").out.endswith("\n\namong the newest 2 of 3\n")
    assert [job["id"] for job in stage.run("list", "--all", "--json").json] == [3, 2]
    stage.sandbox.clear_requests()
    stage.run("list", "--all")
    asked = [each for each in stage.requests if each.partition("?")[0].endswith("/issues")]
    assert [each.partition("per_page=")[2][:1] for each in asked] == ["3", "1"]
    stage.sandbox.clear_requests()
    monkeypatch.setattr(listing, "RECENT", 3)
    stage.run("list", "--all")
    assert len([each for each in stage.requests if each.partition("?")[0].endswith("/issues")]) == 1
    monkeypatch.setattr(listing, "RECENT", 3)
    assert "more" not in stage.run("list", "--all").out


def test_show_says_everything_that_is_known(stage: Stage, job: Any) -> None:
    shown = stage.run("show", "1").out
    assert shown.startswith("#1 pending\n")
    for fact in ("agent-message.yml", "probe-1", job["url"], job["run_at"], "\n\nCheck PR 123"):
        assert fact in shown
    data = stage.run("show", "1", "--json").json
    assert (data["status"], data["agent"], data["message"]) == (
        "pending",
        "probe-1",
        "Check PR 123",
    )
    assert data["run_id"] is None


def test_show_of_a_dispatched_job_links_its_run(stage: Stage) -> None:
    stage.open(body())
    stage.tick()
    data = stage.run("show", "1", "--json").json
    (run,) = stage.runs()
    assert (data["status"], data["run_id"]) == ("dispatched", run.id)
    assert data["run_url"].endswith(f"/octo/queue/actions/runs/{run.id}")
    shown = stage.run("show", "1").out
    assert f"as run {run.id} at" in " ".join(shown.split())
    assert f"  run-url:   {data['run_url']}\n" in shown


def test_show_of_a_text_that_is_wrong_says_what(stage: Stage) -> None:
    stage.open(body("tomorrow"))
    shown = stage.run("show", "1")
    assert shown.out.startswith("#1 invalid\n")
    assert "run-at: 'tomorrow'" in shown.out
    assert stage.run("show", "1", "--json").json["reason"].startswith("run-at: 'tomorrow'")


def test_what_is_shown_moves_no_cursor(stage: Stage) -> None:
    stage.open(body(3600, message="a\x1b[2J\x07b\r::error::c"))
    for args in (("show", "1"), ("list",)):
        assert not set(stage.run(*args).out) & {"\x1b", "\x07", "\r"}


def test_an_input_of_many_lines_imitates_no_line_of_the_display(stage: Stage) -> None:
    text = 'model: "a\\n  run-url:   https://x\\r\\n#2 dispatched"'
    stage.open(body(3600, "agent-message.yml", "inputs:", f"  {text}"))
    shown = stage.run("show", "1").out
    assert "  input:     model=a\\n  run-url:   https://x\\n#2 dispatched\n" in shown
    assert not any(line.startswith(("  run-url:", "#2")) for line in shown.splitlines())


def test_a_cancelled_job_never_runs(stage: Stage) -> None:
    stage.open(body())
    result = stage.run("cancel", "1")
    assert (result.status, result.out) == (0, "#1 is cancelled\n")
    assert stage.issue(1)["state_reason"] == "not_planned"
    assert stage.tick()["due"] == 0
    assert stage.runs() == []
    again = stage.run("cancel", "1")
    assert (again.status, again.out) == (0, "#1 was closed already\n")


def test_the_cancelling_of_what_ended_otherwise_says_how_it_ended(stage: Stage) -> None:
    stage.open(body(-60, "agent-message.yml", "deadline: 5s"))
    stage.tick()
    assert stage.run("cancel", "1", "--json").json["status"] == "missed"
    assert stage.labels(1) == {"schedule", "schedule:missed"}


def test_a_dispatched_job_is_only_cancelled_with_its_run(stage: Stage) -> None:
    stage.open(body())
    stage.tick()
    (run,) = stage.runs()
    stage.run("cancel", "1").refused(3, "#1 was dispatched already", str(run.id), "add --run")
    answer = stage.run("cancel", "1", "--run", "--json").json
    assert (answer["cancelled_run"], answer["status"]) == (run.id, "dispatched")
    assert (run.status, run.conclusion) == ("completed", "cancelled")


def test_a_run_that_has_ended_is_not_said_to_be_cancelled(stage: Stage) -> None:
    stage.open(body())
    stage.tick()
    (run,) = stage.runs()
    stage.sandbox.finish_run(run.id)
    result = stage.run("cancel", "1", "--run")
    assert (result.status, result.out) == (0, f"#1: run {run.id} has ended already\n")
    assert stage.run("cancel", "1", "--run", "--json").json["cancelled_run"] is None
    assert run.conclusion == "success"


def test_a_series_is_cancelled_whatever_has_run(stage: Stage) -> None:
    stage.open(body(-60, "agent-message.yml", "every: 1h"))
    stage.tick()
    assert stage.run("cancel", "1", "--json").json["status"] == "cancelled"
    assert stage.issue(1)["state"] == "closed"


def test_a_run_that_is_not_known_can_not_be_cancelled(stage: Stage) -> None:
    stage.settings("allow: {events: [wake]}\n")
    stage.open(body(-60, None, "event: wake"))
    stage.tick()
    stage.run("cancel", "1", "--run").refused(3, "#1 was dispatched", "its run is not known")


def test_a_job_that_waits_is_cancelled_with_run_too(stage: Stage, job: Any) -> None:
    result = stage.run("cancel", "1", "--run")
    assert (result.status, result.out) == (0, "#1 is cancelled\n")
    assert stage.issue(1)["state"] == "closed"


def test_a_stranger_cancels_and_moves_nothing(stage: Stage, job: Any) -> None:
    before = stage.issue(1)
    stage.run("cancel", "1", user="stranger").refused(5, "issues: write")
    stage.run("reschedule", "1", "--in", "1h", user="stranger").refused(5, "issues: write")
    assert stage.issue(1) == before


def test_a_job_is_moved(stage: Stage, job: Any) -> None:
    (moved, _), (local, instant) = evening(20), evening()
    moved += ":00Z"
    answer = stage.run("reschedule", "1", "--at", moved, "--json").json
    assert (answer["id"], answer["run_at"]) == (1, moved)
    assert (answer["created"], answer["duplicate"], answer["status"]) == (False, False, "pending")
    assert f" at {moved}: Check PR 123" in stage.issue(1)["title"]
    shown = stage.run("show", "1", "--json").json
    assert (shown["run_at"], shown["message"]) == (moved, "Check PR 123")
    assert (shown["agent"], shown["request_id"]) == ("probe-1", job["request_id"])
    told = stage.run("reschedule", "1", "--at", local, "--timezone", "Europe/Berlin").out
    assert told.startswith(f"#1 now runs agent-message.yml at {instant} (")
    stage.edit(1, title=f"Mine, at {instant}")
    stage.run("reschedule", "1", "--in", "1h")
    assert stage.issue(1)["title"] == f"Mine, at {instant}"


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        (("--at", "2024-01-15T10:00:00Z"), 3, "--allow-past"),
        ((), 2, "time: say when, with --at 2026-11-23T09:00:00Z or --in 2h\n"),
        (("--in", "0s"), 3, "--in: '0s'"),
        (("--at", "2026-12-24T18:30"), 3, "no UTC offset"),
        (("--at", "9999-12-24T18:30:00Z"), 3, "--at: '9999"),
    ],
)
def test_a_job_is_not_moved_to_a_time_that_can_not_be(
    stage: Stage, job: Any, given: tuple[str, ...], status: int, words: str
) -> None:
    before = stage.issue(1)
    stage.run("reschedule", "1", *given).refused(status, words)
    assert stage.issue(1) == before


def test_a_text_that_is_wrong_is_mended_by_hand_first(stage: Stage) -> None:
    stage.open(body("tomorrow"))
    stage.run("reschedule", "1", "--in", "1h").refused(3, "#1 can't be read", "run-at: 'tomorrow'")


def test_a_deadline_that_is_too_early_stays_in_the_way(stage: Stage) -> None:
    stage.open(body(3600, "agent-message.yml", f"deadline: {at(7200)}"))
    stage.run("reschedule", "1", "--in", "3h").refused(3, "deadline: ", "edit the issue's")


@pytest.mark.parametrize("end", ["cancel", "missed", "dispatched"])
def test_a_closed_job_that_is_moved_runs_again(stage: Stage, end: str) -> None:
    deadline = ("deadline: 5s",) if end == "missed" else ()
    stage.open(body(3600 if end == "cancel" else -60, "agent-message.yml", *deadline))
    if end == "cancel":
        stage.run("cancel", "1")
    stage.tick()
    assert stage.issue(1)["state"] == "closed"
    before = len(stage.runs())
    stage.run("reschedule", "1", "--at", at(-1), "--allow-past")
    assert stage.issue(1)["state"] == "open"
    assert stage.run("show", "1", "--json").json["status"] == "pending"
    assert [done["id"] for done in stage.tick()["dispatched"]] == [1]
    assert len(stage.runs()) == before + 1
    assert stage.labels(1) == {"schedule"}
    assert stage.run("show", "1", "--json").json["status"] == "dispatched"


def test_a_job_that_was_put_off_is_said_to_run_when_it_does(stage: Stage) -> None:
    stage.create("--in", "2h", "--workflow", "agent-message.yml", "-m", "m")
    until = stage.run("snooze", "1", "--for", "5h", "--json").json["not_before"]
    stage.tick()
    assert stage.run("reschedule", "1", "--in", "1h", "--json").json["run_at"] == until
    told = stage.run("reschedule", "1", "--in", "1h").out
    assert told.startswith(f"#1 now runs agent-message.yml at {until} (")
    assert "it was put off until then; 'schedule snooze 1 --for 1s' takes that back" in told
    assert stage.tick()["next_due"] == until
    assert f" at {until}: m" in stage.issue(1)["title"]
    assert "put off" not in stage.run("reschedule", "1", "--in", "6h").out
    stage.run("snooze", "1", "--for", "1s")
    stage.tick()
    later = stage.run("reschedule", "1", "--in", "1h", "--json").json["run_at"]
    assert stage.tick()["next_due"] == later < until


def test_a_paused_job_that_is_moved_or_reopened_says_that_it_is_paused(stage: Stage) -> None:
    stage.create("--in", "2h", "--workflow", "agent-message.yml", "-m", "m", "--dedup-key", "k")
    stage.run("pause", "1")
    assert stage.run("reschedule", "1", "--in", "3h", "--json").json["status"] == "paused"
    told = stage.run("reschedule", "1", "--in", "3h").out
    assert told.splitlines()[-1] == "it is paused; 'schedule resume 1' lets it go on"
    stage.run("cancel", "1")
    told = stage.run("retry", "1").out
    assert told == "#1 is open and paused again; next say 'schedule resume 1'\n"
    stage.run("cancel", "1")
    assert stage.run("retry", "1", "--json").json["status"] == "paused"
    again = ("--in", "2h", "--workflow", "agent-message.yml", "-m", "m", "--dedup-key", "k")
    assert stage.run(*again).out.startswith("#1 stood there already: it is paused\n")


def test_a_job_that_is_reopened_before_its_time_says_when_it_runs(stage: Stage) -> None:
    made = stage.create("--in", "2h", "--workflow", "agent-message.yml", "-m", "m")
    stage.run("cancel", "1")
    told = stage.run("retry", "1").out
    assert told == f"#1 was cancelled; it runs when due, at {made['run_at']}\n"
    until = stage.run("snooze", "1", "--for", "5h", "--json").json["not_before"]
    stage.tick()
    stage.run("cancel", "1")
    assert stage.run("retry", "1", "--json").json["run_at"] == until


def test_a_retry_of_an_open_job_says_what_it_waits_for(stage: Stage, job: Any) -> None:
    stage.run("retry", "1").refused(3, "#1 is pending and open", "a tick sees to it")
    stage.run("pause", "1")
    stage.run("retry", "1").refused(3, "#1 is paused and open", "'schedule resume 1'")
    stage.open("no job")
    stage.run("retry", "2").refused(3, "#2 is invalid and open", "edit its text")
