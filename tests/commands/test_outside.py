"""The configurations of clocks outside of GitHub: whole, and valid as far as this machine tells."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from scheduler.cli.main import cli
from scheduler.commands.outside import CLOCKS, REPOSITORY, configuration, page, pages
from scheduler.errors import UsageError

SCRIPTS = [name for name in CLOCKS if name not in ("systemd", "kubernetes")]
HOLD = ["schedule", "tick", "--hold", "6h"]


def script(name: str, **more: Any) -> str:
    return configuration(name, repository="o/r", **more).script


def bare(text: str) -> str:
    """A script without its comments."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


@pytest.mark.parametrize("name", CLOCKS)
def test_each_names_the_queue_its_token_s_rights_and_how_to_remove_it(name: str) -> None:
    text = script(name)
    assert "o/r" in bare(text)
    assert REPOSITORY not in text
    told = " ".join(re.sub(r"(?m)^# ?", "", text).split())
    assert "Its token" in told
    assert "Actions: read and write" in told
    assert "To remove it: " in told
    assert not re.search(r"\*\*|```|(?m:^# #)", text)
    assert REPOSITORY in configuration(name).script


@pytest.mark.parametrize("name", CLOCKS)
def test_it_is_the_page_with_its_prose_as_comments(name: str) -> None:
    (block,) = re.findall(r"(?s)```\w+\n(.*?)```", page(name))
    assert block in configuration(name).script
    assert bare(configuration(name).script).strip() == block.strip()
    assert page(name) in pages()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_one_for_a_shell_and_starts_the_scheduler_at_a_branch(name: str) -> None:
    text = script(name, branch="trunk", api="https://ghes.example/api/v3")
    bash = shutil.which("bash")
    assert bash
    ran = subprocess.run([bash, "-n"], input=text, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "https://ghes.example/api/v3/repos/o/r/actions/workflows/scheduler.yml" in text
    assert re.search(r'ref\\?": \\?"trunk', text)
    assert "api.github.com" not in text


def test_the_unit_stays_is_started_again_and_shows_no_token() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(script("systemd"))
    assert [*unit] == ["DEFAULT", "Unit", "Service", "Install"]
    service = unit["Service"]
    assert service["ExecStart"].split()[0].startswith("/")
    assert service["ExecStart"].split()[1:] == HOLD[1:]
    assert (service["Restart"], unit["Unit"]["StartLimitIntervalSec"]) == ("always", "0")
    assert "TOKEN" not in bare(script("systemd"))
    known = {
        "Unit": {"Description", "Wants", "After", "StartLimitIntervalSec"},
        "Service": {
            "Environment", "EnvironmentFile", "ExecStart", "Restart", "RestartSec",
            "TimeoutStopSec", "DynamicUser", "NoNewPrivileges", "PrivateDevices", "ProtectHome",
            "ProtectSystem",
        },
        "Install": {"WantedBy"},
    }  # fmt: skip
    assert {name: set(unit[name]) for name in known} == known


def test_the_cron_job_never_has_two_holders_and_lives_longer_than_a_hold() -> None:
    found = yaml.safe_load(script("kubernetes"))
    assert (found["apiVersion"], found["kind"]) == ("batch/v1", "CronJob")
    spec = found["spec"]
    assert (spec["schedule"], spec["concurrencyPolicy"]) == ("* * * * *", "Forbid")
    job = spec["jobTemplate"]["spec"]
    assert job["activeDeadlineSeconds"] > 6 * 3600
    pod = job["template"]["spec"]
    (container,) = pod["containers"]
    assert container["args"] == HOLD
    named = {each["name"]: each for each in container["env"]}
    assert named["GITHUB_REPOSITORY"]["value"] == "o/r"
    assert named["GITHUB_TOKEN"]["valueFrom"]["secretKeyRef"]["name"] == "schedule-tick"
    assert pod["restartPolicy"] == "Never"
    keys = {
        "args", "env", "image", "name", "resources", "securityContext"
    }  # fmt: skip
    assert set(container) == keys


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("googel",), "CLOCK: 'googel' is no clock to print; did you mean 'google'?"),
        (("sundial",), "write one of cloudflare, eventbridge, google, cron-job.org, easycron, "),
        (("google", "--branch", "a'b"), '--branch: "a\'b" has characters that no script takes'),
        (("google", "--queue", "x"), "repository: 'x' is not a repository; write 'owner/name'"),
    ],
)
def test_what_can_not_be_printed(args: tuple[str, ...], words: str) -> None:
    ran = CliRunner().invoke(cli, ["clock", "print", *args], env={"GITHUB_REPOSITORY": ""})
    assert (ran.exit_code, ran.stdout) == (2, "")
    (line,) = ran.stderr.splitlines()
    assert words in line


def test_it_needs_no_token_and_no_server() -> None:
    environ = {"GITHUB_REPOSITORY": "octo/queue", "GITHUB_TOKEN": "", "GH_TOKEN": ""}
    ran = CliRunner().invoke(cli, ["clock", "print", "systemd", "--json"], env=environ)
    assert (ran.exit_code, ran.stderr) == (0, "")
    found = json.loads(ran.stdout)
    assert (found["clock"], found["repository"]) == ("systemd", "octo/queue")
    assert "GITHUB_REPOSITORY=octo/queue" in found["text"]


def test_a_name_in_another_case_is_the_same() -> None:
    assert configuration("SystemD").clock == "systemd"
    with pytest.raises(UsageError):
        configuration("")
