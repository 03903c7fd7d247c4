"""The product against its own sandbox over HTTP: a served repository, and the command."""

from __future__ import annotations

import gc
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
import responses
from click.testing import CliRunner
from hypothesis import HealthCheck, is_hypothesis_test, settings

from scheduler.cli.main import cli
from scheduler.github import client
from scheduler.github.client import GitHub
from scheduler.sandbox import Sandbox
from scheduler.sandbox.demo.stage import search_path
from scheduler.times.instants import format_instant
from scheduler.times.pace import Pace
from tests.support.seed import SEED

# Called by its path, as in the README, this Python finds what is installed beside it.
os.environ["PATH"] = search_path(os.environ)

# The servers are in this process: where a machine stands still, an answer of theirs is not lost.
client.TIMEOUT = 600

QUEUE = "octo/queue"
REPO = f"/repos/{QUEUE}"
ISSUES = f"{REPO}/issues"

JOBS = 'jobs: {a: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}\n'
AGENT_MESSAGE = """\
name: Agent message
run-name: "for ${{ inputs.agent }} [${{ inputs.schedule_id }}]"
on:
  workflow_dispatch:
    inputs:
      agent: {}
      message: {required: true}
      model: {default: small}
      schedule_id: {}
      scheduled_for: {}
"""
DEPLOY = """\
name: Deploy
on:
  workflow_dispatch:
    inputs:
      place: {required: true, type: choice, options: [staging, production]}
      dry: {type: boolean, default: "true"}
      count: {type: number, default: "1"}
"""
WORKFLOWS = {
    "agent-message.yml": AGENT_MESSAGE,
    "deploy.yml": DEPLOY,
    "bare.yml": "name: Bare\non: workflow_dispatch\n",
    "push.yml": "name: Push\non: push\n",
    "wake.yml": "name: Wake\non: {repository_dispatch: {types: [wake]}}\n",
    "scheduler.yml": "name: Scheduler\non: [workflow_dispatch, issues]\n",
}
OTHER = {"agent-message.yml": AGENT_MESSAGE, "wake.yml": WORKFLOWS["wake.yml"]}


# How many examples a property is tried with, by the kind of run. The quick and the slow run
# meet the same cases each time; a soak's differ with its seed.
# A machine that is busy with other things fails none of them.
settings.register_profile(
    "soak", deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None,
    print_blob=True, max_examples=5000,
)  # fmt: skip
for name, most in (("quick", 25), ("slow", 200)):
    settings.register_profile(
        name, settings.get_profile("soak"), derandomize=True, max_examples=most
    )


def kind_of_run(config: pytest.Config) -> str:
    """``quick``, ``slow`` or ``soak``, as ``-m`` says."""
    return config.option.markexpr if config.option.markexpr in ("slow", "soak") else "quick"


@pytest.hookimpl(tryfirst=True)  # hypothesis looks at its options in a hook of this name
def pytest_collection_finish() -> None:
    # Thousands of tests stay until the end: the collector need not look at them again and again.
    gc.collect()
    gc.freeze()


def pytest_configure(config: pytest.Config) -> None:
    # Who starts the tests in the background has them ignore these, and all that they start.
    for sign in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(sign) == signal.SIG_IGN:
            signal.signal(sign, signal.default_int_handler)
    kind = kind_of_run(config)
    config.option.hypothesis_profile = config.option.hypothesis_profile or kind
    if kind == "soak":
        # In the environment, the workers of pytest-xdist find it as well.
        config.option.hypothesis_seed = os.environ.setdefault(SEED, str(secrets.randbelow(10**6)))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """More than there are cores: tests wait for servers, the slow ones for instants, too."""
    cores = os.cpu_count() or 1
    return 2 * cores if kind_of_run(config) == "slow" else cores + (cores + 1) // 2


def pytest_report_header(config: pytest.Config) -> str | None:
    return again() if kind_of_run(config) == "soak" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if kind_of_run(terminalreporter.config) == "soak":
        terminalreporter.write_line(again())


def again() -> str:
    return f"the same cases again: {SEED}={os.environ[SEED]} python -m pytest -m soak"


