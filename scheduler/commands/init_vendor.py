"""The action as a folder of the user's own repository, so that nothing has to be published."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from scheduler.commands.init_files import VENDORED
from scheduler.commands.init_marks import checksum
from scheduler.commands.init_plan import File, Kind
from scheduler.errors import UsageError
from scheduler.job import strict_json

#: Which files there are, and their checksums.
LIST = f"{VENDORED}/vendored.json"
#: What no tick needs.
LEFT_OUT = ("sandbox", "__pycache__")


def vendored(version: str) -> list[File]:
    """All files of the action.

    Raises:
        UsageError: this is such a copy itself, which has no ``action.yml`` to copy.
    """
    package = Path(str(files("scheduler")))
    sources = {
        "action.yml": package / "sandbox" / "action.yml",
        "LICENSE": package / "docs" / "init" / "LICENSE",
    }
    for path in package.rglob("*"):
        inside = path.relative_to(package)
        if path.is_file() and not {*LEFT_OUT} & {*inside.parts}:
            sources[f"scheduler/{inside.as_posix()}"] = path
    if not sources["action.yml"].is_file():
        raise UsageError(f"--vendor: {package} is such a copy; install the package, and use that")
    found = [
        File(path=f"{VENDORED}/{name}", text=path.read_bytes().decode("utf-8"), kind=Kind.LISTED)
        for name, path in sources.items()
    ]
    found.sort(key=lambda file: file.path)
    sums = {file.path.removeprefix(f"{VENDORED}/"): checksum(file.text) for file in found}
    text = json.dumps({"version": version, "files": sums}, indent=1) + "\n"
    return [*found, File(path=LIST, text=text, kind=Kind.LISTED)]


def listed(text: str | None) -> dict[str, str]:
    """The checksums that a list holds, by path in the repository; empty: it is none of ours."""
    try:
        data = strict_json.load(text or "")
    except (ValueError, RecursionError):
        return {}
    told = data.get("files") if isinstance(data, dict) else None
    if not isinstance(told, dict):
        return {}
    sums = {
        f"{VENDORED}/{path}": str(value)
        for path, value in told.items()
        if not {"", ".", ".."} & {*path.split("/")} and "\\" not in path
    }
    return sums | {LIST: checksum(text or "")}
