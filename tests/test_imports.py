"""What is not needed is not imported: who asks for help waits for nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHOW = """
import sys
from click.testing import CliRunner
from scheduler.cli import cli
result = CliRunner().invoke(cli, sys.argv[1:])
print(result.exit_code, *sorted(name for name in sys.modules if "." not in name))
"""


def imported(*args: str) -> tuple[int, set[str]]:
    """The exit status of ``schedule args…``, and the modules that it imported."""
    ran = subprocess.run(
        [sys.executable, "-c", SHOW, *args], capture_output=True, text=True, check=True
    )
    status, *names = ran.stdout.split()
    return int(status), set(names)


HEAVY = {"github", "requests", "urllib3", "flask", "yaml", "dateutil", "hypothesis", "dateparser"}


@pytest.mark.parametrize(
    "args",
    [("--help",), ("-h",), ("--version",), (), ("create", "--help"), ("tick", "--help")],
)
def test_help_imports_no_library_but_click(args: tuple[str, ...]) -> None:
    status, names = imported(*args)
    assert status == (0 if args else 2)
    assert "click" in names
    assert names & HEAVY == set()


def test_a_mistake_on_the_command_line_imports_no_client() -> None:
    status, names = imported("list", "--nope")
    assert status == 2
    assert names & {"github", "requests"} == set()


def test_the_sandbox_imports_no_client() -> None:
    code = "import sys, scheduler.sandbox; scheduler.sandbox.Sandbox; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "flask" in ran.stdout.split()
    assert set(ran.stdout.split()) & {"github", "requests"} == set()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-23T10:00:00Z", False), ("2026-11-23 10:00+01:00", False),
        ("2026-11-23T10:00", False), ("2026-02-30T10:00Z", False), ("tomorrow 9am", True),
    ],
)  # fmt: skip
def test_the_library_for_words_is_imported_for_words_alone(text: str, words: bool) -> None:
    code = (
        "import sys; from datetime import datetime, timezone\n"
        "from scheduler.errors import InvalidJob\n"
        "from scheduler.request import Request\nfrom scheduler.requested import timed\n"
        "now = datetime(2026, 11, 23, tzinfo=timezone.utc)\n"
        "try: timed(Request(at=sys.argv[1], timezone=sys.argv[2] or None), now=now)\n"
        "except InvalidJob: pass\n"
        "print(*sys.modules)"
    )
    zone = "UTC" if words else ""
    command = [sys.executable, "-c", code, text, zone]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    names = set(ran.stdout.split())
    assert "scheduler.request" in names
    assert ("dateparser" in names) == words
