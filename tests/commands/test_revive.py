"""Whoever sees an overdue job wakes the scheduler, once in five minutes, if they may."""

from __future__ import annotations

import pytest

from tests.conftest import QUEUE, REPO, Stage, at, body

NEW = ("create", "--in", "2h", "--workflow", "agent-message.yml", "-m", "x")
LOOKS = [
    ("list",), ("list", "--all"), ("show", "1"), ("stats",), ("cancel", "2"), ("pause", "2"),
    ("resume", "2"), ("reschedule", "2", "--in", "2h"), ("snooze", "2", "--for", "1h"),
    (*NEW, "--dedup-key", "k"),
]  # fmt: skip


@pytest.fixture
def late(stage: Stage) -> Stage:
    """A job that was due ten minutes ago, another that waits, and nobody has come."""
    stage.sandbox.set_clock(offset=-3600)
    stage.open(body(at(-600)))
    stage.open(body(at(7200)))
    stage.sandbox.set_clock(offset=0)
    return stage


def woken(stage: Stage) -> int:
    return len([run for run in stage.runs() if run.workflow.path.endswith("/scheduler.yml")])


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: " ".join(look[:2]))
def test_each_look_wakes_it_and_says_so(late: Stage, look: tuple[str, ...]) -> None:
    seen = [look] if look[0] in ("list", "show", "stats", "create") else [look, ("list",)]
    (*_, said) = [late.run(*each) for each in seen]
    assert said.status == 0
    assert said.err.startswith("schedule: #1 is overdue, and the scheduler has not been there for ")
    assert "; it is woken now; if nothing comes of that, start it with 'gh workflow" in said.err
    assert len(said.err.splitlines()) == 1
    assert woken(late) == 1


def test_five_minutes_long_it_is_not_woken_again(late: Stage) -> None:
    for _ in range(3):
        late.run("list")
    assert woken(late) == 1
    assert late.run("list").err == "", "it is on its way, and the job not so very late"
    late.sandbox.set_clock(offset=120)
    late.run("show", "1")
    assert woken(late) == 1
    late.sandbox.set_clock(offset=900)
    late.run("show", "1")
    assert woken(late) == 2


def test_a_run_that_did_not_tick_does_not_count(late: Stage) -> None:
    late.run("list")
    (run,) = late.runs()
    late.sandbox.finish_run(run.id, "cancelled")
    late.run("list")
    assert woken(late) == 2


def test_it_costs_three_requests_and_none_where_nothing_is_overdue(late: Stage) -> None:
    def asked() -> int:
        late.sandbox.clear_requests()
        late.run("list")
        return len(late.sandbox.requests)

    # The scheduler's newest runs, the default branch, the dispatch.
    assert asked() - asked() == 2
    late.tick()
    quiet = asked()
    late.sandbox.set_clock(offset=1000)
    assert asked() == quiet


@pytest.mark.parametrize("how", ["--no-nudge", "nudge: false", "create", "--dry-run"])
def test_it_can_be_held(late: Stage, how: str) -> None:
    if how == "nudge: false":
        late.settings("nudge: false\n")
        late.run("list")
    elif how == "create":
        late.run(*NEW, "--dedup-key", "k", "--no-nudge")
    elif how == "--dry-run":
        late.run(*NEW, "--dedup-key", "k", "--dry-run")
    else:
        for look in LOOKS[:-1]:
            late.run(*look, "--no-nudge")
    assert late.runs() == []


@pytest.mark.parametrize("command", [("cancel", "1"), ("snooze", "1", "--for", "2h")])
def test_a_job_that_was_just_dealt_with_wakes_nobody(late: Stage, command: tuple[str, ...]) -> None:
    late.run(*command)
    assert late.runs() == []


def test_what_is_asked_for_now_wakes_it_once(late: Stage) -> None:
    late.run("run", "2")
    assert woken(late) == 1


