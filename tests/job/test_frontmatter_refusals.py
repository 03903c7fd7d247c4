from __future__ import annotations

import pytest

from scheduler.errors import InvalidJob
from scheduler.job.frontmatter import MAX_BODY, MAX_INPUTS_SIZE, check_inputs, parse
from scheduler.job.keys import IN_ISSUE
from scheduler.job.model import Job

RUN_AT = "run-at: 2026-11-23T09:00:00Z\n"
ALONE = "write '---' alone on its line, from its first column on"
BEGINS = f"{ALONE}, then 'run-at: …'"
BEGIN = "begin the issue with a line of '---', then 'run-at: …'"
FILE = "write the file's name alone, such as 'agent-message.yml'"
KEYS = ", ".join(IN_ISSUE)
NUMBER = "is not a number from 1 to 99; write one such as 5"
LINES = "is not a mapping; write '  name: value' on lines below it"
UNTEXT = "has no text as its value; quote it, or give it one"
UNNAMED = "is not the name of an input; use letters, digits, '_' and '-'"
FORM = "write it like 2026-11-23T09:00:00Z"


def body(*lines: str, message: str = "") -> str:
    return "---\n" + RUN_AT + "".join(f"{line}\n" for line in lines) + "---\n" + message


def refusal(text: str, timezone: str | None = None) -> str:
    with pytest.raises(InvalidJob) as refused:
        parse(text, timezone=timezone)
    message = str(refused.value)
    assert message.isprintable()
    return message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"front matter: '' is not how a job begins; {BEGIN}"),
        ("hello\nthere", f"front matter: 'hello' is not how a job begins; {BEGIN}"),
        (f"\n---\n{RUN_AT}---\n", f"front matter: '' is not how a job begins; {BEGIN}"),
        (f" ---\n{RUN_AT}---\n", f"front matter: ' ---' is not how a job begins; {BEGINS}"),
        (f"----\n{RUN_AT}---\n", f"front matter: '----' is not how a job begins; {BEGIN}"),
        (f"```yaml\n---\n{RUN_AT}", f"front matter: '```yaml' is not how a job begins; {BEGIN}"),
        ("\x07@all\r\n", f"front matter: '\\x07@all' is not how a job begins; {BEGIN}"),
        ("x" * 99, f"front matter: '{'x' * 79}…' is not how a job begins; {BEGIN}"),
        (
            f"\ufeff\ufeff---\n{RUN_AT}---\n",
            f"front matter: '\\ufeff---' is not how a job begins; {BEGINS}",
        ),
        ("---", "front matter: '---' has no end; close it with a second line of '---'"),
        (f"---\n{RUN_AT}", "front matter: '---' has no end; close it with a second line of '---'"),
        (
            f"---\n{RUN_AT} ---\n----\n",
            f"front matter: ' ---' is not how it ends; {ALONE}",
        ),
        ("---\n---\n", "run-at: is missing; write 'run-at: 2026-11-23T09:00:00Z'"),
        (
            "---\nagent: x\n---\nrun-at: later\n",
            "run-at: is missing; write 'run-at: 2026-11-23T09:00:00Z'",
        ),
        (
            "x" * (MAX_BODY + 1),
            "body: '65537 characters' is too long; GitHub allows 65536",
        ),
    ],
)
def test_a_body_that_is_no_job(text: str, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("run-at: x", "front matter: line 3 gives 'run-at' a second time; remove one"),
        ('"run-at": x', "front matter: line 3 gives 'run-at' a second time; remove one"),
        ("agent: &a x", "front matter: line 3 has an anchor; write the value out"),
        ("agent: *a", "front matter: line 3 has an alias; write the value out"),
        ("agent: !!str x", "front matter: line 3 has a tag; write plain text"),
        ("agent: !x", "front matter: line 3 has a tag; write plain text"),
        ("<<: {agent: x}", "front matter: line 3 has a merge key; write the keys out"),
        ("--- x", "front matter: line 3 begins a second document; only one is accepted"),
        ("%YAML 1.1", "front matter: line 3 begins with '%'; remove the line"),
        (
            "agent: a: b",
            "front matter: line 3 has a ':' where none can be; put the value in quotes",
        ),
        ("agent", "front matter: line 3 has a key without ':'; write 'key: value'"),
        ("agent: 'x", "front matter: line 3 opens a quote that nothing closes; close it"),
        (
            "agent: a\x07b",
            "front matter: line 3 has the control character U+0007; remove it",
        ),
        (
            'agent: "a\\x1bb"',
            "front matter: line 3 has the control character U+001B in a value; remove it",
        ),
        (
            'inputs: {a: "\\0"}',
            "front matter: line 3 has the control character U+0000 in a value; remove it",
        ),
        (
            'inputs: {a: "\\N"}',
            "front matter: line 3 has the control character U+0085 in a value; remove it",
        ),
        ('inputs: {"a\\nb": x}', "front matter: line 3 has a line break in a key; remove it"),
        (
            "inputs: {a: {b: {c: d}}}",
            "front matter: line 3 is nested over 3 levels deep; flatten it",
        ),
        ("inputs: {a: b, a: c}", "front matter: line 3 gives 'a' a second time; remove one"),
    ],
)
def test_yaml_that_is_not_accepted(line: str, message: str) -> None:
    assert refusal(body(line)) == message


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("run_at", "did you mean 'run-at'?"),
        ("RUN-AT", "did you mean 'run-at'?"),
        ("runat", "did you mean 'run-at'?"),
        ("workfow", "did you mean 'workflow'?"),
        ("time-zone", "did you mean 'timezone'?"),
        ("max_attempt", "did you mean 'max-attempts'?"),
        ("input", "did you mean 'inputs'?"),
        ("dedup_key", "did you mean 'dedup-key'?"),
        ("requestid", "did you mean 'request-id'?"),
        ("zzzz", f"the keys are {KEYS}"),
        ("message", None),
        ("null", None),
    ],
)
def test_an_unknown_key_names_the_nearest(key: str, fix: str | None) -> None:
    message = refusal(body(f"{key}: x"))
    assert message.startswith(f"front matter: '{key}' is not a key of a job; ")
    assert fix is None or message.endswith(f"; {fix}")


