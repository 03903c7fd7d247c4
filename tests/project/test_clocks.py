"""`.github/CLOCKS.md` is true: each request in it is sent as the service would send it."""

from __future__ import annotations

import http.client
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from scheduler.commands import outside
from scheduler.ports.values import API_VERSION
from tests.conftest import QUEUE, Stage

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / ".github" / "CLOCKS.md").read_text(encoding="utf-8")
SECTIONS = {
    part.split("\n", 1)[0]: part for part in re.split(r"(?m)^## ", TEXT)[1:]
}  # a heading → what stands under it
API = "https://api.github.com"


@dataclass(frozen=True)
class Request:
    """What goes over the wire."""

    method: str
    url: str
    headers: dict[str, str]
    body: str


def blocks(section: str, language: str = "sh") -> list[str]:
    return re.findall(rf"(?s)```{language}\n(.*?)```", SECTIONS[section])


def commands(block: str) -> list[list[str]]:
    """The commands of a block; each begins at the start of a line."""
    return [
        shlex.split(text.replace("\\\n", " "))
        for text in re.split(r"(?m)^(?=[a-z])", block)
        if text.strip()
    ]


def options(words: list[str]) -> dict[str, str]:
    """``--name value`` and ``--name=value``."""
    found: dict[str, str] = {}
    for n, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name.startswith("--"):
            found[name] = value if equals else words[n + 1]
    return found


def curl(words: list[str]) -> Request:
    headers: dict[str, str] = {}
    for n, word in enumerate(words):
        if word == "--header":
            name, _, value = words[n + 1].partition(": ")
            headers[name] = value
    given = options(words)
    (url,) = (word for word in words if word.startswith("https://"))
    return Request(given["--request"], url, headers, given["--data"])


def plain(number: int) -> Request:
    (words,) = commands(blocks("The request")[number])
    return curl(words)


def aws() -> Request:
    (block,) = blocks("AWS EventBridge Scheduler")
    calls = {words[2]: options(words) for words in commands(block)}
    assert list(calls) == [
        "create-connection", "create-api-destination", "put-rule", "put-targets", "create-schedule"
    ]  # fmt: skip
    secret = json.loads(calls["create-connection"]["--auth-parameters"])
    key = secret["ApiKeyAuthParameters"]
    (target,) = json.loads(calls["put-targets"]["--targets"])
    # What the schedule puts on the bus is what the rule waits for.
    put = json.loads(json.loads(calls["create-schedule"]["--target"])["Input"])
    pattern = json.loads(calls["put-rule"]["--event-pattern"])
    assert [event["Source"] for event in put["Entries"]] == pattern["source"]
    assert json.loads(calls["create-schedule"]["--flexible-time-window"]) == {"Mode": "OFF"}
    headers = {
        each["Key"]: each["Value"]
        for each in secret["InvocationHttpParameters"]["HeaderParameters"]
    }
    own = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Amazon/EventBridge/ApiDestinations",
        key["ApiKeyName"]: key["ApiKeyValue"],
    }
    destination = calls["create-api-destination"]
    return Request(
        destination["--http-method"],
        destination["--invocation-endpoint"],
        headers | own,
        target["Input"],
    )


def google() -> Request:
    (words,) = commands(blocks("Google Cloud Scheduler")[0])
    assert words[:5] == ["gcloud", "scheduler", "jobs", "create", "http"]
    given = options(words)
    headers = dict(each.split("=", 1) for each in given["--headers"].split(","))
    own = {"User-Agent": "Google-Cloud-Scheduler", "X-CloudScheduler": "true"}
    return Request(given["--http-method"], given["--uri"], headers | own, given["--message-body"])


def cron_job_org() -> Request:
    (words,) = commands(blocks("cron-job.org")[0])
    job = json.loads(curl(words).body)["job"]
    extended = job["extendedData"]
    return Request({1: "POST"}[job["requestMethod"]], job["url"], extended["headers"],
                   extended["body"])  # fmt: skip


def easycron() -> Request:
    (words,) = commands(blocks("EasyCron")[0])
    job = json.loads(curl(words).body)
    headers = dict(line.split(": ", 1) for line in job["http_headers"].split("\n"))
    return Request(job["http_method"], job["url"], headers, job["http_message_body"])


