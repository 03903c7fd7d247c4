"""How a job is named on the command line."""

from __future__ import annotations

import pytest

from scheduler.commands.find import parse_id
from scheduler.errors import UsageError


@pytest.mark.parametrize(
    ("text", "repository"),
    [
        ("42", None), ("#42", None), (" 42 ", None), ("octo/queue#42", "octo/queue"),
        ("https://github.com/octo/queue/issues/42", "octo/queue"),
        ("https://github.com/octo/queue/issues/42#issuecomment-7", "octo/queue"),
        ("http://127.0.0.1:8000/octo/queue/issues/42?x=1", "octo/queue"),
    ],
)  # fmt: skip
def test_a_job_is_named_by_number_or_address(text: str, repository: str | None) -> None:
    assert parse_id(text) == (repository, 42)


@pytest.mark.parametrize(
    "text",
    ["", "0", "042", "-1", "x", "4.2", "42 43", "octo#42", "octo/queue/42", "1" * 11,
     "https://github.com/octo/queue/pull/42"],
)  # fmt: skip
def test_what_names_no_job_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match=r"^ID: "):
        parse_id(text)
