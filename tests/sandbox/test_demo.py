"""``schedule demo``: the story for real, and that its checks can fail."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from scheduler.cli.main import cli
from scheduler.sandbox.command import SAMPLE
from scheduler.sandbox.demo import stage
from scheduler.sandbox.demo.story import plain
from scheduler.sandbox.runner import processes
from tests.action.test_workflow import as_users_have_it
from tests.support.act_home import kept

ROOT = Path(__file__).resolve().parents[2]
needs_act = pytest.mark.skipif(stage.find_act(os.environ) is None, reason="act is missing")
#: Variables of a run that the demo must not take for its own.
ACTIONS = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "not/this", "GITHUB_API_URL": "http://x"}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """With the dependencies installed already."""
    return str(kept(tmp_path_factory))


def start(*arguments: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scheduler", "demo", *arguments], cwd=ROOT, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | ACTIONS | environ, start_new_session=True,
    )  # fmt: skip


@pytest.mark.slow
@needs_act
def test_the_story(tmp_path: Path, cache: str) -> None:
    process = start(TMPDIR=str(tmp_path), XDG_CACHE_HOME=cache, http_proxy="http://127.0.0.1:9")
    story, errors = process.communicate(timeout=600)
    assert (process.returncode, errors) == (0, ""), story + errors
    for said in (
        r"(?m)^  \$ schedule --in 3s --no-nudge --workflow agent-message\.yml --agent probe-1",
        r"#1 runs agent-message\.yml at 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ \(\w+day, in \d+s\)",
        r"#2 runs run\.yml at ",
        r"#3 is closed; that is all that it takes to cancel a job",
        r"\| run-at: tomorrow at nine\n",
        r"\| dispatched #1 .*\n.*/octo/queue/actions/runs/\d+\n",
        r"\| dispatched #2 ",
        r"\| invalid #4: run-at: 'tomorrow at nine' is not",
        r"#5 runs sync\.yml at ",
        r"\| 4 open jobs, 3 due, 3 dispatched; ",
        r"run \d+ of agent-message\.yml: success\. Its log says:\n    \| agent probe-1 says: Check",
        r"run \d+ of run\.yml: success\. Its log says:\n    \| running deploy\n",
        r"run \d+ of sync\.yml: failure\. Its log says:\n    \| syncing 5@.*Z\n",
        r"\| followed #1: success",
        r"\| failed #5: failure",
        r"run \d+ of sync\.yml: success\. Its log says:\n    \| syncing 5@.*Z~2\n",
        r"\| followed #5: success",
        r"#5 is closed by github-actions\[bot\] \(labels: schedule\)\n",
        r"#3 is closed by owner ",
        r"#4 is open \(labels: schedule, schedule:invalid\)\n    \| ⚠️ This job can't be read",
        r"All 5 jobs did\. It took \d+ s\.\n$",
    ):
        assert re.search(said, story), said
    assert story.count("    yes    #") == 5
    assert not [line for line in story.splitlines() if len(line) > 80]
    assert list(tmp_path.iterdir()) == [], "a temporary folder was left behind"


@pytest.mark.slow
@needs_act
def test_it_fails_when_a_job_does_not_end_as_it_should(tmp_path: Path, cache: str) -> None:
    sample = tmp_path / "sample"
    shutil.copytree(SAMPLE, sample)
    workflows = sample / ".github" / "workflows"
    message = workflows / "agent-message.yml"
    message.write_text(message.read_text().replace("run: |", "run: |\n          exit 3"))
    run = workflows / "run.yml"
    run.write_text(run.read_text().replace("workflow_dispatch:", "workflow_call:"))
    process = start("--json", "--sample", str(sample), XDG_CACHE_HOME=cache)
    answer, story = process.communicate(timeout=600)
    assert process.returncode == 1, story
    result = json.loads(answer)
    assert result["ok"] is False
    first, second, third, fourth, fifth = result["jobs"]
    assert first["problems"] == [
        "its issue is closed, not closed as completed",
        "its issue does not have one comment that links the run",
        "its run is failure", first["problems"][3],
    ]  # fmt: skip
    assert "does not say" in first["problems"][3]
    assert (second["id"], second["problems"]) == (None, ["it was never opened"])
    assert third["ok"]
    assert fourth["ok"]
    assert fifth["ok"]
    assert "workflow_dispatch" in story, "the refusal is told"
    assert "exit status 3" in story or "exitcode '3'" in story, "the failure's log is shown"
    assert "2 of 5 jobs did not." in story


@pytest.mark.slow
@needs_act
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_can_be_interrupted(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, sign: signal.Signals
) -> None:
    # Without an end of its own the story waits for the signal, however late that comes.
    sample = tmp_path_factory.mktemp("waits") / "sample"
    shutil.copytree(SAMPLE, sample)
    scheduler = sample / ".github" / "workflows" / "scheduler.yml"
    text = scheduler.read_text(encoding="utf-8")
    assert text.count("    steps:\n") == 2
    scheduler.write_text(text.replace("    steps:\n", "    steps:\n      - run: sleep 600\n"))
    mark = f"DEMO_TEST={os.getpid()}-{sign}"
    name, value = mark.split("=")
    own = {"TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1", name: value}
    process = start("--sample", str(sample), **own)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("3. "):
            break
    # Once act is at it.
    while not set(processes.marked(mark)) - {process.pid}:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(sign)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "stopped" in errors
    assert "Traceback" not in errors
    assert processes.marked(mark) == []
    assert list(tmp_path.iterdir()) == []


def refused(*words: str) -> None:
    """The command gives one line and exit status 2."""
    result = CliRunner().invoke(cli, ["demo"])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    for word in words:
        assert word in result.stderr


def test_without_act_the_fix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "find_act", lambda _: None)
    refused("act", 'pip install "issue-scheduler[sandbox]"')


def test_without_git_the_fix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "search_path", lambda _: "/nowhere")
    refused("git", "install it")


@needs_act
@pytest.mark.parametrize(
    ("name", "file"), [("ACTION", "action.yml"), ("LOCK", "requirements.lock")]
)
def test_without_the_action_the_fix_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, file: str
) -> None:
    monkeypatch.setattr(stage, name, tmp_path / file)
    refused(file, "clone")


@needs_act
def test_without_flask_the_fix_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flask", None)
    for name in [name for name in sys.modules if name.startswith("scheduler.sandbox.")]:
        if not name.endswith((".demo", "demo_stage", ".command")):
            monkeypatch.delitem(sys.modules, name)
    refused("flask", "[sandbox]")


def test_act_is_found_beside_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "act"
    program.touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert stage.find_act({"PATH": "/nowhere"}) == str(program)


def test_a_proxy_is_kept_out() -> None:
    assert stage.direct({}) == {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
    assert stage.direct({"NO_PROXY": "a,b"})["no_proxy"] == "a,b,127.0.0.1"


def test_a_cache_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    assert stage.tool_cache({"XDG_CACHE_HOME": str(tmp_path)}) == (tmp_path / "act" / "tool_cache")
    (tmp_path / "file").touch()
    assert stage.tool_cache({"XDG_CACHE_HOME": str(tmp_path / "file")}) is None


def test_the_samples_scheduler_is_what_users_copy() -> None:
    sample = (SAMPLE / ".github" / "workflows" / "scheduler.yml").read_text(encoding="utf-8")
    assert sample == as_users_have_it().replace("OWNER/NAME@v1", stage.PUBLISHED)


def test_the_published_action_is_this_one(tmp_path: Path) -> None:
    folder = stage.publish(tmp_path)
    assert (folder / "action.yml").read_bytes() == (ROOT / "action.yml").read_bytes()
    for name in ("action/bootstrap.py", "requirements.lock", "action/main.py"):
        assert (folder / "scheduler" / name).is_file()


def test_a_comment_as_a_person_sees_it() -> None:
    comment = '<!-- schedule:journal {"a":\n 1} -->\n✅ As [run 7](http://x/7).\n\nEnd'
    assert plain(comment) == ["✅ As run 7.", "End"]
