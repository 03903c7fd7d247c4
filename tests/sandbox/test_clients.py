"""Clients that others have written, and the command line."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import github
import pytest
from click.testing import CliRunner

from scheduler.errors import UsageError
from scheduler.sandbox import Sandbox, command

GH = shutil.which("gh")


def test_pygithub(sandbox: Sandbox) -> None:
    with github.Github(
        auth=github.Auth.Token(sandbox.tokens["agent"]), base_url=sandbox.url, per_page=2,
        seconds_between_requests=0, seconds_between_writes=0,
    ) as client:  # fmt: skip
        repo = client.get_repo("octo/queue")
        for number in range(5):
            repo.create_issue(f"t{number}", labels=["schedule"])
        assert [issue.number for issue in repo.get_issues(labels=["schedule"])] == [5, 4, 3, 2, 1]
        issue = repo.get_issue(1)
        issue.create_comment("c")
        issue.edit(state="closed", state_reason="not_planned")
        assert repo.get_issue(1).state_reason == "not_planned"
        assert repo.get_collaborator_permission("agent") == "write"
        assert repo.get_contents("README.md").decoded_content.decode() == "grüße\n"  # type: ignore[union-attr]
        run = repo.get_workflow("message.yml").create_dispatch(
            "main", {"message": "m"}, throw=True, return_run_details=True
        )
        assert not isinstance(run, bool)
        assert repo.get_workflow_run(run.id).status == "queued"
        _, answer = client.requester.graphql_query("query { viewer { login } }", {})
        assert answer["data"]["viewer"]["login"] == "agent"
        with pytest.raises(github.UnknownObjectException):
            repo.get_issue(99)


@pytest.mark.skipif(GH is None, reason="gh is not installed")
def test_gh_opens_an_issue(sandbox: Sandbox, tmp_path: Path) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GH_HOST": "github.localhost",
        "GH_TOKEN": sandbox.tokens["agent"],
        "http_proxy": sandbox.url,
        "GH_NO_UPDATE_NOTIFIER": "1",
    }
    assert GH is not None
    made = subprocess.run(
        [GH, "api", "repos/octo/queue/issues", "-f", "title=by hand", "-f", "body=b",
         "-f", "labels[]=schedule"],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["labels"][0]["name"] == "schedule"
    for _ in range(2):
        sandbox.call("agent", "POST", "/repos/octo/queue/issues", {"title": "more"})
    listed = subprocess.run(
        [GH, "api", "--paginate", "repos/octo/queue/issues?per_page=1", "--jq", ".[].number"],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert listed.stdout.split() == ["3", "2", "1"], listed.stderr
    assert all(entry.user == "agent" for entry in sandbox.requests)


@pytest.mark.slow
def test_the_command_serves_until_interrupted(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", "from scheduler.sandbox.command import sandbox; sandbox()",
         "--no-act"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    lines = []
    while "Ctrl-C" not in (line := process.stdout.readline()):
        assert line
        lines.append(line)
    exported = dict(part.split("=", 1) for part in lines[0].split()[1:])
    assert lines[0].startswith("export ")
    asked = subprocess.run(
        [sys.executable, "-c", "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])",
         f"{exported['GITHUB_API_URL']}/repos/{exported['GITHUB_REPOSITORY']}/actions/workflows"],
        check=True,
    )  # fmt: skip
    assert asked.returncode == 0
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0
    assert "GET /repos/octo/queue/actions/workflows 200 -" in errors
    assert "stopped" in errors


def test_the_sample_repository_has_two_targets() -> None:
    with Sandbox(command.repositories(())) as running:
        answer = running.call("agent", "GET", "/repos/octo/queue/actions/workflows")
        names = {one["path"].rsplit("/", 1)[-1] for one in answer["workflows"]}
        assert {"agent-message.yml", "run.yml"} <= names


@pytest.mark.parametrize("text", ["nope/", "a/b=/does/not/exist", "a/b/c=.", "=."])
def test_what_is_no_repository_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"repository: "):
        command.repositories((text,))


def test_a_port_that_is_taken(sandbox: Sandbox) -> None:
    result = CliRunner().invoke(command.sandbox, ["--no-act", "--port", str(sandbox.port)])
    assert isinstance(result.exception, UsageError)
    assert "--port" in str(result.exception)


def test_flask_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flask", None)
    for name in [name for name in sys.modules if name.startswith("scheduler.sandbox.")]:
        if not name.endswith("command"):
            monkeypatch.delitem(sys.modules, name)
    with pytest.raises(UsageError, match=r"\[sandbox\]"):
        command.serve((), port=0, act=False, events=False)