def function() -> Request:
    (script,) = blocks("Cloudflare Workers")
    code = script.partition("cat > worker.js <<'END'\n")[2].partition("\nEND\n")[0]
    url = re.search(r'"(https://.*)"', code)
    method = re.search(r'method: "(\w+)"', code)
    body = re.search(r"body: (\".*\"),\n", code)
    assert url
    assert method
    assert body
    headers = dict(re.findall(r'"([\w-]+)": ["`](.*)["`],\n', code))
    headers["Authorization"] = headers["Authorization"].replace("${env.GITHUB_TOKEN}", "TOKEN")
    return Request(method[1], url[1], headers, json.loads(body[1]))


SERVICES: dict[str, Callable[[], Request]] = {
    "workflow_dispatch": lambda: plain(0),
    "repository_dispatch": lambda: plain(1),
    "AWS EventBridge Scheduler": aws,
    "Google Cloud Scheduler": google,
    "cron-job.org": cron_job_org,
    "EasyCron": easycron,
    "Cloudflare Workers": function,
}


#: What ticks by itself, on a machine that is on anyway.
OWN_TICKS = {"systemd", "Kubernetes"}


def send(stage: Stage, request: Request, token: str) -> tuple[int, str]:
    """Send it to the sandbox in GitHub's place, with the standard library alone."""
    assert request.url.startswith(f"{API}/repos/OWNER/REPO/")
    path = urlsplit(request.url.replace("OWNER/REPO", QUEUE)).path
    headers = {name: value.replace("TOKEN", token) for name, value in request.headers.items()}
    connection = http.client.HTTPConnection("127.0.0.1", stage.sandbox.port, timeout=120)
    try:
        connection.request(request.method, path, request.body.encode(), headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture
def own(stage: Stage) -> Stage:
    """A stage with this repository's own scheduler workflow."""
    place = stage.folder / ".github" / "workflows"
    shutil.copy(ROOT / ".github" / "workflows" / "scheduler.yml", place / "scheduler.yml")
    return stage


def needed(request: Request) -> str:
    return "contents" if request.url.endswith("/REPO/dispatches") else "actions"


def test_the_page_is_made_of_what_the_package_prints() -> None:
    assert outside.pages() == TEXT


def test_every_service_is_shown() -> None:
    plain_ones = {"The request", "An alarm inside GitHub, for public repositories", *OWN_TICKS}
    assert set(SECTIONS) - plain_ones == set(SERVICES) - {
        "workflow_dispatch",
        "repository_dispatch",
    }


@pytest.mark.parametrize("service", SERVICES)
def test_the_request_starts_the_scheduler(own: Stage, service: str) -> None:
    request = SERVICES[service]()
    token = own.sandbox.make_token("clock", permissions={needed(request): "write"}, role="write")
    assert send(own, request, token) == (204, "")
    (run,) = own.runs()
    assert run.workflow.path == ".github/workflows/scheduler.yml"
    assert run.active
    assert run.event == ("repository_dispatch" if needed(request) == "contents" else
                         "workflow_dispatch")  # fmt: skip
    if run.event == "repository_dispatch":
        assert run.payload["action"] == "schedule-tick"


@pytest.mark.parametrize("service", SERVICES)
def test_less_than_the_permission_is_not_enough(own: Stage, service: str) -> None:
    request = SERVICES[service]()
    rest = {"actions": "write", "contents": "write", "issues": "write"} | {needed(request): "read"}
    token = own.sandbox.make_token("clock", permissions=rest, role="write")
    status, _ = send(own, request, token)
    assert status in (403, 404)
    assert own.runs() == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_headers_are_those_that_github_asks_for(service: str) -> None:
    request = SERVICES[service]()
    assert request.method == "POST"
    assert request.headers["Authorization"] == "Bearer TOKEN"
    assert request.headers["Accept"] == "application/vnd.github+json"
    assert request.headers["X-GitHub-Api-Version"] == API_VERSION
    assert request.headers["Content-Type"].startswith("application/json")
    assert request.headers["User-Agent"]


# The alarm.

ALARM = "An alarm inside GitHub, for public repositories"
WORKFLOW = blocks(ALARM, "yaml")[0]
PARSED: dict[str, Any] = yaml.load(WORKFLOW, Loader=yaml.BaseLoader)


@pytest.fixture
def alarm(tmp_path: Path) -> Path:
    place = tmp_path / "alarm" / ".github" / "workflows" / "schedule-alarm.yml"
    place.parent.mkdir(parents=True)
    place.write_text(WORKFLOW, encoding="utf-8")
    return place


def tool(*command: str, **environ: str) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    ran = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **environ}
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_alarm_is_a_valid_workflow(alarm: Path) -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(alarm))


