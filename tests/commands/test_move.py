"""What a move needs to be told."""

from __future__ import annotations

import pytest

from scheduler.commands.move import need_time
from scheduler.commands.request import Request
from scheduler.errors import UsageError


@pytest.mark.parametrize("texts", [{"run-at": "noon"}, {"in": "2h"}, {"in": "2h", "run-at": "x"}])
def test_a_request_that_says_when_is_let_through(texts: dict[str, str]) -> None:
    request = Request(texts=texts)
    assert need_time(request) is request


@pytest.mark.parametrize("texts", [{}, {"timezone": "UTC"}, {"cron": "@daily"}])
def test_a_move_needs_a_time(texts: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"^time: say when, with --at .* or --in 2h"):
        need_time(Request(texts=texts))