WORKFLOWS = [
    ".github/workflows/run.yml", "../run.yml", "..yml", "a..yml", "run", "run.yml.txt", "12345678",
    "https://github.com/o/n/blob/main/.github/workflows/run.yml", "run.YML", "./run.yml", ".yml",
    "agent\uff0eyml", "run.yml?x", "run.yml#x", "run .yml\u200b", "a/b.yml", "a" * 99 + ".ymls",
    "run.yml ", "\u00fc" * 126 + ".yml",
]  # fmt: skip
#: Files of these names are in public repositories, or could be.
NAMES = [
    "c++.yml", ".ci.yml", "CI+CD.yml", "gr\u00f6\u00dfe.yml", "a#b.yml", "-x.yml", "a\\b.yml",
    "\u0430gent.yml", "%2e%2e.yml", "*.yml", "a b.yaml", "\u5b57.yml", "a@b.yml", "(1).yml",
    "\u00fc" * 125 + ".yml", "agentics.lock.yml", "a:b.yml", '"a".yml', "a~1.yml", "\U0001f916.yml",
]  # fmt: skip
REFS = [
    "a b", "a..b", "/a", "a/", ".a", "-a", "a//b", "a.", "a~1", "a^", "a:b", "a?", "a*",
    "a[b", "a\\b", "a@{b", "@", "a.lock", "x" * 256, "--upload-pack=x",
]  # fmt: skip
REPOS = [
    "name", "a/b/c", "/b", "a/", "-a/b", "a/..", "a/.", "https://github.com/a/b", "a/b.git/..",
    "\u0430/b", "a b/c", "a/b#1", "x" * 40 + "/b",
]  # fmt: skip


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_is_a_file_name_and_nothing_else(name: str) -> None:
    message = refusal(body(f"workflow: '{name}'"))
    assert message.startswith("workflow: '")
    assert message.endswith((f"is not the name of a workflow file; {FILE}", "remove it"))


@pytest.mark.parametrize("name", NAMES)
def test_any_base_name_may_be_a_workflow_s(name: str) -> None:
    assert parse(body(f"workflow: '{name}'")).workflow == name


@pytest.mark.parametrize("ref", REFS)
def test_a_ref_is_one_that_git_allows(ref: str) -> None:
    message = refusal(body(f"ref: '{ref}'"))
    assert message.startswith("ref: ")
    assert "can't name a branch or tag; write one such as 'main'" in message or len(ref) > 200


@pytest.mark.parametrize("sha", ["a1" * 20, "a1" * 32])
def test_a_commit_is_no_ref(sha: str) -> None:
    assert refusal(body(f"ref: {sha}")) == (
        f"ref: '{sha}' is a commit; write a branch or a tag; GitHub takes no commit"
    )
    assert parse(body(f"ref: {sha[:39]}")).ref == sha[:39]


