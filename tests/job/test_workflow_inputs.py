from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import InvalidJob
from scheduler.job.model import Job
from scheduler.job.workflow_file import Declared, Input, declared
from scheduler.job.workflow_inputs import OWN_INPUTS, check, inputs_for, not_handed_over
from tests.support.processor import least_seconds

NINE = datetime(2026, 11, 23, 9, tzinfo=timezone.utc)
KEY = "42@2026-11-23T09:00:00Z"
JOB = Job(run_at=NINE, workflow="run.yml", agent="probe", message="Check it")
OWN = {
    "agent": "probe",
    "message": "Check it",
    "schedule_id": KEY,
    "scheduled_for": "2026-11-23T09:00:00Z",
    "requested_by": "probe",
}


def told(job: Job, found: Declared | None) -> dict[str, str]:
    return inputs_for(job, found, key=KEY, requested_by="probe")


def form(inputs: str) -> Declared:
    return declared(f"on:\n  workflow_dispatch:\n    inputs: {inputs}\n")


@pytest.mark.parametrize(
    ("text", "dispatchable"),
    [
        ("on: workflow_dispatch", True),
        ("on: push", False),
        ("on:", False),
        ("on: !!python/object:os.system {workflow_dispatch: }", True),
        ("on: [push, workflow_dispatch]", True),
        ("on: [push]", False),
        ("on: []", False),
        ("on:\n  - workflow_dispatch", True),
        ("on: {workflow_dispatch: }", True),
        ("on: {workflow_dispatch: null}", True),
        ("on: {workflow_dispatch: {}}", True),
        ("on: {workflow_dispatch: {inputs: }}", True),
        ("on: {push: {branches: [workflow_dispatch]}}", False),
        ('"on": workflow_dispatch', True),
        ("'on': {workflow_dispatch: {}}", True),
        ("ON: push\non: workflow_dispatch", True),
        ("\ufeffon: workflow_dispatch\r\n", True),
        ("x: &x {workflow_dispatch: {}}\non: *x", True),
    ],
)
def test_the_trigger_in_each_of_its_forms(text: str, dispatchable: bool) -> None:
    assert declared(text) == Declared(dispatchable=dispatchable)