def test_a_token_that_may_not_says_what_is_to_be_done(late: Stage) -> None:
    late.sandbox.set_clock(offset=3600)
    token = late.sandbox.make_token("agent", permissions={"issues": "write", "contents": "read"})
    for rights in ({}, {"actions": "read"}):
        token = late.sandbox.make_token(
            "agent", permissions={"issues": "write", "contents": "read", **rights}
        )
        said = late.run("list", user=token)
        assert said.status == 0
        assert f"; start it with 'gh workflow run scheduler.yml --repo {QUEUE}'" in said.err
        assert "woken" not in said.err
    assert late.runs() == []


def test_a_workflow_that_is_disabled_or_gone(late: Stage) -> None:
    late.call("PUT", f"{REPO}/actions/workflows/scheduler.yml/disable")
    said = late.run("list")
    assert "scheduler.yml is disabled" in said.err
    assert "enable it with 'gh workflow enable scheduler.yml'" in said.err
    (late.folder / ".github" / "workflows" / "scheduler.yml").unlink()
    assert late.run("list").status == 0


def test_what_is_in_hand_wakes_nobody(stage: Stage) -> None:
    stage.open(body(-30))
    assert stage.run("list").err == ""
    assert stage.runs() == []


SOONER = ("create", "--in", "5m", *NEW[3:])
#: What sets a job going that is there already, and what it does to the job before that.
CHANGES = [
    (("reschedule", "1", "--in", "5m"), ()),
    (("retry", "1"), ("cancel", "1")),
    (("resume", "1"), ("pause", "1")),
    ((*SOONER, "--dedup-key", "k", "--on-duplicate", "replace"), (*NEW, "--dedup-key", "k")),
]  # fmt: skip


@pytest.fixture
def waits(stage: Stage, request: pytest.FixtureRequest) -> Stage:
    """A job that waits, with what was done to it, and no run yet."""
    before: tuple[str, ...] = request.param
    if before[:1] != ("create",):
        stage.open(body(at(7200)))
    if before:
        assert stage.run(*before, "--no-nudge").status == 0
    return stage


@pytest.mark.parametrize(
    ("change", "waits"), CHANGES, indirect=["waits"], ids=lambda each: " ".join(each[:1])
)
def test_what_a_workflows_token_changes_wakes_it(waits: Stage, change: tuple[str, ...]) -> None:
    said = waits.run(*change, GITHUB_ACTIONS="true")
    assert (said.status, said.err) == (0, "")
    assert woken(waits) == 1


@pytest.mark.parametrize(
    ("change", "waits"), CHANGES, indirect=["waits"], ids=lambda each: " ".join(each[:1])
)
def test_of_what_a_person_changes_the_issue_tells(waits: Stage, change: tuple[str, ...]) -> None:
    assert waits.run(*change, *(["--no-nudge"] if change[0] == "create" else [])).status == 0
    assert woken(waits) == 0


@pytest.mark.parametrize(
    ("change", "waits"), CHANGES, indirect=["waits"], ids=lambda each: " ".join(each[:1])
)
def test_no_nudge_holds_it_there_too(waits: Stage, change: tuple[str, ...]) -> None:
    assert waits.run(*change, "--no-nudge", GITHUB_ACTIONS="true").status == 0
    assert woken(waits) == 0


def test_a_job_that_is_moved_far_ahead_wakes_nobody_who_would_not_wait(stage: Stage) -> None:
    stage.settings("profile: balanced\n")
    stage.open(body(at(7200)))
    moved = stage.run("reschedule", "1", "--in", "5h", "--json", GITHUB_ACTIONS="true").json
    assert (moved["nudged"], woken(stage)) == (None, 0)
    moved = stage.run("reschedule", "1", "--in", "5m", "--json", GITHUB_ACTIONS="true").json
    assert (moved["nudged"], woken(stage)) == (True, 1)
    assert moved["expect"].startswith("clock balanced: ")


def test_that_nobody_could_be_woken_is_said(stage: Stage) -> None:
    stage.open(body(at(7200)))
    stage.run("pause", "1", "--no-nudge")
    stage.call("PUT", f"{REPO}/actions/workflows/scheduler.yml/disable")
    said = stage.run("resume", "1", GITHUB_ACTIONS="true")
    assert said.status == 0
    assert "scheduler.yml is disabled" in said.err
    assert len(said.err.splitlines()) == 1
