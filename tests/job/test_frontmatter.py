from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler.errors import InvalidJob
from scheduler.job.frontmatter import (
    MAX_BODY,
    MAX_EVENT_INPUTS,
    MAX_INPUTS,
    MAX_INPUTS_SIZE,
    check_inputs,
    parse,
    render,
)
from scheduler.job.keys import IN_ISSUE
from scheduler.job.model import Job

NINE = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
RUN_AT = "run-at: 2026-11-23T09:00:00Z\n"


def body(*lines: str, message: str = "") -> str:
    return "---\n" + RUN_AT + "".join(f"{line}\n" for line in lines) + "---\n" + message


def test_the_body_that_the_design_shows() -> None:
    text = (
        "---\nrun-at: 2026-11-23T09:00:00Z\nworkflow: agent-message.yml\nagent: probe-1\n"
        "inputs:\n  model: opus\n---\nCheck PR #123 status\n"
    )
    assert parse(text) == Job(
        run_at=NINE,
        workflow="agent-message.yml",
        agent="probe-1",
        inputs={"model": "opus"},
        message="Check PR #123 status\n",
    )


def test_every_key_is_read() -> None:
    job = parse(
        body(
            "timezone: Europe/Berlin",
            "workflow: run.yaml",
            "repo: octo-org/octo.repo",
            "ref: feature/x-1",
            "agent: probe 1",
            "inputs: {a: b}",
            "deadline: 6h",
            "dedup-key: daily",
            "request-id: r-1",
            "max-attempts: 7",
            "parent: 41@2026-11-23T09:00:00Z",
            "signature: v1:abc=",
            message="m",
        )
    )
    assert job == Job(
        run_at=NINE,
        timezone="Europe/Berlin",
        workflow="run.yaml",
        repo="octo-org/octo.repo",
        ref="feature/x-1",
        agent="probe 1",
        inputs={"a": "b"},
        deadline=timedelta(hours=6),
        dedup_key="daily",
        request_id="r-1",
        max_attempts=7,
        parent="41@2026-11-23T09:00:00Z",
        signature="v1:abc=",
        message="m",
    )
    assert parse(body("event: wake-up")).event == "wake-up"
    assert set(IN_ISSUE) >= {"run-at", "event", "workflow", "signature"}


def test_what_is_not_said_is_none() -> None:
    assert parse(body()) == Job(run_at=NINE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"---\r\n{RUN_AT.strip()}\r\n---\r\nhi\r\nthere\r\n", "hi\r\nthere\r\n"),
        (f"\ufeff---\n{RUN_AT}---\nhi", "hi"),
        (f"\ufeff---\r\n{RUN_AT.strip()}\r\n---\r\nhi", "hi"),
        (f"--- \t\n{RUN_AT}---\t  \nhi", "hi"),
        (f"---\n{RUN_AT}---", ""),
        (f"---\n{RUN_AT}---  ", ""),
        (f"---\n{RUN_AT}---\n", ""),
        (f"---\n{RUN_AT}---\n\n hi \n\n", "\n hi \n\n"),
        (f"---\n# why: because\n\n{RUN_AT}  # a comment\n---\nhi", "hi"),
        (f"---\n{RUN_AT.strip()} # UTC\n---\nhi", "hi"),
        ('---\n"run-at": "2026-11-23T09:00:00Z"\n---\nhi', "hi"),
        ("---\n'run-at': '2026-11-23T09:00:00Z'\n---\nhi", "hi"),
        ("---\n{run-at: '2026-11-23T09:00:00Z'}\n---\nhi", "hi"),
        ("---\nrun-at:\n  2026-11-23T09:00:00Z\n---\nhi", "hi"),
        ("---\nrun-at: |-\n  2026-11-23T09:00:00Z\n---\nhi", "hi"),
        (f"---\n{RUN_AT}---\n---\nrun-at: x\n---\n", "---\nrun-at: x\n---\n"),
        (f"---\n{RUN_AT}---\n\ufeffhi\u2028\x00", "\ufeffhi\u2028\x00"),
        (f"---\n{RUN_AT}---\nhi\ufeff", "hi\ufeff"),
    ],
)
def test_hand_written_bodies(text: str, message: str) -> None:
    assert parse(text) == Job(run_at=NINE, message=message)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("On", "On"), ("true", "true"), ("null", "null"),
        ("~", "~"), ("12:30", "12:30"), ("0123", "0123"), ("0x1f", "0x1f"), ("1e3", "1e3"),
        ("1_000", "1_000"), (".inf", ".inf"), ("2026-11-23", "2026-11-23"), ("=", "="),
        ('""', ""), ("", ""), ("''", ""), ("a  # comment", "a"), ("a#b", "a#b"),
        ('"a: b # c"', "a: b # c"), ("'it''s'", "it's"), ('"a\\nb\\tc"', "a\nb\tc"),
        ("C:\\temp", "C:\\temp"), ("-1", "-1"), ("http://a/b", "http://a/b"), ("🕐 ☕", "🕐 ☕"),
        ('"---"', "---"), ("<<", "<<"), ("全角\u3000空白", "全角\u3000空白"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("🏴\U000e0067\U000e007f", "🏴\U000e0067\U000e007f"),
        ("a\u00a0b\u2019", "a\u00a0b\u2019"), ('"\\x41"', "A"),
    ],
)  # fmt: skip
def test_text_stays_text(text: str, value: str) -> None:
    assert parse(body("inputs:", f"  a: {text}")).inputs == {"a": value}


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["  a: |", "    x", "    y"], "x\ny\n"),
        (["  a: |-", "    x", "", "    y"], "x\n\ny"),
        (["  a: |+", "    x", ""], "x\n\n"),
        (["  a: >", "    x", "    y"], "x y\n"),
        (["  a: |", "    ---", "    b: c"], "---\nb: c\n"),
        (["  a: 'x", "", "    y'"], "x\ny"),
    ],
)
def test_inputs_of_several_lines(lines: list[str], value: str) -> None:
    assert parse(body("inputs:", *lines)).inputs == {"a": value}
    assert parse(body("inputs:", *lines).replace("\n", "\r\n")).inputs == {"a": value}