#: What takes longest, in the order in which it is begun, or one worker is left alone with it.
LONGEST = (
    "test_http.py", "test_sandbox_matrix.py", "test_two_processes.py", "test_matrix.py",
    "test_month.py", "test_demo.py", "test_act_hold.py", "test_hold.py", "test_act.py",
    "test_signals.py", "test_series_matrix.py", "test_secrets.py", "test_floods.py",
    "test_long.py", "test_patterns.py", "test_year.py", "test_machine.py", "test_bootstrap.py",
    "test_costs.py", "test_streams.py", "test_packaging.py", "test_rrule_reference.py",
    "test_explorer.py",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)  # before ``-m`` selects
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kind = kind_of_run(config)
    if kind == "slow":  # of a file that is all slow, too, this is left to the soak
        items[:] = [item for item in items if item.get_closest_marker("soak") is None]
    for item in items:
        # A property is part of each kind of run, with as many examples as that has.
        if kind != "quick" and is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(kind)
    for item in chosen(items):
        item.add_marker("slow")
    last = len(LONGEST)
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, last))


#: Of a test of these rooms that has many cases the quick run meets one in so many.
OFTEN = ("action", "attacks", "cli", "github", "sandbox", "tick")
MANY, SHARE = 6, 3


def chosen(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The cases that are left to the slow run: they start servers, or play whole ticks."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        room = item.nodeid.split("/")[1:-1]
        marks = {mark.name for mark in item.iter_markers()}
        if {*room} & {*OFTEN} and not marks & {"slow", "soak"}:
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    for each in cases.values():
        if len(each) >= MANY:
            yield from (item for place, item in enumerate(each) if place % SHARE)


@dataclass(frozen=True)
class Result:
    """What a command answered: its exit status and both streams."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.status == 0, self.err
        return json.loads(self.out)

    def refused(self, status: int, *words: str) -> str:
        """The one line on standard error, with each of ``words`` in it."""
        assert self.status == status, (self.status, self.out, self.err)
        assert len(self.err.splitlines()) == 1, self.err
        assert self.err.startswith("schedule: ")
        assert self.out == ""
        for word in words:
            assert word in self.err
        return self.err


@dataclass
class Stage:
    """One served repository, and the ``schedule`` command of the people around it."""

    sandbox: Sandbox
    folder: Path
    outputs: list[str] = field(default_factory=list)

    def environ(self, user: str = "agent", **more: str | None) -> dict[str, str]:
        """The variables of a process of ``user`` (a name or a token); None leaves one out."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environ: dict[str, str | None] = {
            **inherited,
            **self.sandbox.environ(user),
            "SCHEDULE_WRITES_PER_SECOND": "0",
            **more,
        }
        return {name: value for name, value in environ.items() if value is not None}

    def run(
        self, *args: str, user: str = "agent", stdin: str = "", **environ: str | None
    ) -> Result:
        """``schedule args…`` in this process."""
        with mock.patch.dict(os.environ, self.environ(user, **environ), clear=True):
            result = CliRunner().invoke(
                cli, args, input=stdin, prog_name="schedule", catch_exceptions=False
            )
        return self._kept(Result(result.exit_code, result.stdout, result.stderr))

    def process(
        self, *args: str, user: str = "agent", stdin: str = "", **environ: str | None
    ) -> Result:
        """``python -m scheduler args…`` as a process of its own."""
        ran = subprocess.run(
            [sys.executable, "-m", "scheduler", *args], input=stdin, capture_output=True,
            text=True, timeout=300, check=False, env=self.environ(user, **environ),
        )  # fmt: skip
        return self._kept(Result(ran.returncode, ran.stdout, ran.stderr))

    def _kept(self, result: Result) -> Result:
        self.outputs += [result.out, result.err]
        return result

    def tick(self, **environ: Any) -> Any:
        """One tick as a workflow's own token makes it; what it printed as JSON."""
        return self.run("tick", "--json", **{"user": "bot", **environ}).json

    def create(self, *args: str, **environ: Any) -> Any:
        """Open a job of the agent; the answer as JSON."""
        return self.run("create", "--json", *args, **environ).json

    def settings(self, text: str) -> None:
        """Write the settings file."""
        (self.folder / ".github" / "scheduler.yml").write_text(text)

    def workflow(self, name: str, text: str) -> None:
        """Write one more workflow file; ``text`` lacks its jobs."""
        (self.folder / ".github" / "workflows" / name).write_text(text + JOBS)

    def call(self, method: str, path: str, body: Any = None, *, user: str = "owner") -> Any:
        """A request that no log counts."""
        return self.sandbox.call(user, method, path, body)

    def open(self, body: str, *, user: str = "agent", label: str = "schedule") -> int:
        """Open an issue by hand; its number."""
        made = {"title": "by hand", "body": body, "labels": [label]}
        return int(self.call("POST", ISSUES, made, user=user)["number"])

    def issue(self, number: int) -> Any:
        return self.call("GET", f"{ISSUES}/{number}")

    def edit(self, number: int, *, user: str = "owner", **changes: Any) -> None:
        self.call("PATCH", f"{ISSUES}/{number}", changes, user=user)

    def labels(self, number: int) -> set[str]:
        return {label["name"] for label in self.issue(number)["labels"]}

    def comments(self, number: int) -> list[str]:
        return [each["body"] for each in self.call("GET", f"{ISSUES}/{number}/comments")]

    def issues(self) -> list[Any]:
        return list(self.sandbox.repository().issues.values())

    def runs(self, repository: str | None = None) -> list[Any]:
        return list(self.sandbox.repository(repository).runs.values())

    @property
    def requests(self) -> list[str]:
        """What was asked so far, a line each."""
        return [str(entry) for entry in self.sandbox.requests]

    def untouched(self) -> None:
        """Nothing was created: no issue, no comment, no run, no write that took effect."""
        assert self.issues() == []
        assert self.runs() == []
        writes = [e for e in self.sandbox.requests if e.method != "GET" and 200 <= e.status < 300]
        assert writes == []


