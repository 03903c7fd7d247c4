"""Tokens and signing keys: in nothing that is printed, logged, written or sent to be shown."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from scheduler.environment import Environment
from scheduler.job.signing import Keys
from tests.conftest import ISSUES, Stage, at, body

KEY, OLD = "5f4dcc3b5aa765d61d8327deb882cf99", "0ld-5f4dcc3b5aa765d61d8327deb882"
KEYS = json.dumps({"alice": [KEY, OLD]})

#: Both with everything that PyGithub, urllib3 and this package log.
LOUD = (
    "import logging, sys, github; logging.basicConfig(level=1); "
    "logging.getLogger('github').setLevel(1); "
)
CLI = LOUD + "from scheduler.cli.main import main; sys.argv[0] = 'schedule'; main()"
ACTION = LOUD + "import os; from scheduler.action.main import main; sys.exit(main(os.environ))"


class Ear:
    """Runs processes and keeps all that they say."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self.folder = folder
        self.heard: list[str] = []
        self.places = {
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        }

    def run(self, code: str, *args: str, user: str = "agent", **more: str) -> int:
        environ = self.stage.environ(user, SCHEDULE_HOLD="0s", **{**self.places, **more})
        ran = subprocess.run(
            [sys.executable, "-c", code, *args], capture_output=True, text=True, timeout=300,
            check=False, env=environ, cwd=self.folder,
        )  # fmt: skip
        self.heard += [ran.stdout, ran.stderr]
        return ran.returncode

    def everything(self) -> str:
        files = [path.read_text() for path in map(Path, self.places.values()) if path.exists()]
        issues = [json.dumps(self.stage.call("GET", f"{ISSUES}?state=all".partition("?")[0]))]
        comments = [
            text for issue in self.stage.issues() for text in self.stage.comments(issue.number)
        ]
        bodies = [str(issue.view.body) for issue in self.stage.issues()]
        requests = self.stage.requests
        runs = [json.dumps(run.payload, default=str) for run in self.stage.runs()]
        return "\n".join([*self.heard, *files, *issues, *comments, *bodies, *requests, *runs])


@pytest.fixture
def ear(stage: Stage, tmp_path: Path) -> Ear:
    return Ear(stage, tmp_path)


@pytest.mark.slow
def test_a_full_run_shows_no_token_and_no_key(stage: Stage, ear: Ear) -> None:
    stage.settings("signing: optional\n")
    signed = {"SCHEDULE_SIGNING_KEY": KEY}
    asked = ("--at", at(-60), "--allow-past", "--workflow", "agent-message.yml", "--agent", "alice")
    for more in ((), ("--json",), ("--dry-run",), ("--dry-run", "--json")):
        assert ear.run(CLI, "create", *asked, "-m", "x", *more, **signed) == 0
    stage.open("broken")
    stage.open(body(-60, "nowhere.yml"))
    stage.open(body(-60, "bare.yml", "agent: alice"))
    keys = {"SCHEDULE_SIGNING_KEYS": KEYS}
    assert ear.run(ACTION, user="bot", **keys) == 0
    assert ear.run(CLI, "create", *asked, "-m", "x", **signed) == 0
    for line in ("tick", "tick --json", "list --all", "list --json", "show 1", "show 1 --json"):
        assert ear.run(CLI, *line.split(), **keys, **signed) == 0
    for line in ("retry 3", "cancel 3", "show 99"):
        ear.run(CLI, *line.split(), **keys, **signed)
    text = ear.everything()
    assert "signature" in text
    assert text.count("dispatched") > 2
    assert "DEBUG:github.Requester:" in text
    assert "api.github" not in text
    for secret in (*stage.sandbox.state.tokens, KEY, OLD):
        assert secret not in text


BAD = "ghp_" + "z" * 36

FAILURES: list[tuple[dict[str, str], int]] = [
    ({"GITHUB_TOKEN": BAD}, 5),
    ({"GITHUB_TOKEN": f"{BAD} and\x07more"}, 5),
    ({"GITHUB_TOKEN": f"{BAD}\nX-Other: header"}, 5),
    ({"GITHUB_API_URL": "http://127.0.0.1:9"}, 75),
    ({"GITHUB_API_URL": "nonsense"}, 2),
    ({"GITHUB_REPOSITORY": "octo/nowhere"}, 5),
    ({"GITHUB_REPOSITORY": "none"}, 2),
    ({"SCHEDULE_SIGNING_KEYS": f'{{"alice": "{KEY}"'}, 2),
    ({"SCHEDULE_SIGNING_KEYS": f'["{KEY}"]'}, 2),
    ({"SCHEDULE_SIGNING_KEYS": f'{{"{KEY}": "alice"}}'}, 2),
    ({"SCHEDULE_SIGNING_KEYS": f'{{"alice": ["{KEY}", "short"]}}'}, 2),
    ({"SCHEDULE_SIGNING_KEYS": f'{{"alice": "{KEY}\\ud800"}}'}, 2),
]


#: In turns by the one door and by the other; the soak tries both.
TURNS = [
    pytest.param(code, *case, marks=pytest.mark.slow if (number + door) % 2 else pytest.mark.soak)
    for number, case in enumerate(FAILURES)
    for door, code in enumerate((ACTION, CLI))
]


@pytest.mark.parametrize(("code", "more", "status"), TURNS)
def test_no_failure_shows_one_either(
    stage: Stage, ear: Ear, code: str, more: dict[str, str], status: int
) -> None:
    stage.open(body())
    assert ear.run(code, *(["tick"] if code is CLI else []), user="bot", **more) == status
    text = ear.everything()
    assert "Traceback" not in text
    for secret in (*stage.sandbox.state.tokens, KEY, BAD):
        assert secret not in text


@pytest.mark.slow
@pytest.mark.parametrize("key", ["tooshort-secret", "secret-\udcff\udcfe-of-no-encoding"])
def test_a_key_that_is_none_is_not_shown(stage: Stage, ear: Ear, key: str) -> None:
    stage.settings("signing: required\n")
    asked = ("create", "--in", "1h", "--workflow", "bare.yml", "--agent", "alice")
    assert ear.run(CLI, *asked, SCHEDULE_SIGNING_KEY=key) == 2
    text = ear.everything()
    assert "SCHEDULE_SIGNING_KEY" in text
    assert "Traceback" not in text
    assert "secret" not in text


def test_no_value_that_holds_one_shows_it() -> None:
    environment = Environment.read(
        {"GITHUB_TOKEN": BAD, "SCHEDULE_SIGNING_KEY": KEY, "SCHEDULE_SIGNING_KEYS": KEYS}
    )
    keys = Keys.read(KEYS)
    shown = f"{environment!r} {keys!r} {keys} {environment}"
    assert keys.by_agent == {"alice": (KEY, OLD)}
    for secret in (BAD, KEY, OLD):
        assert secret not in shown


def test_the_library_s_own_log_has_none(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.open(body())
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, logger="github"):
        stage.tick()
    assert "github.Requester" in {record.name for record in caplog.records}
    for record in caplog.records:
        for token in stage.sandbox.state.tokens:
            assert token not in record.getMessage()
            assert token not in repr(record.args)