@pytest.mark.parametrize(
    ("run_at", "timezone", "settings_zone"),
    [
        ("2026-11-23T09:00:00Z", None, None),
        ("2026-11-23T10:00:00+01:00", None, None),
        ("2026-11-23 10:00", "Europe/Berlin", None),
        ("2026-11-23T10:00", None, "Europe/Berlin"),
        ("2026-11-23T18:00", "Asia/Tokyo", "Europe/Berlin"),
        ("2026-11-23T09:00:00Z", "Asia/Tokyo", None),
        ("2026-11-23T08:59:59.1Z", None, None),
    ],
)
def test_run_at_in_any_zone(run_at: str, timezone: str | None, settings_zone: str | None) -> None:
    zone = f"timezone: {timezone}\n" if timezone else ""
    for text in (f"run-at: {run_at}\n{zone}", f"{zone}run-at: {run_at}\n"):
        job = parse(f"---\n{text}---\n", timezone=settings_zone)
        assert (job.run_at, job.timezone) == (NINE, timezone)


@pytest.mark.parametrize(
    ("text", "deadline", "expires"),
    [
        ("6h", timedelta(hours=6), NINE + timedelta(hours=6)),
        ("PT90S", timedelta(seconds=90), NINE + timedelta(seconds=90)),
        ("2026-11-24T00:00:00Z", NINE + timedelta(hours=15), NINE + timedelta(hours=15)),
        ("2026-11-24 01:00", NINE + timedelta(hours=15), NINE + timedelta(hours=15)),
    ],
)
def test_a_deadline_is_a_duration_or_an_instant(
    text: str, deadline: timedelta | datetime, expires: datetime
) -> None:
    job = parse(body(f"deadline: {text}"), timezone="Europe/Berlin")
    assert job.deadline == deadline
    assert job.expires_at() == expires


def test_the_largest_body_and_the_most_inputs_are_accepted() -> None:
    start = body()
    assert parse(start + "x" * (MAX_BODY - len(start))).message.startswith("xxx")
    assert parse("\ufeff" + start + "x" * (MAX_BODY - len(start))).run_at == NINE
    lines = [f"  i{number}: x" for number in range(MAX_INPUTS)]
    assert len(parse(body("inputs:", *lines)).inputs) == MAX_INPUTS
    assert len(parse(body("event: e", "inputs:", *lines[:MAX_EVENT_INPUTS])).inputs) == 6
    most = MAX_INPUTS_SIZE - len('{"a":""}')
    check_inputs(Job(run_at=NINE, inputs={"a": "x" * most}))


def accepted(job: Job) -> bool:
    try:
        check_inputs(job)
    except InvalidJob:
        return False
    return True


