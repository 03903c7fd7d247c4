"""What a clone and an installed copy hold."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import scheduler

ROOT = Path(__file__).resolve().parents[2]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

TOP_LEVEL = {
    *("pyproject.toml", "README.md", "LICENSE", "action.yml", ".gitignore"),
    *(".github", ".ci", "scheduler", "tests"),
}

# Spelled so that this file does not hold what it looks for.
PLACES = re.compile(
    "|".join(
        [
            "py" + r"pi\.org",
            "python" + r"hosted\.org",
            "npm" + r"js\.(?:org|com)",
            "deb" + r"ian\.org",
            r"/ro" + r"ot/",
            r"/ho" + r"me/(?!runner\b)\w",
            r"/wo" + r"rk/",
        ]
    )
)


@cache
def files() -> tuple[Path, ...]:
    """Return what git tracks, and what it would on the next `git add --all`."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (Path(name) for name in done.stdout.split("\0") if name)
    return tuple(path for path in paths if (ROOT / path).is_file())


def test_the_top_level_holds_only_what_was_agreed() -> None:
    assert {path.parts[0] for path in files()} <= TOP_LEVEL


def test_no_file_names_a_registry_or_a_place_on_one_machine() -> None:
    found = {}
    for path in files():
        text = (ROOT / path).read_bytes().decode("utf-8", errors="replace")
        if match := PLACES.search(text):
            found[str(path)] = match[0]
    assert found == {}


def test_the_version_has_one_source() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(?:\.dev\d+)?", scheduler.__version__)
    assert 'version.attr = "scheduler.__version__"' in PROJECT
    assert not re.search(r'(?m)^version = "', PROJECT)


def test_the_console_script_exists() -> None:
    script = re.search(r'(?m)^schedule = "([\w.]+):(\w+)"$', PROJECT)
    assert script is not None
    assert callable(getattr(import_module(script[1]), script[2]))


def test_the_supported_pythons_are_the_tested_ones() -> None:
    claimed = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', PROJECT)
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    matrix = re.search(r"python: \[(.*)\]", workflow)
    assert matrix is not None
    assert re.findall(r"3\.\d+", matrix[1]) == claimed
    assert f'requires-python = ">={claimed[0]}"' in PROJECT


@pytest.mark.slow
def test_the_wheel_ships_types_schema_and_sample(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for path in files():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, source / path)
    wheels = tmp_path / "wheels"
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "-w",
        str(wheels),
        str(source),
    ]
    subprocess.run(command, check=True, timeout=300)
    (wheel,) = wheels.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        shipped = set(archive.namelist())
        linked = [name for name in shipped if name.startswith("scheduler/docs/init/")]
        assert linked
        for name in linked:
            assert archive.read(name) == (ROOT / name).read_bytes()
    expected = {
        path.as_posix() for path in files() if path.parts[0] == "scheduler" if path.suffix == ".py"
    }
    sample = {path.as_posix() for path in files() if "sample" in path.parts}
    docs = {path.as_posix() for path in files() if path.parts[:2] == ("scheduler", "docs")}
    assert sample
    assert docs
    assert expected | sample | docs <= shipped
    assert {"scheduler/py.typed", "scheduler/settings.schema.json"} <= shipped
    assert not any(name.startswith("tests/") for name in shipped)
