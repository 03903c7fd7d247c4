"""What a job says of its run's end, as front matter has it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.errors import InvalidJob
from scheduler.job.frontmatter import parse, render


def body(*lines: str) -> str:
    return "\n".join(["---", "run-at: 2026-11-23T09:00:00Z", *lines, "---", "m"])


@pytest.mark.parametrize(
    "line",
    [
        "retry-on: [failure, never ran]", "retry-on: failure, never ran",
        "retry-on: [failure, 'never ran', failure]", "retry-on:\n  - failure\n  - never  ran",
    ],
)  # fmt: skip
def test_a_list_may_be_written_in_each_way_of_yaml(line: str) -> None:
    job = parse(body("retries: 0", line))
    assert (job.retries, job.retry_on) == (0, ("failure", "never ran"))
    assert "\nretry-on: failure, never ran\n" in render(job)
    assert parse(render(job)) == job


def test_none_at_all_is_a_value_where_it_means_something() -> None:
    job = parse(body("every: 1h", "retries: 1", "retry-after: 0s", "pause-after: 0"))
    assert (job.retry_after, job.pause_after) == (timedelta(0), 0)


@pytest.mark.parametrize("line", ["reply-to: 5", "reply-to: '#5'", "reply-to: ' #5'"])
def test_a_number_is_an_issue_with_and_without_its_sign(line: str) -> None:
    assert parse(body(line)).reply_to == "#5"
    assert "\nreply-to: '#5'\n" in render(parse(body(line)))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("retries: 11",), "retries: '11' is not a number from 0 to 10; write one such as 3"),
        (("retries: -1",), None), (("retries: 01",), None), (("retries: [1]",), None),
        (
            ("retry-on: never", "retries: 1"),
            "retry-on: 'never' is no outcome to try again; did you mean 'never ran'?",
        ),
        (("retry-on: [failure, success]", "retries: 1"), None),
        (("retry-on: []",), "retry-on: '' is empty; write a value or remove the line"),
        (
            ("retry-on: [[failure]]",),
            "retry-on: has a list in its list; write 'retry-on: [a, b]'",
        ),
        (("retry-on: {a: b}",), None), (("retry-on: failure,", "retries: 1"), None),
        (
            ("retry-on: failure",),
            "retry-on: 'failure' tries nothing again; say how often with 'retries', or remove it",
        ),
        (("retry-after: 5m",), None),
        (
            ("retry-after: 25h", "retries: 1"),
            "retry-after: '25h' is longer than a day; write a shorter one, such as 5m",
        ),
        (("max-runtime: 0s",), "max-runtime: '0s' is no time at all; write at least 1s"),
        (
            ("max-runtime: 1h", "event: wake"),
            ("max-runtime: '1h' is for a run, and an event's can't be followed; name a workflow "
             "instead, or remove it"),
        ),
        (("retries: 1", "event: wake"), None),
        (
            ("pause-after: 5",),
            ("pause-after: '5' is for a job that comes again; add cron, rrule or every, or "
             "remove it"),
        ),
        (("pause-after: 101", "every: 1h"), None), (("pause-after: none", "every: 1h"), None),
        (
            ("reply-to: five",),
            ("reply-to: 'five' is no issue or pull request; write '#123' in quotes, or "
             "'owner/name#123' of another repository"),
        ),
        (
            ("reply-to: #123",),
            ("reply-to: '' is followed by '#123', which YAML takes for a comment; put all of it "
             "in quotes, as '#123', or a space after the '#'"),
        ),
        (("reply: never", "reply-to: 5"), None),
        (
            ("reply: failure",),
            "reply: 'failure' goes nowhere; say where with 'reply-to', or remove it",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_one_line(lines: tuple[str, ...], message: str | None) -> None:
    with pytest.raises(InvalidJob) as refused:
        parse(body(*lines))
    said = str(refused.value)
    assert said.startswith(f"{lines[0].partition(':')[0]}: ")
    assert "; " in said
    assert said.isprintable()
    assert message is None or said == message
