"""Answers that can't be written: one line, the right status, and what was done stays done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from scheduler import streams
from scheduler.action import bootstrap
from tests.conftest import Stage, at, body

FULL = "/dev/full"
pytestmark = pytest.mark.skipif(not Path(FULL).exists(), reason="no /dev/full here")
BROKEN = ("full", "directory", "missing", "fifo")
SINKS = (f">{FULL}", ">&-", "pipe")
CREATE = ("create", "--in", "2h", "-m", "x", "--workflow", "agent-message.yml", "--no-nudge")


def unwritable(kind: str, folder: Path) -> str:
    """A path to which nothing can be written, and what is said of it."""
    if kind == "fifo":
        os.mkfifo(folder / "fifo")  # nobody reads it
    places = {"full": FULL, "directory": folder, "missing": folder / "no" / "f"}
    return str(places.get(kind, folder / kind))


def ran(
    stage: Stage,
    *args: str,
    sink: str = "",
    module: str = "scheduler",
    user: str = "bot",
    **more: str,
) -> subprocess.CompletedProcess[str]:
    """A process of its own; ``sink`` is a redirection of the shell."""
    command = ["sh", "-c", f'exec "$@" {sink}', "sh", sys.executable, "-m", module, *args]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120,
        stdin=subprocess.DEVNULL, env=stage.environ(user, **more),
    )  # fmt: skip
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    assert "Exception ignored" not in done.stderr
    return done


def step(
    stage: Stage, *, sink: str = "", user: str = "bot", **more: str
) -> subprocess.CompletedProcess[str]:
    given = {"GITHUB_ACTIONS": "true", "SCHEDULE_HOLD": "0s", **more}
    return ran(stage, module="scheduler.action.main", sink=sink, user=user, **given)


def carried(folder: Path) -> dict[str, str]:
    """The environment of a run that carries a job."""
    event = folder / "event.json"
    request = {"run_at": at(3600), "workflow": "bare.yml", "message": "x"}
    event.write_text(json.dumps({"client_payload": request, "sender": {"login": "owner"}}))
    return {
        "SCHEDULE_COMMAND": "enqueue", "GITHUB_EVENT_PATH": str(event),
        "GITHUB_EVENT_NAME": "repository_dispatch", "GITHUB_RUN_ID": "77",
    }  # fmt: skip


@pytest.mark.slow
def test_a_tick_without_its_summary_has_ticked(stage: Stage, tmp_path: Path) -> None:
    stage.open(body())
    path = unwritable("fifo", tmp_path)
    output = tmp_path / "output"
    done = step(stage, GITHUB_STEP_SUMMARY=path, GITHUB_OUTPUT=str(output))
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"schedule: GITHUB_STEP_SUMMARY: {path!r} can't be written (")
    assert "dispatched<<" in output.read_text()
    assert (len(stage.runs()), stage.issue(1)["state"]) == (1, "closed")


def test_a_tick_without_its_outputs_says_what_it_did(stage: Stage, tmp_path: Path) -> None:
    stage.open(body())
    path, summary = unwritable("directory", tmp_path), tmp_path / "summary"
    done = step(stage, GITHUB_OUTPUT=path, GITHUB_STEP_SUMMARY=str(summary))
    assert (done.returncode, done.stderr) == (1, "")
    (line,) = [each for each in done.stdout.splitlines() if each.startswith("::error")]
    assert f"GITHUB_OUTPUT: {path!r} can't be written (" in line
    assert "dispatched: 1" in line
    assert "#1" in summary.read_text()
    assert (len(stage.runs()), stage.issue(1)["state"]) == (1, "closed")


@pytest.mark.slow
def test_a_job_that_was_opened_is_named_where_the_outputs_are_lost(
    stage: Stage, tmp_path: Path
) -> None:
    more = carried(tmp_path)
    path = unwritable("full", tmp_path)
    for _ in range(2):  # the same run once more opens no second job
        done = step(stage, user="owner", GITHUB_OUTPUT=path, **more)
        assert (done.returncode, done.stderr) == (1, "")
        (line,) = [each for each in done.stdout.splitlines() if each.startswith("::error")]
        assert "GITHUB_OUTPUT: " in line
        assert "#1 is open" in line
        assert "/octo/queue/issues/1" in line
    assert len(stage.issues()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("sink", SINKS)
def test_a_step_whose_log_is_lost_fails_with_its_outputs_written(
    stage: Stage, tmp_path: Path, sink: str
) -> None:
    stage.open(body())
    places = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    if sink == "pipe":
        done = piped(stage, "scheduler.action.main", **places)
    else:
        done = step(stage, sink=sink, **places)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("schedule: standard output: can't be used (")
    assert (sink == "pipe") == ("before the answer could be written" in line)
    assert "dispatched: 1" in line
    assert all("dispatched" in Path(path).read_text() for path in places.values())
    assert (len(stage.runs()), stage.issue(1)["state"]) == (1, "closed")


def piped(
    stage: Stage, module: str, *args: str, user: str = "bot", **more: Any
) -> subprocess.CompletedProcess[str]:
    """A process whose reader has left before it says anything."""
    reading, writing = os.pipe()
    os.close(reading)
    environ = stage.environ(user, GITHUB_ACTIONS="true", SCHEDULE_HOLD="0s", **more)
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, *args], stdout=writing, stderr=subprocess.PIPE,
            text=True, check=False, timeout=120, env=environ,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "sink"),
    [
        *((("list",), sink) for sink in SINKS),
        (("tick", "--json"), f">{FULL}"), (CREATE, ">&-"), (CREATE, "pipe"),
        *((("--help",), sink) for sink in SINKS), *((("list", "--help"), sink) for sink in SINKS),
        (("--version",), "pipe"), (("help",), "pipe"), (("--cron", "@daily", "--explain"), "pipe"),
        (("stats",), f">{FULL}"),
    ],
)  # fmt: skip
def test_an_answer_that_is_lost_is_a_failure_and_what_was_done_stays(
    stage: Stage, args: tuple[str, ...], sink: str
) -> None:
    stage.open(body())
    user = "agent" if args is CREATE else "bot"
    if sink == "pipe":
        done = piped(stage, "scheduler", *args, user=user)
    else:
        done = ran(stage, *args, sink=sink, user=user)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("schedule: standard output: can't be used (")
    assert (sink == "pipe") == ("before the answer could be written" in line)
    if args[0] == "tick":
        assert len(stage.runs()) == 1
    if args is CREATE:
        assert len(stage.issues()) == 2
        assert "#2 " in line


@pytest.mark.slow
@pytest.mark.parametrize("sink", [f"2>{FULL}", "2>&-"])
@pytest.mark.parametrize(("args", "status"), [(("list",), 0), (("show", "99"), 4), (("nope",), 2)])
def test_where_nobody_hears_errors_the_status_says_them(
    stage: Stage, args: tuple[str, ...], status: int, sink: str
) -> None:
    stage.open(body(-7200))  # overdue, which `list` says on standard error
    assert ran(stage, *args, sink=sink).returncode == status


def test_a_tick_with_no_stream_at_all_dispatches(stage: Stage) -> None:
    stage.open(body())
    assert ran(stage, "tick", sink="<&- >&- 2>&-").returncode == 1
    assert (len(stage.runs()), stage.issue(1)["state"]) == (1, "closed")


def test_standard_input_that_is_closed_is_one_line(stage: Stage) -> None:
    done = ran(stage, "create", "--json", "-", sink="<&-")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert done.stderr.startswith("schedule: standard input: ")


def test_statistics_without_their_summary_are_told(stage: Stage, tmp_path: Path) -> None:
    done = ran(stage, "stats", GITHUB_STEP_SUMMARY=unwritable("missing", tmp_path))
    assert done.returncode == 0
    assert done.stdout
    (line,) = done.stderr.splitlines()
    assert line.startswith("schedule: GITHUB_STEP_SUMMARY: ")


@pytest.mark.parametrize("sink", [f">{FULL}", ">&-", f">{FULL} 2>{FULL}", ">&- 2>&-"])
def test_the_bootstrap_fails_in_one_line(sink: str, tmp_path: Path) -> None:
    script = Path(bootstrap.__file__)
    command = ["sh", "-c", f'exec "$@" {sink}', "sh", sys.executable, "-IS", str(script)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == (0 if "2>" in sink else 1), done.stderr
    assert "2>" in sink or done.stderr.startswith("::error title=schedule::")


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_can_not_be_written_is_named_with_a_fix(kind: str, tmp_path: Path) -> None:
    path = unwritable(kind, tmp_path)
    with pytest.raises(streams.Untold) as caught:
        streams.append("X", path, "text\n")
    assert str(caught.value).startswith(f"X: {path!r} can't be written (")
    assert "; name a file" in str(caught.value)


def test_a_file_gets_what_it_can_hold(tmp_path: Path) -> None:
    path = tmp_path / "file"
    streams.append("X", str(path), "a\ud800\n")
    streams.append("X", str(path), "b\n")
    assert path.read_text() == "a?\nb\n"
    with pytest.raises(streams.Untold, match=r"X: 'a\\x00b' can't be written \(.*\); name a file"):
        streams.append("X", "a\0b", "")
