from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler.errors import InvalidJob
from scheduler.journal import slash as said
from scheduler.journal.slash import NAMES, Command, Resolution, heard, problem, resolutions
from scheduler.ports.values import Comment, User

NOON = datetime(2026, 11, 23, 12, tzinfo=timezone.utc)


def comment(body: str, id: int = 1, *, login: str = "owner", bot: bool = False) -> Comment:  # noqa: A002
    return Comment(id=id, issue=42, body=body, author=User(login=login, bot=bot), created_at=NOON)


def commands(comments: Iterable[Comment], after: int = 0) -> list[Command]:
    """What is heard, without what looks like a command and is none."""
    return [each for each in heard(comments, after=after) if each.name]


@pytest.mark.parametrize(
    ("body", "run_id"),
    [
        ("/resolve again", None),
        ("/resolve dispatched 123", 123),
        ("/resolve  again  ", None),
        ("/resolve\tdispatched\t7", 7),
        ("/resolve again\n\nit never ran", None),
        ("/resolve dispatched 5\r\nsee the run", 5),
        (" /resolve again", None),
        ("\n/resolve again", None),
        ("\ufeff/resolve again.", None),
        ("/resolve\u00a0again!", None),
        ("/resolve dispatched 5.", 5),
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
        "/resolve dispatched 1 2", "/Resolve again", "/resolved again", "    /resolve again",
        "> /resolve again", "```\n/resolve again\n```", "so:\n/resolve again",
        "`/resolve again`", "\n\n    /resolve again", "/resolve dispatched " + "9" * 19,
        "<!-- /resolve again -->", "\t/resolve again", "/resolve dispatched \u0663",
    ],
)  # fmt: skip
def test_everything_else_is_only_text(body: str) -> None:
    assert resolutions([comment(body)]) == []


def test_a_bot_gives_no_word() -> None:
    assert resolutions([comment("/resolve again", login="my-app[bot]", bot=True)]) == []


def test_the_newest_word_comes_first_and_earlier_ones_do_not_count() -> None:
    spoken = [
        comment("/resolve again", 3),
        comment("/resolve dispatched 8", 9, login="agent"),
        comment("hello", 10),
        comment("/resolve again", 5),
    ]
    assert [found.comment_id for found in resolutions(spoken)] == [9, 5, 3]
    assert [found.comment_id for found in resolutions(spoken, after=5)] == [9]
    assert resolutions(spoken, after=9) == []


@given(st.text())
@example("/resolve again")
def test_no_text_breaks_the_reading(text: str) -> None:
    for found in resolutions([comment(text), comment("/resolve " + text, 2)]):
        assert found.comment_id == 2 or "/resolve" in text


H = timedelta(hours=1)
LIKE = "write it like 90s, 2h30m, 1d or PT2H"
THERE = "there are /snooze, /run, /cancel, /pause, /resume, /approve, /retry, /resolve"
RESOLVE = "write '/resolve again', or '/resolve dispatched RUN-ID'"


