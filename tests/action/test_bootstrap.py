"""`scheduler/action/bootstrap.py`, and the step that starts it, without any network."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from scheduler.action import bootstrap

ROOT = Path(__file__).resolve().parents[2]
STEP = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"][0]

# What the runner makes of `shell: bash`.
BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")

STAND_IN = """
import json, os, signal, sys, time
import yaml
import parcel

signal.signal(signal.SIGINT, lambda *_: sys.exit(7))
print(json.dumps({"pid": os.getpid(), "parcel": parcel.__file__, "yaml": yaml.NAME}), flush=True)
if os.environ["SCHEDULE_COMMAND"] == "wait":
    time.sleep(600)
"""


def wheels_in(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with two tiny wheels, from which alone pip may install."""
    folder = place / "wheels"
    folder.mkdir()
    for name in ("parcel", "yaml"):
        info = f"{name}-1.0.dist-info"
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}.py", "NAME = 'from the lock'\n")
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
            )
            tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            wheel.writestr(f"{info}/WHEEL", tag)
            wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return wheels_in(tmp_path, monkeypatch)


def locked(place: Path, wheels: Path) -> Path:
    file = place / "requirements.lock"
    file.write_text(
        "".join(
            f"{wheel.name.partition('-')[0]}==1.0 \\\n"
            f"    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
            for wheel in sorted(wheels.iterdir())
        ),
        encoding="utf-8",
    )
    return file


@pytest.fixture
def lock(tmp_path: Path, wheels: Path) -> Path:
    return locked(tmp_path, wheels)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "cache"
    made.mkdir()
    return made


def test_it_builds_once_and_then_finds(folder: Path, lock: Path, wheels: Path) -> None:
    built = bootstrap.find_or_build(folder, lock)
    assert (built / "parcel.py").is_file()
    shutil.rmtree(wheels)  # nothing is left to build from
    assert bootstrap.find_or_build(folder, lock) == built
    assert [built] == list(folder.iterdir())


@pytest.fixture(scope="module")
def once_built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What pip made of the lock, for tests of what becomes of it."""
    place = tmp_path_factory.mktemp("once")
    with pytest.MonkeyPatch.context() as patch:
        lock = locked(place, wheels_in(place, patch))
        return bootstrap.find_or_build(place, lock)


@pytest.fixture
def installed(once_built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the place of pip: what it made of the same lock."""

    def install(_lock: Path, target: Path, _scratch: Path) -> None:
        shutil.copytree(once_built, target, ignore=shutil.ignore_patterns(bootstrap.LIST))

    monkeypatch.setattr(bootstrap, "install", install)


def removed(built: Path) -> None:
    (built / "parcel.py").unlink()


def cut_short(built: Path) -> None:
    (built / "parcel.py").write_text("", encoding="utf-8")


def emptied(built: Path) -> None:
    shutil.rmtree(built)
    built.mkdir()


def a_file(built: Path) -> None:
    shutil.rmtree(built)
    built.touch()


def a_link_to_nothing(built: Path) -> None:
    shutil.rmtree(built)
    built.symlink_to(built.parent / "nothing")


