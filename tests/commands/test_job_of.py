"""The job that a request asks for: its instant, and what the surrounding run fills in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.commands.job_of import instant_of, job_of, timed
from scheduler.commands.request import Request
from scheduler.environment import Environment
from scheduler.errors import InvalidJob, Refused, SchedulerError, UsageError
from scheduler.job import frontmatter
from scheduler.job.keys import IN_REQUEST

NINE = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def asked(**texts: str) -> Request:
    """A request of these texts; ``at`` and ``delay`` stand for `run-at` and `in`."""
    short = {"at": "run-at", "delay": "in"}
    return Request(texts={short.get(name, name.replace("_", "-")): texts[name] for name in texts})


HERE = Environment(
    repository="octo/queue", in_actions=True, workflow="agent-message.yml", run_id="99"
)


ADD_ONE = "write 2026-11-23T11:00Z, or add a timezone"
SAY_WHEN = (
    "time: say when, with --at 2026-11-23T09:00:00Z, --in 2h, or again and again with --cron, "
    "--rrule or --every"
)
ONCE = "time: --at stands beside --in; keep one of them"
PAST = "write a time to come, or add --allow-past to run it at once"


@pytest.mark.parametrize(
    ("request_", "instant"),
    [
        (asked(at="2026-11-23T10:00:00Z"), NINE + HOUR),
        (asked(at="2026-11-23T11:00", timezone="Europe/Berlin"), NINE + HOUR),
        (asked(delay="1h"), NINE + HOUR),
        (asked(delay="PT3600S"), NINE + HOUR),
        (asked(at="2026-11-23T09:00:00Z"), NINE),
        (replace(asked(at="2026-11-23T08:59:59Z"), allow_past=True), NINE - timedelta(seconds=1)),
    ],
)
def test_when_it_is_to_be(request_: Request, instant: datetime) -> None:
    assert instant_of(request_, now=NINE) == instant


def test_a_local_time_is_that_of_the_given_zone_else_of_the_settings() -> None:
    local = asked(at="2026-11-23T11:00")
    assert instant_of(local, now=NINE, zone="Europe/Berlin") == NINE + HOUR
    tokyo = asked(at="2026-11-23T20:00", timezone="Asia/Tokyo")
    assert instant_of(tokyo, now=NINE, zone="Europe/Berlin") == NINE + 2 * HOUR


def test_words_become_the_strict_form_and_hand_over_their_zone() -> None:
    one = asked(at="tomorrow 9am", agent="a")
    strict = one.saying(run_at="2026-11-24T00:00:00Z")
    assert timed(one, now=NINE, zone="Asia/Tokyo") == strict
    one = asked(at="tomorrow 9am Europe/Berlin")
    expected = asked(at="2026-11-24T08:00:00Z", timezone="Europe/Berlin")
    assert timed(one, now=NINE, zone="Asia/Tokyo") == expected
    assert timed(expected, now=NINE) == expected
    past = replace(asked(at="today 8am", timezone="UTC"), allow_past=True)
    expected = replace(asked(at="2026-11-23T08:00:00Z", timezone="UTC"), allow_past=True)
    assert timed(past, now=NINE) == expected


@pytest.mark.parametrize(
    "request_",
    [
        Request(), asked(delay="1h"), asked(at="2026-11-23T10:00:00Z"),
        asked(at="2026-11-23T11:00", timezone="Europe/Berlin"),
        replace(asked(at="tomorrow 9am", timezone="UTC"), words=False),
    ],
)  # fmt: skip
def test_what_is_not_in_words_stays_as_it_is(request_: Request) -> None:
    assert timed(request_, now=NINE) is request_


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-11-23T11:00", "has no UTC offset"), ("2026-11-23", "has no time zone"),
        ("2026-02-30T09:00Z", "is not in the calendar"), ("20261123T090000Z", "is not an RFC 3339"),
        ("2026-11-23T9:00Z", "is not an RFC 3339"), ("2026-11-23T09:00:00 EST", "may be of"),
        ("next potato", "is no time that is understood"), ("03/04", "may be 3 April or 4 March"),
    ],
)  # fmt: skip
def test_of_two_errors_the_one_that_helps_is_told(text: str, problem: str) -> None:
    with pytest.raises(InvalidJob, match=re.escape(f"--at: {text!r} {problem}")):
        timed(asked(at=text), now=NINE)


def test_a_delay_never_ends_early() -> None:
    now = NINE + timedelta(microseconds=1)
    assert instant_of(asked(delay="1s"), now=now) == NINE + timedelta(seconds=2)


@pytest.mark.parametrize(
    ("request_", "kind", "message"),
    [
        (Request(), UsageError, SAY_WHEN),
        (asked(at="x", delay="1h"), UsageError, ONCE),
        (
            asked(at="2026-11-23T11:00"), InvalidJob,
            f"--at: '2026-11-23T11:00' has no UTC offset; {ADD_ONE}",
        ),
        (asked(delay="0s"), InvalidJob, "--in: '0s' is no time at all; write at least 1s"),
        (
            asked(at="2024-01-15T10:00:00Z"), Refused,
            f"--at: 2024-01-15T10:00:00Z was 1042d23h ago; {PAST}",
        ),
        (
            asked(at="2026-11-23T08:59:59Z"), Refused,
            f"--at: 2026-11-23T08:59:59Z was 1s ago; {PAST}",
        ),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be(request_: Request, kind: type[SchedulerError], message: str) -> None:
    with pytest.raises(SchedulerError) as refused:
        instant_of(request_, now=NINE)
    assert str(refused.value) == message
    assert type(refused.value) is kind


def test_inside_of_a_run_everything_but_the_time_and_the_message_is_known() -> None:
    job = job_of(asked(delay="1h", message="m"), HERE, now=NINE, queue="octo/queue")
    assert (job.run_at, job.workflow) == (NINE + HOUR, "agent-message.yml")
    assert job.agent == "agent-message"
    assert (job.message, job.parent) == ("m", "run:99")
    assert job.request_id


def test_what_is_asked_for_goes_before_what_is_known() -> None:
    def job(queue: str = "octo/queue", **texts: str) -> Any:
        return job_of(asked(delay="1h", **texts), HERE, now=NINE, queue=queue)

    assert job(workflow="run.yml", agent="probe").workflow == "run.yml"
    assert job(agent="probe").agent == "probe"
    assert job(event="wake").workflow is None
    assert job(repo="octo/other").workflow is None
    assert job(queue="octo/other").workflow is None
    assert job(repo="OCTO/queue").workflow == "agent-message.yml"
    assert job(request_id="r").request_id == "r"
    assert len({job().request_id for _ in range(9)}) == 9


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"workflow": "../x.yml"}, "--workflow: '../x.yml'"), ({"repo": "x"}, "--repo: 'x'"),
        ({"workflow": " "}, "--workflow: ' '"), ({"ref": "a..b"}, "--ref: 'a..b'"),
        ({"event": "x" * 101}, "--event: "), ({"agent": "a\nb"}, "--agent: 'a\\nb'"),
        ({"timezone": "Nowhere"}, "timezone: 'Nowhere'"),
        ({"tolerance": "-1h"}, "--tolerance: '-1h' is negative; write it like 90s, 2h30m"),
        ({"tolerance": "soon"}, "--tolerance: 'soon'"),
        ({"deadline": "soon"}, "--deadline: 'soon'"),
        ({"deadline": "2026-11-23T09:59:59Z"}, "--deadline: '2026-11-23T09:59:59Z'"),
        ({"workflow": "a.yml", "event": "e"}, "--event: 'e'"),
        ({"dedup_key": ""}, "--dedup-key: ''"),
        ({"max_attempts": "0"}, "--max-attempts: '0'"), ({"count": "x"}, "--count: 'x'"),
        ({"inputs": {"a b": "x"}}, "inputs: 'a b'"),
        ({"message": "\udcff"}, "--message: '\\udcff'"),
        ({"inputs": {str(n): "x" for n in range(26)}}, "inputs: '26 inputs'"),
    ],
)  # fmt: skip
def test_a_job_that_cannot_be(given: dict[str, Any], field: str) -> None:
    inputs = given.pop("inputs", {})
    request = replace(asked(at="2026-11-23T10:00:00Z", **given), inputs=inputs)
    with pytest.raises(InvalidJob) as refused:
        job_of(request, Environment(), now=NINE, queue="o/q")
    assert field in str(refused.value)
    assert str(refused.value).isprintable()


TEXTS = {
    "timezone": ["UTC", "Europe/Berlin"], "cron": ["@daily", "*/30 9-17 * * 1-5"],
    "rrule": ["FREQ=WEEKLY;BYDAY=MO,WE"], "every": ["2h", "PT30M"],
    "until": ["2027-01-31T18:00", "2027-01-31T18:00Z"], "count": ["3", "10000"],
    "misfire": ["all"], "overlap": ["allow"], "jitter": ["1d"], "unless": [" closed( #1 )"],
    "when": ["label(o/n#7, a b)"], "patience": ["1h"], "event": ["wake up", "e" * 100],
    "workflow": ["run.yml", "w" * 201 + ".yaml", "a b.yml"], "repo": ["octo/queue"],
    "ref": ["main", "b" * 201, "b" * 255, "b" * 256, "a\u3000b"], "agent": [" a ", "a" * 100],
    "deadline": ["6h", "2099-01-01T00:00"], "dedup_key": ["#5", "check PR #5", "é" * 200],
    "request_id": ["x ", "'"], "max_attempts": ["99"], "pause_after": ["0", "100"],
    "retries": ["0", "10"], "retry_on": ["never  ran,stale"], "retry_after": ["0s", "1d"],
    "max_runtime": ["1s", "half an hour"], "reply_to": ["7", "octo/other#7"], "reply": ["always"],
    "tolerance": ["0s", "2h", "36525d"],
}  # fmt: skip
assert set(TEXTS) == {key.field for key in IN_REQUEST.values()} - {
    "run_at", "in", "message", "inputs"
}  # fmt: skip
MORE = st.text(max_size=3) | st.sampled_from(["a", "#", ": ", "- "]).map(lambda text: text * 300)


@given(st.data(), st.lists(st.sampled_from([*TEXTS]), unique=True, max_size=4))
def test_what_is_asked_for_is_refused_at_once_or_the_queue_reads_it(
    data: st.DataObject, names: list[str]
) -> None:
    """Else its author hears of it when the job is due, and not when it is created."""
    texts = {name: data.draw(st.sampled_from(TEXTS[name]) | MORE) for name in names}
    try:
        job = job_of(asked(delay="1h", **texts), Environment(), now=NINE, queue="o/q")
    except SchedulerError:
        return
    assert frontmatter.parse(frontmatter.render(job)) == job


@pytest.mark.parametrize(("name", "text"), [(name, each) for name in TEXTS for each in TEXTS[name]])
def test_each_of_these_too(name: str, text: str) -> None:
    given = {"until": {"every": "1h"}, "count": {"every": "1h"}, "misfire": {"every": "1h"},
             "overlap": {"every": "1h"}, "patience": {"when": "closed(#1)"},
             "pause_after": {"every": "1h"}, "retry_on": {"retries": "1"},
             "retry_after": {"retries": "1"}, "reply": {"reply_to": "#1"}}  # fmt: skip
    texts = {"delay": "1h", "timezone": "UTC", **given.get(name, {}), name: text}
    try:
        job = job_of(asked(**texts), Environment(), now=NINE, queue="o/q")
    except SchedulerError as refused:
        assert str(refused).startswith("--ref: ")  # noqa: PT017
        return
    assert frontmatter.parse(frontmatter.render(job)) == job