@pytest.mark.parametrize(
    "text",
    [
        "", "- a", "text", "name: x", "yes: workflow_dispatch", "true: push", "on: {",
        "on: [", "a: b: c", "\x00", 'on: "\\UFFFFFFFF"', "[" * 9999,
        "{a: " * 9999,
        "on: *gone", "on: &a {b: *a", "? [a]\n: b", "%YAML 9.9\n---\non: push",
        "on: push\n---\non: push",
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_understood_demands_nothing(text: str) -> None:
    found = declared(text)
    assert not found.readable
    check(JOB, found, workflow="run.yml", where="octo/queue")


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    assert isinstance(declared("on: {workflow_dispatch: {inputs: {a: " + text), Declared)
    assert isinstance(declared(text), Declared)


def test_a_small_file_that_stands_for_a_large_one_stays_small() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    spec = "{type: *a11, required: *a11, default: *a11, options: [*a11, b]}"
    text = f"{bomb}on: {{workflow_dispatch: {{inputs: {{a: {spec}}}}}}}\n"
    found = declared(text)
    others = (f"{text}# {count}\n" for count in itertools.count())  # none is known yet
    assert least_seconds(lambda: declared(next(others)), enough=1) <= 1
    assert found.inputs == {"a": Input(options=("b",))}


def test_what_is_declared_of_an_input() -> None:
    found = form(
        "{a: , b: {}, c: {required: true}, d: {required: 'TRUE', default: ''}, "
        "e: {type: choice, options: [x, 1, no]}, f: {type: boolean, default: no}, "
        "g: {required: false, type: number, default: 3}, h: text, 5: {type: environment}}"
    )
    assert found.inputs == {
        "a": Input(),
        "b": Input(),
        "c": Input(required=True),
        "d": Input(required=True, default=""),
        "e": Input(type="choice", options=("x", "1", "no")),
        "f": Input(type="boolean", default="no"),
        "g": Input(type="number", default="3"),
        "h": Input(),
        "5": Input(type="environment"),
    }


def test_inputs_that_are_shared_by_an_anchor() -> None:
    found = declared(
        "on:\n  workflow_call: {inputs: &i {a: {type: string, required: true}}}\n"
        "  workflow_dispatch: {inputs: *i}\n"
    )
    assert found.inputs == {"a": Input(required=True)}


@pytest.mark.parametrize(
    ("run_name", "inputs", "shows"),
    [
        ("x ${{ inputs.schedule_id }}", "{schedule_id: }", True),
        ("x ${{inputs.schedule_id}}", "{schedule_id: }", True),
        ("x ${{ github.event.inputs.schedule_id }}", "{schedule_id: }", True),
        # What else it may show instead is up to whoever writes the inputs.
        ("x ${{ inputs.message || inputs.schedule_id }}", "{schedule_id: }", False),
        ("x ${{ inputs.a && inputs.schedule_id }}", "{schedule_id: }", False),
        ("inputs.schedule_id", "{schedule_id: }", False),
        ("x ${{ inputs.schedule_id }}", "{}", False),
        ("x", "{schedule_id: }", False),
        ("[a]", "{schedule_id: }", False),
    ],
)
def test_whether_its_runs_show_the_key(run_name: str, inputs: str, shows: bool) -> None:
    text = f"run-name: {run_name}\non: {{workflow_dispatch: {{inputs: {inputs}}}}}\n"
    assert declared(text).shows_key == shows


@pytest.mark.parametrize("names", [(), ("agent",), ("message", "schedule_id"), OWN_INPUTS])
def test_the_schedulers_own_inputs_are_passed_when_they_are_declared(
    names: tuple[str, ...],
) -> None:
    found = Declared(inputs={name: Input() for name in (*names, "model")})
    assert told(JOB, found) == {name: OWN[name] for name in names}
    job = replace(JOB, inputs={"model": "opus"})
    assert told(job, found) == {**{name: OWN[name] for name in names}, "model": "opus"}


@pytest.mark.parametrize("word", ["schedule_id", "scheduled_for", "requested_by"])
@pytest.mark.parametrize("written", [str, str.upper, str.title])
def test_nothing_replaces_what_the_scheduler_alone_knows(
    word: str, written: Callable[[str], str]
) -> None:
    """The text that says so is no job; if one were, its target would not hear it."""
    job = replace(JOB, inputs={written(word): "forged", "model": "opus"})
    for found in (None, Declared(inputs={name: Input() for name in (*OWN_INPUTS, "model")})):
        assert told(job, found) == {**OWN, "model": "opus"}


def test_an_explicit_agent_is_an_address_and_no_word_of_who_asked() -> None:
    job = replace(JOB, inputs={"agent": "probe-2", "message": "mine"})
    found = Declared(inputs={name: Input() for name in OWN_INPUTS})
    assert told(job, found) == {**OWN, "agent": "probe-2", "message": "mine"}
    other = replace(JOB, inputs={"Agent": "probe-2"})
    assert told(other, None) == {**{k: OWN[k] for k in OWN if k != "agent"}, "Agent": "probe-2"}


def test_what_was_not_said_is_left_to_the_workflows_defaults() -> None:
    found = Declared(inputs={name: Input(default="d") for name in OWN_INPUTS})
    passed = told(Job(run_at=NINE, workflow="run.yml"), found)
    assert set(passed) == {"schedule_id", "scheduled_for", "requested_by"}


def test_an_event_carries_all_that_there_is() -> None:
    job = replace(JOB, workflow=None, event="wake", inputs={"model": "opus"})
    assert told(job, None) == {**OWN, "model": "opus"}
    assert "agent" not in told(replace(job, agent=None), None)


def test_an_event_carries_no_more_keys_than_github_takes() -> None:
    job = replace(JOB, workflow=None, event="wake", inputs={f"i{n}": "x" for n in range(6)})
    full = told(job, None)
    assert len(full) == 10
    assert (full["agent"], "requested_by" in full) == ("probe", False)
    for less in (replace(job, agent=None), replace(job, message="")):
        assert told(less, None)["requested_by"] == "probe"


def refusal(found: Declared | None, **inputs: str) -> str:
    job = replace(JOB, inputs=inputs)
    with pytest.raises(InvalidJob) as refused:
        check(job, found, workflow="run.yml", where="octo/queue at 'main'")
    message = str(refused.value)
    assert message.isprintable()
    return message


CHOICE = "{place: {type: choice, options: [staging, production]}}"
KINDS = "{dry: {type: boolean}, count: {type: number}}"


@pytest.mark.parametrize(
    ("found", "inputs", "message"),
    [
        (
            None, {},
            (
                "workflow: 'run.yml' is not in .github/workflows/ of octo/queue at 'main'; write "
                "the name of a file that is on that branch"
            ),
        ),
        (
            declared("on: push"), {},
            (
                "workflow: 'run.yml' in octo/queue at 'main' has no workflow_dispatch trigger; add "
                "'workflow_dispatch:' to its 'on:'"
            ),
        ),
        (
            form("{model: }"), {"modle": "x"},
            "inputs: 'modle' is not an input of the workflow; did you mean 'model'?",
        ),
        (
            form("{model: , place: }"), {"zzz": "x"},
            "inputs: 'zzz' is not an input of the workflow; it declares model, place",
        ),
        (
            declared("on: workflow_dispatch"), {"zzz": "x"},
            "inputs: 'zzz' is not an input of the workflow; it declares no inputs; remove it",
        ),
        (
            form(CHOICE), {"place": "Staging"},
            "inputs.place: 'Staging' is not one of its options; use staging, production",
        ),
        (form(KINDS), {"dry": "yes"}, "inputs.dry: 'yes' is not a boolean; use true or false"),
        (form(KINDS), {"dry": "True"}, "inputs.dry: 'True' is not a boolean; use true or false"),
        (form(KINDS), {"count": "x"}, "inputs.count: 'x' is not a number; write one such as 3"),
        (form(KINDS), {"count": ""}, "inputs.count: '' is not a number; write one such as 3"),
        (form(KINDS), {"count": "nan"}, "inputs.count: 'nan' is not a number; write one such as 3"),
        (form(KINDS), {"count": "1_0"}, "inputs.count: '1_0' is not a number; write one such as 3"),
        (form(KINDS), {"count": "٣"}, "inputs.count: '٣' is not a number; write one such as 3"),
        (
            form("{place: {required: true}}"), {},
            "inputs.place: is required by run.yml and missing; give it a value (--input place=…)",
        ),
        (
            form("{place: {required: true}}"), {"place": ""},
            "inputs.place: is required by run.yml and missing; give it a value (--input place=…)",
        ),
    ],
)  # fmt: skip
def test_what_github_would_refuse_is_refused(
    found: Declared | None, inputs: dict[str, str], message: str
) -> None:
    assert refusal(found, **inputs) == message


@pytest.mark.parametrize(
    ("found", "inputs"),
    [
        (form("{place: {required: true, default: here}}"), {}),
        (form("{place: {required: true}}"), {"place": "x"}),
        (form("{agent: {required: true}, message: {required: true}}"), {}),
        (form("{schedule_id: {required: true}, scheduled_for: {required: true}}"), {}),
        (form(CHOICE), {"place": "staging"}), (form(CHOICE), {}),
        (form("{place: {type: choice}}"), {"place": "anything"}),
        (form(KINDS), {"dry": "true", "count": "-3.5e2"}),
        (form(KINDS), {"dry": "false", "count": "0"}),
        (form("{a: {type: environment}}"), {"a": "production"}),
        (Declared(problem="odd"), {"whatever": "x"}),
    ],
)  # fmt: skip
def test_what_github_takes_is_accepted(found: Declared, inputs: dict[str, str]) -> None:
    check(replace(JOB, inputs=inputs), found, workflow="run.yml", where="octo/queue")


@pytest.mark.parametrize(("name", "advice"), [("agent", "--agent …"), ("message", "--message …")])
def test_an_own_input_that_is_required_and_was_not_said(name: str, advice: str) -> None:
    with pytest.raises(InvalidJob) as refused:
        check(
            Job(run_at=NINE, workflow="run.yml"),
            form(f"{{{name}: {{required: true}}}}"),
            workflow="run.yml",
            where="octo/queue",
        )
    assert str(refused.value) == (
        f"inputs.{name}: is required by run.yml and missing; give it a value ({advice})"
    )


NO_MESSAGE = "the workflow declares no input 'message'; not handed over: message"
UNREAD = "its file could not be read; not handed over: "


@pytest.mark.parametrize(
    ("job", "found", "left"),
    [
        (JOB, form("{message: {}}"), ""),
        (JOB, form("{agent: {}}"), NO_MESSAGE),
        (JOB, declared("on: workflow_dispatch"), NO_MESSAGE),
        (JOB, form("{Message: {}}"), NO_MESSAGE),
        (replace(JOB, message=""), form("{}"), ""),
        (replace(JOB, message=" \n"), form("{}"), ""),
        (replace(JOB, inputs={"message": "x"}), form("{message: {}}"), ""),
        (replace(JOB, inputs={"MESSAGE": "x"}), Declared(problem="odd"), UNREAD + "agent"),
        (JOB, Declared(problem="odd"), UNREAD + "message, agent"),
        (replace(JOB, agent=None), Declared(problem="odd"), UNREAD + "message"),
        (replace(JOB, agent=None, message=""), Declared(problem="odd"), ""),
        (JOB, None, ""),
    ],
)
def test_what_of_a_job_is_not_handed_over(job: Job, found: Declared | None, left: str) -> None:
    assert not_handed_over(job, found) == left


def test_of_an_unread_file_s_job_its_own_inputs_are_sent_as_they_are() -> None:
    job = replace(JOB, inputs={"model": "small", "Odd-1": " x "})
    assert told(job, Declared(problem="odd")) == {"model": "small", "Odd-1": " x "}


MESSAGE = Declared(inputs={"message": Input()})


@pytest.mark.parametrize("found", [MESSAGE, None])
@pytest.mark.parametrize(
    ("message", "fits"),
    [
        ("x" * 65_000, True),
        ("x" * 65_535, False),
        ("字" * 12_000, True),
        ("字" * 65_000, True),
        ("😀" * 65_000, True),
        ("\n" * 32_000, True),
        ("\n" * 33_000, False),
        ('"' * 28_000 + "\\" * 4_000, True),
        ('"' * 28_000 + "\\" * 5_000, False),
        ("\t" * 33_000, False),
        ("<" * 65_000, True),
    ],
)
def test_the_size_of_all_that_is_told_counts_as_compact_json(
    found: Declared | None, message: str, fits: bool
) -> None:
    where = {"workflow": "run.yml" if found else None, "where": "octo/queue"}
    asked = replace(JOB, workflow=where["workflow"], event=None if found else "e", message=message)
    if fits:
        check(asked, found, **where)  # type: ignore[arg-type]
        return
    with pytest.raises(InvalidJob, match=r"^inputs: .* of JSON' are too many; keep 65535: .*'mess"):
        check(asked, found, **where)  # type: ignore[arg-type]
