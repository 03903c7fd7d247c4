"""What is read of a workflow file: what GitHub takes, whatever else stands in the file."""

from __future__ import annotations

import itertools

import pytest

from scheduler.job.workflow_file import MAX_BYTES, MAX_WHOLE, Declared, Input, declared
from tests.support.processor import least_seconds

FORM = "on:\n  workflow_dispatch:\n    inputs:\n      message: {type: string, required: true}\n"
READ = Declared(inputs={"message": Input(required=True)})
JOBS = "jobs:\n  work:\n    runs-on: ubuntu-latest\n    steps:\n"
COMMENT = "# compiled from agentics\n"
STEP = "      - run: |\n          echo 'on: push'\n          # run-name: none\n"


def of(size: int, *, line: str = COMMENT) -> str:
    """A file of exactly so many bytes, with its trigger at the top."""
    text = FORM + JOBS
    text += line * ((size - len(text.encode())) // len(line.encode()))
    return text + "#" * (size - len(text.encode()))


@pytest.mark.parametrize("size", [MAX_WHOLE - 1, MAX_WHOLE + 1, 189_987, 510_313, MAX_BYTES])
@pytest.mark.parametrize("line", [COMMENT, STEP, "      - run: écho 'größe'\n"])
def test_a_long_file_is_read(size: int, line: str) -> None:
    assert declared(of(size, line=line)) == READ


@pytest.mark.parametrize("line", [COMMENT, "# größe\n"])
def test_a_longer_one_than_github_runs_is_not(line: str) -> None:
    assert not declared(of(MAX_BYTES + 1, line=line)).readable


WORST = {
    "comments": of(MAX_BYTES - 9),
    "steps": of(MAX_BYTES - 9, line=STEP),
    "keys": of(MAX_BYTES - 9, line="k: v\n"),
    "a long name": FORM + "run-name: " + "x" * (MAX_BYTES - 200),
    "many events": "on:\n" + "  - push\n" * 50_000,
    "many events in brackets": "on: [" + "a," * 200_000 + "]",
    "deep": "on: " + "[" * 400_000,
    "many inputs": "on: {workflow_dispatch: {inputs: {" + "a: {}," * 70_000 + "}}}",
    "many anchors": "on: &a\n" + "".join(f"  k{n}: &a {{x: *a}}\n" for n in range(20_000)),
    "no trigger": "k: v\n" * 16_000,
}


@pytest.mark.parametrize("case", WORST)
def test_no_file_takes_long(case: str) -> None:
    assert len(WORST[case]) < MAX_BYTES
    others = (f"{WORST[case]}\n#{count}" for count in itertools.count())  # none is known yet
    assert least_seconds(lambda: declared(next(others)), enough=0.05) <= 0.05


@pytest.mark.parametrize(
    "text",
    [
        FORM.replace("workflow_dispatch:", "workflow_dispatch:\t# by hand"),
        FORM.replace("required: true}", "required:\ttrue}"),
        FORM.replace("true}\n", "true}\t\n"),
        FORM.replace("true}\n", "true} \t \n \t\n\t\n"),
        FORM.replace("inputs:", "inputs:\t"),
        FORM.replace("{type", "&x {type") + "env: &x {A: b}\n",
        FORM + JOBS + "      - run: echo\t\n      - name: a\t# b\n        run: c\n",
        FORM + JOBS + "      - &step {run: a}\n      - &step {run: b}\n      - *step\n",
        FORM + JOBS + "      - run: *nowhere\n      - 'open\n",
        FORM + JOBS + "      - run: a: b: c\n\t- odd\n",
        JOBS + "      - run: 'open\n" + FORM,
        "name: a: b\n" + FORM,
        f"# a licence\n---\n{FORM}",
        f"---\n{FORM}",
        "\ufeff" + FORM.replace("\n", "\r\n"),
        FORM.replace("on:", '"on":'),
        FORM.replace("on:", "'on' :"),
        FORM.replace("    inputs:", "# between\n\n    inputs:\n# more"),
        "on: {\n  workflow_dispatch: {inputs: {message: {type: string, required: true}}\n}\n}\n",
        "env: &e {required: true}\non: {workflow_dispatch: {inputs: {message: *e}}}\n",
        '{"on": {"workflow_dispatch": {"inputs": {"message": {"required": "true"}}}}, "jobs": {}}',
    ],
)  # fmt: skip
def test_what_github_reads_is_read(text: str) -> None:
    assert declared(text) == READ


def test_a_list_of_triggers_may_stand_below_its_key() -> None:
    assert declared("on:\n- push\n- workflow_dispatch\njobs: {}\n") == Declared()
    assert declared("on:\n- push\n-\n  pull_request\nj: [\n").dispatchable is False


def test_the_last_of_two_anchors_of_one_name_counts() -> None:
    text = "on:\n  push: &x {inputs: {}}\n  workflow_call: &x {inputs: {a: }}\n"
    assert declared(f"{text}  workflow_dispatch: *x\n").inputs == {"a": Input()}


def test_its_runs_names_are_read_from_anywhere() -> None:
    text = FORM.replace("message", "schedule_id") + JOBS + "      - run: |\n          x\n" * 9_000
    found = declared(text + 'run-name: "${{ inputs.schedule_id }}"\n')
    assert found.shows_key
    assert declared(text + "  run-name: ${{ inputs.schedule_id }}\n").run_name == ""


@pytest.mark.parametrize(
    "text",
    [
        f"{FORM}---\n{FORM}", f"%YAML 1.2\n---\n{FORM}---\n", "on: {\n",
        FORM.replace("message:", "message"), "on: *gone\n",
    ],
)  # fmt: skip
def test_what_github_refuses_or_nobody_can_know_is_not(text: str) -> None:
    assert not declared(text).readable


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (FORM + "#" * MAX_BYTES, "it has more than 512000 bytes, and GitHub runs none such"),
        ("", "it has no 'on:'"), ("- a", "it has no 'on:'"), ("name: x\n", "it has no 'on:'"),
        ("name: x\non: [\n", "its line 3 is no YAML: did not find expected node content"),
        ("on: *gone\n", "its line 1 is no YAML: found undefined alias"),
        (f"{FORM}---\n{FORM}", "its line 5 is no YAML: but found another document"),
        ("on: {" + "a: {}," * 5_000 + "}", "it can't be loaded: too many values"),
        ("on: {" + "a: {}," * 50_000 + "}", "its 'on:' can't be told from the rest"),
        ("\x00", "it can't be loaded: unacceptable character #x0000"),
        ('on: "\u202e', "it"), ("\ufffd", "GitHub gives no text of it in UTF-8"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said_in_one_line(text: str, problem: str) -> None:
    found = declared(text).problem
    assert found.startswith(problem)
    assert len(found) < 150
    assert found.isprintable()
