from __future__ import annotations

import pytest

from scheduler.sandbox.runner.expressions import CannotEvaluate, evaluate, expand

CONTEXTS = {
    "github": {
        "event_name": "issues",
        "run_id": "7",
        "event": {
            "issue": {
                "labels": ["a", "Schedule"],
                "number": 4,
                "tags": [{"name": "b"}, {"name": "schedule"}],
            },
            "action": "closed",
        },
    },
    "inputs": {"x": "Y", "empty": ""},
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("github.event_name == 'ISSUES'", True),
        ("github.event_name != 'issues' && 'x' || github.run_id", "7"),
        (
            "contains(github.event.issue.labels, 'schedule') && 'tick' || github.run_id",
            "tick",
        ),
        ("contains('Hello', 'ell')", True),
        ("!inputs.empty", True),
        ("inputs.nope", None),
        ("github.event['issue'].number >= 4", True),
        ("github.event.issue.labels[0]", "a"),
        ("format('{0}-{1}{{}}', inputs.x, 3)", "Y-3{}"),
        ("startsWith(inputs.x, 'y') && endsWith('abc', 'C')", True),
        ("fromJSON('[1,2]')[1] == 2", True),
        ("join(github.event.issue.labels, '+')", "a+Schedule"),
        ("contains(github.event.issue.tags.*.name, 'Schedule')", True),
        ("contains(github.event.pull.tags.*.name, 'schedule')", False),
        ("(1 < 2) == true", True),
        ("'it''s'", "it's"),
        ("null == ''", True),
        ("'a' == 0", False),
    ],
)
def test_values(expression: str, value: object) -> None:
    assert evaluate(expression, CONTEXTS) == value


@pytest.mark.parametrize(
    "expression",
    ["needs.a.result", "success()", "1 +", "'open", "github.", "(1", "1 2", "format()", ""],
)
def test_what_is_not_known_is_said(expression: str) -> None:
    with pytest.raises(CannotEvaluate):
        evaluate(expression, CONTEXTS)


def test_text_is_expanded() -> None:
    assert expand("a ${{ inputs.x }} b ${{ 3 }}${{ true }}", CONTEXTS) == "a Y b 3true"
