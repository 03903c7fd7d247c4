from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scheduler.environment import PUBLIC_API, Environment
from scheduler.errors import NotPermitted, UsageError

KEY = "42@2026-11-23T09:00:00Z"
ACTIONS = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_RUN_ID": "99",
    "GITHUB_WORKFLOW_REF": "octo/queue/.github/workflows/agent-message.yml@refs/heads/main",
}


def read(**environ: str) -> Environment:
    return Environment.read(environ)


def within(payload: Any, folder: Path, **environ: str) -> Environment:
    """A run that was started with this event."""
    path = folder / "event.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload), encoding="utf-8")
    return read(**{**ACTIONS, "GITHUB_EVENT_PATH": str(path), **environ})


def test_nothing_is_set() -> None:
    found = read()
    assert (found.api_url, found.server_url) == (PUBLIC_API, "https://github.com")
    assert (found.token, found.repository, found.in_actions) == ("", "", False)
    assert (found.workflow, found.run_id, found.actor, found.agent, found.parent) == (None,) * 5
    assert found.inputs == found.event == {}
    assert found.writes_per_second is None


def test_what_is_set_is_read() -> None:
    found = read(
        **ACTIONS,
        GITHUB_API_URL="https://ghe.example/api/v3/",
        GITHUB_SERVER_URL="https://ghe.example/",
        GITHUB_REPOSITORY=" octo/queue ",
        GITHUB_ACTOR="agent",
        GITHUB_EVENT_NAME="workflow_dispatch",
        GITHUB_OUTPUT="out",
        GITHUB_STEP_SUMMARY="summary",
    )
    assert found.api_url == "https://ghe.example/api/v3"
    assert found.server_url == "https://ghe.example"
    assert found.repository == "octo/queue"
    assert (found.workflow, found.run_id, found.actor) == ("agent-message.yml", "99", "agent")
    assert (found.output_path, found.summary_path) == ("out", "summary")
    assert found.event_name == "workflow_dispatch"


@pytest.mark.parametrize(
    ("environ", "token"),
    [
        ({"GITHUB_TOKEN": "a"}, "a"),
        ({"GH_TOKEN": "b"}, "b"),
        ({"GITHUB_TOKEN": "a", "GH_TOKEN": "b"}, "a"),
        ({"GITHUB_TOKEN": "", "GH_TOKEN": "b"}, "b"),
        ({"GITHUB_TOKEN": " a\n"}, "a"),
    ],
)
def test_the_token_and_which_goes_first(environ: dict[str, str], token: str) -> None:
    found = read(**environ)
    assert found.need_token() == token
    assert "token" not in repr(found)


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("", "token: is missing; set GITHUB_TOKEN (in a workflow: "),
        ("  ", "token: is missing; set GITHUB_TOKEN (in a workflow: "),
        ("a b", "token: holds characters that no token has; set GITHUB_TOKEN anew"),
        ("a\nb", "token: holds characters that no token has; set GITHUB_TOKEN anew"),
        ("tökén", "token: holds characters that no token has; set GITHUB_TOKEN anew"),
    ],
)
def test_a_token_that_is_missing_or_none(token: str, message: str) -> None:
    with pytest.raises(NotPermitted) as refused:
        read(GITHUB_TOKEN=token).need_token()
    assert str(refused.value).startswith(message)
    assert "a b" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "expected"),
    [(None, "octo/queue"), ("octo/other", "octo/other"), ("managed_user/x", "managed_user/x")],
)
def test_the_queue_is_given_or_the_own_repository(given: str | None, expected: str) -> None:
    assert read(GITHUB_REPOSITORY="octo/queue").need_repository(given) == expected


@pytest.mark.parametrize(
    "name", ["x", "a/b/c", "https://github.com/a/b", "a b/c", "../..", "\u0430/b"]
)
def test_a_queue_that_is_no_repository(name: str) -> None:
    with pytest.raises(UsageError, match=r"is not a repository; write 'owner/name'$"):
        read(GITHUB_REPOSITORY=name).need_repository()
    with pytest.raises(UsageError, match=r"^repository: is missing; set GITHUB_REPOSITORY"):
        read().need_repository()


@pytest.mark.parametrize(
    ("ref", "workflow"),
    [
        ("octo/queue/.github/workflows/run.yml@refs/heads/main", "run.yml"),
        ("octo/queue/.github/workflows/run.yml@refs/heads/a@b/c.yml", "run.yml"),
        ("octo/queue/.github/workflows/run.yaml@refs/pull/1/merge", "run.yaml"),
        ("octo/queue/dynamic/pages@refs/heads/main", None),
        ("", None),
    ],
)
def test_the_workflow_that_this_run_is_of(ref: str, workflow: str | None) -> None:
    assert read(GITHUB_ACTIONS="true", GITHUB_WORKFLOW_REF=ref).workflow == workflow
    assert read(GITHUB_WORKFLOW_REF=ref).workflow is None


