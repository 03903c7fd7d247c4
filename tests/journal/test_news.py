"""What people are told in a comment of its own: no word of a job's is more than text in it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given

from scheduler.journal.journal import read
from scheduler.journal.news import (
    NOT_RUN,
    alert_comment,
    linked,
    mentioning,
    not_run_comment,
    ran_comment,
    told,
)
from scheduler.journal.notes import News, Reply
from scheduler.ports.values import Comment, User
from tests.attacks.reading import outside_of_code
from tests.text.test_markdown import TEXT

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)
BOT = "github-actions[bot]"
KEY = "42@2026-11-23T12:00:00Z"
ISSUE = "https://github.com/octo/queue/issues/42"
RUN = "https://github.com/octo/queue/actions/runs/7"
REPLY = Reply(queue="octo/queue", key=KEY, run_id=7)


def ran(reply: Reply = REPLY, **more: Any) -> str:
    said = {
        "address": ISSUE, "target": "octo/queue run.yml@main", "run_url": RUN,
        "conclusion": "failure", "good": False, "took_s": 200.4, **more,
    }  # fmt: skip
    return ran_comment(reply, **said)


def shown(text: str) -> list[str]:
    head, _, rest = text.partition("\n")
    assert head.startswith("<!-- schedule")
    assert head.endswith(" -->")
    return rest.split("\n")


def comment(body: str, *, by: str = BOT, number: int = 1) -> Comment:
    return Comment(id=number, issue=5, body=body, author=User(login=by), created_at=NOON)


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ("missed", "⌛ This job was missed: `it would be late`."),
        ("discarded", "❌ This job was given up: `it would be late`."),
        ("held", "✋ This job is on hold: `it would be late`."),
    ],
)
def test_those_of_the_settings_are_called_below_the_reason(state: str, line: str) -> None:
    news = News(key=KEY, state=state)
    text = alert_comment(news, "it would be late", ("@org/oncall", "@octocat"))
    assert shown(text) == [line, "", "@org/oncall @octocat"]
    (found,) = read([comment(text)], login=BOT).news
    assert (found.key, found.state, found.run_id) == (KEY, state, None)


def test_nobody_is_called_where_nobody_is_named() -> None:
    assert mentioning("text", ()) == "text"


@given(TEXT)
def test_no_reason_calls_anybody(reason: str) -> None:
    text = alert_comment(News(key=KEY, state="missed"), reason, ("@org/oncall",))
    assert outside_of_code(text.partition("\n")[2]).count("@") == 1


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, (f"❌ Job [octo/queue#42]({ISSUE}) has started `run.yml`; [run 7]({RUN}) ended with "
             "`failure` after 3m20s.")),
        ({"conclusion": "success", "good": True, "took_s": None},
         (f"✅ Job [octo/queue#42]({ISSUE}) has started `run.yml`; [run 7]({RUN}) ended with "
         "`success`.")),
        ({"conclusion": "unknown", "good": None, "told": "it was deleted"},
         (f"❔ Job [octo/queue#42]({ISSUE}) has started `run.yml`; what [run 7]({RUN}) came to "
         "can't be told: `it was deleted`.")),
        ({"conclusion": "unknown", "good": None, "target": "", "run_url": ""},
         (f"❔ Job [octo/queue#42]({ISSUE}) has started its workflow; what run 7 came to can't be "
         "told.")),
    ],
)  # fmt: skip
def test_the_end_of_a_run_is_told_with_its_link_and_how_long_it_took(
    more: dict[str, Any], line: str
) -> None:
    assert shown(ran(**more)) == [line]


@pytest.mark.parametrize("key", [KEY, f"octo/queue#{KEY}", f"{KEY}~2", "42@comment-9"])
def test_a_job_is_named_by_its_queue_and_number(key: str) -> None:
    (line,) = shown(ran(Reply(queue="octo/queue", key=key)))
    assert f"[octo/queue#42]({ISSUE})" in line
    assert f"[its run]({RUN})" in line


@pytest.mark.parametrize("state", NOT_RUN)
def test_an_end_without_a_run_is_told(state: str) -> None:
    (line,) = shown(not_run_comment(Reply(queue="octo/queue", key=KEY, state=state), address=ISSUE))
    assert f"Job [octo/queue#42]({ISSUE}) was " in line
    words = "does not run any more" if state == "cancelled" else "is not run"
    assert line.endswith(f"and {words}; it says why.")


@given(TEXT)
def test_no_target_or_reason_or_address_is_more_than_text(text: str) -> None:
    body = ran(target=f"o/r {text}@main", conclusion=text, told=text, good=None, run_url=text)
    seen = outside_of_code("\n".join(shown(body)))
    assert "@" not in seen
    assert seen.count("](") == 1


@pytest.mark.parametrize(
    "address",
    ["", "javascript:alert(1)", "https://x/a)b", "https://x/a b", "//x", "https://x/<a>", "x"],
)
def test_what_is_no_address_is_no_link(address: str) -> None:
    assert linked("run 7", address) == "run 7"
    assert linked("run 7", RUN) == f"[run 7]({RUN})"


def test_a_reply_is_found_by_its_record_and_only_among_one_s_own() -> None:
    body = ran()
    there = [
        comment(body, by="stranger", number=1),
        comment(f"> {body}", number=2),
        comment(ran(Reply(queue="octo/queue", key=KEY, run_id=8)), number=3),
        comment(ran(Reply(queue="octo/other", key=KEY, run_id=7)), number=4),
        comment(body.replace('"v":1', '"v":2'), number=5),
        comment(body.replace('"run_id":7', '"run_id":"7"'), number=6),
        comment(body, number=8),
        comment(body, number=7, by=BOT.upper()),
    ]
    assert told(there, REPLY, login=BOT) == [7, 8]
    assert told(there[:6], REPLY, login=BOT) == []


def test_a_reply_on_a_job_is_no_record_of_that_job() -> None:
    history = read([comment(ran()), comment(ran(), by="another[bot]")], login=BOT)
    assert (history.unreadable, history.foreign, history.news) == ((), (), ())
