"""What is not needed is not imported: who asks for help waits for nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHOW = """
import sys
from click.testing import CliRunner
from scheduler.cli.main import cli
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


HEAVY = {"github", "requests", "urllib3", "flask", "yaml", "dateutil", "hypothesis"}


@pytest.mark.parametrize(
    "args",
    [("--help",), ("-h",), ("--version",), (), ("create", "--help"), ("tick", "--help"), ("help",)],
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