@pytest.mark.parametrize(
    ("body", "name", "length"),
    [
        ("/run", "run", None), ("/cancel", "cancel", None), ("/pause", "pause", None),
        ("/resume", "resume", None), ("/snooze 2h", "snooze", 2 * H), ("/run  ", "run", None),
        ("/run\t", "run", None), ("/run\n", "run", None), ("/run\r\n\r\nplease", "run", None),
        ("/pause\nuntil the freeze is over\n/run", "pause", None),
        ("/snooze\t PT2H \nsorry", "snooze", 2 * H), ("/snooze 1d", "snooze", 24 * H),
        ("/snooze 1w", "snooze", 7 * 24 * H), ("/snooze 1h30m", "snooze", 1.5 * H),
        ("/snooze 400d", "snooze", 400 * 24 * H), ("/snooze 1s", "snooze", H / 3600),
        ("/cancel.", "cancel", None), ("/cancel!", "cancel", None), ("/cancel,", "cancel", None),
        ("/pause\u2026", "pause", None), ("/pause...", "pause", None), (" /cancel", "cancel", None),
        ("   /cancel", "cancel", None), ("\n/cancel", "cancel", None), ("/run !", "run", None),
        ("\r\n \r\n  /cancel", "cancel", None), ("\u200b/cancel", "cancel", None),
        ("\ufeff/run", "run", None), ("\u200e/can\u00adcel\u2060", "cancel", None),
        ("\u00a0/resume\u00a0", "resume", None), ("/cancel\u3002", "cancel", None),
        ("/cancel;\nthanks", "cancel", None), ("/snooze\u00a02h", "snooze", 2 * H),
        ("/snooze 2 hours", "snooze", 2 * H), ("/snooze 2h.", "snooze", 2 * H),
        ("/snooze, 2 hours 30 minutes!", "snooze", 2.5 * H), ("/snooze an hour", "snooze", H),
        ("/snooze 2\u202fh", "snooze", 2 * H), ("/snooze 2h 30m", "snooze", 2.5 * H),
        ("\x00/cancel\x00", "cancel", None), ("\u034f/cancel", "cancel", None),
        ("\u2800/cancel\u2800", "cancel", None), ("\u3164/pause", "pause", None),
        ("\U000e0020/run\U000e007f", "run", None), ("/run\ufe00", "run", None),
        ("/cancel\u3001", "cancel", None),
    ],
)  # fmt: skip
def test_a_command_is_the_first_line_alone(body: str, name: str, length: timedelta | None) -> None:
    (found,) = commands([comment(body)])
    assert found == Command(comment_id=1, by="owner", name=name, said_at=NOON, length=length)
    assert problem(comment(body)) is None


@pytest.mark.parametrize(
    "body",
    [
        "", "run", "hello /run", "    /run", "\t/run", "> /run", ">/run", "```\n/run\n```",
        "`/run`", "so:\n/run", "- /run", "<!-- /run -->", "/", "//run", "/.", "/ .",
        "\n\n     /run",
        " \t/run", "/run-tests", "/run.sh", "/run/all", "/src/run", "/ run", "/snoze-tests",
        "/snoze.md", "> /snoze 2h", "```\n/snoze 2h\n```", "    /snoze 2h", "`/snoze 2h`",
        "so:\n/snoze 2h", "- /cancle", "<!-- /cancle -->", "/v1", "/usr/bin/env", "/c\u0430ncel",
        "**/cancel**", "\\/cancel", "1. /cancel",
    ],
)  # fmt: skip
def test_what_is_not_meant_for_the_scheduler_is_only_text(body: str) -> None:
    assert commands([comment(body)]) == []
    assert problem(comment(body)) is None


