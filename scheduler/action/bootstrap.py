"""What `action.yml` starts: find or build the dependencies, then run the action.

Standard library only, and no import from this package: nothing that this file needs
is there yet. `action.yml` runs it with ``python -IS``, so what can be imported is the
standard library, this product's own folder and the locked dependencies, and nothing else.

The dependencies are a plain folder that ``pip install --target`` fills, for such a
folder, unlike a virtual environment, can be moved. It is built under another name and
renamed when it is whole: a folder that can be found was complete, whatever was killed
and whoever else builds the same one at the moment. It holds a list of its files, so one
that a cleaner or a crashed machine has damaged since is told, and built again.
"""

from __future__ import annotations

import hashlib
import json
import os
import runpy
import secrets
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "scheduler" / "requirements.lock"
FOLDER = "issue-scheduler"
LIST = "files.json"  # in the folder of packages: each file's name, and its size
ABANDONED = 24 * 3600  # seconds after which an unfinished build has no builder any more


class BootstrapError(Exception):
    """The dependencies can't be had; one line that says why, and what pip said."""

    def __init__(self, message: str, output: str = "") -> None:
        super().__init__(message)
        self.output = output


def key(lock: Path) -> str:
    """Name what the folder's content depends on: the lock, and this Python's binary interface.

    ``SOABI`` holds implementation, version, free threading, architecture and C library.
    """
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    abi = sysconfig.get_config_var("SOABI") or sys.implementation.cache_tag
    return f"{digest}-{abi}"


def home() -> Path:
    """Return a folder to keep dependencies in.

    The tool cache outlives the job on a self-hosted runner. Where it can't be written to,
    the job's own temporary folder serves; a shared ``/tmp`` never does, since there
    another user could have put a folder of that name.

    Raises: BootstrapError.
    """
    for variable in ("RUNNER_TOOL_CACHE", "RUNNER_TEMP"):
        if not (base := os.environ.get(variable)):
            continue
        folder = Path(base) / FOLDER
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK | os.X_OK):
            return folder
    raise BootstrapError("neither RUNNER_TOOL_CACHE nor RUNNER_TEMP is a folder to write to")


def find_or_build(folder: Path, lock: Path) -> Path:
    """Return the folder of the lock's packages for this Python; build it if it isn't there.

    Raises: BootstrapError.
    """
    wanted = folder / key(lock)
    if is_whole(wanted):
        return wanted
    damaged = os.path.lexists(wanted)
    remove_abandoned(folder)
    draft = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
    try:
        packages = draft / "packages"
        install(lock, packages, draft)
        (packages / LIST).write_text(json.dumps(sizes(packages)), encoding="utf-8")
        if damaged and not is_whole(wanted):
            wanted.rename(draft / "damaged")
        try:
            packages.rename(wanted)
        except OSError:
            # Another job has just finished the same folder, or else something is wrong.
            if not wanted.is_dir():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return wanted


def sizes(packages: Path) -> dict[str, int]:
    """Return the size in bytes of each file below ``packages``, by its name from there."""
    return {
        str(file.relative_to(packages)): file.stat().st_size
        for file in packages.rglob("*")
        if file.is_file()
    }


def is_whole(packages: Path) -> bool:
    """Whether all files that were installed there still are; Python adds its own beside them."""
    try:
        built = json.loads((packages / LIST).read_bytes())
        return all((packages / name).stat().st_size == size for name, size in built.items())
    except (OSError, ValueError, AttributeError):
        return False


def remove_abandoned(folder: Path) -> None:
    """Remove what builds left that were killed long ago."""
    for draft in folder.glob(".building-*"):
        try:
            abandoned = time.time() - draft.stat().st_mtime > ABANDONED
        except OSError:  # its builder has just finished
            continue
        if abandoned:
            shutil.rmtree(draft, ignore_errors=True)


def install(lock: Path, target: Path, scratch: Path) -> None:
    """Fill ``target`` with exactly the lock's packages.

    Wheels only: building a source archive would run its code, and fetch build tools
    that no hash covers. Not compiled: a job imports a small part, and Python keeps that.

    Raises: BootstrapError.
    """
    command = [
        *find_pip(scratch),
        *("install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"),
        *("--require-hashes", "--no-deps", "--only-binary", ":all:"),
        *("--no-user", "--target", str(target), "--requirement", str(lock)),
    ]
    # A runner's own pip settings (a mirror, a proxy) hold, but for the one that would
    # forbid `--target`, as a configured `user` would without `--no-user`.
    environ = os.environ | {"PIP_REQUIRE_VIRTUALENV": "0"}
    environ.pop("GITHUB_TOKEN", None)  # pip has no use for it
    done = run(command, environ)
    if done.returncode:
        raise BootstrapError(
            f"pip could not install {lock.name} (exit status {done.returncode})", done.stdout
        )


def find_pip(scratch: Path) -> list[str]:
    """Return the start of a pip command: this Python's, or a new virtual environment's.

    Raises: BootstrapError.
    """
    own = [sys.executable, "-I", "-m", "pip"]
    if run([*own, "--version"]).returncode == 0:
        return own
    venv = scratch / "venv"
    done = run([sys.executable, "-I", "-m", "venv", str(venv)])
    if done.returncode:
        raise BootstrapError(
            f"{sys.executable} has neither pip nor a working venv; install one, "
            "on Debian and Ubuntu with: apt-get install python3-venv",
            done.stdout,
        )
    return [str(venv / "bin" / "python"), "-I", "-m", "pip"]


def run(
    command: list[str], environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with what it says in ``stdout``."""
    return subprocess.run(  # noqa: S603 - fixed commands, no shell
        command,
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def say(text: str) -> None:
    """Print ``text``, on standard error where standard output can't be written, if at all."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            print(text, file=stream, flush=True)
        except OSError:
            # What is left in it must not be tried again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        else:
            return


def main() -> None:
    """Make the dependencies importable and become ``python -m scheduler.action.main``."""
    try:
        packages = find_or_build(home(), LOCK)
    except (BootstrapError, OSError) as error:
        if output := getattr(error, "output", ""):
            # Whatever pip prints must not be read as a workflow command.
            token = secrets.token_hex(16)
            say(f"::stop-commands::{token}\n{output}\n::{token}::")
        message = str(error).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        say(f"::error title=schedule::{message}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.path[:0] = [str(ROOT), str(packages)]
    runpy.run_module("scheduler.action.main", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