@pytest.mark.parametrize("repo", REPOS)
def test_a_repository_has_an_owner_and_a_name(repo: str) -> None:
    expected = f"repo: {repo!r} is not a repository; write 'owner/name'"
    assert refusal(body(f"repo: '{repo}'")) == expected


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["workflow: a.yml", "event: e"], "event: 'e' stands beside a workflow; keep one of them"),
        (["agent:"], "agent: '' is empty; write a value or remove the line"),
        (["agent: '  '"], "agent: '  ' is empty; write a value or remove the line"),
        (["agent: [x]"], "agent: is not a single value; write 'agent: …' on one line"),
        (["agent: {x: y}"], "agent: is not a single value; write 'agent: …' on one line"),
        (["agent: |", "  a"], "agent: 'a\\n' holds the control character '\\n'; remove it"),
        ([f"agent: {'x' * 101}"], None),
        ([f"event: {'x' * 101}"], None),
        ([f"dedup-key: {'x' * 201}"], None),
        ([f"request-id: {'x' * 201}"], None),
        ([f"parent: {'x' * 201}"], None),
        ([f"signature: {'x' * 501}"], None),
        (["agent: \u202e"], "agent: '\\u202e' holds the control character '\\u202e'; remove it"),
        (["max-attempts: 0"], f"max-attempts: '0' {NUMBER}"),
        (["max-attempts: 100"], None), (["max-attempts: 05"], None), (["max-attempts: 1.0"], None),
        (["max-attempts: ٣"], None), (["max-attempts: -1"], None), (["max-attempts: '5 '"], None),
        (["inputs: x"], f"inputs: {LINES}"),
        (["inputs:"], f"inputs: {LINES}"),
        (["inputs: [a]"], f"inputs: {LINES}"),
        (["inputs: {a: [b]}"], f"inputs: 'a' {UNTEXT}"),
        (["inputs: {a: {b: c}}"], f"inputs: 'a' {UNTEXT}"),
        (['inputs: {"\\u202e": []}'], f"inputs: '\\u202e' {UNTEXT}"),
        (["inputs: {1a: b}"], f"inputs: '1a' {UNNAMED}"),
        (["inputs: {'': b}"], f"inputs: '' {UNNAMED}"),
        (["inputs: {é: b}"], None), (["inputs: {a b: c}"], None),
        ([f"inputs: {{{'a' * 101}: c}}"], None),
        (
            ["deadline: soon"],
            ("deadline: 'soon' is neither a duration nor an instant; "
            "write it like 6h, 1d12h or 2026-11-23T09:00:00Z"),
        ),
        (["deadline: 0s"], "deadline: '0s' is no time at all; write at least 1s"),
        (["deadline: -1h"], None), (["deadline: 2026-11-24"], None), (["deadline: 6 months"], None),
        (["deadline: 2026-11-24T09:00"], None),
        (
            ["timezone: Europe/Belrin"],
            "timezone: 'Europe/Belrin' is not a known time zone; did you mean Europe/Berlin?",
        ),
        (["timezone: ../etc/passwd"], None), (["timezone: /etc/localtime"], None),
    ],
)  # fmt: skip
def test_a_value_that_is_wrong(lines: list[str], message: str | None) -> None:
    field = lines[-1 if len(lines) == 2 and lines[0].startswith("workflow") else 0].split(":")[0]
    found = refusal(body(*lines))
    assert found.startswith(f"{field}: ")
    assert "; " in found
    assert message is None or found == message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-11-23T09:00", "has no UTC offset; write 2026-11-23T09:00Z, or add a timezone"),
        ("2026-02-30T09:00:00Z", "is not in the calendar; write a day that exists"),
        (
            "9999-01-01T00:00:00Z",
            "is not between 2000 and 2999; write an instant that a job can wait for",
        ),
        ("2026-11-23", "has no time of day; write 2026-11-23T09:00:00Z"),
        ("tomorrow", f"is not an RFC 3339 instant; {FORM}"),
        ("2h", f"is not an RFC 3339 instant; {FORM}"),
        ("1764000000", f"is not an RFC 3339 instant; {FORM}"),
        ("2026-11-23T09:00:00 EST", f"is not an RFC 3339 instant; {FORM}"),
    ],
)  # fmt: skip
def test_a_run_at_that_means_no_instant(text: str, problem: str) -> None:
    assert refusal(f"---\nrun-at: {text}\n---\n") == f"run-at: '{text}' {problem}"


def test_too_many_or_too_large_inputs() -> None:
    names = [f"  i{number}: x" for number in range(26)]
    assert refusal(body("inputs:", *names)) == (
        "inputs: '26 inputs' are too many for a workflow; keep 25"
    )
    assert refusal(body("event: e", "inputs:", *names[:7])) == (
        "inputs: '7 inputs' are too many for an event; keep 6"
    )
    with pytest.raises(InvalidJob, match=r"^inputs: '65543 char.* keep 65535: shorten 'a'"):
        check("x" * MAX_INPUTS_SIZE)


def check(value: str) -> None:
    check_inputs(Job(run_at=parse(body()).run_at, inputs={"a": value}))


def test_a_control_character_behind_one_that_is_allowed_is_found() -> None:
    with pytest.raises(InvalidJob, match=r"^inputs.a: .* holds the control character '\\x07'; "):
        check("\u00a0\u2028\x07")