@pytest.mark.parametrize(
    "sign", ["?", "\uff1f", "\u203d", ")", "\U0001f64f", "(please)", ",please", "#1", "'"]
)
def test_a_command_with_a_sign_behind_it_is_answered(sign: str) -> None:
    words = problem(comment(f"/cancel{sign}"))
    assert words is not None
    assert words.startswith("comment: ")
    assert words.endswith("; write /cancel alone on the first line")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("/snooze", "/snooze: lacks for how long; write /snooze 2h"),
        ("/snooze\n2h", "/snooze: lacks for how long; write /snooze 2h"),
        ("/snooze soon", f"/snooze: 'soon' is not a duration; {LIKE}"),
        ("/snooze -2h", f"/snooze: '-2h' is negative; {LIKE}"),
        ("/snooze 0s", "/snooze: '0s' is no time at all; write at least 1s"),
        ("/snooze 401d", "/snooze: '401d' is longer than 400 days; write a shorter one"),
        ("/snooze 400d1s", "/snooze: '400d1s' is longer than 400 days; write a shorter one"),
        ("/run now", "/run: 'now' is too much; write /run alone on the first line"),
        ("/pause 2h\r\nok", "/pause: '2h' is too much; write /pause alone on the first line"),
        (
            "/cancel it please",
            "/cancel: 'it please' is too much; write /cancel alone on the first line",
        ),
        (" /run: now.", "/run: 'now' is too much; write /run alone on the first line"),
        ("/snooze? 2h", "comment: '/snooze?' is no command; write /snooze 2h"),
        ("/runs", "comment: '/runs' is no command; did you mean /run?"),
        ("/rerun", "comment: '/rerun' is no command; did you mean /run?"),
        ("/unpause!", "comment: '/unpause' is no command; did you mean /resume?"),
        ("/stop", "comment: '/stop' is no command; did you mean /cancel?"),
        ("/Stop it", "comment: '/Stop' is no command; did you mean /cancel?"),
        ("\u200b/paused", "comment: '/paused' is no command; did you mean /pause?"),
        ("/reschedule tomorrow 9am", "comment: '/reschedule' is no command; did you mean /snooze?"),
        ("/help", f"comment: '/help' is no command; {THERE}"),
        ("/lgtm", f"comment: '/lgtm' is no command; {THERE}"),
        ("\n /retest", f"comment: '/retest' is no command; {THERE}"),
        ("/Run", "comment: '/Run' is no command; write /run, in small letters"),
        ("/SNOOZE 2h", "comment: '/SNOOZE' is no command; write /snooze, in small letters"),
        ("/snoze 2h", "comment: '/snoze' is no command; did you mean /snooze?"),
        ("/Snooe 2h\nplease", "comment: '/Snooe' is no command; did you mean /snooze?"),
        ("/cancle", "comment: '/cancle' is no command; did you mean /cancel?"),
        ("/pasue\r\nok", "comment: '/pasue' is no command; did you mean /pause?"),
        ("/resum", "comment: '/resum' is no command; did you mean /resume?"),
        ("/resovle again", "comment: '/resovle' is no command; did you mean /resolve?"),
        ("/resolve maybe", f"/resolve: 'maybe' does not say what happened; {RESOLVE}"),
    ],
)
def test_what_looks_like_a_command_is_told_the_fix(body: str, line: str) -> None:
    assert commands([comment(body)]) == []
    assert problem(comment(body)) == line


def test_a_right_resolution_is_no_problem() -> None:
    assert problem(comment("/resolve again")) is None
    assert problem(comment("/resolve dispatched 7")) is None


def test_the_oldest_command_comes_first_and_handled_ones_do_not_count() -> None:
    spoken = [
        comment("/run", 9, login="agent"), comment("hello", 4), comment("/pause", 3),
        comment("/resolve again", 6), comment("/snooze 2h", 5, login="my-app[bot]", bot=True),
    ]  # fmt: skip
    assert [(each.comment_id, each.by, each.bot) for each in commands(spoken)] == [
        (3, "owner", False), (5, "my-app[bot]", True), (9, "agent", False)
    ]  # fmt: skip
    assert [each.comment_id for each in commands(spoken, after=3)] == [5, 9]
    assert commands(spoken, after=9) == []


@given(st.sampled_from(NAMES), st.integers(1, 400 * 86_400))
def test_the_command_line_s_words_are_read_as_they_are_meant(name: str, seconds: int) -> None:
    length = timedelta(seconds=seconds) if name == "snooze" else None
    (found,) = commands([comment(said.word(name, length))])
    assert (found.name, found.length) == (name, length)


@pytest.mark.parametrize("text", ["soon", "0s", "401d", "", "2 x", "-1h"])
def test_a_length_that_is_none_names_its_field(text: str) -> None:
    with pytest.raises(InvalidJob, match=r"^--for: "):
        said.length(text, field="--for")


@given(st.text(), st.sampled_from(["", "/run", "/snoze ", "/resolve ", "/Cancel\u00a0"]))
def test_a_comment_is_a_command_or_a_problem_or_text_and_never_two(text: str, head: str) -> None:
    one = comment(head + text)
    line = problem(one)
    assert not (line and (commands([one]) or resolutions([one])))
    assert line is None or len(line.splitlines()) == 1
