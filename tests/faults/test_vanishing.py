"""Issues that are deleted or transferred in the midst of a tick, over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.stage import Stage, served


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with served(tmp_path) as made:
        made.sandbox.add_repository("octo/other", str(tmp_path))
        yield made


def delete(stage: Stage) -> None:
    stage.sandbox.delete_issue(1)


def transfer(stage: Stage) -> None:
    stage.sandbox.transfer_issue(1, "octo/other")


@pytest.mark.parametrize("vanish", [delete, transfer])
def test_an_issue_that_vanishes_hides_no_other(
    stage: Stage, vanish: Callable[[Stage], None]
) -> None:
    stage.open("1")
    stage.tick()
    calls = [each.path for each in stage.sandbox.requests]
    dispatch = next(i for i, path in enumerate(calls, 1) if path.endswith("/dispatches"))
    for index in range(2, len(calls) + 2):
        stage.sandbox.reset()
        stage.open("1")
        other = stage.open("2")
        with stage.at_request(index, lambda: vanish(stage)):
            assert stage.tick() is not None
        stage.until_quiet()
        assert stage.names().count("1") == (1 if index >= dispatch else 0)
        assert stage.audit(other, "2") == "dispatched"
