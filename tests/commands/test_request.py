"""A request as text: from a mapping, and from JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.commands.request import Medium, Request, from_json, from_mapping
from scheduler.errors import InvalidJob, UsageError
from scheduler.job.keys import IN_REQUEST

NINE = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def asked(**texts: str) -> Request:
    """A request of these texts; ``at`` and ``delay`` stand for `run-at` and `in`."""
    short = {"at": "run-at", "delay": "in"}
    return Request(texts={short.get(name, name.replace("_", "-")): texts[name] for name in texts})


BASE = Request()
KEYS = [key.field for key in IN_REQUEST.values()]
SEED = {
    "workflow": "agent-message.yml",
    "agent": "probe",
    "run_at": "2026-11-23T10:00:00Z",
    "message": "Follow up",
    "repo": "octo/queue",
}


def test_the_seeds_request() -> None:
    assert from_json(json.dumps(SEED), BASE) == asked(
        at="2026-11-23T10:00:00Z", workflow="agent-message.yml", agent="probe",
        message="Follow up", repo="octo/queue",
    )  # fmt: skip


def test_every_key_sets_its_field() -> None:
    values: dict[str, Any] = {key: f"<{key}>" for key in KEYS}
    values |= {"inputs": {"a": "b"}, "max_attempts": 9}
    found = from_mapping(values, BASE)
    for name, key in IN_REQUEST.items():
        assert (found.inputs if key.many else found.get(name)) == (
            values[key.field] if key.many else str(values[key.field])
        )
    assert from_mapping({"run-at": "x", "dedup-key": "y"}, BASE) == asked(at="x", dedup_key="y")


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_empty_counts_as_not_given(nothing: object) -> None:
    base = replace(asked(workflow="run.yml", message="m", max_attempts="3"), inputs={"a": "b"})
    assert from_mapping(dict.fromkeys(KEYS, nothing), base) == base


NUMBER = "is not a number; write it without quotes, such as 5"
NO_INPUT = (
    "is no value of an input; "
    "write a text in quotes, a number, true or false, or leave the name out"
)
KNOWN = ", ".join([*KEYS, "unchecked"])
WHETHER = "is not true or false; write true or false, without quotes"
NOT_JSON = 'request: is not a JSON object; write {"run_at": …, "message": …}'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"runat": "x"}, "request: 'runat' is not a key of a request; did you mean 'run_at'?"),
        ({"zzz": 1}, f"request: 'zzz' is not a key of a request; the keys are {KNOWN}"),
        ({"allow_past": True}, None), ({"a\nb": 1}, None), ({"\u202e" * 99: 1}, None),
        ({"run_at": 5}, "run_at: '5' is not text; write \"2026-11-23T09:00:00Z\""),
        ({"in": 7200}, "in: '7200' is not text; write \"2h\""),
        ({"patience": 60.5}, "patience: '60.5' is not text; write \"2h\""),
        *(
            ({name: "2h"}, f"request: {name!r} is not a key of a request; did you mean 'run_at'?")
            for name in ("at", "At", "date", "time", "due")
        ),
        ({"message": ["x"]}, "message: '[\"x\"]' is not text; put it in quotes"),
        ({"agent": True}, "agent: 'true' is not text; put it in quotes"),
        ({"inputs": "x"}, 'inputs: is not an object; write {"name": "text"}'),
        ({"inputs": {"a": None}}, f"inputs.a: 'null' {NO_INPUT}"),
        ({"inputs": {"a": [1]}}, f"inputs.a: '[1]' {NO_INPUT}"),
        ({"inputs": {"a": {"b": "c"}}}, f"inputs.a: '{{\"b\": \"c\"}}' {NO_INPUT}"),
        ({"inputs": {"a": float("inf")}}, f"inputs.a: 'Infinity' {NO_INPUT}"),
        ({"inputs": {"a\nb": 1}}, None), ({"inputs": {"\u202e" * 999: 1}}, None),
        ({"max_attempts": True}, f"max_attempts: 'true' {NUMBER}"),
        ({"max_attempts": "5"}, f"max_attempts: '5' {NUMBER}"),
        ({"max_attempts": 5.0}, f"max_attempts: '5.0' {NUMBER}"),
        ({"count": True}, f"count: 'true' {NUMBER}"),
        ({"count": 5.0}, f"count: '5.0' {NUMBER}"),
        ({"retries": True}, f"retries: 'true' {NUMBER}"),
        ({"retry_on": {"a": 1}}, "retry_on: '{\"a\": 1}' is not text; put it in quotes"),
        ({"retry_on": ["failure", 5]}, (
            "retry_on: '[\"failure\", 5]' is not a list of texts; put each of its words in quotes"
        )),
        ({"max_attempts": ["x"] * 999}, None),
        ({"unchecked": 1}, f"unchecked: '1' {WHETHER}"),
        ({"unchecked": "true"}, f"unchecked: 'true' {WHETHER}"),
        ({"unchekd": 1}, "request: 'unchekd' is not a key of a request; did you mean 'unchecked'?"),
    ],
)  # fmt: skip
def test_a_request_that_is_wrong(data: object, message: str | None) -> None:
    with pytest.raises(InvalidJob) as refused:
        from_mapping(data, BASE)
    found = str(refused.value)
    assert found.isprintable()
    assert len(found) < 900
    assert message is None or found == message


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"x"', "x"), ('""', ""), ("true", "true"), ("false", "false"), ("3", "3"), ("-0", "0"),
        ("1.5", "1.5"), ("1.50", "1.50"), ("1e5", "1e5"), ("-2.0", "-2.0"), ("1e999", "1e999"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0.1234567890123456789", "0.1234567890123456789"), ('"true"', "true"), ('" 3 "', " 3 "),
    ],
)  # fmt: skip
def test_an_input_is_what_json_says(written: str, text: str) -> None:
    assert from_json(f'{{"inputs": {{"a": {written}}}}}', BASE).inputs == {"a": text}


@pytest.mark.parametrize(
    ("given", "unchecked"),
    [
        ({"unchecked": True}, True),
        ({"unchecked": False}, False),
        ({}, None),
        ({"unchecked": None}, None),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_a_request_says_whether_a_file_that_can_t_be_read_will_do(
    given: dict[str, Any], unchecked: bool | None, before: bool
) -> None:
    found = from_mapping(given, replace(BASE, unchecked=before))
    assert found.unchecked is (before if unchecked is None else unchecked)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"message": "a", "message": "b"}', "request: 'message'"),
        ('{"message": "a", "message": "a"}', "request: 'message'"),
        ('{"in": "1h", "run_at": null, "run_at": "x"}', "request: 'run_at'"),
        ('{"inputs": {"a": 1, "b": 2, "a": 1}}', "inputs: 'a'"),
        ('{"inputs": {}, "inputs": {}}', "request: 'inputs'"),
        ('{"run_at": "x", "run-at": "y"}', "request: 'run-at'"),
        ('{"run-at": "x", "run_at": "x"}', "request: 'run_at'"),
    ],
)
def test_a_key_that_is_given_twice_is_refused_by_its_name(text: str, message: str) -> None:
    with pytest.raises(InvalidJob) as refused:
        from_json(text, BASE)
    assert str(refused.value) == f"{message} is given twice; keep one of them"


FORM = from_mapping({"run-at": "x", "message": "m"}, replace(BASE, medium=Medium.FORM))
OBJECT = from_mapping({"run_at": "x", "message": "m"}, BASE)


@pytest.mark.parametrize(
    ("told", "options", "json", "form"),
    [
        ("--at: 'x' y", "--at: 'x' y", "run_at: 'x' y", "run-at: 'x' y"),
        ("run-at: 'x' y", "--at: 'x' y", "run_at: 'x' y", "run-at: 'x' y"),
        ("--message: 'm' y", "--message: 'm' y", "message: 'm' y", "message: 'm' y"),
        ("--workflow: y", "--workflow: y", "workflow: y", "workflow: y"),
        ("inputs.message: y", "inputs.message: y", "inputs.message: y", "message: y"),
        ("inputs.a: is y", "inputs.a: is y", "inputs.a: is y", "workflow: its input 'a' is y"),
        ("inputs: y", "inputs: y", "inputs: y", "message: y"),
        ("sender: y", "sender: y", "sender: y", "sender: y"),
        ("y", "y", "y", "y"),
    ],
)
def test_a_refusal_names_its_field_where_it_was_written(
    told: str, options: str, json: str, form: str
) -> None:
    said = [each.called(told) for each in (asked(at="x", message="m"), OBJECT, FORM)]
    assert said == [options, json, form]


@pytest.mark.parametrize(
    ("medium", "ways"),
    [
        (
            Medium.OPTIONS,
            ("--request-id r", "give it a value (--message …)", "give it a value (--input a=…)"),
        ),
        (
            Medium.JSON,
            (
                '"request_id": "r"', 'give it a value ("message": "…")',
                'give it a value ("inputs": {"a": "…"})',
            ),
        ),
        (
            Medium.FORM,
            (
                "request-id 'r'", "fill in 'message'",
                "the form has no field for it: open the job as an issue, which can have inputs",
            ),
        ),
    ],
)  # fmt: skip
def test_what_is_missing_is_asked_for_in_the_author_s_own_words(
    medium: Medium, ways: tuple[str, ...]
) -> None:
    one = replace(BASE, medium=medium)
    assert (one.way("request-id", "r"), one.missing("message"), one.missing("a")) == ways


@pytest.mark.parametrize("data", [[], "x", None, 5])
def test_a_request_that_is_none(data: object) -> None:
    with pytest.raises(UsageError) as wrong:
        from_mapping(data, BASE)
    assert str(wrong.value) == NOT_JSON


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nope",
        "{'a': 1}",
        "[" * 99_999,
        '{"a":' * 99_999,
        "1" * 5000 + "x",
        "\ufeff",
        "\ufeff\ufeff{}",
        '{"inputs": {"a": NaN}}',
        '{"inputs": {"a": -Infinity}}',
    ],
)
def test_text_that_is_no_json(text: str) -> None:
    words = r"^(request: is not (JSON \(|a JSON object)|request: standard input is empty; write )"
    with pytest.raises(UsageError, match=words) as wrong:
        from_json(text, BASE)
    assert str(wrong.value).isprintable()


def test_a_byte_order_mark_before_json_is_no_part_of_it() -> None:
    assert from_json('\ufeff{"message": "x"}', BASE).get("message") == "x"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*KEYS, "x"]) | st.text(), JSON, max_size=3) | JSON)
def test_any_value_is_a_request_or_refused_in_one_line(data: object) -> None:
    try:
        from_mapping(data, BASE)
    except (InvalidJob, UsageError) as refused:
        message = str(refused)
    else:
        message = ""
    assert message.isprintable()