def test_the_alarm_passes_the_auditor(alarm: Path) -> None:
    tool("zizmor", "--offline", "--persona=auditor", "--no-progress", str(alarm.parents[2]))


def test_the_alarm_waits_in_the_environment_that_is_made_for_it() -> None:
    (job,) = PARSED["jobs"].values()
    (words,) = commands(blocks(ALARM)[0])
    assert words[:4] == ["gh", "api", "--method", "PUT"]
    assert words[4] == f"repos/OWNER/REPO/environments/{job['environment']['name']}"
    minutes = int(options(words)["--field"].removeprefix("wait_timer="))
    assert 1 <= minutes <= 43_200
    assert PARSED["permissions"] == {}
    assert job["permissions"] == {"actions": "write"}
    assert PARSED["concurrency"] == {"group": "schedule-alarm", "cancel-in-progress": "false"}


def test_the_alarm_leaves_no_deployments_behind() -> None:
    (job,) = PARSED["jobs"].values()
    assert job["environment"]["deployment"] == "false"
    # An older server knows no such key; whoever is on one reads what to write instead.
    assert "Enterprise Server" in SECTIONS[ALARM]


def test_a_waiting_alarm_is_to_be_cancelled_and_not_rejected() -> None:
    assert "Cancel a waiting alarm, never reject it" in " ".join(SECTIONS[ALARM].split())
    assert "elizaOS/eliza/pull/15914" in SECTIONS[ALARM]


def test_the_alarm_has_no_cron_that_github_would_disable() -> None:
    assert PARSED["on"] == "workflow_dispatch"


def rung(own: Stage, tmp_path: Path) -> int:
    """Carry out the alarm's step with ``gh``, as its runner does; the exit status."""
    gh = shutil.which("gh")
    if gh is None:
        pytest.skip("gh is not installed")
    (job,) = PARSED["jobs"].values()
    (step,) = job["steps"]
    bot = own.sandbox.make_token("github-actions[bot]", permissions=job["permissions"])
    ran = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        capture_output=True, text=True, check=False, timeout=120,
        env={
            "PATH": os.environ["PATH"], "HOME": str(tmp_path),
            "GH_TOKEN": bot, "GH_REPO": QUEUE, "GITHUB_REF_NAME": "main",
            # gh speaks plain HTTP to this name alone, and reaches the sandbox as its proxy.
            "GH_HOST": "github.localhost", "http_proxy": own.sandbox.url,
            "GH_NO_UPDATE_NOTIFIER": "1",
        },
    )  # fmt: skip
    return ran.returncode


def test_the_alarm_starts_itself_and_then_the_scheduler(own: Stage, tmp_path: Path) -> None:
    (own.folder / ".github" / "workflows" / "schedule-alarm.yml").write_text(WORKFLOW)
    assert rung(own, tmp_path) == 0
    assert [run.workflow.path.rpartition("/")[2] for run in own.runs()] == [
        "schedule-alarm.yml",
        "scheduler.yml",
    ]


def test_the_alarm_goes_on_when_the_scheduler_can_not_be_started(
    own: Stage, tmp_path: Path
) -> None:
    (own.folder / ".github" / "workflows" / "schedule-alarm.yml").write_text(WORKFLOW)
    (own.folder / ".github" / "workflows" / "scheduler.yml").unlink()
    assert rung(own, tmp_path) != 0
    assert [run.workflow.path.rpartition("/")[2] for run in own.runs()] == ["schedule-alarm.yml"]


def test_the_readme_leads_here() -> None:
    assert "(.github/CLOCKS.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_workflow_that_lends_alarms_passes_both(tmp_path: Path) -> None:
    place = tmp_path / ".github" / "workflows" / "alarm.yml"
    place.parent.mkdir(parents=True)
    shutil.copy(ROOT / "scheduler" / "docs" / "alarm.yml", place)
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(place))
    tool("zizmor", "--offline", "--persona=auditor", "--no-progress", str(tmp_path))