def at(seconds: float) -> str:
    """The instant so many seconds from now, as a job writes it."""
    instant = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def evening(days: int = 23) -> tuple[str, str]:
    """Half past six in Berlin so many days from now, as it is said there; and as an instant."""
    day = datetime.now(timezone.utc).date() + timedelta(days=days)
    local = datetime.combine(day, time(18, 30), tzinfo=ZoneInfo("Europe/Berlin"))
    return local.strftime("%Y-%m-%dT%H:%M"), format_instant(local)


def body(
    when: float | str = -60, workflow: str | None = "agent-message.yml", *lines: str,
    message: str = "Check it",
) -> str:  # fmt: skip
    """An issue's body as somebody writes it by hand; ``when`` in seconds from now."""
    run_at = when if isinstance(when, str) else at(when)
    head = [f"run-at: {run_at}", *([f"workflow: {workflow}"] if workflow else []), *lines]
    return "\n".join(["---", *head, "---", message])


def served(folder: Path, workflows: dict[str, str]) -> Path:
    """A work tree with these workflow files."""
    place = folder / ".github" / "workflows"
    place.mkdir(parents=True)
    for name, text in workflows.items():
        (place / name).write_text(text + JOBS)
    return folder


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """The queue ``octo/queue`` without settings, and ``octo/other`` beside it."""
    queue = served(tmp_path / "queue", WORKFLOWS)
    other = served(tmp_path / "other", OTHER)
    with Sandbox({QUEUE: queue, "octo/other": other}) as sandbox:
        made = Stage(sandbox, queue)
        yield made
        tokens = [*sandbox.state.tokens, sandbox.control_token]
    for text in made.outputs:
        assert not any(token in text for token in tokens), "a token was printed"


class StillClock:
    """Stands at an instant; a sleep moves it."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """Answers that are made up, in the place of every server."""
    with responses.RequestsMock() as mocked:
        yield mocked


Reach = Callable[..., GitHub]


@pytest.fixture
def reach(clock: StillClock) -> Iterator[Reach]:
    """Makes a client of ``api_url`` that writes ``rate`` times a second; None: at GitHub's pace."""
    made: list[GitHub] = []

    def make(api_url: str = "https://api.github.com", *, rate: float | None = 0) -> GitHub:
        token = "ghp_made_up_for_these_tests"
        made.append(GitHub(api_url=api_url, token=token, clock=clock, pace=Pace.of(rate)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def http(reach: Reach) -> GitHub:
    return reach()
