"""What a local GitHub takes from this machine: programs, caches, the action as published."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scheduler.errors import UsageError

if TYPE_CHECKING:
    from scheduler.sandbox.sandbox import Sandbox

PUBLISHED = "octo/scheduler@v1"
"""What the sample's scheduler workflow ``uses:``."""

ACTION = Path(__file__).resolve().parents[1] / "action.yml"
"""In a clone a link to the repository's own; in a wheel a copy of it."""

LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"
"""What the action installs."""

INSTALL = 'pip install "issue-scheduler[sandbox]"'


def stop_when_told() -> None:
    """Let SIGTERM, and the end of the terminal, stop this as Ctrl-C does.

    Under ``nohup`` a terminal may end. Some systems have no signal for it.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    hangup = getattr(signal, "SIGHUP", None)
    if hangup is not None and signal.getsignal(hangup) != signal.SIG_IGN:
        signal.signal(hangup, signal.default_int_handler)


def search_path(environ: Mapping[str, str]) -> str:
    """The folders to look for programs in, this Python's own first.

    ``.venv/bin/schedule`` works without the environment being activated; act, which was
    installed beside it, is found all the same.
    """
    own = dict.fromkeys((str(Path(sys.executable).parent), sysconfig.get_path("scripts")))
    return os.pathsep.join([*own, environ.get("PATH", os.defpath)])


def find_act(environ: Mapping[str, str]) -> str | None:
    """The ``act`` program, or ``None``."""
    return shutil.which("act", path=search_path(environ))


def need(environ: Mapping[str, str]) -> str:
    """The ``act`` program, where all that the demo needs is there too.

    Raises: `UsageError` that names what is missing and how to get it.
    """
    for name in ("git", "bash"):
        if shutil.which(name, path=search_path(environ)) is None:
            raise UsageError(
                f"demo: {name} is not installed; install it with the system's packages"
            )
    if (act := find_act(environ)) is None:
        raise UsageError(f"demo: act, which runs the workflows, is not installed; {INSTALL}")
    for file in (ACTION, LOCK):
        if not file.is_file():
            raise UsageError(
                f"demo: {file.name} is not part of this installation; run it from a clone of the "
                'repository, after: pip install -e ".[sandbox]"'
            )
    return act


def sandbox_type() -> type[Sandbox]:
    """The `Sandbox`. Raises: `UsageError` where what it needs is missing: Flask, terminals."""
    try:
        from scheduler.sandbox.sandbox import Sandbox  # noqa: PLC0415  (Flask is an extra)
    except ModuleNotFoundError as exc:
        if (exc.name or "").startswith("scheduler"):
            raise
        if exc.name == "termios":
            fix = "run it on Linux or macOS, or in WSL"
            raise UsageError(f"sandbox: this system has no POSIX terminals; {fix}") from exc
        raise UsageError(f"sandbox: {exc.name} is not installed; {INSTALL}") from exc
    return Sandbox


@contextlib.contextmanager
def prepared(environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The arguments of a `Sandbox` whose runs find the action and this Python's programs."""
    with tempfile.TemporaryDirectory(prefix="schedule-sandbox-") as folder:
        yield {
            "local_repositories": {PUBLISHED: publish(Path(folder))} if ACTION.is_file() else {},
            "environ": {"PATH": search_path(environ)} | direct(environ),
            "tool_cache": tool_cache(environ),
        }


def publish(folder: Path) -> Path:
    """Lay the action out in ``folder``, as its repository would be checked out there.

    A copy, and of what the action needs alone: act copies the whole of a folder, and the
    one around a clone may hold a virtual environment.
    """
    package = Path(__file__).resolve().parents[2]
    shutil.copytree(package, folder / "scheduler", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ACTION, folder / "action.yml")
    return folder


def tool_cache(environ: Mapping[str, str]) -> Path | None:
    """Where act itself would keep what actions install; ``None`` where nothing can be kept."""
    home = environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    folder = Path(home) / "act" / "tool_cache"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def direct(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that keep a proxy of this machine out of loopback requests."""
    hosts = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    return dict.fromkeys(("no_proxy", "NO_PROXY"), ",".join(filter(None, (hosts, "127.0.0.1"))))
