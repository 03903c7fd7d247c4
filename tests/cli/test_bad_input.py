"""What is wrong is one line with the field, the value and the fix; and nothing is created."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import AGENT_MESSAGE, QUEUE, Stage

MESSAGE = ("--workflow", "agent-message.yml", "--message", "hello")
SOON = ("--in", "1h", *MESSAGE)
DEPLOY = ("--in", "1h", "--workflow", "deploy.yml")

#: What is given; the exit status; words that the one line must hold.
TIMES = {
    "past": (("--at", "2024-01-15T10:00:00Z"), 3, ("--at: 2024-01-15T10:00:00Z", "--allow-past")),
    "no offset": (("--at", "2030-01-15T10:00"), 3, ("--at", "no UTC offset", "10:00Z")),
    "unknown zone": (
        ("--at", "2030-01-15T10:00", "--timezone", "Europe/Berlim"),
        3,
        ("schedule: --timezone: 'Europe/Berlim'", "did you mean Europe/Berlin?"),
    ),
    "30 February": (("--at", "2030-02-30T10:00:00Z"), 3, ("'2030-02-30T10:00:00Z'", "calendar")),
    "zero": (("--in", "0s"), 3, ("--in: '0s'", "write at least 1s")),
    "negative": (("--in=-5m",), 3, ("--in: '-5m' is negative", "write it like")),
    "year 9999": (("--at", "9999-01-01T00:00:00Z"), 3, ("--at: '9999", "2999")),
    "beyond the horizon": (("--in", "4000d"), 3, ("--in: ", "too far away", "quotas.horizon")),
    "a start beyond it": (("--at", "2999-01-01T00:00Z", "--every", "1d"), 3, ("--at: 2999-",)),
    "a rule beyond it": (
        ("--rrule", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO"),
        3,
        ("--rrule: 2044-02-29", "too far away"),
    ),
    "no time": ((), 2, ("time: ", "--at", "--in 2h")),
    "two times": (("--in", "1h", "--at", "2030-01-15T10:00:00Z"), 2, ("time: --at stands",)),
    "empty time": (("--at", ""), 3, ("--at: ''", "write it like")),
}


@pytest.mark.parametrize("case", TIMES)
def test_a_time_that_can_not_be(stage: Stage, case: str) -> None:
    given, status, words = TIMES[case]
    stage.run(*given, *MESSAGE).refused(status, *words)
    stage.untouched()


TARGETS = {
    "unknown workflow": (
        ("--workflow", "nope.yml", "-m", "x"),
        ("--workflow: 'nope.yml' is not in .github/workflows/ of octo/queue at main", "write"),
    ),
    "a path": (("--workflow", "a/b.yml"), ("--workflow: 'a/b.yml'", "file's name alone")),
    "an id": (("--workflow", "161335"), ("--workflow: '161335'", "file's name alone")),
    "without workflow_dispatch": (
        ("--workflow", "push.yml"),
        ("workflow: 'push.yml'", "has no workflow_dispatch trigger; add 'workflow_dispatch:'"),
    ),
    "the scheduler itself": (
        ("--workflow", "scheduler.yml"),
        ("workflow: 'scheduler.yml'", "allow"),
    ),
    "missing message": (
        ("--workflow", "agent-message.yml"),
        ("inputs.message: is required", "--message"),
    ),
    "missing input": (
        ("--workflow", "deploy.yml"),
        ("inputs.place: is required", "--input"),
    ),
    "unknown input": (
        ("--workflow", "deploy.yml", "--input", "plaec=staging"),
        ("inputs: 'plaec' is not an input", "did you mean 'place'?"),
    ),
    "not an option": (
        ("--workflow", "deploy.yml", "--input", "place=moon"),
        ("inputs.place: 'moon'", "use staging, production"),
    ),
    "not a boolean": (
        ("--workflow", "deploy.yml", "--input", "place=staging", "--input", "dry=yes"),
        ("inputs.dry: 'yes' is not a boolean", "true or false"),
    ),
    "not a number": (
        ("--workflow", "deploy.yml", "--input", "place=staging", "--input", "count=few"),
        ("inputs.count: 'few' is not a number",),
    ),
    "26 inputs": (
        ("--workflow", "bare.yml", *(f"--input=i{n}=x" for n in range(26))),
        ("inputs: '26 inputs' are too many", "keep 25"),
    ),
    "unknown ref": (("--ref", "nope", *MESSAGE), ("'agent-message.yml'", "octo/queue at nope")),
    "bad ref": (("--ref", "a..b", *MESSAGE), ("--ref: 'a..b'", "write one such as 'main'")),
    "a repository not allowed": (
        ("--repo", "octo/other", *MESSAGE),
        ("--repo: 'octo/other' is not in allow.repositories", "scheduler.yml"),
    ),
    "no repository": (("--repo", "other", *MESSAGE), ("--repo: 'other'", "owner/name")),
    "both targets": (
        ("--event", "wake", *MESSAGE),
        ("--event: 'wake' stands beside a workflow; keep one",),
    ),
    "a control character": (("--agent", "a\x1bb", *MESSAGE), ("--agent: 'a\\x1bb'", "remove it")),
    "empty agent": (("--agent", " ", *MESSAGE), ("--agent: ' ' is empty",)),
    "no agent at all": (("--agent", "", *MESSAGE), ("--agent: '' is empty; leave",)),
    "empty zone": (("--timezone", "", *MESSAGE), ("--timezone: '' is empty; leave",)),
    "empty zone of a series": (
        ("--cron", "0 9 * * *", "--timezone", "", *MESSAGE),
        ("--timezone: '' is empty; leave the option out, or give it a value",),
    ),
    "empty deadline": (("--deadline", "", *MESSAGE), ("--deadline: '' is empty; leave",)),
    "bad deadline": (
        ("--deadline", "tomorrow 9am", *MESSAGE),
        ("--deadline: 'tomorrow 9am' is neither a duration nor an instant; ", "write it like 6h"),
    ),
    "no attempt": (("--max-attempts", "0", *MESSAGE), ("--max-attempts: '0' is not a number",)),
    "too many retries": (("--retries", "11", *MESSAGE), ("--retries: '11'", "0 to 10")),
    "no outcome": (
        ("--retries", "1", "--retry-on", "never", *MESSAGE),
        ("--retry-on: 'never'", "did you mean 'never ran'?"),
    ),
    "no runtime": (("--max-runtime", "0s", *MESSAGE), ("--max-runtime: '0s'", "at least 1s")),
    "attempts in words": (("--max-attempts", "few", *DEPLOY), ("--max-attempts: 'few'", "1 to 99")),
    "early deadline": (
        ("--deadline", "2026-01-01T00:00:00Z", *MESSAGE),
        ("--deadline: '2026-01-01T00:00:00Z' is before", "later"),
    ),
    "too long": (
        ("--workflow", "agent-message.yml", "-m", "x" * 65_500),
        ("inputs: ", "characters of JSON' are too many", "65535: shorten 'message'"),
    ),
}


@pytest.mark.parametrize("case", TARGETS)
def test_a_target_that_would_refuse_it_later(stage: Stage, case: str) -> None:
    given, words = TARGETS[case]
    stage.run("--in", "1h", *given).refused(3, *words)
    stage.untouched()


USAGE = {
    "no workflow": (("--in", "1h", "-m", "x"), ("--workflow: is missing", "defaults.workflow")),
    "an input without a value": (("--input", "a", *SOON), ("--input: 'a'", "NAME=VALUE")),
    "an input given twice": (("--input", "a=1", "--input", "a=2", *SOON), ("'a' is given twice",)),
    "another word after --json": (("--json", "yes", *SOON), ("--json: 'yes'", "'-'")),
    "a queue that is none": (("--queue", "x", *SOON), ("repository: 'x'", "owner/name")),
}


@pytest.mark.parametrize("case", USAGE)
def test_wrong_usage(stage: Stage, case: str) -> None:
    given, words = USAGE[case]
    stage.run(*given).refused(2, *words)
    stage.untouched()


#: What is given; words of click's, which differ from version to version; whose help is named.
CLICK = {
    ("--nope",): (("no such option", "--nope"), "create"),
    ("list", "--nope"): (("no such option", "--nope"), "list"),
    ("create", "more"): (("unexpected extra argument", "more"), "create"),
    ("cancel",): (("missing argument 'ID'",), "cancel"),
    ("nope",): (("no such command 'nope'",), ""),
    ("lst",): (("no such command 'lst' (did you mean 'list'?)",), ""),
    ("--in",): (("option '--in' requires an argument",), "create"),
    ("tick", "--hold"): (("option '--hold' requires an argument",), "tick"),
    (*SOON, "--on-duplicate", "x"): (("'--on-duplicate': 'x' is not one of",), "create"),
    ("resolve", "1", "--dispatched", "x"): (("'--dispatched': 'x' is not a valid",), "resolve"),
    ("simulate", "--days", "x"): (("'--days': 'x' is not a valid",), "simulate"),
}


@pytest.mark.parametrize("args", CLICK)
def test_what_is_no_command_line_is_one_line_that_names_the_help(
    stage: Stage, args: tuple[str, ...]
) -> None:
    words, command = CLICK[args]
    line = stage.run(*args).refused(2, *words)
    assert line.endswith(f"; see '{f'schedule {command}'.strip()} --help'\n")
    stage.untouched()


@pytest.mark.parametrize("args", [("--poll", "5s"), ("--relay",)])
def test_what_only_a_holder_can_do_needs_a_hold(stage: Stage, args: tuple[str, ...]) -> None:
    stage.run("tick", *args).refused(2, f"tick: {args[0]} goes with --hold", "--hold 10m")
    assert stage.requests == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("args", [("list",), ("--help",), ("list", "--json")])
def test_an_answer_that_can_not_be_written_is_one_line(stage: Stage, args: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "scheduler", *args]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            timeout=120, env=stage.environ(),
        )  # fmt: skip
    line = "schedule: standard output: can't be used (No space left on device)\n"
    assert (ran.returncode, ran.stderr) == (1, line)


def test_standard_input_that_is_no_text_is_one_line(stage: Stage) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "scheduler", "create", "--json", "-"], input=b"\xff\xfe{",
        capture_output=True, check=False, timeout=120,
        env=stage.environ(PYTHONIOENCODING="utf-8:strict"),
    )  # fmt: skip
    assert ran.returncode == 2
    assert ran.stderr.startswith(b"schedule: standard input: is no UTF-8 text")
    assert len(ran.stderr.splitlines()) == 1


ENVIRONMENT: dict[str, tuple[dict[str, Any], int, tuple[str, ...]]] = {
    "no token": ({"GITHUB_TOKEN": None}, 5, ("token: is missing; set GITHUB_TOKEN",)),
    "empty token": ({"GITHUB_TOKEN": " "}, 5, ("token: is missing; set GITHUB_TOKEN",)),
    "unknown token": ({"GITHUB_TOKEN": "ghp_no"}, 5, ("token: ", "401", "set GITHUB_TOKEN")),
    "broken token": ({"GITHUB_TOKEN": "a\nb"}, 5, ("token: ", "set GITHUB_TOKEN")),
    "no repository": ({"GITHUB_REPOSITORY": None}, 2, ("repository: is missing", "--queue")),
    "a repository that does not exist": (
        {"GITHUB_REPOSITORY": "octo/nope"},
        5,
        ("repository: 'octo/nope' does not exist, or the token can't see it", "check the"),
    ),
    "no network": (
        {"GITHUB_API_URL": "http://127.0.0.1:9"},
        75,
        ("GITHUB_API_URL: 'http://127.0.0.1:9' can't be reached", "check the network"),
    ),
    "an address that is none": (
        {"GITHUB_API_URL": "api.github.com"},
        2,
        ("GITHUB_API_URL: 'api.github.com' is not an address; write https://",),
    ),
    "a rate that is none": (
        {"SCHEDULE_WRITES_PER_SECOND": "many"},
        2,
        ("SCHEDULE_WRITES_PER_SECOND: 'many'", "write a number"),
    ),
}


@pytest.mark.parametrize("case", ENVIRONMENT)
@pytest.mark.parametrize("args", [SOON, ("list",), ("show", "1"), ("cancel", "1"), ("tick",)])
def test_an_environment_that_leads_nowhere(
    stage: Stage, case: str, args: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.github.client.PAUSES", (0.0, 0.0))
    environ, status, words = ENVIRONMENT[case]
    stage.run(*args, **environ).refused(status, *words[:1])
    if args == SOON:
        stage.run(*args, **environ).refused(status, *words)
    stage.untouched()


@pytest.mark.parametrize(
    ("held", "right"),
    [({"issues": "read", "contents": "read"}, "issues: write"), ({"issues": "write"}, "contents")],
)
def test_a_token_without_the_right_names_it(stage: Stage, held: dict[str, str], right: str) -> None:
    token = stage.sandbox.make_token("agent", permissions=held)
    stage.run(*SOON, user=token).refused(5, "token: lacks the permission", right, QUEUE)
    stage.untouched()


@pytest.mark.parametrize("role", ["read", "triage"])
@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--ref", "main")])
def test_who_may_not_write_is_told_before_an_issue_is_opened(
    stage: Stage, role: str, more: tuple[str, ...]
) -> None:
    token = stage.sandbox.make_token("guest", role=role)
    words = f"token: its account has the role '{role}' in octo/queue, and jobs are run for"
    line = stage.run(*SOON, *more, user=token).refused(5, words, "needs push access to octo/queue")
    assert line.endswith("ask an admin for it, or somebody of that role to open the job\n")
    stage.run("--in", "1h", "--event", "wake", user=token).refused(5, words)
    stage.untouched()


def test_the_role_that_is_enough_is_that_of_the_settings(stage: Stage) -> None:
    stage.settings("trust: {role: maintain}\n")
    stage.run(*SOON).refused(5, "has the role 'write'", "run for 'maintain' and above")
    stage.untouched()
    stage.settings("trust: {role: maintain, bots: [Agent], }\nallow: {workflows: ['*.yml']}\n")
    assert stage.create(*SOON)["created"], "who is named needs no role"


def test_a_stranger_is_told_that_the_label_was_dropped(stage: Stage) -> None:
    made = stage.run(*SOON, user="stranger", GITHUB_ACTIONS="true")
    line = made.refused(5, "label: GitHub dropped 'schedule' from #1")
    assert "needs push access to octo/queue" in line
    assert line.endswith("; #1 was closed again\n")
    (issue,) = stage.issues()
    assert issue.view.state == "closed"
    assert stage.tick()["scanned"] == 0


@pytest.mark.parametrize(("user", "status"), [("stranger", 5), ("bot", 3)])
def test_what_could_not_be_closed_again_is_not_said_to_be(
    stage: Stage, user: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.github.client.PAUSES", (0.0, 0.0))
    stage.sandbox.fault("502-before", method="PATCH", path="/issues/1$", count=9)
    made = stage.run(*SOON, user=user, GITHUB_ACTIONS="true")
    line = made.refused(status, "#1 could not be closed again")
    assert line.endswith(f"; close it by hand: {stage.issue(1)['html_url']}\n")
    assert [issue.view.state for issue in stage.issues()] == ["open"]


def test_a_bot_that_the_settings_do_not_name_is_told_so(stage: Stage) -> None:
    stage.run(*SOON, user="bot").refused(3, "'github-actions[bot]'", "trust.bots", "closed again")
    assert [issue.view.state for issue in stage.issues()] == ["closed"]


def test_a_bot_without_an_allow_list_is_told_so(stage: Stage) -> None:
    stage.settings('trust: {bots: ["github-actions[bot]"]}\n')
    stage.run(*SOON, user="bot").refused(3, "allow.workflows", "closed again")
    assert [issue.view.state for issue in stage.issues()] == ["closed"]


def test_what_the_settings_do_not_list_is_refused(stage: Stage) -> None:
    stage.settings("allow: {workflows: [bare.yml], events: []}\n")
    stage.run(*SOON).refused(3, "workflow: 'agent-message.yml' is not in allow.workflows")
    stage.run("--in", "1h", "--event", "wake").refused(3, "event: 'wake'", "allow.events")
    stage.untouched()


SETTINGS = ["label: [a]", "lable: x", "allow: {workflows: yes}", "trust: {role: read}", "x: y: z"]


@pytest.mark.parametrize("text", SETTINGS)
@pytest.mark.parametrize("args", [SOON, ("tick",), ("list",)])
def test_settings_that_are_broken_stop_everything(
    stage: Stage, text: str, args: tuple[str, ...]
) -> None:
    stage.settings(f"{text}\n")
    stage.run(*args).refused(2, ".github/scheduler.yml line 1: ")
    stage.untouched()


def test_a_server_that_fails_while_a_target_is_explained_is_no_missing_repository(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.github.client.PAUSES", (0.0, 0.0))
    stage.sandbox.fault("502-before", method="GET", path=f"^/repos/{QUEUE}$", count=9)
    for ref in ((), ("--ref", "main")):
        stage.run("--in", "1h", "--workflow", "nope.yml", *ref).refused(75, "answers 502")


def test_the_missing_label_is_made_with_the_first_job(stage: Stage) -> None:
    stage.settings("label: later\n")
    stage.create(*SOON)
    assert stage.labels(1) == {"later"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("request: standard input is empty; write {",)),
        (" \n", ("request: standard input is empty",)),
        ("{", ("request: is not JSON",)),
        ("nope", ("request: is not JSON",)),
        ("[]", ("request: is not a JSON object",)),
        ("{}", ("time: say when",)),
        ('{"in": "1h", "run_at": "2030-01-15T10:00:00Z"}', ("time: run_at stands beside in",)),
        ('{"in": "1h"}', ("schedule: workflow: is missing",)),
    ],
)
def test_a_request_that_is_none(stage: Stage, text: str, words: tuple[str, ...]) -> None:
    stage.run("create", "--json", "-", stdin=text).refused(2, *words)
    stage.untouched()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"run_att": "x"}', ("'run_att' is not a key", "did you mean 'run_at'?")),
        ('{"run_at": 5}', ("run_at: '5' is not text",)),
        ('{"in": "1h", "inputs": [1]}', ("inputs: is not an object",)),
        ('{"in": "1h", "inputs": {"a": null}}', ("inputs.a: 'null' is no value of an input",)),
        ('{"in": "1h", "unchecked": "yes"}', ("unchecked: 'yes' is not true or false",)),
        ('{"in": "1h", "max_attempts": 0}', ("max_attempts: '0'",)),
        ('{"in": "1h", "workflow": "../x.yml"}', ("schedule: workflow: '../x.yml'",)),
        ('{"in": "soon"}', ("schedule: in: 'soon' is not a duration",)),
        ('{"run_at": "2024-01-15T10:00:00Z"}', ("schedule: run_at: 2024-01-15", "--allow-past")),
        ('{"run-at": "2030-01-15T10:00"}', ("schedule: run-at: '2030-01-15T10:00' has no UTC",)),
        ('{"in": "1h", "timezone": "Mars"}', ("schedule: timezone: 'Mars'",)),
        ('{"every": "1h", "until": "soon"}', ("schedule: until: 'soon'",)),
        ('{"in": "1h", "workflow": "nope.yml"}', ("schedule: workflow: 'nope.yml' is not in",)),
    ],
)
def test_a_request_in_json_that_is_wrong(stage: Stage, text: str, words: tuple[str, ...]) -> None:
    stage.run("create", "--json", "-", stdin=text).refused(3, *words)
    stage.untouched()


def test_each_field_is_named_as_it_was_written(stage: Stage) -> None:
    asked = ("create", "--json", "-", "--until", "2024-01-01T00:00Z")
    line = stage.run(*asked, stdin='{"every": "1h", "jitter": "2d"}').refused(3)
    assert line.startswith("schedule: jitter: '2d'")
    line = stage.run(*asked, stdin='{"every": "1h"}').refused(3)
    assert line.startswith("schedule: --until: '2024-01-01T00:00:00Z' is before run-at, 20")
    stage.untouched()


def test_text_that_is_no_unicode_creates_nothing_half(stage: Stage) -> None:
    stage.run("--in", "1h", "--workflow", "agent-message.yml", "-m", "a\udcffb").refused(
        3, "--message: ", "remove it"
    )
    stage.untouched()


@pytest.mark.slow
def test_a_process_answers_as_the_command_does(stage: Stage) -> None:
    stage.process("--at", "2024-01-15T10:00:00Z", *MESSAGE).refused(3, "--allow-past")
    stage.process(*SOON, GITHUB_TOKEN=None).refused(5, "token: is missing")
    stage.untouched()


def test_a_workflow_that_asks_for_nothing_takes_no_message_it_can_not_pass(stage: Stage) -> None:
    stage.workflow("agent.yaml", AGENT_MESSAGE)
    stage.create("--in", "1h", "--workflow", "agent.yaml", "-m", "x")
    stage.create("--in", "1h", "--workflow", "bare.yml", "-m", "for people alone")
