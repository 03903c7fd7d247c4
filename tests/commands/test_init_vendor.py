"""The action as a folder of the user's repository."""

from __future__ import annotations

import json

import pytest

from scheduler.commands.init_files import VENDORED
from scheduler.commands.init_marks import checksum
from scheduler.commands.init_vendor import LIST, listed, vendored


def test_the_folder_holds_what_the_action_needs_and_no_sandbox() -> None:
    found = {file.path.removeprefix(f"{VENDORED}/"): file.text for file in vendored("1.0")}
    for name in ("action.yml", "LICENSE", "scheduler/action/bootstrap.py", "scheduler/py.typed",
                 "scheduler/requirements.lock", "scheduler/docs/init/scheduler.yml"):  # fmt: skip
        assert name in found
    parts = {part for name in found for part in name.split("/")}
    assert not {"sandbox", "tests", "__pycache__"} & parts
    assert found["action.yml"].startswith("name: Issue scheduler\n")


def test_the_list_knows_each_file_and_itself() -> None:
    files = vendored("1.0")
    known = listed(files[-1].text)
    assert known == {file.path: checksum(file.text) for file in files}
    assert json.loads(files[-1].text)["version"] == "1.0"
    assert files[-1].path == LIST


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"files": []}'])
def test_what_is_no_list_lists_nothing(text: str | None) -> None:
    assert listed(text) == {}


def test_a_list_names_nothing_outside_of_its_folder() -> None:
    names = ["../x", "a/../../x", "/etc/passwd", "a//b", "./a", "ok/a.py"]
    text = json.dumps({"files": dict.fromkeys(names, "0")})
    assert {*listed(text)} == {f"{VENDORED}/ok/a.py", LIST}
