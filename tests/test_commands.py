from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.commands import Resolution, resolutions
from scheduler.model import Comment, User

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


def comment(body: str, id: int = 1, *, login: str = "owner", bot: bool = False) -> Comment:  # noqa: A002
    return Comment(id=id, issue=42, body=body, author=User(login=login, bot=bot), created_at=NOON)


@pytest.mark.parametrize(
    ("body", "run_id"),
    [
        ("/resolve again", None),
        ("/resolve dispatched 123", 123),
        ("/resolve  again  ", None),
        ("/resolve\tdispatched\t7", 7),
        ("/resolve again\n\nit never ran", None),
        ("/resolve dispatched 5\r\nsee the run", 5),
        (f"/resolve dispatched {'9' * 18}", 10**18 - 1),
    ],
)
def test_a_resolution_is_the_first_line_alone(body: str, run_id: int | None) -> None:
    (found,) = resolutions([comment(body)])
    assert found == Resolution(comment_id=1, by="owner", run_id=run_id)
    assert found.started == (run_id is not None)


@pytest.mark.parametrize(
    "body",
    [
        "", "again", "/resolve", "/resolve\nagain", "/resolve dispatched", "/resolve again please",
        "/resolve dispatched x", "/resolve dispatched -1", "/resolve dispatched 1.5",
        "/resolve dispatched 1 2", "/Resolve again", "/resolved again", " /resolve again",
        "> /resolve again", "```\n/resolve again\n```", "so:\n/resolve again", "\n/resolve again",
        "`/resolve again`", "    /resolve again", "/resolve dispatched " + "9" * 19,
        "<!-- /resolve again -->", "\ufeff/resolve again", "/resolve\u00a0again",
    ],
)  # fmt: skip
def test_everything_else_is_only_text(body: str) -> None:
    assert resolutions([comment(body)]) == []


def test_a_bot_gives_no_word() -> None:
    assert resolutions([comment("/resolve again", login="my-app[bot]", bot=True)]) == []


def test_the_newest_word_comes_first_and_earlier_ones_do_not_count() -> None:
    said = [
        comment("/resolve again", 3),
        comment("/resolve dispatched 8", 9, login="agent"),
        comment("hello", 10),
        comment("/resolve again", 5),
    ]
    assert [found.comment_id for found in resolutions(said)] == [9, 5, 3]
    assert [found.comment_id for found in resolutions(said, after=5)] == [9]
    assert resolutions(said, after=9) == []


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    for found in resolutions([comment(text), comment("/resolve " + text, 2)]):
        assert found.comment_id == 2