@pytest.mark.parametrize("payload", ["", "[]", "null", "{", "\ufeff{}", "[" * 99_999])
def test_an_event_that_cannot_be_read_says_nothing(payload: str, tmp_path: Path) -> None:
    found = within(payload, tmp_path)
    assert found.event == found.inputs == {}
    assert read(**ACTIONS, GITHUB_EVENT_PATH=str(tmp_path / "none")).event == {}


def test_the_inputs_that_this_run_was_started_with(tmp_path: Path) -> None:
    given = {"a": "x", "b": True, "n": 3, "f": 1.5, "none": None, "list": [1], "map": {}}
    text = {"a": "x", "b": "true", "n": "3", "f": "1.5"}
    assert within({"inputs": given}, tmp_path).inputs == text
    assert within({"client_payload": given}, tmp_path).inputs == text
    assert within({"inputs": None}, tmp_path).inputs == {}
    assert within({"inputs": [1]}, tmp_path).inputs == {}
    assert within({"inputs": given}, tmp_path, GITHUB_ACTIONS="false").inputs == {}


@pytest.mark.parametrize(
    ("repository", "branch"),
    [
        ({"full_name": "o/r", "default_branch": "trunk"}, "trunk"),
        ({"full_name": "o/other", "default_branch": "trunk"}, None),
        ({"full_name": "o/r", "default_branch": 1}, None),
        ({"full_name": "o/r", "default_branch": ""}, None),
        ({"full_name": "o/r"}, None),
        ({"default_branch": "trunk"}, None),
        ([], None),
        (None, None),
    ],
)
def test_the_default_branch_of_this_run_s_own_repository(
    repository: object, branch: str | None, tmp_path: Path
) -> None:
    assert within({"repository": repository}, tmp_path).default_branch("o/r") == branch


def test_who_this_run_works_for(tmp_path: Path) -> None:
    assert read(**ACTIONS).agent == "agent-message"
    assert within({"inputs": {"agent": "probe"}}, tmp_path).agent == "probe"
    assert within({"inputs": {"agent": ""}}, tmp_path).agent == "agent-message"
    assert read(GITHUB_ACTIONS="true").agent is None


@pytest.mark.parametrize(
    ("key", "parent"),
    [
        (KEY, KEY),
        (f"octo/queue#{KEY}", f"octo/queue#{KEY}"),
        (f"{KEY} ", "run:99"),
        ("42", "run:99"),
        ("", "run:99"),
    ],
)
def test_where_a_job_of_this_run_comes_from(key: str, parent: str, tmp_path: Path) -> None:
    assert within({"inputs": {"schedule_id": key}}, tmp_path).parent == parent


def test_outside_of_a_run_there_is_no_parent() -> None:
    assert read(GITHUB_ACTIONS="true").parent is None
    assert read(GITHUB_RUN_ID="99").parent is None


@pytest.mark.parametrize(("text", "rate"), [("0", 0.0), ("2.5", 2.5), ("1000", 1000.0), ("", None)])
def test_the_rate_of_writes(text: str, rate: float | None) -> None:
    assert read(SCHEDULE_WRITES_PER_SECOND=text).writes_per_second == rate


@pytest.mark.parametrize("text", ["x", "-1", "1001", "nan", "inf", " "])
def test_a_rate_that_is_none(text: str) -> None:
    with pytest.raises(UsageError, match=r"^SCHEDULE_WRITES_PER_SECOND: .* is not a rate; write "):
        read(SCHEDULE_WRITES_PER_SECOND=text)


def event_of(tmp_path: Path, payload: dict[str, Any], **more: str) -> Environment:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(payload), encoding="utf-8")
    return Environment.read({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(file), **more})


def test_what_a_run_knows_of_the_clock_that_started_it(tmp_path: Path) -> None:
    payload = {"inputs": {"alarm": "schedule-8m"}, "repository": {"private": True}}
    more = {"GITHUB_EVENT_NAME": "workflow_dispatch", "RUNNER_ENVIRONMENT": "self-hosted"}
    found = event_of(tmp_path, payload, **more)
    assert (found.alarm, found.private, found.self_hosted) == ("schedule-8m", True, True)
    found = event_of(tmp_path, {**payload, "repository": {}}, GITHUB_EVENT_NAME="push")
    assert (found.alarm, found.private, found.self_hosted) == ("", None, False)
    assert not Environment.read({"RUNNER_ENVIRONMENT": "self-hosted"}).self_hosted


@pytest.mark.parametrize("token", ["a b", "ä", "a\tb"])
def test_a_token_for_lent_alarms_that_is_none(token: str) -> None:
    found = Environment.read({"SCHEDULE_ALARM_TOKEN": token})
    with pytest.raises(NotPermitted, match="alarm-token: holds characters"):
        found.lending_token()
    assert Environment.read({"SCHEDULE_ALARM_TOKEN": " t "}).lending_token() == "t"
    assert Environment().lending_token() == ""
    assert token not in repr(found)