@pytest.mark.slow
@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("damage", [removed, cut_short, emptied, a_file, a_link_to_nothing])
def test_what_is_no_longer_whole_is_built_again(
    folder: Path, lock: Path, damage: Callable[[Path], None]
) -> None:
    built = bootstrap.find_or_build(folder, lock)
    damage(built)
    assert bootstrap.find_or_build(folder, lock) == built
    assert "from the lock" in (built / "parcel.py").read_text(encoding="utf-8")
    assert [built] == list(folder.iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("installed")
def test_what_python_adds_to_it_does_no_harm(folder: Path, lock: Path, wheels: Path) -> None:
    built = bootstrap.find_or_build(folder, lock)
    (built / "__pycache__").mkdir()
    (built / "__pycache__" / "parcel.cpython-312.pyc").touch()
    shutil.rmtree(wheels)
    assert bootstrap.find_or_build(folder, lock) == built


def test_another_lock_is_another_folder(lock: Path) -> None:
    before = bootstrap.key(lock)
    lock.write_text(lock.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert bootstrap.key(lock) != before
    assert f"{sys.version_info[0]}{sys.version_info[1]}" in before.partition("-")[2]


@pytest.mark.slow
def test_a_wrong_hash_installs_nothing(folder: Path, lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    lock.write_text(re.sub(r"[0-9a-f]{64}", "0" * 64, text, count=1), encoding="utf-8")
    with pytest.raises(bootstrap.BootstrapError, match="pip could not install") as caught:
        bootstrap.find_or_build(folder, lock)
    assert "hash" in caught.value.output.lower()
    assert list(folder.iterdir()) == []


def test_two_that_build_at_once_agree(
    folder: Path, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = folder / bootstrap.key(lock)

    def slow(_lock: Path, target: Path, _scratch: Path) -> None:
        for made, by in ((target, "late"), (wanted, "early")):
            made.mkdir()
            (made / "parcel.py").write_text(by, encoding="utf-8")

    monkeypatch.setattr(bootstrap, "install", slow)
    assert bootstrap.find_or_build(folder, lock) == wanted
    assert (wanted / "parcel.py").read_text(encoding="utf-8") == "early"
    assert [wanted] == list(folder.iterdir())


def test_what_a_killed_build_left_is_removed_when_it_is_old(
    folder: Path, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "install", lambda _lock, target, _scratch: target.mkdir())
    old, new = folder / ".building-old", folder / ".building-new"
    old.mkdir()
    new.mkdir()
    long_ago = time.time() - bootstrap.ABANDONED - 1
    os.utime(old, (long_ago, long_ago))
    bootstrap.find_or_build(folder, lock)
    assert not old.exists()
    assert new.exists()


def test_the_tool_cache_comes_first_then_the_jobs_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_file = tmp_path / "file"
    a_file.touch()
    monkeypatch.setenv("RUNNER_TEMP", str(tmp_path / "temp"))
    monkeypatch.setenv("RUNNER_TOOL_CACHE", str(tmp_path / "tools"))
    assert bootstrap.home() == tmp_path / "tools" / "issue-scheduler"
    monkeypatch.setenv("RUNNER_TOOL_CACHE", str(a_file))
    assert bootstrap.home() == tmp_path / "temp" / "issue-scheduler"
    monkeypatch.setenv("RUNNER_TEMP", str(a_file))
    with pytest.raises(bootstrap.BootstrapError, match="RUNNER_TEMP"):
        bootstrap.home()


def test_pip_of_a_new_virtual_environment_serves_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def run(
        command: list[str], environ: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, int("pip" in command), "No module named pip")

    monkeypatch.setattr(bootstrap, "run", run)
    found = bootstrap.find_pip(tmp_path)
    assert found == [str(tmp_path / "venv" / "bin" / "python"), "-I", "-m", "pip"]
    assert commands[-1][-2:] == ["venv", str(tmp_path / "venv")]


def test_neither_pip_nor_venv_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = subprocess.CompletedProcess([""], 1, "no")
    monkeypatch.setattr(bootstrap, "run", lambda *_: failed)
    with pytest.raises(bootstrap.BootstrapError, match="apt-get install python3-venv"):
        bootstrap.find_pip(tmp_path)


@pytest.fixture
def step(tmp_path: Path, lock: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out the action with a stand-in for the product, and a hostile checkout.

    Return the step's script, as the runner would write it.
    """
    package = tmp_path / "published" / "scheduler"
    action = package / "action"
    action.mkdir(parents=True)
    shutil.copy(ROOT / "scheduler" / "action" / "bootstrap.py", action)
    shutil.copy(lock, package)
    for folder in (package, action):
        (folder / "__init__.py").touch()
    (action / "main.py").write_text(STAND_IN, encoding="utf-8")

    checkout = tmp_path / "checkout"
    (checkout / "scheduler").mkdir(parents=True)
    for name in ("yaml", "pip", "parcel", "hashlib", "sitecustomize", "scheduler/__init__"):
        (checkout / f"{name}.py").write_text("raise SystemExit('hostile')\n", encoding="utf-8")

    monkeypatch.setenv("PYTHONPATH", str(checkout))
    monkeypatch.setenv("RUNNER_TOOL_CACHE", str(tmp_path / "tools"))
    monkeypatch.setenv("GITHUB_ACTION_PATH", f"{package.parent}/")
    monkeypatch.setenv("SCHEDULE_COMMAND", "tick")
    monkeypatch.chdir(checkout)
    script = tmp_path / "step.sh"
    script.write_text(STEP["run"], encoding="utf-8")
    return script


@pytest.mark.slow
def test_a_hostile_checkout_is_not_imported(step: Path) -> None:
    done = subprocess.run([*BASH, step], capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    assert said["yaml"] == "from the lock"
    assert str(step.parent / "tools" / "issue-scheduler") in said["parcel"]
    assert done.stderr == ""


def test_the_cancel_signal_reaches_python(
    step: Path, lock: Path, once_built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = step.parent / "tools" / "issue-scheduler"
    shutil.copytree(once_built, tools / bootstrap.key(lock))
    monkeypatch.setenv("SCHEDULE_COMMAND", "wait")
    with subprocess.Popen([*BASH, step], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["pid"] == process.pid
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=300) == 7


@pytest.mark.slow
def test_pips_failure_is_one_error_and_its_words_are_no_commands(step: Path, wheels: Path) -> None:
    shutil.rmtree(wheels)
    done = subprocess.run([*BASH, step], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    first, *_, back, error = done.stdout.splitlines()
    assert first.startswith("::stop-commands::")
    assert back == f"::{first.removeprefix('::stop-commands::')}::"
    assert error.startswith("::error title=schedule::pip could not install requirements.lock")


def test_a_runner_without_a_fit_python_gets_one_clear_line(
    step: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "bin" / "python3"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    bash = shutil.which("bash")
    monkeypatch.setenv("PATH", str(old.parent))
    done = subprocess.run([str(bash), *BASH[1:], step], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("::error title=schedule::This runner has no Python 3.10")
    assert done.stdout.count("\n") == 1


@pytest.mark.slow
def test_the_real_lock_can_be_installed_on_this_python(folder: Path) -> None:
    built = bootstrap.find_or_build(folder, bootstrap.LOCK)
    program = (
        f"import sys; sys.path.insert(0, {str(built)!r})\nimport click, dateutil.tz, github, yaml"
    )
    subprocess.run([sys.executable, "-IS", "-c", program], check=True)