ODD = st.sampled_from([
    "---", "\n---\n", "\r\n---\r\n", "...", "# x", "a: b", " x", "x ", "no", "~", "12:30", "- a",
    "{", "[", "&a", "*a", "!t", "|", ">", "'", '"', "\\", "\u2028---\u2029", "\ufeff", "%a", "@",
    "`", "🕐", "\U0010ffff", "\u00a0", "\u200d", "\n", "\r", "\t", "<<", "?", ",", "a" * 200,
])  # fmt: skip
ANY_TEXT = st.lists(ODD | st.text(max_size=5), max_size=4).map("".join)
CONTROL = {"Cc", "Cs"}
VALUES = ANY_TEXT.map(
    lambda text: "".join(c for c in text if unicodedata.category(c) not in CONTROL or c in "\n\r\t")
)
ONE_LINE = (
    ANY_TEXT.map(lambda text: "".join(c for c in text if c.isprintable()))
    .map(lambda text: text[:100])
    .filter(str.strip)
)
SECONDS = st.integers(0, 86_400 * 365 * 990).map(
    lambda seconds: datetime(2000, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=seconds)
)
TARGETS = st.fixed_dictionaries(
    {},
    optional={"workflow": st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_ -]{0,9}\.ya?ml", fullmatch=True)},
) | st.fixed_dictionaries({"event": ONE_LINE})
INPUTS = st.dictionaries(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,99}", fullmatch=True)
    | st.sampled_from(["on", "no", "null", "y", "_", "run-at"]),
    VALUES,
    max_size=MAX_EVENT_INPUTS,
)
FIELDS = st.fixed_dictionaries(
    {"run_at": SECONDS, "inputs": INPUTS, "message": ANY_TEXT},
    optional={
        "timezone": st.sampled_from(["UTC", "Europe/Berlin", "America/Rainy_River"]),
        "repo": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,9}/[A-Za-z0-9_-]{1,10}", fullmatch=True),
        "ref": st.sampled_from(["main", "no", "0123", "v1.0", "feature/#1", "é", "a'b", "12"]),
        "agent": ONE_LINE,
        "deadline": SECONDS | st.integers(1, 10**9).map(lambda n: timedelta(seconds=n)),
        "dedup_key": ONE_LINE,
        "request_id": ONE_LINE,
        "max_attempts": st.integers(1, 99),
        "parent": ONE_LINE,
        "signature": ONE_LINE,
    },
)
JOBS = st.builds(lambda fields, target: Job(**fields, **target), FIELDS, TARGETS)


@given(JOBS)
@example(Job(run_at=NINE, inputs={"a": "x\n---\nrun-at: 1\n"}, message="---\n---\n"))
@example(Job(run_at=NINE, inputs={"a" * 100: "\r\n", "n": "\u2028\u00a0\ufeff"}))
def test_what_is_rendered_is_read_as_the_same(job: Job) -> None:
    assert accepted(job)
    assert parse(render(job)) == job
    assert parse(render(job).replace("\n", "\r\n")).inputs == job.inputs


@given(JOBS)
@example(Job(run_at=NINE, inputs={"a": "two words " * 50, "b": "two words\n" * 50}))
def test_no_value_ends_the_front_matter_or_adds_a_key(job: Job) -> None:
    lines = render(job).split("\n")
    end = lines.index("---", 1)
    assert "\n".join(lines[end + 1 :]) == job.message
    head = yaml.load("\n".join(lines[1:end]), Loader=yaml.BaseLoader)
    fields = vars(job).items()
    given_keys = {n.replace("_", "-") for n, v in fields if v and n != "message"}
    assert set(head) == given_keys
    assert head.get("inputs", {}) == job.inputs
    assert len(lines[1:end]) == len(head) + len(job.inputs)


@given(st.dictionaries(st.just("a"), st.text(), min_size=1))
def test_inputs_that_are_accepted_survive_whatever_they_hold(inputs: dict[str, Any]) -> None:
    job = Job(run_at=NINE, inputs=inputs)
    controls = [c for c in inputs["a"] if unicodedata.category(c) in CONTROL and c not in "\n\r\t"]
    assert accepted(job) == (not controls)
    if not controls:
        assert parse(render(job)) == job


@given(JOBS)
def test_other_yaml_readers_see_text_too(job: Job) -> None:
    head = render(job).split("\n---\n", 1)[0]
    read = yaml.safe_load(head)
    assert read.get("inputs", {}) == job.inputs
    assert read.get("agent") == job.agent
    assert isinstance(read["run-at"], datetime)
